//! Searching for a pattern inside a text: `${x/p/r}`.

use super::compile::{Node, first_char};
use super::groups::Groups;
use super::{Pattern, Shape, find, matcher};

impl Pattern<'_> {
    /// The leftmost match that begins at `from` or later, and the longest there: offsets of its start and end.
    pub fn find(&self, text: &[u8], from: usize) -> Option<(usize, usize)> {
        let rest = text.get(from..)?;
        let (start, end) = match &self.shape {
            Shape::Literal(literal) => {
                let at = find(rest, literal)?;
                (at, at + literal.len())
            }
            Shape::StartsWith(literal) => (find(rest, literal)?, rest.len()),
            // What begins with a star matches at once or nowhere.
            Shape::Anything | Shape::EndsWith(_) | Shape::Contains(_) => (0, self.prefix(rest, true)?),
            Shape::Nodes { nodes, flags } => search(rest, nodes, |at| {
                matcher::prefix(nodes, *flags, rest.get(at..).unwrap_or(&[]), true).map(|length| at + length)
            })?,
            Shape::Groups { nodes, flags } => {
                let groups = Groups::new(rest, *flags);
                search(rest, nodes, |at| groups.ends(nodes, at).last().copied())?
            }
        };
        Some((from + start, from + end))
    }
}

/// The first offset where `end_from` gives an end, with that end.
fn search(text: &[u8], nodes: &[Node], end_from: impl Fn(usize) -> Option<usize>) -> Option<(usize, usize)> {
    let star = nodes.iter().position(|node| matches!(node, Node::Star));
    let fixed = |text: &[u8]| star.is_some_and(|star| begins_with(text, nodes.get(..star).unwrap_or(&[])));
    let mut at = 0;
    loop {
        let rest = text.get(at..)?;
        if let Some(end) = end_from(at) {
            return Some((at, end));
        }
        // All up to the first star matches here and what comes after it is nowhere in the rest: a later start has less
        // text to find it in.
        if star.is_some() && fixed(rest) {
            return None;
        }
        at += first_char(rest)?.1;
    }
}

/// Whether the text begins with characters that these nodes (no stars, no groups) take.
fn begins_with(text: &[u8], nodes: &[Node]) -> bool {
    let mut at = 0;
    nodes.iter().all(|node| match (node, text.get(at..).and_then(first_char)) {
        (Node::Group(..) | Node::Star, _) | (_, None) => false,
        (node, Some((code, length))) => {
            at += length;
            matcher::takes(node, code, false)
        }
    })
}
