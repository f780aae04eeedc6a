//! Commands with a terminal.

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::execution::ExecExit;
use crate::request::EnvChange;

/// A sandbox that can give commands a terminal.
#[async_trait]
pub trait Terminals: Send + Sync {
    /// Opens a terminal and starts a command, or an interactive shell, in it.
    async fn open(&self, request: TerminalRequest) -> Result<Box<dyn Terminal>, SandboxError>;
}

/// An open terminal. Dropping it hangs up: what runs in it ends.
#[async_trait]
pub trait Terminal: Send + Sync {
    /// The next thing that happened; `None` after the exit.
    async fn next(&mut self) -> Option<Result<TerminalEvent, SandboxError>>;

    /// Types `input`, control characters included (`\x03` is an interrupt).
    async fn write(&self, input: Bytes) -> Result<(), SandboxError>;

    /// Changes the size, which the foreground command is told (`SIGWINCH`).
    async fn resize(&self, size: TerminalSize) -> Result<(), SandboxError>;

    /// Sends a signal to the foreground command.
    async fn signal(&self, signal: i32) -> Result<(), SandboxError>;
}

/// What happens on a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalEvent {
    /// Bytes to show, both output streams and the echo together.
    Output(Bytes),
    /// The command ended; always the last event.
    Exit(ExecExit),
}

/// What to start in a terminal.
#[derive(Debug, Clone, Default)]
pub struct TerminalRequest {
    /// The script; absent for an interactive shell.
    pub script: Option<Bytes>,
    /// The working directory; the sandbox's own when absent.
    pub cwd: Option<Vec<u8>>,
    /// Changes to the sandbox's environment, in order.
    pub env: Vec<EnvChange>,
    /// The size to start with.
    pub size: TerminalSize,
}

/// The size of a terminal in character cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
}

impl Default for TerminalSize {
    /// 24 lines of 80 columns.
    fn default() -> Self {
        TerminalSize { rows: 24, columns: 80 }
    }
}
