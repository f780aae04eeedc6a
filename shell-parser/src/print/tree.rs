//! Words from their parts, where the source does not have their text: what came out of an alias, for example.

use crate::ast::{
    ArithText, Assignment, AssignmentValue, BraceExpansion, CaseChange, Direction, IdRange, Parameter,
    ParameterExpansion, ParameterOperator, PartId, Subscript, SubstituteKind, WordId, WordPart,
};
use crate::print::command::Printer;
use crate::quote::{Characters, ansi_c_quoted, single_quoted};

impl Printer<'_> {
    /// Unquoted parts.
    pub(super) fn tree_parts(&mut self, parts: IdRange<PartId>) {
        let unit = self.unit;
        for part in unit.parts(parts) {
            match part {
                WordPart::Literal(text) => self.put(text),
                _ => self.tree_part(part, false),
            }
        }
    }

    /// Parts between double quotes.
    fn tree_quoted_parts(&mut self, parts: IdRange<PartId>) {
        let unit = self.unit;
        for part in unit.parts(parts) {
            match part {
                WordPart::Literal(text) => {
                    for &byte in text.iter() {
                        if matches!(byte, b'$' | b'`' | b'"' | b'\\') {
                            self.put(b"\\");
                        }
                        self.put(&[byte]);
                    }
                }
                _ => self.tree_part(part, true),
            }
        }
    }

    fn tree_part(&mut self, part: &WordPart, quoted: bool) {
        match part {
            WordPart::Literal(text) => self.put(text),
            WordPart::Escaped(text) => {
                for &byte in text.iter() {
                    match byte {
                        b'\n' => self.put(b"'\n'"),
                        _ => self.put(&[b'\\', byte]),
                    }
                }
            }
            WordPart::SingleQuoted(text) => {
                self.put(b"'");
                self.put(text);
                self.put(b"'");
            }
            WordPart::AnsiC(text) => {
                let text =
                    if text.contains(&b'\'') { ansi_c_quoted(text, Characters::Utf8) } else { single_quoted(text) };
                self.put(&text);
            }
            WordPart::DoubleQuoted(inner) | WordPart::Localized(inner) => {
                self.put(b"\"");
                self.tree_quoted_parts(*inner);
                self.put(b"\"");
            }
            WordPart::Parameter(id) => self.tree_parameter(self.unit.parameter(*id), quoted),
            WordPart::CommandSub(id) => {
                self.put(b"$(");
                self.substitution_body(self.unit.substitution(*id).body);
                self.put(b")");
            }
            WordPart::ProcessSub(direction, id) => {
                self.put(if *direction == Direction::Read { b"<(" } else { b">(" });
                self.substitution_body(self.unit.substitution(*id).body);
                self.put(b")");
            }
            WordPart::Arith(text) => {
                self.put(b"$((");
                self.tree_arith(*text);
                self.put(b"))");
            }
            WordPart::Tilde(user) => {
                self.put(b"~");
                self.put(user);
            }
            WordPart::Brace(id) => match self.unit.brace(*id) {
                BraceExpansion::Range { text, .. } => self.put(text),
                BraceExpansion::List(words) => {
                    self.put(b"{");
                    for (n, word) in words.iter().enumerate() {
                        if n > 0 {
                            self.put(b",");
                        }
                        self.tree_word(word);
                    }
                    self.put(b"}");
                }
            },
        }
    }

    fn tree_word(&mut self, id: WordId) {
        self.tree_parts(self.unit.word(id).parts);
    }

    fn tree_arith(&mut self, text: ArithText) {
        self.tree_parts(self.unit.word(text.word).parts);
    }

    pub(super) fn tree_assignment(&mut self, assignment: &Assignment) {
        self.put(&assignment.name);
        self.tree_subscript(assignment.subscript);
        self.put(if assignment.append { b"+=" } else { b"=" });
        match assignment.value {
            AssignmentValue::Scalar(word) => self.tree_word(word),
            AssignmentValue::Array(elements) => {
                self.put(b"(");
                for (n, element) in self.unit.elements(elements).iter().enumerate() {
                    if n > 0 {
                        self.put(b" ");
                    }
                    self.tree_subscript(element.subscript);
                    if element.subscript.is_some() {
                        self.put(if element.append { b"+=" } else { b"=" });
                    }
                    self.tree_word(element.value);
                }
                self.put(b")");
            }
        }
    }

    fn tree_subscript(&mut self, subscript: Option<Subscript>) {
        match subscript {
            None => {}
            Some(Subscript::At) => self.put(b"[@]"),
            Some(Subscript::Star) => self.put(b"[*]"),
            Some(Subscript::Index(text)) => {
                self.put(b"[");
                self.tree_arith(text);
                self.put(b"]");
            }
        }
    }

    fn tree_parameter(&mut self, expansion: &ParameterExpansion, quoted: bool) {
        self.put(if expansion.braced { b"${" } else { b"$" });
        match expansion.operator {
            ParameterOperator::Length => self.put(b"#"),
            ParameterOperator::Names { .. } | ParameterOperator::Keys => self.put(b"!"),
            _ if expansion.indirect => self.put(b"!"),
            _ => {}
        }
        match &expansion.parameter {
            Parameter::Variable(name) => self.put(name),
            Parameter::Positional(number) => self.put(number.to_string().as_bytes()),
            Parameter::Special(byte) => self.put(&[*byte]),
        }
        self.tree_subscript(expansion.subscript);
        self.tree_operator(&expansion.operator, quoted);
        if expansion.braced {
            self.put(b"}");
        }
    }

    fn tree_operator(&mut self, operator: &ParameterOperator, quoted: bool) {
        match operator {
            ParameterOperator::None | ParameterOperator::Length | ParameterOperator::Keys => {}
            ParameterOperator::UseDefault { colon, word } => self.tree_condition(*colon, b"-", *word, quoted),
            ParameterOperator::AssignDefault { colon, word } => self.tree_condition(*colon, b"=", *word, quoted),
            ParameterOperator::ErrorIfUnset { colon, word } => self.tree_condition(*colon, b"?", *word, quoted),
            ParameterOperator::UseAlternate { colon, word } => self.tree_condition(*colon, b"+", *word, quoted),
            ParameterOperator::RemovePrefix { longest, pattern } => {
                self.put(if *longest { b"##" } else { b"#" });
                self.tree_word(*pattern);
            }
            ParameterOperator::RemoveSuffix { longest, pattern } => {
                self.put(if *longest { b"%%" } else { b"%" });
                self.tree_word(*pattern);
            }
            ParameterOperator::Substitute { kind, pattern, replacement } => {
                self.put(match kind {
                    SubstituteKind::First => b"/",
                    SubstituteKind::All => b"//",
                    SubstituteKind::Prefix => b"/#",
                    SubstituteKind::Suffix => b"/%",
                });
                self.tree_word(*pattern);
                if let Some(replacement) = replacement {
                    self.put(b"/");
                    self.tree_word(*replacement);
                }
            }
            ParameterOperator::Substring { offset, length } => {
                self.put(b":");
                self.tree_arith(*offset);
                if let Some(length) = length {
                    self.put(b":");
                    self.tree_arith(*length);
                }
            }
            ParameterOperator::Case { change, all, pattern } => {
                let byte = match change {
                    CaseChange::Upper => b'^',
                    CaseChange::Lower => b',',
                    CaseChange::Toggle => b'~',
                };
                self.put(&[byte, byte][..if *all { 2 } else { 1 }]);
                if let Some(pattern) = pattern {
                    self.tree_word(*pattern);
                }
            }
            ParameterOperator::Transform(byte) => self.put(&[b'@', *byte]),
            ParameterOperator::Names { star } => self.put(if *star { b"*" } else { b"@" }),
            ParameterOperator::Bad { text, .. } => self.put(text),
        }
    }

    fn tree_condition(&mut self, colon: bool, operator: &[u8], word: WordId, quoted: bool) {
        if colon {
            self.put(b":");
        }
        self.put(operator);
        let parts = self.unit.word(word).parts;
        if quoted { self.tree_quoted_parts(parts) } else { self.tree_parts(parts) }
    }
}
