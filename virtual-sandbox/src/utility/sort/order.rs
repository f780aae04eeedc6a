//! Comparing lines.

use super::key::{Ignore, Key};
use super::numeric::{compare_general, compare_numbers, compare_sizes, month};
use super::settings::Settings;
use crate::text::version_order::compare_versions;
use std::borrow::Cow;
use std::cmp::Ordering;

/// Compares two lines: key by key, and if all are equal as a whole, unless `-s` or `-u`.
pub(super) fn compare(settings: &Settings, left: &[u8], right: &[u8]) -> Ordering {
    compare_from(settings, 0, left, right)
}

/// Compares two lines whose keys before the one at `place` are equal.
pub(super) fn compare_from(settings: &Settings, place: usize, left: &[u8], right: &[u8]) -> Ordering {
    for key in settings.keys.iter().skip(place) {
        let (left_start, left_end) = key.range(left, settings.tab);
        let (right_start, right_end) = key.range(right, settings.tab);
        let left_key = left.get(left_start..left_end).unwrap_or_default();
        let right_key = right.get(right_start..right_end).unwrap_or_default();
        let found = compare_key(settings, key, left_key, right_key);
        if found != Ordering::Equal {
            return found;
        }
    }
    last_resort(settings, left, right)
}

/// Whether lines whose keys are equal are compared as a whole.
pub(super) fn has_last_resort(settings: &Settings) -> bool {
    settings.keys.is_empty() || !(settings.stable || settings.unique)
}

fn last_resort(settings: &Settings, left: &[u8], right: &[u8]) -> Ordering {
    if !has_last_resort(settings) {
        return Ordering::Equal;
    }
    let found = left.cmp(right);
    if settings.reverse { found.reverse() } else { found }
}

/// Compares what a key names of two lines.
pub(super) fn compare_key(settings: &Settings, key: &Key, left: &[u8], right: &[u8]) -> Ordering {
    let ordering = &key.ordering;
    let found = if ordering.numeric {
        compare_numbers(left, right)
    } else if ordering.general {
        compare_general(left, right)
    } else if ordering.human {
        compare_sizes(left, right)
    } else if ordering.month {
        month(left).cmp(&month(right))
    } else {
        let (left, right) = (significant(key, left), significant(key, right));
        if ordering.random {
            let by_hash = hash(&settings.salt, &left).cmp(&hash(&settings.salt, &right));
            by_hash.then_with(|| left.cmp(&right))
        } else if ordering.version {
            compare_versions(&left, &right)
        } else {
            left.cmp(&right)
        }
    };
    if ordering.reverse { found.reverse() } else { found }
}

/// Whether all bytes of a key count, and as they are.
pub(super) fn has_significant_bytes_only(key: &Key) -> bool {
    key.ordering.ignore == Ignore::Nothing && !key.ordering.fold
}

/// The bytes of a key that count, in upper case with `-f`.
pub(super) fn significant<'k>(key: &Key, text: &'k [u8]) -> Cow<'k, [u8]> {
    let ordering = &key.ordering;
    let counts: fn(&u8) -> bool = match ordering.ignore {
        Ignore::Nothing if !ordering.fold => return Cow::Borrowed(text),
        Ignore::Nothing => return Cow::Owned(text.to_ascii_uppercase()),
        Ignore::NonDictionary => |byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'\t'),
        Ignore::NonPrinting => |byte| matches!(byte, b' '..=b'~'),
    };
    let bytes = text.iter().filter(|byte| counts(byte));
    Cow::Owned(bytes.map(|byte| if ordering.fold { byte.to_ascii_uppercase() } else { *byte }).collect())
}

/// A hash of the salt and a key (FNV-1a, mixed): equal keys stay together in a random order.
pub(super) fn hash(salt: &[u8], text: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in salt.iter().chain(text) {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ hash >> 29
}
