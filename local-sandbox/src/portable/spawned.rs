//! How spawned commands are reached.

use std::sync::{Arc, Weak};

use sandbox::{ProcessHandle, SandboxError};

use super::execution::LocalExecution;
use super::sandbox::Inner;
use super::system::Tree;

/// The spawned processes of a sandbox.
pub type ProcessTable = sandbox::ProcessTable<Link>;

/// The way to what a process has started.
#[derive(Debug)]
pub struct Link {
    tree: Arc<Tree>,
    inner: Weak<Inner>,
}

impl ProcessHandle for Link {
    fn abandon(&self) {
        if let Some(inner) = self.inner.upgrade() {
            inner.end_in_thread(&self.tree, inner.settings.grace);
        }
    }
}

impl Link {
    /// The way to the process of an execution.
    pub fn of(execution: &LocalExecution) -> Link {
        Link { tree: Arc::clone(execution.tree()), inner: Arc::downgrade(execution.inner()) }
    }

    /// Sends a signal to the process and everything it started; nothing when it has ended.
    pub fn signal(&self, signal: i32) -> Result<(), SandboxError> {
        self.tree.signal(signal).map_err(|error| SandboxError::backend("signal the process", error))
    }
}
