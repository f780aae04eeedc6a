//! Matching of patterns with extended operators. bash manual "Pattern Matching", `extglob`.
//!
//! A sequence of nodes maps the set of offsets where it may begin to the set of those where it may end. What a group
//! gives from one offset is computed once, so that the time is polynomial whatever the pattern; a budget of steps
//! bounds it for hostile ones.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::PatternOptions;
use super::compile::{Node, Repeat, first_char};
use super::matcher::takes;

/// Offsets into the text, ascending, each once.
type Offsets = Vec<usize>;

/// Offsets that may be kept for groups looked at before.
const KEPT: usize = 1 << 21;
/// Steps after which a match is given up as none.
const STEPS: usize = 10_000_000;

/// What groups give, by their address and the offset.
type Known = FxHashMap<(usize, usize), Rc<[usize]>>;

/// One text being matched.
pub(super) struct Groups<'t> {
    text: &'t [u8],
    options: PatternOptions,
    /// What a group gives from an offset, by its address and the offset.
    known: RefCell<Known>,
    kept: Cell<usize>,
    steps: Cell<usize>,
}

impl<'t> Groups<'t> {
    pub(super) fn new(text: &'t [u8], options: PatternOptions) -> Self {
        Self { text, options, known: RefCell::default(), kept: Cell::new(0), steps: Cell::new(0) }
    }

    /// Offsets where a match that begins at `start` may end.
    pub(super) fn ends(&self, nodes: &[Node], start: usize) -> Offsets {
        self.sequence(nodes, vec![start])
    }

    /// Whether a match that begins at `start` may end at the end of the text.
    fn reaches_end(&self, nodes: &[Node], start: usize) -> bool {
        self.ends(nodes, start).last() == Some(&self.text.len())
    }

    /// Whether a period here may be matched only by a literal one.
    fn guarded(&self, at: usize) -> bool {
        self.options.period && at == 0 && self.text.first() == Some(&b'.')
    }

    fn char_at(&self, at: usize) -> Option<(u32, usize)> {
        self.text.get(at..).and_then(first_char)
    }

    fn sequence(&self, nodes: &[Node], starts: Offsets) -> Offsets {
        let mut set = starts;
        for node in nodes {
            let steps = self.steps.get() + set.len();
            self.steps.set(steps);
            if set.is_empty() || steps > STEPS {
                return Offsets::new();
            }
            set = self.node(node, &set);
        }
        set
    }

    fn node(&self, node: &Node, starts: &[usize]) -> Offsets {
        match node {
            Node::Star => self.star(starts),
            Node::Group(repeat, alternatives) => {
                let mut ends = Offsets::new();
                for start in starts {
                    let reached = self.group(node, *repeat, alternatives, *start);
                    self.steps.set(self.steps.get() + reached.len());
                    if self.steps.get() > STEPS {
                        return Offsets::new();
                    }
                    ends.extend_from_slice(&reached);
                }
                ends.sort_unstable();
                ends.dedup();
                ends
            }
            step => starts
                .iter()
                .filter(|at| !self.guarded(**at) || matches!(step, Node::Char(_)))
                .filter_map(|at| {
                    let (code, length) = self.char_at(*at)?;
                    takes(step, code, self.options.nocase).then_some(at + length)
                })
                .collect(),
        }
    }

    /// Every offset from the first start on.
    fn star(&self, starts: &[usize]) -> Offsets {
        let Some(first) = starts.first() else { return Offsets::new() };
        if self.guarded(*first) {
            // The guarded start itself stays; stars reach on only from the others.
            let mut ends = self.star(starts.get(1..).unwrap_or(&[]));
            ends.insert(0, *first);
            return ends;
        }
        self.from(*first)
    }

    /// Every offset of a character from `start` on, and the end.
    fn from(&self, start: usize) -> Offsets {
        let mut ends = vec![start];
        let mut at = start;
        while let Some((_, length)) = self.char_at(at) {
            at += length;
            ends.push(at);
        }
        self.steps.set(self.steps.get() + ends.len());
        ends
    }

    /// What a group gives from one offset.
    fn group(&self, node: &Node, repeat: Repeat, alternatives: &[Vec<Node>], start: usize) -> Rc<[usize]> {
        let key = (std::ptr::from_ref(node) as usize, start);
        if let Some(ends) = self.known.borrow().get(&key) {
            return ends.clone();
        }
        let ends: Rc<[usize]> = match repeat {
            Repeat::One => self.once(alternatives, start),
            Repeat::Optional => with(self.once(alternatives, start), start),
            Repeat::Some => self.repeated(alternatives, self.once(alternatives, start)),
            Repeat::Any => self.repeated(alternatives, vec![start]),
            Repeat::Not => self.none(alternatives, start),
        }
        .into();
        let kept = self.kept.get() + ends.len();
        if kept <= KEPT {
            self.kept.set(kept);
            self.known.borrow_mut().insert(key, ends.clone());
        }
        ends
    }

    fn once(&self, alternatives: &[Vec<Node>], start: usize) -> Offsets {
        if self.steps.get() > STEPS {
            return Offsets::new();
        }
        let mut ends: Offsets = alternatives.iter().flat_map(|nodes| self.sequence(nodes, vec![start])).collect();
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// All ends after any number of further repetitions.
    fn repeated(&self, alternatives: &[Vec<Node>], ends: Offsets) -> Offsets {
        let mut seen: FxHashSet<usize> = ends.iter().copied().collect();
        let mut open = ends.clone();
        let mut ends = ends;
        while let Some(at) = open.pop() {
            let next = self.once(alternatives, at);
            self.steps.set(self.steps.get() + next.len() + 1);
            for end in next {
                if seen.insert(end) {
                    open.push(end);
                    ends.push(end);
                }
            }
            if self.steps.get() > STEPS {
                return Offsets::new();
            }
        }
        ends.sort_unstable();
        ends
    }

    /// All ends that no alternative has.
    fn none(&self, alternatives: &[Vec<Node>], start: usize) -> Offsets {
        let excluded = self.once(alternatives, start);
        let guarded = self.guarded(start);
        let mut ends = self.from(start);
        ends.retain(|end| excluded.binary_search(end).is_err() && !(guarded && *end > start));
        ends
    }
}

fn with(mut ends: Offsets, start: usize) -> Offsets {
    if let Err(at) = ends.binary_search(&start) {
        ends.insert(at, start);
    }
    ends
}

/// Whether the whole text matches.
pub(super) fn matches(nodes: &[Node], options: PatternOptions, text: &[u8]) -> bool {
    Groups::new(text, options).reaches_end(nodes, 0)
}

/// Length of the shortest or longest matching beginning.
pub(super) fn prefix(nodes: &[Node], options: PatternOptions, text: &[u8], longest: bool) -> Option<usize> {
    let ends = Groups::new(text, options).ends(nodes, 0);
    if longest { ends.last().copied() } else { ends.first().copied() }
}

/// Offset of the shortest or longest matching end.
pub(super) fn suffix(nodes: &[Node], options: PatternOptions, text: &[u8], longest: bool) -> Option<usize> {
    let groups = Groups::new(text, options);
    let starts = groups.from(0);
    let mut reaching = starts.into_iter().filter(|start| groups.reaches_end(nodes, *start));
    if longest { reaching.next() } else { reaching.next_back() }
}
