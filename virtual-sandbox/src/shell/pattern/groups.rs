//! Matching of patterns with extended operators. bash manual "Pattern Matching", `extglob`.
//!
//! A sequence of nodes maps the set of offsets where it may begin to the set of those where it may end; no state is
//! looked at twice, so that the time is polynomial whatever the pattern.

use super::PatternOptions;
use super::compile::{Node, Repeat, first_char};
use super::matcher::takes;

/// A set of offsets into the text, one flag for each.
type Offsets = Vec<bool>;

struct Groups<'t> {
    text: &'t [u8],
    flags: PatternOptions,
}

impl Groups<'_> {
    fn none(&self) -> Offsets {
        vec![false; self.text.len() + 1]
    }

    fn starting_at(&self, at: usize) -> Offsets {
        let mut set = self.none();
        set_on(&mut set, at);
        set
    }

    /// Whether a period here may be matched only by a literal one.
    fn guarded(&self, at: usize) -> bool {
        self.flags.period && at == 0 && self.text.first() == Some(&b'.')
    }

    fn sequence(&self, nodes: &[Node], starts: Offsets) -> Offsets {
        let mut set = starts;
        for node in nodes {
            if !set.contains(&true) {
                break;
            }
            set = self.node(node, &set);
        }
        set
    }

    fn node(&self, node: &Node, starts: &Offsets) -> Offsets {
        match node {
            Node::Star => self.star(starts),
            Node::Group(repeat, alternatives) => self.group(*repeat, alternatives, starts),
            step => {
                let mut ends = self.none();
                for at in offsets(starts) {
                    if self.guarded(at) && !matches!(step, Node::Char(_)) {
                        continue;
                    }
                    if let Some((code, length)) = self.text.get(at..).and_then(first_char)
                        && takes(step, code, self.flags.nocase)
                    {
                        set_on(&mut ends, at + length);
                    }
                }
                ends
            }
        }
    }

    fn star(&self, starts: &Offsets) -> Offsets {
        let mut ends = starts.clone();
        let mut at = 0;
        let mut reached = false;
        while at <= self.text.len() {
            let here = starts.get(at).copied().unwrap_or(false);
            reached |= here && !self.guarded(at);
            if reached {
                set_on(&mut ends, at);
            }
            at += self.text.get(at..).and_then(first_char).map_or(1, |(_, length)| length);
        }
        ends
    }

    fn group(&self, repeat: Repeat, alternatives: &[Vec<Node>], starts: &Offsets) -> Offsets {
        match repeat {
            Repeat::One => self.any_of(alternatives, starts),
            Repeat::Optional => union(self.any_of(alternatives, starts), starts),
            Repeat::Some => self.repeated(alternatives, self.any_of(alternatives, starts)),
            Repeat::Any => self.repeated(alternatives, starts.clone()),
            Repeat::Not => self.none_of(alternatives, starts),
        }
    }

    fn any_of(&self, alternatives: &[Vec<Node>], starts: &Offsets) -> Offsets {
        alternatives.iter().fold(self.none(), |ends, nodes| union(ends, &self.sequence(nodes, starts.clone())))
    }

    /// All ends after any number of further repetitions.
    fn repeated(&self, alternatives: &[Vec<Node>], mut ends: Offsets) -> Offsets {
        let mut fresh = ends.clone();
        while fresh.contains(&true) {
            let reached = self.any_of(alternatives, &fresh);
            for (at, flag) in fresh.iter_mut().enumerate() {
                *flag = reached.get(at).copied().unwrap_or(false) && !ends.get(at).copied().unwrap_or(true);
            }
            ends = union(ends, &fresh);
        }
        ends
    }

    /// All ends that no alternative has, start by start.
    fn none_of(&self, alternatives: &[Vec<Node>], starts: &Offsets) -> Offsets {
        let mut ends = self.none();
        for start in offsets(starts) {
            let excluded = self.any_of(alternatives, &self.starting_at(start));
            let mut at = start;
            loop {
                let refused = self.guarded(start) && at > start;
                if !refused && !excluded.get(at).copied().unwrap_or(false) {
                    set_on(&mut ends, at);
                }
                match self.text.get(at..).and_then(first_char) {
                    Some((_, length)) => at += length,
                    None => break,
                }
            }
        }
        ends
    }
}

fn set_on(set: &mut Offsets, at: usize) {
    if let Some(flag) = set.get_mut(at) {
        *flag = true;
    }
}

fn offsets(set: &Offsets) -> impl Iterator<Item = usize> {
    set.iter().enumerate().filter(|(_, flag)| **flag).map(|(at, _)| at)
}

fn union(mut left: Offsets, right: &Offsets) -> Offsets {
    for (at, flag) in left.iter_mut().enumerate() {
        *flag |= right.get(at).copied().unwrap_or(false);
    }
    left
}

/// Whether the whole text matches.
pub(super) fn matches(nodes: &[Node], flags: PatternOptions, text: &[u8]) -> bool {
    let groups = Groups { text, flags };
    groups.sequence(nodes, groups.starting_at(0)).last().copied().unwrap_or(false)
}

/// Length of the shortest or longest matching beginning.
pub(super) fn prefix(nodes: &[Node], flags: PatternOptions, text: &[u8], longest: bool) -> Option<usize> {
    let groups = Groups { text, flags };
    let ends = groups.sequence(nodes, groups.starting_at(0));
    if longest { ends.iter().rposition(|end| *end) } else { ends.iter().position(|end| *end) }
}

/// Offset of the shortest or longest matching end.
pub(super) fn suffix(nodes: &[Node], flags: PatternOptions, text: &[u8], longest: bool) -> Option<usize> {
    let reaches_end = |start: &usize| {
        let groups = Groups { text: text.get(*start..).unwrap_or(&[]), flags };
        groups.sequence(nodes, groups.starting_at(0)).last().copied().unwrap_or(false)
    };
    let mut starts = Vec::new();
    let mut at = 0;
    loop {
        starts.push(at);
        match text.get(at..).and_then(first_char) {
            Some((_, length)) => at += length,
            None => break,
        }
    }
    if longest { starts.into_iter().find(reaches_end) } else { starts.into_iter().rev().find(reaches_end) }
}
