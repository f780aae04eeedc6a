//! An operand of `seq`: its value, and how it was written, which decides the format of the output.

use super::Usage;
use crate::text::extended::Extended;
use crate::text::quoting::quote;
use bytes::Bytes;

/// An operand.
pub struct Operand {
    /// As written, without leading white space and plus sign.
    pub text: Bytes,
    /// Its value.
    pub value: Extended,
    /// Digits after the point; `None` when it was not written in decimal.
    pub precision: Option<u64>,
    /// How many columns it takes in `%f` with its precision.
    pub width: i64,
}

impl Operand {
    /// Parses an operand.
    pub fn parse(argument: &Bytes) -> Result<Operand, Usage> {
        let parsed = Extended::parse(argument);
        if parsed.length != argument.len() || parsed.length == 0 {
            return Err([b"invalid floating point argument: ".as_slice(), &quote(argument)].concat());
        }
        if parsed.value.is_nan() {
            return Err([b"invalid ".as_slice(), &quote(b"not-a-number"), b" argument: ", &quote(argument)].concat());
        }
        let start = argument.iter().position(|byte| !byte.is_ascii_whitespace() && *byte != b'+').unwrap_or(0);
        let text = argument.slice(start..);
        let (precision, width) = shape(&text, parsed.value.is_finite());
        Ok(Operand { text, value: parsed.value, precision, width })
    }

    /// Whether it is written with digits alone.
    pub fn is_digits(&self) -> bool {
        self.text.iter().all(u8::is_ascii_digit)
    }
}

/// Precision and width of a number as it is written.
fn shape(text: &[u8], finite: bool) -> (Option<u64>, i64) {
    let point = memchr::memchr(b'.', text);
    let hexadecimal = text.iter().any(|byte| matches!(byte, b'x' | b'X'));
    let power = text.iter().any(|byte| matches!(byte, b'p' | b'P'));
    let mut precision = if point.is_none() && !power { Some(0) } else { None };
    if hexadecimal || !finite {
        return (precision.filter(|_| finite), 0);
    }
    let mut width = text.len() as i64;
    let exponent_at = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let mut fraction = 0;
    if let Some(point) = point {
        fraction = exponent_at.unwrap_or(text.len()).saturating_sub(point + 1) as u64;
        precision = Some(fraction);
        let digit_before = point.checked_sub(1).and_then(|at| text.get(at)).is_some_and(u8::is_ascii_digit);
        width += if fraction == 0 { -1 } else { i64::from(!digit_before) };
    }
    if let Some(at) = exponent_at {
        let exponent = exponent(text.get(at + 1..).unwrap_or_default());
        let shown = precision.unwrap_or(0);
        let size = exponent.unsigned_abs();
        width -= (text.len() - at) as i64;
        if exponent < 0 {
            precision = Some(shown + size);
            width += i64::from(point.is_none_or(|point| at == point + 1));
            width += size as i64;
        } else {
            let shown = shown - shown.min(size);
            precision = Some(shown);
            if point.is_some() && shown == 0 && fraction > 0 {
                width -= 1;
            }
            width += (size - fraction.min(size)) as i64;
        }
    }
    (precision, width)
}

/// A decimal exponent, bounded so that widths stay sane.
fn exponent(text: &[u8]) -> i64 {
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let value = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0i64, |value, digit| (value * 10 + i64::from(digit - b'0')).min(100_000));
    if negative { -value } else { value }
}
