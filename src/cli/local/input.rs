//! Standard input of a command, from a file or our own.

use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use sandbox::Stdin;
use tokio::sync::mpsc;

use super::Failure;

/// Chunks read ahead of the command.
const AHEAD: usize = 4;

/// What `--stdin` says: nothing, a file, or `-`.
pub fn open(from: Option<&Path>) -> Result<Stdin, Failure> {
    let Some(path) = from else { return Ok(Stdin::Empty) };
    if path == Path::new("-") {
        return Ok(Stdin::Stream(Box::pin(read_in_thread(io::stdin()))));
    }
    match std::fs::File::open(path) {
        Ok(file) => Ok(Stdin::Stream(Box::pin(read_in_thread(file)))),
        Err(source) => Err(Failure::Io { what: format!("--stdin '{}'", path.display()), source }),
    }
}

/// Reads on a thread of its own, which nothing waits for at the end.
pub fn read_in_thread(mut source: impl Read + Send + 'static) -> Chunks {
    let (sender, receiver) = mpsc::channel(AHEAD);
    std::thread::spawn(move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match source.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => {
                    let chunk = Bytes::copy_from_slice(buffer.get(..count).unwrap_or_default());
                    if sender.blocking_send(chunk).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    });
    Chunks(receiver)
}

/// What the thread has read.
pub struct Chunks(pub mpsc::Receiver<Bytes>);

impl Stream for Chunks {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_recv(cx)
    }
}
