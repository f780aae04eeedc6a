//! Reading and typing on terminals; the same on every platform, each of which includes this file.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use sandbox::{ExecEvent, SandboxError, Terminal, TerminalEvent, TerminalRequest, TerminalSize, Terminals};

use super::{LocalSandbox, LocalTerminal};
use crate::exit::LocalExit;
use crate::yields::{YieldFor, Yielded};

impl LocalTerminal {
    /// Polls for the next thing that happens.
    pub fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<TerminalEvent, SandboxError>>> {
        Pin::new(&mut self.execution).poll_next(cx).map(|event| {
            event.map(|event| {
                event.map(|event| match event {
                    ExecEvent::Stdout(chunk) | ExecEvent::Stderr(chunk) => TerminalEvent::Output(chunk),
                    ExecEvent::Exit(exit) => TerminalEvent::Exit(exit),
                })
            })
        })
    }

    /// The next thing that happens; `None` after the exit.
    pub async fn event(&mut self) -> Option<Result<TerminalEvent, SandboxError>> {
        std::future::poll_fn(|cx| self.poll_event(cx)).await
    }

    /// Types the interrupt character, as Ctrl-C does.
    pub async fn interrupt(&self) -> io::Result<()> {
        self.type_bytes(Bytes::from_static(b"\x03")).await
    }

    /// Reads until the command pauses, some bytes are there, or time is over, whichever comes first. What a read that is
    /// dropped has seen is given by the next.
    pub async fn read(&mut self, wait: YieldFor) -> Result<Yielded, SandboxError> {
        let deadline = tokio::time::Instant::now() + wait.max;
        let mut found = !self.unread.is_empty() && self.unread.push(b"", &wait);
        while !found && tokio::time::Instant::now() < deadline {
            let idle = tokio::time::Instant::now() + wait.idle;
            let pause = if self.unread.is_empty() { deadline } else { deadline.min(idle) };
            match tokio::time::timeout_at(pause, self.event()).await {
                Err(_elapsed) => break,
                Ok(None) => break,
                Ok(Some(Err(error))) => return Err(error),
                Ok(Some(Ok(TerminalEvent::Exit(exit)))) => return Ok(self.unread.give(Some(exit))),
                Ok(Some(Ok(TerminalEvent::Output(chunk)))) => found = self.unread.push(&chunk, &wait),
            }
        }
        Ok(self.unread.give(None))
    }

    /// Ends what runs in it: TERM, the grace, KILL. The exit event follows.
    pub fn end(&mut self) {
        self.execution.cancel();
    }

    /// What only the local sandbox can say; after the exit event.
    pub fn details(&self) -> Option<&LocalExit> {
        self.execution.details()
    }

    /// Whether the command has ended, also when nobody has read so far.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.execution.has_ended()
    }
}

#[async_trait]
impl Terminals for LocalSandbox {
    async fn open(&self, request: TerminalRequest) -> Result<Box<dyn Terminal>, SandboxError> {
        let opened = self.open_terminal(request).await;
        let terminal = opened.map_err(|error| error.into_sandbox_error("a terminal".to_owned()))?;
        Ok(Box::new(terminal))
    }
}

#[async_trait]
impl Terminal for LocalTerminal {
    async fn next(&mut self) -> Option<Result<TerminalEvent, SandboxError>> {
        self.event().await
    }

    async fn write(&self, input: Bytes) -> Result<(), SandboxError> {
        self.type_bytes(input).await.map_err(|error| SandboxError::backend("type", error))
    }

    async fn resize(&self, size: TerminalSize) -> Result<(), SandboxError> {
        self.set_size(size).map_err(|error| SandboxError::backend("resize the terminal", error))
    }

    async fn signal(&self, signal: i32) -> Result<(), SandboxError> {
        self.send_signal(signal);
        Ok(())
    }
}
