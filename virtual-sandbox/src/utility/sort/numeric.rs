//! Comparing what stands for numbers, months and sizes at the start of a text.

use std::cmp::Ordering;

/// A decimal number as it is written: its digits without leading and trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Decimal<'t> {
    negative: bool,
    whole: &'t [u8],
    fraction: &'t [u8],
}

impl<'t> Decimal<'t> {
    /// Blanks, an optional minus, digits, and a fraction; what is no number is zero.
    fn parse(text: &'t [u8]) -> Decimal<'t> {
        let text = skip_blanks(text);
        let (negative, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (whole, rest) = text.split_at(digits(text));
        let fraction = rest.strip_prefix(b".").unwrap_or_default();
        let fraction = fraction.get(..digits(fraction)).unwrap_or_default();
        let zeros = whole.iter().take_while(|byte| **byte == b'0').count();
        let kept = fraction.iter().rposition(|byte| *byte != b'0').map_or(0, |last| last + 1);
        let whole = whole.get(zeros..).unwrap_or_default();
        let fraction = fraction.get(..kept).unwrap_or_default();
        Decimal { negative: negative && !(whole.is_empty() && fraction.is_empty()), whole, fraction }
    }

    fn compare(&self, other: &Decimal<'_>) -> Ordering {
        let magnitude = || {
            let by_whole = self.whole.len().cmp(&other.whole.len()).then_with(|| self.whole.cmp(other.whole));
            by_whole.then_with(|| self.fraction.cmp(other.fraction))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count();
    text.get(blanks..).unwrap_or_default()
}

/// `-n`
pub(super) fn compare_numbers(left: &[u8], right: &[u8]) -> Ordering {
    Decimal::parse(left).compare(&Decimal::parse(right))
}

/// The number as an integer, if it is a small one: comparing these is the same as comparing numbers.
pub(super) fn small_integer(text: &[u8]) -> Option<i64> {
    let decimal = Decimal::parse(text);
    if !decimal.fraction.is_empty() || decimal.whole.len() > 18 {
        return None;
    }
    let magnitude = decimal.whole.iter().fold(0i64, |n, digit| n * 10 + i64::from(digit - b'0'));
    Some(if decimal.negative { -magnitude } else { magnitude })
}

/// `-h`: the unit decides before the number, `2K` before `1M`.
pub(super) fn compare_sizes(left: &[u8], right: &[u8]) -> Ordering {
    let unit = |text: &[u8]| -> i8 {
        let text = skip_blanks(text);
        let (negative, text) = match text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut seen_point = false;
        let mut nonzero = false;
        let len = text
            .iter()
            .take_while(|byte| match byte {
                b'.' if !seen_point => {
                    seen_point = true;
                    true
                }
                digit if digit.is_ascii_digit() => {
                    nonzero |= **digit != b'0';
                    true
                }
                _ => false,
            })
            .count();
        let order = match text.get(len) {
            _ if !nonzero => 0,
            Some(b'k' | b'K') => 1,
            Some(b'M') => 2,
            Some(b'G') => 3,
            Some(b'T') => 4,
            Some(b'P') => 5,
            Some(b'E') => 6,
            Some(b'Z') => 7,
            Some(b'Y') => 8,
            _ => 0,
        };
        if negative { -order } else { order }
    };
    unit(left).cmp(&unit(right)).then_with(|| compare_numbers(left, right))
}

/// `-g`: what is no number comes first, then not-a-number, then numbers.
pub(super) fn compare_general(left: &[u8], right: &[u8]) -> Ordering {
    let rank = |value: Option<f64>| match value {
        None => 0,
        Some(number) if number.is_nan() => 1,
        Some(_) => 2,
    };
    let (left, right) = (float(left), float(right));
    let by_rank = rank(left).cmp(&rank(right));
    by_rank.then_with(|| left.unwrap_or(0.0).partial_cmp(&right.unwrap_or(0.0)).unwrap_or(Ordering::Equal))
}

/// The floating-point number at the start of a text.
fn float(text: &[u8]) -> Option<f64> {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let text = text.get(blanks..)?;
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let rest = text.get(sign..)?;
    let word = |name: &[u8]| rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    let negative = text.first() == Some(&b'-');
    if word(b"inf") {
        return Some(if negative { f64::NEG_INFINITY } else { f64::INFINITY });
    }
    if word(b"nan") {
        return Some(f64::NAN);
    }
    if word(b"0x") {
        return hexadecimal(rest.get(2..)?).map(|value| if negative { -value } else { value });
    }
    let digits = |from: usize| rest.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    let mut len = whole;
    let mut fraction = 0;
    if rest.get(len) == Some(&b'.') {
        fraction = digits(len + 1);
        len += 1 + fraction;
    }
    if whole + fraction == 0 {
        return None;
    }
    if matches!(rest.get(len), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(rest.get(len + 1), Some(b'+' | b'-')));
        let exponent = digits(len + 1 + sign);
        if exponent > 0 {
            len += 1 + sign + exponent;
        }
    }
    let number = std::str::from_utf8(text.get(..sign + len)?).ok()?;
    number.parse().ok()
}

fn hexadecimal(text: &[u8]) -> Option<f64> {
    let digits = text.iter().map_while(|byte| char::from(*byte).to_digit(16));
    let mut any = false;
    let value = digits.fold(0.0, |n, digit| {
        any = true;
        n * 16.0 + f64::from(digit)
    });
    any.then_some(value)
}

/// `-M`: the number of a month by its English abbreviation; 0 for anything else.
pub(super) fn month(text: &[u8]) -> usize {
    const MONTHS: [&[u8; 3]; 12] =
        [b"JAN", b"FEB", b"MAR", b"APR", b"MAY", b"JUN", b"JUL", b"AUG", b"SEP", b"OCT", b"NOV", b"DEC"];
    let name = skip_blanks(text).get(..3).unwrap_or_default();
    MONTHS.iter().position(|month| name.eq_ignore_ascii_case(month.as_slice())).map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value_whatever_their_zeros() {
        assert_eq!(compare_numbers(b"010", b" 9"), Ordering::Greater);
        assert_eq!(compare_numbers(b"-0", b"0.000"), Ordering::Equal);
        assert_eq!(compare_numbers(b"-2", b"-10"), Ordering::Greater);
        assert_eq!(compare_numbers(b"1.25", b"1.3"), Ordering::Less);
        assert_eq!(compare_numbers(b"x", b"-1"), Ordering::Greater);
    }

    #[test]
    fn units_decide_before_numbers() {
        assert_eq!(compare_sizes(b"1023K", b"1M"), Ordering::Less);
        assert_eq!(compare_sizes(b"0M", b"1"), Ordering::Less);
        assert_eq!(compare_sizes(b"-1M", b"-1K"), Ordering::Less);
    }
}
