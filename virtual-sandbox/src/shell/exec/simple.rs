//! Simple commands.  [POSIX 2.9.1]
//!
//! In order: the words are expanded; the command is looked up; the assignments are expanded; the redirections are
//! made; it runs. A command that never waits goes through all of it without a frame.

use super::frame::{Cleanup, Frame};
use super::redirect::{RedirectFailure, Undo};
use super::task::{Context, Flow, Next, Ran, ShellTask};
use crate::kernel::ExitStatus;
use crate::shell::builtin::{self, Builtin};
use crate::shell::expand;
use crate::shell::function::Function;
use crate::shell::options::ShellOption;
use crate::shell::variable::ScopeKind;
use crate::shell::variable::assign::Assigned;
use crate::sys::Fd;
use bytes::Bytes;
use shell_parser::ast::{CommandId, SimpleCommand, Unit, WordFacts};
use smallvec::SmallVec;
use std::sync::Arc;

/// How far a simple command has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Words,
    Assignments,
    Redirections,
    Run,
}

/// What a simple command runs.
#[derive(Clone)]
pub(crate) enum Target {
    /// Nothing: only assignments and redirections.
    Nothing,
    /// A function.
    Function(Arc<Function>),
    /// A builtin.
    Builtin(&'static Builtin),
    /// A program.
    Program,
}

/// A simple command under way.
#[derive(Clone)]
pub(crate) struct SimpleFrame {
    pub(crate) command: CommandId,
    phase: Phase,
    /// Words or assignments or redirections done in this phase.
    next: u32,
    pub(crate) fields: Vec<Bytes>,
    /// Assignments among the arguments of a declaration builtin: the field's index, and the assignment.
    pub(crate) declared: Vec<(usize, Assigned)>,
    pub(crate) target: Target,
    undo: Undo,
    /// Whether a temporary scope holds the command's own assignments.
    pub(crate) scope: bool,
    substitutions: SmallVec<[Fd; 2]>,
    /// Whether this process has been forked for it.
    forked: bool,
}

impl SimpleFrame {
    fn new(command: CommandId) -> Self {
        SimpleFrame {
            command,
            phase: Phase::Words,
            next: 0,
            fields: Vec::new(),
            declared: Vec::new(),
            target: Target::Nothing,
            undo: Undo::default(),
            scope: false,
            substitutions: SmallVec::new(),
            forked: false,
        }
    }

    /// What a forked child does: the rest of the command, without what the parent undoes.
    pub(crate) fn for_child(&self) -> Self {
        SimpleFrame {
            command: self.command,
            phase: Phase::Redirections,
            next: 0,
            fields: self.fields.clone(),
            declared: Vec::new(),
            target: Target::Program,
            undo: Undo::default(),
            scope: false,
            substitutions: SmallVec::new(),
            forked: true,
        }
    }

    /// A command whose words are known and that a child process is to run: `command` and `exec` use it.
    pub(crate) fn program(command: CommandId, fields: Vec<Bytes>) -> Self {
        SimpleFrame { fields, target: Target::Program, phase: Phase::Run, forked: true, ..SimpleFrame::new(command) }
    }
}

impl ShellTask {
    pub(crate) fn start_simple(
        &mut self,
        context: &mut Context<'_>,
        unit: &Arc<Unit>,
        id: CommandId,
        simple: &SimpleCommand,
    ) -> Flow {
        self.state.line = unit.line(id);
        self.state.substitution_status = None;
        self.current = id;
        if simple.words.is_empty() && unit.command(id).redirections.is_empty() {
            return self.run_assignments(context, unit, id, simple);
        }
        let mut frame = SimpleFrame::new(id);
        let depth = self.frames.len();
        match self.advance(context, unit, simple, &mut frame) {
            Ok(flow) => flow,
            Err(flow) => self.suspend_simple(context, depth, Box::new(frame), flow),
        }
    }

    /// A command that consists of assignments: a frame is made only when one must wait.
    fn run_assignments(
        &mut self,
        context: &mut Context<'_>,
        unit: &Arc<Unit>,
        id: CommandId,
        simple: &SimpleCommand,
    ) -> Flow {
        let depth = self.frames.len();
        for (at, assignment) in unit.assignments(simple.assignments).iter().enumerate() {
            if let Err(flow) = self.assign_alone(context, unit, assignment) {
                let mut frame = SimpleFrame::new(id);
                (frame.phase, frame.next) = (Phase::Assignments, at as u32);
                return self.suspend_simple(context, depth, Box::new(frame), flow);
            }
        }
        self.finish_nothing(context)
    }

    /// The end of a command without a name.
    fn finish_nothing(&mut self, context: &mut Context<'_>) -> Flow {
        self.state.pipe_status.clear();
        self.state.last_argument = Bytes::new();
        let status = self.state.substitution_status.take().unwrap_or(ExitStatus::SUCCESS);
        // Trace output of assignments may wait.
        match self.flush(context, status) {
            Ok(status) => self.complete(status),
            Err(flow) => flow,
        }
    }

    pub(crate) fn resume_simple(
        &mut self,
        context: &mut Context<'_>,
        unit: &Arc<Unit>,
        mut frame: Box<SimpleFrame>,
    ) -> Flow {
        let shell_parser::ast::CommandKind::Simple(simple) = &unit.command(frame.command).kind else {
            return Flow::Go(Next::Done);
        };
        self.state.line = unit.line(frame.command);
        let depth = self.frames.len();
        match self.advance(context, unit, simple, &mut frame) {
            Ok(flow) => flow,
            Err(flow) => self.suspend_simple(context, depth, frame, flow),
        }
    }

    /// Keeps the command for later when something has been pushed that it waits for; else it is given up.
    fn suspend_simple(&mut self, context: &mut Context<'_>, depth: usize, frame: Box<SimpleFrame>, flow: Flow) -> Flow {
        let waits = matches!(flow, Flow::Block) || self.frames.len() > depth;
        let flushing = matches!(self.frames.get(depth), Some(Frame::Flush { .. }));
        if waits && !flushing {
            self.frames.insert(depth, Frame::Simple(frame));
        } else {
            self.abandon_simple(context, *frame);
        }
        flow
    }

    /// Undoes what a command that will not run has done.
    pub(crate) fn abandon_simple(&mut self, context: &mut Context<'_>, frame: SimpleFrame) {
        let cleanup = Cleanup { undo: frame.undo, scope: frame.scope, substitutions: frame.substitutions };
        self.clean(context, cleanup);
        let more = std::mem::take(&mut self.substitutions);
        self.close_substitutions(context, more);
    }

    /// Goes through the phases. `Err` is the flow of something that must be waited for, or that ends the command.
    fn advance(
        &mut self,
        context: &mut Context<'_>,
        unit: &Arc<Unit>,
        simple: &SimpleCommand,
        frame: &mut SimpleFrame,
    ) -> Result<Flow, Flow> {
        if frame.phase == Phase::Words {
            self.expand_command_words(context, unit, simple, frame)?;
            self.take_substitutions(frame);
            frame.target = self.look_up(&frame.fields);
            frame.phase = Phase::Assignments;
            frame.next = 0;
        }
        if frame.phase == Phase::Assignments {
            if !simple.assignments.is_empty() {
                self.expand_assignments(context, unit, simple, frame)?;
            }
            if !frame.fields.is_empty() && self.is_tracing() {
                self.trace_fields(context, &frame.fields, &frame.declared);
            }
            frame.phase = Phase::Redirections;
            frame.next = 0;
            if matches!(frame.target, Target::Program) && !frame.forked && !self.may_be_replaced() {
                return Ok(self.fork_program(context, frame));
            }
        }
        if frame.phase == Phase::Redirections {
            let redirections = unit.command(frame.command).redirections;
            if !redirections.is_empty() {
                match self.make_redirections(context, unit, redirections.iter(), &mut frame.next, &mut frame.undo) {
                    Ok(()) => {}
                    Err(RedirectFailure::Flow(flow)) => return Err(flow),
                    Err(RedirectFailure::Failed) => return Ok(self.redirections_failed(context, frame)),
                }
                self.take_substitutions(frame);
            }
            frame.phase = Phase::Run;
        }
        Ok(self.run_simple(context, frame))
    }

    /// Takes over the descriptors of process substitutions that expansion has made.
    #[inline]
    fn take_substitutions(&mut self, frame: &mut SimpleFrame) {
        if !self.substitutions.is_empty() {
            frame.substitutions.append(&mut self.substitutions);
        }
    }

    fn redirections_failed(&mut self, context: &mut Context<'_>, frame: &mut SimpleFrame) -> Flow {
        let special = matches!(&frame.target, Target::Builtin(builtin) if builtin.special);
        self.abandon_simple(context, std::mem::replace(frame, SimpleFrame::new(frame.command)));
        // "Redirection error with a special built-in: shall exit" holds in POSIX mode only.
        let exits = special && self.state.is_on(ShellOption::POSIX) && !self.state.mode.interactive;
        let divert = exits.then_some(super::Divert::Exit(ExitStatus::FAILURE));
        match self.flush_then(context, ExitStatus::FAILURE, divert) {
            Ok(status) => match divert {
                Some(divert) => Flow::Go(Next::Divert(divert)),
                None => self.complete(status),
            },
            Err(flow) => flow,
        }
    }

    fn expand_command_words(
        &mut self,
        context: &mut Context<'_>,
        unit: &Arc<Unit>,
        simple: &SimpleCommand,
        frame: &mut SimpleFrame,
    ) -> Result<(), Flow> {
        if frame.fields.is_empty() {
            frame.fields.reserve(simple.words.len());
        }
        for word in simple.words.iter().skip(frame.next as usize) {
            let node = unit.word(word);
            if let Some(field) = expand::quick_field(unit, node, &self.state.variables, &self.state.positional) {
                frame.fields.push(field);
                frame.next += 1;
                continue;
            }
            if let Some(assignment) = node.assignment
                && self.takes_assignments(&frame.fields)
                && !(node.facts.has(WordFacts::BRACE) && self.state.is_on(ShellOption::BRACEEXPAND))
            {
                let assignment = unit.assignment(assignment);
                let facts = node.facts.with(super::assignment::facts(unit, assignment));
                // `declare -A` makes subscripts keys before there is an array.
                let assoc = frame.fields.iter().any(|field| field.starts_with(b"-") && field.contains(&b'A'));
                let assigned = self.attempt(context, unit, facts, |view| {
                    expand::assignment::expand_declared(unit, assignment, assoc, view)
                })?;
                frame.declared.push((frame.fields.len(), assigned));
                frame.fields.push(assignment.name.clone());
            } else {
                let fields = &mut frame.fields;
                self.attempt(context, unit, node.facts, |view| expand::expand_word_into(unit, word, view, fields))?;
            }
            frame.next += 1;
        }
        Ok(())
    }

    /// Whether the command's name is a builtin whose arguments may be assignments.
    fn takes_assignments(&self, fields: &[Bytes]) -> bool {
        let mut names = fields.iter();
        let mut name = names.next();
        while name.is_some_and(|name| matches!(name.as_ref(), b"command" | b"builtin")) {
            name = names.next();
        }
        name.is_some_and(|name| {
            matches!(name.as_ref(), b"declare" | b"typeset" | b"local" | b"export" | b"readonly")
                && !self.state.functions.contains_key(name)
        })
    }

    /// Finds out what a command's name means: a function, a builtin, or a program.
    pub(crate) fn look_up(&self, fields: &[Bytes]) -> Target {
        let Some(name) = fields.first() else { return Target::Nothing };
        if !self.state.functions.is_empty()
            && let Some(function) = self.state.functions.get(name)
        {
            let special = self.state.is_on(ShellOption::POSIX) && builtin::find(name).is_some_and(|row| row.special);
            if !special {
                return Target::Function(function.clone());
            }
        }
        match builtin::find(name) {
            Some(row) if self.state.disabled.is_empty() || !self.state.disabled.contains(&row.name) => {
                Target::Builtin(row)
            }
            _ => Target::Program,
        }
    }

    fn expand_assignments(
        &mut self,
        context: &mut Context<'_>,
        unit: &Arc<Unit>,
        simple: &SimpleCommand,
        frame: &mut SimpleFrame,
    ) -> Result<(), Flow> {
        // In POSIX mode, assignments before a special built-in stay (POSIX 2.14).
        let posix = self.state.is_on(ShellOption::POSIX);
        let alone = match &frame.target {
            Target::Nothing => true,
            Target::Builtin(row) => posix && row.special,
            _ => false,
        };
        if !alone && !frame.scope {
            self.state.variables.push_scope(ScopeKind::Temporary);
            frame.scope = true;
        }
        for id in simple.assignments.iter().skip(frame.next as usize) {
            let assignment = unit.assignment(id);
            if alone {
                self.assign_alone(context, unit, assignment)?;
            } else {
                self.assign_temporarily(context, unit, assignment)?;
            }
            frame.next += 1;
        }
        Ok(())
    }

    fn run_simple(&mut self, context: &mut Context<'_>, frame: &mut SimpleFrame) -> Flow {
        let plain = frame.undo.is_empty() && !frame.scope && frame.substitutions.is_empty();
        let cleanup = Cleanup {
            undo: std::mem::take(&mut frame.undo),
            scope: std::mem::take(&mut frame.scope),
            substitutions: std::mem::take(&mut frame.substitutions),
        };
        let target = std::mem::replace(&mut frame.target, Target::Nothing);
        match target {
            Target::Nothing => {
                if !plain {
                    self.clean(context, cleanup);
                }
                self.finish_nothing(context)
            }
            Target::Program => {
                // This process is the command's own: nothing is undone.
                self.exec_program(context, std::mem::take(&mut frame.fields))
            }
            Target::Function(function) => {
                if !plain {
                    self.push(Frame::Cleanup(Box::new(cleanup)));
                }
                let fields = std::mem::take(&mut frame.fields);
                self.call_function(context, &function, fields)
            }
            Target::Builtin(builtin) => {
                let fields = std::mem::take(&mut frame.fields);
                self.state.last_argument_from(&fields);
                if builtin.keeps_redirections && fields.len() == 1 {
                    // `exec` without a command makes its redirections permanent.
                    self.keep(context, cleanup.undo);
                    if cleanup.scope {
                        self.state.variables.pop_scope();
                    }
                    return self.done(ExitStatus::SUCCESS);
                }
                let declared = std::mem::take(&mut frame.declared);
                if plain {
                    let result = self.run_builtin(context, builtin, &fields, declared);
                    return self.builtin_done(result);
                }
                let depth = self.frames.len();
                self.push(Frame::Cleanup(Box::new(cleanup)));
                let result = self.run_builtin(context, builtin, &fields, declared);
                if result.is_ok() && self.frames.len() == depth + 1 {
                    self.pop_cleanup(context);
                }
                self.builtin_done(result)
            }
        }
    }

    fn builtin_done(&mut self, result: Ran) -> Flow {
        match result {
            Ok(status) => {
                self.state.pipe_status.clear();
                self.complete(status)
            }
            Err(flow) => flow,
        }
    }

    /// Runs a builtin and writes what it has to say.
    pub(crate) fn run_builtin(
        &mut self,
        context: &mut Context<'_>,
        builtin: &'static Builtin,
        fields: &[Bytes],
        declared: Vec<(usize, Assigned)>,
    ) -> Ran {
        self.name_output(builtin.name);
        self.declared = declared;
        let status = match fields.get(1) {
            Some(first) if first.as_ref() == b"--help" && builtin::tells_help(builtin.name) => {
                self.help_of(builtin.name);
                ExitStatus::USAGE
            }
            _ => (builtin.run)(self, context, fields)?,
        };
        if let Some(name) = fields.iter().skip(1).find(|field| matches!(field.first(), Some(b'L' | b'G'))) {
            self.note_variable(name);
        }
        self.flush(context, status)
    }
}
