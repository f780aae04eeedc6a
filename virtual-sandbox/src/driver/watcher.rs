//! News of changed files: two versions of the tree are compared whenever something has run.

use super::sandbox::{Shared, VirtualSandbox};
use crate::vfs::{ChangeKind, Vfs};
use async_trait::async_trait;
use futures_core::Stream;
use sandbox::{Sandbox, SandboxError, Watch, WatchEvent, WatchEventKind, WatchRequest, Watcher};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::sync::watch::Receiver;

/// How long changes gather before they are told: a file that is written in many pieces has changed once.
const GATHER: Duration = Duration::from_millis(5);

/// A running watch. It sees the changes of whatever happens between two looks together, and none of what was undone.
/// Files of read-write mounts are not watched.
struct Changes {
    /// A watch does not keep the sandbox.
    shared: Weak<Shared>,
    /// Where it is in the tree.
    real: Vec<u8>,
    /// How the caller named it.
    path: Vec<u8>,
    recursive: bool,
    /// The tree when it was looked at last.
    seen: Vfs,
    events: VecDeque<WatchEvent>,
    waits: Pin<Box<dyn Future<Output = Option<Receiver<u64>>> + Send>>,
}

/// Waits until something has run; `None` when the sandbox is gone.
async fn news(mut receiver: Receiver<u64>) -> Option<Receiver<u64>> {
    receiver.changed().await.ok()?;
    tokio::time::sleep(GATHER).await;
    receiver.mark_unchanged();
    Some(receiver)
}

impl Changes {
    /// Compares the tree with what it was; `None` when the sandbox is closed.
    fn look(&mut self) -> Option<()> {
        let shared = self.shared.upgrade()?;
        let now = shared.open("watch files").ok()?.machine.kernel.vfs.clone();
        for change in now.diff(&self.seen) {
            if let Some(path) = self.named(&change.path) {
                let kind = match change.kind {
                    ChangeKind::Added => WatchEventKind::Created,
                    ChangeKind::Removed => WatchEventKind::Removed,
                    ChangeKind::Modified | ChangeKind::Metadata => WatchEventKind::Modified,
                };
                self.events.push_back(WatchEvent { path, kind });
            }
        }
        self.seen = now;
        Some(())
    }

    /// A path of the tree as the caller knows it, if it is watched.
    fn named(&self, path: &[u8]) -> Option<Vec<u8>> {
        let below = path.strip_prefix(&self.real[..])?;
        let root = self.real == b"/";
        let watched = below.is_empty()
            || match below.strip_prefix(b"/") {
                Some(name) => self.recursive || !name.contains(&b'/'),
                None => root && (self.recursive || !below.contains(&b'/')),
            };
        watched.then(|| [&self.path[..], below].concat())
    }
}

impl Stream for Changes {
    type Item = Result<WatchEvent, SandboxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.events.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            let Some(receiver) = ready!(this.waits.as_mut().poll(cx)) else {
                this.waits = Box::pin(std::future::ready(None));
                return Poll::Ready(None);
            };
            this.waits = match this.look() {
                Some(()) => Box::pin(news(receiver)),
                None => Box::pin(std::future::ready(None)),
            };
        }
    }
}

#[async_trait]
impl Watcher for VirtualSandbox {
    async fn watch(&self, request: WatchRequest) -> Result<Watch, SandboxError> {
        let path = self.resolve_path(&request.path);
        let (real, seen) = self.real_path(&path)?;
        let shared = Arc::downgrade(&self.shared);
        let waits = Box::pin(news(self.shared.news.subscribe()));
        let recursive = request.recursive;
        let changes = Changes { shared, real, path, recursive, seen, events: VecDeque::new(), waits };
        Ok(Watch::new(Box::pin(changes)))
    }
}
