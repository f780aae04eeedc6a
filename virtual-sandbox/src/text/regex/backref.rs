//! Matching with back-references: backtracking over a small program, within a bound of steps.
//!
//! Every way to match from a start is tried and the longest is kept, which is the POSIX rule. States that were seen before
//! are not tried again, so that the usual patterns stay polynomial.

use rustc_hash::FxHashSet;
use smallvec::SmallVec;

use super::{
    ast::{Anchor, Class, Node},
    class::Element,
    dialect::{Flags, Lines},
    error::RegexError,
    matcher::Span,
};

/// The most instructions of a program.
const MAX_PROGRAM: usize = 200_000;

/// The most steps of one search.
const MAX_STEPS: u64 = 20_000_000;

/// The steps after which states are remembered.
const REMEMBER_AFTER: u64 = 2_000;

/// The most states that are remembered.
const MAX_REMEMBERED: usize = 1_000_000;

#[derive(Debug)]
enum Instruction {
    Bytes(Vec<u8>),
    Class(Box<Set>),
    Anchor(Anchor),
    /// Stores the position in a slot.
    Save(usize),
    /// Goes on with the first, then with the second.
    Split(usize, usize),
    Jump(usize),
    /// Goes on at the target if nothing was consumed since the slot was stored: an empty turn ends a loop.
    LeaveIfEmpty(usize, usize),
    BackReference(usize),
    Match,
}

/// A set of characters, with a bit for each of ASCII that is in it.
#[derive(Debug)]
struct Set {
    ascii: u128,
    class: Class,
}

impl Set {
    fn new(class: &Class) -> Set {
        let has = |byte: u8| {
            let found = Element::first(&[byte], false).is_some_and(|(element, _)| class.contains(element));
            found || class.contains(Element::Byte(byte))
        };
        let ascii = (0..128u8).filter(|byte| has(*byte)).fold(0, |bits, byte| bits | 1 << byte);
        Set { ascii, class: class.clone() }
    }

    /// The length of the character `text` begins with, if it is in the set.
    fn matches(&self, text: &[u8], bytes: bool) -> Option<usize> {
        match text.first() {
            Some(byte) if byte.is_ascii() => (self.ascii >> byte & 1 == 1).then_some(1),
            _ => {
                let (element, len) = Element::first(text, bytes)?;
                self.class.contains(element).then_some(len)
            }
        }
    }
}

/// A compiled pattern with back-references.
#[derive(Debug)]
pub(super) struct Program {
    code: Vec<Instruction>,
    flags: Flags,
    /// Two for each group, the whole match being group 0; then one for each loop.
    slots: usize,
    /// The slots that decide what may still match.
    relevant: Vec<usize>,
}

impl Program {
    /// Compiles a tree with `groups` groups.
    pub(super) fn new(root: &Node, groups: u32, flags: Flags) -> Result<Program, RegexError> {
        let first_loop = 2 * (groups as usize + 1);
        let mut program = Program { code: Vec::new(), flags, slots: first_loop, relevant: Vec::new() };
        program.compile(root)?;
        program.push(Instruction::Match)?;
        program.relevant.extend(first_loop..program.slots);
        program.relevant.sort_unstable();
        program.relevant.dedup();
        Ok(program)
    }

    fn push(&mut self, instruction: Instruction) -> Result<usize, RegexError> {
        if self.code.len() >= MAX_PROGRAM {
            return Err(RegexError::TooBig);
        }
        self.code.push(instruction);
        Ok(self.code.len() - 1)
    }

    fn patch(&mut self, at: usize, instruction: Instruction) {
        if let Some(place) = self.code.get_mut(at) {
            *place = instruction;
        }
    }

    fn compile(&mut self, node: &Node) -> Result<(), RegexError> {
        match node {
            Node::Empty => {}
            Node::Literal(bytes) => drop(self.push(Instruction::Bytes(bytes.clone()))?),
            Node::Class(class) => drop(self.push(Instruction::Class(Box::new(Set::new(class))))?),
            Node::Anchor(anchor) => drop(self.push(Instruction::Anchor(*anchor))?),
            Node::Group(number, inner) => {
                let slot = *number as usize * 2;
                self.push(Instruction::Save(slot))?;
                self.compile(inner)?;
                self.push(Instruction::Save(slot + 1))?;
            }
            Node::Concat(parts) => parts.iter().try_for_each(|part| self.compile(part))?,
            Node::Alternate(parts) => self.alternate(parts)?,
            Node::Repeat(inner, min, max) => self.repeat(inner, *min, *max)?,
            Node::BackReference(number) => {
                let slot = *number as usize * 2;
                self.relevant.extend([slot, slot + 1]);
                self.push(Instruction::BackReference(slot))?;
            }
        }
        Ok(())
    }

    fn alternate(&mut self, parts: &[Node]) -> Result<(), RegexError> {
        let mut exits = Vec::new();
        for (i, part) in parts.iter().enumerate() {
            if i + 1 == parts.len() {
                self.compile(part)?;
                break;
            }
            let split = self.push(Instruction::Jump(0))?;
            self.compile(part)?;
            exits.push(self.push(Instruction::Jump(0))?);
            self.patch(split, Instruction::Split(split + 1, self.code.len()));
        }
        let end = self.code.len();
        exits.into_iter().for_each(|exit| self.patch(exit, Instruction::Jump(end)));
        Ok(())
    }

    fn repeat(&mut self, inner: &Node, min: u32, max: Option<u32>) -> Result<(), RegexError> {
        for _ in 0..min {
            self.compile(inner)?;
        }
        let Some(max) = max else {
            let mark = self.slots;
            self.slots += 1;
            let split = self.push(Instruction::Jump(0))?;
            self.push(Instruction::Save(mark))?;
            self.compile(inner)?;
            let leave = self.push(Instruction::Jump(0))?;
            self.push(Instruction::Jump(split))?;
            let end = self.code.len();
            self.patch(split, Instruction::Split(split + 1, end));
            self.patch(leave, Instruction::LeaveIfEmpty(mark, end));
            return Ok(());
        };
        let mut splits = Vec::new();
        for _ in min..max {
            splits.push(self.push(Instruction::Jump(0))?);
            self.compile(inner)?;
        }
        let end = self.code.len();
        splits.into_iter().for_each(|split| self.patch(split, Instruction::Split(split + 1, end)));
        Ok(())
    }

    /// The longest match that starts at `start`, as slots; `steps` counts down over a whole search.
    pub(super) fn match_at(
        &self,
        hay: &[u8],
        start: usize,
        limit: usize,
        search: &mut Search,
    ) -> Result<Option<Vec<Option<usize>>>, RegexError> {
        let Search { steps, slots, choices } = search;
        slots.clear();
        slots.resize(self.slots, None);
        choices.clear();
        let mut run = Run { program: self, hay, limit, slots, choices, seen: FxHashSet::default(), best: None };
        let mut next = Some((0, start));
        let began = *steps;
        while let Some((pc, at)) = next {
            *steps = steps.checked_sub(1).ok_or(RegexError::TooManySteps)?;
            next = match run.step(pc, at, began - *steps > REMEMBER_AFTER) {
                Some(next) => Some(next),
                None if run.best.as_ref().is_some_and(|(end, _)| *end == limit) => None,
                None => run.backtrack(),
            };
        }
        Ok(run.best.map(|(end, mut slots)| {
            if let [first, last, ..] = slots.as_mut_slice() {
                (*first, *last) = (Some(start), Some(end));
            }
            slots
        }))
    }
}

/// What one search uses again at each place it tries.
pub(super) struct Search {
    /// The steps it may still take.
    steps: u64,
    slots: Vec<Option<usize>>,
    choices: Vec<Choice>,
}

impl Search {
    /// A search that has not begun.
    pub(super) fn new() -> Search {
        Search { steps: MAX_STEPS, slots: Vec::new(), choices: Vec::new() }
    }
}

/// What to do when a way fails.
enum Choice {
    /// Go on elsewhere.
    Try(usize, usize),
    /// Put a slot back first.
    Restore(usize, Option<usize>),
}

/// A state: where in the program, where in the text, and what the references see.
type State = (usize, usize, SmallVec<[Option<usize>; 6]>);

struct Run<'r> {
    program: &'r Program,
    hay: &'r [u8],
    limit: usize,
    slots: &'r mut Vec<Option<usize>>,
    choices: &'r mut Vec<Choice>,
    seen: FxHashSet<State>,
    best: Option<(usize, Vec<Option<usize>>)>,
}

impl Run<'_> {
    /// Executes one instruction; `None`: this way ends here.
    fn step(&mut self, pc: usize, at: usize, remember: bool) -> Option<(usize, usize)> {
        match self.program.code.get(pc)? {
            Instruction::Bytes(bytes) => {
                let rest = self.hay.get(at..self.limit)?;
                rest.starts_with(bytes).then_some((pc + 1, at + bytes.len()))
            }
            Instruction::Class(set) => {
                let len = set.matches(self.hay.get(at..self.limit)?, self.program.flags.bytes)?;
                Some((pc + 1, at + len))
            }
            Instruction::Anchor(anchor) => self.holds(*anchor, at).then_some((pc + 1, at)),
            Instruction::Save(slot) => {
                let place = self.slots.get_mut(*slot)?;
                self.choices.push(Choice::Restore(*slot, *place));
                *place = Some(at);
                Some((pc + 1, at))
            }
            Instruction::Split(first, second) => {
                if remember && !self.first_visit(pc, at) {
                    return None;
                }
                self.choices.push(Choice::Try(*second, at));
                Some((*first, at))
            }
            Instruction::Jump(target) => Some((*target, at)),
            Instruction::LeaveIfEmpty(slot, target) => {
                let empty = self.slots.get(*slot).copied().flatten() == Some(at);
                Some((if empty { *target } else { pc + 1 }, at))
            }
            Instruction::BackReference(slot) => self.refer(*slot, at).map(|end| (pc + 1, end)),
            Instruction::Match => {
                if self.best.as_ref().is_none_or(|(end, _)| *end < at) {
                    self.best = Some((at, self.slots.clone()));
                }
                None
            }
        }
    }

    fn first_visit(&mut self, pc: usize, at: usize) -> bool {
        if self.seen.len() >= MAX_REMEMBERED {
            return true;
        }
        let slots = self.program.relevant.iter().map(|&slot| self.slots.get(slot).copied().flatten()).collect();
        self.seen.insert((pc, at, slots))
    }

    fn backtrack(&mut self) -> Option<(usize, usize)> {
        while let Some(choice) = self.choices.pop() {
            match choice {
                Choice::Try(pc, at) => return Some((pc, at)),
                Choice::Restore(slot, value) => {
                    if let Some(place) = self.slots.get_mut(slot) {
                        *place = value;
                    }
                }
            }
        }
        None
    }

    /// The end of what a group matched, if the same text stands at `at`.
    fn refer(&self, slot: usize, at: usize) -> Option<usize> {
        let (start, end) = (self.slots.get(slot).copied()??, self.slots.get(slot + 1).copied()??);
        let text = self.hay.get(start..end)?;
        let rest = self.hay.get(at..self.limit)?;
        if !self.program.flags.icase {
            return rest.starts_with(text).then_some(at + text.len());
        }
        let (mut left, mut right) = (text, rest);
        while let Some((a, a_len)) = Element::first(left, self.program.flags.bytes) {
            let (b, b_len) = Element::first(right, self.program.flags.bytes)?;
            if lower(a) != lower(b) {
                return None;
            }
            (left, right) = (left.get(a_len..)?, right.get(b_len..)?);
        }
        Some(at + rest.len() - right.len())
    }

    fn holds(&self, anchor: Anchor, at: usize) -> bool {
        let bytes = self.program.flags.bytes;
        let (before, after) = self.hay.split_at_checked(at).unwrap_or((self.hay, &[]));
        let terminator = match self.program.flags.lines {
            Lines::Ordinary => None,
            Lines::Anchors => Some(b'\n'),
            Lines::Records(byte) => Some(byte),
        };
        let line_start = before.is_empty() || terminator.is_some() && before.last().copied() == terminator;
        let line_end = after.is_empty() || terminator.is_some() && after.first().copied() == terminator;
        let records = matches!(self.program.flags.lines, Lines::Records(_));
        let word_before = || Element::last(before, bytes).is_some_and(Element::is_word);
        let word_after = || Element::first(after, bytes).is_some_and(|(element, _)| element.is_word());
        match anchor {
            Anchor::LineStart => line_start,
            Anchor::LineEnd => line_end,
            Anchor::BufferStart => before.is_empty() || records && line_start,
            Anchor::BufferEnd => after.is_empty() || records && line_end,
            Anchor::WordStart => !word_before() && word_after(),
            Anchor::WordEnd => word_before() && !word_after(),
            Anchor::WordEdge => word_before() != word_after(),
            Anchor::NotWordEdge => word_before() == word_after(),
        }
    }
}

fn lower(element: Element) -> Element {
    match element {
        Element::Char(c) => Element::Char(c.to_lowercase().next().unwrap_or(c)),
        Element::Byte(b) => Element::Byte(b.to_ascii_lowercase()),
    }
}

/// Turns slots into the span of a group.
pub(super) fn span(slots: &[Option<usize>], group: usize) -> Option<Span> {
    let start = slots.get(2 * group).copied().flatten()?;
    let end = slots.get(2 * group + 1).copied().flatten()?;
    Some(Span { start, end })
}
