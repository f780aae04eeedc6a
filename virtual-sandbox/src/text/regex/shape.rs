//! Facts about a tree that spare work: when the first match is the longest anyway, and when a pattern is one string.

use super::{
    ast::{Anchor, Class, Node},
    class::Element,
};

/// True if a search that prefers early alternatives and more repetitions is sure to find the longest match.
///
/// Holds for a sequence in which every part has a fixed number of characters, but for repetitions of one character that
/// cannot go on into what must follow them (`[0-9]*-`), and at most one other repetition.
pub(super) fn greedy_is_longest(node: &Node) -> bool {
    let mut parts = Vec::new();
    flatten(node, &mut parts);
    let mut free = 0;
    for (i, part) in parts.iter().enumerate() {
        if fixed_width(part).is_some() {
            continue;
        }
        let Node::Repeat(inner, _, _) = part else { return false };
        if fixed_width(inner).is_none() {
            return false;
        }
        let bounded = match (single(inner), parts.get(i + 1).and_then(|next| single(next))) {
            (Some(own), Some(next)) => !own.intersects(&next),
            _ => false,
        };
        free += usize::from(!bounded);
    }
    free <= 1
}

/// What a match must begin with: the pattern up to its first back-reference.
pub(super) fn before_references(node: &Node) -> Node {
    if !node.has_back_reference() {
        return node.clone();
    }
    match node {
        Node::Concat(parts) => {
            let free = parts.iter().take_while(|part| !part.has_back_reference()).count();
            Node::concat(parts.iter().take(free + 1).map(before_references).collect())
        }
        Node::Alternate(parts) => Node::Alternate(parts.iter().map(before_references).collect()),
        Node::Group(number, inner) => Node::Group(*number, Box::new(before_references(inner))),
        Node::Repeat(inner, 1.., _) => before_references(inner),
        _ => Node::Empty,
    }
}

/// The set of bytes one of which a pattern matches, or (true) one and any number more; `None`: it is no such pattern.
pub(super) fn byte_set(node: &Node, bytes: bool) -> Option<([bool; 256], bool)> {
    let (class, many) = match node {
        Node::Class(class) => (class, false),
        Node::Repeat(inner, 1, None) => match inner.as_ref() {
            Node::Class(class) => (class, true),
            _ => return None,
        },
        Node::Concat(parts) => match parts.as_slice() {
            [Node::Class(first), Node::Repeat(inner, 0, None)] => match inner.as_ref() {
                Node::Class(more) if more == first => (first, true),
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    // A stray byte of UTF-8 is a member only where it is part of no character.
    if !class.chars.is_ascii() || !bytes && !class.bytes.ranges().is_empty() {
        return None;
    }
    let mut members = [false; 256];
    let chars = class.chars.ranges().iter().map(|range| (range.start() as u8, range.end() as u8));
    let single = class.bytes.ranges().iter().map(|range| (range.start(), range.end()));
    for (low, high) in chars.chain(single) {
        (low..=high).for_each(|byte| members[usize::from(byte)] = true);
    }
    Some((members, many))
}

/// The parts of a sequence, looking through groups.
fn flatten<'n>(node: &'n Node, parts: &mut Vec<&'n Node>) {
    match node {
        Node::Concat(inner) => inner.iter().for_each(|part| flatten(part, parts)),
        Node::Group(_, inner) => flatten(inner, parts),
        _ => parts.push(node),
    }
}

/// How many characters a node always takes; `None`: it varies.
fn fixed_width(node: &Node) -> Option<u32> {
    match node {
        Node::Empty | Node::Anchor(_) => Some(0),
        Node::Literal(_) | Node::Class(_) => Some(1),
        Node::Group(_, inner) => fixed_width(inner),
        Node::Concat(parts) => parts.iter().try_fold(0u32, |sum, part| sum.checked_add(fixed_width(part)?)),
        Node::Alternate(parts) => {
            let mut widths = parts.iter().map(fixed_width);
            let first = widths.next()??;
            widths.all(|width| width == Some(first)).then_some(first)
        }
        Node::Repeat(inner, min, Some(max)) if min == max => fixed_width(inner)?.checked_mul(*min),
        Node::Repeat(..) | Node::BackReference(_) => None,
    }
}

/// The set of a node that takes exactly one character.
fn single(node: &Node) -> Option<Class> {
    match node {
        Node::Class(class) => Some(class.clone()),
        Node::Literal(bytes) => {
            // A literal is a character where it is valid UTF-8; otherwise, and in the C locale, its one byte.
            let mut class = Class::empty();
            let (element, _) = Element::first(bytes, false)?;
            class.push(element, element);
            if let [byte] = bytes.as_slice() {
                class.push(Element::Byte(*byte), Element::Byte(*byte));
            }
            Some(class)
        }
        Node::Group(_, inner) => single(inner),
        _ => None,
    }
}

/// True if glibc matches the pattern byte by byte in UTF-8: no set has members other than ASCII, but for `.`, and nothing asks
/// for the edges of words. An empty match may then lie inside a character.
pub(super) fn is_bytewise(node: &Node) -> bool {
    match node {
        Node::Class(class) => class.chars.is_ascii() || is_dot(class),
        Node::Anchor(anchor) => {
            !matches!(anchor, Anchor::WordStart | Anchor::WordEnd | Anchor::WordEdge | Anchor::NotWordEdge)
        }
        Node::Group(_, inner) | Node::Repeat(inner, _, _) => is_bytewise(inner),
        Node::Concat(parts) | Node::Alternate(parts) => parts.iter().all(is_bytewise),
        Node::Empty | Node::Literal(_) | Node::BackReference(_) => true,
    }
}

fn is_dot(class: &Class) -> bool {
    let mut others = class.chars.clone();
    others.negate();
    others.ranges().iter().all(|range| matches!((range.start(), range.end()), ('\0', '\0') | ('\n', '\n')))
}

/// The string a pattern without groups consists of, if it is one: it is searched for directly.
pub(super) fn literal(node: &Node) -> Option<Vec<u8>> {
    let mut parts = Vec::new();
    flatten(node, &mut parts);
    let mut string = Vec::new();
    for part in parts {
        match part {
            Node::Literal(bytes) => string.extend_from_slice(bytes),
            _ => return None,
        }
    }
    (!string.is_empty()).then_some(string)
}
