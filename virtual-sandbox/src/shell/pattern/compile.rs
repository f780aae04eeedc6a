//! Pattern text to nodes.

use super::PatternOptions;
use super::bracket::{self, Bracket};

/// How deep extended patterns may nest; deeper ones are literal text.
const DEPTH: usize = 64;

/// One step of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// One character: valid UTF-8, or a single other byte as `0x110000 + byte`.
    Char(u32),
    /// `?`
    Any,
    /// `*`
    Star,
    /// `[...]`
    Bracket(Box<Bracket>),
    /// `@(a|b)` and its kin.
    Group(Repeat, Vec<Vec<Node>>),
}

/// The operator of an extended pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// `?(`
    Optional,
    /// `*(`
    Any,
    /// `+(`
    Some,
    /// `@(`
    One,
    /// `!(`
    Not,
}

/// The first character of a text and its length in bytes.
#[inline]
pub(super) fn first_char(text: &[u8]) -> Option<(u32, usize)> {
    let lead = *text.first()?;
    if lead < 0x80 {
        return Some((u32::from(lead), 1));
    }
    let length = match lead {
        _ if crate::text::locale::is_bytes() => 1,
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    if let Some(bytes) = text.get(..length)
        && length > 1
        && let Ok(valid) = std::str::from_utf8(bytes)
        && let Some(ch) = valid.chars().next()
    {
        return Some((ch as u32, length));
    }
    Some((0x11_0000 + u32::from(lead), 1))
}

/// The last character of a text and its length in bytes.
pub(super) fn last_char(text: &[u8]) -> Option<(u32, usize)> {
    let last = *text.last()?;
    if last < 0x80 {
        return Some((u32::from(last), 1));
    }
    for length in 2..=4.min(text.len()) {
        if let Some((code, found)) = text.get(text.len() - length..).and_then(first_char)
            && found == length
        {
            return Some((code, length));
        }
    }
    Some((0x11_0000 + u32::from(last), 1))
}

/// The other case of a character, for matching without regard to case.
pub(super) fn fold(code: u32) -> u32 {
    char::from_u32(code).map_or(code, |ch| crate::shell::expand::case::lower(ch) as u32)
}

/// Whether a pattern has a character that makes it more than literal text.
pub fn has_special(text: &[u8], extglob: bool) -> bool {
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'\\' => at += 1,
            b'*' | b'?' => return true,
            b'[' if bracket::parse(text, at).is_some() => return true,
            b'+' | b'@' | b'!' if extglob && text.get(at + 1) == Some(&b'(') => return true,
            _ => {}
        }
        at += 1;
    }
    false
}

/// Compiles a pattern; also tells whether there are groups.
pub(super) fn compile(text: &[u8], flags: PatternOptions) -> (Vec<Node>, bool) {
    let mut compiler = Compiler { text, flags, groups: false };
    let nodes = compiler.sequence(0, text.len(), 0);
    (nodes, compiler.groups)
}

struct Compiler<'a> {
    text: &'a [u8],
    flags: PatternOptions,
    groups: bool,
}

impl Compiler<'_> {
    fn sequence(&mut self, mut at: usize, end: usize, depth: usize) -> Vec<Node> {
        let mut nodes = Vec::new();
        while at < end {
            let Some((code, length)) = self.text.get(at..end).and_then(first_char) else { break };
            if let Some(repeat) = self.group_operator(at, end, depth)
                && let Some((alternatives, close)) = self.alternatives(at + 2, end)
            {
                self.groups = true;
                let compiled = alternatives.iter().map(|(from, to)| self.sequence(*from, *to, depth + 1)).collect();
                nodes.push(Node::Group(repeat, compiled));
                at = close + 1;
                continue;
            }
            at += length;
            match code {
                0x2a => {
                    // Neighbouring stars mean one.
                    if !matches!(nodes.last(), Some(Node::Star)) {
                        nodes.push(Node::Star);
                    }
                }
                0x3f => nodes.push(Node::Any),
                0x5b => match bracket::parse(self.text.get(..end).unwrap_or(self.text), at - 1) {
                    Some((bracket, next)) => {
                        nodes.push(Node::Bracket(Box::new(bracket)));
                        at = next;
                    }
                    None => nodes.push(self.literal(0x5b)),
                },
                0x5c => match self.text.get(at..end).and_then(first_char) {
                    Some((code, length)) => {
                        nodes.push(self.literal(code));
                        at += length;
                    }
                    // A backslash at the end stands for itself.
                    None => nodes.push(Node::Char(0x5c)),
                },
                code => nodes.push(self.literal(code)),
            }
        }
        nodes
    }

    fn literal(&self, code: u32) -> Node {
        Node::Char(if self.flags.nocase { fold(code) } else { code })
    }

    fn group_operator(&self, at: usize, end: usize, depth: usize) -> Option<Repeat> {
        if !self.flags.extglob || depth >= DEPTH || at + 1 >= end || self.text.get(at + 1) != Some(&b'(') {
            return None;
        }
        Some(match self.text.get(at)? {
            b'?' => Repeat::Optional,
            b'*' => Repeat::Any,
            b'+' => Repeat::Some,
            b'@' => Repeat::One,
            b'!' => Repeat::Not,
            _ => return None,
        })
    }

    /// The alternatives of a group whose first byte is at `from`, and the offset of its `)`.
    fn alternatives(&self, from: usize, end: usize) -> Option<(Vec<(usize, usize)>, usize)> {
        let mut alternatives = Vec::new();
        let (mut at, mut start, mut depth) = (from, from, 0usize);
        while at < end {
            match self.text.get(at)? {
                b'\\' => at += 1,
                b'[' => {
                    if let Some((_, next)) = bracket::parse(self.text.get(..end)?, at) {
                        at = next - 1;
                    }
                }
                b'(' => depth += 1,
                b'|' if depth == 0 => {
                    alternatives.push((start, at));
                    start = at + 1;
                }
                b')' if depth == 0 => {
                    alternatives.push((start, at));
                    return Some((alternatives, at));
                }
                b')' => depth -= 1,
                _ => {}
            }
            at += 1;
        }
        None
    }
}
