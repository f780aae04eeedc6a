//! Pipes and FIFOs: bounded queues of byte chunks.
//!
//! [POSIX pipe(), write() "Write requests to a pipe or FIFO"; pipe(7)] A pipe holds 64 KiB; a write of at most
//! `PIPE_BUF` bytes is taken whole or not at all. Large chunks pass through without being copied; small writes gather
//! in a tail buffer.

use super::Pid;
use super::write::Payload;
use crate::vfs::Node;
use bytes::{Buf, Bytes};
use smallvec::SmallVec;
use std::collections::VecDeque;

/// How many bytes a pipe holds.
pub const PIPE_CAPACITY: usize = 65_536;
/// Writes up to this size are atomic.
pub const PIPE_BUF: usize = 4096;
/// Writes below this size are gathered.
const GATHER: usize = 4096;

/// A pipe, or a FIFO while it is open.
#[derive(Clone, Debug, Default)]
pub struct Pipe {
    chunks: VecDeque<Bytes>,
    tail: Vec<u8>,
    len: usize,
    /// Open file descriptions that read.
    pub readers: u32,
    /// Open file descriptions that write.
    pub writers: u32,
    /// How often it has been opened for reading, so that a FIFO opener sees one that came and went.
    pub reads_opened: u64,
    /// How often it has been opened for writing.
    pub writes_opened: u64,
    /// Whether programs see a terminal: the host types into it.
    pub terminal: bool,
    /// Whether the end of file was typed on a terminal: readers see it, although more may be typed later.
    pub typed_end: bool,
    /// The FIFO's file, when it is one.
    pub fifo: Option<Node>,
    /// Tasks to wake when data or the end of file arrives.
    pub read_waiters: SmallVec<[Pid; 2]>,
    /// Tasks to wake when room appears or the readers are gone.
    pub write_waiters: SmallVec<[Pid; 2]>,
}

impl Pipe {
    /// A pipe with so many descriptions open on its ends.
    pub fn new(readers: u32, writers: u32) -> Self {
        Pipe { readers, writers, ..Pipe::default() }
    }

    /// The pipe of a FIFO that nobody has open yet.
    pub fn of_fifo(node: Node) -> Self {
        Pipe { fifo: Some(node), ..Pipe::default() }
    }

    /// The pipe into which a terminal's host types.
    pub fn of_host(terminal: bool) -> Self {
        Pipe { readers: 1, writers: 1, terminal, ..Pipe::default() }
    }

    /// How many bytes it holds.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Room left, in bytes.
    pub fn room(&self) -> usize {
        PIPE_CAPACITY.saturating_sub(self.len)
    }

    /// How many bytes of a write of `size` bytes it takes now: 0 = the writer must wait.
    pub fn accepts(&self, size: usize) -> usize {
        let room = self.room();
        if size <= room {
            size
        } else if size <= PIPE_BUF {
            0
        } else {
            room
        }
    }

    /// Forgets what it holds.
    pub fn clear(&mut self) {
        self.chunks.clear();
        self.tail.clear();
        self.len = 0;
    }

    /// Appends the first `length` bytes, whatever the capacity.
    pub fn push<P: Payload + ?Sized>(&mut self, data: &P, length: usize) {
        self.len += length;
        if length < GATHER {
            self.tail.extend_from_slice(data.bytes().get(..length).unwrap_or_default());
            if self.tail.len() >= PIPE_CAPACITY / 2 {
                self.seal();
            }
        } else {
            self.seal();
            self.chunks.push_back(data.chunk(length));
        }
    }

    fn seal(&mut self) {
        if !self.tail.is_empty() {
            self.chunks.push_back(Bytes::from(std::mem::take(&mut self.tail)));
        }
    }

    /// Takes at most `max` bytes from the front.
    pub fn take(&mut self, max: usize) -> Bytes {
        if self.chunks.is_empty() {
            self.seal();
        }
        let Some(front) = self.chunks.front_mut() else { return Bytes::new() };
        let taken = if front.len() <= max { self.chunks.pop_front().unwrap_or_default() } else { front.split_to(max) };
        self.len -= taken.len();
        taken
    }

    /// Takes bytes up to and including `delimiter`, at most `max`, into `into`; whether the delimiter was met.
    /// This is what a byte-by-byte read of a line comes to.
    pub fn take_until(&mut self, delimiter: u8, max: usize, into: &mut Vec<u8>) -> bool {
        let mut left = max;
        while left > 0 {
            if self.chunks.is_empty() {
                self.seal();
            }
            let Some(front) = self.chunks.front_mut() else { return false };
            let window = front.len().min(left);
            let found = memchr::memchr(delimiter, front.get(..window).unwrap_or_default());
            let count = found.map_or(window, |at| at + 1);
            into.extend_from_slice(front.get(..count).unwrap_or_default());
            front.advance(count);
            self.len -= count;
            left -= count;
            if front.is_empty() {
                self.chunks.pop_front();
            }
            if found.is_some() {
                return true;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_writes_are_atomic_and_large_ones_partial() {
        let mut pipe = Pipe::default();
        pipe.push(&Bytes::from(vec![b'x'; PIPE_CAPACITY - 10]), PIPE_CAPACITY - 10);
        assert_eq!(pipe.accepts(10), 10);
        assert_eq!(pipe.accepts(11), 0);
        assert_eq!(pipe.accepts(PIPE_BUF), 0);
        assert_eq!(pipe.accepts(PIPE_BUF + 1), 10);
    }

    #[test]
    fn bytes_come_out_in_the_order_they_went_in() {
        let mut pipe = Pipe::default();
        for piece in [&b"ab"[..], b"cd\n", &[b'z'; 5000]] {
            pipe.push(piece, piece.len());
        }
        let mut line = Vec::new();
        assert!(pipe.take_until(b'\n', usize::MAX, &mut line));
        assert_eq!(line, b"abcd\n");
        assert_eq!(pipe.take(3), "zzz");
        assert_eq!(pipe.len(), 4997);
        assert!(!pipe.take_until(b'\n', usize::MAX, &mut line));
        assert!(pipe.is_empty());
    }
}
