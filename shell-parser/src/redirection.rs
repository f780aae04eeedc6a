//! Redirections. POSIX 2.7; bash manual "Redirections".

use bytes::Bytes;

use crate::ast::{
    Duplicate, HereDocument, HereDocumentId, NodeId, Redirection, RedirectionFd, RedirectionKind, Word, WordFacts,
    WordId,
};
use crate::core::{Core, Parsed};
use crate::lex::class::{is_metacharacter, name_length};
use crate::span::Span;
use crate::word::{Ends, Style};

/// A redirection operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Input,
    Output,
    Append,
    Clobber,
    ReadWrite,
    OutputBoth,
    AppendBoth,
    DuplicateInput,
    DuplicateOutput,
    HereDocument { strip_tabs: bool },
    HereString,
}

impl Core<'_> {
    /// Whether a redirection stands at the cursor.
    pub(crate) fn redirection_begins(&self) -> bool {
        let prefix = self.fd_prefix();
        operator(self.input.rest().get(prefix..).unwrap_or(&[]), prefix > 0).is_some()
    }

    /// Reads the redirection at the cursor, if one is there, into the scratch.
    pub(crate) fn redirection(&mut self) -> Parsed<bool> {
        self.skip_blanks();
        let prefix = match self.input.peek() {
            Some(b'<' | b'>' | b'&') => 0,
            Some(b'0'..=b'9' | b'{') => self.fd_prefix(),
            _ => return Ok(false),
        };
        let rest = self.input.rest();
        let Some((operator, length)) = operator(rest.get(prefix..).unwrap_or(&[]), prefix > 0) else {
            return Ok(false);
        };
        let start = self.input.offset();
        let line = self.input.line;
        let fd = self.redirection_fd(prefix);
        self.input.advance(prefix + length);
        self.skip_blanks();
        let kind = self.redirection_operand(operator, &fd)?;
        let span = Span::new(start, self.input.end_offset());
        self.scratch.redirections.push(Redirection { fd, kind, span, line, implied: false });
        Ok(true)
    }

    /// The length of the number or `{name}` directly before a redirection operator at the cursor; 0 without one.
    fn fd_prefix(&self) -> usize {
        let rest = self.input.rest();
        let length = match rest.first() {
            Some(b'0'..=b'9') => {
                let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
                if parse_number(rest.get(..digits).unwrap_or(&[])).is_none() { 0 } else { digits }
            }
            Some(b'{') => {
                let inner = rest.get(1..).unwrap_or(&[]);
                let name = name_length(inner);
                match inner.get(name) {
                    Some(b'}') if name > 0 => name + 2,
                    Some(b'[') if name > 0 => {
                        let end = crate::word::extent::bracket_in_word(inner, name + 1).unwrap_or(0);
                        if inner.get(end) == Some(&b'}') { end + 2 } else { 0 }
                    }
                    _ => 0,
                }
            }
            _ => 0,
        };
        if matches!(rest.get(length), Some(b'<' | b'>')) { length } else { 0 }
    }

    /// The length of the number at the cursor that is a redirection's, and so no word even where no redirection can be.
    pub(crate) fn redirection_number(&self) -> usize {
        if self.input.peek().is_some_and(|byte| byte.is_ascii_digit()) { self.fd_prefix() } else { 0 }
    }

    fn redirection_fd(&self, prefix: usize) -> RedirectionFd {
        let position = self.input.position();
        let text = self.input.bytes(position, position + prefix);
        match (text.first(), parse_number(text)) {
            (None, _) => RedirectionFd::Default,
            (_, Some(number)) => RedirectionFd::Number(number),
            _ => RedirectionFd::Variable(self.input.slice(position + 1, position + prefix - 1)),
        }
    }

    fn redirection_operand(&mut self, operator: Operator, fd: &RedirectionFd) -> Parsed<RedirectionKind> {
        Ok(match operator {
            Operator::HereDocument { strip_tabs } => RedirectionKind::HereDocument(self.here_document(strip_tabs)?),
            Operator::DuplicateInput => self.duplicate(true, fd)?,
            Operator::DuplicateOutput => self.duplicate(false, fd)?,
            Operator::Input => RedirectionKind::Input(self.target()?),
            Operator::Output => RedirectionKind::Output(self.target()?),
            Operator::Append => RedirectionKind::Append(self.target()?),
            Operator::Clobber => RedirectionKind::Clobber(self.target()?),
            Operator::ReadWrite => RedirectionKind::ReadWrite(self.target()?),
            Operator::OutputBoth => RedirectionKind::OutputBoth(self.target()?),
            Operator::AppendBoth => RedirectionKind::AppendBoth(self.target()?),
            Operator::HereString => RedirectionKind::HereString(self.here_string()?),
        })
    }

    fn target(&mut self) -> Parsed<WordId> {
        let word = self.word(Ends::Metacharacter)?;
        self.operand_word(word)
    }

    fn operand_word(&mut self, word: Option<Word>) -> Parsed<WordId> {
        match word {
            Some(word) => Ok(self.add_word(word)),
            None => Err(self.unexpected()),
        }
    }

    /// The word of `<<<`, in which braces are plain text and tildes are expanded as in an assignment.
    fn here_string(&mut self) -> Parsed<WordId> {
        let style = Style { braces: false, assignment: true, ..self.style(Ends::Metacharacter) };
        let word = self.word_in_style(style)?;
        self.operand_word(word)
    }

    /// The operand of `<&` and `>&`.
    fn duplicate(&mut self, input: bool, fd: &RedirectionFd) -> Parsed<RedirectionKind> {
        if self.input.peek() == Some(b'-') && self.input.peek_at(1).is_none_or(is_metacharacter) {
            self.input.advance(1);
            return Ok(RedirectionKind::Close { input });
        }
        let word = self.word_or_number(self.style(Ends::Metacharacter))?;
        let word = self.operand_word(word)?;
        let literal = self.unit.literal(word).cloned();
        let duplicate = match &literal {
            Some(text) => {
                let (digits, moves) = match text.strip_suffix(b"-") {
                    Some(digits) => (digits, true),
                    None => (&text[..], false),
                };
                match parse_number(digits) {
                    Some(number) if moves => Duplicate::Move(number),
                    Some(number) => Duplicate::Number(number),
                    None if !input && *fd == RedirectionFd::Default => return Ok(RedirectionKind::OutputBoth(word)),
                    None => Duplicate::Word(word),
                }
            }
            None => Duplicate::Word(word),
        };
        Ok(if input { RedirectionKind::DuplicateInput(duplicate) } else { RedirectionKind::DuplicateOutput(duplicate) })
    }

    /// The delimiter of a here-document; its body comes after the next newline.
    fn here_document(&mut self, strip_tabs: bool) -> Parsed<HereDocumentId> {
        let position = self.input.position();
        let start = self.input.offset();
        let marks = self.scratch.marks();
        let facts = self.facts;
        let style = Style { braces: false, ..self.style(Ends::Metacharacter) };
        let Some(word) = self.word_in_style(style)? else { return Err(self.unexpected()) };
        self.facts = facts;
        self.scratch.truncate(marks);
        let raw = self.input.slice(position, self.input.position());
        let quoted = word.facts.has(WordFacts::QUOTED) || raw.iter().any(|byte| matches!(byte, b'\'' | b'"'));
        let delimiter = if quoted || memchr::memchr(b'\\', &raw).is_some() { remove_quotes(&raw) } else { raw };
        let body = self.empty_word();
        let body = self.add_word(body);
        let id = HereDocumentId::from_index(self.unit.all_here_documents.len());
        let span = Span::new(start, start);
        let text = Bytes::new();
        self.unit.all_here_documents.push(HereDocument {
            delimiter,
            quoted,
            strip_tabs,
            body,
            text,
            unterminated: None,
            span,
            line: self.input.line,
        });
        self.pending.push(id);
        Ok(id)
    }
}

/// The redirection operator that `text` begins with, and its length. With a descriptor on its left, `&>` is none.
fn operator(text: &[u8], has_fd: bool) -> Option<(Operator, usize)> {
    Some(match text {
        [b'<' | b'>', b'(', ..] => return None,
        [b'<', b'<', b'<', ..] => (Operator::HereString, 3),
        [b'<', b'<', b'-', ..] => (Operator::HereDocument { strip_tabs: true }, 3),
        [b'<', b'<', ..] => (Operator::HereDocument { strip_tabs: false }, 2),
        [b'<', b'&', ..] => (Operator::DuplicateInput, 2),
        [b'<', b'>', ..] => (Operator::ReadWrite, 2),
        [b'<', ..] => (Operator::Input, 1),
        [b'>', b'>', ..] => (Operator::Append, 2),
        [b'>', b'&', ..] => (Operator::DuplicateOutput, 2),
        [b'>', b'|', ..] => (Operator::Clobber, 2),
        [b'>', ..] => (Operator::Output, 1),
        [b'&', b'>', b'>', ..] if !has_fd => (Operator::AppendBoth, 3),
        [b'&', b'>', ..] if !has_fd => (Operator::OutputBoth, 2),
        _ => return None,
    })
}

/// A number without sign that fits a file descriptor.
fn parse_number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse::<i32>().ok().and_then(|number| u32::try_from(number).ok())
}

/// Removes the quotes of a here-document's delimiter, in which nothing is expanded.
fn remove_quotes(raw: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    let mut double = false;
    while let Some(&byte) = raw.get(at) {
        let next = raw.get(at + 1).copied();
        at += 1;
        match byte {
            b'\\' if next == Some(b'\n') => at += 1,
            b'\\' if double && !matches!(next, Some(b'$' | b'`' | b'"' | b'\\')) => out.push(byte),
            b'\\' => {
                out.extend(next);
                at += 1;
            }
            b'"' => double = !double,
            b'\'' if !double => {
                let end = crate::word::extent::after_byte(raw, at, b'\'', false).unwrap_or(raw.len() + 1);
                out.extend_from_slice(raw.get(at..end - 1).unwrap_or(&[]));
                at = end;
            }
            b'$' if !double && next == Some(b'\'') => {
                let end = crate::word::extent::after_byte(raw, at + 1, b'\'', true).unwrap_or(raw.len() + 1);
                out.extend(crate::word::decode_ansi_c(raw.get(at + 1..end - 1).unwrap_or(&[])));
                at = end;
            }
            b'$' if !double && next == Some(b'"') => {}
            _ => out.push(byte),
        }
    }
    Bytes::from(out)
}
