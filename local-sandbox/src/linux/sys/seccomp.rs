//! System call filters, assembled by hand: which calls are refused, and which kinds of sockets.

use nix::errno::Errno;
use nix::libc::{self, sock_filter};

/// What sockets a filtered process may make; `socketpair` always.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sockets {
    /// IPv4 and IPv6.
    pub internet: bool,
    /// UNIX sockets.
    pub unix: bool,
    /// Netlink, with which programs list network interfaces.
    pub netlink: bool,
}

#[cfg(target_arch = "x86_64")]
const ARCHITECTURE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCHITECTURE: u32 = 0xc000_00b7;

/// Calls that reach the kernel's configuration, other namespaces or the machine, refused with EPERM. Most need
/// capabilities anyway; the filter closes what a user namespace would open, and the kernel's most attacked corners.
const REFUSED: &[libc::c_long] = &[
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_open_by_handle_at,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_fanotify_init,
    libc::SYS_process_madvise,
];

/// Typing into a terminal on behalf of its user.
const TERMINAL_INJECTION: [u32; 2] = [libc::TIOCSTI as u32, 0x541c];

const NAMESPACES: u32 = (libc::CLONE_NEWUSER
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWCGROUP) as u32
    | 0x80;

const NUMBER: u32 = 0;
const ARCH: u32 = 4;
/// The low half of argument `index`; both supported machines are little-endian.
const fn argument(index: u32) -> u32 {
    16 + 8 * index
}

const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const AT_LEAST: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
const fn refuse(errno: Errno) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno as u32
}

/// A filter being assembled. Every test is followed by what it returns, so that no jump is longer than one step.
struct Assembler(Vec<sock_filter>);

impl Assembler {
    fn push(&mut self, code: u16, k: u32, yes: u8, no: u8) {
        self.0.push(sock_filter { code, jt: yes, jf: no, k });
    }

    fn load(&mut self, offset: u32) {
        self.push(LOAD, offset, 0, 0);
    }

    fn give(&mut self, verdict: u32) {
        self.push(RETURN, verdict, 0, 0);
    }

    /// Returns `verdict` if the test holds for what is loaded.
    fn give_if(&mut self, test: u16, k: u32, verdict: u32) {
        self.push(test, k, 0, 1);
        self.give(verdict);
    }

    /// Looks at an argument of one call only: the block returns always.
    fn for_call(&mut self, call: libc::c_long, block: impl FnOnce(&mut Assembler)) {
        let mut inner = Assembler(Vec::new());
        block(&mut inner);
        inner.give(ALLOW);
        let length = u8::try_from(inner.0.len()).unwrap_or(u8::MAX);
        self.push(EQUAL, number(call), 0, length);
        self.0.append(&mut inner.0);
    }
}

fn number(call: libc::c_long) -> u32 {
    u32::try_from(call).unwrap_or(u32::MAX)
}

fn assemble(sockets: Sockets) -> Vec<sock_filter> {
    let mut filter = Assembler(Vec::new());
    filter.load(ARCH);
    // Other architectures (32-bit calls) have other numbers: as if the kernel had none of them.
    filter.push(EQUAL, ARCHITECTURE, 1, 0);
    filter.give(refuse(Errno::ENOSYS));
    filter.load(NUMBER);
    // x32 has its own bit.
    filter.give_if(AT_LEAST, 0x4000_0000, refuse(Errno::ENOSYS));
    // Its flags lie behind a pointer; libraries fall back to `clone`.
    filter.give_if(EQUAL, number(libc::SYS_clone3), refuse(Errno::ENOSYS));
    for call in [libc::SYS_clone, libc::SYS_unshare] {
        // The low byte of `clone`'s flags is a signal, which 0x80 (time namespace) cannot be.
        filter.for_call(call, |block| {
            block.load(argument(0));
            block.give_if(ANY_BIT, NAMESPACES, refuse(Errno::EPERM));
        });
    }
    filter.for_call(libc::SYS_ioctl, |block| {
        block.load(argument(1));
        for request in TERMINAL_INJECTION {
            block.give_if(EQUAL, request, refuse(Errno::EPERM));
        }
    });
    // Limits of others of the sandbox's user, of which its helpers are: a limit on their processor time would kill them.
    filter.for_call(libc::SYS_prlimit64, |block| {
        block.load(argument(0));
        block.give_if(EQUAL, 0, ALLOW);
        block.give(refuse(Errno::EPERM));
    });
    filter.for_call(libc::SYS_socket, |block| {
        block.load(argument(0));
        let families = [
            (sockets.unix, libc::AF_UNIX),
            (sockets.internet, libc::AF_INET),
            (sockets.internet, libc::AF_INET6),
            (sockets.netlink, libc::AF_NETLINK),
        ];
        for (_, family) in families.into_iter().filter(|(allowed, _)| *allowed) {
            block.give_if(EQUAL, family.unsigned_abs(), ALLOW);
        }
        block.give(refuse(Errno::EPERM));
    });
    for call in REFUSED {
        filter.give_if(EQUAL, number(*call), refuse(Errno::EPERM));
    }
    filter.give(ALLOW);
    filter.0
}

/// Puts the filter on this thread and all that come from it, for good. Needs no-new-privileges.
#[expect(unsafe_code, reason = "prctl")]
pub fn restrict(sockets: Sockets) -> nix::Result<()> {
    let mut filter = assemble(sockets);
    let program =
        libc::sock_fprog { len: u16::try_from(filter.len()).map_err(|_| Errno::EINVAL)?, filter: filter.as_mut_ptr() };
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: the program points to `len` instructions, alive through the call; the kernel checks and copies them.
    Errno::result(unsafe {
        libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER as libc::c_ulong, &raw const program, 0, 0)
    })
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Sockets = Sockets { internet: false, unix: false, netlink: false };

    /// The machine that the kernel has, for one call.
    fn verdict(filter: &[sock_filter], arch: u32, call: libc::c_long, arguments: [u32; 2]) -> u32 {
        let (mut at, mut loaded) = (0, 0_u32);
        loop {
            let instruction = filter[at];
            at += 1;
            let holds = match instruction.code {
                LOAD => {
                    loaded = match instruction.k {
                        NUMBER => number(call),
                        ARCH => arch,
                        16 => arguments[0],
                        24 => arguments[1],
                        other => unreachable!("no offset {other}"),
                    };
                    continue;
                }
                RETURN => return instruction.k,
                EQUAL => loaded == instruction.k,
                AT_LEAST => loaded >= instruction.k,
                ANY_BIT => loaded & instruction.k != 0,
                other => unreachable!("no code {other}"),
            };
            at += usize::from(if holds { instruction.jt } else { instruction.jf });
        }
    }

    fn own(sockets: Sockets, call: libc::c_long, arguments: [u32; 2]) -> u32 {
        verdict(&assemble(sockets), ARCHITECTURE, call, arguments)
    }

    #[test]
    fn ordinary_calls_pass_and_listed_ones_do_not() {
        assert_eq!(own(NONE, libc::SYS_read, [0, 0]), ALLOW);
        assert_eq!(own(NONE, libc::SYS_mount, [0, 0]), refuse(Errno::EPERM));
        assert_eq!(own(NONE, libc::SYS_process_madvise, [0, 0]), refuse(Errno::EPERM));
        assert_eq!(own(NONE, libc::SYS_clone3, [0, 0]), refuse(Errno::ENOSYS));
    }

    #[test]
    fn another_architecture_has_no_calls() {
        assert_eq!(verdict(&assemble(NONE), 0x4000_0003, libc::SYS_read, [0, 0]), refuse(Errno::ENOSYS));
        assert_eq!(own(NONE, 0x4000_0000, [0, 0]), refuse(Errno::ENOSYS));
    }

    #[test]
    fn forks_pass_and_namespaces_do_not() {
        assert_eq!(own(NONE, libc::SYS_clone, [libc::SIGCHLD as u32, 0]), ALLOW);
        assert_eq!(own(NONE, libc::SYS_clone, [libc::CLONE_NEWUSER as u32, 0]), refuse(Errno::EPERM));
        assert_eq!(own(NONE, libc::SYS_unshare, [libc::CLONE_NEWNET as u32, 0]), refuse(Errno::EPERM));
        assert_eq!(own(NONE, libc::SYS_unshare, [libc::CLONE_FILES as u32, 0]), ALLOW);
    }

    #[test]
    fn only_the_sockets_said_are_made() {
        let all = Sockets { internet: true, unix: true, netlink: true };
        for family in [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK] {
            assert_eq!(own(all, libc::SYS_socket, [family as u32, 0]), ALLOW);
            assert_eq!(own(NONE, libc::SYS_socket, [family as u32, 0]), refuse(Errno::EPERM));
        }
        assert_eq!(own(all, libc::SYS_socket, [libc::AF_VSOCK as u32, 0]), refuse(Errno::EPERM));
        assert_eq!(own(NONE, libc::SYS_socketpair, [libc::AF_UNIX as u32, 0]), ALLOW);
    }

    #[test]
    fn only_ones_own_limits_are_changed() {
        assert_eq!(own(NONE, libc::SYS_prlimit64, [0, 7]), ALLOW);
        assert_eq!(own(NONE, libc::SYS_prlimit64, [1, 0]), refuse(Errno::EPERM));
    }

    #[test]
    fn nobody_types_into_terminals() {
        assert_eq!(own(NONE, libc::SYS_ioctl, [0, libc::TIOCSTI as u32]), refuse(Errno::EPERM));
        assert_eq!(own(NONE, libc::SYS_ioctl, [0, libc::TIOCGWINSZ as u32]), ALLOW);
    }
}
