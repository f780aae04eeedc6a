//! News of changed files.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;

use async_trait::async_trait;
use futures_core::Stream;
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;

/// A sandbox that tells when files change.
#[async_trait]
pub trait Watcher: Send + Sync {
    /// Watches a file or directory from now on.
    async fn watch(&self, request: WatchRequest) -> Result<Watch, SandboxError>;
}

/// What to watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchRequest {
    /// A file or directory.
    pub path: Vec<u8>,
    /// Whether directories below are watched too.
    pub recursive: bool,
}

/// A running watch; dropping it ends it.
pub struct Watch {
    stream: Pin<Box<dyn Stream<Item = Result<WatchEvent, SandboxError>> + Send>>,
}

impl Watch {
    /// Wraps the event stream of an implementation.
    pub fn new(stream: Pin<Box<dyn Stream<Item = Result<WatchEvent, SandboxError>> + Send>>) -> Self {
        Watch { stream }
    }

    /// The next change; `None` when the sandbox is closed.
    pub async fn next(&mut self) -> Option<Result<WatchEvent, SandboxError>> {
        poll_fn(|cx| self.stream.as_mut().poll_next(cx)).await
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

/// A changed path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchEvent {
    /// The absolute path.
    pub path: Vec<u8>,
    /// What happened to it.
    pub kind: WatchEventKind,
}

/// What happened to a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum WatchEventKind {
    /// It came into being, or was renamed to this name.
    Created,
    /// Its contents or attributes changed.
    Modified,
    /// It was removed, or renamed away.
    Removed,
    /// Changes were missed: look at everything again.
    Overflow,
}
