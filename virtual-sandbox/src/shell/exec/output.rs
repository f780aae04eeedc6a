//! What a builtin writes: gathered while it runs, written when it is done.

use super::divert::Divert;
use super::frame::Frame;
use super::task::{Context, Flow, Ran, ShellTask};
use crate::errno::Errno;
use crate::kernel::{ExitStatus, Fault};
use crate::shell::options::ShellOption;
use crate::sys::Fd;
use bytes::Bytes;
use smallvec::SmallVec;

/// Pieces of output in the order they were written.
#[derive(Clone, Default)]
pub(crate) struct Output {
    pieces: SmallVec<[(Fd, Vec<u8>); 1]>,
    /// The builtin's name, for the message of a write that fails.
    name: Option<&'static str>,
    /// An empty buffer that the next piece begins with: most builtins write a line, and need no memory of their own.
    spare: Vec<u8>,
}

/// The largest buffer that is kept as a spare.
const SPARE: usize = 4096;

impl Output {
    /// Appends to what goes to a descriptor.
    pub(crate) fn push(&mut self, fd: Fd, bytes: &[u8]) {
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == fd => piece.extend_from_slice(bytes),
            _ => {
                let mut piece = std::mem::take(&mut self.spare);
                piece.extend_from_slice(bytes);
                self.pieces.push((fd, piece));
            }
        }
    }

    /// The buffer of standard output.
    pub(crate) fn stdout(&mut self) -> &mut Vec<u8> {
        let fresh = !matches!(self.pieces.last(), Some((Fd::STDOUT, _)));
        if fresh {
            self.pieces.push((Fd::STDOUT, std::mem::take(&mut self.spare)));
        }
        let last = self.pieces.len() - 1;
        &mut self.pieces[last].1
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    fn clear(&mut self) {
        self.pieces.clear();
        self.name = None;
    }

    /// Keeps the buffer of a piece that has been written.
    fn keep(&mut self, mut piece: Vec<u8>) {
        if piece.capacity() <= SPARE {
            piece.clear();
            self.spare = piece;
        }
    }
}

/// What is left of a piece that is being written.
enum Unwritten {
    /// A short text, of which this many bytes are written: copied to where it goes.
    Copied(Vec<u8>, usize),
    /// A long one: shared with where it goes.
    Shared(Bytes),
}

impl From<Vec<u8>> for Unwritten {
    fn from(piece: Vec<u8>) -> Self {
        if piece.capacity() <= SPARE { Self::Copied(piece, 0) } else { Self::Shared(Bytes::from(piece)) }
    }
}

impl Unwritten {
    fn is_empty(&self) -> bool {
        match self {
            Self::Copied(text, from) => *from >= text.len(),
            Self::Shared(chunk) => chunk.is_empty(),
        }
    }

    fn advance(&mut self, taken: usize) {
        match self {
            Self::Copied(_, from) => *from = from.saturating_add(taken),
            Self::Shared(chunk) => *chunk = chunk.slice(taken.min(chunk.len())..),
        }
    }

    fn rest(self) -> Vec<u8> {
        match self {
            Self::Copied(mut text, from) => {
                text.drain(..from.min(text.len()));
                text
            }
            Self::Shared(chunk) => chunk.to_vec(),
        }
    }
}

impl ShellTask {
    /// Writes to standard output, at the end of the builtin.
    pub(crate) fn out(&mut self, bytes: &[u8]) {
        self.output.push(Fd::STDOUT, bytes);
    }

    /// Says `bash: line N: message` on standard error, at the end of the builtin.
    pub(crate) fn error(&mut self, message: &[u8]) {
        let prefix = if self.state.is_on(ShellOption::GNU_ERRFMT) && !self.state.mode.interactive {
            [&self.state.error_name()[..], format!(":{}: ", self.state.line).as_bytes()].concat()
        } else {
            self.state.error_prefix()
        };
        self.say(prefix, message);
    }

    fn say(&mut self, mut line: Vec<u8>, message: &[u8]) {
        line.extend_from_slice(message);
        line.push(b'\n');
        self.output.push(Fd::STDERR, &line);
    }

    /// Says `bash: line N: NAME: message`.
    pub(crate) fn builtin_error(&mut self, name: &[u8], message: &[u8]) {
        self.say(self.state.error_prefix(), &[name, b": ", message].concat());
    }

    /// Names the builtin whose output is being gathered.
    pub(crate) fn name_output(&mut self, name: &'static str) {
        self.output.name = Some(name);
    }

    /// Writes what has been gathered, then gives `status`. A failed write to standard output is said, with status 1.
    #[inline]
    pub(crate) fn flush(&mut self, context: &mut Context<'_>, status: ExitStatus) -> Ran {
        if self.output.is_empty() {
            return Ok(status);
        }
        self.flush_then(context, status, None)
    }

    /// As [`ShellTask::flush`]; when it must wait, control goes to `then` afterwards.
    pub(crate) fn flush_then(
        &mut self,
        context: &mut Context<'_>,
        mut status: ExitStatus,
        then: Option<Divert>,
    ) -> Ran {
        if self.output.is_empty() {
            return Ok(status);
        }
        let mut output = std::mem::take(&mut self.output);
        let mut at = 0;
        while let Some((fd, piece)) = output.pieces.get_mut(at) {
            let fd = *fd;
            let mut data = Unwritten::from(std::mem::take(piece));
            while !data.is_empty() {
                let written = match &data {
                    Unwritten::Copied(text, from) => {
                        context.kernel.write(context.pid, fd, text.get(*from..).unwrap_or_default())
                    }
                    Unwritten::Shared(chunk) => context.kernel.write(context.pid, fd, chunk),
                };
                match written {
                    Ok(taken) => data.advance(taken),
                    Err(Fault::Block) => {
                        output.pieces.drain(..at);
                        if let Some((_, piece)) = output.pieces.first_mut() {
                            *piece = data.rest();
                        }
                        self.push(Frame::Flush { output: Box::new(output), status, then });
                        return Err(Flow::Block);
                    }
                    Err(Fault::Errno(errno)) => {
                        data.advance(usize::MAX);
                        if fd == Fd::STDOUT {
                            status = ExitStatus::FAILURE;
                            let message = self.write_error(&output.name, errno);
                            output.pieces.push((Fd::STDERR, message));
                        }
                    }
                }
            }
            if let Unwritten::Copied(text, _) = data {
                output.keep(text);
            }
            at += 1;
        }
        output.clear();
        // The buffer's place is kept for the next builtin.
        self.output = output;
        Ok(status)
    }

    fn write_error(&self, name: &Option<&'static str>, errno: Errno) -> Vec<u8> {
        let mut line = self.state.error_prefix();
        if let Some(name) = name {
            line.extend_from_slice(name.as_bytes());
            line.extend_from_slice(b": ");
        }
        line.extend_from_slice(b"write error: ");
        line.extend_from_slice(errno.message().as_bytes());
        line.push(b'\n');
        line
    }
}
