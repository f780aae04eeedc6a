//! The frames of the interpreter: what is under way, innermost last.
//!
//! A shell never recurses natively for its commands: each construct that waits for another one is a frame, plain data
//! that is cloned by a snapshot. Ids refer to the task's current unit; frames that change the unit keep the one
//! before.

use super::redirect::Undo;
use super::simple::SimpleFrame;
use super::source::SourceFrame;
use crate::kernel::{ExitStatus, Pid};
use crate::sys::Fd;
use bytes::Bytes;
use shell_parser::ast::{AndOrItemId, CommandId, IdRange, IfClauseId, ListItemId, Unit};
use smallvec::SmallVec;
use std::sync::Arc;

/// A construct under way.
#[derive(Clone)]
pub(crate) enum Frame {
    /// A list: the item that follows the one under way.
    List { items: IdRange<ListItemId>, next: u32 },
    /// An AND-OR list: the item that follows the one under way.
    AndOr { rest: IdRange<AndOrItemId>, next: u32 },
    /// `if`: the clause whose test is under way, or the body.
    If { clauses: IdRange<IfClauseId>, next: u32, otherwise: Option<CommandId>, testing: bool },
    /// `while` and `until`: the status of the last body.
    While { test: CommandId, body: CommandId, until: bool, testing: bool, status: ExitStatus },
    /// `for name in words`.
    For(Box<ForFrame>),
    /// `for ((;;))`.
    ArithFor { command: CommandId, phase: ArithPhase, status: ExitStatus },
    /// `case`.
    Case(Box<CaseFrame>),
    /// `select`.
    Select(Box<super::select::SelectFrame>),
    /// `[[ ]]` that waits for a substitution.
    Cond(CommandId),
    /// `(( ))` that waits for a substitution.
    Arith(CommandId),
    /// A simple command that waits for something.
    Simple(Box<SimpleFrame>),
    /// A compound command's redirections being made.
    Redirecting { command: CommandId, next: u32, undo: Box<Undo> },
    /// What is undone when the command above has finished.
    Cleanup(Box<Cleanup>),
    /// A pipeline: negation, timing, and its processes.
    Pipeline(Box<super::pipeline::PipelineFrame>),
    /// A function's body.
    Function(Box<FunctionFrame>),
    /// A program to be executed in place of this process.
    Program(Vec<Bytes>),
    /// Commands read from a text: the script, `eval`, `.`, a trap.
    Source(Box<SourceFrame>),
    /// A command substitution whose output is being read.
    Substitution(Box<super::substitution::SubstitutionFrame>),
    /// `$(< file)` in its own process: the file being copied.
    ReadFile(Box<super::substitution::ReadFileFrame>),
    /// Output of a builtin that the other side is not yet ready for.
    Flush { output: Box<super::output::Output>, status: ExitStatus, then: Option<super::divert::Divert> },
    /// A foreground child.
    Child { pid: Pid, subshell: Option<CommandId> },
    /// The builtin `wait`.
    Wait(Box<crate::shell::builtin::WaitFrame>),
    /// The builtin `read`.
    Read(Box<crate::shell::builtin::ReadFrame>),
    /// The builtin `compgen`, whose function or command runs.
    Compgen(Box<crate::shell::builtin::CompgenFrame>),
    /// The builtin `.`, reading its file.
    Dot(Box<crate::shell::builtin::DotFrame>),
    /// The builtin `mapfile`.
    Mapfile(Box<crate::shell::builtin::MapfileFrame>),
    /// A trap's command: the state it must leave as it was.
    Trap(Box<super::trap::TrapFrame>),
    /// The end of the shell, after its EXIT trap.
    Exiting(ExitStatus),
    /// The prompt of `set -x`, which holds substitutions, before the command that it will trace; the status before.
    TracePrompt(CommandId, ExitStatus),
}

/// Where `for ((;;))` is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArithPhase {
    Init,
    Test,
    Body,
    Step,
}

/// `for name in words` under way.
#[derive(Clone)]
pub(crate) struct ForFrame {
    pub(crate) command: CommandId,
    pub(crate) words: Vec<Bytes>,
    /// Words of the command that have been expanded.
    pub(crate) expanded: u32,
    /// The next value; 0 before the first turn.
    pub(crate) next: usize,
    pub(crate) looping: bool,
    pub(crate) status: ExitStatus,
}

/// `case` under way.
#[derive(Clone)]
pub(crate) struct CaseFrame {
    pub(crate) command: CommandId,
    pub(crate) value: Option<Bytes>,
    pub(crate) clause: u32,
    pub(crate) pattern: u32,
    pub(crate) in_body: bool,
}

/// What is undone when a command has finished.
#[derive(Clone, Default)]
pub(crate) struct Cleanup {
    /// Redirections.
    pub(crate) undo: Undo,
    /// Whether a temporary scope of variables is left.
    pub(crate) scope: bool,
    /// Descriptors of process substitutions.
    pub(crate) substitutions: SmallVec<[Fd; 2]>,
}

/// A function call under way.
#[derive(Clone)]
pub(crate) struct FunctionFrame {
    pub(crate) unit: Arc<Unit>,
    pub(crate) positional: Arc<[Bytes]>,
    pub(crate) loop_depth: u32,
    pub(crate) line: u32,
    pub(crate) getopts_offset: u32,
    /// `local -`: the options to restore.
    pub(crate) options: Option<crate::shell::options::Options>,
    /// The call's status, once the RETURN trap has been started.
    pub(crate) returned: Option<ExitStatus>,
    /// `$_` after the call.
    pub(crate) last_argument: Bytes,
    /// Traps that the function does not inherit.
    pub(crate) hidden: Vec<(crate::shell::trap::Condition, Bytes)>,
}
