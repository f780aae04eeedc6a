//! `set -e` and the ERR trap.
//!
//! [bash manual "The Set Builtin", -e] A failure counts unless the command is part of a test: the list after `while`,
//! `until`, `if` or `elif`, a command of an AND-OR list but the last, or one whose status is inverted by `!`. Whether
//! it is part of a test is read off the frames when a command has failed, so that success costs nothing.

use super::divert::Divert;
use super::frame::Frame;
use super::task::{Flow, Next, ShellTask};
use crate::kernel::ExitStatus;
use crate::shell::options::ShellOption;
use crate::shell::trap::Condition;

impl ShellTask {
    /// Finishes a simple command, pipeline, subshell, `[[` or `((`: its failure may end the shell.
    pub(crate) fn complete(&mut self, status: ExitStatus) -> Flow {
        self.state.status = status;
        if status.is_success() {
            return Flow::Go(Next::Done);
        }
        self.check_failure()
    }

    fn check_failure(&mut self) -> Flow {
        let errexit = self.state.is_on(ShellOption::ERREXIT);
        let trapped = self.err_trap_applies();
        if (!errexit && !trapped) || self.failure_is_tested() {
            return Flow::Go(Next::Done);
        }
        let status = self.state.status;
        let then = if errexit { Next::Divert(Divert::Exit(status)) } else { Next::Done };
        if trapped {
            return self.run_trap(Condition::Err, then);
        }
        Flow::Go(then)
    }

    fn err_trap_applies(&self) -> bool {
        (!self.state.simple_stage || !self.frames.is_empty())
            && !self.state.traps.set.is_empty()
            && self.state.traps.command(Condition::Err).is_some()
    }

    /// Whether the command that has failed is part of a test.
    pub(crate) fn failure_is_tested(&self) -> bool {
        self.state.errexit_suppressed
            || self.frames.iter().any(|frame| match frame {
                Frame::If { testing, .. } | Frame::While { testing, .. } => *testing,
                // The frame of the last item has been left before it runs.
                Frame::AndOr { .. } => true,
                Frame::Pipeline(pipeline) => pipeline.negate,
                _ => false,
            })
    }
}
