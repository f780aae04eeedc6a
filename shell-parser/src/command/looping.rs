//! Loops: `while`, `until`, `for`, `select`. POSIX 2.9.4; bash manual "Looping Constructs".

use bytes::Bytes;

use crate::ast::{ArithFor, ArithText, CommandId, CommandKind, For, IdRange, Loop, WordId};
use crate::core::{Core, Parsed};
use crate::error::SyntaxErrorKind;
use crate::lex::reserved::Reserved;
use crate::word::extent::{closing, construct};
use crate::word::{Around, Ends};

impl Core<'_> {
    /// `list; do list; done`, behind `while` or `until`.
    pub(crate) fn loop_command(&mut self) -> Parsed<Loop> {
        let test = self.compound_list()?;
        self.expect_reserved(Reserved::Do)?;
        let body = self.compound_list()?;
        self.expect_reserved(Reserved::Done)?;
        Ok(Loop { test, body })
    }

    /// `for name in words; do list; done` or `for ((...))`, behind `for`.
    pub(crate) fn for_command(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        if self.input.starts_with(b"((") {
            return self.arith_for();
        }
        Ok(CommandKind::For(self.for_clause()?))
    }

    /// `select name in words; do list; done`, behind `select`.
    pub(crate) fn select_command(&mut self) -> Parsed<CommandKind> {
        Ok(CommandKind::Select(self.for_clause()?))
    }

    fn for_clause(&mut self) -> Parsed<For> {
        self.skip_blanks();
        let name = self.word_text()?;
        let line = self.input.line;
        self.reserved_ok = true;
        self.skip_blanks();
        let mut words = None;
        if self.input.peek() == Some(b';') {
            self.semicolon()?;
            self.skip_newlines()?;
        } else {
            let before = self.input.line;
            self.skip_newlines()?;
            // A brace on the same line is only a word.
            if self.input.line == before && self.peek_reserved() == Some(Reserved::OpenBrace) {
                return Err(self.unexpected());
            }
            if self.accept_reserved(Reserved::In) {
                words = Some(self.word_list()?);
                self.list_terminator()?;
                self.skip_newlines()?;
            }
        }
        let body = self.loop_body()?;
        Ok(For { name, words, body, line })
    }

    /// The source text of the word at the cursor.
    pub(crate) fn word_text(&mut self) -> Parsed<Bytes> {
        let position = self.input.position();
        match self.word(Ends::Metacharacter)? {
            Some(_) => {
                let text = self.input.slice(position, self.input.position());
                let joined = memchr::memmem::find(&text, b"\\\n").is_some();
                Ok(if joined { Bytes::from(crate::core::remove_continuations(&text)) } else { text })
            }
            None => Err(self.unexpected()),
        }
    }

    /// Reads words up to the end of the line or `;`.
    fn word_list(&mut self) -> Parsed<IdRange<WordId>> {
        let mark = self.scratch.words.len();
        loop {
            self.skip_blanks();
            match self.word(Ends::Metacharacter)? {
                Some(word) => self.scratch.words.push(word),
                None => return Ok(self.flush_words(mark)),
            }
        }
    }

    /// Reads `;` alone.
    fn semicolon(&mut self) -> Parsed<()> {
        if self.input.peek() != Some(b';') || matches!(self.input.peek_at(1), Some(b';' | b'&')) {
            return Err(self.unexpected());
        }
        self.input.advance(1);
        self.reserved_ok = true;
        Ok(())
    }

    /// Reads `;` or a newline.
    fn list_terminator(&mut self) -> Parsed<()> {
        self.skip_blanks();
        match self.input.peek() {
            Some(b'\n') => self.newline(),
            Some(_) => self.semicolon(),
            None => Err(self.unexpected()),
        }
    }

    /// `do list; done` or `{ list; }`.
    fn loop_body(&mut self) -> Parsed<CommandId> {
        if self.accept_reserved(Reserved::OpenBrace) {
            let body = self.compound_list()?;
            self.expect_reserved(Reserved::CloseBrace)?;
            return Ok(body);
        }
        self.expect_reserved(Reserved::Do)?;
        let body = self.compound_list()?;
        self.expect_reserved(Reserved::Done)?;
        Ok(body)
    }

    /// `((init; test; step)) do list; done`
    fn arith_for(&mut self) -> Parsed<CommandKind> {
        let line = self.input.line;
        let rest = self.input.rest();
        let end = match closing(rest, 2, b')', false) {
            Ok(end) => end,
            Err(open) => return Err(self.unmatched(open, line)),
        };
        if rest.get(end) != Some(&b')') {
            return Err(self.unexpected());
        }
        let header = self.input.slice(self.input.position(), self.input.position() + end + 1);
        let inner = header.slice(2..end - 1);
        let semicolons = top_level_semicolons(&inner);
        let (first, second) = match semicolons.as_slice() {
            [first, second] => (*first, *second),
            fewer => {
                let problem: &[u8] =
                    if fewer.len() < 2 { b"arithmetic expression required" } else { b"`;' unexpected" };
                return Err(self.bad_arith_for(problem, &header));
            }
        };
        self.input.advance(2);
        let init = self.arith_for_part(first)?;
        self.input.advance(1);
        let test = self.arith_for_part(second - first - 1)?;
        self.input.advance(1);
        let step = self.arith_for_part(inner.len() - second - 1)?;
        self.input.advance(2);
        self.reserved_ok = true;
        self.skip_blanks();
        if matches!(self.input.peek(), Some(b';' | b'\n')) {
            self.list_terminator()?;
            self.skip_newlines()?;
        }
        let body = self.loop_body()?;
        Ok(CommandKind::ArithFor(ArithFor { init, test, step, body }))
    }

    /// Reads one of the three expressions; blanks before it do not count.
    fn arith_for_part(&mut self, length: usize) -> Parsed<Option<ArithText>> {
        let text = self.input.bytes(self.input.position(), self.input.position() + length);
        let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count();
        self.input.advance_lines(blanks);
        if blanks == length {
            return Ok(None);
        }
        Ok(Some(self.arith_text(length - blanks, Around::Nothing)?))
    }

    /// bash's two-line error for a header without exactly three expressions.
    fn bad_arith_for(&self, problem: &[u8], header: &[u8]) -> Box<crate::error::SyntaxError> {
        let message = [b"syntax error: ", problem].concat();
        let second = [b"syntax error: `", header, b"'"].concat();
        self.error_at(self.input.line, SyntaxErrorKind::TwoMessages(message.into(), second.into(), None))
    }
}

/// The positions of the semicolons outside quotes, expansions and parentheses.
fn top_level_semicolons(text: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut depth = 0usize;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        if byte != b'<'
            && byte != b'>'
            && let Some(end) = construct(text, at)
        {
            at = end.unwrap_or(text.len());
            continue;
        }
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            b';' if depth == 0 => found.push(at),
            _ => {}
        }
        at += 1;
    }
    found
}
