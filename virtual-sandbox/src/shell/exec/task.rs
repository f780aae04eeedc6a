//! A shell process: its state, its frames, and the loop that steps it.

use super::divert::Divert;
use super::frame::Frame;
use super::output::Output;
use super::view::Memo;
use super::weight::Weights;
use crate::kernel::{ExitStatus, Kernel, Pid, Signal, WaitStatus};
use crate::machine::Program;
use crate::shell::options::ShellOption;
use crate::shell::state::ShellState;
use crate::sys::Fd;
use crate::text::locale::Locale;
use bytes::Bytes;
use shell_parser::ast::{CommandId, CommandKind, NodeId, Unit};
use smallvec::SmallVec;
use std::sync::Arc;

/// What a step may touch besides the shell itself.
pub struct Context<'a> {
    /// The kernel.
    pub kernel: &'a mut Kernel,
    /// The shell's process.
    pub pid: Pid,
    /// Processes born in this step, for the machine to run.
    pub born: &'a mut Vec<(Pid, Program)>,
}

/// Why a shell stopped stepping.
pub enum Outcome {
    /// Its fuel is used.
    Yielded,
    /// It waits to be woken.
    Blocked,
    /// A session's commands are done; it waits for more.
    Idle,
    /// It ended.
    Exited(WaitStatus),
    /// It is replaced by another program.
    Replaced(Program),
}

/// What comes next.
#[derive(Clone, Copy)]
pub(crate) enum Next {
    /// Start a command of the current unit.
    Start(CommandId),
    /// A command has finished; its status is the shell's.
    Done,
    /// The innermost frame tries again.
    Retry,
    /// Control leaves frames.
    Divert(Divert),
}

/// The result of a step.
pub(crate) enum Flow {
    /// Go on.
    Go(Next),
    /// Wait, then retry the innermost frame.
    Block,
    /// The session has nothing to do.
    Idle,
    /// The shell ends.
    Exit(WaitStatus),
    /// The process is replaced.
    Replace(Box<Program>),
}

/// How a builtin or a direct command ended: with a status, or by a flow that will lead to one.
pub(crate) type Ran = Result<ExitStatus, Flow>;

/// A unit for a shell that has none yet.
fn empty_unit() -> Arc<Unit> {
    static EMPTY: std::sync::OnceLock<Arc<Unit>> = std::sync::OnceLock::new();
    EMPTY.get_or_init(|| Arc::new(Unit::new())).clone()
}

/// A shell process.
#[derive(Clone)]
pub struct ShellTask {
    /// The state a subshell copies.
    pub(crate) state: ShellState,
    pub(crate) frames: Vec<Frame>,
    pub(crate) weights: Weights,
    /// The unit that ids refer to.
    pub(crate) unit: Arc<Unit>,
    pub(crate) next: Next,
    /// Whether `set` has changed the positional parameters since a file was sourced with arguments.
    pub(crate) positional_set: bool,
    /// The signal that is ending the shell, and the status it came at.
    pub(crate) fatal: Option<(Signal, ExitStatus)>,
    /// Whether the DEBUG trap has run for the command that is about to start.
    pub(crate) debugged: bool,
    /// Stages of a pipeline that the DEBUG trap has run for.
    pub(crate) debugged_stages: usize,
    /// The prompt of `set -x` for the command being executed, when it holds substitutions.
    pub(crate) trace_prompt: Option<Bytes>,
    /// Whether that prompt has been made for the command that is about to start.
    pub(crate) prompted: bool,
    /// The simple command being executed, for `BASH_COMMAND`.
    pub(crate) current: CommandId,
    /// Results of substitutions of the word being expanded.
    pub(crate) memo: Memo,
    /// Output of the builtin being run.
    pub(crate) output: Output,
    /// Descriptors of process substitutions of the command being expanded.
    pub(crate) substitutions: SmallVec<[Fd; 2]>,
    /// Whether caught signals may be pending.
    pub(crate) attention: bool,
    /// Whether the process may be replaced by its last command, as bash does in subshells.
    pub(crate) last_command_replaces: bool,
    /// Whether it stays when its commands are done.
    pub(crate) session: bool,
    /// The OPTIND that `getopts` has left: another value starts it over.
    pub(crate) getopts_index: usize,
    /// What has been read of a line of the script on standard input.
    pub(crate) input_line: Vec<u8>,
    /// Assignments among the arguments of the builtin being run.
    pub(crate) declared: Vec<(usize, crate::shell::variable::assign::Assigned)>,
    /// Compiled patterns and expressions, by text.
    pub(crate) cache: super::view::Cache,
}

impl ShellTask {
    /// A shell with nothing to do yet.
    pub(crate) fn new(state: ShellState) -> Self {
        ShellTask {
            state,
            frames: Vec::new(),
            weights: Weights::default(),
            unit: empty_unit(),
            next: Next::Done,
            positional_set: false,
            fatal: None,
            debugged: false,
            debugged_stages: 0,
            trace_prompt: None,
            prompted: false,
            current: NodeId::from_index(0),
            memo: Memo::default(),
            output: Output::default(),
            substitutions: SmallVec::new(),
            attention: false,
            last_command_replaces: false,
            session: false,
            getopts_index: 1,
            input_line: Vec::new(),
            declared: Vec::new(),
            cache: super::view::Cache::default(),
        }
    }

    /// Steps until `fuel` is used, it must wait, or it ends.
    pub fn run(&mut self, context: &mut Context<'_>, fuel: &mut u64) -> Outcome {
        let outcome = self.run_steps(context, fuel);
        self.tell_memory(context);
        outcome
    }

    fn run_steps(&mut self, context: &mut Context<'_>, fuel: &mut u64) -> Outcome {
        // Signals arrive only while others run, or by a `kill` of its own, which sets the flag too.
        self.attention = true;
        // The current unit, kept here too so that a step can borrow it while it changes the shell; a call or a return
        // in the step before has made another one current.
        let mut unit = self.unit.clone();
        let _locale = Locale::enter(self.locale_name().as_deref());
        loop {
            if *fuel == 0 {
                return Outcome::Yielded;
            }
            *fuel -= 1;
            if self.attention {
                self.attention = false;
                self.handle_signals(context);
            }
            let limit = context.kernel.limits.memory;
            if self.state.variables.held() as u64 > limit && self.state.held() > limit {
                return Outcome::Yielded;
            }
            if !Arc::ptr_eq(&unit, &self.unit) {
                unit = self.unit.clone();
            }
            match self.step(context, &unit) {
                Flow::Go(next) => self.next = next,
                Flow::Block => {
                    self.next = Next::Retry;
                    return Outcome::Blocked;
                }
                Flow::Idle => {
                    self.next = Next::Retry;
                    return Outcome::Idle;
                }
                Flow::Exit(status) => return Outcome::Exited(status),
                Flow::Replace(program) => return Outcome::Replaced(*program),
            }
        }
    }

    /// The locale of characters: the first of these that is not empty.
    fn locale_name(&self) -> Option<Bytes> {
        let names: [&[u8]; 3] = [b"LC_ALL", b"LC_CTYPE", b"LANG"];
        names
            .iter()
            .filter_map(|name| self.state.variables.scalar(name))
            .find(|value| !value.is_empty())
            .map(|value| value.to_bytes())
    }

    /// What a change of this variable changes besides: the locale, `dotglob`.
    #[inline]
    pub(crate) fn note_variable(&mut self, name: &[u8]) {
        match name.first() {
            Some(b'L') => Locale::change(self.locale_name().as_deref()),
            Some(b'G') if name == b"GLOBIGNORE" => {
                // "Setting GLOBIGNORE to a non-null value has the effect of enabling the dotglob shell option."
                let value = self.state.variables.scalar(name).map(|value| value.is_empty());
                if value != Some(true) {
                    self.set_option(ShellOption::DOTGLOB, value.is_some());
                }
            }
            _ => {}
        }
    }

    fn step(&mut self, context: &mut Context<'_>, unit: &Arc<Unit>) -> Flow {
        match std::mem::replace(&mut self.next, Next::Done) {
            Next::Start(command) => self.start(context, unit, command),
            Next::Done => self.resume(context, unit, true),
            Next::Retry => self.resume(context, unit, false),
            Next::Divert(divert) => self.unwind(context, divert),
        }
    }

    /// Starts a command.
    fn start(&mut self, context: &mut Context<'_>, unit: &Arc<Unit>, id: CommandId) -> Flow {
        let command = unit.command(id);
        let redirected = !command.redirections.is_empty();
        if !self.state.traps.set.is_empty()
            && let Some(flow) = self.debug_before(id, &command.kind)
        {
            return flow;
        }
        if self.state.is_on(ShellOption::NOEXEC) && !self.state.mode.interactive {
            return Flow::Go(Next::Done);
        }
        if self.is_tracing()
            && let Some(flow) = self.prompt_before(id)
        {
            return flow;
        }
        match &command.kind {
            CommandKind::Simple(simple) => return self.start_simple(context, unit, id, simple),
            CommandKind::Subshell(_) => return self.start_subshell(context, id),
            CommandKind::Coproc(coproc) => return self.start_coproc(context, unit, id, coproc),
            _ if redirected => return self.start_redirected(context, id),
            _ => {}
        }
        self.start_unredirected(context, unit, id)
    }

    /// Starts a compound command whose redirections have been made.
    pub(crate) fn start_unredirected(&mut self, context: &mut Context<'_>, unit: &Unit, id: CommandId) -> Flow {
        let command = unit.command(id);
        match &command.kind {
            CommandKind::List(items) => {
                self.push(Frame::List { items: *items, next: 0 });
                self.resume_list(context)
            }
            CommandKind::AndOr(list) => {
                self.push(Frame::AndOr { rest: list.rest, next: 0 });
                Flow::Go(Next::Start(list.first))
            }
            CommandKind::Pipeline(pipeline) => self.start_pipeline(context, unit, id, pipeline),
            CommandKind::BraceGroup(body) => Flow::Go(Next::Start(*body)),
            CommandKind::If(clause) => self.start_if(unit, clause),
            CommandKind::While(clause) => self.start_while(clause, false),
            CommandKind::Until(clause) => self.start_while(clause, true),
            CommandKind::For(clause) => self.start_for(context, unit, id, clause),
            CommandKind::Select(clause) => self.start_select(context, id, clause),
            CommandKind::ArithFor(_) => self.start_arith_for(context, unit, id),
            CommandKind::Case(case) => self.start_case(context, unit, id, case),
            CommandKind::Arith(text) => self.run_arith(context, unit, id, *text),
            CommandKind::Cond(expression) => self.run_cond(context, unit, id, *expression),
            CommandKind::Function(function) => self.define_function(id, function),
            // Handled before redirections.
            CommandKind::Simple(_) | CommandKind::Coproc(_) => Flow::Go(Next::Done),
            // In the forked process, after its redirections.
            CommandKind::Subshell(body) => Flow::Go(Next::Start(*body)),
        }
    }

    /// Resumes the innermost frame: the command it waited for is `done`, or it tries again.
    fn resume(&mut self, context: &mut Context<'_>, unit: &Arc<Unit>, done: bool) -> Flow {
        let Some(frame) = self.frames.last_mut() else { return self.finish(context) };
        match frame {
            Frame::List { .. } => self.resume_list(context),
            Frame::AndOr { rest, next } => {
                let (rest, next) = (*rest, *next);
                self.resume_and_or(rest, next)
            }
            Frame::While { test, body, until, testing, status } => {
                let (test, body, until) = (*test, *body, *until);
                if *testing {
                    if self.state.status.is_success() == until {
                        let status = *status;
                        return self.end_loop(status);
                    }
                    *testing = false;
                    return Flow::Go(Next::Start(body));
                }
                *testing = true;
                *status = self.state.status;
                Flow::Go(Next::Start(test))
            }
            Frame::If { .. } => self.resume_if(),
            Frame::ArithFor { command, .. } => {
                let command = *command;
                self.resume_arith_for(context, unit, command, done)
            }
            Frame::For(_) => self.resume_for(context, unit, done),
            Frame::Pipeline(_) => self.resume_pipeline(context, done),
            Frame::Child { pid, subshell } => {
                let (pid, subshell) = (*pid, *subshell);
                self.resume_child(context, pid, subshell)
            }
            Frame::Cleanup(_) => {
                self.pop_cleanup(context);
                Flow::Go(Next::Done)
            }
            _ => self.resume_rare(context, unit, done),
        }
    }

    /// Frames that are not on a loop's path.
    fn resume_rare(&mut self, context: &mut Context<'_>, unit: &Arc<Unit>, done: bool) -> Flow {
        let Some(frame) = self.frames.pop() else { return self.finish(context) };
        match frame {
            Frame::Case(case) => self.resume_case(context, unit, *case),
            Frame::Select(select) => self.resume_select(context, select, done),
            Frame::Cond(id) => self.resume_cond(context, unit, id),
            Frame::Arith(id) => self.resume_arith(context, unit, id),
            Frame::Program(fields) => self.exec_program(context, fields),
            Frame::Simple(simple) => self.resume_simple(context, unit, simple),
            Frame::Redirecting { command, next, undo } => self.resume_redirecting(context, command, next, undo),
            Frame::Function(function) => self.resume_function(*function),
            Frame::Source(source) => self.resume_source(context, source, done),
            Frame::Substitution(frame) => self.resume_substitution(context, frame),
            Frame::Flush { output, status, then } => {
                self.output = *output;
                match self.flush_then(context, status, then) {
                    Ok(status) => match then {
                        Some(divert) => Flow::Go(Next::Divert(divert)),
                        None => self.complete(status),
                    },
                    Err(flow) => flow,
                }
            }
            Frame::ReadFile(file) => self.resume_read_file(context, file),
            Frame::Wait(wait) => self.resume_wait(context, wait),
            Frame::Read(read) => self.resume_read(context, read),
            Frame::Compgen(compgen) => self.resume_compgen(context, *compgen),
            Frame::Dot(dot) => self.read_source(context, dot),
            Frame::Mapfile(mapfile) => self.resume_mapfile(context, mapfile),
            Frame::Trap(trap) => self.resume_trap(*trap),
            Frame::Exiting(status) => Flow::Exit(self.ending(status)),
            Frame::TracePrompt(command, status) => self.resume_trace_prompt(context, command, status),
            // The others are resumed in place.
            other => {
                self.frames.push(other);
                Flow::Go(Next::Done)
            }
        }
    }

    /// All frames are done: the shell ends, after its EXIT trap.
    pub(crate) fn finish(&mut self, context: &mut Context<'_>) -> Flow {
        if self.session {
            return Flow::Idle;
        }
        let status = self.state.status;
        self.exit_shell(context, status)
    }

    pub(crate) fn push(&mut self, frame: Frame) {
        self.frames.push(frame);
    }

    /// Finishes a command with a status.
    pub(crate) fn done(&mut self, status: ExitStatus) -> Flow {
        self.state.status = status;
        Flow::Go(Next::Done)
    }

    /// Turns a builtin's result into a flow.
    pub(crate) fn ran(&mut self, result: Ran) -> Flow {
        match result {
            Ok(status) => self.done(status),
            Err(flow) => flow,
        }
    }
}
