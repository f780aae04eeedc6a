//! Comparing what stands for numbers, months and sizes at the start of a text.

use crate::text::extended::Extended;
use std::cmp::Ordering;

/// A decimal number as it is written: its digits without leading and trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal<'t> {
    pub negative: bool,
    pub whole: &'t [u8],
    pub fraction: &'t [u8],
}

impl<'t> Decimal<'t> {
    /// Blanks, an optional minus, digits, and a fraction; what is no number is zero.
    pub(super) fn parse(text: &'t [u8]) -> Decimal<'t> {
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

/// A number with a unit behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size<'t> {
    /// The power of 1000 or 1024, negative for negative numbers.
    pub unit: i8,
    pub number: Decimal<'t>,
}

impl<'t> Size<'t> {
    /// Reads a number as [`Decimal::parse`] does, and the letter behind it. Zero has no unit.
    pub(super) fn parse(text: &'t [u8]) -> Size<'t> {
        let number = Decimal::parse(text);
        let text = skip_blanks(text);
        let text = text.strip_prefix(b"-").unwrap_or(text);
        let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let mut len = digits(text);
        if text.get(len) == Some(&b'.') {
            len += 1 + digits(text.get(len + 1..).unwrap_or_default());
        }
        let order = match text.get(len) {
            _ if number.whole.is_empty() && number.fraction.is_empty() => 0,
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
        Size { unit: if number.negative { -order } else { order }, number }
    }
}

/// `-h`: the unit decides before the number, `2K` before `1M`.
pub(super) fn compare_sizes(left: &[u8], right: &[u8]) -> Ordering {
    let (left, right) = (Size::parse(left), Size::parse(right));
    left.unit.cmp(&right.unit).then_with(|| left.number.compare(&right.number))
}

/// `-g`: what is no number comes first, then not-a-number, then numbers.
pub(super) fn compare_general(left: &[u8], right: &[u8]) -> Ordering {
    let by_value = general_value(left).cmp(&general_value(right));
    if by_value != Ordering::Equal || left == right {
        return by_value;
    }
    // They are as near as a double is precise: the real tool has the precision of a long double.
    let [left, right] = [left, right].map(|text| Extended::parse(text).value);
    left.compare(&right).unwrap_or(Ordering::Equal)
}

/// A number whose order is that of the floating-point numbers at the start of texts, as far as a double is precise.
pub(super) fn general_value(text: &[u8]) -> u64 {
    let Some(value) = float(text) else { return 0 };
    if value.is_nan() {
        return 1;
    }
    // Zero has one value whatever its sign.
    let bits = (value + 0.0).to_bits();
    if value.is_sign_negative() && value != 0.0 { !bits } else { bits & !(1 << 63) | 1 << 63 }
}

/// The floating-point number at the start of a text.
fn float(text: &[u8]) -> Option<f64> {
    let blanks = text.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let text = text.get(blanks..)?;
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let rest = text.get(sign..)?;
    let digits = |from: usize| rest.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let whole = digits(0);
    if !matches!(rest.first(), Some(b'0'..=b'9' | b'.')) || matches!(rest.get(1), Some(b'x' | b'X')) {
        let parsed = Extended::parse(text);
        return (parsed.length > 0).then(|| parsed.value.to_f64());
    }
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

    #[test]
    fn floating_point_numbers_compare_by_value_as_long_doubles() {
        for (left, right, order) in [
            ("x", "nan", Ordering::Less),
            ("nan", "-inf", Ordering::Less),
            ("-1e400", "-1e300", Ordering::Less),
            ("-0", "0x0", Ordering::Equal),
            ("0x1.8p1", "3", Ordering::Equal),
            ("0.1", "0.10000000000000001", Ordering::Less),
            ("1e400", "1e401", Ordering::Less),
            ("1.50", "1.5", Ordering::Equal),
        ] {
            assert_eq!(compare_general(left.as_bytes(), right.as_bytes()), order, "{left} {right}");
        }
    }
}
