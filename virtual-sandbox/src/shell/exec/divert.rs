//! Leaving frames: `break`, `continue`, `return`, `exit`, errors that end a command line.

use super::frame::Frame;
use super::task::{Context, Flow, Next, ShellTask};
use crate::kernel::ExitStatus;

/// Where control goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Divert {
    /// `break n`.
    Break(u32),
    /// `continue n`.
    Continue(u32),
    /// Out of all loops with a status: `break 0`.
    LeaveLoops(ExitStatus),
    /// `return`: out of the function, sourced file or trap.
    Return(ExitStatus),
    /// Out of the complete command: an expansion or assignment error.
    Line(ExitStatus),
    /// Out of the outermost text's complete command.
    Top(ExitStatus),
    /// Out of the shell.
    Exit(ExitStatus),
}

impl ShellTask {
    /// Leaves the innermost frame on the way of `divert`.
    pub(crate) fn unwind(&mut self, context: &mut Context<'_>, divert: Divert) -> Flow {
        let again = Flow::Go(Next::Divert(divert));
        let Some(frame) = self.frames.pop() else {
            return match divert {
                Divert::Exit(status) | Divert::Return(status) | Divert::Line(status) | Divert::Top(status) => {
                    self.state.status = status;
                    if self.session && !matches!(divert, Divert::Exit(_)) {
                        return Flow::Idle;
                    }
                    self.exit_shell(context, status)
                }
                Divert::LeaveLoops(status) => {
                    self.state.status = status;
                    self.finish(context)
                }
                Divert::Break(_) | Divert::Continue(_) => self.finish(context),
            };
        };
        match frame {
            Frame::While { .. } | Frame::For(_) | Frame::ArithFor { .. } | Frame::Select(_) => {
                self.divert_from_loop(frame, divert)
            }
            Frame::Cleanup(_) => {
                self.frames.push(frame);
                self.pop_cleanup(context);
                again
            }
            Frame::Redirecting { undo, .. } => {
                self.undo(context, *undo);
                again
            }
            Frame::Simple(simple) => {
                self.abandon_simple(context, *simple);
                again
            }
            Frame::Function(function) => match divert {
                Divert::Return(status) => self.return_from_function(*function, status),
                _ => {
                    self.leave_function(*function);
                    again
                }
            },
            Frame::Source(source) => self.divert_from_source(source, divert),
            Frame::Trap(trap) => self.divert_from_trap(context, *trap, divert),
            Frame::Substitution(substitution) => {
                self.abandon_substitution(context, *substitution);
                again
            }
            Frame::Read(read) => {
                self.abandon_read(context, *read);
                again
            }
            Frame::Dot(dot) => {
                self.abandon_dot(context, &dot);
                again
            }
            Frame::Exiting(status) => {
                // `exit` within the EXIT trap replaces the status.
                Flow::Exit(crate::kernel::WaitStatus::Exited(match divert {
                    Divert::Exit(status) => status,
                    _ => status,
                }))
            }
            _ => again,
        }
    }

    fn divert_from_loop(&mut self, frame: Frame, divert: Divert) -> Flow {
        match divert {
            Divert::Break(levels) => {
                self.state.pipe_status.clear();
                self.state.loop_depth = self.state.loop_depth.saturating_sub(1);
                self.state.status = ExitStatus::SUCCESS;
                if levels > 1 { Flow::Go(Next::Divert(Divert::Break(levels - 1))) } else { Flow::Go(Next::Done) }
            }
            Divert::LeaveLoops(status) => {
                self.state.loop_depth = self.state.loop_depth.saturating_sub(1);
                self.state.status = status;
                if self.state.loop_depth > 0 { Flow::Go(Next::Divert(divert)) } else { Flow::Go(Next::Done) }
            }
            Divert::Continue(levels) if levels > 1 => {
                self.state.loop_depth = self.state.loop_depth.saturating_sub(1);
                Flow::Go(Next::Divert(Divert::Continue(levels - 1)))
            }
            Divert::Continue(_) => {
                self.state.status = ExitStatus::SUCCESS;
                // A `continue` in the test of a loop begins the next turn with the test.
                let frame = match frame {
                    Frame::While { test, body, until, status, .. } => {
                        Frame::While { test, body, until, testing: false, status }
                    }
                    frame => frame,
                };
                self.push(frame);
                Flow::Go(Next::Done)
            }
            _ => {
                self.state.loop_depth = self.state.loop_depth.saturating_sub(1);
                Flow::Go(Next::Divert(divert))
            }
        }
    }
}
