//! Consoles: what one execution writes to the host, in the order it was written.

use super::Pid;
use super::fd::Stream;
use super::write::Payload;
use bytes::Bytes;
use smallvec::SmallVec;
use std::collections::VecDeque;

/// Names a console.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ConsoleId(pub u32);

/// How many bytes wait for the host before writers are blocked.
pub const CONSOLE_CAPACITY: usize = 262_144;
/// Small writes of one stream that follow each other are gathered up to this size.
const GATHER: usize = 16_384;

/// The output of one execution.
#[derive(Clone, Debug, Default)]
pub struct Console {
    chunks: VecDeque<(Stream, Bytes)>,
    tail: Vec<u8>,
    tail_stream: Option<Stream>,
    len: usize,
    /// Bytes written in all.
    pub written: u64,
    /// Whether programs see a terminal.
    pub terminal: bool,
    /// Whether the host is gone: writes fail with EIO.
    pub closed: bool,
    /// Open file descriptions that refer to it.
    pub writers: u32,
    /// Tasks to wake when the host has taken output.
    pub waiters: SmallVec<[Pid; 2]>,
}

impl Console {
    /// An empty console.
    pub fn new(terminal: bool) -> Self {
        Console { terminal, ..Console::default() }
    }

    /// Whether a writer must wait.
    pub fn is_full(&self) -> bool {
        self.len >= CONSOLE_CAPACITY
    }

    /// Whether nothing waits for the host.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends the first `length` bytes of output.
    pub fn push<P: Payload + ?Sized>(&mut self, stream: Stream, data: &P, length: usize) {
        self.len += length;
        self.written += length as u64;
        if self.tail_stream != Some(stream) || length >= GATHER {
            self.seal();
        }
        if length >= GATHER {
            self.chunks.push_back((stream, data.chunk(length)));
            return;
        }
        self.tail_stream = Some(stream);
        self.tail.extend_from_slice(data.bytes().get(..length).unwrap_or_default());
        if self.tail.len() >= GATHER {
            self.seal();
        }
    }

    fn seal(&mut self) {
        if let Some(stream) = self.tail_stream.take() {
            self.chunks.push_back((stream, Bytes::from(std::mem::take(&mut self.tail))));
        }
    }

    /// Takes the next piece of output.
    pub fn take(&mut self) -> Option<(Stream, Bytes)> {
        if self.chunks.is_empty() {
            self.seal();
        }
        let (stream, data) = self.chunks.pop_front()?;
        self.len -= data.len();
        Some((stream, data))
    }
}
