//! The files as one input.

use crate::text::quoting::quote_if_needed;
use crate::utility::operand::{close_operand, open_operand};
use crate::utility::prelude::*;
use std::collections::VecDeque;

/// The concatenation of the files that can be read.
pub struct Combined {
    sys: Sys,
    files: VecDeque<Bytes>,
    current: Option<(Fd, Bytes)>,
    chunk: Bytes,
    opened: bool,
    success: bool,
}

impl Combined {
    pub fn new(sys: &Sys, files: Vec<Bytes>) -> Self {
        Combined {
            sys: sys.clone(),
            files: files.into(),
            current: None,
            chunk: Bytes::new(),
            opened: false,
            success: true,
        }
    }

    /// Whether every file could be read.
    pub fn success(&self) -> bool {
        self.success
    }

    /// Whether any file was there: without one nothing is printed.
    pub fn opened(&self) -> bool {
        self.opened
    }

    /// Opens the first file that can be, as a dump of no bytes does too.
    pub async fn open_first(&mut self) {
        if !self.opened {
            self.next_file().await;
        }
    }

    /// At most `most` bytes; empty at the end. A read is never shorter than what is buffered or comes next.
    pub async fn read(&mut self, most: usize) -> Bytes {
        while self.chunk.is_empty() {
            let Some((fd, name)) = self.next_file().await else { return Bytes::new() };
            match self.sys.read(fd, CHUNK.min(most)).await {
                Ok(chunk) if chunk.is_empty() => self.close().await,
                Ok(chunk) => self.chunk = chunk,
                Err(errno) => {
                    let shown =
                        if name.as_ref() == b"-" { b"'standard input'".to_vec() } else { quote_if_needed(&name) };
                    self.sys.complain(shown, errno).await;
                    self.success = false;
                    self.close().await;
                }
            }
        }
        let length = self.chunk.len().min(most);
        self.chunk.split_to(length)
    }

    /// Fills `block` up to `size` bytes or the end.
    pub async fn fill(&mut self, block: &mut Vec<u8>, size: usize) {
        block.clear();
        while block.len() < size {
            let piece = self.read(size - block.len()).await;
            if piece.is_empty() {
                return;
            }
            block.extend_from_slice(&piece);
        }
    }

    /// Skips bytes; false when there are not so many.
    pub async fn skip(&mut self, mut count: u64) -> bool {
        while count > 0 {
            let Some((fd, _)) = self.next_file().await else { return false };
            if let Some(left) = self.left_in_file(fd).await.filter(|left| *left > 0) {
                // What a regular file holds need not be read to be skipped.
                let step = left.min(count);
                if self.sys.seek(fd, Whence::Current, step as i64).await.is_ok() {
                    count -= step;
                    if step == left && count > 0 {
                        self.close().await;
                    }
                    continue;
                }
            }
            let most = CHUNK.min(count.try_into().unwrap_or(CHUNK));
            let piece = self.read(most).await;
            if piece.is_empty() {
                return false;
            }
            count -= piece.len() as u64;
        }
        true
    }

    async fn left_in_file(&self, fd: Fd) -> Option<u64> {
        let stat = self.sys.fstat(fd).await.ok().filter(Stat::is_regular)?;
        let offset = self.sys.seek(fd, Whence::Current, 0).await.ok()?;
        stat.size.checked_sub(offset)
    }

    async fn next_file(&mut self) -> Option<(Fd, Bytes)> {
        while self.current.is_none() {
            let name = self.files.pop_front()?;
            match open_operand(&self.sys, &name).await {
                Ok(fd) => {
                    self.opened = true;
                    self.current = Some((fd, name));
                }
                Err(errno) => {
                    self.sys.complain(quote_if_needed(&name), errno).await;
                    self.success = false;
                }
            }
        }
        self.current.clone()
    }

    async fn close(&mut self) {
        if let Some((fd, _)) = self.current.take() {
            close_operand(&self.sys, fd).await;
        }
    }
}
