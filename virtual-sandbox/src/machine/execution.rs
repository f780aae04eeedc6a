//! Executions: a shell started by the host, with its console.

use crate::kernel::{ConsoleId, ExitStatus, Pid, PipeId, Signal, WaitStatus};
use bytes::Bytes;
use std::sync::Arc;

/// Names an execution of a machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ExecutionId(pub u32);

/// What to run.
#[derive(Clone, Debug)]
pub struct ExecutionSpec {
    /// The argument vector; `argv[0]` is searched for in the environment's `PATH` when it has no slash.
    pub argv: Vec<Bytes>,
    /// The environment as `NAME=value` strings.
    pub env: Arc<[Bytes]>,
    /// The working directory.
    pub cwd: Bytes,
    /// What can be read from standard input; `None` leaves it open for [`super::Machine::feed`].
    pub stdin: Option<Bytes>,
    /// Whether programs see a terminal on standard input and output.
    pub terminal: bool,
}

/// An execution under way.
#[derive(Clone, Debug)]
pub(super) struct Execution {
    pub(super) root: Pid,
    pub(super) console: ConsoleId,
    pub(super) input: Option<PipeId>,
    pub(super) ended: Option<Ended>,
}

/// How an execution ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ended {
    /// The exit status as a shell gives it: 128+n for a signal.
    pub status: ExitStatus,
    /// The signal that ended it.
    pub signal: Option<Signal>,
}

impl From<WaitStatus> for Ended {
    fn from(status: WaitStatus) -> Self {
        let signal = match status {
            WaitStatus::Signaled(signal) => Some(signal),
            _ => None,
        };
        Ended { status: status.shell_status(), signal }
    }
}
