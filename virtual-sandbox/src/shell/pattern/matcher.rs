//! Matching of patterns without extended operators.

use super::PatternOptions;
use super::compile::{Node, first_char, fold, last_char};

/// Whether one node takes one character.
#[inline]
pub(super) fn takes(node: &Node, code: u32, nocase: bool) -> bool {
    match node {
        Node::Char(wanted) => *wanted == if nocase { fold(code) } else { code },
        Node::Any => true,
        Node::Bracket(bracket) => bracket.has(code, nocase),
        Node::Star | Node::Group(..) => false,
    }
}

/// Whether the start of the text is a period that only a literal period may match.
pub(super) fn period_refused(nodes: &[Node], flags: PatternOptions, text: &[u8]) -> bool {
    flags.period && text.first() == Some(&b'.') && !matches!(nodes.first(), Some(Node::Char(0x2e) | Node::Group(..)))
}

/// Whether the whole text matches. On a mismatch only the last star has to take more: linear for most patterns,
/// pattern times text at worst.
pub(super) fn matches(nodes: &[Node], flags: PatternOptions, text: &[u8]) -> bool {
    if period_refused(nodes, flags, text) {
        return false;
    }
    let (mut node, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        match (nodes.get(node), text.get(at..).and_then(first_char)) {
            (None, None) => return true,
            (Some(Node::Star), _) => {
                node += 1;
                retry = Some((node, at));
                if node == nodes.len() {
                    return true;
                }
                continue;
            }
            (Some(step), Some((code, length))) if takes(step, code, flags.nocase) => {
                node += 1;
                at += length;
                continue;
            }
            _ => {}
        }
        // What the last star takes grows by one character.
        let Some((after, from)) = retry else { return false };
        let Some((_, length)) = text.get(from..).and_then(first_char) else { return false };
        retry = Some((after, from + length));
        node = after;
        at = from + length;
    }
}

/// The set of places in a pattern that matching can be at.
struct Places {
    on: Vec<bool>,
    next: Vec<bool>,
}

impl Places {
    fn new(nodes: &[Node]) -> Self {
        let mut places = Self { on: vec![false; nodes.len() + 1], next: vec![false; nodes.len() + 1] };
        Self::put(&mut places.on, nodes, 0);
        places
    }

    /// Sets a place, and those after it that stars make reachable for nothing.
    fn put(set: &mut [bool], nodes: &[Node], mut place: usize) {
        loop {
            match set.get_mut(place) {
                Some(slot) if !*slot => *slot = true,
                _ => return,
            }
            if !matches!(nodes.get(place), Some(Node::Star)) {
                return;
            }
            place += 1;
        }
    }

    fn accepts(&self) -> bool {
        self.on.last().copied().unwrap_or(false)
    }

    /// Takes one character; `false` when no place is left.
    fn advance(&mut self, nodes: &[Node], code: u32, nocase: bool) -> bool {
        self.next.fill(false);
        let mut any = false;
        for (place, node) in nodes.iter().enumerate() {
            if !self.on.get(place).copied().unwrap_or(false) {
                continue;
            }
            if matches!(node, Node::Star) {
                Self::put(&mut self.next, nodes, place);
                any = true;
            } else if takes(node, code, nocase) {
                Self::put(&mut self.next, nodes, place + 1);
                any = true;
            }
        }
        std::mem::swap(&mut self.on, &mut self.next);
        any
    }
}

/// Length of the shortest or longest matching beginning.
pub(super) fn prefix(nodes: &[Node], flags: PatternOptions, text: &[u8], longest: bool) -> Option<usize> {
    if longest && matches!(nodes.last(), Some(Node::Star)) && nodes.len() > 1 {
        // Whatever the rest takes first, the last star takes all that follows.
        let head = nodes.get(..nodes.len() - 1)?;
        return prefix(head, flags, text, false).map(|_| text.len());
    }
    let mut places = Places::new(nodes);
    let mut best = places.accepts().then_some(0);
    let mut at = 0;
    while (longest || best.is_none())
        && let Some((code, length)) = text.get(at..).and_then(first_char)
        && places.advance(nodes, code, flags.nocase)
    {
        at += length;
        if places.accepts() {
            best = Some(at);
        }
    }
    best
}

/// Offset of the shortest or longest matching end: the pattern and the text are read backwards.
pub(super) fn suffix(nodes: &[Node], flags: PatternOptions, text: &[u8], longest: bool) -> Option<usize> {
    let reversed: Vec<Node> = nodes.iter().rev().cloned().collect();
    let mut places = Places::new(&reversed);
    let mut best = places.accepts().then_some(text.len());
    let mut end = text.len();
    while (longest || best.is_none())
        && let Some((code, length)) = text.get(..end).and_then(last_char)
        && places.advance(&reversed, code, flags.nocase)
    {
        end -= length;
        if places.accepts() {
            best = Some(end);
        }
    }
    best
}
