//! The 80-bit extended floating-point numbers that `long double` is on x86: what bash's and coreutils' `printf` and
//! `seq` compute with.
//!
//! Done in integers, so that a run does not depend on the host's floating-point unit or C library.

mod format;
mod parse;

pub use format::{FloatFormat, FloatStyle};
pub use parse::{ParsedFloat, Range};

use bigdecimal::num_bigint::BigUint;

/// Bits of the significand.
const PRECISION: u64 = 64;
/// Exponent of the significand's last bit in the smallest (denormal) number.
const LEAST_EXPONENT: i64 = -16_445;
/// Exponent of the significand's last bit in the largest number.
const GREATEST_EXPONENT: i64 = 16_384 - 64;

/// A number, infinity or NaN, with its sign.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extended {
    /// Whether the sign is minus (a zero and a NaN have signs too).
    pub negative: bool,
    magnitude: Magnitude,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Magnitude {
    /// `significand * 2^exponent`; a significand below 2^63 only in denormal numbers and zero (with `LEAST_EXPONENT`).
    Finite {
        significand: u64,
        exponent: i64,
    },
    Infinity,
    Nan,
}

impl Extended {
    /// Positive zero.
    pub const ZERO: Extended =
        Extended { negative: false, magnitude: Magnitude::Finite { significand: 0, exponent: LEAST_EXPONENT } };

    /// The integer, which is always represented exactly.
    pub fn from_integer(negative: bool, magnitude: u64) -> Self {
        round(negative, &BigUint::from(magnitude), 0, false).0
    }

    /// The same number, which is always represented exactly.
    pub fn from_f64(value: f64) -> Self {
        let bits = value.to_bits();
        let negative = value.is_sign_negative();
        let fraction = bits & ((1 << 52) - 1);
        match (bits >> 52 & 0x7ff) as i64 {
            0x7ff if fraction == 0 => Extended { negative, magnitude: Magnitude::Infinity },
            0x7ff => Extended { negative, magnitude: Magnitude::Nan },
            0 => round(negative, &BigUint::from(fraction), -1074, false).0,
            exponent => round(negative, &BigUint::from(fraction | 1 << 52), exponent - 1075, false).0,
        }
    }

    /// The nearest double, or one beside it: the order of numbers is kept, but for those that become equal.
    pub fn to_f64(self) -> f64 {
        let value = match self.magnitude {
            Magnitude::Nan => f64::NAN,
            Magnitude::Infinity => f64::INFINITY,
            // In two steps, since the power by itself may be out of range where the number is not.
            Magnitude::Finite { significand, exponent } => {
                let half = (exponent / 2) as i32;
                significand as f64 * 2f64.powi(half) * 2f64.powi(exponent as i32 - half)
            }
        };
        if self.negative { -value } else { value }
    }

    /// The number in the format of x86 memory: the significand, and sign and exponent.
    pub fn from_x87(significand: u64, top: u16) -> Self {
        let negative = top & 0x8000 != 0;
        match i64::from(top & 0x7fff) {
            0x7fff if significand << 1 == 0 => Extended { negative, magnitude: Magnitude::Infinity },
            0x7fff => Extended { negative, magnitude: Magnitude::Nan },
            // A number that is not normalised is an invalid operand.
            1.. if significand >> 63 == 0 => Extended { negative, magnitude: Magnitude::Nan },
            exponent => round(negative, &BigUint::from(significand), exponent.max(1) - 16_446, false).0,
        }
    }

    /// Whether it is zero or denormal.
    pub fn is_tiny(&self) -> bool {
        matches!(self.magnitude, Magnitude::Finite { significand, .. } if significand >> 63 == 0)
    }

    /// Whether it is neither infinite nor NaN.
    pub fn is_finite(&self) -> bool {
        matches!(self.magnitude, Magnitude::Finite { .. })
    }

    /// Whether it is NaN.
    pub fn is_nan(&self) -> bool {
        self.magnitude == Magnitude::Nan
    }

    /// Whether it is a zero of either sign.
    pub fn is_zero(&self) -> bool {
        matches!(self.magnitude, Magnitude::Finite { significand: 0, .. })
    }

    /// The sum, rounded to nearest even.
    pub fn plus(self, other: Extended) -> Extended {
        let (Some((a, a_exponent)), Some((b, b_exponent))) = (self.parts(), other.parts()) else {
            return match (self.is_finite(), other.is_finite()) {
                (false, true) => self,
                (true, false) => other,
                _ if self == other => self,
                _ => Extended { negative: true, magnitude: Magnitude::Nan },
            };
        };
        let exponent = a_exponent.min(b_exponent);
        let a = BigUint::from(a) << (a_exponent - exponent) as u64;
        let b = BigUint::from(b) << (b_exponent - exponent) as u64;
        if self.negative == other.negative {
            return round(self.negative, &(a + b), exponent, false).0;
        }
        match a.cmp(&b) {
            std::cmp::Ordering::Equal => Extended::ZERO,
            std::cmp::Ordering::Greater => round(self.negative, &(a - b), exponent, false).0,
            std::cmp::Ordering::Less => round(other.negative, &(b - a), exponent, false).0,
        }
    }

    /// The product, rounded to nearest even.
    pub fn multiply(self, other: Extended) -> Extended {
        let negative = self.negative != other.negative;
        match (self.parts(), other.parts()) {
            (Some((a, a_exponent)), Some((b, b_exponent))) => {
                round(negative, &(BigUint::from(a) * BigUint::from(b)), a_exponent + b_exponent, false).0
            }
            _ if self.is_nan() || other.is_nan() || self.is_zero() || other.is_zero() => {
                Extended { negative: true, magnitude: Magnitude::Nan }
            }
            _ => Extended { negative, magnitude: Magnitude::Infinity },
        }
    }

    /// Compares by value; `None` when either is NaN.
    pub fn compare(&self, other: &Extended) -> Option<std::cmp::Ordering> {
        if self.is_nan() || other.is_nan() {
            return None;
        }
        if self.is_zero() && other.is_zero() {
            return Some(std::cmp::Ordering::Equal);
        }
        let order = match (self.negative, other.negative) {
            (true, false) => std::cmp::Ordering::Less,
            (false, true) => std::cmp::Ordering::Greater,
            (false, false) => self.rank().cmp(&other.rank()),
            (true, true) => other.rank().cmp(&self.rank()),
        };
        Some(order)
    }

    /// A key that orders magnitudes.
    fn rank(&self) -> (i64, u64) {
        match self.parts() {
            Some((significand, exponent)) => (exponent, significand),
            None => (i64::MAX, 0),
        }
    }

    /// The nearest nanosecond count of this many seconds, rounded up as sleep(1) does; `u64::MAX` when larger.
    pub fn to_nanoseconds(&self) -> u64 {
        let Some((significand, exponent)) = self.parts() else { return u64::MAX };
        let scaled = BigUint::from(significand) * 1_000_000_000u64;
        let whole = if exponent >= 0 {
            if exponent > 64 && significand != 0 {
                return u64::MAX;
            }
            scaled << exponent as u64
        } else {
            let shift = exponent.unsigned_abs();
            let floor = &scaled >> shift;
            if (&floor << shift) == scaled { floor } else { floor + 1u32 }
        };
        u64::try_from(whole).unwrap_or(u64::MAX)
    }

    fn parts(&self) -> Option<(u64, i64)> {
        match self.magnitude {
            Magnitude::Finite { significand, exponent } => Some((significand, exponent)),
            _ => None,
        }
    }
}

/// Rounds `value * 2^exponent` (plus something smaller than any bit of it when `sticky`) to the nearest number, ties
/// to even.
fn round(negative: bool, value: &BigUint, exponent: i64, sticky: bool) -> (Extended, Range) {
    let bits = value.bits();
    if bits == 0 {
        let range = if sticky { Range::Underflow } else { Range::Exact };
        return (Extended { negative, ..Extended::ZERO }, range);
    }
    // How many low bits must go: to fit the significand, and to reach the least exponent.
    let drop = (bits as i64 - PRECISION as i64).max(LEAST_EXPONENT - exponent);
    let (mut significand, mut exponent, inexact) = if drop <= 0 {
        (u64::try_from(value << drop.unsigned_abs()).unwrap_or(u64::MAX), exponent + drop, sticky)
    } else {
        let drop = drop as u64;
        let kept = value >> drop;
        let lost = value - (&kept << drop);
        let half = BigUint::from(1u32) << (drop - 1);
        let kept = u64::try_from(kept).unwrap_or(u64::MAX);
        let up = lost > half || (lost == half && (sticky || kept & 1 == 1));
        let inexact = sticky || lost.bits() > 0;
        match kept.checked_add(u64::from(up)) {
            Some(kept) => (kept, exponent + drop as i64, inexact),
            None => (1 << 63, exponent + drop as i64 + 1, inexact),
        }
    };
    // Normal numbers have the top bit set; the shift above may have been stopped by the least exponent.
    while significand >> 63 == 0 && significand != 0 && exponent > LEAST_EXPONENT {
        significand <<= 1;
        exponent -= 1;
    }
    if exponent > GREATEST_EXPONENT {
        return (Extended { negative, magnitude: Magnitude::Infinity }, Range::Overflow);
    }
    let tiny = significand >> 63 == 0;
    let range = if tiny && inexact { Range::Underflow } else { Range::Exact };
    let exponent = if significand == 0 { LEAST_EXPONENT } else { exponent };
    (Extended { negative, magnitude: Magnitude::Finite { significand, exponent } }, range)
}
