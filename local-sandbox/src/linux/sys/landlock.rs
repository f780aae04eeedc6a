//! Landlock, by its three system calls: a ruleset is built once per sandbox, and put on by each command.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;

/// File rights by their bits in `linux/landlock.h`.
pub mod right {
    /// Execute a file.
    pub const EXECUTE: u64 = 1;
    /// Open for writing.
    pub const WRITE_FILE: u64 = 1 << 1;
    /// Open for reading.
    pub const READ_FILE: u64 = 1 << 2;
    /// List a directory.
    pub const READ_DIR: u64 = 1 << 3;
    /// Remove and rename directories.
    pub const REMOVE_DIR: u64 = 1 << 4;
    /// Remove and rename files.
    pub const REMOVE_FILE: u64 = 1 << 5;
    /// Make a directory.
    pub const MAKE_DIR: u64 = 1 << 7;
    /// Make a regular file.
    pub const MAKE_REG: u64 = 1 << 8;
    /// Make a socket.
    pub const MAKE_SOCK: u64 = 1 << 9;
    /// Make a FIFO.
    pub const MAKE_FIFO: u64 = 1 << 10;
    /// Make a symbolic link.
    pub const MAKE_SYM: u64 = 1 << 12;
    /// Link and rename across directories (ABI 2).
    pub const REFER: u64 = 1 << 13;
    /// Truncate (ABI 3).
    pub const TRUNCATE: u64 = 1 << 14;
    /// `ioctl` on devices (ABI 5).
    pub const IOCTL_DEV: u64 = 1 << 15;

    /// What reading a tree takes.
    pub const READ: u64 = EXECUTE | READ_FILE | READ_DIR;
    /// What writing a tree takes; devices (bits 6 and 11) cannot be made.
    pub const WRITE: u64 = READ
        | WRITE_FILE
        | REMOVE_DIR
        | REMOVE_FILE
        | MAKE_DIR
        | MAKE_REG
        | MAKE_SOCK
        | MAKE_FIFO
        | MAKE_SYM
        | REFER
        | TRUNCATE;
    /// What a rule on something else than a directory may grant.
    pub const FILE: u64 = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
    /// Everything there is.
    pub const ALL: u64 = (1 << 16) - 1;
}

/// Scopes: abstract UNIX sockets and signals stay within the domain (ABI 6).
const SCOPES: u64 = 0b11;
/// Binding and connecting of TCP (ABI 4).
const NET_ALL: u64 = 0b11;

#[repr(C)]
#[derive(Default)]
struct RulesetAttributes {
    handled_access_fs: u64,
    handled_access_net: u64,
    scoped: u64,
}

#[repr(C, packed)]
struct PathBeneath {
    allowed_access: u64,
    parent_fd: i32,
}

/// The kernel's ABI version, an error if Landlock is not there.
pub fn abi() -> nix::Result<i32> {
    const VERSION: u32 = 1;
    ask(VERSION)
}

/// Which mistakes of its ABI the kernel has mended, one bit each; an error if it does not tell.
pub fn errata() -> nix::Result<i32> {
    const ERRATA: u32 = 2;
    ask(ERRATA)
}

#[expect(unsafe_code, reason = "landlock_create_ruleset")]
fn ask(question: u32) -> nix::Result<i32> {
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: questions take a null pointer and size 0.
    let told = Errno::result(unsafe {
        libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<u8>(), 0_usize, question)
    })?;
    Ok(i32::try_from(told).unwrap_or(i32::MAX))
}

/// What a ruleset denies beside all file accesses that the kernel can deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Denied {
    /// TCP.
    pub tcp: bool,
    /// Signals and abstract sockets out of the domain.
    pub others: bool,
}

impl Denied {
    /// Nothing else.
    pub const FILES: Denied = Denied { tcp: false, others: false };
}

/// Makes a ruleset that denies all file accesses the kernel can deny, and more as said where it can.
#[expect(unsafe_code, reason = "landlock_create_ruleset")]
pub fn create(abi: i32, denied: Denied) -> nix::Result<OwnedFd> {
    let files = match abi {
        ..=1 => right::ALL & !(right::REFER | right::TRUNCATE | right::IOCTL_DEV),
        2 => right::ALL & !(right::TRUNCATE | right::IOCTL_DEV),
        3 | 4 => right::ALL & !right::IOCTL_DEV,
        5.. => right::ALL,
    };
    let attributes = RulesetAttributes {
        handled_access_fs: files,
        handled_access_net: if abi >= 4 && denied.tcp { NET_ALL } else { 0 },
        scoped: if abi >= 6 && denied.others { SCOPES } else { 0 },
    };
    let size = match abi {
        ..=3 => 8_usize,
        4 | 5 => 16,
        6.. => 24,
    };
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: the structure lives through the call and is at least `size` bytes; the result is a fresh descriptor.
    unsafe {
        let fd = Errno::result(libc::syscall(libc::SYS_landlock_create_ruleset, &raw const attributes, size, 0_u32))?;
        Ok(OwnedFd::from_raw_fd(i32::try_from(fd).map_err(|_| Errno::EMFILE)?))
    }
}

/// Allows `rights` beneath the file or directory `path` (opened `O_PATH`); those the ruleset does not handle are left out
/// by the caller's `abi`.
#[expect(unsafe_code, reason = "landlock_add_rule")]
pub fn allow(ruleset: BorrowedFd<'_>, path: BorrowedFd<'_>, rights: u64, abi: i32) -> nix::Result<()> {
    const PATH_BENEATH: u32 = 1;
    let known = match abi {
        ..=1 => !(right::REFER | right::TRUNCATE | right::IOCTL_DEV),
        2 => !(right::TRUNCATE | right::IOCTL_DEV),
        3 | 4 => !right::IOCTL_DEV,
        5.. => u64::MAX,
    };
    let rule = PathBeneath { allowed_access: rights & known, parent_fd: path.as_raw_fd() };
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: the structure has the layout of `struct landlock_path_beneath_attr` and lives through the call.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_landlock_add_rule, ruleset.as_raw_fd(), PATH_BENEATH, &raw const rule, 0_u32)
    })
    .map(drop)
}

/// Puts the ruleset on the calling thread, for good.
#[expect(unsafe_code, reason = "landlock_restrict_self")]
pub fn restrict(ruleset: BorrowedFd<'_>) -> nix::Result<()> {
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: integer arguments only.
    Errno::result(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0_u32) }).map(drop)
}
