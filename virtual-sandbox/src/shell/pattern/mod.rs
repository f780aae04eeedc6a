//! Shell patterns. POSIX 2.14 Pattern Matching Notation; bash manual "Pattern Matching".
//!
//! A pattern is text in which a backslash quotes the character after it. It is compiled once and matches bytes by
//! characters: a valid UTF-8 sequence is one character, any other byte is a character of its own. No pattern takes
//! exponential time.

mod bracket;
mod cache;
mod compile;
mod groups;
mod matcher;
mod search;

use std::borrow::Cow;

use compile::Node;

use crate::shell::expand::{ShellOption, World};
pub use cache::{PatternCache, Ready};
pub use compile::has_special;

/// How a pattern is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatternOptions {
    /// `?(` `*(` `+(` `@(` `!(` are special.
    pub extglob: bool,
    /// Case does not matter.
    pub nocase: bool,
    /// `*`, `?` and brackets do not match a period at the start: pathname expansion without `dotglob`.
    pub period: bool,
}

impl PatternOptions {
    /// For `case`, under the shell options in force.
    pub fn of<W: World>(world: &W) -> Self {
        Self {
            extglob: world.option(ShellOption::ExtGlob),
            nocase: world.option(ShellOption::NoCaseMatch),
            period: false,
        }
    }
}

/// A compiled pattern. Simple shapes borrow their text and need no memory.
#[derive(Debug, Clone)]
pub struct Pattern<'a> {
    shape: Shape<'a>,
}

#[derive(Debug, Clone)]
enum Shape<'a> {
    /// `abc`
    Literal(Cow<'a, [u8]>),
    /// `*`
    Anything,
    /// `*abc`
    EndsWith(Cow<'a, [u8]>),
    /// `abc*`
    StartsWith(Cow<'a, [u8]>),
    /// `*abc*`
    Contains(Cow<'a, [u8]>),
    /// Anything else without groups.
    Nodes { nodes: Vec<Node>, flags: PatternOptions },
    /// With extended operators.
    Groups { nodes: Vec<Node>, flags: PatternOptions },
}

impl<'a> Pattern<'a> {
    /// Compiles a pattern.
    pub fn new(text: &'a [u8], flags: PatternOptions) -> Self {
        Self::simple(text, flags).unwrap_or_else(|| Self::compiled(text, flags))
    }

    /// The pattern when it is of a shape that borrows the text.
    fn simple(text: &'a [u8], flags: PatternOptions) -> Option<Self> {
        if flags.nocase || flags.period {
            return None;
        }
        simple_shape(text, flags).map(|shape| Self { shape })
    }

    /// The pattern as nodes, of their own memory.
    fn compiled<'b>(text: &[u8], flags: PatternOptions) -> Pattern<'b> {
        let (nodes, groups) = compile::compile(text, flags);
        Pattern { shape: if groups { Shape::Groups { nodes, flags } } else { Shape::Nodes { nodes, flags } } }
    }

    /// Whether the whole text matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        match &self.shape {
            Shape::Literal(literal) => text == literal.as_ref(),
            Shape::Anything => true,
            Shape::EndsWith(literal) => text.ends_with(literal),
            Shape::StartsWith(literal) => text.starts_with(literal),
            Shape::Contains(literal) => memchr::memmem::find(text, literal).is_some(),
            Shape::Nodes { nodes, flags } => matcher::matches(nodes, *flags, text),
            Shape::Groups { nodes, flags } => groups::matches(nodes, *flags, text),
        }
    }

    /// Length of the shortest or longest beginning of the text that matches: `${x#p}`, `${x##p}`.
    pub fn prefix(&self, text: &[u8], longest: bool) -> Option<usize> {
        match &self.shape {
            Shape::Literal(literal) => text.starts_with(literal).then(|| literal.len()),
            Shape::Anything => Some(if longest { text.len() } else { 0 }),
            Shape::EndsWith(literal) => {
                let at = if longest { rfind(text, literal) } else { find(text, literal) }?;
                Some(at + literal.len())
            }
            Shape::StartsWith(literal) => {
                text.starts_with(literal).then(|| if longest { text.len() } else { literal.len() })
            }
            Shape::Contains(literal) => {
                let at = find(text, literal)?;
                Some(if longest { text.len() } else { at + literal.len() })
            }
            Shape::Nodes { nodes, flags } => matcher::prefix(nodes, *flags, text, longest),
            Shape::Groups { nodes, flags } => groups::prefix(nodes, *flags, text, longest),
        }
    }

    /// Offset of the shortest or longest end of the text that matches: `${x%p}`, `${x%%p}`.
    pub fn suffix(&self, text: &[u8], longest: bool) -> Option<usize> {
        match &self.shape {
            Shape::Literal(literal) => text.ends_with(literal).then(|| text.len() - literal.len()),
            Shape::Anything => Some(if longest { 0 } else { text.len() }),
            Shape::EndsWith(literal) => {
                text.ends_with(literal).then(|| if longest { 0 } else { text.len() - literal.len() })
            }
            Shape::StartsWith(literal) => {
                if longest {
                    find(text, literal)
                } else {
                    rfind(text, literal)
                }
            }
            Shape::Contains(literal) => {
                let at = rfind(text, literal)?;
                Some(if longest { 0 } else { at })
            }
            Shape::Nodes { nodes, flags } => matcher::suffix(nodes, *flags, text, longest),
            Shape::Groups { nodes, flags } => groups::suffix(nodes, *flags, text, longest),
        }
    }
}

/// Length in bytes of the character that a text begins with; 0 for an empty text.
pub fn char_length(text: &[u8]) -> usize {
    compile::first_char(text).map_or(0, |(_, length)| length)
}

#[inline]
fn find(text: &[u8], literal: &[u8]) -> Option<usize> {
    match literal {
        [byte] => memchr::memchr(*byte, text),
        _ => memchr::memmem::find(text, literal),
    }
}

#[inline]
fn rfind(text: &[u8], literal: &[u8]) -> Option<usize> {
    match literal {
        [byte] => memchr::memrchr(*byte, text),
        _ => memchr::memmem::rfind(text, literal),
    }
}

/// The shape of a pattern with at most a `*` at either end. The literal must be valid UTF-8, so that wherever its bytes
/// are found they are whole characters.
fn simple_shape(text: &[u8], flags: PatternOptions) -> Option<Shape<'_>> {
    let (leading, rest) = match text {
        [b'*', b'(', ..] if flags.extglob => return None,
        [b'*', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let (trailing, literal) = match rest {
        [before @ .., b'\\', b'*'] if !before.ends_with(b"\\") => (false, rest),
        [.., b'\\', b'*'] => return None,
        [literal @ .., b'*'] => (true, literal),
        _ => (false, rest),
    };
    if leading && literal.is_empty() {
        return Some(Shape::Anything);
    }
    let literal = plain(literal, flags)?;
    Some(match (leading, trailing) {
        (false, false) => Shape::Literal(literal),
        (true, false) => Shape::EndsWith(literal),
        (false, true) => Shape::StartsWith(literal),
        (true, true) => Shape::Contains(literal),
    })
}

/// The text of a pattern without special characters, its backslashes removed.
fn plain(text: &[u8], flags: PatternOptions) -> Option<Cow<'_, [u8]>> {
    let special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b'\\' | 0x80..) || (flags.extglob && *byte == b'(');
    if !text.iter().any(special) {
        return Some(Cow::Borrowed(text));
    }
    std::str::from_utf8(text).ok()?;
    let mut literal = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'*' | b'?' | b'[' => return None,
            b'(' if flags.extglob => return None,
            b'\\' => literal.push(bytes.next()?),
            byte => literal.push(byte),
        }
    }
    Some(Cow::Owned(literal))
}

#[cfg(test)]
mod tests;
