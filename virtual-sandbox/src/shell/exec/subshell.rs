//! Forked shells: subshells, background commands, the stages of pipelines.

use super::frame::Frame;
use super::redirect::Undo;
use super::task::{Context, Flow, Next, ShellTask};
use super::view::Memo;
use crate::kernel::{ExitStatus, Pid, Signal, WaitStatus};
use crate::machine::Program;
use crate::shell::job::Coprocess;
use crate::shell::options::ShellOption;
use crate::sys::WaitTarget;
use bytes::Bytes;
use shell_parser::ast::{CommandId, CommandKind, Coproc, Unit};
use smallvec::SmallVec;
use std::sync::Arc;

impl ShellTask {
    /// Forks: a child shell with a copy of the state and nothing under way. The caller says what it does.
    pub(crate) fn fork(&mut self, context: &mut Context<'_>) -> Result<(Pid, Box<ShellTask>), Flow> {
        let pid = match context.kernel.fork(context.pid) {
            Ok(pid) => pid,
            Err(errno) => {
                self.error(&[b"fork: ", errno.message().as_bytes()].concat());
                return Err(match self.flush(context, ExitStatus(254)) {
                    Ok(status) => self.complete(status),
                    Err(flow) => flow,
                });
            }
        };
        let mut state = self.state.clone();
        state.inherit();
        state.subshell_level += 1;
        state.loop_depth = 0;
        state.simple_stage = false;
        if !state.traps.set.is_empty() {
            let (errtrace, functrace) = (state.is_on(ShellOption::ERRTRACE), state.is_on(ShellOption::FUNCTRACE));
            state.traps = Arc::new(state.traps.for_subshell(errtrace, functrace));
            context.kernel.reset_caught(pid);
        }
        if !state.errexit_suppressed
            && (state.is_on(ShellOption::ERREXIT) || state.traps.command(crate::shell::trap::Condition::Err).is_some())
        {
            state.errexit_suppressed = self.failure_is_tested();
        }
        let task = ShellTask {
            debugged_stages: 0,
            trace_prompt: None,
            prompted: false,
            state,
            frames: Vec::new(),
            weights: super::weight::Weights::default(),
            unit: self.unit.clone(),
            next: Next::Done,
            memo: Memo::default(),
            output: super::Output::default(),
            substitutions: SmallVec::new(),
            attention: false,
            current: self.current,
            positional_set: false,
            fatal: None,
            debugged: false,
            last_command_replaces: true,
            session: false,
            getopts_index: self.getopts_index,
            input_line: Vec::new(),
            declared: Vec::new(),
            cache: self.cache.clone(),
        };
        Ok((pid, Box::new(task)))
    }

    /// Sets a forked shell to run one command, with its redirections, and puts it among the born.
    pub(crate) fn launch(context: &mut Context<'_>, pid: Pid, mut task: Box<ShellTask>, command: CommandId) {
        let unit = task.unit.clone();
        if let CommandKind::Subshell(body) = unit.command(command).kind {
            // The forked process is the subshell itself.
            if unit.command(command).redirections.is_empty() {
                task.next = Next::Start(body);
            } else {
                task.frames.push(Frame::Redirecting { command, next: 0, undo: Box::<Undo>::default() });
                task.next = Next::Retry;
            }
        } else {
            task.next = Next::Start(command);
        }
        context.born.push((pid, Program::Shell(task)));
    }

    /// Sets a forked shell to run the commands of a substitution. A subshell that is all of them is one more level to
    /// `BASH_SUBSHELL`, although it needs no process of its own.
    pub(crate) fn launch_substitution(context: &mut Context<'_>, pid: Pid, mut task: Box<ShellTask>, body: CommandId) {
        if matches!(task.unit.command(body).kind, CommandKind::Subshell(_)) {
            task.state.subshell_level += 1;
        }
        Self::launch(context, pid, task, body);
    }

    /// `( list )`.
    pub(crate) fn start_subshell(&mut self, context: &mut Context<'_>, command: CommandId) -> Flow {
        let (pid, task) = match self.fork(context) {
            Ok(forked) => forked,
            Err(flow) => return flow,
        };
        self.state.line = self.unit.line(command);
        Self::launch(context, pid, task, command);
        self.push(Frame::Child { pid, subshell: Some(command) });
        Flow::Block
    }

    /// Waits for a foreground child.
    pub(crate) fn resume_child(&mut self, context: &mut Context<'_>, pid: Pid, subshell: Option<CommandId>) -> Flow {
        let waited = context.kernel.poll_wait(context.pid, WaitTarget::Process(pid), self.state.mode.interactive);
        let status = match waited {
            Ok(Some((_, status))) => status,
            Ok(None) => return Flow::Block,
            // Nobody else waits for it; a lost child counts as not found.
            Err(_) => WaitStatus::Exited(ExitStatus::NOT_FOUND),
        };
        self.frames.pop();
        self.child_ended(context, pid, subshell, status)
    }

    fn child_ended(
        &mut self,
        context: &mut Context<'_>,
        pid: Pid,
        subshell: Option<CommandId>,
        status: WaitStatus,
    ) -> Flow {
        if let WaitStatus::Signaled(signal) = status {
            self.announce_signal(pid, subshell, signal);
            if let Err(flow) = self.flush(context, status.shell_status()) {
                return flow;
            }
        }
        if !self.state.jobs.list.is_empty() {
            self.notify_killed(context);
            self.collect_jobs(context);
            if let Err(flow) = self.flush(context, status.shell_status()) {
                return flow;
            }
        }
        self.state.pipe_status.clear();
        self.complete(status.shell_status())
    }

    /// Says that a foreground process was ended by a signal, as bash does for most signals.
    pub(crate) fn announce_signal(&mut self, pid: Pid, subshell: Option<CommandId>, signal: Signal) {
        if matches!(signal, Signal::INT | Signal::PIPE) {
            return;
        }
        let text = subshell.map_or_else(|| self.current_text(), |command| self.text_of(command));
        let mut line = self.state.error_prefix();
        // SIGTERM and signals with a trap are told of briefly.
        let brief = self.state.mode.interactive
            || signal == Signal::TERM
            || self.state.traps.set.contains_key(&crate::shell::trap::Condition::Signal(signal));
        if brief {
            line = format!("{}\n", signal.description()).into_bytes();
        } else {
            line.extend_from_slice(format!("{:5} {:<23} ", pid.0, signal.description()).as_bytes());
            line.extend_from_slice(&text);
            line.push(b'\n');
        }
        self.output.push(crate::sys::Fd::STDERR, &line);
    }

    /// The text of the command being executed.
    pub(crate) fn current_text(&self) -> Bytes {
        match &self.state.command_text {
            Some(text) => text.clone(),
            None => self.text_of(self.current),
        }
    }

    /// `command &`.
    pub(crate) fn start_background(&mut self, context: &mut Context<'_>, command: CommandId) -> Flow {
        let (pid, mut task) = match self.fork(context) {
            Ok(forked) => forked,
            Err(flow) => return flow,
        };
        task.state.errexit_suppressed = false;
        if !self.state.is_on(ShellOption::MONITOR) {
            // "If job control is not active, the command's standard input is /dev/null", and it ignores interrupts.
            let null = context.kernel.open(pid, b"/dev/null", crate::vfs::OpenFlags::READ, 0);
            if let Ok(fd) = null {
                let _ = context.kernel.move_fd(pid, fd, crate::sys::Fd::STDIN);
            }
            for signal in [Signal::INT, Signal::QUIT] {
                let _ = context.kernel.set_disposition(pid, signal, crate::kernel::Disposition::Ignore);
            }
        }
        if self.state.is_on(ShellOption::MONITOR) {
            let _ = context.kernel.set_group(pid, pid);
        }
        let text = self.text_of(command);
        Self::launch(context, pid, task, command);
        self.state.last_background = Some(pid);
        self.collect_jobs(context);
        let number = Arc::make_mut(&mut self.state.jobs).add(&[pid], text);
        if self.state.mode.interactive {
            self.output.push(crate::sys::Fd::STDERR, format!("[{number}] {}\n", pid.0).as_bytes());
        }
        self.state.pipe_status.clear();
        let status = self.flush(context, ExitStatus::SUCCESS);
        self.ran(status)
    }

    /// A command's text as bash prints it in one line.
    pub(crate) fn text_of(&self, command: CommandId) -> Bytes {
        match &self.unit.command(command).kind {
            CommandKind::For(clause) => Bytes::from(self.loop_header(b"for ", clause)),
            CommandKind::Select(clause) => Bytes::from(self.loop_header(b"select ", clause)),
            CommandKind::Case(case) => {
                let word = shell_parser::print::word(&self.unit, case.word);
                Bytes::from([b"case ", &word[..], b" in "].concat())
            }
            _ => Bytes::from(shell_parser::print::command(&self.unit, command)),
        }
    }

    /// Notes which background processes have ended.
    pub(crate) fn collect_jobs(&mut self, context: &mut Context<'_>) {
        self.note_jobs(context);
        if !self.state.mode.interactive {
            let ended: Vec<u32> =
                self.state.jobs.list.iter().filter(|job| job.ended().is_some()).map(|job| job.number).collect();
            for number in ended {
                self.drop_job(number);
            }
        }
    }

    /// Takes in the statuses of background processes that have ended or stopped.
    pub(crate) fn note_jobs(&mut self, context: &mut Context<'_>) {
        let running: Vec<Pid> = self.state.jobs.running().collect();
        for pid in running {
            if let Ok(Some((_, status))) = context.kernel.poll_wait(context.pid, WaitTarget::Process(pid), true) {
                Arc::make_mut(&mut self.state.jobs).note(pid, status);
            }
        }
        self.drop_coprocess(context);
    }

    /// Closes the pipes of a coprocess that has ended and unsets its variables.
    pub(crate) fn drop_coprocess(&mut self, context: &mut Context<'_>) {
        if !self.state.jobs.coprocess.as_ref().is_some_and(|coprocess| coprocess.ended) {
            return;
        }
        let Some(coprocess) = Arc::make_mut(&mut self.state.jobs).coprocess.take() else { return };
        for fd in coprocess.pipes {
            let _ = context.kernel.close(context.pid, fd);
        }
        for name in [coprocess.name.clone(), Bytes::from([&coprocess.name[..], b"_PID"].concat())] {
            if let Err(error) = self.state.variables.unset(&name) {
                self.error(&error.message());
            }
        }
    }

    /// `coproc [NAME] command`.
    pub(crate) fn start_coproc(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        id: CommandId,
        coproc: &Coproc,
    ) -> Flow {
        self.state.line = unit.line(id);
        let name = match coproc.name.map(|word| {
            let facts = unit.word(word).facts;
            self.attempt(context, unit, facts, |view| crate::shell::expand::expand_text(unit, word, view))
        }) {
            None => Bytes::from_static(b"COPROC"),
            Some(Ok(name)) => name,
            Some(Err(flow)) => return flow,
        };
        let started = self.coproc_pipes(context, coproc.body);
        let (pid, read, write) = match started {
            Ok(started) => started,
            Err(flow) => return flow,
        };
        let text = self.text_of(id);
        self.state.last_background = Some(pid);
        let jobs = Arc::make_mut(&mut self.state.jobs);
        jobs.add(&[pid], text);
        jobs.coprocess = Some(Coprocess { pid, name: name.clone(), pipes: [read, write], ended: false });
        let assigned = self.with_view(context, |view| {
            use crate::shell::expand::World;
            use crate::shell::variable::{Value, assign};
            let ends = [i64::from(read.0).into(), i64::from(write.0).into()];
            view.variables_mut().set_value(&name, Value::array(ends));
            let mut pid_name = name.to_vec();
            pid_name.extend_from_slice(b"_PID");
            assign::assign_scalar(view, &Bytes::from(pid_name), i64::from(pid.0).into())
        });
        match assigned {
            Ok(()) => self.done(ExitStatus::SUCCESS),
            Err(stop) => self.fail(context, stop),
        }
    }

    fn coproc_pipes(
        &mut self,
        context: &mut Context<'_>,
        body: CommandId,
    ) -> Result<(Pid, crate::sys::Fd, crate::sys::Fd), Flow> {
        use crate::sys::Fd;
        let (pid, task) = self.fork(context)?;
        let (kernel, me) = (&mut *context.kernel, context.pid);
        // bash takes descriptors from 60 downwards to 63; what matters is that scripts read them from the array.
        let pipes = kernel.pipe(me, Fd(60)).and_then(|(read, their_write)| {
            let (their_read, write) = kernel.pipe(me, Fd(60))?;
            kernel.copy_fd(me, their_read, pid, Fd::STDIN)?;
            kernel.copy_fd(me, their_write, pid, Fd::STDOUT)?;
            kernel.close(me, their_read)?;
            kernel.close(me, their_write)?;
            kernel.set_close_on_exec(me, read, true)?;
            kernel.set_close_on_exec(me, write, true)?;
            Ok((read, write))
        });
        match pipes {
            Ok((read, write)) => {
                Self::launch(context, pid, task, body);
                Ok((pid, read, write))
            }
            Err(errno) => {
                kernel.exit(pid, WaitStatus::Exited(ExitStatus::FAILURE));
                self.error(&[b"coproc: ", errno.message().as_bytes()].concat());
                Err(match self.flush(context, ExitStatus::FAILURE) {
                    Ok(status) => self.complete(status),
                    Err(flow) => flow,
                })
            }
        }
    }
}
