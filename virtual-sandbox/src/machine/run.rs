//! The machine's loop.

use super::Program;
use super::execution::{Ended, Execution, ExecutionId, ExecutionSpec};
use super::image::{self, DEFAULT_PATH};
use super::utility_task::Stopped;
use crate::errno::Errno;
use crate::kernel::{Clock, ExitStatus, INIT, Kernel, LimitExceeded, Limits, Pid, Signal, Stream, Table, WaitStatus};
use crate::shell::{Context, Outcome, ShellTask};
use crate::sys::{Fd, Reply, SpawnRequest, Syscall};
use crate::utility::Invocation;
use crate::vfs::{Cred, Follow, FsLimits, Vfs};
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Fuel a task may use before the next one runs.
const SLICE: u64 = 2_000;

/// Why a machine stopped running.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pause {
    /// The fuel it was given is used.
    Yielded,
    /// Every process waits: for a timer (when it is due, in nanoseconds of the machine's clock), for the host, or for
    /// nothing that will come.
    Blocked(Option<u64>),
}

/// A machine.
pub struct Machine {
    /// The kernel.
    pub kernel: Kernel,
    programs: FxHashMap<Pid, Program>,
    executions: Table<Execution>,
    roots: FxHashMap<Pid, ExecutionId>,
    born: Vec<(Pid, Program)>,
    fuel_before: u64,
}

impl Machine {
    /// A machine over a file system.
    pub fn new(mut vfs: Vfs, limits: Limits, clock: Clock, seed: u64) -> Self {
        vfs.set_limits(FsLimits { bytes: limits.file_bytes(), inodes: limits.files });
        Machine {
            kernel: Kernel::new(vfs, limits, clock, seed),
            programs: FxHashMap::default(),
            executions: Table::default(),
            roots: FxHashMap::default(),
            born: Vec::new(),
            fuel_before: 0,
        }
    }

    /// A machine that goes on independently from the same state. `Err` names a process that has done too much to be
    /// copied while it runs; at rest it always succeeds.
    pub fn snapshot(&self) -> Result<Machine, Pid> {
        self.copy(|_| true)
    }

    /// A machine like this one in which only these executions are left: the others have been killed.
    pub fn snapshot_of(&self, executions: &[ExecutionId]) -> Result<Machine, Pid> {
        let roots: Vec<Pid> = executions.iter().filter_map(|id| self.root(*id)).collect();
        let mut copy = self.copy(|sid| roots.contains(&sid))?;
        for pid in copy.kernel.pids() {
            let sid = copy.kernel.process(pid).map(|process| process.sid);
            if pid != INIT && sid.is_some_and(|sid| !roots.contains(&sid)) {
                copy.kernel.exit(pid, WaitStatus::Signaled(Signal::KILL));
            }
        }
        copy.bury();
        for id in copy.executions.indices().into_iter().map(ExecutionId).filter(|id| !executions.contains(id)) {
            copy.finish(id);
        }
        Ok(copy)
    }

    /// A copy with the programs of the sessions that are wanted.
    fn copy(&self, wanted: impl Fn(Pid) -> bool) -> Result<Machine, Pid> {
        let mut programs = FxHashMap::default();
        for pid in self.kernel.pids() {
            if let Some(program) = self.programs.get(&pid)
                && self.kernel.process(pid).is_some_and(|process| wanted(process.sid))
            {
                programs.insert(pid, program.snapshot().ok_or(pid)?);
            }
        }
        Ok(Machine {
            kernel: self.kernel.clone(),
            programs,
            executions: self.executions.clone(),
            roots: self.roots.clone(),
            born: Vec::new(),
            fuel_before: self.fuel_before,
        })
    }

    /// Starts a program.
    ///
    /// Errors as execve(2) gives them, and those of the working directory.
    pub fn start(&mut self, spec: ExecutionSpec) -> Result<ExecutionId, Errno> {
        let pid = self.kernel.spawn_root(Arc::new(Cred::user()), 0o022)?;
        let id = self.prepare(pid, &spec);
        let started = self.kernel.chdir(pid, &spec.cwd).and_then(|()| {
            let path = env_value(&spec.env, b"PATH").unwrap_or(Bytes::from_static(DEFAULT_PATH));
            let name = spec.argv.first().cloned().unwrap_or_default();
            let file = find_program(&self.kernel, pid, &path, &name)?;
            image::load(&mut self.kernel, pid, &file, spec.argv.clone(), spec.env.clone())
        });
        match (id, started) {
            (Ok(id), Ok(image)) => {
                let program = image::become_image(&mut self.kernel, pid, image);
                self.programs.insert(pid, program);
                Ok(id)
            }
            (Err(errno), _) | (_, Err(errno)) => {
                self.kernel.exit(pid, WaitStatus::Exited(ExitStatus::NOT_FOUND));
                if let Ok(id) = id {
                    self.finish(id);
                }
                Err(errno)
            }
        }
    }

    /// Starts a shell that is made by `shell`, without a search for its program. `spec.argv` is what others see of it.
    pub fn start_shell(
        &mut self,
        spec: &ExecutionSpec,
        shell: impl FnOnce(&mut Kernel, Pid) -> ShellTask,
    ) -> Result<ExecutionId, Errno> {
        let pid = self.kernel.spawn_root(Arc::new(Cred::user()), 0o022)?;
        let id = self.prepare(pid, spec);
        match (id, self.kernel.chdir(pid, &spec.cwd)) {
            (Ok(id), Ok(())) => {
                let task = shell(&mut self.kernel, pid);
                if let Some(process) = self.kernel.process_mut(pid) {
                    process.exe = Bytes::from_static(b"/usr/bin/bash");
                    process.invocation = Some(Invocation::new(spec.argv.as_slice(), Arc::clone(&spec.env)));
                }
                self.programs.insert(pid, Program::Shell(Box::new(task)));
                Ok(id)
            }
            (Err(errno), _) | (_, Err(errno)) => {
                self.kernel.exit(pid, WaitStatus::Exited(ExitStatus::NOT_FOUND));
                if let Ok(id) = id {
                    self.finish(id);
                }
                Err(errno)
            }
        }
    }

    /// The root process's descriptors and the execution's entry.
    fn prepare(&mut self, pid: Pid, spec: &ExecutionSpec) -> Result<ExecutionId, Errno> {
        let kernel = &mut self.kernel;
        let console = kernel.create_console(spec.terminal);
        let input = match &spec.stdin {
            Some(content) => {
                let fd = kernel.open_text(pid, content.clone())?;
                kernel.move_fd(pid, fd, Fd::STDIN)?;
                None
            }
            None => Some(kernel.open_host_input(pid, Fd::STDIN, spec.terminal)?),
        };
        kernel.open_console(pid, console, Stream::Stdout, Fd::STDOUT)?;
        kernel.open_console(pid, console, Stream::Stderr, Fd::STDERR)?;
        let id = ExecutionId(self.executions.insert(Execution { root: pid, console, input, ended: None }));
        self.roots.insert(pid, id);
        self.fuel_before = self.kernel.usage.fuel;
        self.kernel.usage.exceeded = None;
        Ok(id)
    }

    /// Runs for at most `quantum` units of fuel.
    pub fn run(&mut self, quantum: u64) -> Pause {
        let mut left = quantum;
        while left > 0 {
            let Some(pid) = self.kernel.next_runnable() else {
                return Pause::Blocked(self.kernel.next_timer());
            };
            let slice = left.min(SLICE);
            let mut fuel = slice;
            self.run_process(pid, &mut fuel);
            let used = (slice - fuel).max(1);
            left = left.saturating_sub(used);
            self.account(pid, used);
        }
        Pause::Yielded
    }

    fn account(&mut self, pid: Pid, used: u64) {
        self.kernel.usage.fuel += used;
        if let Some(process) = self.kernel.process_mut(pid) {
            process.fuel += used;
        }
        let limits = self.kernel.limits;
        if self.kernel.usage.fuel - self.fuel_before > limits.fuel {
            self.kernel.exceed("fuel", limits.fuel);
        }
        if self.kernel.usage.exceeded.is_some() {
            self.kernel.kill_everything(None);
            self.bury();
        }
    }

    /// Removes the programs of processes that have been ended from outside.
    fn bury(&mut self) {
        for pid in std::mem::take(&mut self.kernel.ended) {
            self.programs.remove(&pid.0);
            self.note_end(pid.0, pid.1);
        }
    }

    fn run_process(&mut self, pid: Pid, fuel: &mut u64) {
        if self.end_if_killed(pid) {
            return;
        }
        let Some(mut program) = self.programs.remove(&pid) else {
            self.kernel.block(pid);
            return;
        };
        let kept = match &mut program {
            Program::Shell(shell) => {
                let mut context = Context { kernel: &mut self.kernel, pid, born: &mut self.born };
                let outcome = shell.run(&mut context, fuel);
                self.after_shell(pid, outcome)
            }
            Program::Utility(utility) => {
                let stopped = utility.run(&mut self.kernel, pid, fuel);
                match stopped {
                    Stopped::Asks(call) => self.serve_program(pid, utility, call),
                    stopped => self.after_utility(pid, &stopped),
                }
            }
        };
        match kept {
            Kept::Same => {
                self.programs.insert(pid, program);
            }
            Kept::Replaced(program) => {
                self.programs.insert(pid, program);
            }
            Kept::Gone => {}
        }
        for (child, program) in self.born.drain(..) {
            self.programs.insert(child, program);
        }
        self.end_if_killed(pid);
        if !self.kernel.ended.is_empty() {
            self.bury();
        }
    }

    fn after_shell(&mut self, pid: Pid, outcome: Outcome) -> Kept {
        match outcome {
            Outcome::Yielded => self.kernel.enqueue(pid),
            Outcome::Blocked => self.kernel.block_unless_killed(pid),
            Outcome::Idle => self.kernel.block(pid),
            Outcome::Exited(status) => {
                self.kernel.exit(pid, status);
                return Kept::Gone;
            }
            Outcome::Replaced(program) => {
                self.kernel.enqueue(pid);
                return Kept::Replaced(program);
            }
        }
        Kept::Same
    }

    fn after_utility(&mut self, pid: Pid, stopped: &Stopped) -> Kept {
        match stopped {
            Stopped::Blocked => self.kernel.block_unless_killed(pid),
            Stopped::Yielded | Stopped::Asks(_) => self.kernel.enqueue(pid),
            Stopped::Exited(status) => {
                self.kernel.exit(pid, WaitStatus::Exited(*status));
                return Kept::Gone;
            }
        }
        Kept::Same
    }

    /// Ends the process when a signal says so; whether it has.
    fn end_if_killed(&mut self, pid: Pid) -> bool {
        let Some(signal) = self.kernel.process(pid).and_then(|process| process.killed) else { return false };
        self.programs.remove(&pid);
        self.kernel.exit(pid, WaitStatus::Signaled(signal));
        if !self.kernel.ended.is_empty() {
            self.bury();
        }
        true
    }

    fn note_end(&mut self, pid: Pid, status: WaitStatus) {
        if let Some(id) = self.roots.remove(&pid)
            && let Some(execution) = self.executions.get_mut(id.0)
        {
            execution.ended = Some(Ended::from(status));
        }
    }

    /// Serves the calls of a utility that start programs.
    fn serve_program(&mut self, pid: Pid, utility: &mut super::UtilityTask, call: Syscall) -> Kept {
        self.kernel.enqueue(pid);
        match call {
            Syscall::Spawn(request) => {
                let reply = match self.spawn(pid, &request) {
                    Ok(child) => Reply::Pid(child),
                    Err(errno) => Reply::Error(errno),
                };
                utility.answer(reply);
                Kept::Same
            }
            Syscall::Exec(request) => match self.load_request(pid, &request) {
                Ok(program) => Kept::Replaced(program),
                Err(errno) => {
                    utility.answer(Reply::Error(errno));
                    Kept::Same
                }
            },
            _ => {
                utility.answer(Reply::Error(Errno::ENOSYS));
                Kept::Same
            }
        }
    }

    fn spawn(&mut self, parent: Pid, request: &SpawnRequest) -> Result<Pid, Errno> {
        let child = self.kernel.fork(parent)?;
        let loaded = image::apply_fds(&mut self.kernel, parent, child, &request.fds)
            .and_then(|()| self.load_request(child, request));
        match loaded {
            Ok(program) => {
                self.programs.insert(child, program);
                Ok(child)
            }
            Err(errno) => {
                self.kernel.exit(child, WaitStatus::Exited(ExitStatus::NOT_FOUND));
                // Nobody is to wait for a child that was never there.
                let _ = self.kernel.poll_wait(parent, crate::sys::WaitTarget::Process(child), false);
                Err(errno)
            }
        }
    }

    /// Loads what a request names and makes it the program of the process.
    fn load_request(&mut self, pid: Pid, request: &SpawnRequest) -> Result<Program, Errno> {
        let kernel = &mut self.kernel;
        if let Some(cwd) = &request.cwd {
            kernel.chdir(pid, cwd)?;
        }
        let inherited = kernel.process(pid).and_then(|process| process.invocation.as_ref());
        let env = match (&request.env, inherited) {
            (Some(env), _) => env.clone(),
            (None, Some(invocation)) => invocation.env().clone(),
            (None, None) => Arc::from([]),
        };
        let path = env_value(&env, b"PATH").unwrap_or(Bytes::from_static(DEFAULT_PATH));
        let name = request.program.clone().or_else(|| request.argv.first().cloned()).ok_or(Errno::EINVAL)?;
        let file = find_program(kernel, pid, &path, &name)?;
        let image = match image::load(kernel, pid, &file, request.argv.clone(), env.clone()) {
            // execvp(3): "If the header of a file isn't recognized, … execute the shell with the path of the file".
            Err(Errno::ENOEXEC) => {
                let mut argv = vec![Bytes::from_static(b"sh"), file.clone()];
                argv.extend(request.argv.iter().skip(1).cloned());
                image::load(kernel, pid, b"/bin/sh", argv, env)?
            }
            loaded => loaded?,
        };
        if request.new_group
            && let Some(process) = kernel.process_mut(pid)
        {
            process.pgid = pid;
        }
        let program = image::become_image(kernel, pid, image);
        for signal in &request.defaulted {
            let _ = kernel.set_disposition(pid, *signal, crate::kernel::Disposition::Default);
        }
        for signal in &request.ignored {
            let _ = kernel.set_disposition(pid, *signal, crate::kernel::Disposition::Ignore);
        }
        Ok(program)
    }

    /// Takes the next piece of an execution's output.
    pub fn take_output(&mut self, id: ExecutionId) -> Option<(Stream, Bytes)> {
        let console = self.executions.get(id.0)?.console;
        self.kernel.take_output(console)
    }

    /// How the execution's root process has ended, if it has.
    pub fn ended(&self, id: ExecutionId) -> Option<Ended> {
        self.executions.get(id.0)?.ended
    }

    /// Whether nothing can write to the execution's output any more.
    pub fn output_closed(&self, id: ExecutionId) -> bool {
        let console = self.executions.get(id.0).and_then(|execution| self.kernel.console(execution.console));
        console.is_none_or(|console| console.writers == 0)
    }

    /// The execution's root process.
    pub fn root(&self, id: ExecutionId) -> Option<Pid> {
        self.executions.get(id.0).map(|execution| execution.root)
    }

    /// Gives bytes to an execution's standard input; false when nobody reads it any more.
    pub fn feed(&mut self, id: ExecutionId, data: &Bytes) -> bool {
        let input = self.executions.get(id.0).and_then(|execution| execution.input);
        input.is_some_and(|pipe| self.kernel.feed(pipe, data))
    }

    /// Room for input, in bytes.
    pub fn feed_room(&self, id: ExecutionId) -> usize {
        self.executions.get(id.0).and_then(|execution| execution.input).map_or(0, |pipe| self.kernel.feed_room(pipe))
    }

    /// Whether a program waits for more of an execution's standard input.
    pub fn wants_feed(&self, id: ExecutionId) -> bool {
        let input = self.executions.get(id.0).and_then(|execution| execution.input);
        input.is_some_and(|pipe| self.kernel.wants_feed(pipe))
    }

    /// Forgets the input that a session was given and did not read.
    pub fn restart_feed(&mut self, id: ExecutionId) {
        if let Some(pipe) = self.executions.get(id.0).and_then(|execution| execution.input) {
            self.kernel.restart_feed(pipe);
        }
    }

    /// The end of file on a session's input, as typed on a terminal: what is read ends, until the feed restarts.
    pub fn type_end(&mut self, id: ExecutionId) {
        if let Some(pipe) = self.executions.get(id.0).and_then(|execution| execution.input) {
            self.kernel.type_end(pipe);
        }
    }

    /// Ends an execution's standard input.
    pub fn end_feed(&mut self, id: ExecutionId) {
        if let Some(pipe) = self.executions.get_mut(id.0).and_then(|execution| execution.input.take()) {
            self.kernel.end_feed(pipe);
        }
    }

    /// Sends a signal to every process of an execution's session, its root included.
    pub fn signal(&mut self, id: ExecutionId, signal: Signal) {
        let Some(root) = self.root(id) else { return };
        for pid in self.kernel.pids() {
            if self.kernel.process(pid).is_some_and(|process| process.sid == root) {
                self.kernel.signal(pid, signal);
            }
        }
    }

    /// Forgets an execution. Its remaining processes go on without a console: what they write is lost.
    pub fn finish(&mut self, id: ExecutionId) {
        self.end_feed(id);
        if let Some(execution) = self.executions.remove(id.0) {
            self.roots.remove(&execution.root);
            self.kernel.close_console(execution.console);
        }
        if self.executions.is_empty() {
            self.kernel.trim();
        }
    }

    /// Ends the processes of an execution at once.
    pub fn kill(&mut self, id: ExecutionId) {
        let Some(root) = self.root(id) else { return };
        for pid in self.kernel.pids() {
            if pid != INIT && self.kernel.process(pid).is_some_and(|process| process.sid == root) {
                self.kernel.exit(pid, WaitStatus::Signaled(Signal::KILL));
            }
        }
        self.bury();
    }

    /// The limit that ended what ran last.
    pub fn exceeded(&self) -> Option<LimitExceeded> {
        self.kernel.usage.exceeded
    }

    /// The shell of an execution that is a session.
    pub fn shell_mut(&mut self, id: ExecutionId) -> Option<&mut ShellTask> {
        match self.programs.get_mut(&self.executions.get(id.0)?.root)? {
            Program::Shell(shell) => Some(shell),
            Program::Utility(_) => None,
        }
    }
}

/// What becomes of the program that has run.
enum Kept {
    Same,
    Replaced(Program),
    Gone,
}

fn find_program(kernel: &Kernel, pid: Pid, path: &[u8], name: &[u8]) -> Result<Bytes, Errno> {
    if name.contains(&b'/') {
        kernel.stat(pid, name, Follow::Yes)?;
        return Ok(Bytes::copy_from_slice(name));
    }
    if name.is_empty() {
        return Err(Errno::ENOENT);
    }
    image::search(kernel, pid, path, name)
}

/// The value of a variable of an environment.
pub(crate) fn env_value(env: &[Bytes], name: &[u8]) -> Option<Bytes> {
    env.iter().find_map(|entry| {
        (entry.get(name.len()) == Some(&b'=') && entry.starts_with(name)).then(|| entry.slice(name.len() + 1..))
    })
}
