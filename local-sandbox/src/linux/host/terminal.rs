//! Commands with a terminal.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use bytes::Bytes;
use nix::sys::signal::Signal;
use sandbox::{TerminalRequest, TerminalSize};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::execution::LocalExecution;
use super::pipe::Reader;
use crate::error::ExecError;
use crate::linux::sandbox::LocalSandbox;
use crate::linux::sys::{pty, reactor};
use crate::start::Start;
use crate::yields::Unread;

/// A command, or an interactive shell, on a pseudoterminal. Dropping it hangs up and ends what runs in it.
#[derive(Debug)]
pub struct LocalTerminal {
    pub(crate) execution: LocalExecution,
    pub(crate) unread: Unread,
    input: AsyncFd<OwnedFd>,
}

impl LocalSandbox {
    /// Opens a terminal and starts a command in it. An error means that nothing has run.
    pub async fn open_terminal(&self, request: TerminalRequest) -> Result<LocalTerminal, ExecError> {
        let start = Start::on_terminal(&self.inner.settings.shell, request)?;
        LocalTerminal::attach(self.inner.start(start).await?).map_err(ExecError::Io)
    }
}

impl LocalTerminal {
    pub(crate) fn attach(mut execution: LocalExecution) -> io::Result<LocalTerminal> {
        let master = execution.take_master().ok_or_else(|| io::Error::other("no terminal came along"))?;
        let input = master.try_clone()?;
        execution.read_from(Reader::new(master)?);
        Ok(LocalTerminal { execution, unread: Unread::default(), input: reactor::watch(input, Interest::WRITABLE)? })
    }

    /// Types.
    pub async fn type_bytes(&self, mut input: Bytes) -> io::Result<()> {
        while !input.is_empty() {
            let mut guard = self.input.writable().await?;
            let wrote = guard.try_io(|fd| nix::unistd::write(fd.get_ref(), &input).map_err(io::Error::from));
            match wrote {
                Ok(Ok(count)) => drop(input.split_to(count.min(input.len()))),
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(error),
                Err(_would_block) => {}
            }
        }
        Ok(())
    }

    /// Changes the size; the foreground command gets SIGWINCH.
    pub fn set_size(&self, size: TerminalSize) -> io::Result<()> {
        Ok(pty::resize(self.input.get_ref().as_fd(), size.rows, size.columns)?)
    }

    /// Sends a signal to the foreground process group if the terminal can, else to everything that runs in it.
    pub fn send_signal(&self, signal: i32) {
        let keyboard = [Signal::SIGINT, Signal::SIGQUIT, Signal::SIGTSTP].map(|signal| signal as i32);
        if keyboard.contains(&signal) && pty::signal_foreground(self.input.get_ref().as_fd(), signal).is_ok() {
            return;
        }
        self.execution.signal(signal);
    }
}

/// Rows and columns of a terminal of this process; `None` if it is none or has no size.
pub fn terminal_size(terminal: BorrowedFd<'_>) -> Option<(u16, u16)> {
    pty::size(terminal).ok().filter(|(rows, columns)| *rows > 0 && *columns > 0)
}
