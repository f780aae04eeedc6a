//! Sort keys: which part of a line, and how it is compared.  [POSIX sort "-k"]

use crate::text::quoting::quote;

/// Which bytes of a key count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Ignore {
    /// All.
    #[default]
    Nothing,
    /// `-d`: blanks, letters and digits.
    NonDictionary,
    /// `-i`: printable characters.
    NonPrinting,
}

/// How keys are compared: `-bdfghiMnRrV`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ordering {
    pub skip_start_blanks: bool,
    pub skip_end_blanks: bool,
    pub ignore: Ignore,
    pub fold: bool,
    pub general: bool,
    pub human: bool,
    pub month: bool,
    pub numeric: bool,
    pub random: bool,
    pub reverse: bool,
    pub version: bool,
}

impl Ordering {
    /// Sets what an option letter says; `end` is whether it stands behind the end position. False: it is no such letter.
    pub(super) fn set(&mut self, letter: u8, start: bool, end: bool) -> bool {
        match letter {
            b'b' => {
                self.skip_start_blanks |= start;
                self.skip_end_blanks |= end;
            }
            b'd' => self.ignore = Ignore::NonDictionary,
            b'f' => self.fold = true,
            b'g' => self.general = true,
            b'h' => self.human = true,
            b'i' if self.ignore == Ignore::Nothing => self.ignore = Ignore::NonPrinting,
            b'i' => {}
            b'M' => self.month = true,
            b'n' => self.numeric = true,
            b'R' => self.random = true,
            b'r' => self.reverse = true,
            b'V' => self.version = true,
            _ => return false,
        }
        true
    }

    /// True if nothing but `r` is set.
    pub(super) fn is_default(&self) -> bool {
        Ordering { reverse: false, ..*self } == Ordering::default()
    }

    /// The letters of options that exclude each other.
    pub(super) fn conflict(&self) -> Option<String> {
        let text = self.version || self.random || self.ignore != Ignore::Nothing;
        let kinds = [self.numeric, self.general, self.human, self.month, text];
        if kinds.iter().filter(|kind| **kind).count() < 2 {
            return None;
        }
        let letters = [
            (self.ignore == Ignore::NonDictionary, 'd'),
            (self.fold, 'f'),
            (self.general, 'g'),
            (self.human, 'h'),
            (self.ignore == Ignore::NonPrinting, 'i'),
            (self.month, 'M'),
            (self.numeric, 'n'),
            (self.random, 'R'),
            (self.version, 'V'),
        ];
        Some(letters.iter().filter(|(set, _)| *set).map(|(_, letter)| letter).collect())
    }
}

/// A key: from a position to a position, both in fields and bytes counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// The field it starts in and the byte there; `None`: the line.
    pub start: Option<(usize, usize)>,
    /// The field it ends in, and how many bytes of it belong to the key, 0 being all; `None`: the end of the line.
    pub end: Option<(usize, usize)>,
    pub ordering: Ordering,
}

impl Key {
    /// The whole line, compared in this way.
    pub(super) fn line(ordering: Ordering) -> Key {
        Key { start: None, end: None, ordering }
    }

    /// Reads the argument of `-k`: `F[.C][OPTS][,F[.C][OPTS]]`.
    pub(super) fn parse(text: &[u8]) -> Result<Key, Vec<u8>> {
        let bad =
            |what: &str| Err([what.as_bytes(), b": invalid field specification ", quote(text).as_slice()].concat());
        let mut key = Key::line(Ordering::default());
        let mut rest = text;
        let field = count(&mut rest, "invalid number at field start")?;
        let Some(field) = field.checked_sub(1) else { return bad("field number is zero") };
        let mut byte = 0;
        if let Some(behind) = rest.strip_prefix(b".") {
            rest = behind;
            let number = count(&mut rest, "invalid number after '.'")?;
            match number.checked_sub(1) {
                Some(number) => byte = number,
                None => return bad("character offset is zero"),
            }
        }
        key.start = (field > 0 || byte > 0).then_some((field, byte));
        letters(&mut rest, &mut key.ordering, true, false);
        if let Some(behind) = rest.strip_prefix(b",") {
            rest = behind;
            let field = count(&mut rest, "invalid number after ','")?;
            let Some(field) = field.checked_sub(1) else { return bad("field number is zero") };
            let mut bytes = 0;
            if let Some(behind) = rest.strip_prefix(b".") {
                rest = behind;
                bytes = count(&mut rest, "invalid number after '.'")?;
            }
            letters(&mut rest, &mut key.ordering, false, true);
            key.end = Some((field, bytes));
        }
        if rest.is_empty() { Ok(key) } else { bad("stray character in field spec") }
    }

    /// The part of `line` that the key names.
    pub(super) fn range(&self, line: &[u8], tab: Option<u8>) -> (usize, usize) {
        let start = match self.start {
            Some((field, byte)) => {
                let at = skip_fields(line, field, tab, true);
                self.blanks(line, at, self.ordering.skip_start_blanks).saturating_add(byte).min(line.len())
            }
            None => self.blanks(line, 0, self.ordering.skip_start_blanks),
        };
        let end = match self.end {
            Some((field, 0)) => skip_fields(line, field.saturating_add(1), tab, false),
            Some((field, bytes)) => {
                let at = skip_fields(line, field, tab, true);
                self.blanks(line, at, self.ordering.skip_end_blanks).saturating_add(bytes).min(line.len())
            }
            None => line.len(),
        };
        (start, end.max(start))
    }

    fn blanks(&self, line: &[u8], at: usize, skip: bool) -> usize {
        if !skip {
            return at;
        }
        let rest = line.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len())
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// The place behind `count` fields; `beyond`: behind the separator that ends the last of them, too.
fn skip_fields(line: &[u8], count: usize, tab: Option<u8>, beyond: bool) -> usize {
    let mut at = 0;
    for skipped in 1..=count {
        if at >= line.len() {
            break;
        }
        let rest = line.get(at..).unwrap_or_default();
        match tab {
            Some(tab) => match memchr::memchr(tab, rest) {
                Some(found) => at += found + usize::from(beyond || skipped < count),
                None => return line.len(),
            },
            None => {
                let blanks = rest.iter().position(|byte| !is_blank(*byte)).unwrap_or(rest.len());
                let field = rest.get(blanks..).unwrap_or_default();
                at += blanks + field.iter().position(|byte| is_blank(*byte)).unwrap_or(field.len());
            }
        }
    }
    at
}

fn count(rest: &mut &[u8], problem: &str) -> Result<usize, Vec<u8>> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return Err([problem.as_bytes(), b": invalid count at start of ", quote(rest).as_slice()].concat());
    }
    let (digits, behind) = rest.split_at(digits);
    *rest = behind;
    Ok(digits.iter().fold(0usize, |n, digit| n.saturating_mul(10).saturating_add(usize::from(digit - b'0'))))
}

fn letters(rest: &mut &[u8], ordering: &mut Ordering, start: bool, end: bool) {
    while let Some((letter, behind)) = rest.split_first() {
        if !ordering.set(*letter, start, end) {
            break;
        }
        *rest = behind;
    }
}
