//! Assignments. POSIX 2.9.1, bash manual "Shell Parameters", "Arrays".

use bytes::Bytes;

use crate::ast::{
    ArrayElement, Assignment, AssignmentId, AssignmentValue, IdRange, NodeId, PartId, Subscript, Word, WordFacts,
    WordPart,
};
use crate::core::{Core, Parsed, with_status};
use crate::error::SyntaxErrorStatus;
use crate::lex::class::name_length;
use crate::span::Span;
use crate::word::extent::{bracket_in_word, closing};
use crate::word::{Ends, Style};

/// What stands before the value of an assignment.
struct Target {
    name: Bytes,
    subscript: Option<Subscript>,
    append: bool,
}

impl Core<'_> {
    /// Reads the assignment at the cursor, if one is there, into the scratch.
    pub(crate) fn assignment(&mut self) -> Parsed<bool> {
        let start = self.input.offset();
        let Some(target) = self.assignment_target(true)? else { return Ok(false) };
        let value = if self.input.peek() == Some(b'(') {
            AssignmentValue::Array(self.array()?)
        } else {
            let word = self.word_or_empty(self.value_style(false))?;
            AssignmentValue::Scalar(self.add_word(word))
        };
        let assignment = self.finish_assignment(start, target, value);
        self.scratch.assignments.push(assignment);
        Ok(true)
    }

    /// Reads an argument of a declaration builtin that has the shape of an assignment into the scratch words.
    pub(crate) fn declaration_argument(&mut self) -> Parsed<bool> {
        let start = self.input.offset();
        let position = self.input.position();
        let outer = self.facts;
        let Some(target) = self.assignment_target(false)? else { return Ok(false) };
        let mark = self.scratch.parts.len();
        let left = self.input.slice(position, self.input.position());
        let mut facts = WordFacts::ASSIGNMENT;
        let (parts, value) = if self.input.peek() == Some(b'(') {
            let elements = self.array()?;
            let text = self.input.slice(position, self.input.position());
            self.scratch.parts.push(WordPart::Literal(text));
            (self.flush_parts(mark), AssignmentValue::Array(elements))
        } else {
            self.scratch.parts.push(WordPart::Literal(left));
            self.facts = WordFacts::default();
            let value_start = self.input.offset();
            self.unquoted(self.value_style(self.options.brace_expand), &mut Default::default())?;
            facts = facts.with(self.facts);
            if self.input.is_verbatim() {
                facts = facts.with(WordFacts::VERBATIM);
            }
            let parts = self.flush_parts(mark);
            let word = self.value_word(value_start, parts.skip(1), facts.without(WordFacts::ASSIGNMENT));
            (parts, AssignmentValue::Scalar(self.add_word(word)))
        };
        self.facts = outer;
        let assignment = self.finish_assignment(start, target, value);
        let id = AssignmentId::from_index(self.unit.all_assignments.len());
        self.unit.all_assignments.push(assignment);
        let span = Span::new(start, self.input.end_offset());
        self.scratch.words.push(Word { parts, span, assignment: Some(id), facts });
        Ok(true)
    }

    /// The value of a declaration argument, whose parts are some of the argument's.
    fn value_word(&self, start: u32, parts: IdRange<PartId>, facts: WordFacts) -> Word {
        const SPECIAL: WordFacts =
            WordFacts::GLOB.with(WordFacts::EXTGLOB).with(WordFacts::BRACE).with(WordFacts::TILDE);
        let plain = !facts.any(SPECIAL) && matches!(self.unit.parts(parts), [WordPart::Literal(_)]);
        let facts = if plain { facts.with(WordFacts::LITERAL) } else { facts };
        Word { parts, span: Span::new(start, self.input.end_offset().max(start)), assignment: None, facts }
    }

    fn value_style(&self, braces: bool) -> Style {
        Style { braces, assignment: true, ..self.style(Ends::Metacharacter) }
    }

    fn finish_assignment(&self, start: u32, target: Target, value: AssignmentValue) -> Assignment {
        let Target { name, subscript, append } = target;
        Assignment { name, subscript, append, value, span: Span::new(start, self.input.end_offset()) }
    }

    /// Reads `name=`, `name+=`, `name[subscript]=` if that stands at the cursor. Blanks may stand in the subscript only
    /// when `first`: where a command name could be.
    fn assignment_target(&mut self, first: bool) -> Parsed<Option<Target>> {
        let position = self.input.position();
        let rest = self.input.rest();
        let length = name_length(rest);
        if length == 0 {
            return Ok(None);
        }
        let operator = match rest.get(length..) {
            Some([b'=', ..]) => 1,
            Some([b'+', b'=', ..]) => 2,
            Some([b'[', ..]) => return self.element_target(position, length, first),
            _ => return Ok(None),
        };
        self.input.advance(length + operator);
        let name = self.input.slice(position, position + length);
        Ok(Some(Target { name, subscript: None, append: operator == 2 }))
    }

    fn element_target(&mut self, position: usize, length: usize, first: bool) -> Parsed<Option<Target>> {
        let rest = self.input.rest();
        let end = match first {
            true => closing(rest, length + 1, b']', false).ok(),
            false => bracket_in_word(rest, length + 1),
        };
        let Some(end) = end else { return Ok(None) };
        let operator = match rest.get(end..) {
            Some([b'=', ..]) => 1,
            Some([b'+', b'=', ..]) => 2,
            _ => return Ok(None),
        };
        self.input.advance(length);
        let subscript = self.subscript(None)?;
        self.input.advance(operator);
        let name = self.input.slice(position, position + length);
        Ok(Some(Target { name, subscript, append: operator == 2 }))
    }

    /// Where a subscript behind a name at the cursor ends, if there is one. bash insists on its bracket where a command
    /// name could be.
    pub(crate) fn subscript_end(&self) -> Parsed<Option<usize>> {
        let rest = self.input.rest();
        let length = name_length(rest);
        if length == 0 || rest.get(length) != Some(&b'[') {
            return Ok(None);
        }
        match closing(rest, length + 1, b']', false) {
            Ok(end) => Ok(Some(self.input.position() + end)),
            Err(open) => Err(self.unmatched(open, self.input.line)),
        }
    }

    /// Reads `( ... )` at the cursor.
    fn array(&mut self) -> Parsed<IdRange<crate::ast::ElementId>> {
        let line = self.input.line;
        self.input.advance(1);
        self.enter_word()?;
        let mark = self.scratch.elements.len();
        loop {
            self.skip_newlines()?;
            match self.input.peek() {
                Some(b')') => break,
                None if self.input.at_end() => {
                    return Err(with_status(self.unmatched(b')', line), SyntaxErrorStatus::Failure));
                }
                _ => {
                    let element = self.array_element()?;
                    self.scratch.elements.push(element);
                }
            }
        }
        self.input.advance(1);
        self.leave_word();
        Ok(self.flush_elements(mark))
    }

    fn array_element(&mut self) -> Parsed<ArrayElement> {
        let start = self.input.offset();
        if self.input.peek() == Some(b'[') {
            let rest = self.input.rest();
            let end = closing(rest, 1, b']', false).map_err(|open| self.unmatched(open, self.input.line))?;
            let operator = match rest.get(end..) {
                Some([b'=', ..]) => 1,
                Some([b'+', b'=', ..]) => 2,
                _ => 0,
            };
            if operator > 0
                && let Some(subscript) = self.subscript(None)?
            {
                self.input.advance(operator);
                let word = self.word_or_empty(self.value_style(self.options.brace_expand))?;
                let value = self.add_word(word);
                let span = Span::new(start, self.input.end_offset());
                return Ok(ArrayElement { subscript: Some(subscript), append: operator == 2, value, span });
            }
        }
        let style = Style { assignment_like: false, ..self.style(Ends::Metacharacter) };
        match self.word_in_style(style)? {
            Some(word) => {
                let span = word.span;
                Ok(ArrayElement { subscript: None, append: false, value: self.add_word(word), span })
            }
            None => Err(with_status(self.unexpected(), SyntaxErrorStatus::Failure)),
        }
    }
}
