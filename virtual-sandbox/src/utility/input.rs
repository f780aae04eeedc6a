//! Buffered input: lines (or records ended by another byte) from a descriptor.

use crate::errno::Errno;
use crate::sys::{Fd, Sys};
use bytes::Bytes;

/// Reads records from a descriptor by chunks. A record that lies within one chunk is not copied.
pub struct Records {
    sys: Sys,
    fd: Fd,
    delimiter: u8,
    chunk: Bytes,
    at: usize,
    partial: Vec<u8>,
    ended: bool,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its bytes without the delimiter.
    pub bytes: Bytes,
    /// Whether the delimiter was there: the last record of a file may lack it.
    pub terminated: bool,
}

impl Records {
    /// Lines of `fd`.
    pub fn lines(sys: &Sys, fd: Fd) -> Self {
        Records::new(sys, fd, b'\n')
    }

    /// Records of `fd` ended by `delimiter`.
    pub fn new(sys: &Sys, fd: Fd, delimiter: u8) -> Self {
        Records { sys: sys.clone(), fd, delimiter, chunk: Bytes::new(), at: 0, partial: Vec::new(), ended: false }
    }

    /// The next record; `None` at end of file.
    pub async fn next(&mut self) -> Result<Option<Record>, Errno> {
        loop {
            let rest = self.chunk.get(self.at..).unwrap_or_default();
            if let Some(length) = memchr::memchr(self.delimiter, rest) {
                let start = self.at;
                self.at += length + 1;
                return Ok(Some(Record { bytes: self.take(start, start + length), terminated: true }));
            }
            self.partial.extend_from_slice(rest);
            if self.partial.len() > crate::sys::CHUNK {
                self.sys.hold(self.partial.len());
            }
            self.at = self.chunk.len();
            if self.ended || !self.fill().await? {
                let terminated = false;
                let bytes = std::mem::take(&mut self.partial);
                return Ok((!bytes.is_empty()).then(|| Record { bytes: Bytes::from(bytes), terminated }));
            }
        }
    }

    /// What has been read from the descriptor but not yet handed out.
    pub fn unread(&self) -> &[u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    async fn fill(&mut self) -> Result<bool, Errno> {
        match self.sys.read_chunk(self.fd).await? {
            Some(chunk) => {
                self.chunk = chunk;
                self.at = 0;
                Ok(true)
            }
            None => {
                self.ended = true;
                self.chunk = Bytes::new();
                self.at = 0;
                Ok(false)
            }
        }
    }

    fn take(&mut self, start: usize, end: usize) -> Bytes {
        if self.partial.is_empty() {
            return self.chunk.slice(start..end);
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(self.chunk.get(start..end).unwrap_or_default());
        Bytes::from(whole)
    }
}
