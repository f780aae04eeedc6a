//! Putting lines in order.
//!
//! Each line gets a number that stands for its key, such that the order of the numbers is that of the keys; most lines are
//! put in order by these alone. A number stands for the whole of a key, for as much of it as fits, or for seven bytes of
//! it: then those that are equal are told apart by the bytes that follow, and at last by the next key.

use super::key::Key;
use super::number::{Place, place_of};
use super::order::{compare_from, compare_key, has_last_resort, has_significant_bytes_only, significant};
use super::settings::Settings;
use crate::text::version_order::version_sort_key;
use std::cmp::Ordering;

/// How many bytes of a key one number stands for.
const WORD: usize = 7;

/// What the lowest byte of a number says when the key goes on behind its seven bytes; else it is how many there are.
const GOES_ON: u64 = 8;

/// So many lines with equal numbers are compared with each other at once.
const FEW: usize = 48;

/// From so many keys on lines are compared with each other: each key before takes native stack.
const DEEP: usize = 100;

/// A line that is put in order.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// What stands for the key, or the part of it that is looked at.
    number: u64,
    /// Where the key begins and ends, in the text or among the keys that were made out of it.
    start: usize,
    end: usize,
    /// The number of the line.
    line: usize,
}

/// The lines of a text in order.
pub(super) struct Arranged<'t> {
    text: &'t [u8],
    lines: Vec<(usize, usize)>,
    entries: Vec<Entry>,
}

impl<'t> Arranged<'t> {
    /// The lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = &'t [u8]> {
        self.entries.iter().map(|entry| line_of(self.text, &self.lines, entry))
    }
}

/// How many bytes [`arrange`] takes for so many lines, beside the text.
pub(super) fn overhead(lines: usize) -> usize {
    lines.saturating_mul(size_of::<Entry>() + size_of::<(usize, usize)>())
}

fn line_of<'t>(text: &'t [u8], lines: &[(usize, usize)], entry: &Entry) -> &'t [u8] {
    let (start, end) = lines.get(entry.line).copied().unwrap_or_default();
    text.get(start..end).unwrap_or_default()
}

/// Puts the lines of `text` in order; each ends as `settings` say.
pub(super) fn arrange<'t>(settings: &Settings, text: &'t [u8]) -> Arranged<'t> {
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(settings.end, text) {
        lines.push((start, end));
        start = end + 1;
    }
    let numbered = lines.iter().enumerate();
    let mut entries: Vec<Entry> =
        numbered.map(|(line, (start, end))| Entry { number: 0, start: *start, end: *end, line }).collect();
    Arranger { settings, text, lines: &lines }.by_key(&mut entries, 0);
    Arranged { text, lines, entries }
}

struct Arranger<'t> {
    settings: &'t Settings,
    text: &'t [u8],
    lines: &'t [(usize, usize)],
}

impl<'t> Arranger<'t> {
    fn line(&self, entry: &Entry) -> &'t [u8] {
        line_of(self.text, self.lines, entry)
    }

    /// Puts entries in the order of a key and of those behind it.
    fn by_key(&self, entries: &mut [Entry], place: usize) {
        let Some(key) = self.settings.keys.get(place) else { return self.by_line(entries) };
        if place >= DEEP || entries.len() <= 2 {
            entries.sort_unstable_by(|a, b| {
                let found = compare_from(self.settings, place, self.line(a), self.line(b));
                found.then_with(|| a.line.cmp(&b.line))
            });
            return;
        }
        for entry in entries.iter_mut() {
            let (start, end) = self.lines.get(entry.line).copied().unwrap_or_default();
            let range = key.range(self.text.get(start..end).unwrap_or_default(), self.settings.tab);
            (entry.start, entry.end) = (start + range.0, start + range.1);
        }
        if let Some(kind) = place_of(&key.ordering) {
            return self.by_value(entries, key, kind, place);
        }
        let reverse = key.ordering.reverse;
        if !key.ordering.version && has_significant_bytes_only(key) {
            return by_bytes(self.text, entries, reverse, &|equal| self.by_key(equal, place + 1));
        }
        // The bytes that count do not stand in the text: they are made.
        let mut made = Vec::new();
        for entry in entries.iter_mut() {
            let start = made.len();
            let bytes = significant(key, self.text.get(entry.start..entry.end).unwrap_or_default());
            if key.ordering.version {
                version_sort_key(&bytes, &mut made);
            } else {
                made.extend_from_slice(&bytes);
            }
            (entry.start, entry.end) = (start, made.len());
        }
        by_bytes(&made, entries, reverse, &|equal| {
            if key.ordering.version { self.by_comparing(equal, key, place) } else { self.by_key(equal, place + 1) }
        });
    }

    /// Puts entries in the order of the numbers that stand for their keys.
    fn by_value(&self, entries: &mut [Entry], key: &Key, kind: Place, place: usize) {
        for entry in entries.iter_mut() {
            let text = self.text.get(entry.start..entry.end).unwrap_or_default();
            entry.number = kind.number(self.settings, key, text);
        }
        sort_by_number(entries, key.ordering.reverse);
        for equal in entries.chunk_by_mut(|a, b| a.number == b.number).filter(|equal| equal.len() > 1) {
            if equal.first().is_some_and(|entry| Place::is_exact(entry.number)) {
                self.by_key(equal, place + 1);
            } else {
                self.by_comparing(equal, key, place);
            }
        }
    }

    /// Puts entries in the order of their keys where no number says all of these.
    fn by_comparing(&self, entries: &mut [Entry], key: &Key, place: usize) {
        let key_of = |entry: &Entry| {
            let line = self.line(entry);
            let (start, end) = key.range(line, self.settings.tab);
            line.get(start..end).unwrap_or_default()
        };
        let compare = |a: &Entry, b: &Entry| compare_key(self.settings, key, key_of(a), key_of(b));
        entries.sort_unstable_by(&compare);
        for equal in entries.chunk_by_mut(|a, b| compare(a, b) == Ordering::Equal).filter(|equal| equal.len() > 1) {
            self.by_key(equal, place + 1);
        }
    }

    /// Puts entries whose keys are equal in order: that of the lines as a whole, or that in which they came.
    fn by_line(&self, entries: &mut [Entry]) {
        if has_last_resort(self.settings) {
            for entry in entries.iter_mut() {
                (entry.start, entry.end) = self.lines.get(entry.line).copied().unwrap_or_default();
            }
            by_bytes(self.text, entries, self.settings.reverse, &|_| {});
        } else {
            entries.sort_unstable_by_key(|entry| entry.line);
        }
    }
}

fn sort_by_number(entries: &mut [Entry], reverse: bool) {
    if reverse {
        entries.sort_unstable_by_key(|entry| !entry.number);
    } else {
        entries.sort_unstable_by_key(|entry| entry.number);
    }
}

/// Puts entries in the order of the bytes of their keys; `ties` those with equal ones.
fn by_bytes(keys: &[u8], entries: &mut [Entry], reverse: bool, ties: &dyn Fn(&mut [Entry])) {
    if entries.len() <= FEW {
        return by_rest(keys, entries, 0, reverse, ties);
    }
    // Ranges whose keys are equal up to a depth, and that depth.
    let mut open = vec![(0, entries.len(), 0)];
    while let Some((from, to, depth)) = open.pop() {
        let Some(range) = entries.get_mut(from..to) else { continue };
        for entry in range.iter_mut() {
            entry.number = word(keys.get(entry.start + depth..entry.end).unwrap_or_default());
        }
        sort_by_number(range, reverse);
        let mut start = from;
        for equal in range.chunk_by_mut(|a, b| a.number == b.number) {
            let (begin, count) = (start, equal.len());
            start += count;
            let goes_on = equal.first().is_some_and(|entry| entry.number & 0xff == GOES_ON);
            match (count, goes_on) {
                (1, _) => {}
                (_, false) => ties(equal),
                (2..=FEW, true) => by_rest(keys, equal, depth + WORD, reverse, ties),
                _ => open.push((begin, start, depth + WORD)),
            }
        }
    }
}

/// As [`by_bytes`], for few entries whose keys are equal up to `depth`: compares them with each other.
fn by_rest(keys: &[u8], entries: &mut [Entry], depth: usize, reverse: bool, ties: &dyn Fn(&mut [Entry])) {
    let rest = |entry: &Entry| keys.get(entry.start + depth..entry.end).unwrap_or_default();
    entries.sort_unstable_by(|a, b| {
        let found = rest(a).cmp(rest(b));
        if reverse { found.reverse() } else { found }
    });
    for equal in entries.chunk_by_mut(|a, b| rest(a) == rest(b)).filter(|equal| equal.len() > 1) {
        ties(equal);
    }
}

/// The number that stands for the first seven bytes: these, then how many there are.
fn word(bytes: &[u8]) -> u64 {
    if let Some(first) = bytes.first_chunk::<8>() {
        return u64::from_be_bytes(*first) & !0xff | GOES_ON;
    }
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    word[WORD] = bytes.len() as u8;
    u64::from_be_bytes(word)
}
