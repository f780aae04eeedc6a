//! Commands with a terminal.

use std::io;

use bytes::Bytes;
use sandbox::{TerminalRequest, TerminalSize};
use tokio::io::AsyncWriteExt;
use tokio::sync::Mutex;

use super::execution::LocalExecution;
use super::sandbox::LocalSandbox;
use super::system::Writer;
use crate::error::ExecError;
use crate::start::Start;
use crate::yields::Unread;

/// A command, or an interactive shell, on a pseudoterminal. Dropping it hangs up and ends what runs in it.
#[derive(Debug)]
pub struct LocalTerminal {
    pub(crate) execution: LocalExecution,
    pub(crate) unread: Unread,
    input: Mutex<Writer>,
}

impl LocalSandbox {
    /// Opens a terminal and starts a command in it. An error means that nothing has run.
    pub async fn open_terminal(&self, request: TerminalRequest) -> Result<LocalTerminal, ExecError> {
        let start = Start::on_terminal(&self.inner.settings.shell, request)?;
        let mut execution = self.inner.start(start).await?;
        let input = execution.take_typing().ok_or_else(|| io::Error::other("no terminal came along"))?;
        Ok(LocalTerminal { execution, unread: Unread::default(), input: Mutex::new(input) })
    }
}

impl LocalTerminal {
    /// Types.
    pub async fn type_bytes(&self, input: Bytes) -> io::Result<()> {
        let mut writer = self.input.lock().await;
        writer.write_all(&input).await?;
        writer.flush().await
    }

    /// Changes the size; the foreground command gets SIGWINCH where there are signals.
    pub fn set_size(&self, size: TerminalSize) -> io::Result<()> {
        match self.execution.screen() {
            Some(screen) => screen.resize(size.rows, size.columns),
            None => Ok(()),
        }
    }

    /// Sends a signal to the foreground process group if the terminal can, else to everything that runs in it.
    pub fn send_signal(&self, signal: i32) {
        if !self.execution.screen().is_some_and(|screen| screen.signal_foreground(signal)) {
            self.execution.signal(signal);
        }
    }
}
