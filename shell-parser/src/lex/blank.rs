//! Blanks, comments, line continuations and newlines between tokens; looking at the next token.

use bytes::Bytes;

use crate::core::{Core, Parsed};
use crate::lex::class::is_metacharacter;
use crate::lex::operator::operator_at;
use crate::lex::reserved::{LONGEST, Reserved};
use crate::span::Span;

impl Core<'_> {
    /// Skips blanks, line continuations and a comment: the cursor stands at the next token or at the end.
    pub(crate) fn skip_blanks(&mut self) {
        let start = self.token_end();
        self.skip_blanks_and_comment();
        if matches!(self.input.peek(), Some(b';' | b'&' | b'|' | b'<' | b'>')) {
            self.join_operator();
        }
        self.blanks = (start, self.input.position());
    }

    /// Puts an operator with line continuations inside it together. It is then read like the text of an alias.
    fn join_operator(&mut self) {
        if self.input.peek_at(1) != Some(b'\\') && self.input.peek_at(2) != Some(b'\\') {
            return;
        }
        let rest = self.input.rest();
        let mut joined = Vec::new();
        let mut ends = Vec::new();
        let mut at = 0;
        while let Some(&byte) = rest.get(at)
            && ends.len() < 3
        {
            if byte == b'\\' && rest.get(at + 1) == Some(&b'\n') {
                at += 2;
            } else if matches!(byte, b';' | b'&' | b'|' | b'<' | b'>' | b'-') {
                at += 1;
                joined.push(byte);
                ends.push(at);
            } else {
                break;
            }
        }
        let operator = operator_at(&joined);
        let Some(&end) = operator.len().checked_sub(1).and_then(|last| ends.get(last)) else { return };
        if end == operator.len() {
            return;
        }
        let start = self.input.offset();
        self.input.advance_lines(end);
        let place = Span::new(start, self.input.end_offset());
        self.input.push_alias(b"", Bytes::from_static(operator), place);
    }

    fn skip_blanks_and_comment(&mut self) {
        loop {
            match self.input.peek() {
                Some(b' ' | b'\t') => self.input.advance(1),
                Some(b'\\') if self.input.at_continuation() => self.input.skip_continuation(),
                Some(b'#') if self.options.comments => {
                    let rest = self.input.rest();
                    let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    self.input.advance(length);
                }
                Some(_) => return,
                None => match self.input.pop_alias() {
                    Some(last) => self.alias_blank = matches!(last, b' ' | b'\t'),
                    None => return,
                },
            }
        }
    }

    /// Skips blanks and newlines (reading here-documents at each newline).
    pub(crate) fn skip_newlines(&mut self) -> Parsed<()> {
        loop {
            self.skip_blanks();
            if self.input.peek() != Some(b'\n') {
                return Ok(());
            }
            self.newline()?;
        }
    }

    /// Reads a newline token, and the bodies of the here-documents that wait for it. Those of an alias lie behind the line
    /// that the alias stands in.
    pub(crate) fn newline(&mut self) -> Parsed<()> {
        let within = self.input.in_alias();
        self.input.advance_lines(1);
        self.reserved_ok = true;
        if self.pending.is_empty() || within { Ok(()) } else { self.read_here_documents() }
    }

    /// Reads the newline that ends a complete command, with the rest of an alias it stands in before it. False when there is
    /// more of the command there.
    pub(crate) fn last_newline(&mut self) -> Parsed<bool> {
        loop {
            let within = self.input.in_alias();
            self.newline()?;
            if !within {
                return Ok(true);
            }
            self.skip_blanks();
            if self.input.peek() != Some(b'\n') {
                return Ok(self.input.at_end());
            }
        }
    }

    /// The reserved word at the cursor, if one is there and acceptable.
    #[inline]
    pub(crate) fn peek_reserved(&self) -> Option<Reserved> {
        match self.input.peek() {
            Some(b'a'..=b'z' | b'{' | b'}' | b'!' | b'[' | b']' | b'\\') if self.reserved_ok => self.reserved_here().0,
            _ => None,
        }
    }

    /// Reads the reserved word that `peek_reserved` saw.
    pub(crate) fn take_reserved(&mut self) {
        let (_, length) = self.reserved_here();
        self.input.advance_lines(length);
    }

    /// The reserved word at the cursor and its length in the text, line continuations included.
    fn reserved_here(&self) -> (Option<Reserved>, usize) {
        let mut word = [0u8; LONGEST];
        let mut length = 0;
        let rest = self.input.rest();
        let mut at = 0;
        loop {
            match rest.get(at) {
                Some(b'\\') if rest.get(at + 1) == Some(&b'\n') => at += 2,
                Some(&byte) if !is_metacharacter(byte) => {
                    match word.get_mut(length) {
                        Some(slot) if byte.is_ascii_lowercase() || matches!(byte, b'{' | b'}' | b'!' | b'[' | b']') => {
                            *slot = byte;
                        }
                        _ => return (None, 0),
                    }
                    length += 1;
                    at += 1;
                }
                _ => break,
            }
        }
        // `time<(x)` is one word with a process substitution in it.
        if matches!(rest.get(at..), Some([b'<' | b'>', b'(', ..])) {
            return (None, 0);
        }
        (word.get(..length).and_then(Reserved::from_word), at)
    }

    /// Reads `word` if it stands at the cursor as a reserved word.
    pub(crate) fn accept_reserved(&mut self, word: Reserved) -> bool {
        self.skip_blanks();
        if self.peek_reserved() != Some(word) {
            return false;
        }
        self.take_reserved();
        true
    }

    /// Reads the reserved word `word`, or refuses what stands there.
    pub(crate) fn expect_reserved(&mut self, word: Reserved) -> Parsed<()> {
        if self.accept_reserved(word) { Ok(()) } else { Err(self.unexpected()) }
    }
}
