//! A running command.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::error::SandboxError;
use crate::result::ExecResult;
use crate::retention::{OutputRetention, Retained};
use crate::usage::Usage;

/// The status of a command that ran longer than its time limit, as with `timeout(1)`.
pub const TIMEOUT_STATUS: i32 = 124;

/// What a running command does, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExecEvent {
    /// It wrote to standard output.
    Stdout(Bytes),
    /// It wrote to standard error.
    Stderr(Bytes),
    /// It ended; always the last event.
    Exit(ExecExit),
}

/// How a command ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecExit {
    /// The shell's exit status, 0 to 255; 128 and the signal's number when a signal ended it, 124 on timeout.
    pub exit_code: i32,
    /// The signal that ended the shell, if one did.
    pub signal: Option<i32>,
    /// Whether the request's time limit ended it.
    pub timed_out: bool,
    /// Whether the request's token ended it.
    pub cancelled: bool,
    /// Whether output was lost to a limit of the sandbox. What [`Execution::collect`] leaves out comes on top.
    pub truncated: bool,
    /// Wall-clock time from start to end.
    pub duration: Duration,
    /// What it cost.
    pub usage: Usage,
}

/// The events of a running command as a stream; an `Err` is the last item and says that the sandbox was lost.
pub type ExecStream = Pin<Box<dyn Stream<Item = Result<ExecEvent, SandboxError>> + Send>>;

/// A running command. Dropping it ends the command and everything it started.
///
/// Events are produced as they are asked for: a caller that does not read stops the command once the buffers between
/// them are full, as a full pipe does.
pub struct Execution {
    stream: ExecStream,
    retention: OutputRetention,
    finished: bool,
}

impl Execution {
    /// Wraps the event stream of an implementation; `retention` is the request's.
    pub fn new(stream: ExecStream, retention: OutputRetention) -> Self {
        Execution { stream, retention, finished: false }
    }

    /// An execution fed through a bounded queue of `capacity` events, and the end that feeds it. When the sender finds
    /// the queue [closed](EventSender::closed), the caller has dropped the execution and the command must end.
    pub fn channel(capacity: usize, retention: OutputRetention) -> (EventSender, Self) {
        let (sender, receiver) = mpsc::channel(capacity.max(1));
        (EventSender { sender }, Execution::new(Box::pin(Receiver { receiver }), retention))
    }

    /// The next event; `None` after the exit event or an error.
    pub async fn next(&mut self) -> Option<Result<ExecEvent, SandboxError>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Runs to the end and gives everything at once, keeping as much output as the request said.
    pub async fn collect(mut self) -> Result<ExecResult, SandboxError> {
        let mut stdout = Retained::new(self.retention);
        let mut stderr = Retained::new(self.retention);
        while let Some(event) = self.next().await {
            match event? {
                ExecEvent::Stdout(chunk) => stdout.push(chunk),
                ExecEvent::Stderr(chunk) => stderr.push(chunk),
                ExecEvent::Exit(exit) => return Ok(ExecResult::new(stdout, stderr, exit)),
            }
        }
        Err(SandboxError::backend("run the command to its end", "the sandbox ended without an exit status"))
    }
}

impl Stream for Execution {
    type Item = Result<ExecEvent, SandboxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.finished {
            return Poll::Ready(None);
        }
        let polled = self.stream.as_mut().poll_next(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_) | Ok(ExecEvent::Exit(_))))) {
            self.finished = true;
        }
        polled
    }
}

impl fmt::Debug for Execution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Execution").field("finished", &self.finished).finish_non_exhaustive()
    }
}

/// The implementation's end of [`Execution::channel`].
#[derive(Debug, Clone)]
pub struct EventSender {
    sender: mpsc::Sender<Result<ExecEvent, SandboxError>>,
}

impl EventSender {
    /// Hands an event to the caller, waiting while the queue is full; `false` when the caller is gone.
    pub async fn send(&self, event: ExecEvent) -> bool {
        self.sender.send(Ok(event)).await.is_ok()
    }

    /// Ends the stream with an error; `false` when the caller is gone.
    pub async fn fail(&self, error: SandboxError) -> bool {
        self.sender.send(Err(error)).await.is_ok()
    }

    /// Waits until the caller has dropped the execution.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }

    /// Whether the caller has dropped the execution.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }
}

struct Receiver {
    receiver: mpsc::Receiver<Result<ExecEvent, SandboxError>>,
}

impl Stream for Receiver {
    type Item = Result<ExecEvent, SandboxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(cx)
    }
}
