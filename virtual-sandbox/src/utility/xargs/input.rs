//! The items of the input: words with quotes, lines, or texts ended by a delimiter.

use super::request::Request;
use crate::utility::prelude::*;

/// One item.
pub struct Item {
    pub bytes: Bytes,
    /// Whether an input line ends with it (`-L`): a line that ends with a blank goes on in the next.
    pub ends_line: bool,
}

/// Why the input ended early.
pub enum ReadError {
    UnmatchedQuote(u8),
    TooLong,
    Failed(Errno),
}

pub struct Input {
    sys: Sys,
    fd: Fd,
    /// `-0`, `-d`: items end with this byte, nothing is special.
    delimiter: Option<u8>,
    /// `-I`: blanks do not separate.
    whole_lines: bool,
    /// `-E`: the word that ends the input.
    end_word: Option<Bytes>,
    longest: usize,
    chunk: Bytes,
    at: usize,
    ended: bool,
    nul_seen: bool,
    nul_warned: bool,
}

/// What the word under way is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    Word,
    Quote(u8),
    Backslash,
}

impl Input {
    pub fn new(sys: &Sys, fd: Fd, request: &Request) -> Self {
        Input {
            sys: sys.clone(),
            fd,
            delimiter: request.delimiter,
            whole_lines: request.replace.is_some(),
            end_word: request.end_word.clone(),
            longest: request.size.saturating_sub(request.initial_size()),
            chunk: Bytes::new(),
            at: 0,
            ended: false,
            nul_seen: false,
            nul_warned: false,
        }
    }

    /// Whether a warning about a NUL byte is due, once.
    pub fn take_nul_warning(&mut self) -> bool {
        let due = self.nul_seen && !self.nul_warned;
        self.nul_warned |= due;
        due
    }

    /// The next item; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Item>, ReadError> {
        if self.ended {
            return Ok(None);
        }
        let item = match self.delimiter {
            Some(delimiter) => self.delimited(delimiter).await?,
            None => self.word().await?,
        };
        match item {
            Some(item) if self.delimiter.is_none() && self.end_word.as_ref() == Some(&item.bytes) => {
                self.ended = true;
                Ok(None)
            }
            item => Ok(item),
        }
    }

    async fn byte(&mut self) -> Result<Option<u8>, ReadError> {
        if self.at >= self.chunk.len() {
            self.chunk = self.sys.read(self.fd, CHUNK).await.map_err(ReadError::Failed)?;
            self.at = 0;
            self.sys.charge(self.chunk.len() as u64 / 16).await;
        }
        let byte = self.chunk.get(self.at).copied();
        self.at += 1;
        self.ended |= byte.is_none();
        Ok(byte)
    }

    async fn delimited(&mut self, delimiter: u8) -> Result<Option<Item>, ReadError> {
        let mut text = Vec::new();
        while let Some(byte) = self.byte().await? {
            if byte == delimiter {
                return Ok(Some(Item { bytes: Bytes::from(text), ends_line: true }));
            }
            if text.len() + 1 >= self.longest {
                return Err(ReadError::TooLong);
            }
            text.push(byte);
        }
        Ok((!text.is_empty()).then(|| Item { bytes: Bytes::from(text), ends_line: true }))
    }

    async fn word(&mut self) -> Result<Option<Item>, ReadError> {
        let mut text: Vec<u8> = Vec::new();
        let mut quoted = false;
        let mut state = State::Between;
        loop {
            let Some(byte) = self.byte().await? else {
                if let State::Quote(quote) = state {
                    return Err(ReadError::UnmatchedQuote(quote));
                }
                return Ok((!text.is_empty() || quoted).then(|| self.item(text, true)));
            };
            match (state, byte) {
                (State::Between, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r') => continue,
                (State::Quote(quote), b'\n') => return Err(ReadError::UnmatchedQuote(quote)),
                (State::Quote(quote), byte) if byte == quote => {
                    state = State::Word;
                    quoted = true;
                    continue;
                }
                (State::Word, b'\n') => return Ok(Some(self.item(text, true))),
                (State::Word, b' ' | b'\t') if !self.whole_lines => {
                    let ends_line = self.skip_blanks().await?;
                    return Ok(Some(self.item(text, ends_line)));
                }
                (State::Between | State::Word, b'\\') => {
                    state = State::Backslash;
                    continue;
                }
                (State::Between | State::Word, b'"' | b'\'') => {
                    state = State::Quote(byte);
                    continue;
                }
                (State::Quote(_), _) => {}
                _ => state = State::Word,
            }
            self.nul_seen |= byte == 0;
            if text.len() + 1 >= self.longest {
                return Err(ReadError::TooLong);
            }
            text.push(byte);
        }
    }

    /// Skips blanks after a word, and newlines after them: such a line goes on. At the end of the input it ends.
    async fn skip_blanks(&mut self) -> Result<bool, ReadError> {
        loop {
            match self.byte().await? {
                Some(b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r') => {}
                Some(_) => {
                    self.at -= 1;
                    return Ok(false);
                }
                None => return Ok(true),
            }
        }
    }

    /// An argument ends at its first NUL, as C strings do.
    fn item(&self, mut text: Vec<u8>, ends_line: bool) -> Item {
        if let Some(nul) = memchr::memchr(0, &text) {
            text.truncate(nul);
        }
        Item { bytes: Bytes::from(text), ends_line }
    }
}
