//! The syntax tree of a regular expression.

use regex_syntax::hir::{ClassBytes, ClassUnicode};

/// What a match must fulfil at a position without consuming anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// `^`
    LineStart,
    /// `$`
    LineEnd,
    /// `` \` ``
    BufferStart,
    /// `\'`
    BufferEnd,
    /// `\<`
    WordStart,
    /// `\>`
    WordEnd,
    /// `\b`
    WordEdge,
    /// `\B`
    NotWordEdge,
}

/// A set of characters, and of the single bytes that are part of no character.
///
/// In the C locale `chars` is empty and `bytes` holds everything; otherwise `bytes` holds only bytes of 0x80 and more that
/// the pattern names although they are no UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Class {
    /// Characters.
    pub chars: ClassUnicode,
    /// Single bytes.
    pub bytes: ClassBytes,
}

/// One node of the tree.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// Matches the empty string.
    Empty,
    /// One character, as its bytes.
    Literal(Vec<u8>),
    /// One character out of a set.
    Class(Class),
    /// An assertion.
    Anchor(Anchor),
    /// A parenthesised expression and its number, from 1.
    Group(u32, Box<Node>),
    /// One after the other.
    Concat(Vec<Node>),
    /// One of them.
    Alternate(Vec<Node>),
    /// `min` to `max` times; no `max`: any number.
    Repeat(Box<Node>, u32, Option<u32>),
    /// What the group of this number matched last.
    BackReference(u32),
}

impl Node {
    /// Joins parts in sequence, without a list for fewer than two.
    pub(super) fn concat(mut parts: Vec<Node>) -> Node {
        match parts.len() {
            0 => Node::Empty,
            1 => parts.remove(0),
            _ => Node::Concat(parts),
        }
    }

    /// True if a back-reference occurs in it.
    pub(super) fn has_back_reference(&self) -> bool {
        match self {
            Node::BackReference(_) => true,
            Node::Group(_, node) | Node::Repeat(node, _, _) => node.has_back_reference(),
            Node::Concat(parts) | Node::Alternate(parts) => parts.iter().any(Node::has_back_reference),
            Node::Empty | Node::Literal(_) | Node::Class(_) | Node::Anchor(_) => false,
        }
    }
}
