//! A running command, seen from the host.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;
use sandbox::{ExecEvent, ExecExit, SandboxError, Usage};
use tokio::sync::oneshot;
use tokio::time::Sleep;

use super::drain::Drain;
use super::pipe::{Feeder, poll_open};
use super::sandbox::Inner;
use super::system::{Ending, Exit, Reader, Screen, ScriptFile, Tree};
use crate::background::Background;
use crate::denial::{DenialHint, LOOKED_AT};
use crate::exit::{KillReason, LocalExit};
use crate::spool::Spool;

/// How long output may pause after the command's end before the rest is left to the background.
const IDLE: Duration = Duration::from_millis(100);
/// How long output is read after the command's end at most.
const DRAIN: Duration = Duration::from_secs(2);

type Cancelled = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A running command. A stream of events; dropping it ends the command and everything it started.
pub struct LocalExecution {
    parts: Parts,
    deadline: Option<Pin<Box<Sleep>>>,
    ending: Option<Ending>,
    /// The end of the whole tree, when it was ordered: what withstood it.
    killing: Option<oneshot::Receiver<Vec<u32>>>,
    killed: Option<KillReason>,
    cancelled: bool,
    bytes: [u64; 2],
    stderr_first: bool,
    draining: Option<Draining>,
    /// How many were alive when the command had ended, once that was looked at.
    left: Option<u32>,
    finished: Option<LocalExit>,
    begun: Instant,
    /// The end of what a confined command said on standard error.
    said: Vec<u8>,
}

/// The time after the command's end in which its output is still read.
struct Draining {
    until: tokio::time::Instant,
    idle: Pin<Box<Sleep>>,
    /// Whether the output is certain to end.
    ends: bool,
}

/// What an execution is made of.
pub struct Parts {
    pub inner: Arc<Inner>,
    pub tree: Arc<Tree>,
    pub exit: Exit,
    pub stdout: Option<Reader>,
    pub stderr: Option<Reader>,
    pub stdin: Option<Feeder>,
    pub screen: Option<Screen>,
    /// Where a long script lies while the shell may read it.
    #[expect(dead_code, reason = "removes the file when the execution goes")]
    pub script: Option<ScriptFile>,
    pub timeout: Option<Duration>,
    pub cancellation: Option<Cancelled>,
    pub kill_background: bool,
    pub spool: Option<Spool>,
    pub command: String,
}

impl LocalExecution {
    pub(crate) fn new(parts: Parts) -> LocalExecution {
        let deadline = parts.timeout.map(|timeout| Box::pin(tokio::time::sleep(timeout)));
        LocalExecution {
            parts,
            deadline,
            ending: None,
            killing: None,
            killed: None,
            cancelled: false,
            bytes: [0; 2],
            stderr_first: false,
            draining: None,
            left: None,
            finished: None,
            begun: Instant::now(),
            said: Vec::new(),
        }
    }

    pub(crate) fn tree(&self) -> &Arc<Tree> {
        &self.parts.tree
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.parts.inner
    }

    /// The terminal, if the command has one and has not ended.
    pub(crate) fn screen(&self) -> Option<&Screen> {
        self.parts.screen.as_ref()
    }

    /// What types on the terminal, once.
    pub(crate) fn take_typing(&mut self) -> Option<super::system::Writer> {
        self.parts.screen.as_mut().and_then(Screen::take_writer)
    }

    /// The process id of the command's shell.
    pub fn pid(&self) -> u32 {
        self.parts.tree.pid()
    }

    /// What only the local sandbox can say; after the exit event.
    pub fn details(&self) -> Option<&LocalExit> {
        self.finished.as_ref()
    }

    /// Ends the command with everything it started; the exit event follows.
    pub fn cancel(&mut self) {
        if !self.cancelled && self.ending.is_none() {
            self.cancelled = true;
            self.end_tree(KillReason::Requested, self.parts.inner.settings.grace);
        }
    }

    fn end_tree(&mut self, reason: KillReason, grace: Duration) {
        if self.killed.is_none() {
            self.killed = Some(reason);
            self.killing = Some(self.parts.inner.end_in_thread(&self.parts.tree, grace));
        }
    }

    /// Sends a signal to the command and everything it started.
    pub fn signal(&self, signal: i32) {
        // What has ended, or knows no such signal, takes none.
        let _ = self.parts.tree.signal(signal);
    }

    /// Whether the command has ended; looks whether it has.
    pub(crate) fn has_ended(&mut self) -> bool {
        if self.finished.is_none() {
            // Whoever polls next has itself woken again.
            self.poll_end(&mut Context::from_waker(Waker::noop()));
        }
        self.ending.is_some() || self.finished.is_some()
    }

    fn poll_end(&mut self, cx: &mut Context<'_>) {
        if let Some(cancellation) = &mut self.parts.cancellation
            && cancellation.as_mut().poll(cx).is_ready()
        {
            self.parts.cancellation = None;
            self.cancel();
        }
        if self.ending.is_none()
            && let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            self.deadline = None;
            self.end_tree(KillReason::Timeout, self.parts.inner.settings.grace);
        }
        if self.ending.is_none()
            && let Poll::Ready(ending) = self.parts.exit.as_mut().poll(cx)
        {
            self.ending = Some(ending);
            self.parts.stdin = None;
        }
        if let Some(killing) = &mut self.killing
            && let Poll::Ready(leaked) = Pin::new(killing).poll(cx)
        {
            self.killing = None;
            // A shell that withstands SIGKILL ends some time; nobody waits for it.
            if leaked.is_ok_and(|leaked| leaked.contains(&self.pid())) {
                self.ending = self.ending.or(Some(Ending::killed()));
            }
        }
        if self.parts.stdin.as_mut().is_some_and(|stdin| stdin.poll_feed(cx).is_ready()) {
            self.parts.stdin = None;
        }
    }

    /// The next output, fair between the streams.
    fn poll_output(&mut self, cx: &mut Context<'_>) -> Poll<ExecEvent> {
        for turn in [self.stderr_first, !self.stderr_first] {
            let (reader, index) = if turn { (&mut self.parts.stderr, 1) } else { (&mut self.parts.stdout, 0) };
            if let Poll::Ready(Some(chunk)) = poll_open(reader, cx) {
                self.stderr_first = !turn;
                return Poll::Ready(self.note(index, chunk));
            }
        }
        Poll::Pending
    }

    fn note(&mut self, index: usize, chunk: Bytes) -> ExecEvent {
        if let Some(spool) = &mut self.parts.spool {
            spool.write(index, &chunk);
        }
        if index == 1 && self.parts.inner.settings.policy.is_some() {
            let last = chunk.get(chunk.len().saturating_sub(LOOKED_AT)..).unwrap_or_default();
            self.said.extend_from_slice(last);
            let excess = self.said.len().saturating_sub(LOOKED_AT);
            self.said.drain(..excess);
        }
        if let Some(count) = self.bytes.get_mut(index) {
            *count += chunk.len() as u64;
        }
        let limit = self.parts.inner.settings.output_limit;
        if limit.is_some_and(|limit| self.bytes.iter().sum::<u64>() > limit) {
            self.end_tree(KillReason::Output, Duration::ZERO);
        }
        if let Some(draining) = self.draining.as_mut().filter(|draining| !draining.ends) {
            draining.idle.as_mut().reset(tokio::time::Instant::now() + IDLE);
        }
        if index == 0 { ExecEvent::Stdout(chunk) } else { ExecEvent::Stderr(chunk) }
    }

    /// Whether the command has ended and its output has been read as far as it is waited for.
    fn poll_drained(&mut self, cx: &mut Context<'_>) -> Poll<Ending> {
        let Some(ending) = self.ending else { return Poll::Pending };
        if self.parts.stdout.is_none() && self.parts.stderr.is_none() {
            return Poll::Ready(ending);
        }
        let now = tokio::time::Instant::now();
        let draining = self.draining.get_or_insert_with(|| Draining {
            until: now + DRAIN,
            idle: Box::pin(tokio::time::sleep(IDLE)),
            ends: false,
        });
        if now < draining.until && draining.idle.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        if now < draining.until && !draining.ends && self.parts.screen.as_mut().is_some_and(Screen::close) {
            draining.ends = true;
            draining.idle.as_mut().reset(draining.until);
            if draining.idle.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        }
        Poll::Ready(ending)
    }

    /// Sees to what the command has left; ready when the result can be given.
    fn poll_left(&mut self, cx: &mut Context<'_>) -> Poll<u32> {
        if self.killing.is_none() && self.left.is_none() {
            let left = u32::try_from(self.parts.tree.living().len()).unwrap_or(u32::MAX);
            self.left = Some(left);
            if left > 0 && self.parts.kill_background && self.killed.is_none() {
                let grace = self.parts.inner.settings.grace;
                self.killing = Some(self.parts.inner.end_in_thread(&self.parts.tree, grace));
            }
        }
        match &mut self.killing {
            Some(killing) => match Pin::new(killing).poll(cx) {
                Poll::Ready(_) => {
                    self.killing = None;
                    Poll::Ready(u32::try_from(self.parts.tree.living().len()).unwrap_or(u32::MAX))
                }
                Poll::Pending => Poll::Pending,
            },
            None => Poll::Ready(self.left.unwrap_or(0)),
        }
    }

    /// Makes the exit event, and leaves what goes on to the background.
    fn finish(&mut self, ending: Ending, still_running: u32) -> ExecExit {
        let timed_out = self.killed == Some(KillReason::Timeout);
        let spooled = self.parts.spool.as_ref().map(|spool| spool.spooled().clone());
        let denial_hint = match &self.parts.inner.settings.policy {
            Some(policy) if ending.code != 0 && self.killed.is_none() => {
                DenialHint::guess(policy, ending.signal, &self.said)
            }
            _ => None,
        };
        self.finished = Some(LocalExit {
            still_running,
            core_dumped: ending.core_dumped,
            killed_by: self.killed,
            denial_hint,
            spooled: spooled.clone(),
            protected_changes: Vec::new(),
        });
        self.parts.screen = None;
        let mut usage = Usage::default();
        if still_running == 0 {
            usage = self.parts.tree.settle();
        } else {
            let background = Background::new(std::mem::take(&mut self.parts.command), still_running, spooled);
            let streams = [self.parts.stdout.take(), self.parts.stderr.take()];
            let tree = Arc::clone(&self.parts.tree);
            let spool = self.parts.spool.take();
            self.parts.inner.keep_in_background(Drain::new(background, tree, streams, spool));
        }
        ExecExit {
            exit_code: self.killed.and_then(KillReason::status).unwrap_or(ending.code),
            signal: ending.signal,
            timed_out,
            cancelled: self.cancelled,
            truncated: self.killed == Some(KillReason::Output),
            duration: self.begun.elapsed(),
            usage: Usage { stdout_bytes: self.bytes[0], stderr_bytes: self.bytes[1], ..usage },
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
        this.poll_end(cx);
        if let Poll::Ready(event) = this.poll_output(cx) {
            return Poll::Ready(Some(Ok(event)));
        }
        let Poll::Ready(ending) = this.poll_drained(cx) else { return Poll::Pending };
        let Poll::Ready(left) = this.poll_left(cx) else { return Poll::Pending };
        Poll::Ready(Some(Ok(ExecEvent::Exit(this.finish(ending, left)))))
    }
}

impl Drop for LocalExecution {
    fn drop(&mut self) {
        if self.finished.is_none() && self.killing.is_none() {
            drop(self.parts.inner.end_in_thread(&self.parts.tree, self.parts.inner.settings.grace));
        }
    }
}

impl fmt::Debug for LocalExecution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalExecution")
            .field("command", &self.parts.command)
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}
