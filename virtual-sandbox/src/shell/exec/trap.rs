//! Running traps, and the end of a shell.  [POSIX 2.14 trap; bash manual "trap"]

use super::divert::Divert;
use super::frame::{Frame, FunctionFrame};
use super::source::SourceKind;
use super::task::{Context, Flow, Next, ShellTask};
use crate::kernel::{Disposition, ExitStatus, Signal, WaitStatus};
use crate::shell::options::ShellOption;
use crate::shell::trap::Condition;
use bytes::Bytes;
use shell_parser::ast::{CommandId, CommandKind};
use smallvec::SmallVec;
use std::sync::Arc;

/// Signals that end a shell and run its EXIT trap on the way.
const FATAL: [Signal; 7] =
    [Signal::HUP, Signal::INT, Signal::QUIT, Signal::TERM, Signal::ALRM, Signal::USR1, Signal::USR2];

/// What a trap's command must leave as it was.
#[derive(Clone)]
pub(crate) struct TrapFrame {
    status: ExitStatus,
    pipe_status: SmallVec<[u8; 4]>,
    condition: Condition,
    /// What goes on afterwards.
    then: Next,
    /// The trap's command, which does not act within itself (ERR, DEBUG, RETURN).
    hidden: Option<Bytes>,
    /// `BASH_COMMAND` of a trap around this one.
    outer_text: Option<Bytes>,
}

impl ShellTask {
    /// Runs the trap of `condition`, then goes on with `then`.
    pub(crate) fn run_trap(&mut self, condition: Condition, then: Next) -> Flow {
        let text = self.current_text();
        self.run_trap_about(condition, then, text)
    }

    /// Runs a trap with this text as `BASH_COMMAND`.
    pub(crate) fn run_trap_about(&mut self, condition: Condition, then: Next, text: Bytes) -> Flow {
        let Some(command) = self.state.traps.command(condition).cloned() else { return Flow::Go(then) };
        let outer_text = self.state.command_text.replace(text);
        // A pseudo-signal's trap does not act within itself.
        let hides = matches!(condition, Condition::Err | Condition::Debug | Condition::Return);
        if hides {
            Arc::make_mut(&mut self.state.traps).set.remove(&condition);
        }
        self.push(Frame::Trap(Box::new(TrapFrame {
            status: self.state.status,
            pipe_status: self.state.pipe_status.clone(),
            condition,
            then,
            hidden: hides.then(|| command.clone()),
            outer_text,
        })));
        match condition {
            // bash counts the lines of these from 1.
            Condition::Signal(_) => self.run_text_at(SourceKind::Trap, command, 1),
            _ => self.run_text(SourceKind::Trap, command),
        }
    }

    /// What syntax errors in the trap being run are from.
    pub(crate) fn trap_name(&self) -> &'static [u8] {
        match self.frames.last() {
            Some(Frame::Exiting(_)) => b"exit trap",
            Some(Frame::Trap(trap)) => match trap.condition {
                Condition::Err => b"error trap",
                Condition::Debug => b"debug trap",
                Condition::Return => b"return trap",
                _ => b"trap",
            },
            _ => b"",
        }
    }

    fn end_trap(&mut self, frame: &TrapFrame) {
        if let Some(command) = &frame.hidden {
            // Unless the trap's command has set another.
            Arc::make_mut(&mut self.state.traps).set.entry(frame.condition).or_insert_with(|| command.clone());
        }
        self.state.command_text = frame.outer_text.clone();
        self.debugged = frame.condition == Condition::Debug;
        self.state.status = frame.status;
        self.state.pipe_status = frame.pipe_status.clone();
    }

    pub(crate) fn resume_trap(&mut self, frame: TrapFrame) -> Flow {
        self.end_trap(&frame);
        Flow::Go(frame.then)
    }

    /// `return` in a trap's command ends the function that it interrupted; `exit` ends the shell.
    pub(crate) fn divert_from_trap(&mut self, _context: &mut Context<'_>, frame: TrapFrame, divert: Divert) -> Flow {
        self.end_trap(&frame);
        Flow::Go(Next::Divert(divert))
    }

    /// Runs the traps of caught signals that are pending, between commands.
    pub(crate) fn handle_signals(&mut self, context: &mut Context<'_>) {
        let Some(process) = context.kernel.process_mut(context.pid) else { return };
        if process.pending.is_empty() {
            return;
        }
        // Foreground children are waited for first; `wait` and `read` are interrupted.
        let waits = matches!(
            self.frames.last(),
            Some(Frame::Child { .. } | Frame::Pipeline(_) | Frame::Substitution(_) | Frame::Flush { .. })
        );
        let fatal =
            process.pending.iter().find(|signal| self.state.traps.command(Condition::Signal(*signal)).is_none());
        if let Some(signal) = fatal {
            process.pending.remove(signal);
            return self.die_of(signal);
        }
        if matches!(self.next, Next::Retry) && waits {
            self.attention = true;
            return;
        }
        let Some(signal) = process.pending.pop() else { return };
        let condition = Condition::Signal(signal);
        if matches!(self.next, Next::Retry) && matches!(self.frames.last(), Some(Frame::Wait(_))) {
            // "the wait builtin … shall return immediately with an exit status >128" (POSIX 2.11).
            self.frames.pop();
            self.state.status = ExitStatus(128 + signal.number());
            self.next = Next::Done;
        }
        let then = self.next;
        let Flow::Go(next) = self.run_trap(condition, then) else { return };
        self.next = next;
        self.attention = true;
    }

    /// A signal without a trap ends the shell, which is caught only so that its EXIT trap runs first.
    fn die_of(&mut self, signal: Signal) {
        if !FATAL.contains(&signal) || self.state.traps.command(Condition::Exit).is_none() {
            return;
        }
        self.fatal = Some((signal, self.state.status));
        self.next = Next::Divert(Divert::Exit(ExitStatus(128 + signal.number())));
    }

    /// Catches the signals that would end a shell whose EXIT trap is set, and lets go of them when it is not.
    pub(crate) fn watch_fatal_signals(&mut self, context: &mut Context<'_>) {
        let watched = self.state.traps.command(Condition::Exit).is_some();
        for signal in FATAL {
            if self.state.traps.set.contains_key(&Condition::Signal(signal)) {
                continue;
            }
            let disposition = context.kernel.disposition(context.pid, signal);
            let wanted = if watched { Disposition::Catch } else { Disposition::Default };
            if disposition != Disposition::Ignore && disposition != wanted {
                let _ = context.kernel.set_disposition(context.pid, signal, wanted);
            }
        }
    }

    /// How a shell that exits with `status` ends: by the signal that made it exit, if one did.
    pub(crate) fn ending(&self, status: ExitStatus) -> WaitStatus {
        match self.fatal {
            Some((signal, _)) if status.0 == 128 + signal.number() => WaitStatus::Signaled(signal),
            _ => WaitStatus::Exited(status),
        }
    }

    /// Ends the shell: runs its EXIT trap first.
    pub(crate) fn exit_shell(&mut self, context: &mut Context<'_>, status: ExitStatus) -> Flow {
        self.session = false;
        if let Some(command) = self.state.traps.command(Condition::Exit).cloned() {
            Arc::make_mut(&mut self.state.traps).set.remove(&Condition::Exit);
            // A signal leaves `$?` to the trap as it was.
            self.state.status = self.fatal.map_or(status, |(_, before)| before);
            self.push(Frame::Exiting(status));
            self.state.command_text = Some(self.current_text());
            return self.run_text_at(SourceKind::Trap, command, 1);
        }
        match self.flush(context, status) {
            Ok(status) => Flow::Exit(self.ending(status)),
            Err(flow) => {
                // What is left to write is written, then the shell ends.
                if let Some(at) = self.frames.len().checked_sub(1) {
                    self.frames.insert(at, Frame::Exiting(status));
                }
                flow
            }
        }
    }

    /// Whether a DEBUG trap is to run before each command.
    pub(crate) fn has_debug_trap(&self) -> bool {
        !self.state.traps.set.is_empty() && self.state.traps.command(Condition::Debug).is_some()
    }

    /// Takes away the traps that a function does not inherit; they come back when it returns.
    pub(crate) fn hide_traps(&mut self, traced: bool) -> Vec<(Condition, Bytes)> {
        if self.state.traps.set.is_empty() {
            return Vec::new();
        }
        let errtrace = self.state.is_on(ShellOption::ERRTRACE);
        let functrace = traced || self.state.is_on(ShellOption::FUNCTRACE);
        let mut hidden = Vec::new();
        for (condition, kept) in
            [(Condition::Err, errtrace), (Condition::Debug, functrace), (Condition::Return, functrace)]
        {
            if !kept
                && self.state.traps.set.contains_key(&condition)
                && let Some(command) = Arc::make_mut(&mut self.state.traps).set.remove(&condition)
            {
                hidden.push((condition, command));
            }
        }
        hidden
    }

    /// Brings back what [`ShellTask::hide_traps`] took away, unless the function has set its own.
    pub(crate) fn unhide_traps(&mut self, hidden: Vec<(Condition, Bytes)>) {
        for (condition, command) in hidden {
            Arc::make_mut(&mut self.state.traps).set.entry(condition).or_insert(command);
        }
    }

    /// Runs the DEBUG trap before a command, once; `None` when there is none to run.
    pub(crate) fn debug_before(&mut self, id: CommandId, kind: &CommandKind) -> Option<Flow> {
        let counts = matches!(
            kind,
            CommandKind::Simple(_)
                | CommandKind::Arith(_)
                | CommandKind::Cond(_)
                | CommandKind::Case(_)
                | CommandKind::Select(_)
        );
        if !counts || std::mem::take(&mut self.debugged) || !self.has_debug_trap() {
            return None;
        }
        self.debugged = true;
        self.current = id;
        self.state.line = self.unit.line(id);
        Some(self.run_trap(Condition::Debug, Next::Start(id)))
    }

    /// The RETURN trap, once per call, when it reaches the function.
    pub(crate) fn return_trap(&mut self, frame: &FunctionFrame, status: ExitStatus) -> Option<Flow> {
        self.state.traps.command(Condition::Return)?;
        if frame.returned.is_some() {
            return None;
        }
        let mut frame = frame.clone();
        frame.returned = Some(status);
        self.push(Frame::Function(Box::new(frame)));
        Some(self.run_trap(Condition::Return, Next::Done))
    }
}
