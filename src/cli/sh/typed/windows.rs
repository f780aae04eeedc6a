//! What is typed on the console while a command runs.
//!
//! Windows does not tell that a line is there without reading it: a line is read when it is asked for, and one that was asked
//! for by a command that has ended meanwhile is lost to the prompt.

use std::future::Future;
use std::io::{self, BufRead};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use sandbox::types::Stream;
use tokio::task::JoinHandle;

/// The lines typed on standard input until the end of file is.
#[derive(Default)]
pub struct Typed {
    reads: Option<JoinHandle<io::Result<Bytes>>>,
    ended: bool,
}

/// A line; empty at the end of file.
fn line() -> io::Result<Bytes> {
    let mut line = Vec::new();
    io::stdin().lock().read_until(b'\n', &mut line)?;
    Ok(line.into())
}

impl Stream for Typed {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let reads = self.reads.get_or_insert_with(|| tokio::task::spawn_blocking(line));
        let read = ready!(Pin::new(reads).poll(cx));
        self.reads = None;
        match read {
            Ok(Ok(line)) if !line.is_empty() => Poll::Ready(Some(line)),
            _ => {
                self.ended = true;
                Poll::Ready(None)
            }
        }
    }
}
