//! printf(3) of a `long double`: `%f %e %g %a`.

use super::{Extended, Magnitude};
use bigdecimal::num_bigint::BigUint;

/// Which conversion.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FloatStyle {
    /// `%f`.
    Fixed,
    /// `%e`.
    Exponent,
    /// `%g`.
    Shortest,
    /// `%a`.
    Hexadecimal,
}

/// A conversion without its field width.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FloatFormat {
    /// Which conversion.
    pub style: FloatStyle,
    /// `%F %E %G %A`.
    pub upper: bool,
    /// Digits after the point (`%g`: significant digits); `None`: 6, or for `%a` as many as are needed.
    pub precision: Option<usize>,
    /// `#`: always a point, `%g` keeps trailing zeros.
    pub alternate: bool,
}

/// More digits than any finite number has after the point: the rest is zeros.
const ALL_DIGITS: usize = 16_500;

impl FloatFormat {
    /// The text of the magnitude of `value`, without a sign. For `%a` the prefix `0x` is part of it.
    pub fn magnitude(&self, value: &Extended) -> Vec<u8> {
        let mut text = match value.magnitude {
            Magnitude::Infinity => b"inf".to_vec(),
            Magnitude::Nan => b"nan".to_vec(),
            Magnitude::Finite { significand, exponent } => match self.style {
                FloatStyle::Fixed => fixed(significand, exponent, self.precision.unwrap_or(6), self.alternate),
                FloatStyle::Exponent => self.exponent(significand, exponent),
                FloatStyle::Shortest => self.shortest(significand, exponent),
                FloatStyle::Hexadecimal => self.hexadecimal(significand, exponent),
            },
        };
        if self.upper {
            text.make_ascii_uppercase();
        }
        text
    }

    fn exponent(&self, significand: u64, exponent: i64) -> Vec<u8> {
        let precision = self.precision.unwrap_or(6);
        let (digits, power) = scientific(significand, exponent, precision);
        let mut text = Vec::with_capacity(digits.len() + 8);
        push_point(&digits, 1, precision, self.alternate, &mut text);
        push_exponent(power, &mut text);
        text
    }

    /// `%g`: "Style e is used if the exponent is less than -4 or greater than or equal to the precision."
    fn shortest(&self, significand: u64, exponent: i64) -> Vec<u8> {
        let precision = self.precision.unwrap_or(6).max(1);
        let (mut digits, power) = scientific(significand, exponent, precision - 1);
        digits.truncate(precision);
        if !self.alternate {
            while digits.len() > 1 && digits.last() == Some(&b'0') {
                digits.pop();
            }
        } else {
            digits.resize(precision, b'0');
        }
        let mut text = Vec::new();
        if power < -4 || power >= precision as i64 {
            push_point(&digits, 1, digits.len() - 1, self.alternate, &mut text);
            push_exponent(power, &mut text);
        } else if power < 0 {
            let zeros = vec![b'0'; power.unsigned_abs() as usize];
            let all = [zeros.as_slice(), &digits].concat();
            let after = if digits == b"0" && !self.alternate { 0 } else { all.len() - 1 };
            push_point(&all, 1, after, self.alternate, &mut text);
        } else {
            let whole = power as usize + 1;
            if digits.len() < whole {
                digits.resize(whole, b'0');
            }
            let after = digits.len() - whole;
            push_point(&digits, whole, after, self.alternate, &mut text);
        }
        text
    }

    /// `%a` as glibc prints an x86 long double: the digit before the point holds the four highest bits.
    fn hexadecimal(&self, significand: u64, exponent: i64) -> Vec<u8> {
        let mut first = significand >> 60;
        let mut rest = significand & ((1 << 60) - 1);
        let mut power = if significand == 0 { 0 } else { exponent + 60 };
        let mut digits = 15;
        if let Some(precision) = self.precision.filter(|precision| *precision < 15) {
            let drop = 4 * (15 - precision) as u32;
            let whole = u128::from(significand);
            let kept = whole >> drop;
            let lost = whole & ((1 << drop) - 1);
            let half = 1u128 << (drop - 1);
            let mut kept = kept + u128::from(lost > half || (lost == half && kept & 1 == 1));
            if kept >> (64 - drop) != 0 {
                // A carry out of the first digit: the number is renormalised to begin with 8.
                kept >>= 1;
                power += 1;
            }
            let rounded = (kept << drop) as u64;
            first = rounded >> 60;
            rest = rounded & ((1 << 60) - 1);
            digits = precision;
        }
        let mut fraction = format!("{rest:015x}").into_bytes();
        fraction.truncate(digits);
        match self.precision {
            Some(precision) => fraction.resize(precision, b'0'),
            None => {
                while fraction.last() == Some(&b'0') {
                    fraction.pop();
                }
            }
        }
        let mut text = format!("0x{first:x}").into_bytes();
        if !fraction.is_empty() || self.alternate {
            text.push(b'.');
            text.extend_from_slice(&fraction);
        }
        text.extend_from_slice(format!("p{power:+}").as_bytes());
        text
    }
}

/// The decimal digits of `significand * 2^exponent * 10^scale`, rounded half to even.
fn scaled(significand: u64, exponent: i64, scale: i64) -> BigUint {
    let power = BigUint::from(10u32).pow(scale.unsigned_abs() as u32);
    let mut numerator = BigUint::from(significand);
    let mut denominator = BigUint::from(1u32);
    if scale >= 0 {
        numerator *= power;
    } else {
        denominator *= power;
    }
    if exponent >= 0 {
        numerator <<= exponent as u64;
    } else {
        denominator <<= exponent.unsigned_abs();
    }
    let quotient = &numerator / &denominator;
    let twice = (numerator - &quotient * &denominator) << 1u32;
    match twice.cmp(&denominator) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Greater => quotient + 1u32,
        std::cmp::Ordering::Equal if quotient.bit(0) => quotient + 1u32,
        std::cmp::Ordering::Equal => quotient,
    }
}

fn fixed(significand: u64, exponent: i64, precision: usize, alternate: bool) -> Vec<u8> {
    let exact = precision.min(ALL_DIGITS);
    let mut digits = scaled(significand, exponent, exact as i64).to_string().into_bytes();
    if digits.len() <= exact {
        let mut padded = vec![b'0'; exact + 1 - digits.len()];
        padded.append(&mut digits);
        digits = padded;
    }
    let whole = digits.len() - exact;
    let mut text = Vec::with_capacity(digits.len() + 1 + precision - exact);
    push_point(&digits, whole, precision, alternate, &mut text);
    text
}

/// `precision + 1` significant digits, and the power of ten of the first. Digits beyond [`ALL_DIGITS`] are left out.
fn scientific(significand: u64, exponent: i64, precision: usize) -> (Vec<u8>, i64) {
    let precision = precision.min(ALL_DIGITS);
    if significand == 0 {
        return (vec![b'0'; precision + 1], 0);
    }
    // log10 of the value, at most one too small.
    let bits = 64 - i64::from(significand.leading_zeros()) + exponent;
    let mut power = ((bits - 1) as f64 * std::f64::consts::LOG10_2).floor() as i64;
    loop {
        let digits = scaled(significand, exponent, precision as i64 - power).to_string().into_bytes();
        match digits.len() {
            length if length > precision + 1 => power += 1,
            length if length < precision + 1 => power -= 1,
            _ => return (digits, power),
        }
    }
}

/// Appends the first `whole` digits, a point where needed, and `after` more, with zeros where digits are missing.
fn push_point(digits: &[u8], whole: usize, after: usize, alternate: bool, text: &mut Vec<u8>) {
    let (before, rest) = digits.split_at(whole.min(digits.len()));
    text.extend_from_slice(before);
    if after > 0 || alternate {
        text.push(b'.');
    }
    let shown = rest.len().min(after);
    text.extend_from_slice(rest.get(..shown).unwrap_or_default());
    text.resize(text.len() + after - shown, b'0');
}

fn push_exponent(power: i64, text: &mut Vec<u8>) {
    let sign = if power < 0 { '-' } else { '+' };
    text.extend_from_slice(format!("e{sign}{:02}", power.unsigned_abs()).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(style: FloatStyle, precision: Option<usize>, text: &str) -> String {
        let format = FloatFormat { style, upper: false, precision, alternate: false };
        String::from_utf8(format.magnitude(&Extended::parse(text.as_bytes()).value)).unwrap()
    }

    #[test]
    fn fixed_point_has_the_digits_of_a_long_double() {
        assert_eq!(show(FloatStyle::Fixed, None, "3.14159265"), "3.141593");
        assert_eq!(show(FloatStyle::Fixed, Some(20), "0.1"), "0.10000000000000000000");
        assert_eq!(show(FloatStyle::Fixed, Some(25), "0.1"), "0.1000000000000000000013553");
        assert_eq!(show(FloatStyle::Fixed, Some(0), "2.5"), "2");
        assert_eq!(show(FloatStyle::Fixed, Some(0), "3.5"), "4");
        assert_eq!(show(FloatStyle::Fixed, Some(2), "1e10"), "10000000000.00");
    }

    #[test]
    fn exponent_and_shortest_follow_c() {
        assert_eq!(show(FloatStyle::Exponent, None, "12345.678"), "1.234568e+04");
        assert_eq!(show(FloatStyle::Exponent, Some(0), "9.9"), "1e+01");
        assert_eq!(show(FloatStyle::Shortest, None, "100000"), "100000");
        assert_eq!(show(FloatStyle::Shortest, None, "1000000"), "1e+06");
        assert_eq!(show(FloatStyle::Shortest, None, "0.0001"), "0.0001");
        assert_eq!(show(FloatStyle::Shortest, None, "0.00001"), "1e-05");
        assert_eq!(show(FloatStyle::Shortest, None, "0"), "0");
        assert_eq!(show(FloatStyle::Shortest, None, "3.14159265"), "3.14159");
    }

    #[test]
    fn hexadecimal_is_that_of_x86() {
        assert_eq!(show(FloatStyle::Hexadecimal, None, "1"), "0x8p-3");
        assert_eq!(show(FloatStyle::Hexadecimal, None, "0.1"), "0xc.ccccccccccccccdp-7");
        assert_eq!(show(FloatStyle::Hexadecimal, Some(3), "1.999"), "0xf.fdfp-3");
    }

    #[test]
    fn range_is_reported() {
        use super::super::Range;
        assert_eq!(Extended::parse(b"1e5000").range, Range::Overflow);
        assert_eq!(Extended::parse(b"1e-5000").range, Range::Underflow);
        assert_eq!(Extended::parse(b"1e4000").range, Range::Exact);
    }
}
