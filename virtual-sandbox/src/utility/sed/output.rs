//! What `sed` writes to: standard output or the file edited in place, and the files of `w`.

use crate::utility::prelude::*;

/// One output. A last line without its end is given one only when more follows.
pub(super) struct Output {
    buffer: OutBuf,
    missing_newline: bool,
}

impl Output {
    /// An output to `fd`.
    pub(super) fn new(sys: &Sys, fd: Fd) -> Output {
        Output { buffer: OutBuf::new(sys, fd), missing_newline: false }
    }

    /// Where text that is no line goes; the line before is ended first.
    pub(super) fn text(&mut self) -> &mut Vec<u8> {
        if self.missing_newline {
            self.missing_newline = false;
            self.buffer.put(b"\n");
        }
        self.buffer.buffer()
    }

    /// Writes a line, with its end if it has one.
    pub(super) fn line(&mut self, line: &[u8], terminated: bool, delimiter: u8) {
        let out = self.text();
        out.extend_from_slice(line);
        if terminated {
            out.push(delimiter);
        } else {
            self.missing_newline = true;
        }
    }

    /// Whether much is buffered.
    pub(super) fn is_full(&self) -> bool {
        self.buffer.is_full()
    }

    /// Writes what is buffered if it is much.
    pub(super) async fn flush_if_full(&mut self) -> Result<(), Errno> {
        self.buffer.flush_if_full().await
    }

    /// Writes what is buffered.
    pub(super) async fn flush(&mut self) -> Result<(), Errno> {
        self.buffer.flush().await
    }
}
