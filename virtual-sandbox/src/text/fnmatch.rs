//! Matching of file names by patterns, as fnmatch(3) does for `find -name`, `ls --ignore`, `du --exclude`.
//!
//! [POSIX 2.14 Pattern Matching Notation; glibc fnmatch] Characters are those of UTF-8; a byte that is not part of one
//! matches `?` alone. Matching takes time in the product of the lengths at most, never exponential.

use super::chars::{Char, chars};

/// How a pattern is applied; the default is a plain match of a whole string.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FnmatchFlags {
    /// A slash is matched by a slash only (`FNM_PATHNAME`).
    pub pathname: bool,
    /// A leading period (after a slash too, with `pathname`) is matched by a period only (`FNM_PERIOD`).
    pub period: bool,
    /// Upper and lower case are equal (`FNM_CASEFOLD`).
    pub case_fold: bool,
    /// The match may end before a slash of the string (`FNM_LEADING_DIR`).
    pub leading_dir: bool,
}

/// A compiled pattern.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pattern {
    items: Vec<Item>,
    flags: FnmatchFlags,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Item {
    Star,
    Any,
    Literal(Vec<u8>),
    Set { negated: bool, members: Vec<Member> },
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Member {
    Single(Vec<u8>),
    Range(u32, u32),
    Class(Class),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Class {
    Alnum,
    Alpha,
    Blank,
    Cntrl,
    Digit,
    Graph,
    Lower,
    Print,
    Punct,
    Space,
    Upper,
    Xdigit,
}

/// Whether `text` as a whole matches `pattern`.
pub fn fnmatch(pattern: &[u8], text: &[u8], flags: FnmatchFlags) -> bool {
    Pattern::new(pattern, flags).matches(text)
}

/// Whether `text` holds a character that makes it more than a literal name.
pub fn has_magic(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[' | b'\\'))
}

impl Pattern {
    /// Compiles a pattern. Every byte string is one: an unclosed bracket stands for itself.
    pub fn new(pattern: &[u8], flags: FnmatchFlags) -> Pattern {
        let mut items = Vec::new();
        let mut rest = pattern;
        while let Some(c) = chars(rest).next() {
            let mut taken = c.bytes().len();
            let item = match c.bytes() {
                b"*" => Item::Star,
                b"?" => Item::Any,
                b"[" => match bracket(rest.get(1..).unwrap_or_default()) {
                    Some((item, length)) => {
                        taken = length + 1;
                        item
                    }
                    None => Item::Literal(b"[".to_vec()),
                },
                b"\\" => match chars(rest).nth(1) {
                    Some(quoted) => {
                        taken += quoted.bytes().len();
                        Item::Literal(quoted.bytes().to_vec())
                    }
                    // A trailing backslash matches nothing, as in glibc.
                    None => Item::Set { negated: false, members: Vec::new() },
                },
                bytes => Item::Literal(bytes.to_vec()),
            };
            if !(item == Item::Star && items.last() == Some(&Item::Star)) {
                items.push(item);
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        Pattern { items, flags }
    }

    /// Whether `text` as a whole matches.
    pub fn matches(&self, text: &[u8]) -> bool {
        let (mut at, mut item) = (0, 0);
        // Where the last `*` stands, and where in the text it was last tried to end.
        let mut star: Option<(usize, usize)> = None;
        loop {
            let rest = text.get(at..).unwrap_or_default();
            let next = chars(rest).next();
            let matched = match (self.items.get(item), next) {
                (None, None) => return true,
                (None, Some(c)) if self.flags.leading_dir && c.bytes() == b"/" => return true,
                (Some(Item::Star), _) if !self.is_guarded_period(text, at) => {
                    star = Some((item, at));
                    item += 1;
                    continue;
                }
                (Some(wanted), Some(c)) => self.accepts(wanted, c, text, at),
                _ => false,
            };
            match (matched, next, star) {
                (true, Some(c), _) => {
                    at += c.bytes().len();
                    item += 1;
                }
                (_, _, Some((star_item, star_at))) => {
                    let Some(c) = chars(text.get(star_at..).unwrap_or_default()).next() else { return false };
                    if self.flags.pathname && c.bytes() == b"/" {
                        return false;
                    }
                    at = star_at + c.bytes().len();
                    star = Some((star_item, at));
                    item = star_item + 1;
                }
                _ => return false,
            }
        }
    }

    fn is_guarded_period(&self, text: &[u8], at: usize) -> bool {
        let leading = at == 0 || (self.flags.pathname && at.checked_sub(1).and_then(|i| text.get(i)) == Some(&b'/'));
        self.flags.period && leading && text.get(at) == Some(&b'.')
    }

    fn accepts(&self, item: &Item, c: Char<'_>, text: &[u8], at: usize) -> bool {
        match item {
            Item::Star => false,
            Item::Literal(bytes) => {
                bytes.as_slice() == c.bytes()
                    || (self.flags.case_fold && fold(chars(bytes).next()) == fold(Some(c)) && fold(Some(c)).is_some())
            }
            _ if self.flags.pathname && c.bytes() == b"/" => false,
            _ if self.is_guarded_period(text, at) => false,
            Item::Any => true,
            Item::Set { negated, members } => *negated != members.iter().any(|member| self.has_member(member, c)),
        }
    }

    fn has_member(&self, member: &Member, c: Char<'_>) -> bool {
        if member.contains(c) {
            return true;
        }
        let Char::Scalar(scalar, _) = c else { return false };
        let other = if scalar.is_lowercase() { single(scalar.to_uppercase()) } else { single(scalar.to_lowercase()) };
        self.flags.case_fold
            && other.is_some_and(|other| {
                let mut buffer = [0; 4];
                let bytes = other.encode_utf8(&mut buffer).as_bytes();
                member.contains(Char::Scalar(other, bytes))
            })
    }
}

fn single(mut mapped: impl Iterator<Item = char>) -> Option<char> {
    let first = mapped.next();
    if mapped.next().is_none() { first } else { None }
}

fn fold(c: Option<Char<'_>>) -> Option<char> {
    match c? {
        Char::Scalar(scalar, _) => Some(single(scalar.to_lowercase()).unwrap_or(scalar)),
        Char::Invalid(_) => None,
    }
}

impl Member {
    fn contains(&self, c: Char<'_>) -> bool {
        match (self, c) {
            (Member::Single(bytes), c) => bytes.as_slice() == c.bytes(),
            (Member::Range(from, to), Char::Scalar(scalar, _)) => (*from..=*to).contains(&u32::from(scalar)),
            (Member::Class(class), Char::Scalar(scalar, _)) => class.contains(scalar),
            (_, Char::Invalid(_)) => false,
        }
    }
}

impl Class {
    fn named(name: &[u8]) -> Option<Class> {
        Some(match name {
            b"alnum" => Class::Alnum,
            b"alpha" => Class::Alpha,
            b"blank" => Class::Blank,
            b"cntrl" => Class::Cntrl,
            b"digit" => Class::Digit,
            b"graph" => Class::Graph,
            b"lower" => Class::Lower,
            b"print" => Class::Print,
            b"punct" => Class::Punct,
            b"space" => Class::Space,
            b"upper" => Class::Upper,
            b"xdigit" => Class::Xdigit,
            _ => return None,
        })
    }

    fn contains(self, c: char) -> bool {
        match self {
            Class::Alnum => c.is_alphanumeric(),
            Class::Alpha => c.is_alphabetic(),
            Class::Blank => matches!(c, ' ' | '\t'),
            Class::Cntrl => c.is_control(),
            Class::Digit => c.is_ascii_digit(),
            Class::Graph => !c.is_whitespace() && super::chars::is_printable(c),
            Class::Lower => c.is_lowercase(),
            Class::Print => super::chars::is_printable(c),
            Class::Punct => !c.is_alphanumeric() && !c.is_whitespace() && super::chars::is_printable(c),
            Class::Space => c.is_whitespace(),
            Class::Upper => c.is_uppercase(),
            Class::Xdigit => c.is_ascii_hexdigit(),
        }
    }
}

/// Parses what follows `[`; the item and how many bytes it takes, the `]` included. `None` when there is no `]`.
fn bracket(text: &[u8]) -> Option<(Item, usize)> {
    let mut at = 0;
    let negated = matches!(text.first(), Some(b'!' | b'^'));
    at += usize::from(negated);
    let mut members = Vec::new();
    let start = at;
    loop {
        if text.get(at)? == &b']' && at > start {
            return Some((Item::Set { negated, members }, at + 1));
        }
        if text.get(at..)?.starts_with(b"[:")
            && let Some((class, length)) = named_class(text.get(at + 2..)?)
        {
            members.push(Member::Class(class?));
            at += length + 2;
            continue;
        }
        let (from, length) = element(text.get(at..)?)?;
        at += length;
        let is_range = text.get(at) == Some(&b'-') && text.get(at + 1).is_some_and(|byte| *byte != b']');
        if !is_range {
            members.push(Member::Single(from.to_vec()));
            continue;
        }
        let (to, length) = element(text.get(at + 1..)?)?;
        at += 1 + length;
        if let (Some(Char::Scalar(from, _)), Some(Char::Scalar(to, _))) = (chars(from).next(), chars(to).next()) {
            members.push(Member::Range(from.into(), to.into()));
        }
    }
}

/// `alpha:]` and its length; the inner `None` is a class that does not exist, which spoils the bracket.
fn named_class(text: &[u8]) -> Option<(Option<Class>, usize)> {
    let end = text.windows(2).position(|pair| pair == b":]")?;
    Some((Class::named(text.get(..end)?), end + 2))
}

/// One character of a bracket expression: itself, quoted, or written `[.x.]` or `[=x=]`; and its length.
fn element(text: &[u8]) -> Option<(&[u8], usize)> {
    for (open, close) in [(b"[.", b".]"), (b"[=", b"=]")] {
        if text.starts_with(open) {
            let length = text.get(2..)?.windows(2).position(|pair| pair == close)?;
            let inner = text.get(2..2 + length)?;
            return Some((inner, length + 4));
        }
    }
    let mut found = chars(text);
    let first = found.next()?;
    if first.bytes() == b"\\" {
        let quoted = found.next()?;
        return Some((quoted.bytes(), 1 + quoted.bytes().len()));
    }
    Some((first.bytes(), first.bytes().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(pattern: &str, text: &str) -> bool {
        fnmatch(pattern.as_bytes(), text.as_bytes(), FnmatchFlags::default())
    }

    #[test]
    fn stars_question_marks_and_brackets() {
        for (pattern, text) in [
            ("*", ""),
            ("*.c", "a.c"),
            ("a*b*c", "axxbyyc"),
            ("?", "é"),
            ("[a-c]x", "bx"),
            ("[!a]", "b"),
            ("[]]", "]"),
            ("[[:digit:]]*", "1z"),
            ("\\*", "*"),
            ("[", "["),
            ("a[b", "a[b"),
            ("*/x", "a/b/x"),
            ("*", ".x"),
            ("[a\\]]", "]"),
            ("[.-0]", "/"),
            ("[[.a.]]", "a"),
        ] {
            assert!(plain(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("*.c", "a.h"), ("?", ""), ("[a-c]", "d"), ("[!a]", "a"), ("a", "A"), ("a\\", "a\\")] {
            assert!(!plain(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn flags_restrict_slashes_and_periods() {
        let pathname = FnmatchFlags { pathname: true, ..Default::default() };
        assert!(!fnmatch(b"*", b"a/b", pathname) && fnmatch(b"*/*", b"a/b", pathname));
        let period = FnmatchFlags { period: true, ..Default::default() };
        assert!(!fnmatch(b"*", b".a", period) && !fnmatch(b"?a", b".a", period) && fnmatch(b".*", b".a", period));
        let fold = FnmatchFlags { case_fold: true, ..Default::default() };
        assert!(fnmatch(b"ABC[d-f]", b"abcE", fold));
        let leading = FnmatchFlags { leading_dir: true, ..Default::default() };
        assert!(fnmatch(b"a*", b"ab/c", leading));
    }

    #[test]
    fn many_stars_stay_fast() {
        let pattern = "*a".repeat(50) + "b";
        assert!(!plain(&pattern, &"a".repeat(2000)));
    }
}
