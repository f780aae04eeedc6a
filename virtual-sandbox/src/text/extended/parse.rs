//! strtold(3): reading a number.

use super::{Extended, Magnitude, round};
use bigdecimal::num_bigint::BigUint;

/// Whether the number read was in range.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Range {
    /// It was, with rounding.
    Exact,
    /// Too large: the result is infinite.
    Overflow,
    /// Too small: the result is denormal or zero.
    Underflow,
}

/// What strtold(3) answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ParsedFloat {
    /// The number.
    pub value: Extended,
    /// How many bytes it took, leading white space included; 0 when there is no number.
    pub length: usize,
    /// Whether it was in range.
    pub range: Range,
}

/// Significant decimal digits beyond which only "not zero" matters: more than any exact tie has.
const MOST_DIGITS: usize = 20_000;
/// A decimal exponent beyond which the result is surely infinite or zero.
const MOST_EXPONENT: i64 = 100_000;

impl Extended {
    /// Reads a number at the beginning of `text`: decimal, hexadecimal (`0x1.8p3`), `inf`, `infinity` or `nan`, after
    /// white space and a sign.
    pub fn parse(text: &[u8]) -> ParsedFloat {
        let nothing = ParsedFloat { value: Extended::ZERO, length: 0, range: Range::Exact };
        let body = text.trim_ascii_start();
        let (negative, unsigned) = match body.split_first() {
            Some((b'-', rest)) => (true, rest),
            Some((b'+', rest)) => (false, rest),
            _ => (false, body),
        };
        let before = text.len() - unsigned.len();
        let found = special(unsigned)
            .map(|(magnitude, length)| (Extended { negative, magnitude }, length, Range::Exact))
            .or_else(|| hexadecimal(negative, unsigned))
            .or_else(|| decimal(negative, unsigned));
        match found {
            Some((value, length, range)) => ParsedFloat { value, length: before + length, range },
            None => nothing,
        }
    }
}

fn special(text: &[u8]) -> Option<(Magnitude, usize)> {
    let starts = |word: &str| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()));
    if starts("infinity") {
        return Some((Magnitude::Infinity, 8));
    }
    if starts("inf") {
        return Some((Magnitude::Infinity, 3));
    }
    if !starts("nan") {
        return None;
    }
    // nan(characters) is taken whole.
    let rest = text.get(3..).unwrap_or_default();
    let inner = rest.iter().skip(1).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let whole = rest.first() == Some(&b'(') && rest.get(inner + 1) == Some(&b')');
    Some((Magnitude::Nan, if whole { 3 + inner + 2 } else { 3 }))
}

/// The digits around a point: `(digits without the point, how many stood after it, length)`.
fn mantissa(text: &[u8], is_digit: impl Fn(&u8) -> bool) -> Option<(Vec<u8>, usize, usize)> {
    let whole = text.iter().take_while(|byte| is_digit(byte)).count();
    let mut digits = text.get(..whole)?.to_vec();
    let mut length = whole;
    let mut after = 0;
    if text.get(whole) == Some(&b'.') {
        after = text.iter().skip(whole + 1).take_while(|byte| is_digit(byte)).count();
        digits.extend_from_slice(text.get(whole + 1..whole + 1 + after)?);
        length += 1 + after;
    }
    (!digits.is_empty()).then_some((digits, after, length))
}

/// An exponent after `letter`: its value and length; zero length when there is none.
fn exponent(text: &[u8], letter: u8) -> (i64, usize) {
    let Some((first, rest)) = text.split_first() else { return (0, 0) };
    if !first.eq_ignore_ascii_case(&letter) {
        return (0, 0);
    }
    let (negative, digits) = match rest.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, rest),
    };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 {
        return (0, 0);
    }
    let value = digits
        .iter()
        .take(count)
        .fold(0i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')).min(i64::MAX / 4));
    (if negative { -value } else { value }, text.len() - digits.len() + count)
}

fn hexadecimal(negative: bool, text: &[u8]) -> Option<(Extended, usize, Range)> {
    let body = text.strip_prefix(b"0x").or_else(|| text.strip_prefix(b"0X"))?;
    let (digits, after, length) = mantissa(body, u8::is_ascii_hexdigit)?;
    let (power, power_length) = exponent(body.get(length..).unwrap_or_default(), b'p');
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let significant = digits.get(leading..).unwrap_or_default();
    let kept = significant.get(..significant.len().min(MOST_DIGITS)).unwrap_or_default();
    let dropped = significant.len() - kept.len();
    let sticky = significant.iter().skip(kept.len()).any(|digit| *digit != b'0');
    let value = BigUint::parse_bytes(kept, 16).unwrap_or_default();
    let shift = power.saturating_add(4 * (dropped as i64 - after as i64));
    let (value, range) = clamp(negative, &value, shift, sticky);
    Some((value, 2 + length + power_length, range))
}

/// Rounds with an exponent that may be absurd.
fn clamp(negative: bool, value: &BigUint, exponent: i64, sticky: bool) -> (Extended, Range) {
    if value.bits() == 0 && !sticky {
        return (Extended { negative, ..Extended::ZERO }, Range::Exact);
    }
    if exponent > MOST_EXPONENT {
        return (Extended { negative, magnitude: Magnitude::Infinity }, Range::Overflow);
    }
    if exponent < -MOST_EXPONENT - value.bits() as i64 {
        return (Extended { negative, ..Extended::ZERO }, Range::Underflow);
    }
    round(negative, value, exponent, sticky)
}

fn decimal(negative: bool, text: &[u8]) -> Option<(Extended, usize, Range)> {
    let (digits, after, length) = mantissa(text, u8::is_ascii_digit)?;
    let (power, power_length) = exponent(text.get(length..).unwrap_or_default(), b'e');
    let length = length + power_length;
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    let significant = digits.get(leading..).unwrap_or_default();
    if significant.is_empty() {
        return Some((Extended { negative, ..Extended::ZERO }, length, Range::Exact));
    }
    let kept = significant.get(..significant.len().min(MOST_DIGITS)).unwrap_or_default();
    let dropped = significant.len() - kept.len();
    let sticky = significant.iter().skip(kept.len()).any(|digit| *digit != b'0');
    let power = power.saturating_add(dropped as i64 - after as i64);
    // The decimal exponent of the first digit decides about absurd values.
    let top = power.saturating_add(kept.len() as i64);
    if top > MOST_EXPONENT {
        return Some((Extended { negative, magnitude: Magnitude::Infinity }, length, Range::Overflow));
    }
    if top < -MOST_EXPONENT {
        return Some((Extended { negative, ..Extended::ZERO }, length, Range::Underflow));
    }
    let value = BigUint::parse_bytes(kept, 10).unwrap_or_default();
    let (value, range) = if power >= 0 {
        round(negative, &(value * BigUint::from(10u32).pow(power as u32)), 0, sticky)
    } else {
        let divisor = BigUint::from(10u32).pow(power.unsigned_abs() as u32);
        // Enough bits that the quotient has more than the precision.
        let shift = (divisor.bits() + 70).saturating_sub(value.bits());
        let numerator = value << shift;
        let quotient = &numerator / &divisor;
        let exact = &quotient * &divisor == numerator;
        round(negative, &quotient, -(shift as i64), sticky || !exact)
    };
    Some((value, length, range))
}
