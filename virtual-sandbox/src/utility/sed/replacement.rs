//! The replacement of `s`: literal text, references to groups, changes of case.

use super::unambiguous::escape;
use crate::text::regex::Captures;

/// A part of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    /// `&` is 0.
    Group(usize),
    Case(Case),
}

/// A change of case. [GNU sed manual "The s Command"]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// `\L`
    Lower,
    /// `\U`
    Upper,
    /// `\E`
    End,
    /// `\l`
    LowerNext,
    /// `\u`
    UpperNext,
}

/// A compiled replacement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Replacement {
    parts: Vec<Part>,
    changes_case: bool,
}

impl Replacement {
    /// Compiles the text between the second and third delimiter.
    pub(super) fn new(text: &[u8], posix: bool) -> Replacement {
        let mut replacement = Replacement::default();
        let mut literal = Vec::new();
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            at += 1;
            let part = match byte {
                b'&' => Part::Group(0),
                b'\\' => {
                    let rest = text.get(at..).unwrap_or_default();
                    let (part, len) = backslash(rest, posix);
                    at += len;
                    part
                }
                byte => {
                    literal.push(byte);
                    continue;
                }
            };
            if let Part::Literal(bytes) = part {
                literal.extend_from_slice(&bytes);
                continue;
            }
            if !literal.is_empty() {
                replacement.parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            replacement.changes_case |= matches!(part, Part::Case(_));
            replacement.parts.push(part);
        }
        if !literal.is_empty() {
            replacement.parts.push(Part::Literal(literal));
        }
        replacement
    }

    /// The highest group referred to.
    pub(super) fn highest_group(&self) -> usize {
        let groups = self.parts.iter().map(|part| if let Part::Group(n) = part { *n } else { 0 });
        groups.max().unwrap_or(0)
    }

    /// Appends the replacement of a match in `line`.
    pub(super) fn apply(&self, line: &[u8], captures: &Captures, out: &mut Vec<u8>) {
        if self.changes_case {
            return self.apply_cases(line, captures, out);
        }
        for part in &self.parts {
            match part {
                Part::Literal(bytes) => out.extend_from_slice(bytes),
                Part::Group(number) => out.extend_from_slice(group(line, captures, *number)),
                Part::Case(_) => {}
            }
        }
    }

    fn apply_cases(&self, line: &[u8], captures: &Captures, out: &mut Vec<u8>) {
        let mut lasting = Case::End;
        let mut next = None;
        for part in &self.parts {
            let text = match part {
                Part::Literal(bytes) => bytes.as_slice(),
                Part::Group(number) => group(line, captures, *number),
                Part::Case(case @ (Case::LowerNext | Case::UpperNext)) => {
                    next = Some(*case);
                    continue;
                }
                Part::Case(case) => {
                    lasting = *case;
                    continue;
                }
            };
            if text.is_empty() {
                continue;
            }
            change_case(text, lasting, next.take(), out);
        }
    }
}

fn group<'l>(line: &'l [u8], captures: &Captures, number: usize) -> &'l [u8] {
    captures.get(number).map(|span| span.of(line)).unwrap_or_default()
}

fn backslash(rest: &[u8], posix: bool) -> (Part, usize) {
    let Some(&byte) = rest.first() else { return (Part::Literal(b"\\".to_vec()), 0) };
    let case = match byte {
        b'L' => Some(Case::Lower),
        b'U' => Some(Case::Upper),
        b'E' => Some(Case::End),
        b'l' => Some(Case::LowerNext),
        b'u' => Some(Case::UpperNext),
        _ => None,
    };
    match (case, byte) {
        (Some(case), _) if !posix => (Part::Case(case), 1),
        (_, b'0'..=b'9') => (Part::Group(usize::from(byte - b'0')), 1),
        _ => match escape(rest) {
            Some((byte, len)) => (Part::Literal(vec![byte]), len),
            None => (Part::Literal(vec![byte]), 1),
        },
    }
}

/// Appends `text` in the lasting case, its first character in the case of `next`.
fn change_case(text: &[u8], lasting: Case, next: Option<Case>, out: &mut Vec<u8>) {
    let mut next = next;
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            let case = next.take().unwrap_or(lasting);
            push_char(simple_case(c, case), out);
        }
        if !chunk.invalid().is_empty() {
            next = None;
            out.extend_from_slice(chunk.invalid());
        }
    }
}

/// The C library maps one character to one; where Unicode has a longer mapping it leaves the character alone.
fn simple_case(c: char, case: Case) -> char {
    let single = |mut mapped: Box<dyn Iterator<Item = char>>| match (mapped.next(), mapped.next()) {
        (Some(only), None) => only,
        _ => c,
    };
    match case {
        Case::Upper | Case::UpperNext => single(Box::new(c.to_uppercase())),
        Case::Lower | Case::LowerNext => single(Box::new(c.to_lowercase())),
        Case::End => c,
    }
}

fn push_char(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
