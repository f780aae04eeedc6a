//! The size of terminals.

use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;

/// Changes a terminal's size; the foreground process group gets SIGWINCH.
#[expect(unsafe_code, reason = "ioctl")]
pub fn set(terminal: BorrowedFd<'_>, rows: u16, columns: u16) -> nix::Result<()> {
    let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // JUSTIFICATION: no safe wrapper for TIOCSWINSZ.
    // SAFETY: the pointer is to a live winsize.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) }).map(drop)
}

/// The terminal's rows and columns.
#[expect(unsafe_code, reason = "ioctl")]
pub fn get(terminal: BorrowedFd<'_>) -> nix::Result<(u16, u16)> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // JUSTIFICATION: no safe wrapper for TIOCGWINSZ.
    // SAFETY: the pointer is to a live winsize.
    Errno::result(unsafe { libc::ioctl(terminal.as_raw_fd(), libc::TIOCGWINSZ, &raw mut size) })?;
    Ok((size.ws_row, size.ws_col))
}
