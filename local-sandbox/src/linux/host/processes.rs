//! How spawned commands are reached.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::Weak;

use nix::sys::socket::{Shutdown, shutdown};
use sandbox::{ProcessHandle, SandboxError};

use super::execution::LocalExecution;
use super::helper::Supervisor;
use crate::linux::protocol::Order;
use crate::linux::sys::message;

/// The spawned processes of a sandbox.
pub type ProcessTable = sandbox::ProcessTable<Link>;

/// The way to the supervisor of a process. After the end of the process it may serve another one.
#[derive(Debug)]
pub struct Link(Weak<Supervisor>);

impl ProcessHandle for Link {
    fn abandon(&self) {
        if let Some(link) = self.0.upgrade() {
            // The end of the host, as far as this supervisor is concerned.
            let _ = shutdown(link.as_raw_fd(), Shutdown::Both);
        }
    }
}

impl Link {
    /// The way to the process of an execution.
    pub fn of(execution: &LocalExecution) -> Link {
        Link(execution.link())
    }

    /// Sends a signal to the process and everything it started; nothing when it has ended.
    pub fn signal(&self, signal: i32) -> Result<(), SandboxError> {
        let Some(link) = self.0.upgrade() else { return Ok(()) };
        message::send(link.as_fd(), &Order::Signal(signal).encode(), &[], false)
            .map(|_| ())
            .map_err(|error| SandboxError::backend("signal the process", error))
    }
}
