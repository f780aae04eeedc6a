//! What a command cost.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a command, with everything it started, used. A value is absent where the sandbox cannot measure it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time, user and system together.
    pub cpu: Option<Duration>,
    /// Steps of an interpreter that counts them (the virtual machine's fuel).
    pub fuel: Option<u64>,
    /// The largest amount of memory held at one time, in bytes.
    pub peak_memory: Option<u64>,
    /// How many processes were started, the shell itself included.
    pub processes: Option<u64>,
    /// Bytes the command wrote to standard output, kept or not.
    pub stdout_bytes: u64,
    /// Bytes the command wrote to standard error, kept or not.
    pub stderr_bytes: u64,
}
