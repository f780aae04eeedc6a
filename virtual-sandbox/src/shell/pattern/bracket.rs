//! Bracket expressions. POSIX 2.14.1, XBD 9.3.5.

use super::compile::{first_char, fold};

/// `[...]`
#[derive(Debug, Clone, Default)]
pub(super) struct Bracket {
    negated: bool,
    items: Vec<Item>,
}

#[derive(Debug, Clone)]
enum Item {
    /// Characters from the first to the last, by code point (the order of C.UTF-8).
    Range(u32, u32),
    /// `[:alpha:]`
    Class(Class),
}

#[derive(Debug, Clone, Copy)]
enum Class {
    Alnum,
    Alpha,
    Ascii,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Word,
    Xdigit,
}

impl Class {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"alnum" => Self::Alnum,
            b"alpha" => Self::Alpha,
            b"ascii" => Self::Ascii,
            b"blank" => Self::Blank,
            b"cntrl" => Self::Cntrl,
            b"digit" => Self::Digit,
            b"graph" => Self::Graph,
            b"lower" => Self::Lower,
            b"print" => Self::Print,
            b"punct" => Self::Punct,
            b"space" => Self::Space,
            b"upper" => Self::Upper,
            b"word" => Self::Word,
            b"xdigit" => Self::Xdigit,
            _ => return None,
        })
    }

    fn has(self, ch: char) -> bool {
        match self {
            Self::Alnum => ch.is_alphanumeric(),
            Self::Alpha => ch.is_alphabetic(),
            Self::Ascii => ch.is_ascii(),
            Self::Blank => ch == ' ' || ch == '\t',
            Self::Cntrl => ch.is_control(),
            Self::Digit => ch.is_ascii_digit(),
            Self::Graph => !ch.is_control() && !ch.is_whitespace(),
            Self::Lower => ch.is_lowercase(),
            Self::Print => !ch.is_control(),
            Self::Punct if ch.is_ascii() => ch.is_ascii_punctuation(),
            Self::Punct => !ch.is_alphanumeric() && !ch.is_whitespace() && !ch.is_control(),
            Self::Space => ch.is_ascii_whitespace() || ch == '\x0b' || (!ch.is_ascii() && ch.is_whitespace()),
            Self::Upper => ch.is_uppercase(),
            Self::Word => ch.is_alphanumeric() || ch == '_',
            Self::Xdigit => ch.is_ascii_hexdigit(),
        }
    }
}

impl Bracket {
    /// Whether a character is one of those that the expression means.
    pub(super) fn has(&self, code: u32, nocase: bool) -> bool {
        let mut found = self.contains(code);
        if nocase && !found {
            let upper = char::from_u32(code).map_or(code, |ch| crate::shell::expand::case::upper(ch) as u32);
            found = self.contains(fold(code)) || self.contains(upper);
        }
        found != self.negated
    }

    fn contains(&self, code: u32) -> bool {
        self.items.iter().any(|item| match item {
            Item::Range(first, last) => (*first..=*last).contains(&code),
            Item::Class(class) => char::from_u32(code).is_some_and(|ch| class.has(ch)),
        })
    }
}

/// Parses the bracket expression whose `[` is at `open`; gives it with the offset after its `]`. `None` when it has no
/// end: the `[` stands for itself then.
pub(super) fn parse(text: &[u8], open: usize) -> Option<(Bracket, usize)> {
    let mut bracket = Bracket::default();
    let mut at = open + 1;
    if matches!(text.get(at)?, b'!' | b'^') {
        bracket.negated = true;
        at += 1;
    }
    let start = at;
    loop {
        match text.get(at)? {
            b']' if at > start => return Some((bracket, at + 1)),
            b'[' if text.get(at + 1) == Some(&b':') => {
                if let Some((name, next)) = delimited(text, at + 2, b':') {
                    // An unknown class matches nothing.
                    bracket.items.extend(Class::named(name).map(Item::Class));
                    at = next;
                    continue;
                }
            }
            _ => {}
        }
        let (first, next) = element(text, at)?;
        at = next;
        if text.get(at) == Some(&b'-') && text.get(at + 1).is_some_and(|byte| *byte != b']') {
            let (last, next) = element(text, at + 1)?;
            at = next;
            bracket.items.push(Item::Range(first, last));
        } else {
            bracket.items.push(Item::Range(first, first));
        }
    }
}

/// One character of a bracket expression: itself, quoted, or as a collating symbol or equivalence class.
fn element(text: &[u8], at: usize) -> Option<(u32, usize)> {
    match (text.get(at)?, text.get(at + 1)) {
        (b'[', Some(kind @ (b'.' | b'='))) => {
            if let Some((name, next)) = delimited(text, at + 2, *kind)
                && let Some((code, length)) = first_char(name)
                && length == name.len()
            {
                return Some((code, next));
            }
            Some((u32::from(b'['), at + 1))
        }
        (b'\\', Some(_)) => {
            let (code, length) = first_char(text.get(at + 1..)?)?;
            Some((code, at + 1 + length))
        }
        // A slash ends nothing here: pathname expansion splits at slashes before it matches.
        _ => {
            let (code, length) = first_char(text.get(at..)?)?;
            Some((code, at + length))
        }
    }
}

/// The text up to `kind]`, and the offset after that.
fn delimited(text: &[u8], from: usize, kind: u8) -> Option<(&[u8], usize)> {
    let rest = text.get(from..)?;
    let end = rest.windows(2).position(|pair| pair == [kind, b']'])?;
    Some((rest.get(..end)?, from + end + 2))
}
