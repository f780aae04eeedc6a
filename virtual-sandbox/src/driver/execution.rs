//! A command under way in the virtual machine.
//!
//! Whoever asks for its next event runs the machine: a few milliseconds at a time, so that others get their turn.

use super::sandbox::{Config, Entry, Shared, State};
use super::share::{PATIENCE, Share};
use super::time::Time;
use crate::kernel::{Signal, Stream as OutputStream};
use crate::machine::{Ended, ExecutionId, ExecutionSpec, Pause};
use crate::shell::ShellTask;
use bytes::Bytes;
use futures_core::Stream;
use sandbox::{EnvChange, ExecEvent, ExecExit, ExecRequest, SandboxError, Stdin, StdinStream, TIMEOUT_STATUS, Usage};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Fuel between looks at the clock: well below the shortest turn.
const QUANTUM: u64 = 500;
/// Background processes that all sleep for longer than this after the end of their shell are not waited for.
const IDLE: Duration = Duration::from_millis(300);
/// How long a command that was told to end (SIGTERM) has for its traps before it is killed.
const GRACE: Duration = Duration::from_millis(100);

/// A command under way; dropping it ends it.
pub(super) struct Running {
    shared: Arc<Shared>,
    id: ExecutionId,
    generation: u64,
    kind: Kind,
    before: Before,
    input: Input,
    deadline: Option<Instant>,
    cancelled: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    ending: Option<Ending>,
    drain_until: Option<Instant>,
    alarm: Option<Pin<Box<Sleep>>>,
    exit: Option<ExecExit>,
    finished: bool,
    share: Share,
}

/// What a command is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A shell of its own.
    Shell,
    /// An input of a session's shell, which stays.
    Input,
}

/// What is left of standard input.
enum Input {
    Done,
    Stream { stream: StdinStream, waiting: Bytes },
}

/// When a command began, and what the machine had used by then.
#[derive(Clone, Copy)]
struct Before {
    time: Instant,
    fuel: u64,
    processes: u64,
}

impl Before {
    fn of(state: &State, time: Instant) -> Self {
        let usage = &state.machine.kernel.usage;
        Before { time, fuel: usage.fuel, processes: usage.processes }
    }
}

/// Why a command is being ended, and when it is killed.
#[derive(Clone, Copy)]
struct Ending {
    reason: Reason,
    kill_at: Instant,
    killed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
    Timeout,
    Cancelled,
}

impl Running {
    /// Starts a shell with the request's script, or the program that `argv` names.
    pub(super) fn start(
        shared: Arc<Shared>,
        request: ExecRequest,
        argv: Option<Vec<Bytes>>,
    ) -> Result<Self, SandboxError> {
        if request.cancellation.as_ref().is_some_and(CancellationToken::is_cancelled) {
            return Err(SandboxError::Cancelled { command: request.summary() });
        }
        let is_script = argv.is_none();
        let spec = spec(&shared, &request, argv.unwrap_or_else(|| shell_argv(&request)));
        let mut guard = shared.open("run a command")?;
        let state = &mut *guard;
        let started = Instant::now();
        state.set_time(&shared, started);
        let before = Before::of(state, started);
        let spawned = if is_script {
            state.machine.start_shell(&spec, |kernel, pid| {
                let name = spec.argv.get(3).cloned().unwrap_or_default();
                let arguments = spec.argv.get(4..).unwrap_or_default().to_vec();
                ShellTask::command(kernel, pid, &spec.env, name, arguments, request.script.clone())
            })
        } else {
            state.machine.start(spec)
        };
        let id = spawned.map_err(|errno| SandboxError::NotStarted {
            command: request.summary(),
            reason: errno.message().to_owned(),
        })?;
        state.running.push(Entry { id, waker: None });
        let generation = state.generation;
        drop(guard);
        Ok(Running::new(shared, id, generation, Kind::Shell, before, request))
    }

    /// Gives a session's shell the request's script.
    pub(super) fn in_session(shared: Arc<Shared>, session: u64, request: ExecRequest) -> Result<Self, SandboxError> {
        if request.cancellation.as_ref().is_some_and(CancellationToken::is_cancelled) {
            return Err(SandboxError::Cancelled { command: request.summary() });
        }
        let mut guard = shared.open("run a command")?;
        let state = &mut *guard;
        let closed = SandboxError::Closed { operation: "run a command in a session" };
        let id = state.sessions.find(session).ok_or(closed)?;
        let generation = state.generation;
        let started = Instant::now();
        state.set_time(&shared, started);
        let before = Before::of(state, started);
        if !state.machine.submit(id, request.script.clone()) {
            let reason = "the session's shell has ended".to_owned();
            return Err(SandboxError::NotStarted { command: request.summary(), reason });
        }
        state.machine.restart_feed(id);
        match &request.stdin {
            Stdin::Stream(_) => {}
            Stdin::Empty => state.machine.type_end(id),
            Stdin::Bytes(input) => {
                state.machine.feed(id, input);
                state.machine.type_end(id);
            }
        }
        drop(guard);
        Ok(Running::new(shared, id, generation, Kind::Input, before, request))
    }

    fn new(
        shared: Arc<Shared>,
        id: ExecutionId,
        generation: u64,
        kind: Kind,
        before: Before,
        request: ExecRequest,
    ) -> Self {
        Running {
            shared,
            id,
            generation,
            kind,
            before,
            input: match request.stdin {
                Stdin::Stream(stream) => Input::Stream { stream, waiting: Bytes::new() },
                Stdin::Empty | Stdin::Bytes(_) => Input::Done,
            },
            deadline: request.timeout.and_then(|timeout| before.time.checked_add(timeout)),
            cancelled: request.cancellation.map(|token| Box::pin(token.cancelled_owned())),
            ending: None,
            drain_until: None,
            alarm: None,
            exit: None,
            finished: false,
            share: Share::default(),
        }
    }

    /// Which execution of which of the sandbox's machines this is.
    pub(super) fn place(&self) -> (ExecutionId, u64) {
        (self.id, self.generation)
    }

    /// One turn; `Pending` has arranged to be woken.
    fn turn(&mut self, state: &mut State, began: Instant, time: Duration, cx: &mut Context<'_>) -> Poll<ExecEvent> {
        let mut now = began;
        loop {
            self.interrupt(state, now, cx);
            self.feed(state, cx);
            state.set_time(&self.shared, now);
            let pause = state.machine.run(QUANTUM);
            state.wake_others(self.id);
            if let Some(event) = self.limit(state) {
                return Poll::Ready(event);
            }
            if let Some((stream, chunk)) = state.machine.take_output(self.id) {
                return Poll::Ready(match stream {
                    OutputStream::Stdout => ExecEvent::Stdout(chunk),
                    OutputStream::Stderr => ExecEvent::Stderr(chunk),
                });
            }
            if let Some(exit) = self.exited(state, now, pause) {
                return Poll::Ready(ExecEvent::Exit(exit));
            }
            match pause {
                Pause::Yielded if now - began < time => {}
                Pause::Yielded => {
                    self.share.exhausted(now - began, cx.waker());
                    if !self.be_patient(now, cx) {
                        cx.waker().wake_by_ref();
                    }
                    return Poll::Pending;
                }
                Pause::Blocked(_) if self.feed(state, cx) => {}
                Pause::Blocked(Some(due)) if matches!(self.shared.config.time, Time::Jumping(_)) => {
                    state.machine.kernel.advance_to(due);
                }
                Pause::Blocked(due) => {
                    if self.wait(state, due, cx) {
                        self.share.rests();
                        return Poll::Pending;
                    }
                }
            }
            now = Instant::now();
        }
    }

    /// Arranges to be woken by a deadline while others have their turns, and in case they do not take them; `false` when
    /// the time has come.
    fn be_patient(&mut self, now: Instant, cx: &mut Context<'_>) -> bool {
        let kill = self.ending.filter(|ending| !ending.killed).map(|ending| ending.kill_at);
        let first = [kill, self.deadline].into_iter().flatten().fold(now + PATIENCE, Instant::min);
        self.set_alarm(first, cx)
    }

    fn set_alarm(&mut self, at: Instant, cx: &mut Context<'_>) -> bool {
        let mut alarm = Box::pin(tokio::time::sleep_until(at.into()));
        let pending = alarm.as_mut().poll(cx).is_pending();
        self.alarm = Some(alarm);
        pending
    }

    /// Arranges to be woken by the machine's next timer, by a deadline, or by another execution; `false` when a time
    /// has come meanwhile.
    fn wait(&mut self, state: &mut State, due: Option<u64>, cx: &mut Context<'_>) -> bool {
        if let Some(entry) = state.running.iter_mut().find(|entry| entry.id == self.id) {
            entry.waker = Some(cx.waker().clone());
        }
        let timer = due.map(|due| self.shared.clock.instant(due));
        let kill = self.ending.filter(|ending| !ending.killed).map(|ending| ending.kill_at);
        let deadline = self.deadline.filter(|_| self.ending.is_none());
        let Some(first) = [timer, kill, deadline, self.drain_until].into_iter().flatten().min() else { return true };
        self.set_alarm(first, cx)
    }

    /// Whether it has to end, which waits for no turn.
    fn must_end(&mut self, now: Instant, cx: &mut Context<'_>) -> bool {
        self.ending.is_some()
            || self.deadline.is_some_and(|deadline| now >= deadline)
            || self.cancelled.as_mut().is_some_and(|cancelled| cancelled.as_mut().poll(cx).is_ready())
    }

    /// Ends the command when its time is over or its token is cancelled: first as a signal, then at once.
    fn interrupt(&mut self, state: &mut State, now: Instant, cx: &mut Context<'_>) {
        if let Some(ending) = &mut self.ending {
            if !ending.killed && now >= ending.kill_at {
                ending.killed = true;
                match self.kind {
                    Kind::Shell => state.machine.kill(self.id),
                    Kind::Input => state.machine.kill_foreground(self.id),
                }
            }
            return;
        }
        let cancelled = self.cancelled.as_mut().is_some_and(|cancelled| cancelled.as_mut().poll(cx).is_ready());
        let reason = match () {
            () if self.deadline.is_some_and(|deadline| now >= deadline) => Reason::Timeout,
            () if cancelled => Reason::Cancelled,
            () => return,
        };
        self.cancelled = None;
        self.ending = Some(Ending { reason, kill_at: now + GRACE, killed: false });
        match self.kind {
            Kind::Shell => {
                state.machine.signal(self.id, Signal::TERM);
                state.machine.signal(self.id, Signal::CONT);
            }
            Kind::Input => state.machine.interrupt(self.id, Signal::INT),
        }
    }

    /// Hands over input while a program waits for it; whether any was. A stream is asked only for what is read.
    fn feed(&mut self, state: &mut State, cx: &mut Context<'_>) -> bool {
        let mut fed = false;
        while let Input::Stream { stream, waiting } = &mut self.input {
            if waiting.is_empty() {
                if !state.machine.wants_feed(self.id) {
                    return fed;
                }
                match stream.as_mut().poll_next(cx) {
                    Poll::Ready(Some(chunk)) => *waiting = chunk,
                    Poll::Ready(None) => {
                        match self.kind {
                            Kind::Shell => state.machine.end_feed(self.id),
                            Kind::Input => state.machine.type_end(self.id),
                        }
                        self.input = Input::Done;
                        fed = true;
                    }
                    Poll::Pending => return fed,
                }
                continue;
            }
            let room = state.machine.feed_room(self.id).min(waiting.len());
            if room == 0 {
                return fed;
            }
            fed = true;
            if !state.machine.feed(self.id, &waiting.split_to(room)) {
                state.machine.end_feed(self.id);
                self.input = Input::Done;
            }
        }
        fed
    }

    /// The message of a limit that was met; the command ends with status 126.
    fn limit(&mut self, state: &mut State) -> Option<ExecEvent> {
        let exceeded = state.machine.exceeded().filter(|_| self.exit.is_none())?;
        match self.kind {
            Kind::Shell => state.machine.kill(self.id),
            Kind::Input => state.machine.kill_foreground(self.id),
        }
        self.exit = Some(ExecExit { exit_code: 126, ..ExecExit::default() });
        Some(ExecEvent::Stderr(Bytes::from(format!("sandshell: {exceeded}\n"))))
    }

    /// How it ended, once nothing more can come from it.
    fn exited(&mut self, state: &mut State, now: Instant, pause: Pause) -> Option<ExecExit> {
        let Some(ended) = state.machine.ended(self.id) else {
            let status = state.machine.idle_status(self.id).filter(|_| self.kind == Kind::Input)?;
            return Some(self.exit(state, Ended { status, signal: None }));
        };
        let drain_until = *self.drain_until.get_or_insert(now + self.shared.config.drain);
        let stuck = pause == Pause::Blocked(None);
        // What is left of the command sleeps for longer than anybody would wait for its output.
        let idle = matches!(pause, Pause::Blocked(Some(due)) if self.shared.clock.instant(due) > now + IDLE);
        if !state.machine.output_closed(self.id) && !stuck && !idle && now < drain_until && self.ending.is_none() {
            return None;
        }
        Some(self.exit(state, ended))
    }

    fn exit(&mut self, state: &mut State, ended: Ended) -> ExecExit {
        let usage = &state.machine.kernel.usage;
        let usage = Usage {
            cpu: None,
            fuel: Some(usage.fuel.saturating_sub(self.before.fuel)),
            peak_memory: Some(usage.peak_memory),
            processes: Some(usage.processes.saturating_sub(self.before.processes)),
            stdout_bytes: 0,
            stderr_bytes: 0,
        };
        let reason = self.ending.map(|ending| ending.reason);
        let limited = self.exit.take();
        let exit_code = match (&limited, reason) {
            (Some(exit), _) => exit.exit_code,
            (None, Some(Reason::Timeout)) => TIMEOUT_STATUS,
            (None, _) => i32::from(ended.status.0),
        };
        self.leave(state);
        ExecExit {
            exit_code,
            signal: ended.signal.filter(|_| limited.is_none()).map(|signal| i32::from(signal.number())),
            timed_out: reason == Some(Reason::Timeout),
            cancelled: reason == Some(Reason::Cancelled),
            truncated: limited.is_some(),
            duration: self.before.time.elapsed(),
            usage,
        }
    }

    /// Ends what is left of it and forgets it.
    fn leave(&mut self, state: &mut State) {
        self.finished = true;
        if state.generation != self.generation {
            return;
        }
        if self.kind == Kind::Input {
            // Its shell is the session's, which ends it.
            if state.machine.ended(self.id).is_none() && !state.machine.is_idle(self.id) {
                state.machine.interrupt(self.id, Signal::INT);
            }
        } else {
            state.machine.kill(self.id);
            state.machine.finish(self.id);
            state.running.retain(|entry| entry.id != self.id);
            state.wake_others(self.id);
        }
    }
}

impl Stream for Running {
    type Item = Result<ExecEvent, SandboxError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.finished {
            return Poll::Ready(None);
        }
        let began = Instant::now();
        let turn = match this.share.turn(cx.waker()) {
            None if this.must_end(began, cx) => Some(Duration::ZERO),
            turn => turn,
        };
        let Some(time) = turn else {
            if !this.be_patient(began, cx) {
                cx.waker().wake_by_ref();
            }
            return Poll::Pending;
        };
        let shared = Arc::clone(&this.shared);
        let mut state = shared.lock();
        if state.generation != this.generation {
            // The sandbox was closed, or put back to a snapshot.
            this.finished = true;
            let killed = i32::from(Signal::KILL.number());
            let exit = ExecExit {
                exit_code: 128 + killed,
                signal: Some(killed),
                duration: this.before.time.elapsed(),
                ..ExecExit::default()
            };
            return Poll::Ready(Some(Ok(ExecEvent::Exit(exit))));
        }
        let polled = contained(|| this.turn(&mut state, began, time, cx));
        let polled = match polled {
            Ok(polled) => polled,
            Err(fault) => {
                this.finished = true;
                this.share.rests();
                state.give_up_machine(&shared);
                drop(state);
                shared.tell();
                return Poll::Ready(Some(Err(fault)));
            }
        };
        drop(state);
        shared.tell();
        polled.map(|event| {
            match this.finished {
                true => this.share.rests(),
                false => this.share.answered(began.elapsed(), cx.waker()),
            }
            Some(Ok(event))
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.finished {
            let shared = Arc::clone(&self.shared);
            self.leave(&mut shared.lock());
        }
    }
}

/// Runs a machine so that a fault of ours, or of a mounted file system, ends what it runs and nothing else.
pub(super) fn contained<T>(run: impl FnOnce() -> T) -> Result<T, SandboxError> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        SandboxError::backend("run the machine", format!("it failed: {}", said.unwrap_or_default()))
    })
}

/// bash with the request's script, its name and its arguments.
fn shell_argv(request: &ExecRequest) -> Vec<Bytes> {
    let mut argv = vec![Bytes::from_static(b"bash"), Bytes::from_static(b"-c"), request.script.clone()];
    argv.push(request.arg0.clone().map_or(Bytes::from_static(b"bash"), Bytes::from));
    argv.extend(request.args.iter().cloned().map(Bytes::from));
    argv
}

/// What the machine is to start.
fn spec(shared: &Shared, request: &ExecRequest, argv: Vec<Bytes>) -> ExecutionSpec {
    let cwd = request.cwd.as_deref().unwrap_or_default();
    ExecutionSpec {
        argv,
        env: environment(&shared.config, &request.env),
        cwd: Bytes::from(sandbox::resolve(&shared.config.cwd, cwd)),
        stdin: match &request.stdin {
            Stdin::Empty => Some(Bytes::new()),
            Stdin::Bytes(bytes) => Some(bytes.clone()),
            Stdin::Stream(_) => None,
        },
        terminal: false,
    }
}

/// The sandbox's environment with a request's changes.
pub(super) fn environment(config: &Config, changes: &[EnvChange]) -> Arc<[Bytes]> {
    if changes.is_empty() {
        return Arc::clone(&config.env);
    }
    let mut env = config.env.to_vec();
    for change in changes {
        env.retain(|entry| entry.strip_prefix(&change.name[..]).is_none_or(|rest| !rest.starts_with(b"=")));
        if let Some(value) = &change.value {
            env.push(entry(&change.name, value));
        }
    }
    env.into()
}

/// `NAME=value`.
pub(super) fn entry(name: &[u8], value: &[u8]) -> Bytes {
    Bytes::from([name, b"=", value].concat())
}
