//! The bodies of here-documents. POSIX 2.7.4; bash manual "Here Documents".

use bytes::Bytes;

use crate::ast::{HereDocumentId, NodeId, Parameter, ParameterExpansion, ParameterOperator, Word, WordFacts, WordPart};
use crate::core::{Core, Parsed};
use crate::error::{SyntaxError, SyntaxErrorKind};
use crate::input::Input;
use crate::span::Span;
use crate::word::QuotedEnd;

/// What was found of a body.
struct Body {
    /// Positions of the body in the text being read.
    start: usize,
    end: usize,
    /// The body's text without leading tabs, where `<<-` takes them away.
    stripped: Option<Vec<u8>>,
    /// The delimiter did not come.
    unterminated: bool,
    /// How many bytes to skip behind the body: the line of the delimiter.
    delimiter: usize,
}

impl Core<'_> {
    /// Reads the bodies that wait for the newline just read, in the order of their operators.
    pub(crate) fn read_here_documents(&mut self) -> Parsed<()> {
        for id in std::mem::take(&mut self.pending) {
            self.read_here_document(id)?;
        }
        Ok(())
    }

    fn read_here_document(&mut self, id: HereDocumentId) -> Parsed<()> {
        let document = self.unit.here_document(id);
        let (delimiter, quoted, strip_tabs) = (document.delimiter.clone(), document.quoted, document.strip_tabs);
        let began = document.line;
        let body = self.find_body(&delimiter, quoted, strip_tabs);
        if body.unterminated && !self.options.final_input {
            return Err(self.incomplete(self.input.line, SyntaxErrorKind::UnexpectedEnd));
        }
        let start = self.input.offset();
        let line = self.input.line;
        let text = match body.stripped {
            Some(text) => Bytes::from(text),
            None => self.input.slice(body.start, body.end),
        };
        let substitutions = self.substitution_lines.len();
        let word = self.body_word(&text, quoted, strip_tabs, body.end)?;
        self.number_substitutions(substitutions, began);
        self.input.seek(body.start);
        self.input.line = line;
        self.input.advance_lines(body.end - body.start);
        let span = Span::new(start, self.input.end_offset());
        let ended = self.input.line.saturating_sub(1);
        self.input.advance_lines(body.delimiter);
        if body.unterminated {
            let wanted = String::from_utf8_lossy(&delimiter);
            self.warn(ended, format!("here-document at line {began} delimited by end-of-file (wanted `{wanted}')"));
        }
        if let Some(document) = self.unit.all_here_documents.get_mut(id.index()) {
            document.text = if quoted { text } else { join_lines(text) };
            document.span = span;
            document.unterminated = body.unterminated.then_some((ended, began));
            if let Some(slot) = self.unit.all_words.get_mut(document.body.index()) {
                *slot = word;
            }
        }
        Ok(())
    }

    /// Finds the body at the cursor.
    fn find_body(&self, delimiter: &[u8], quoted: bool, strip_tabs: bool) -> Body {
        let start = self.input.position();
        let rest = self.input.rest();
        let mut stripped = strip_tabs.then(Vec::new);
        let mut at = 0;
        loop {
            let tabs = if strip_tabs { rest.iter().skip(at).take_while(|&&byte| byte == b'\t').count() } else { 0 };
            let begin = at + tabs;
            let line = logical_line(rest.get(begin..).unwrap_or(&[]), !quoted);
            let content = line.strip_suffix(b"\n").unwrap_or(line);
            let found =
                |length| Body { start, end: start + at, stripped: None, unterminated: false, delimiter: length };
            if !line.is_empty() && is_delimiter(content, delimiter, !quoted) {
                return Body { stripped, ..found(tabs + line.len()) };
            }
            // In `$(cat <<E ... E)` the delimiter's line may close the substitution too.
            if self.in_substitution
                && let Some(after) = content.strip_prefix(delimiter)
                && after.trim_ascii_start().starts_with(b")")
            {
                return Body { stripped, ..found(tabs + delimiter.len()) };
            }
            if line.is_empty() {
                return Body { start, end: start + rest.len(), stripped, unterminated: true, delimiter: 0 };
            }
            if let Some(text) = &mut stripped {
                text.extend_from_slice(line);
            }
            at = begin + line.len();
        }
    }

    /// The word of a body.
    fn body_word(&mut self, text: &Bytes, quoted: bool, copied: bool, end: usize) -> Parsed<Word> {
        let start = self.input.offset();
        let mark = self.scratch.parts.len();
        let outer = std::mem::take(&mut self.facts);
        self.enter()?;
        if quoted {
            if !text.is_empty() {
                self.scratch.parts.push(WordPart::Literal(text.clone()));
            }
        } else {
            let marks = self.scratch.marks();
            let depth = self.depth();
            let bad = self.bad_parameters.len();
            match self.expanded_body(text, copied, start, end) {
                Ok(()) => {}
                Err(error) if matches!(error.kind, SyntaxErrorKind::TooDeep(_) | SyntaxErrorKind::TooLarge) => {
                    return Err(error);
                }
                // bash finds an expansion that does not end only when it expands the body.
                Err(error) => {
                    self.scratch.truncate(marks);
                    self.set_depth(depth);
                    self.bad_body(text, &error);
                }
            }
            self.show_bad_parameters(bad, text);
        }
        self.leave();
        let facts = std::mem::replace(&mut self.facts, outer);
        let parts = self.flush_parts(mark);
        let plain = matches!(self.unit.parts(parts), [WordPart::Literal(_)]);
        let facts = if plain { facts.with(WordFacts::LITERAL) } else { facts };
        let span = Span::new(start, self.input.offset_of(end).max(start));
        Ok(Word { parts, span, assignment: None, facts })
    }

    /// A body in which an expansion does not end.
    fn bad_body(&mut self, text: &Bytes, error: &SyntaxError) {
        self.facts = self.facts.with(WordFacts::EXPANSION);
        self.push_parameter(ParameterExpansion {
            parameter: Parameter::Variable(Bytes::new()),
            indirect: false,
            subscript: None,
            operator: ParameterOperator::Bad {
                text: text.clone(),
                message: unfinished_message(text, error).into(),
                transform: false,
            },
            braced: true,
        });
    }

    /// The parts of a body in which expansions are performed.
    fn expanded_body(&mut self, text: &Bytes, copied: bool, start: u32, end: usize) -> Parsed<()> {
        if copied {
            let place = Span::new(start, self.input.offset_of(end));
            let nested = Input::nested(text.clone(), place, false, self.input.line, false);
            let input = std::mem::replace(&mut self.input, nested);
            let result = self.here_document_parts();
            self.input = input;
            self.blanks.1 = usize::MAX;
            return result;
        }
        let limit = self.input.restrict(end);
        let result = self.here_document_parts();
        self.input.unrestrict(limit);
        result
    }

    fn here_document_parts(&mut self) -> Parsed<()> {
        let outer = std::mem::replace(&mut self.in_substitution, false);
        let pending = std::mem::take(&mut self.pending);
        let reserved = self.reserved_ok;
        let result = self.quoted_parts(QuotedEnd::HereDocument);
        self.reserved_ok = reserved;
        self.pending = pending;
        self.in_substitution = outer;
        result
    }
}

/// What bash says of an expansion that does not end before its string does.
fn unfinished_message(text: &[u8], error: &SyntaxError) -> Vec<u8> {
    let (closer, opener): (&[u8], &[u8]) = match &error.kind {
        SyntaxErrorKind::Incomplete { at_end } => match **at_end {
            SyntaxErrorKind::UnmatchedDelimiter(b')') => (b"`)'", b"$("),
            SyntaxErrorKind::UnmatchedDelimiter(b'`') => (b"\"`\"", b"`"),
            _ => return [text, b": bad substitution"].concat(),
        },
        _ => return [text, b": bad substitution"].concat(),
    };
    let from = memchr::memmem::rfind(text, opener).unwrap_or(0);
    [b"bad substitution: no closing ", closer, b" in ", text.get(from..).unwrap_or(&[])].concat()
}

/// The first line of `text` with its newline; where backslashes count, a line that ends in one goes on.
fn logical_line(text: &[u8], continues: bool) -> &[u8] {
    let mut end = 0;
    loop {
        let Some(newline) = memchr::memchr(b'\n', text.get(end..).unwrap_or(&[])) else { return text };
        let line = text.get(..end + newline).unwrap_or(&[]);
        end += newline + 1;
        if !continues || !crate::word::ends_in_backslash(line) {
            return text.get(..end).unwrap_or(text);
        }
    }
}

fn is_delimiter(line: &[u8], delimiter: &[u8], continues: bool) -> bool {
    line == delimiter || (continues && line.contains(&b'\n') && crate::core::remove_continuations(line) == delimiter)
}

/// The text of a body in which a backslash joins two lines, as bash keeps it for printing.
fn join_lines(text: Bytes) -> Bytes {
    if memchr::memmem::find(&text, b"\\\n").is_none() {
        return text;
    }
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match (byte, text.get(at + 1)) {
            (b'\\', Some(b'\n')) => {}
            (b'\\', Some(&next)) => out.extend([byte, next]),
            _ => {
                out.push(byte);
                at += 1;
                continue;
            }
        }
        at += 2;
    }
    Bytes::from(out)
}
