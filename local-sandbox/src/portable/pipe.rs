//! The host's ends of a command's standard streams.

use std::cell::RefCell;
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use sandbox::StdinStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::system::{Reader, Writer};

const CHUNK: usize = 64 * 1024;

thread_local! {
    /// Reads land here before they are copied to chunks of their own size; one per thread instead of one per stream.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Polls an optional reader: `None` and dropped when it has ended. One that fails has: so does a terminal that is hung up.
pub fn poll_open(reader: &mut Option<Reader>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
    let Some(open) = reader else { return Poll::Pending };
    let chunk = SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(CHUNK, 0);
        let mut buffer = ReadBuf::new(scratch);
        let read = ready!(Pin::new(open).poll_read(cx, &mut buffer));
        Poll::Ready(read.ok().map(|()| Bytes::copy_from_slice(buffer.filled())))
    });
    let chunk = ready!(chunk).filter(|chunk| !chunk.is_empty());
    if chunk.is_none() {
        *reader = None;
    }
    Poll::Ready(chunk)
}

/// What still goes to a command's standard input.
pub struct Feeder {
    writer: Writer,
    pending: Bytes,
    /// Never locked for sharing: a stream need not be `Sync`, and this makes the feeder so.
    source: Option<Mutex<StdinStream>>,
}

impl Feeder {
    /// Feeds `first`, then what `source` gives.
    pub fn new(writer: Writer, first: Bytes, source: Option<StdinStream>) -> Feeder {
        Feeder { writer, pending: first, source: source.map(Mutex::new) }
    }

    /// Feeds as much as goes; ready when there is no more, or nobody reads.
    pub fn poll_feed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.pending.is_empty() {
                // What a buffer between us and the command holds must have left it before the pipe is closed.
                let _ = ready!(Pin::new(&mut self.writer).poll_flush(cx));
                let Some(source) = &mut self.source else { return Poll::Ready(()) };
                let source = source.get_mut().unwrap_or_else(PoisonError::into_inner);
                match ready!(source.as_mut().poll_next(cx)) {
                    Some(chunk) => self.pending = chunk,
                    None => return Poll::Ready(()),
                }
                continue;
            }
            match ready!(Pin::new(&mut self.writer).poll_write(cx, &self.pending)) {
                Ok(count) if count > 0 => drop(self.pending.split_to(count.min(self.pending.len()))),
                Ok(_) | Err(_) => return Poll::Ready(()),
            }
        }
    }
}

impl fmt::Debug for Feeder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feeder").field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}
