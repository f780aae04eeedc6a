//! Words and assignments as they stand in the source.
//!
//! bash keeps the text of words; it only takes out line continuations, decodes `$'...'` and rewrites `$(...)`, which
//! it parses while it reads the word.

use crate::ast::{
    ArithText, Assignment, AssignmentValue, BraceExpansion, IdRange, ParameterOperator, PartId, Subscript,
    SubstitutionId, Unit, Word, WordFacts, WordId, WordPart,
};
use crate::print::command::Printer;
use crate::quote::single_quoted;
use crate::span::Span;
use crate::word::decode_ansi_c;
use crate::word::extent::after_byte;

/// The substitutions of a text, in source order.
#[derive(Debug, Default)]
struct Substitutions {
    found: Vec<(Span, SubstitutionId)>,
}

impl Printer<'_> {
    /// A word, from the source where that has it.
    pub(super) fn source_word(&mut self, word: &Word) {
        if word.parts.is_empty() && word.span.is_empty() {
            return;
        }
        if !word.facts.has(WordFacts::VERBATIM) || self.unit.text(word.span).is_empty() {
            return self.tree_parts(word.parts);
        }
        let mut substitutions = Substitutions::default();
        substitutions.in_parts(self.unit, word.parts);
        self.source_text(word.span, substitutions);
    }

    pub(super) fn source_assignment(&mut self, assignment: &Assignment) {
        if !self.unit.text(assignment.span).starts_with(&assignment.name) {
            return self.tree_assignment(assignment);
        }
        let mut substitutions = Substitutions::default();
        substitutions.in_subscript(self.unit, assignment.subscript);
        match assignment.value {
            AssignmentValue::Scalar(value) => {
                substitutions.in_word(self.unit, value);
                self.source_text(assignment.span, substitutions);
            }
            AssignmentValue::Array(elements) => {
                let elements = self.unit.elements(elements);
                let text = self.unit.text(assignment.span);
                let open =
                    elements.first().map_or(text.len(), |first| (first.span.start - assignment.span.start) as usize);
                let open = memchr::memrchr(b'(', text.get(..open).unwrap_or(text)).unwrap_or(open);
                let left = Span::new(assignment.span.start, assignment.span.start + open as u32);
                self.source_text(left, substitutions);
                self.put(b"(");
                for (n, element) in elements.iter().enumerate() {
                    if n > 0 {
                        self.put(b" ");
                    }
                    let mut substitutions = Substitutions::default();
                    substitutions.in_subscript(self.unit, element.subscript);
                    substitutions.in_word(self.unit, element.value);
                    self.source_text(element.span, substitutions);
                }
                self.put(b")");
            }
        }
    }

    /// The source of a span with bash's changes.
    fn source_text(&mut self, span: Span, mut substitutions: Substitutions) {
        substitutions.found.sort_by_key(|(span, _)| span.start);
        let mut substitutions = substitutions.found.into_iter().peekable();
        let unit = self.unit;
        let text = unit.text(span);
        let mut quoting: Vec<Quoting> = Vec::new();
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            let offset = span.start + at as u32 + 2;
            while substitutions.next_if(|(inner, _)| inner.start < offset).is_some() {}
            if let Some((inner, id)) = substitutions.next_if(|(inner, _)| inner.start == offset) {
                self.put(text.get(at..at + 2).unwrap_or(&[]));
                if text.get(at + 2) == Some(&b'(') && text.get(at) == Some(&b'$') {
                    self.put(unit.text(inner));
                } else {
                    self.substitution_body(unit.substitution(id).body);
                }
                self.put(b")");
                at += 2 + inner.len() + 1;
                continue;
            }
            at += self.source_byte(text, at, byte, &mut quoting);
        }
    }

    /// Prints what stands at `at`; gives its length in the source.
    fn source_byte(&mut self, text: &[u8], at: usize, byte: u8, quoting: &mut Vec<Quoting>) -> usize {
        let next = text.get(at + 1).copied();
        let top = quoting.last().copied();
        let quoted = matches!(top, Some(Quoting::Double | Quoting::QuotedBrace));
        let length = match byte {
            b'\\' if next == Some(b'\n') => return 2,
            b'\\' => 2,
            b'`' => {
                let end = after_byte(text, at + 1, b'`', true).unwrap_or(text.len());
                let inner = text.get(at..end).unwrap_or(&[]);
                let joined = crate::core::remove_continuations(inner);
                self.put(&joined);
                return end - at;
            }
            b'\'' if !quoted => after_byte(text, at + 1, b'\'', false).unwrap_or(text.len()) - at,
            b'$' if next == Some(b'\'') && top != Some(Quoting::Double) => {
                let end = after_byte(text, at + 2, b'\'', true).unwrap_or(text.len());
                let decoded = decode_ansi_c(text.get(at + 2..end - 1).unwrap_or(&[]));
                self.put(&single_quoted(&decoded));
                return end - at;
            }
            b'$' if next == Some(b'"') && top != Some(Quoting::Double) => return 1,
            b'$' if next == Some(b'{') => {
                quoting.push(if quoted { Quoting::QuotedBrace } else { Quoting::Brace });
                2
            }
            b'}' if matches!(top, Some(Quoting::Brace | Quoting::QuotedBrace)) => {
                quoting.pop();
                1
            }
            b'"' => {
                if top == Some(Quoting::Double) {
                    quoting.pop();
                } else {
                    quoting.push(Quoting::Double);
                }
                1
            }
            _ => 1,
        };
        self.put(text.get(at..(at + length).min(text.len())).unwrap_or(&[]));
        length
    }
}

/// What is open at a place of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quoting {
    Double,
    Brace,
    QuotedBrace,
}

impl Substitutions {
    fn in_word(&mut self, unit: &Unit, word: WordId) {
        self.in_parts(unit, unit.word(word).parts);
    }

    fn in_arith(&mut self, unit: &Unit, text: ArithText) {
        self.in_word(unit, text.word);
    }

    fn in_subscript(&mut self, unit: &Unit, subscript: Option<Subscript>) {
        if let Some(Subscript::Index(text)) = subscript {
            self.in_arith(unit, text);
        }
    }

    fn in_parts(&mut self, unit: &Unit, parts: IdRange<PartId>) {
        for part in unit.parts(parts) {
            match part {
                WordPart::CommandSub(id) | WordPart::ProcessSub(_, id) => {
                    let substitution = unit.substitution(*id);
                    if !substitution.backquoted {
                        self.found.push((substitution.span, *id));
                    }
                }
                WordPart::DoubleQuoted(inner) | WordPart::Localized(inner) => self.in_parts(unit, *inner),
                WordPart::Arith(text) => self.in_arith(unit, *text),
                WordPart::Parameter(id) => {
                    let expansion = unit.parameter(*id);
                    self.in_subscript(unit, expansion.subscript);
                    self.in_operator(unit, &expansion.operator);
                }
                WordPart::Brace(id) => {
                    if let BraceExpansion::List(words) = unit.brace(*id) {
                        words.iter().for_each(|word| self.in_word(unit, word));
                    }
                }
                WordPart::Literal(_)
                | WordPart::Escaped(_)
                | WordPart::SingleQuoted(_)
                | WordPart::AnsiC(_)
                | WordPart::Tilde(_) => {}
            }
        }
    }

    fn in_operator(&mut self, unit: &Unit, operator: &ParameterOperator) {
        match operator {
            ParameterOperator::UseDefault { word, .. }
            | ParameterOperator::AssignDefault { word, .. }
            | ParameterOperator::ErrorIfUnset { word, .. }
            | ParameterOperator::UseAlternate { word, .. }
            | ParameterOperator::RemovePrefix { pattern: word, .. }
            | ParameterOperator::RemoveSuffix { pattern: word, .. } => self.in_word(unit, *word),
            ParameterOperator::Substitute { pattern, replacement, .. } => {
                self.in_word(unit, *pattern);
                if let Some(replacement) = replacement {
                    self.in_word(unit, *replacement);
                }
            }
            ParameterOperator::Substring { offset, length } => {
                self.in_arith(unit, *offset);
                if let Some(length) = length {
                    self.in_arith(unit, *length);
                }
            }
            ParameterOperator::Case { pattern: Some(pattern), .. } => self.in_word(unit, *pattern),
            ParameterOperator::Case { pattern: None, .. }
            | ParameterOperator::None
            | ParameterOperator::Length
            | ParameterOperator::Transform(_)
            | ParameterOperator::Names { .. }
            | ParameterOperator::Keys
            | ParameterOperator::Bad { .. } => {}
        }
    }
}
