//! Processes held by descriptor: their numbers cannot become another's meanwhile.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::Signal;

/// Takes hold of a process; close-on-exec.
#[expect(unsafe_code, reason = "pidfd_open")]
pub fn open(pid: u32) -> nix::Result<OwnedFd> {
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: integer arguments only; the result is a fresh descriptor or an error.
    unsafe {
        let fd = Errno::result(libc::syscall(libc::SYS_pidfd_open, pid, 0_u32))?;
        Ok(OwnedFd::from_raw_fd(i32::try_from(fd).map_err(|_| Errno::EMFILE)?))
    }
}

/// Signals the process, `ESRCH` if it has ended and was awaited.
#[expect(unsafe_code, reason = "pidfd_send_signal")]
pub fn signal(process: BorrowedFd<'_>, signal: Signal) -> nix::Result<()> {
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: integer arguments and a null pointer, which asks for the usual signal information.
    Errno::result(unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            process.as_raw_fd(),
            signal as libc::c_int,
            std::ptr::null::<libc::siginfo_t>(),
            0_u32,
        )
    })
    .map(drop)
}
