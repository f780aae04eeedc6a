//! The operands a format consumes, and reading them as numbers.

use super::{Dialect, Printed};
use crate::errno::Errno;
use crate::text::extended::{Extended, Range};
use crate::text::quoting::quote;
use bytes::Bytes;

/// The operands, with a place in them.
pub struct Operands<'a> {
    list: &'a [Bytes],
    at: usize,
    dialect: Dialect,
}

/// An integer as strtoimax(3) and strtoumax(3) read it.
struct ParsedInteger {
    negative: bool,
    /// `None`: more than 64 bits.
    magnitude: Option<u64>,
    /// How many bytes belong to the number; 0 when there is none.
    length: usize,
}

impl<'a> Operands<'a> {
    pub fn new(list: &'a [Bytes], dialect: Dialect) -> Self {
        Operands { list, at: 0, dialect }
    }

    /// How many have been consumed.
    pub fn used(&self) -> usize {
        self.at
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.at >= self.list.len()
    }

    /// The next one, not consumed.
    pub fn peek(&self) -> Option<&'a Bytes> {
        self.list.get(self.at)
    }

    /// The one consumed last.
    pub fn previous(&self) -> Option<&'a [u8]> {
        self.at.checked_sub(1).and_then(|at| self.list.get(at)).map(AsRef::as_ref)
    }

    /// Consumes the next one.
    pub fn next(&mut self) -> Option<&'a Bytes> {
        let next = self.list.get(self.at);
        if next.is_some() {
            self.at += 1;
        }
        next
    }

    /// The next one as a string; empty when there is none.
    pub fn string(&mut self) -> &'a [u8] {
        self.next().map(AsRef::as_ref).unwrap_or_default()
    }

    /// The next one as a signed integer; 0 when there is none.
    pub fn integer(&mut self, printed: &mut Printed) -> i64 {
        let Some(text) = self.next() else { return 0 };
        if let Some(code) = self.character_code(text, printed) {
            return i64::from(code);
        }
        let parsed = parse_integer(text);
        let value = parsed.magnitude.and_then(|magnitude| match parsed.negative {
            true => 0i64.checked_sub_unsigned(magnitude),
            false => i64::try_from(magnitude).ok(),
        });
        self.verify(text, parsed.length, value.is_none(), printed);
        value.unwrap_or(if parsed.negative { i64::MIN } else { i64::MAX })
    }

    /// The next one as an unsigned integer (a minus sign negates modulo 2^64); 0 when there is none.
    pub fn unsigned(&mut self, printed: &mut Printed) -> u64 {
        let Some(text) = self.next() else { return 0 };
        if let Some(code) = self.character_code(text, printed) {
            return u64::from(code);
        }
        let parsed = parse_integer(text);
        self.verify(text, parsed.length, parsed.magnitude.is_none(), printed);
        match parsed.magnitude {
            Some(magnitude) if parsed.negative => magnitude.wrapping_neg(),
            Some(magnitude) => magnitude,
            None => u64::MAX,
        }
    }

    /// The next one as a floating-point number; 0 when there is none.
    pub fn float(&mut self, printed: &mut Printed) -> Extended {
        let Some(text) = self.next() else { return Extended::ZERO };
        if let Some(code) = self.character_code(text, printed) {
            return Extended::from_integer(false, u64::from(code));
        }
        let parsed = Extended::parse(text);
        self.verify(text, parsed.length, parsed.range != Range::Exact, printed);
        parsed.value
    }

    /// "If the leading character is a single or double quote, the value is the character code of what follows."
    fn character_code(&self, text: &[u8], printed: &mut Printed) -> Option<u32> {
        let (b'\'' | b'"', rest) = text.split_first()? else { return None };
        if rest.is_empty() {
            // The program of coreutils reads a lone quote as a bad number.
            return (self.dialect == Dialect::Bash).then_some(0);
        }
        let first = rest.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
        let (code, length) = match first {
            Some(character) => (u32::from(character), character.len_utf8()),
            None => (u32::from(*rest.first()?), 1),
        };
        let extra = rest.get(length..).unwrap_or_default();
        if !extra.is_empty() && self.dialect == Dialect::Coreutils {
            let words = b": character(s) following character constant have been ignored";
            printed.message([b"warning: ", extra, words].concat());
        }
        Some(code)
    }

    /// Complains about what is wrong with a number that took `length` bytes of `text`.
    fn verify(&self, text: &[u8], length: usize, out_of_range: bool, printed: &mut Printed) {
        let incomplete = length < text.len();
        match self.dialect {
            Dialect::Bash if incomplete => {
                let what: &[u8] = match text {
                    [b'0', digit, ..] if digit.is_ascii_digit() => b": invalid octal number",
                    [b'0', b'x', ..] => b": invalid hex number",
                    _ => b": invalid number",
                };
                printed.error([text, what].concat());
            }
            Dialect::Bash if out_of_range => {
                printed.message([b"warning: ", text, b": ", Errno::ERANGE.message().as_bytes()].concat());
            }
            Dialect::Coreutils if out_of_range => {
                printed.error([&quote(text), b": ".as_slice(), Errno::ERANGE.message().as_bytes()].concat());
            }
            Dialect::Coreutils if incomplete => {
                let what: &[u8] =
                    if length == 0 { b": expected a numeric value" } else { b": value not completely converted" };
                printed.error([quote(text).as_slice(), what].concat());
            }
            _ => {}
        }
    }
}

/// strtoimax(3) with base 0: decimal, `0` octal, `0x` hexadecimal.
fn parse_integer(text: &[u8]) -> ParsedInteger {
    let body = text.trim_ascii_start();
    let (negative, unsigned) = match body.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, body),
    };
    let (base, digits) = match unsigned {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
        [b'0', ..] => (8, unsigned),
        _ => (10, unsigned),
    };
    let count = digits.iter().take_while(|byte| (**byte as char).is_digit(base)).count();
    let magnitude = digits.iter().take(count).try_fold(0u64, |value, digit| {
        let digit = (*digit as char).to_digit(base)?;
        value.checked_mul(u64::from(base))?.checked_add(u64::from(digit))
    });
    let length = if count == 0 { 0 } else { text.len() - digits.len() + count };
    ParsedInteger { negative, magnitude, length }
}
