//! `${...}`. POSIX 2.6.2; bash manual "Shell Parameter Expansion".

use bytes::Bytes;

use crate::ast::{
    CaseChange, NodeId, Parameter, ParameterExpansion, ParameterId, ParameterOperator, Subscript, SubstituteKind,
    WordFacts, WordId,
};
use crate::core::{Core, Parsed};
use crate::lex::class::{is_special_parameter, name_length};
use crate::word::brace::BraceMap;
use crate::word::extent::closing;
use crate::word::substitution::Around;
use crate::word::{Ends, QuotedEnd, Style};

/// What a try to read `${...}` found.
enum Form {
    Good(ParameterExpansion),
    /// bash takes it for a bad substitution; behind `@`, only if this parameter is set.
    Bad(Option<(Parameter, Option<Subscript>)>),
}

impl Core<'_> {
    /// Reads `${...}` at the cursor.
    pub(crate) fn braced_parameter(&mut self, around: Around) -> Parsed<()> {
        let line = self.input.line;
        self.input.advance(2);
        self.enter_word()?;
        let start = self.input.position();
        let marks = self.scratch.marks();
        let depth = self.depth();
        let form = self.parameter_form(around)?;
        let expansion = match form {
            Form::Good(expansion) => expansion,
            Form::Bad(transformed) => {
                self.scratch.truncate(marks);
                self.set_depth(depth);
                self.input.seek(start);
                self.input.line = line;
                self.bad_parameters.push(ParameterId::from_index(self.unit.all_parameters.len()));
                self.bad_substitution(around, line, transformed)?
            }
        };
        self.leave_word();
        self.push_parameter(expansion);
        Ok(())
    }

    /// Reads up to the closing brace something that is refused only when it is expanded.
    fn bad_substitution(
        &mut self,
        around: Around,
        line: u32,
        transformed: Option<(Parameter, Option<Subscript>)>,
    ) -> Parsed<ParameterExpansion> {
        let length = match closing(self.input.rest(), 0, b'}', around != Around::Nothing) {
            Ok(length) => length,
            Err(open) => return Err(self.unmatched(open, line)),
        };
        let start = self.input.position();
        self.input.advance_lines(length);
        let text = self.input.slice(start, start + length - 1);
        let transform = transformed.is_some();
        let operator = ParameterOperator::Bad { text, message: Bytes::new(), transform };
        let (parameter, subscript) = transformed.unwrap_or((Parameter::Variable(Bytes::new()), None));
        Ok(ParameterExpansion { parameter, indirect: false, subscript, operator, braced: true })
    }

    /// Gives the bad substitutions found since `mark` the string around them, which bash shows.
    pub(crate) fn show_bad_parameters(&mut self, mark: usize, string: &[u8]) {
        for id in self.bad_parameters.drain(mark.min(self.bad_parameters.len())..) {
            if let Some(ParameterExpansion { operator: ParameterOperator::Bad { message, .. }, .. }) =
                self.unit.all_parameters.get_mut(id.index())
            {
                *message = [string, b": bad substitution"].concat().into();
            }
        }
    }

    /// Reads what is behind `${`, with the closing brace.
    fn parameter_form(&mut self, around: Around) -> Parsed<Form> {
        while self.input.at_continuation() {
            self.input.skip_continuation();
        }
        let rest = self.input.rest();
        let (first, second) = (rest.first().copied(), rest.get(1).copied());
        let length = first == Some(b'#') && second.is_some_and(|next| starts_length(next, rest.get(2).copied()));
        let indirect = first == Some(b'!') && second.is_some_and(starts_indirection);
        if length || indirect {
            self.input.advance(1);
        }
        let Some(parameter) = self.parameter_name() else { return Ok(Form::Bad(None)) };
        let subscript = match (&parameter, self.input.peek()) {
            (Parameter::Variable(_), Some(b'[')) => match self.subscript(Some(b'}'))? {
                Some(subscript) => Some(subscript),
                None => return Ok(Form::Bad(None)),
            },
            _ => None,
        };
        if length {
            return Ok(self.close(ParameterExpansion {
                parameter,
                indirect: false,
                subscript,
                operator: ParameterOperator::Length,
                braced: true,
            }));
        }
        let mut expansion =
            ParameterExpansion { parameter, indirect, subscript, operator: ParameterOperator::None, braced: true };
        if indirect && self.names_or_keys(&mut expansion) {
            return Ok(self.close(expansion));
        }
        // bash cannot change the case of these.
        let fixed = matches!(expansion.parameter, Parameter::Special(b'#' | b'?' | b'-'));
        if fixed && matches!(self.input.peek(), Some(b'^' | b',' | b'~')) {
            return Ok(Form::Bad(None));
        }
        let transform = self.input.peek() == Some(b'@');
        match self.parameter_operator(around)? {
            Some(operator) => expansion.operator = operator,
            None if transform && !indirect => {
                return Ok(Form::Bad(Some((expansion.parameter, expansion.subscript))));
            }
            None => return Ok(Form::Bad(None)),
        }
        Ok(self.close(expansion))
    }

    /// Reads the closing brace.
    fn close(&mut self, expansion: ParameterExpansion) -> Form {
        if self.input.peek() != Some(b'}') {
            return Form::Bad(None);
        }
        self.input.advance(1);
        Form::Good(expansion)
    }

    /// Reads a name, a number or a special parameter.
    fn parameter_name(&mut self) -> Option<Parameter> {
        if let Some(name) = self.continued_name() {
            return Some(name);
        }
        let rest = self.input.rest();
        let start = self.input.position();
        let length = name_length(rest);
        if length > 0 {
            self.input.advance(length);
            return Some(Parameter::Variable(self.input.slice(start, start + length)));
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            let number = rest
                .iter()
                .take(digits)
                .fold(0u32, |n, byte| n.saturating_mul(10).saturating_add(u32::from(byte - b'0')));
            self.input.advance(digits);
            return Some(if number == 0 { Parameter::Special(b'0') } else { Parameter::Positional(number) });
        }
        let byte = *rest.first()?;
        if !is_special_parameter(byte) {
            return None;
        }
        self.input.advance(1);
        Some(Parameter::Special(byte))
    }

    /// Reads a name with line continuations inside it or behind it.
    fn continued_name(&mut self) -> Option<Parameter> {
        let rest = self.input.rest();
        let first = name_length(rest);
        if first == 0 || !rest.get(first..)?.starts_with(b"\\\n") {
            return None;
        }
        let mut name = Vec::new();
        loop {
            let rest = self.input.rest();
            let length = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
            name.extend_from_slice(rest.get(..length).unwrap_or(&[]));
            self.input.advance(length);
            if !self.input.at_continuation() {
                return Some(Parameter::Variable(name.into()));
            }
            self.input.skip_continuation();
        }
    }

    /// Reads `[...]` at the cursor, which ends before `limit` closes; `None` when it is not a subscript.
    pub(crate) fn subscript(&mut self, limit: Option<u8>) -> Parsed<Option<Subscript>> {
        let rest = self.input.rest();
        let special = match rest {
            [b'[', b'@', b']', ..] => Some(Subscript::At),
            [b'[', b'*', b']', ..] => Some(Subscript::Star),
            [b'[', b']', ..] if limit.is_some() => return Ok(None),
            _ => None,
        };
        if special.is_some() {
            self.input.advance(3);
            return Ok(special);
        }
        // Only a closed subscript is one; the parts are read up to its bracket and no further.
        // Looking no further than the end of the expansion keeps a row of unclosed ones linear.
        let rest = match limit {
            Some(limit) => rest.get(..closing(rest, 1, limit, false).unwrap_or(rest.len())).unwrap_or(rest),
            None => rest,
        };
        let Ok(end) = closing(rest, 1, b']', false) else { return Ok(None) };
        self.input.advance(1);
        let limit = self.input.restrict(self.input.position() + end - 2);
        let text = self.subscript_text()?;
        self.input.unrestrict(limit);
        self.input.advance(1);
        Ok(Some(Subscript::Index(text)))
    }

    /// Reads the rest of the (restricted) text as a subscript.
    fn subscript_text(&mut self) -> Parsed<crate::ast::ArithText> {
        self.enter_word()?;
        let style = Style {
            ends: Ends::Bracket,
            extglob: false,
            braces: false,
            assignment: false,
            assignment_like: true,
            text_until: 0,
        };
        let start = self.input.offset();
        let mark = self.scratch.parts.len();
        let outer = std::mem::take(&mut self.facts);
        self.unquoted(style, &mut BraceMap::default())?;
        let facts = std::mem::replace(&mut self.facts, outer);
        self.propagate(facts);
        let word = self.finish_word(start, mark, facts);
        let expr = self.parse_static_arith(word.parts);
        self.leave_word();
        Ok(crate::ast::ArithText { word: self.add_word(word), expr })
    }

    /// `${!prefix@}`, `${!prefix*}`, `${!array[@]}`: reads the operator if it is one of these.
    fn names_or_keys(&mut self, expansion: &mut ParameterExpansion) -> bool {
        let closes = self.input.peek_at(1) == Some(b'}');
        match (&expansion.parameter, expansion.subscript, self.input.peek()) {
            (Parameter::Variable(_), None, Some(byte @ (b'@' | b'*'))) if closes => {
                self.input.advance(1);
                expansion.operator = ParameterOperator::Names { star: byte == b'*' };
            }
            (Parameter::Variable(_), Some(Subscript::At | Subscript::Star), Some(b'}')) => {
                expansion.operator = ParameterOperator::Keys;
            }
            _ => return false,
        }
        expansion.indirect = false;
        true
    }

    /// Reads the operator with its operands; `None` when there is no such operator.
    fn parameter_operator(&mut self, around: Around) -> Parsed<Option<ParameterOperator>> {
        let rest = self.input.rest();
        let Some(&byte) = rest.first() else { return Ok(None) };
        let next = rest.get(1).copied();
        Ok(Some(match byte {
            b'}' => ParameterOperator::None,
            b':' => match next {
                Some(condition @ (b'-' | b'=' | b'?' | b'+')) => {
                    self.input.advance(2);
                    self.conditional(condition, true, around)?
                }
                Some(b'}') | None => return Ok(None),
                _ => self.substring()?,
            },
            b'-' | b'=' | b'?' | b'+' => {
                self.input.advance(1);
                self.conditional(byte, false, around)?
            }
            b'#' | b'%' => {
                let longest = next == Some(byte);
                self.input.advance(if longest { 2 } else { 1 });
                let pattern = self.operand(Ends::Brace)?;
                match byte {
                    b'#' => ParameterOperator::RemovePrefix { longest, pattern },
                    _ => ParameterOperator::RemoveSuffix { longest, pattern },
                }
            }
            b'/' => self.substitute()?,
            b'^' | b',' | b'~' => {
                let all = next == Some(byte);
                self.input.advance(if all { 2 } else { 1 });
                let pattern = if self.input.peek() == Some(b'}') { None } else { Some(self.operand(Ends::Brace)?) };
                ParameterOperator::Case { change: case_change(byte), all, pattern }
            }
            b'@' => match next {
                Some(b'U' | b'u' | b'L' | b'Q' | b'E' | b'P' | b'A' | b'K' | b'a' | b'k') => {
                    self.input.advance(2);
                    ParameterOperator::Transform(next.unwrap_or(0))
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// Reads the word of `-`, `=`, `?`, `+`, in which quotes count as the quoting around the expansion says.
    fn conditional(&mut self, byte: u8, colon: bool, around: Around) -> Parsed<ParameterOperator> {
        let word = match around {
            Around::Nothing => self.operand(Ends::Brace)?,
            Around::DoubleQuotes => self.quoted_operand(QuotedEnd::Brace)?,
            Around::HereDocument => self.quoted_operand(QuotedEnd::HereDocumentBrace)?,
        };
        Ok(match byte {
            b'-' => ParameterOperator::UseDefault { colon, word },
            b'=' => ParameterOperator::AssignDefault { colon, word },
            b'?' => ParameterOperator::ErrorIfUnset { colon, word },
            _ => ParameterOperator::UseAlternate { colon, word },
        })
    }

    /// Reads `:offset` and `:length`.
    fn substring(&mut self) -> Parsed<ParameterOperator> {
        self.input.advance(1);
        let offset = self.arith_until(QuotedEnd::Offset)?;
        let length = if self.input.peek() == Some(b':') {
            self.input.advance(1);
            Some(self.arith_until(QuotedEnd::Brace)?)
        } else {
            None
        };
        Ok(ParameterOperator::Substring { offset, length })
    }

    /// Reads `/pattern/replacement`.
    fn substitute(&mut self) -> Parsed<ParameterOperator> {
        self.input.advance(1);
        let kind = match self.input.peek() {
            Some(b'/') => SubstituteKind::All,
            Some(b'#') => SubstituteKind::Prefix,
            Some(b'%') => SubstituteKind::Suffix,
            _ => SubstituteKind::First,
        };
        if kind != SubstituteKind::First {
            self.input.advance(1);
        }
        // In `${x////.}` the third slash is the pattern.
        let first = self.input.position();
        let text_until = if kind == SubstituteKind::All { first + 1 } else { first };
        let pattern = self.operand_in_style(Style { text_until, ..self.style(Ends::Slash) })?;
        let replacement = if self.input.peek() == Some(b'/') {
            self.input.advance(1);
            Some(self.operand(Ends::Brace)?)
        } else {
            None
        };
        Ok(ParameterOperator::Substitute { kind, pattern, replacement })
    }

    /// Reads an operand in which all quoting works.
    fn operand(&mut self, ends: Ends) -> Parsed<WordId> {
        self.operand_in_style(self.style(ends))
    }

    fn operand_in_style(&mut self, style: Style) -> Parsed<WordId> {
        let line = self.input.line;
        let word = self.word_or_empty(style)?;
        if self.input.peek().is_none() {
            return Err(self.unmatched(b'}', line));
        }
        Ok(self.add_word(word))
    }

    /// Reads an operand as between double quotes.
    fn quoted_operand(&mut self, end: QuotedEnd) -> Parsed<WordId> {
        let start = self.input.offset();
        let mark = self.scratch.parts.len();
        let outer = std::mem::take(&mut self.facts);
        self.quoted_parts(end)?;
        let facts = std::mem::replace(&mut self.facts, outer);
        self.propagate(facts);
        let word = self.finish_word(start, mark, facts.without(WordFacts::GLOB));
        Ok(self.add_word(word))
    }
}

/// Whether `#` before `next` asks for a length: else it is the parameter `#`.
fn starts_length(next: u8, after: Option<u8>) -> bool {
    match next {
        b'}' => false,
        b'_' => true,
        _ if next.is_ascii_alphanumeric() => true,
        _ => is_special_parameter(next) && after == Some(b'}'),
    }
}

/// Whether `!` before `next` is an indirection: else it is the parameter `!`.
fn starts_indirection(next: u8) -> bool {
    next == b'_' || next.is_ascii_alphanumeric() || matches!(next, b'#' | b'?' | b'@' | b'*')
}

fn case_change(byte: u8) -> CaseChange {
    match byte {
        b'^' => CaseChange::Upper,
        b',' => CaseChange::Lower,
        _ => CaseChange::Toggle,
    }
}
