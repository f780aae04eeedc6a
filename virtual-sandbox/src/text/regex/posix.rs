//! The POSIX rule on top of leftmost-first automata: of the matches that start leftmost, the longest.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::OnceLock;

use regex_automata::{
    Anchored, Input, MatchKind, hybrid, meta,
    nfa::thompson::{self, WhichCaptures, pikevm},
    util::{captures::Captures as Slots, look::LookMatcher, pool::Pool},
};
use regex_syntax::hir::Hir;

use super::{error::RegexError, matcher::Span};

/// The most memory one compiled automaton may take, in bytes.
const PROGRAM_LIMIT: usize = 32 << 20;

/// The most memory the states built while searching may take, in bytes.
const CACHE_LIMIT: usize = 4 << 20;

type Maker<T> = Box<dyn Fn() -> T + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// A compiled pattern without back-references.
pub(super) struct Automaton {
    /// Finds where the leftmost match starts.
    leftmost: meta::Regex,
    /// Finds where the longest match from a given start ends; `None` if `leftmost` does.
    longest: Option<Longest>,
    hir: Hir,
    terminator: u8,
    /// Finds the groups of a match that is longer than what `leftmost` prefers.
    groups: OnceLock<Option<pikevm::PikeVM>>,
}

struct Longest {
    dfa: hybrid::dfa::DFA,
    caches: Pool<hybrid::dfa::Cache, Maker<hybrid::dfa::Cache>>,
}

impl std::fmt::Debug for Automaton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Automaton").field("hir", &self.hir).finish_non_exhaustive()
    }
}

impl Automaton {
    /// Compiles. `greedy_is_longest`: see [`super::shape`]; `terminator`: the byte `^` and `$` match around.
    pub(super) fn new(hir: Hir, greedy_is_longest: bool, terminator: u8) -> Result<Automaton, RegexError> {
        let config = meta::Config::new()
            .utf8_empty(false)
            .line_terminator(terminator)
            .nfa_size_limit(Some(PROGRAM_LIMIT))
            .hybrid_cache_capacity(CACHE_LIMIT);
        let leftmost = meta::Builder::new().configure(config).build_from_hir(&hir).map_err(|_| RegexError::TooBig)?;
        let longest = if greedy_is_longest { None } else { Some(Longest::new(&hir, terminator)?) };
        Ok(Automaton { leftmost, longest, hir, terminator, groups: OnceLock::new() })
    }

    /// True if there is a match in `hay` from `at` on.
    pub(super) fn is_match(&self, hay: &[u8], at: usize) -> bool {
        self.find_end(hay, at).is_some()
    }

    /// Where some leftmost match, as soon as one is known, ends: inside the line that matches.
    pub(super) fn find_end(&self, hay: &[u8], at: usize) -> Option<usize> {
        let input = Input::new(hay).range(at..).earliest(true);
        self.leftmost.search_half(&input).map(|half| half.offset())
    }

    /// The leftmost longest match in `hay` that starts at `at` or later.
    pub(super) fn find(&self, hay: &[u8], at: usize) -> Option<Span> {
        let input = Input::new(hay).range(at..);
        let found = self.leftmost.search(&input)?;
        let Some(longest) = &self.longest else { return Some(Span { start: found.start(), end: found.end() }) };
        let end =
            longest.end(hay, found.start(), hay.len()).unwrap_or_else(|| self.slow_end(hay, found.start(), hay.len()));
        Some(Span { start: found.start(), end: end.unwrap_or(found.end()) })
    }

    /// The end of the longest match that starts at `start` and ends at `limit` or before.
    pub(super) fn longest_from(&self, hay: &[u8], start: usize, limit: usize) -> Option<usize> {
        if let Some(longest) = &self.longest {
            return longest.end(hay, start, limit).unwrap_or_else(|| self.slow_end(hay, start, limit));
        }
        let input = Input::new(hay).range(start..limit).anchored(Anchored::Yes);
        self.leftmost.search_half(&input).map(|half| half.offset())
    }

    /// The groups of the match `span`, as start and end slots.
    pub(super) fn groups(&self, hay: &[u8], span: Span, slots: &mut Slots) {
        let input = Input::new(hay).range(span.start..span.end).anchored(Anchored::Yes);
        self.leftmost.search_captures(&input, slots);
        // The preferred match that ends where the longest does has the preferred groups of the longest too.
        if slots.get_match().map(|m| m.end()) == Some(span.end) {
            return;
        }
        if let Some(vm) = self.pike() {
            vm.search_slots(&mut vm.create_cache(), &input, slots.slots_mut());
        }
    }

    /// Slots for [`Automaton::groups`].
    pub(super) fn create_slots(&self) -> Slots {
        self.leftmost.create_captures()
    }

    fn pike(&self) -> Option<&pikevm::PikeVM> {
        let build = || {
            let nfa = program(&self.hir, self.terminator, WhichCaptures::All).ok()?;
            let config = pikevm::Config::new().match_kind(MatchKind::All);
            pikevm::Builder::new().configure(config).build_from_nfa(nfa).ok()
        };
        self.groups.get_or_init(build).as_ref()
    }

    /// As [`Longest::end`], where the lazy automaton gave up: word boundaries beside characters other than ASCII.
    fn slow_end(&self, hay: &[u8], start: usize, limit: usize) -> Option<usize> {
        let vm = self.pike()?;
        let mut slots = [None, None];
        let input = Input::new(hay).range(start..limit).anchored(Anchored::Yes);
        vm.search_slots(&mut vm.create_cache(), &input, &mut slots);
        slots[1].map(|offset| offset.get())
    }
}

impl Longest {
    fn new(hir: &Hir, terminator: u8) -> Result<Longest, RegexError> {
        let nfa = program(hir, terminator, WhichCaptures::None)?;
        let config = hybrid::dfa::Config::new()
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .skip_cache_capacity_check(true)
            .cache_capacity(CACHE_LIMIT);
        let dfa = hybrid::dfa::Builder::new().configure(config).build_from_nfa(nfa).map_err(|_| RegexError::TooBig)?;
        let maker: Maker<hybrid::dfa::Cache> = {
            let dfa = dfa.clone();
            Box::new(move || dfa.create_cache())
        };
        Ok(Longest { caches: Pool::new(maker), dfa })
    }

    /// The end of the longest match from `start`. Outer `None`: the automaton gave up.
    fn end(&self, hay: &[u8], start: usize, limit: usize) -> Option<Option<usize>> {
        let input = Input::new(hay).range(start..limit).anchored(Anchored::Yes);
        let mut cache = self.caches.get();
        let half = self.dfa.try_search_fwd(&mut cache, &input).ok()?;
        Some(half.map(|half| half.offset()))
    }
}

fn program(hir: &Hir, terminator: u8, captures: WhichCaptures) -> Result<thompson::NFA, RegexError> {
    let mut look = LookMatcher::new();
    look.set_line_terminator(terminator);
    let config = thompson::Config::new()
        .utf8(false)
        .nfa_size_limit(Some(PROGRAM_LIMIT))
        .look_matcher(look)
        .which_captures(captures);
    thompson::Compiler::new().configure(config).build_from_hir(hir).map_err(|_| RegexError::TooBig)
}
