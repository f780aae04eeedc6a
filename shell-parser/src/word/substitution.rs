//! Expansions that begin with `$`, and command and process substitution. POSIX 2.6; bash manual "Command Substitution",
//! "Process Substitution", "Arithmetic Expansion".

use bytes::Bytes;

use crate::ast::{
    ArithText, CommandId, CommandKind, CommandSubstitution, Direction, NodeId, Parameter, ParameterExpansion,
    ParameterId, ParameterOperator, RedirectionFd, RedirectionKind, SubstitutionId, WordFacts, WordId, WordPart,
};
use crate::core::{Core, Parsed};
use crate::error::{SyntaxError, SyntaxErrorKind, SyntaxErrorStatus};
use crate::input::Input;
use crate::lex::class::{is_special_parameter, name_length};
use crate::span::Span;
use crate::word::QuotedEnd;
use crate::word::extent::{after_byte, closing, parentheses_balance};

/// The quoting around an expansion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Around {
    Nothing,
    DoubleQuotes,
    HereDocument,
}

impl Core<'_> {
    /// Whether the `$` at the cursor begins an expansion.
    #[inline]
    pub(crate) fn at_expansion(&self) -> bool {
        match self.input.peek_at(1) {
            Some(byte) => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'(' | b'{' | b'[') || is_special_parameter(byte)
            }
            None => false,
        }
    }

    /// Reads the expansion at the cursor, unquoted or between double quotes.
    pub(crate) fn expansion(&mut self, quoted: bool) -> Parsed<()> {
        self.expansion_in(if quoted { Around::DoubleQuotes } else { Around::Nothing })
    }

    /// Reads the expansion at the cursor inside quoted text.
    pub(crate) fn expansion_quoted(&mut self, here_document: bool) -> Parsed<()> {
        self.expansion_in(if here_document { Around::HereDocument } else { Around::DoubleQuotes })
    }

    fn expansion_in(&mut self, around: Around) -> Parsed<()> {
        self.facts = self.facts.with(WordFacts::EXPANSION);
        let rest = self.input.rest();
        match rest.get(1) {
            Some(b'(') if rest.get(2) == Some(&b'(') => self.double_parenthesis(around),
            Some(b'(') => self.command_substitution(),
            Some(b'{') => self.braced_parameter(around),
            Some(b'[') => self.bracket_arithmetic(around),
            _ => {
                self.plain_parameter();
                Ok(())
            }
        }
    }

    /// `$name`, `$1`, `$?`.
    fn plain_parameter(&mut self) {
        let rest = self.input.rest();
        let position = self.input.position() + 1;
        let length = name_length(rest.get(1..).unwrap_or(&[]));
        let (parameter, length) = if length > 0 {
            (Parameter::Variable(self.input.slice(position, position + length)), length)
        } else {
            match rest.get(1) {
                Some(&digit @ b'1'..=b'9') => (Parameter::Positional(u32::from(digit - b'0')), 1),
                Some(&byte) => (Parameter::Special(byte), 1),
                None => return,
            }
        };
        self.input.advance(1 + length);
        let operator = ParameterOperator::None;
        self.push_parameter(ParameterExpansion {
            parameter,
            indirect: false,
            subscript: None,
            operator,
            braced: false,
        });
    }

    pub(crate) fn push_parameter(&mut self, expansion: ParameterExpansion) {
        let id = ParameterId::from_index(self.unit.all_parameters.len());
        self.unit.all_parameters.push(expansion);
        self.scratch.parts.push(WordPart::Parameter(id));
    }

    fn push_substitution(&mut self, substitution: CommandSubstitution) -> SubstitutionId {
        let id = SubstitutionId::from_index(self.unit.all_substitutions.len());
        self.unit.all_substitutions.push(substitution);
        self.facts = self.facts.with(WordFacts::SUBSTITUTION).with(WordFacts::EXPANSION);
        id
    }

    /// `$(...)`.
    fn command_substitution(&mut self) -> Parsed<()> {
        self.input.advance(2);
        let substitution = self.parenthesized()?;
        let id = self.push_substitution(substitution);
        self.scratch.parts.push(WordPart::CommandSub(id));
        Ok(())
    }

    /// `<(...)` and `>(...)`.
    pub(crate) fn process_substitution(&mut self) -> Parsed<()> {
        let direction = if self.input.peek() == Some(b'<') { Direction::Read } else { Direction::Write };
        self.input.advance(2);
        let substitution = self.parenthesized()?;
        let id = self.push_substitution(substitution);
        self.scratch.parts.push(WordPart::ProcessSub(direction, id));
        Ok(())
    }

    /// The commands of a substitution, up to and with the closing parenthesis.
    fn parenthesized(&mut self) -> Parsed<CommandSubstitution> {
        let start = self.input.offset();
        let outer = std::mem::take(&mut self.pending);
        let outer_facts = self.facts;
        let outer_reserved = std::mem::replace(&mut self.reserved_ok, true);
        let outer_in = std::mem::replace(&mut self.in_substitution, true);
        let word_depth = self.enter_substitution()?;
        self.skip_newlines()?;
        let first = (self.unit.all_commands.len(), self.input.line);
        let body = self.optional_list().map_err(in_substitution)?;
        self.substitution_lines.push((first.0..self.unit.all_commands.len(), first.1));
        self.skip_blanks();
        let end = self.input.end_offset();
        if self.input.peek() != Some(b')') {
            if self.input.at_end() {
                return Err(self.unmatched_substitution(self.input.line));
            }
            return Err(in_substitution(self.unexpected()));
        }
        self.input.advance(1);
        self.leave_substitution(word_depth);
        self.in_substitution = outer_in;
        self.reserved_ok = outer_reserved;
        self.facts = outer_facts;
        // A here-document that the substitution leaves open begins after the line's newline, behind the others.
        if !self.pending.is_empty() {
            let count = self.pending.len();
            let plural = if count == 1 { "" } else { "s" };
            self.warn(self.input.line, format!("command substitution: {count} unterminated here-document{plural}"));
        }
        let left = std::mem::replace(&mut self.pending, outer);
        self.pending.extend(left);
        let read_file = body.and_then(|body| self.file_to_read(body));
        Ok(CommandSubstitution { body, backquoted: false, read_file, error: None, span: Span::new(start, end) })
    }

    /// The file of a command that is nothing but `< file`.
    fn file_to_read(&self, body: CommandId) -> Option<WordId> {
        let command = self.unit.command(body);
        let CommandKind::Simple(simple) = command.kind else { return None };
        match self.unit.redirections(command.redirections) {
            [only] if simple.words.is_empty() && simple.assignments.is_empty() => match (only.kind, &only.fd) {
                (RedirectionKind::Input(word), RedirectionFd::Default | RedirectionFd::Number(0)) => Some(word),
                _ => None,
            },
            _ => None,
        }
    }

    /// `$((`: an arithmetic expansion, or a command substitution that begins with a subshell.
    ///
    /// bash looks for the end of it as of an arithmetic expansion; when what it finds is not one, it is a command
    /// substitution whose syntax is checked only when it runs.
    fn double_parenthesis(&mut self, around: Around) -> Parsed<()> {
        let line = self.input.line;
        let position = self.input.position() + 2;
        let rest = self.input.rest();
        // The end of the outer `(`, as an index into `rest`.
        let end = match closing(rest, 2, b')', false) {
            Ok(end) => end,
            Err(open) => return Err(self.unmatched(open, line)),
        };
        let inner = rest.get(3..end - 1).unwrap_or(&[]);
        match inner.strip_suffix(b")") {
            Some(expression) if parentheses_balance(expression) => {
                let length = expression.len();
                self.input.advance(3);
                let text = self.arith_text(length, around)?;
                self.input.advance(2);
                self.scratch.parts.push(WordPart::Arith(text));
                Ok(())
            }
            _ => {
                let text = self.input.slice(position, position + end - 3);
                let place = Span::new(self.input.offset_of(position), self.input.offset_of(position + end - 3));
                self.input.advance(2);
                let substitution = self.deferred(text, place, self.input.is_verbatim(), line, false)?;
                self.input.advance_lines(end - 2);
                let id = self.push_substitution(substitution);
                self.scratch.parts.push(WordPart::CommandSub(id));
                Ok(())
            }
        }
    }

    /// `$[...]`, the old form of arithmetic expansion.
    fn bracket_arithmetic(&mut self, around: Around) -> Parsed<()> {
        let line = self.input.line;
        let end = match closing(self.input.rest(), 2, b']', false) {
            Ok(end) => end,
            Err(open) => return Err(self.unmatched(open, line)),
        };
        self.input.advance(2);
        let text = self.arith_text(end - 3, around)?;
        self.input.advance(1);
        self.scratch.parts.push(WordPart::Arith(text));
        Ok(())
    }

    /// Reads the next `length` bytes as the text of an arithmetic expression.
    pub(crate) fn arith_text(&mut self, length: usize, _around: Around) -> Parsed<ArithText> {
        let end = self.input.position() + length;
        let limit = self.input.restrict(end);
        let text = self.arith_until(QuotedEnd::Arithmetic)?;
        self.input.unrestrict(limit);
        Ok(text)
    }

    /// Reads the text of an arithmetic expression up to `end`.
    pub(crate) fn arith_until(&mut self, end: QuotedEnd) -> Parsed<ArithText> {
        self.enter_word()?;
        let start = self.input.offset();
        let mark = self.scratch.parts.len();
        let outer = std::mem::take(&mut self.facts);
        self.quoted_parts(end)?;
        let facts = std::mem::replace(&mut self.facts, outer);
        self.propagate(facts);
        let word = self.finish_word(start, mark, facts);
        let expr = self.parse_static_arith(word.parts);
        self.leave_word();
        Ok(ArithText { word: self.add_word(word), expr })
    }

    /// `` `...` ``; between double quotes `\"` loses its backslash too.
    pub(crate) fn backquoted(&mut self, quoted: bool) -> Parsed<()> {
        let line = self.input.line;
        self.facts = self.facts.with(WordFacts::EXPANSION);
        let Some(length) = after_byte(self.input.rest(), 1, b'`', true) else { return Err(self.unmatched(b'`', line)) };
        let start = self.input.position() + 1;
        let end = start + length - 2;
        let place = Span::new(self.input.offset_of(start), self.input.offset_of(end));
        let raw = self.input.slice(start, end);
        let verbatim = !raw.contains(&b'\\');
        let text = if verbatim { raw } else { unescape_backquoted(&raw, quoted) };
        let verbatim = verbatim && self.input.is_verbatim();
        let substitution = self.deferred(text, place, verbatim, line, true)?;
        self.input.advance_lines(length);
        let id = self.push_substitution(substitution);
        self.scratch.parts.push(WordPart::CommandSub(id));
        Ok(())
    }

    /// Parses the text of a substitution whose syntax errors bash reports only when it runs.
    fn deferred(
        &mut self,
        text: Bytes,
        place: Span,
        verbatim: bool,
        line: u32,
        backquoted: bool,
    ) -> Parsed<CommandSubstitution> {
        let word_depth = self.enter_substitution()?;
        let last_backslash = ends_in_backslash(&text);
        let mut lines = text.to_vec();
        lines.push(b'\n');
        let nested = Input::nested(Bytes::from(lines), place, verbatim, line, last_backslash);
        let input = std::mem::replace(&mut self.input, nested);
        let pending = std::mem::take(&mut self.pending);
        let facts = self.facts;
        let reserved = std::mem::replace(&mut self.reserved_ok, true);
        let outer_in = std::mem::replace(&mut self.in_substitution, false);
        let depth = self.depth();
        let marks = self.scratch.marks();
        let first = self.unit.all_commands.len();
        let (body, error) = self.commands_to_end()?;
        self.substitution_lines.push((first..self.unit.all_commands.len(), line));
        self.scratch.truncate(marks);
        self.set_depth(depth);
        self.input = input;
        self.blanks.1 = usize::MAX;
        self.pending = pending;
        self.facts = facts;
        self.reserved_ok = reserved;
        self.in_substitution = outer_in;
        self.leave_substitution(word_depth);
        let read_file = body.filter(|_| error.is_none()).and_then(|body| self.file_to_read(body));
        Ok(CommandSubstitution { body, backquoted, read_file, error, span: place })
    }

    /// Parses complete commands up to the end of the text or the first error.
    fn commands_to_end(&mut self) -> Parsed<(Option<CommandId>, Option<Box<SyntaxError>>)> {
        let mark = self.scratch.list_items.len();
        let start = self.input.offset();
        let line = self.input.line;
        let mut error = None;
        loop {
            let items = self.scratch.list_items.len();
            let marks = self.scratch.marks();
            match self.complete_command() {
                Ok(true) => {}
                Ok(false) => break,
                Err(refusal) if matches!(refusal.kind, SyntaxErrorKind::TooDeep(_) | SyntaxErrorKind::TooLarge) => {
                    return Err(refusal);
                }
                Err(refusal) => {
                    self.scratch.truncate(marks);
                    self.scratch.list_items.truncate(items);
                    error = Some(refusal);
                    break;
                }
            }
        }
        Ok((self.list_from(mark, start, line), error))
    }
}

/// The error of a command inside `$(`.
fn in_substitution(mut error: Box<SyntaxError>) -> Box<SyntaxError> {
    if error.status == SyntaxErrorStatus::Usage && !error.is_incomplete() {
        error.status = SyntaxErrorStatus::Substitution;
    }
    error
}

/// Whether the text ends in a backslash that is not quoted itself.
pub(crate) fn ends_in_backslash(text: &[u8]) -> bool {
    text.iter().rev().take_while(|&&byte| byte == b'\\').count() % 2 == 1
}

/// Removes the backslashes that backquotes take away. POSIX 2.6.3.
fn unescape_backquoted(raw: &[u8], quoted: bool) -> Bytes {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte == b'\\'
            && let Some(&next) = bytes.peek()
        {
            if !(matches!(next, b'$' | b'`' | b'\\') || (quoted && next == b'"')) {
                out.push(b'\\');
            }
            out.push(next);
            bytes.next();
            continue;
        }
        out.push(byte);
    }
    Bytes::from(out)
}
