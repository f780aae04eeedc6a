//! Capabilities.

use nix::errno::Errno;
use nix::libc;

/// Capabilities by their numbers in `linux/capability.h`: those that reach the host's memory, kernel, devices or network
/// configuration. Without them a process of the superuser is no more than any other towards a host that has them.
pub const HOST_REACHING: [u32; 12] = [
    12, // NET_ADMIN
    16, // SYS_MODULE
    17, // SYS_RAWIO
    19, // SYS_PTRACE
    21, // SYS_ADMIN
    22, // SYS_BOOT
    27, // MKNOD
    34, // SYSLOG
    38, // PERFMON
    39, // BPF
    40, // CHECKPOINT_RESTORE
    25, // SYS_TIME
];

const VERSION_3: u32 = 0x2008_0522;
const LAST: u32 = 63;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Set {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Whether this process has any effective capability.
pub fn has_any() -> bool {
    get().is_ok_and(|sets| sets.iter().any(|set| set.effective != 0))
}

/// Drops `capabilities` from every set, the bounding set included, so that no exec brings them back.
pub fn drop_listed(capabilities: &[u32]) -> nix::Result<()> {
    let mut sets = get()?;
    for capability in capabilities {
        drop_bounding(*capability)?;
        let (word, bit) = (usize::from(*capability >= 32), 1_u32 << (capability % 32));
        if let Some(set) = sets.get_mut(word) {
            set.effective &= !bit;
            set.permitted &= !bit;
            set.inheritable &= !bit;
        }
    }
    set(&sets)
}

/// Drops all capabilities for good.
pub fn drop_all() -> nix::Result<()> {
    for capability in 0..=LAST {
        match drop_bounding(capability) {
            // Past the kernel's last capability, or none to give away in the first place.
            Err(Errno::EINVAL) => break,
            Ok(()) | Err(Errno::EPERM) => {}
            Err(errno) => return Err(errno),
        }
    }
    set(&[Set::default(); 2])
}

#[expect(unsafe_code, reason = "prctl")]
fn drop_bounding(capability: u32) -> nix::Result<()> {
    // JUSTIFICATION: an exec by the superuser gets the bounding set back.
    // SAFETY: integer arguments only.
    Errno::result(unsafe { libc::prctl(libc::PR_CAPBSET_DROP, libc::c_ulong::from(capability), 0, 0, 0) }).map(drop)
}

#[expect(unsafe_code, reason = "capget")]
fn get() -> nix::Result<[Set; 2]> {
    let mut header = Header { version: VERSION_3, pid: 0 };
    let mut sets = [Set::default(); 2];
    // JUSTIFICATION: no safe wrapper among our dependencies.
    // SAFETY: version 3 of the interface writes two sets.
    Errno::result(unsafe { libc::syscall(libc::SYS_capget, &raw mut header, sets.as_mut_ptr()) })?;
    Ok(sets)
}

#[expect(unsafe_code, reason = "capset")]
fn set(sets: &[Set; 2]) -> nix::Result<()> {
    let mut header = Header { version: VERSION_3, pid: 0 };
    // JUSTIFICATION: no safe wrapper among our dependencies.
    // SAFETY: version 3 of the interface reads two sets.
    Errno::result(unsafe { libc::syscall(libc::SYS_capset, &raw mut header, sets.as_ptr()) }).map(drop)
}
