//! What goes on after its command has ended: drained, so that a server that logs to the command's output is not killed by
//! a closed pipe, and remembered as far as a bounded tail goes.

use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;

use super::execution::Control;
use super::pipe::{Reader, poll_open};
use super::sweep::{Marked, in_thread};
use crate::linux::protocol::Reply;
use crate::linux::sys::message;
use crate::spool::{Spool, Spooled};

/// Bytes remembered of what background processes say.
const TAIL: usize = 64 * 1024;
/// Chunks of each stream that a pipe may still hold at the end: more is written by somebody else.
const LAST_CHUNKS: usize = 16;

/// Processes that outlived their command.
#[derive(Debug, Clone)]
pub struct Background {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    command: String,
    processes: u32,
    tail: VecDeque<u8>,
    total: u64,
    running: bool,
    spooled: Option<Spooled>,
}

impl Background {
    /// Of a command with this summary and number of descendants, and the files that its output goes to.
    pub(crate) fn new(command: String, processes: u32, spooled: Option<Spooled>) -> Background {
        let shared = Shared { command, processes, tail: VecDeque::new(), total: 0, running: true, spooled };
        Background { shared: Arc::new(Mutex::new(shared)) }
    }

    fn with<T>(&self, use_shared: impl FnOnce(&mut Shared) -> T) -> T {
        use_shared(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The start of the command's script.
    pub fn command(&self) -> String {
        self.with(|shared| shared.command.clone())
    }

    /// How many processes there were when the command ended.
    pub fn processes(&self) -> u32 {
        self.with(|shared| shared.processes)
    }

    /// Whether any of them is alive.
    pub fn is_running(&self) -> bool {
        self.with(|shared| shared.running)
    }

    /// The last 64 KiB of what they said since the command ended, both streams as they came.
    pub fn tail(&self) -> Vec<u8> {
        self.with(|shared| shared.tail.iter().copied().collect())
    }

    /// How much they said since.
    pub fn total(&self) -> u64 {
        self.with(|shared| shared.total)
    }

    /// The command's files, if all output is kept; what they say is added to them. The failure is that of now.
    pub fn spooled(&self) -> Option<Spooled> {
        self.with(|shared| shared.spooled.clone())
    }

    fn remember(&self, chunk: &Bytes) {
        self.with(|shared| {
            shared.total += chunk.len() as u64;
            let kept = chunk.get(chunk.len().saturating_sub(TAIL)..).unwrap_or_default();
            shared.tail.extend(kept);
            let excess = shared.tail.len().saturating_sub(TAIL);
            shared.tail.drain(..excess);
        });
    }

    fn finish(&self) {
        self.with(|shared| shared.running = false);
    }

    fn note_failure(&self, failure: &str) {
        self.with(|shared| {
            if let Some(spooled) = &mut shared.spooled {
                spooled.failure.get_or_insert_with(|| failure.to_owned());
            }
        });
    }
}

/// Drains both streams until no process is left. Ready with whether the supervisor can serve again.
pub(crate) struct Drain {
    pub background: Background,
    pub control: Control,
    pub streams: [Option<Reader>; 2],
    pub spool: Option<Spool>,
}

impl Drain {
    pub(crate) fn poll_quiet(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        for index in 0..self.streams.len() {
            while let Some(reader) = self.streams.get_mut(index)
                && let Poll::Ready(Some(chunk)) = poll_open(reader, cx)
            {
                self.keep(index, &chunk);
            }
        }
        loop {
            let mut buffer = [0; 4096];
            let polled = self.control.poll_with(cx, |fd| message::receive(fd.as_fd(), &mut buffer, false));
            let received = match polled {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(received) => received,
            };
            let reply = received.ok().and_then(|received| Reply::decode(buffer.get(..received.length)?).ok());
            match reply {
                Some(Reply::Quiet) => {
                    self.keep_last_words();
                    self.background.finish();
                    return Poll::Ready(true);
                }
                Some(_) => {}
                None => {
                    // Its supervisor is gone, by the sandbox's end or by force: what is left has nobody else.
                    let marked = Marked::of(self.control.link().mark);
                    drop(in_thread(move || drop(marked.kill())));
                    self.keep_last_words();
                    self.background.finish();
                    return Poll::Ready(false);
                }
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

    /// What came between the last reading and the word that nothing is left.
    fn keep_last_words(&mut self) {
        for index in 0..self.streams.len() {
            for _ in 0..LAST_CHUNKS {
                let Some(chunk) = self.streams.get(index).and_then(|reader| reader.as_ref()?.left()) else { break };
                self.keep(index, &chunk);
            }
        }
    }
}
