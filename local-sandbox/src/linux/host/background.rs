//! Draining what goes on after its command has ended.

use std::os::fd::AsFd;
use std::task::{Context, Poll};

use bytes::Bytes;

use super::execution::Control;
use super::pipe::{Reader, poll_open};
use super::sweep::{Marked, in_thread};
use crate::background::Background;
use crate::linux::protocol::Reply;
use crate::linux::sys::message;
use crate::spool::Spool;

/// Chunks of each stream that a pipe may still hold at the end: more is written by somebody else.
const LAST_CHUNKS: usize = 16;

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
