//! Draining what goes on after its command has ended.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Sleep;

use super::pipe::poll_open;
use super::system::{Reader, Tree};
use crate::background::Background;
use crate::spool::Spool;

/// How often it is looked whether any process is left.
const LOOK: Duration = Duration::from_millis(100);

/// Drains both streams until no process is left.
pub struct Drain {
    pub background: Background,
    pub tree: Arc<Tree>,
    pub streams: [Option<Reader>; 2],
    pub spool: Option<Spool>,
    look: Pin<Box<Sleep>>,
}

impl Drain {
    /// Takes over what a command has left.
    pub fn new(background: Background, tree: Arc<Tree>, streams: [Option<Reader>; 2], spool: Option<Spool>) -> Drain {
        Drain { background, tree, streams, spool, look: Box::pin(tokio::time::sleep(LOOK)) }
    }

    /// Ready when no process is left.
    pub fn poll_quiet(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.read(cx);
            if self.look.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if self.tree.living().is_empty() {
                self.tree.settle();
                // What came before the last of them ended.
                self.read(cx);
                self.background.finish();
                return Poll::Ready(());
            }
            self.look.as_mut().reset(tokio::time::Instant::now() + LOOK);
        }
    }
    fn read(&mut self, cx: &mut Context<'_>) {
        for index in 0..self.streams.len() {
            while let Some(reader) = self.streams.get_mut(index)
                && let Poll::Ready(Some(chunk)) = poll_open(reader, cx)
            {
                self.keep(index, &chunk);
            }
        }
    }

    fn keep(&mut self, index: usize, chunk: &Bytes) {
        self.background.remember(chunk);
        let Some(spool) = &mut self.spool else { return };
        spool.write(index, chunk);
        if let Some(failure) = &spool.spooled().failure {
            self.background.note_failure(failure);
        }
    }
}
