//! Buffered input: lines (or records ended by another byte) from a descriptor.

use crate::errno::Errno;
use crate::sys::{CHUNK, Fd, Held, Sys};
use bytes::Bytes;

/// Reads records from a descriptor by chunks. A record that lies within one chunk is not copied.
pub struct Records {
    sys: Sys,
    fd: Fd,
    delimiter: u8,
    chunk: Bytes,
    at: usize,
    partial: Vec<u8>,
    held: Held,
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
        Records {
            held: sys.account(),
            sys: sys.clone(),
            fd,
            delimiter,
            chunk: Bytes::new(),
            at: 0,
            partial: Vec::new(),
            ended: false,
        }
    }

    /// The next record; `None` at end of file.
    pub async fn next(&mut self) -> Result<Option<Record>, Errno> {
        loop {
            if let Some((start, end)) = self.advance() {
                return Ok(Some(Record { bytes: self.take(start, end), terminated: true }));
            }
            self.keep_rest();
            if self.ended || !self.fill().await? {
                let terminated = false;
                let bytes = std::mem::take(&mut self.partial);
                return Ok((!bytes.is_empty()).then(|| Record { bytes: Bytes::from(bytes), terminated }));
            }
        }
    }

    /// The next record, if all of it has been read from the descriptor: what [`Records::next`] would answer at once.
    pub fn buffered(&mut self) -> Option<&[u8]> {
        if !self.partial.is_empty() {
            return None;
        }
        let (start, end) = self.advance()?;
        self.chunk.get(start..end)
    }

    /// As [`Records::buffered`], to be kept.
    pub fn next_buffered(&mut self) -> Option<Bytes> {
        if !self.partial.is_empty() {
            return None;
        }
        let (start, end) = self.advance()?;
        Some(self.chunk.slice(start..end))
    }

    /// The next run of whole records, each with its delimiter, which the last one of the file may lack; `None` at end of
    /// file. [`records`] takes it apart.
    pub async fn block(&mut self) -> Result<Option<Bytes>, Errno> {
        loop {
            if self.partial.is_empty() {
                let start = self.at;
                if let Some(last) = memchr::memrchr(self.delimiter, self.unread()) {
                    self.at += last + 1;
                    let block = self.chunk.slice(start..self.at);
                    self.keep_rest();
                    return Ok(Some(block));
                }
            } else if let Some((start, end)) = self.advance() {
                self.partial.extend_from_slice(self.chunk.get(start..=end).unwrap_or_default());
                return Ok(Some(Bytes::from(std::mem::take(&mut self.partial))));
            }
            self.keep_rest();
            if self.ended || !self.fill().await? {
                let last = std::mem::take(&mut self.partial);
                return Ok((!last.is_empty()).then(|| Bytes::from(last)));
            }
        }
    }

    /// What has been read from the descriptor but not yet handed out.
    pub fn unread(&self) -> &[u8] {
        self.chunk.get(self.at..).unwrap_or_default()
    }

    /// Moves behind the next delimiter; answers where in the chunk the record begins, or goes on, and ends.
    fn advance(&mut self) -> Option<(usize, usize)> {
        let start = self.at;
        let length = memchr::memchr(self.delimiter, self.chunk.get(start..)?)?;
        self.at += length + 1;
        Some((start, start + length))
    }

    /// Keeps what the chunk holds of a record that goes on in the next one.
    fn keep_rest(&mut self) {
        self.partial.extend_from_slice(self.chunk.get(self.at..).unwrap_or_default());
        // A line of usual length is not worth the account.
        self.held.set(if self.partial.len() > CHUNK { self.partial.len() } else { 0 });
        self.at = self.chunk.len();
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

/// The records of a run of them, without their delimiters.
pub fn records(block: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let mut ends = memchr::memchr_iter(delimiter, block);
    let mut start = 0;
    std::iter::from_fn(move || {
        let end = ends.next().or((start < block.len()).then_some(block.len()))?;
        let record = block.get(start..end);
        start = end + 1;
        record
    })
}
