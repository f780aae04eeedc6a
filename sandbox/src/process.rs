//! Commands that outlive the call that started them.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::execution::{ExecExit, Execution};
use crate::request::ExecRequest;

/// A sandbox whose commands can go on while nobody listens.
#[async_trait]
pub trait Processes: Send + Sync {
    /// Starts a script and leaves it running. With [`Stdin::Empty`](crate::Stdin::Empty) its input stays open for
    /// [`write_stdin`](Processes::write_stdin).
    async fn spawn(&self, request: ExecRequest) -> Result<ProcessId, SandboxError>;

    /// Everything that was spawned and not forgotten, oldest first.
    async fn list(&self) -> Result<Vec<ProcessInfo>, SandboxError>;

    /// The output kept so far, then what follows as it comes. Dropping the execution leaves the command running.
    async fn attach(&self, id: ProcessId) -> Result<Execution, SandboxError>;

    /// Gives bytes to its standard input.
    async fn write_stdin(&self, id: ProcessId, input: Bytes) -> Result<(), SandboxError>;

    /// Ends its standard input.
    async fn close_stdin(&self, id: ProcessId) -> Result<(), SandboxError>;

    /// Sends a signal to it and everything it started.
    async fn signal(&self, id: ProcessId, signal: i32) -> Result<(), SandboxError>;

    /// Waits for its end. Can be asked again afterwards.
    async fn wait(&self, id: ProcessId) -> Result<ExecExit, SandboxError>;

    /// Forgets a process that has ended, with its output.
    async fn forget(&self, id: ProcessId) -> Result<(), SandboxError>;
}

/// The number of a spawned process, never used twice in one sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProcessId(pub u64);

impl fmt::Display for ProcessId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A spawned process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessInfo {
    /// Its number.
    pub id: ProcessId,
    /// The start of its script.
    pub command: String,
    /// Whether it runs.
    pub state: ProcessState,
}

/// Whether a process runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProcessState {
    /// It has not ended.
    Running,
    /// It has ended, thus.
    Exited(ExecExit),
}
