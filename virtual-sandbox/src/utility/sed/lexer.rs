//! Reading the characters of a script, with the place for messages.

use super::settings::{ScriptText, Source};

/// A script that cannot be compiled: what is wrong, and at which byte; `None`: nowhere in particular.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ScriptError {
    pub message: String,
    pub at: Option<usize>,
}

impl ScriptError {
    /// The whole message, without the name of the program.
    pub(super) fn describe(&self, script: &ScriptText) -> Vec<u8> {
        let at = self.at.unwrap_or(script.text.len());
        let part = script.parts.iter().rev().find(|(start, _, _)| *start < at || *start == 0);
        match part {
            Some((start, len, Source::Expression(number))) => {
                let character = if self.at.is_some() { (at - start).min(*len) } else { 0 };
                format!("-e expression #{number}, char {character}: {}", self.message).into_bytes()
            }
            Some((start, _, Source::File(name))) => {
                let before = script.text.get(*start..at.saturating_sub(1)).unwrap_or_default();
                let line = 1 + memchr::memchr_iter(b'\n', before).count();
                let line = if self.at.is_some() { line } else { 0 };
                let mut text = [b"file ", name.as_ref(), b" line "].concat();
                text.extend_from_slice(format!("{line}: {}", self.message).as_bytes());
                text
            }
            None => self.message.clone().into_bytes(),
        }
    }
}

/// Where in a bracket expression a place is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    Outside,
    /// Right behind `[` or `[^`: a `]` is an element.
    Start,
    Inside,
    /// In `[:…:]`, `[.….]` or `[=…=]`, with this character.
    Symbol(u8),
}

impl Bracket {
    /// The state behind `byte`, which follows `before` and is followed by `next`.
    fn after(self, byte: u8, before: &[u8], next: Option<u8>) -> Bracket {
        match (self, byte) {
            (Bracket::Outside, b'[') => Bracket::Start,
            (Bracket::Outside, _) => Bracket::Outside,
            (Bracket::Start, b'^') if before.last() == Some(&b'[') => Bracket::Start,
            (Bracket::Inside, b']') => Bracket::Outside,
            (Bracket::Start | Bracket::Inside, b'[') if matches!(next, Some(b':' | b'.' | b'=')) => {
                Bracket::Symbol(next.unwrap_or_default())
            }
            (Bracket::Symbol(kind), b']') if before.ends_with(&[kind]) => Bracket::Inside,
            (Bracket::Symbol(kind), _) => Bracket::Symbol(kind),
            (Bracket::Start | Bracket::Inside, _) => Bracket::Inside,
        }
    }
}

/// A cursor over the text of a script.
pub(super) struct Lexer<'s> {
    pub text: &'s [u8],
    pub at: usize,
}

impl<'s> Lexer<'s> {
    /// The next byte.
    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.text.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    /// The next byte, left in place.
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// The next byte that is no white space other than a newline.
    pub(super) fn next_nonblank(&mut self) -> Option<u8> {
        self.skip_blanks();
        self.next()
    }

    /// Skips white space other than newlines.
    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n' && byte.is_ascii_whitespace() || byte == 0x0b) {
            self.at += 1;
        }
    }

    /// An error here.
    pub(super) fn error<T>(&self, message: impl Into<String>) -> Result<T, ScriptError> {
        Err(ScriptError { message: message.into(), at: Some(self.at) })
    }

    /// A decimal number.
    pub(super) fn number(&mut self) -> u64 {
        let mut number = 0u64;
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            number = number.saturating_mul(10).saturating_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        number
    }

    /// The rest of the line behind white space: a file name or a shell command.
    pub(super) fn rest_of_line(&mut self) -> &'s [u8] {
        self.skip_blanks();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        self.at += len;
        let line = rest.get(..len).unwrap_or_default();
        self.next();
        line
    }

    /// A label: up to white space, `;` or `}`.
    pub(super) fn label(&mut self) -> &'s [u8] {
        self.skip_blanks();
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| byte.is_ascii_whitespace() || matches!(byte, b';' | b'}'));
        let len = len.unwrap_or(rest.len());
        self.at += len;
        rest.get(..len).unwrap_or_default()
    }

    /// The end of a command: white space, then `;`, a newline, or what begins something else.
    pub(super) fn end_of_command(&mut self) -> Result<(), ScriptError> {
        match self.next_nonblank() {
            None | Some(b'\n' | b';') => Ok(()),
            Some(b'}' | b'#') => {
                self.at -= 1;
                Ok(())
            }
            Some(_) => self.error("extra characters after command"),
        }
    }

    /// Text up to an unescaped delimiter; `None`: there is none. In a regular expression `\n` is a newline; elsewhere the
    /// delimiter `&` keeps its backslash, so that it stays ordinary.
    pub(super) fn delimited(&mut self, delimiter: u8, regex: bool) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        let mut bracket = Bracket::Outside;
        loop {
            let byte = self.next()?;
            // In a bracket expression the delimiter is ordinary.
            if byte == delimiter && bracket == Bracket::Outside {
                return Some(text);
            }
            if regex && byte != b'\\' {
                bracket = bracket.after(byte, &text, self.peek());
            }
            if byte == b'\n' {
                self.at -= 1;
                return None;
            }
            if byte != b'\\' {
                text.push(byte);
                continue;
            }
            if bracket == Bracket::Start {
                bracket = Bracket::Inside;
            }
            match self.next()? {
                b'n' if regex && delimiter != b'n' => text.push(b'\n'),
                b'\n' if regex => text.push(b'\n'),
                byte if byte == delimiter && (regex || byte != b'&') => text.push(byte),
                byte => text.extend_from_slice(&[b'\\', byte]),
            }
        }
    }
}
