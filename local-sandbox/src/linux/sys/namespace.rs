//! Namespaces.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::unistd::{ForkResult, Pid};

/// Forks this single-threaded process into namespaces of its own: user, mount, process, IPC, host name, and network if said.
/// The child is the first process of its process namespace.
#[expect(unsafe_code, reason = "clone")]
pub fn fork_into(network: bool) -> nix::Result<ForkResult> {
    let mut flags =
        libc::CLONE_NEWUSER | libc::CLONE_NEWNS | libc::CLONE_NEWPID | libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
    if network {
        flags |= libc::CLONE_NEWNET;
    }
    // JUSTIFICATION: `unshare` would leave the caller outside of the process namespace, at the cost of one more process.
    // SAFETY: without CLONE_VM and with no stack given this is `fork`, and the process has one thread.
    let pid = Errno::result(unsafe { libc::syscall(libc::SYS_clone, flags | libc::SIGCHLD, 0, 0, 0, 0) })?;
    match i32::try_from(pid) {
        Ok(0) => Ok(ForkResult::Child),
        Ok(pid) => Ok(ForkResult::Parent { child: Pid::from_raw(pid) }),
        Err(_) => Err(Errno::EOVERFLOW),
    }
}

/// Brings the loopback device of this network namespace up.
#[expect(unsafe_code, reason = "ioctl on a socket")]
pub fn raise_loopback() -> nix::Result<()> {
    // JUSTIFICATION: no safe wrapper for interface flags.
    // SAFETY: a plain socket; the request is a zeroed `ifreq` (valid: integers and bytes) with a short name and flags,
    // alive through the call.
    unsafe {
        let socket =
            OwnedFd::from_raw_fd(Errno::result(libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0))?);
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(*b"lo") {
            *to = from.cast_signed();
        }
        request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        Errno::result(libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request)).map(drop)
    }
}
