//! Buffered standard output.

use crate::errno::Errno;
use crate::sys::{CHUNK, Fd, Sys};
use bytes::Bytes;

/// An output buffer over a descriptor; writes at 64 KiB and when flushed. Call [`OutBuf::finish`] before returning.
pub struct OutBuf {
    sys: Sys,
    fd: Fd,
    buffer: Vec<u8>,
    line_buffered: bool,
    /// An earlier error is said without its reason at the end.
    forgets_reason: bool,
}

impl OutBuf {
    /// A buffer over standard output.
    pub fn stdout(sys: &Sys) -> Self {
        OutBuf::new(sys, Fd::STDOUT)
    }

    /// A buffer over `fd`.
    pub fn new(sys: &Sys, fd: Fd) -> Self {
        OutBuf { sys: sys.clone(), fd, buffer: Vec::new(), line_buffered: false, forgets_reason: false }
    }

    /// Flushes after each newline that ends a write (`--line-buffered`, `-u`).
    pub fn line_buffered(mut self, on: bool) -> Self {
        self.line_buffered = on;
        self
    }

    /// Standard output of a program that flushes each line: an error has been met before the end, where stdio(3) knows
    /// that there was one, and no longer which.
    pub fn by_lines(sys: &Sys) -> Self {
        OutBuf { forgets_reason: true, ..OutBuf::stdout(sys) }
    }

    /// Appends bytes; may write.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Errno> {
        self.buffer.extend_from_slice(bytes);
        self.flush_if_full().await
    }

    /// Appends bytes without writing; call [`OutBuf::flush_if_full`] now and then.
    pub fn put(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The buffer itself, for formatting into; call [`OutBuf::flush_if_full`] now and then.
    pub fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffer
    }

    /// Whether the buffer holds a chunk, or what is to be written at once.
    pub fn is_full(&self) -> bool {
        self.buffer.len() >= CHUNK || (self.line_buffered && self.buffer.ends_with(b"\n"))
    }

    /// Writes when the buffer is full.
    pub async fn flush_if_full(&mut self) -> Result<(), Errno> {
        if self.is_full() {
            self.flush().await?;
        }
        Ok(())
    }

    /// Passes a whole chunk on without copying it when nothing is buffered.
    pub async fn write_chunk(&mut self, chunk: Bytes) -> Result<(), Errno> {
        if self.buffer.is_empty() && chunk.len() >= CHUNK / 4 {
            return self.sys.write_all(self.fd, chunk).await;
        }
        self.write(&chunk).await
    }

    /// Writes what is buffered.
    pub async fn flush(&mut self) -> Result<(), Errno> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let size = self.buffer.len();
        let full = std::mem::replace(&mut self.buffer, Vec::with_capacity(size.min(CHUNK + CHUNK / 8)));
        self.sys.write_all(self.fd, Bytes::from(full)).await
    }

    /// Flushes at the end of the program. An error is reported as `NAME: write error: REASON`, as the GNU tools do;
    /// answers whether all went well.
    pub async fn finish(mut self) -> bool {
        match self.flush().await {
            Ok(()) => true,
            // Closing a closed descriptor is an error of its own.
            Err(errno) if self.forgets_reason && errno != Errno::EBADF => {
                self.sys.error("write error").await;
                false
            }
            Err(errno) => {
                self.sys.complain("write error", errno).await;
                false
            }
        }
    }
}

/// Appends a number, with spaces before it up to `width`.
pub fn put_number(out: &mut Vec<u8>, number: u64, width: usize) {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(number);
    out.resize(out.len() + width.saturating_sub(digits.len()), b' ');
    out.extend_from_slice(digits.as_bytes());
}
