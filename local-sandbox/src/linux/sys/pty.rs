//! Pseudoterminals.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::libc;
use nix::pty::{posix_openpt, unlockpt};

/// Both ends of a pseudoterminal, close-on-exec from the start.
#[derive(Debug)]
pub struct Pair {
    /// The end that reads what is shown and types.
    pub master: OwnedFd,
    /// The end a command has as its terminal.
    pub slave: OwnedFd,
}

/// Opens a pseudoterminal of the given size.
#[expect(unsafe_code, reason = "ioctls without a safe wrapper")]
pub fn open(rows: u16, columns: u16) -> nix::Result<Pair> {
    let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC)?;
    unlockpt(&master)?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // JUSTIFICATION: opens the other end without a path, which may lie in another mount namespace.
    // SAFETY: the master is open; the result is a fresh descriptor or an error.
    let slave =
        unsafe { OwnedFd::from_raw_fd(Errno::result(libc::ioctl(master.as_raw_fd(), libc::TIOCGPTPEER, flags))?) };
    // JUSTIFICATION: as above; `dup` keeps ownership plain.
    let master = nix::unistd::dup(&master).and_then(|fd| set_close_on_exec(&fd).map(|()| fd))?;
    let pair = Pair { master, slave };
    resize(std::os::fd::AsFd::as_fd(&pair.master), rows, columns)?;
    Ok(pair)
}

fn set_close_on_exec(fd: &OwnedFd) -> nix::Result<()> {
    nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC)).map(drop)
}

/// Changes the terminal's size; the foreground process group gets SIGWINCH.
#[expect(unsafe_code, reason = "ioctl")]
pub fn resize(master: BorrowedFd<'_>, rows: u16, columns: u16) -> nix::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // JUSTIFICATION: no safe wrapper for TIOCSWINSZ.
    // SAFETY: the pointer is to a live winsize.
    Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }).map(drop)
}

/// The terminal's rows and columns.
#[expect(unsafe_code, reason = "ioctl")]
pub fn size(terminal: BorrowedFd<'_>) -> nix::Result<(u16, u16)> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // JUSTIFICATION: no safe wrapper for TIOCGWINSZ.
    // SAFETY: the pointer is to a live winsize.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) })?;
    Ok((size.ws_row, size.ws_col))
}

/// Sends a keyboard signal (INT, QUIT, TSTP) to the foreground process group, whatever the terminal's settings.
#[expect(unsafe_code, reason = "ioctl")]
pub fn signal_foreground(master: BorrowedFd<'_>, signal: i32) -> nix::Result<()> {
    /// `TIOCSIG` of `asm-generic/ioctls.h`.
    const TIOCSIG: libc::c_ulong = 0x4004_5436;
    // JUSTIFICATION: no safe wrapper for TIOCSIG.
    // SAFETY: takes an integer argument.
    Errno::result(unsafe { libc::ioctl(master.as_raw_fd(), TIOCSIG, signal) }).map(drop)
}
