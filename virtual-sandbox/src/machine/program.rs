//! What runs in a process.

use super::UtilityTask;
use crate::shell::ShellTask;

/// A program under way.
pub enum Program {
    /// A shell.
    Shell(Box<ShellTask>),
    /// A utility.
    Utility(Box<UtilityTask>),
}

impl Program {
    /// A copy that goes on independently; `None` when a utility has done too much to be replayed.
    pub fn snapshot(&self) -> Option<Program> {
        Some(match self {
            Program::Shell(shell) => Program::Shell(shell.clone()),
            Program::Utility(utility) => Program::Utility(Box::new(utility.replay()?)),
        })
    }
}
