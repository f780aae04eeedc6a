//! Type strings of `-t`: `x1z`, `dL`, `fD`, `c` …

use crate::text::quoting::quote;

/// Byte order of the units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Endian {
    Little,
    Big,
}

/// How a unit is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Signed,
    Unsigned,
    Octal,
    Hexadecimal,
    Float,
    /// Named characters.
    Named,
    /// Printable characters or escapes.
    Char,
}

/// One output format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Format {
    pub kind: Kind,
    /// Bytes per unit.
    pub size: usize,
    /// Columns of a unit, without the space before it.
    pub field_width: usize,
    /// `z`: printable characters follow each line.
    pub trailer: bool,
}

impl Format {
    /// All formats of a type string; the error is the message.
    pub fn parse_all(text: &[u8]) -> Result<Vec<Format>, Vec<u8>> {
        let mut formats = Vec::new();
        let mut rest = text;
        while let Some((letter, after)) = rest.split_first() {
            let kind = match letter {
                b'd' => Kind::Signed,
                b'u' => Kind::Unsigned,
                b'o' => Kind::Octal,
                b'x' => Kind::Hexadecimal,
                b'f' => Kind::Float,
                b'a' => Kind::Named,
                b'c' => Kind::Char,
                letter => {
                    let shown = [*letter];
                    let message =
                        [b"invalid character '".as_slice(), &shown, b"' in type string ", &quote(text)].concat();
                    return Err(message);
                }
            };
            let (size, after) = match kind {
                Kind::Named | Kind::Char => (1, after),
                Kind::Float => float_size(after, text)?,
                _ => integer_size(after, text)?,
            };
            let (trailer, after) = match after.strip_prefix(b"z") {
                Some(after) => (true, after),
                None => (false, after),
            };
            rest = after;
            formats.push(Format { kind, size, field_width: field_width(kind, size), trailer });
        }
        Ok(formats)
    }
}

/// Columns of the widest value.
fn field_width(kind: Kind, size: usize) -> usize {
    match (kind, size) {
        (Kind::Named | Kind::Char, _) | (Kind::Octal | Kind::Unsigned, 1) => 3,
        (Kind::Float, 4) => 15,
        (Kind::Float, 8) => 24,
        (Kind::Float, _) => 29,
        (Kind::Signed, 1) => 4,
        (Kind::Signed, 2) => 6,
        (Kind::Signed, 4) => 11,
        (Kind::Signed | Kind::Unsigned, 8) => 20,
        (Kind::Unsigned, 2) => 5,
        (Kind::Unsigned, _) => 10,
        (Kind::Octal, 2) => 6,
        (Kind::Octal, 4) => 11,
        (Kind::Octal, _) => 22,
        (_, size) => 2 * size,
    }
}

fn integer_size<'a>(text: &'a [u8], whole: &[u8]) -> Result<(usize, &'a [u8]), Vec<u8>> {
    match text.first() {
        Some(b'C') => Ok((1, text.get(1..).unwrap_or_default())),
        Some(b'S') => Ok((2, text.get(1..).unwrap_or_default())),
        Some(b'I') => Ok((4, text.get(1..).unwrap_or_default())),
        Some(b'L') => Ok((8, text.get(1..).unwrap_or_default())),
        _ => match number(text) {
            None => Ok((4, text)),
            Some((size @ (1 | 2 | 4 | 8), rest)) => Ok((size as usize, rest)),
            Some((size, _)) => Err(unsupported(whole, size, "integral")),
        },
    }
}

fn float_size<'a>(text: &'a [u8], whole: &[u8]) -> Result<(usize, &'a [u8]), Vec<u8>> {
    match text.first() {
        Some(b'F') => Ok((4, text.get(1..).unwrap_or_default())),
        Some(b'D') => Ok((8, text.get(1..).unwrap_or_default())),
        Some(b'L') => Ok((16, text.get(1..).unwrap_or_default())),
        _ => match number(text) {
            None => Ok((8, text)),
            Some((size @ (4 | 8 | 16), rest)) => Ok((size as usize, rest)),
            Some((size, _)) => Err(unsupported(whole, size, "floating point")),
        },
    }
}

fn unsupported(whole: &[u8], size: u64, what: &str) -> Vec<u8> {
    let tail = format!(";\nthis system doesn't provide a {size}-byte {what} type");
    [b"invalid type string ".as_slice(), &quote(whole), tail.as_bytes()].concat()
}

/// A decimal number at the beginning.
fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    let value =
        digits.iter().fold(0u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    (length > 0).then_some((value, rest))
}
