//! Numbers that stand for keys: their order is that of the keys as far as it goes.

use super::key::{Key, Ordering};
use super::numeric::{Decimal, Size, general_value, month};
use super::order::{hash, significant};
use super::settings::Settings;

/// Decimal places of a fraction that a number holds.
const PLACES: usize = 4;

/// What a number stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Numeric,
    General,
    Human,
    Month,
    Random,
}

/// What stands for the keys of an order; `None`: their bytes do.
pub(super) fn place_of(ordering: &Ordering) -> Option<Place> {
    // As comparing asks for them one after the other.
    [
        (ordering.numeric, Place::Numeric),
        (ordering.general, Place::General),
        (ordering.human, Place::Human),
        (ordering.month, Place::Month),
        (ordering.random, Place::Random),
    ]
    .into_iter()
    .find(|(set, _)| *set)
    .map(|(_, place)| place)
}

impl Place {
    /// The number of a key. Its lowest bit is set when keys with the same number may differ.
    pub(super) fn number(self, settings: &Settings, key: &Key, text: &[u8]) -> u64 {
        match self {
            // 10^14 * 10^4 and three bits more are less than 2^63.
            Place::Numeric => decimal(&Decimal::parse(text), 14),
            Place::Human => {
                let size = Size::parse(text);
                // Five bits of unit, and less than 2^58 below them.
                let unit = (i64::from(size.unit) + 16) as u64;
                unit << 59 | decimal(&size.number, 12) & ((1 << 59) - 1)
            }
            Place::General => general_value(text) | 1,
            Place::Month => (month(text) as u64) << 1,
            Place::Random => hash(&settings.salt, &significant(key, text)) | 1,
        }
    }

    /// Whether keys with this number are equal.
    pub(super) fn is_exact(number: u64) -> bool {
        number & 1 == 0
    }
}

/// Less than 8 * 10^(`digits` + 4): the number times 10^4 without what is behind that, the negative ones first.
fn decimal(decimal: &Decimal<'_>, digits: usize) -> u64 {
    let most = 10u64.pow((digits + PLACES) as u32);
    let (mut magnitude, mut inexact) = (most, true);
    if decimal.whole.len() <= digits {
        let places = decimal.fraction.iter().copied().chain(std::iter::repeat(b'0')).take(PLACES);
        let all = decimal.whole.iter().copied().chain(places);
        magnitude = all.fold(0, |value, digit| value * 10 + u64::from(digit.wrapping_sub(b'0')));
        inexact = decimal.fraction.len() > PLACES;
    }
    // An inexact number lies between its magnitude and the next: further from zero.
    let rank = magnitude * 2 + u64::from(inexact);
    let signed = if decimal.negative { 2 * most + 1 - rank } else { 2 * most + 2 + rank };
    signed << 1 | u64::from(inexact)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_in_the_order_of_what_they_stand_for() {
        let texts = [
            "-123456789012345",
            "-2.00001",
            "-2",
            "-1.99999",
            "-0.00001",
            "0",
            "0.00001",
            "0.1",
            "0.10001",
            "1",
            "9",
            "10",
            "99999999999999",
            "123456789012345",
        ];
        for pair in texts.windows(2) {
            let [less, more] = [pair[0], pair[1]].map(|text| decimal(&Decimal::parse(text.as_bytes()), 14));
            assert!(less < more, "{pair:?}");
        }
        let [one, other] = ["-0.0", " 000"].map(|text| decimal(&Decimal::parse(text.as_bytes()), 14));
        assert_eq!(one, other);
        assert!(Place::is_exact(one));
        assert!(!Place::is_exact(decimal(&Decimal::parse(b"-0.12345"), 14)));
    }
}
