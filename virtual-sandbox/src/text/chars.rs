//! Bytes seen as the characters of a UTF-8 locale: which are printable, and how wide they are shown.

use regex_syntax::hir::{Class, ClassUnicode, HirKind};
use std::sync::OnceLock;

/// A character, or a byte that is not part of one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Char<'a> {
    /// A character and its encoding.
    Scalar(char, &'a [u8]),
    /// A byte that does not belong to a valid UTF-8 sequence.
    Invalid(&'a [u8]),
}

impl<'a> Char<'a> {
    /// Its bytes.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Char::Scalar(_, bytes) | Char::Invalid(bytes) => bytes,
        }
    }

    /// Whether it is a printable character (`iswprint` of glibc's C.UTF-8).
    pub fn is_printable(self) -> bool {
        match self {
            Char::Scalar(c, _) => is_printable(c),
            Char::Invalid(_) => false,
        }
    }

    /// Columns it takes on a terminal; 0 for what cannot be printed.
    pub fn width(self) -> usize {
        match self {
            Char::Scalar(c, _) => width(c),
            Char::Invalid(_) => 0,
        }
    }
}

/// The characters of `bytes`.
pub fn chars(bytes: &[u8]) -> Chars<'_> {
    Chars { rest: bytes }
}

/// Iterator of [`chars`].
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chars<'a> {
    type Item = Char<'a>;

    fn next(&mut self) -> Option<Char<'a>> {
        let first = *self.rest.first()?;
        let length = match first {
            0..0x80 => 1,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 0,
        };
        let scalar = self
            .rest
            .get(..length)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .and_then(|text| text.chars().next());
        let (taken, rest) = self.rest.split_at(if scalar.is_some() { length } else { 1 });
        self.rest = rest;
        Some(match scalar {
            Some(c) => Char::Scalar(c, taken),
            None => Char::Invalid(taken),
        })
    }
}

/// Whether a character can be printed: it is assigned (or of private use) and neither a control nor a line separator.
pub fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    static UNPRINTABLE: OnceLock<Option<ClassUnicode>> = OnceLock::new();
    let class = UNPRINTABLE.get_or_init(|| unicode_class(r"[\p{Cc}\p{Cn}\p{Zl}\p{Zp}]"));
    !class.as_ref().is_some_and(|class| contains(class, c))
}

/// Columns a character takes on a terminal (`wcwidth`): 0 for combining and unprintable ones, 2 for wide ones.
pub fn width(c: char) -> usize {
    if c.is_ascii() {
        return usize::from(is_printable(c));
    }
    static COMBINING: OnceLock<Option<ClassUnicode>> = OnceLock::new();
    let combining = COMBINING.get_or_init(|| unicode_class(r"[\p{Mn}\p{Me}\p{Cf}--\xad]"));
    if !is_printable(c) || combining.as_ref().is_some_and(|class| contains(class, c)) {
        return 0;
    }
    1 + usize::from(is_wide(c))
}

/// Columns a text takes on a terminal, as the GNU tools reckon: control characters take none, other characters that
/// cannot be printed and stray bytes one.  [gnulib mbswidth]
pub fn text_width(text: &[u8]) -> usize {
    if text.is_ascii() {
        return text.iter().filter(|byte| (b' '..=b'~').contains(byte)).count();
    }
    let width = |c: Char<'_>| match c {
        Char::Invalid(_) => 1,
        Char::Scalar(scalar, _) if !scalar.is_control() && !is_printable(scalar) => 1,
        Char::Scalar(scalar, _) => width(scalar),
    };
    chars(text).map(width).sum()
}

/// East Asian wide and full-width characters and emoji, by their blocks (Unicode Standard Annex 11).
fn is_wide(c: char) -> bool {
    matches!(u32::from(c),
        0x1100..=0x115f | 0x231a..=0x231b | 0x2329..=0x232a | 0x23e9..=0x23ec | 0x23f0 | 0x23f3 | 0x25fd..=0x25fe
        | 0x2614..=0x2615 | 0x2648..=0x2653 | 0x267f | 0x2693 | 0x26a1 | 0x26aa..=0x26ab | 0x26bd..=0x26be
        | 0x26c4..=0x26c5 | 0x26ce | 0x26d4 | 0x26ea | 0x26f2..=0x26f3 | 0x26f5 | 0x26fa | 0x26fd | 0x2705
        | 0x270a..=0x270b | 0x2728 | 0x274c | 0x274e | 0x2753..=0x2755 | 0x2757 | 0x2795..=0x2797 | 0x27b0 | 0x27bf
        | 0x2b1b..=0x2b1c | 0x2b50 | 0x2b55 | 0x2e80..=0x303e | 0x3041..=0x4dbf | 0x4e00..=0xa4cf | 0xa960..=0xa97c
        | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe10..=0xfe19 | 0xfe30..=0xfe6f | 0xff01..=0xff60 | 0xffe0..=0xffe6
        | 0x16fe0..=0x18cff | 0x1aff0..=0x1b2fb | 0x1f004 | 0x1f0cf | 0x1f18e | 0x1f191..=0x1f19a
        | 0x1f200..=0x1f320 | 0x1f32d..=0x1f335 | 0x1f337..=0x1f37c | 0x1f37e..=0x1f393 | 0x1f3a0..=0x1f3ca
        | 0x1f3cf..=0x1f3d3 | 0x1f3e0..=0x1f3f0 | 0x1f3f4 | 0x1f3f8..=0x1f43e | 0x1f440 | 0x1f442..=0x1f4fc
        | 0x1f4ff..=0x1f53d | 0x1f54b..=0x1f54e | 0x1f550..=0x1f567 | 0x1f57a | 0x1f595..=0x1f596 | 0x1f5a4
        | 0x1f5fb..=0x1f64f | 0x1f680..=0x1f6c5 | 0x1f6cc | 0x1f6d0..=0x1f6d2 | 0x1f6d5..=0x1f6d7 | 0x1f6dc..=0x1f6df
        | 0x1f6eb..=0x1f6ec | 0x1f6f4..=0x1f6fc | 0x1f7e0..=0x1f7eb | 0x1f7f0 | 0x1f90c..=0x1f93a | 0x1f93c..=0x1f945
        | 0x1f947..=0x1f9ff | 0x1fa70..=0x1faff | 0x20000..=0x3fffd)
}

fn unicode_class(pattern: &str) -> Option<ClassUnicode> {
    match regex_syntax::parse(pattern).ok()?.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        _ => None,
    }
}

fn contains(class: &ClassUnicode, c: char) -> bool {
    let ranges = class.ranges();
    let after = ranges.partition_point(|range| range.start() <= c);
    after.checked_sub(1).and_then(|at| ranges.get(at)).is_some_and(|range| c <= range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printable_and_width_follow_glibc() {
        assert!(is_printable('é') && is_printable('\u{200b}') && is_printable('\u{e000}'));
        assert!(!is_printable('\u{80}') && !is_printable('\u{2028}') && !is_printable('\u{378}'));
        assert_eq!((width('a'), width('é'), width('日'), width('\u{301}')), (1, 1, 2, 0));
        assert_eq!(text_width("日本 a".as_bytes()), 6);
        assert_eq!(text_width(b"a\n\xff"), 2);
    }

    #[test]
    fn invalid_bytes_are_single() {
        let found: Vec<_> = chars(b"a\xc3\xa9\xffb\xe2\x80").map(Char::bytes).collect();
        assert_eq!(found, [&b"a"[..], b"\xc3\xa9", b"\xff", b"b", b"\xe2", b"\x80"]);
    }
}
