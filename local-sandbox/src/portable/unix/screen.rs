//! Pseudoterminals.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::libc;
use nix::pty::openpty;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::{tcgetpgrp, ttyname};

use super::streams::{self, Reader, Writer};
use super::sys::winsize;

/// The host's end of a command's terminal.
#[derive(Debug)]
pub struct Screen {
    master: OwnedFd,
    writer: Option<Writer>,
}

/// A terminal just opened.
pub struct Opened {
    /// The host's end.
    pub screen: Screen,
    /// What it shows.
    pub reader: Reader,
    /// The command's end.
    pub slave: OwnedFd,
    /// The path of that.
    pub name: CString,
}

impl Screen {
    /// Opens a terminal of the given size.
    pub fn open(rows: u16, columns: u16) -> io::Result<Opened> {
        let pair = openpty(None, None)?;
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
        }
        winsize::set(pair.master.as_fd(), rows, columns)?;
        let name = CString::new(ttyname(&pair.slave)?.as_os_str().as_bytes())?;
        let (reader, writer) = streams::of_terminal(&pair.master)?;
        Ok(Opened { screen: Screen { master: pair.master, writer: Some(writer) }, reader, slave: pair.slave, name })
    }

    /// What types, once.
    pub fn take_writer(&mut self) -> Option<Writer> {
        self.writer.take()
    }

    /// The command has ended. What it has shown can be read already.
    pub fn close(&mut self) -> bool {
        false
    }

    /// Changes the size; the foreground process group gets SIGWINCH.
    pub fn resize(&self, rows: u16, columns: u16) -> io::Result<()> {
        Ok(winsize::set(self.master.as_fd(), rows, columns)?)
    }

    /// Sends a signal that keys send to the foreground process group; says whether it did.
    pub fn signal_foreground(&self, signal: i32) -> bool {
        if ![libc::SIGINT, libc::SIGQUIT, libc::SIGTSTP].contains(&signal) {
            return false;
        }
        let Ok(signal) = Signal::try_from(signal) else { return false };
        tcgetpgrp(&self.master).and_then(|group| killpg(group, signal)).is_ok()
    }
}

/// Rows and columns of a terminal of this process; `None` if it is none or has no size.
pub fn terminal_size(terminal: std::os::fd::BorrowedFd<'_>) -> Option<(u16, u16)> {
    winsize::get(terminal).ok().filter(|(rows, columns)| *rows > 0 && *columns > 0)
}
