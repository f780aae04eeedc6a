//! A running command, seen from the host.

use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;
use nix::errno::Errno;
use nix::sys::signal::Signal;
use sandbox::{ExecEvent, ExecExit, SandboxError, Usage};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::oneshot;
use tokio::time::Sleep;
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::background::Drain;
use super::helper::{Link, OVERDUE, RESUMED, Supervisor};
use super::pipe::{Feeder, Reader, poll_open};
use super::sweep::{Marked, in_thread};
use crate::background::Background;
use crate::denial::{DenialHint, LOOKED_AT};
use crate::error::ExecError;
use crate::exit::{KillReason, LocalExit};
use crate::linux::protocol::{Ended, Order, Reply, Stage};
use crate::linux::sandbox::Inner;
use crate::linux::sys::{message, reactor};
use crate::spool::Spool;

/// How long output may pause after the command's end before the rest is left to the background.
const IDLE: Duration = Duration::from_millis(100);
/// How long output is read after the command's end at most.
const DRAIN: Duration = Duration::from_secs(2);

/// How long the supervisor's word is looked for without sleeping.
const WORD_PATIENCE: Duration = Duration::from_micros(60);

/// The socket to the supervisor, registered with the runtime that polls it.
pub struct Control {
    fd: AsyncFd<Link>,
}

impl Control {
    /// Registers the link with the current runtime.
    pub fn new(link: Link) -> io::Result<Control> {
        Ok(Control { fd: reactor::watch(link, Interest::READABLE)? })
    }

    /// The link itself.
    pub fn link(&self) -> &Link {
        self.fd.get_ref()
    }

    /// Gives the link back.
    pub fn into_link(self) -> Link {
        self.fd.into_inner()
    }

    /// Tries `receive` whenever there may be a message.
    pub fn poll_with<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut receive: impl FnMut(BorrowedFd<'_>) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            let mut guard = match self.fd.poll_read_ready(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(guard) => guard?,
            };
            if let Ok(result) = guard.try_io(|fd| receive(fd.get_ref().as_fd())) {
                return Poll::Ready(result);
            }
        }
    }
}

/// A running command. A stream of events; dropping it ends the command and everything it started.
pub struct LocalExecution {
    inner: Arc<Inner>,
    control: Option<Control>,
    stdout: Option<Reader>,
    stderr: Option<Reader>,
    stdin: Option<Feeder>,
    cancellation: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    command: String,
    grace: Duration,
    output_limit: Option<u64>,
    bytes: [u64; 2],
    stderr_first: bool,
    cancelled: bool,
    killed: Option<KillReason>,
    ended: Option<Ended>,
    quiet: bool,
    draining: Option<Draining>,
    finished: Option<LocalExit>,
    master: Option<OwnedFd>,
    pid: u32,
    program: Vec<u8>,
    directory: Vec<u8>,
    begun: Instant,
    overdue: Option<Overdue>,
    silence: Option<Pin<Box<Sleep>>>,
    sweeping: Option<oneshot::Receiver<()>>,
    spool: Option<Spool>,
    /// The end of what a confined command said on standard error.
    said: Vec<u8>,
}

/// What is done about a supervisor that does not end its tree when it should: a command may have stopped it.
struct Overdue {
    at: Pin<Box<Sleep>>,
    /// Whether it was continued already.
    resumed: bool,
}

/// The time after the command's end in which its output is still read.
struct Draining {
    until: Instant,
    idle: Pin<Box<Sleep>>,
}

/// What an execution is made of.
pub(crate) struct Parts {
    pub inner: Arc<Inner>,
    pub control: Control,
    pub stdout: Option<Reader>,
    pub stderr: Option<Reader>,
    pub stdin: Option<Feeder>,
    pub cancellation: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    pub command: String,
    pub grace: Duration,
    pub output_limit: Option<u64>,
    pub timeout: Option<Duration>,
    pub spool: Option<Spool>,
    pub program: Vec<u8>,
    pub directory: Vec<u8>,
}

impl LocalExecution {
    pub(crate) fn new(parts: Parts) -> LocalExecution {
        let overdue = parts.timeout.map(|timeout| Overdue::after(timeout.saturating_add(parts.grace)));
        LocalExecution {
            inner: parts.inner,
            control: Some(parts.control),
            stdout: parts.stdout,
            stderr: parts.stderr,
            stdin: parts.stdin,
            cancellation: parts.cancellation,
            command: parts.command,
            grace: parts.grace,
            output_limit: parts.output_limit,
            bytes: [0; 2],
            stderr_first: false,
            cancelled: false,
            killed: None,
            ended: None,
            quiet: false,
            draining: None,
            finished: None,
            master: None,
            pid: 0,
            program: parts.program,
            directory: parts.directory,
            begun: Instant::now(),
            overdue,
            silence: None,
            sweeping: None,
            spool: parts.spool,
            said: Vec::new(),
        }
    }

    /// Waits until the command runs; only of one that is announced. On failure the supervisor serves the next command.
    pub(crate) async fn started(&mut self) -> Result<(), ExecError> {
        let answer = std::future::poll_fn(|cx| self.poll_reply(cx)).await;
        match answer {
            Ok(Reply::Started(pid)) => {
                self.pid = pid;
                Ok(())
            }
            Ok(Reply::Failed(stage, errno)) => Err(self.refused(stage, errno)),
            _ => {
                self.finished = Some(LocalExit::default());
                self.control = None;
                Err(ExecError::HelperDied)
            }
        }
    }

    /// Why it has not run; the supervisor is free.
    fn refused(&mut self, stage: Stage, errno: i32) -> ExecError {
        if let Some(control) = self.control.take() {
            self.inner.release(control.into_link());
        }
        self.finished = Some(LocalExit::default());
        self.not_run(stage, errno)
    }

    fn not_run(&self, stage: Stage, errno: i32) -> ExecError {
        let source = io::Error::from_raw_os_error(errno);
        match (stage, Errno::from_raw(errno)) {
            (Stage::Directory, _) => ExecError::Cwd { path: self.directory.clone(), source },
            (_, Errno::E2BIG) => ExecError::TooBig,
            (Stage::Fork, _) => ExecError::Resources(source),
            (Stage::Program, _) => ExecError::Spawn { program: self.program.clone(), source },
            _ => ExecError::Confinement { stage: stage.name(), source },
        }
    }

    /// The process id of a command on a terminal, as its sandbox counts; 0 for others.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The terminal's master, once, if the command has one.
    pub(crate) fn take_master(&mut self) -> Option<OwnedFd> {
        self.master.take()
    }

    /// Reads standard output from `reader`.
    pub(crate) fn read_from(&mut self, reader: Reader) {
        self.stdout = Some(reader);
    }

    /// What only the local sandbox can say; after the exit event.
    pub fn details(&self) -> Option<&LocalExit> {
        self.finished.as_ref()
    }

    /// Ends the command with everything it started; the exit event follows.
    pub fn cancel(&mut self) {
        if !self.cancelled && self.ended.is_none() {
            self.cancelled = true;
            self.end_tree(self.grace);
        }
    }

    fn end_tree(&mut self, grace: Duration) {
        self.order(Order::Kill { grace });
        self.overdue = Some(Overdue::after(grace));
    }

    /// Sends a signal to the command and everything it started.
    pub fn signal(&self, signal: i32) {
        self.order(Order::Signal(signal));
    }

    /// The way to the supervisor while it serves this command.
    pub(crate) fn link(&self) -> Weak<Supervisor> {
        self.control.as_ref().map(|control| Arc::downgrade(control.link())).unwrap_or_default()
    }

    fn order(&self, order: Order) {
        if let Some(control) = &self.control {
            // A supervisor that does not take orders has died, which its socket tells.
            let _ = message::send(control.link().as_fd(), &order.encode(), &[], false);
        }
    }

    /// Looks for the supervisor's word a little longer before sleeping: both streams have just ended, so that it is on its
    /// way, and falling asleep and being woken would take longer than it does.
    fn await_word(&self) -> Option<Result<Reply, ExecError>> {
        let control = self.control.as_ref()?;
        let mut buffer = [0; 4096];
        let until = Instant::now() + WORD_PATIENCE;
        while Instant::now() < until {
            match message::receive(control.link().as_fd(), &mut buffer, false) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => std::thread::yield_now(),
                Err(error) => return Some(Err(error.into())),
                Ok(received) if received.length == 0 => return Some(Err(ExecError::HelperDied)),
                Ok(received) => {
                    let bytes = buffer.get(..received.length).unwrap_or_default();
                    return Some(Reply::decode(bytes).map_err(ExecError::from));
                }
            }
        }
        None
    }

    /// Both streams have ended and nothing was said of the command's end: it may have closed them and go on, or have stopped
    /// its supervisor, which is then continued.
    fn await_supervisor(&mut self, cx: &mut Context<'_>) {
        let silence = self.silence.insert(Box::pin(tokio::time::sleep(OVERDUE)));
        // Never ready at once; registers us.
        let _ = silence.as_mut().poll(cx);
    }

    fn poll_reply(&mut self, cx: &mut Context<'_>) -> Poll<Result<Reply, ExecError>> {
        let Some(control) = &mut self.control else { return Poll::Ready(Err(ExecError::HelperDied)) };
        let mut buffer = [0; 4096];
        let Poll::Ready(received) = control.poll_with(cx, |fd| message::receive(fd, &mut buffer, false)) else {
            return Poll::Pending;
        };
        let mut received = received?;
        if received.length == 0 {
            return Poll::Ready(Err(ExecError::HelperDied));
        }
        if let Some(master) = received.descriptors.pop() {
            self.master = Some(master);
        }
        Poll::Ready(Reply::decode(buffer.get(..received.length).unwrap_or_default()).map_err(ExecError::from))
    }

    /// Takes what the supervisor says until it says no more.
    fn poll_control(&mut self, cx: &mut Context<'_>) -> Result<(), ExecError> {
        while self.control.is_some()
            && !self.quiet
            && (self.ended.is_none() || self.ended.is_some_and(|end| end.still_running > 0))
        {
            match self.poll_reply(cx) {
                Poll::Pending => break,
                Poll::Ready(word) => self.take_word(word)?,
            }
        }
        Ok(())
    }

    /// Whether the command has ended; looks whether its end was told.
    pub(crate) fn has_ended(&mut self) -> bool {
        // Whoever polls next has itself woken again.
        let mut cx = Context::from_waker(Waker::noop());
        if let Err(error) = self.poll_control(&mut cx) {
            drop(self.fail(error));
        }
        self.ended.is_some() || self.finished.is_some()
    }

    fn poll_sweeping(&mut self, cx: &mut Context<'_>) {
        if self.sweeping.as_mut().is_some_and(|sweeping| Pin::new(sweeping).poll(cx).is_ready()) {
            self.sweeping = None;
            self.end_without_supervisor();
        }
    }

    fn take_word(&mut self, word: Result<Reply, ExecError>) -> Result<(), ExecError> {
        match word {
            Ok(Reply::Ended(end)) => {
                self.quiet = end.still_running == 0;
                self.ended = Some(end);
                self.stdin = None;
            }
            Ok(Reply::Quiet) => self.quiet = true,
            Ok(Reply::Failed(stage, errno)) => return Err(self.refused(stage, errno)),
            Ok(_) => {}
            Err(ExecError::HelperDied) => self.lose_supervisor(),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Ends the stream with an error.
    fn fail(&mut self, error: ExecError) -> SandboxError {
        self.finished = Some(LocalExit::default());
        self.control = None;
        error.into_sandbox_error(std::mem::take(&mut self.command))
    }

    /// Does the supervisor's part when it has died, which only a command can bring about, or does nothing: ends what is left
    /// of its tree. The warden would, unless it was killed as well.
    fn lose_supervisor(&mut self) {
        let Some(control) = self.control.take() else { return };
        if self.ended.is_some() {
            // Of what it left in the background.
            self.quiet = true;
        }
        let marked = Marked::of(control.link().mark);
        self.sweeping = Some(in_thread(move || drop(marked.kill())));
    }

    /// Takes the loss of the supervisor for the command's end.
    fn end_without_supervisor(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let duration = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let killed = Some(KillReason::Helper);
        self.quiet = true;
        self.ended = Some(Ended { status: Signal::SIGKILL as i32, killed, duration, ..Ended::default() });
    }

    /// Sees to a supervisor that is late: has it continued first, then does its part.
    fn poll_overdue(&mut self, cx: &mut Context<'_>) {
        if self.ended.is_some() || self.sweeping.is_some() {
            return;
        }
        let Some(control) = &self.control else { return };
        let marked = Marked::of(control.link().mark);
        if self.silence.as_mut().is_some_and(|silence| silence.as_mut().poll(cx).is_ready()) {
            self.silence = None;
            drop(in_thread(move || marked.resume()));
        }
        while let Some(overdue) = &mut self.overdue
            && overdue.at.as_mut().poll(cx).is_ready()
        {
            if overdue.resumed {
                self.killed =
                    self.killed.or(Some(if self.cancelled { KillReason::Requested } else { KillReason::Timeout }));
                self.overdue = None;
                self.lose_supervisor();
            } else {
                overdue.resumed = true;
                overdue.at.as_mut().reset(tokio::time::Instant::now() + RESUMED);
                drop(in_thread(move || marked.resume()));
            }
        }
    }

    /// The next output, fair between the streams.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<ExecEvent> {
        for turn in [self.stderr_first, !self.stderr_first] {
            let (reader, index) = if turn { (&mut self.stderr, 1) } else { (&mut self.stdout, 0) };
            if let Poll::Ready(Some(chunk)) = poll_open(reader, cx) {
                self.stderr_first = !turn;
                return Poll::Ready(self.note(index, chunk));
            }
        }
        Poll::Pending
    }

    fn note(&mut self, index: usize, chunk: Bytes) -> ExecEvent {
        if let Some(spool) = &mut self.spool {
            spool.write(index, &chunk);
        }
        if index == 1 && self.inner.settings.policy.is_some() {
            let last = chunk.get(chunk.len().saturating_sub(LOOKED_AT)..).unwrap_or_default();
            self.said.extend_from_slice(last);
            let excess = self.said.len().saturating_sub(LOOKED_AT);
            self.said.drain(..excess);
        }
        if let Some(count) = self.bytes.get_mut(index) {
            *count += chunk.len() as u64;
        }
        if self.output_limit.is_some_and(|limit| self.bytes.iter().sum::<u64>() > limit) && self.killed.is_none() {
            self.killed = Some(KillReason::Output);
            self.end_tree(Duration::ZERO);
        }
        if let Some(draining) = &mut self.draining {
            draining.idle.as_mut().reset(tokio::time::Instant::now() + IDLE);
        }
        if index == 0 { ExecEvent::Stdout(chunk) } else { ExecEvent::Stderr(chunk) }
    }

    /// Whether the command has ended and its output has been read as far as it is waited for.
    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.ended.is_none() {
            return Poll::Pending;
        }
        if self.stdout.is_none() && self.stderr.is_none() {
            return Poll::Ready(());
        }
        let now = Instant::now();
        let draining = self
            .draining
            .get_or_insert_with(|| Draining { until: now + DRAIN, idle: Box::pin(tokio::time::sleep(IDLE)) });
        if now >= draining.until || draining.idle.as_mut().poll(cx).is_ready() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Makes the exit event, and leaves what goes on to the background.
    fn finish(&mut self, end: Ended) -> ExecExit {
        let status = Status::of(end.status);
        let killed_by = self.killed.or(end.killed);
        let timed_out = killed_by == Some(KillReason::Timeout);
        let still_running = if self.quiet { 0 } else { end.still_running };
        let protected_changes = self.inner.look_at_protected();
        let denial_hint = match &self.inner.settings.policy {
            Some(policy) if status.code != 0 && killed_by.is_none() => {
                DenialHint::guess(policy, status.signal, &self.said)
            }
            _ => None,
        };
        self.finished = Some(LocalExit {
            still_running,
            core_dumped: status.core_dumped,
            killed_by,
            denial_hint,
            spooled: self.spool.as_ref().map(|spool| spool.spooled().clone()),
            protected_changes,
        });
        self.hand_over(still_running);
        ExecExit {
            exit_code: killed_by.and_then(KillReason::status).unwrap_or(status.code),
            signal: status.signal,
            timed_out,
            cancelled: self.cancelled,
            truncated: killed_by == Some(KillReason::Output),
            duration: Duration::from_micros(end.duration),
            usage: Usage {
                cpu: Some(Duration::from_micros(end.user_time + end.system_time)),
                peak_memory: Some(end.max_resident * 1024),
                stdout_bytes: self.bytes[0],
                stderr_bytes: self.bytes[1],
                ..Usage::default()
            },
        }
    }

    fn hand_over(&mut self, still_running: u32) {
        let Some(control) = self.control.take() else { return };
        if self.quiet {
            self.inner.release(control.into_link());
            return;
        }
        let spool = self.spool.take();
        let spooled = spool.as_ref().map(|spool| spool.spooled().clone());
        let background = Background::new(std::mem::take(&mut self.command), still_running, spooled);
        let streams = [self.stdout.take(), self.stderr.take()];
        self.inner.keep_in_background(Drain { background, control, streams, spool });
    }
}

/// A wait status, taken apart.
struct Status {
    code: i32,
    signal: Option<i32>,
    core_dumped: bool,
}

impl Status {
    fn of(raw: i32) -> Status {
        let signal = raw & 0x7f;
        if signal == 0 {
            Status { code: (raw >> 8) & 0xff, signal: None, core_dumped: false }
        } else {
            Status { code: 128 + signal, signal: Some(signal), core_dumped: raw & 0x80 != 0 }
        }
    }
}

impl Stream for LocalExecution {
    type Item = Result<ExecEvent, SandboxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.finished.is_some() {
            return Poll::Ready(None);
        }
        if let Some(cancellation) = &mut this.cancellation
            && cancellation.as_mut().poll(cx).is_ready()
        {
            this.cancellation = None;
            this.cancel();
        }
        this.poll_overdue(cx);
        if let Err(error) = this.poll_control(cx) {
            return Poll::Ready(Some(Err(this.fail(error))));
        }
        if this.stdin.as_mut().is_some_and(|stdin| stdin.poll_feed(cx).is_ready()) {
            this.stdin = None;
        }
        let reading = this.stdout.is_some() || this.stderr.is_some();
        if let Poll::Ready(event) = this.poll_output(cx) {
            return Poll::Ready(Some(Ok(event)));
        }
        if reading
            && this.stdout.is_none()
            && this.stderr.is_none()
            && this.ended.is_none()
            && let Some(Err(error)) = this.await_word().map(|word| this.take_word(word))
        {
            return Poll::Ready(Some(Err(this.fail(error))));
        }
        if reading && this.stdout.is_none() && this.stderr.is_none() && this.ended.is_none() {
            this.await_supervisor(cx);
        }
        this.poll_sweeping(cx);
        match (this.poll_drained(cx), this.ended) {
            (Poll::Ready(()), Some(end)) => Poll::Ready(Some(Ok(ExecEvent::Exit(this.finish(end))))),
            _ => Poll::Pending,
        }
    }
}

impl Overdue {
    fn after(time: Duration) -> Overdue {
        Overdue { at: Box::pin(tokio::time::sleep(time.saturating_add(OVERDUE))), resumed: false }
    }
}

impl Drop for LocalExecution {
    fn drop(&mut self) {
        match self.control.take() {
            Some(control) if self.quiet => self.inner.release(control.into_link()),
            Some(control) => self.inner.abandon(control.into_link(), self.grace),
            None => {}
        }
    }
}

impl fmt::Debug for LocalExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalExecution").field("command", &self.command).field("pid", &self.pid).finish_non_exhaustive()
    }
}
