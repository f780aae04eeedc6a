//! Character classes: the named ones of POSIX in the C.UTF-8 and C locales, and set arithmetic on [`Class`].

use std::sync::OnceLock;

use regex_syntax::hir::{
    Class as HirClass, ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange, Hir, HirKind,
};

use super::ast::Class;

/// A named character class.  [POSIX XBD 7.3.1 LC_CTYPE]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Alpha,
    Digit,
    Alnum,
    Upper,
    Lower,
    Space,
    Blank,
    Punct,
    Print,
    Graph,
    Cntrl,
    Xdigit,
    /// `\w`: alphanumeric characters and the underscore.
    Word,
}

impl Name {
    /// The class with this name between `[:` and `:]`.
    pub(super) fn parse(name: &[u8]) -> Option<Name> {
        Some(match name {
            b"alpha" => Name::Alpha,
            b"digit" => Name::Digit,
            b"alnum" => Name::Alnum,
            b"upper" => Name::Upper,
            b"lower" => Name::Lower,
            b"space" => Name::Space,
            b"blank" => Name::Blank,
            b"punct" => Name::Punct,
            b"print" => Name::Print,
            b"graph" => Name::Graph,
            b"cntrl" => Name::Cntrl,
            b"xdigit" => Name::Xdigit,
            _ => return None,
        })
    }

    /// The class in the notation of `regex_syntax`: Unicode properties that draw the same lines as the C library's C.UTF-8.
    ///
    /// Observed there: decimal digits other than ASCII are letters, no-break spaces are punctuation, and U+2028 and U+2029
    /// are control characters that are white space too.
    fn notation(self) -> &'static str {
        match self {
            Name::Alpha => r"[\p{Alphabetic}[\p{Nd}--0-9]]",
            Name::Digit => "[0-9]",
            Name::Alnum => r"[\p{Alphabetic}\p{Nd}]",
            Name::Upper => r"[\p{Uppercase}\p{Lt}]",
            Name::Lower => r"[\p{Lowercase}\p{Lt}--\p{Lm}]",
            Name::Space => r"[\t-\r\x20\u{1680}\u{2000}-\u{2006}\u{2008}-\u{200A}\u{2028}\u{2029}\u{205F}\u{3000}]",
            Name::Blank => r"[\t\x20\u{1680}\u{2000}-\u{2006}\u{2008}-\u{200A}\u{205F}\u{3000}]",
            Name::Punct => {
                r"[[^\p{Cn}\p{Cc}]--[\p{Alphabetic}\p{Nd}\x20\u{1680}\u{2000}-\u{2006}\u{2008}-\u{200A}\u{2028}\u{2029}\u{205F}\u{3000}]]"
            }
            Name::Print => r"[[^\p{Cn}\p{Cc}]--[\u{2028}\u{2029}]]",
            Name::Graph => {
                r"[[^\p{Cn}\p{Cc}]--[\x20\u{1680}\u{2000}-\u{2006}\u{2008}-\u{200A}\u{2028}\u{2029}\u{205F}\u{3000}]]"
            }
            Name::Cntrl => r"[\p{Cc}\u{2028}\u{2029}]",
            Name::Xdigit => "[0-9A-Fa-f]",
            Name::Word => r"[\p{Alphabetic}\p{Nd}_]",
        }
    }

    fn in_utf8(self) -> ClassUnicode {
        const COUNT: usize = Name::Word as usize + 1;
        static SETS: [OnceLock<ClassUnicode>; COUNT] = [const { OnceLock::new() }; COUNT];
        let build = || match regex_syntax::parse(self.notation()).map(Hir::into_kind) {
            Ok(HirKind::Class(HirClass::Unicode(set))) => set,
            _ => ClassUnicode::empty(),
        };
        SETS.get(self as usize).map_or_else(ClassUnicode::empty, |set| set.get_or_init(build).clone())
    }

    fn in_c(self) -> ClassBytes {
        let ranges: &[(u8, u8)] = match self {
            Name::Alpha => &[(b'A', b'Z'), (b'a', b'z')],
            Name::Digit => &[(b'0', b'9')],
            Name::Alnum => &[(b'0', b'9'), (b'A', b'Z'), (b'a', b'z')],
            Name::Upper => &[(b'A', b'Z')],
            Name::Lower => &[(b'a', b'z')],
            Name::Space => &[(b'\t', b'\r'), (b' ', b' ')],
            Name::Blank => &[(b'\t', b'\t'), (b' ', b' ')],
            Name::Punct => &[(b'!', b'/'), (b':', b'@'), (b'[', b'`'), (b'{', b'~')],
            Name::Print => &[(b' ', b'~')],
            Name::Graph => &[(b'!', b'~')],
            Name::Cntrl => &[(0, 31), (127, 127)],
            Name::Xdigit => &[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')],
            Name::Word => &[(b'0', b'9'), (b'A', b'Z'), (b'_', b'_'), (b'a', b'z')],
        };
        ClassBytes::new(ranges.iter().map(|&(low, high)| ClassBytesRange::new(low, high)))
    }
}

impl Class {
    /// The set without members.
    pub(super) fn empty() -> Class {
        Class { chars: ClassUnicode::empty(), bytes: ClassBytes::empty() }
    }

    /// Every character, or every byte in the C locale.
    pub(super) fn any(bytes: bool) -> Class {
        let mut class = Class::empty();
        if bytes {
            class.bytes.push(ClassBytesRange::new(0, 255));
        } else {
            class.chars.push(ClassUnicodeRange::new('\0', char::MAX));
        }
        class
    }

    /// The named class.
    pub(super) fn named(name: Name, bytes: bool) -> Class {
        let mut class = Class::empty();
        if bytes {
            class.bytes = name.in_c();
        } else {
            class.chars = name.in_utf8();
        }
        class
    }

    /// Adds the characters of `other`.
    pub(super) fn union(&mut self, other: &Class) {
        self.chars.union(&other.chars);
        self.bytes.union(&other.bytes);
    }

    /// Adds the range of characters from `low` to `high`.
    pub(super) fn push(&mut self, low: Element, high: Element) {
        match (low, high) {
            (Element::Char(low), Element::Char(high)) => self.chars.push(ClassUnicodeRange::new(low, high)),
            (Element::Byte(low), Element::Byte(high)) => self.bytes.push(ClassBytesRange::new(low, high)),
            _ => {}
        }
    }

    /// All other characters; single bytes that are no characters never match a complement.
    pub(super) fn negate(&mut self, bytes: bool) {
        if bytes {
            self.bytes.negate();
        } else {
            self.chars.negate();
            self.bytes = ClassBytes::empty();
        }
    }

    /// Takes one ASCII byte out.
    pub(super) fn remove(&mut self, byte: u8) {
        self.chars.difference(&ClassUnicode::new([ClassUnicodeRange::new(char::from(byte), char::from(byte))]));
        self.bytes.difference(&ClassBytes::new([ClassBytesRange::new(byte, byte)]));
    }

    /// Adds the other case of each letter.
    pub(super) fn fold_case(&mut self) {
        // Fails only without the case tables, which are compiled in.
        let _ = self.chars.try_case_fold_simple();
        self.bytes.case_fold_simple();
    }

    /// True if `other` has a member of this set.
    pub(super) fn intersects(&self, other: &Class) -> bool {
        let mut chars = self.chars.clone();
        chars.intersect(&other.chars);
        let mut bytes = self.bytes.clone();
        bytes.intersect(&other.bytes);
        !chars.ranges().is_empty() || !bytes.ranges().is_empty()
    }

    /// True if this character is a member.
    pub(super) fn contains(&self, element: Element) -> bool {
        match element {
            Element::Char(c) => {
                let ranges = self.chars.ranges();
                let after = ranges.partition_point(|range| range.end() < c);
                ranges.get(after).is_some_and(|range| range.start() <= c)
            }
            Element::Byte(b) => self.bytes.ranges().iter().any(|range| range.start() <= b && b <= range.end()),
        }
    }
}

/// One element of a text: a character, or a byte that is part of none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element {
    Char(char),
    Byte(u8),
}

impl Element {
    /// The element at the start of `text`, and its length in bytes.
    pub(super) fn first(text: &[u8], bytes: bool) -> Option<(Element, usize)> {
        let &byte = text.first()?;
        if bytes {
            return Some((Element::Byte(byte), 1));
        }
        if byte < 0x80 {
            return Some((Element::Char(char::from(byte)), 1));
        }
        let width = match byte {
            0xC2..=0xDF => 2,
            0xE0..=0xEF => 3,
            0xF0..=0xF4 => 4,
            _ => return Some((Element::Byte(byte), 1)),
        };
        let decoded = text.get(..width).and_then(|part| std::str::from_utf8(part).ok()).and_then(|s| s.chars().next());
        Some(decoded.map_or((Element::Byte(byte), 1), |c| (Element::Char(c), width)))
    }

    /// The element before the end of `text`.
    pub(super) fn last(text: &[u8], bytes: bool) -> Option<Element> {
        let &byte = text.last()?;
        if bytes || byte < 0x80 {
            return Element::first(&[byte], bytes).map(|(element, _)| element);
        }
        (2..=4.min(text.len()))
            .filter_map(|width| text.get(text.len() - width..))
            .find_map(|part| Element::first(part, false).filter(|(_, width)| *width == part.len()))
            .map_or(Some(Element::Byte(byte)), |(element, _)| Some(element))
    }

    /// True for a letter, a digit or the underscore.
    pub(super) fn is_word(self) -> bool {
        match self {
            Element::Char(c) if c.is_ascii() => c.is_ascii_alphanumeric() || c == '_',
            Element::Char(c) => c.is_alphanumeric(),
            Element::Byte(b) => b.is_ascii_alphanumeric() || b == b'_',
        }
    }
}
