//! Lists of ranges: `1,3-5,8-`, as `cut` and its like take them.

use crate::text::quoting::quote;

/// What a list counts; the words of the messages depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// Fields.
    Fields,
    /// Bytes or characters.
    Bytes,
}

/// Ranges in ascending order that do not overlap; both ends belong to a range, `u64::MAX` is an open end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Reads a list. Numbers count from 1; elements are separated by commas or blanks, in any order.
    ///
    /// # Errors
    /// The message, as GNU cut words it.
    pub fn parse(list: &[u8], counted: Counted) -> Result<Ranges, Vec<u8>> {
        let mut ranges = Vec::new();
        let mut rest = list;
        loop {
            let len = rest.iter().position(|byte| matches!(byte, b',' | b' ' | b'\t')).unwrap_or(rest.len());
            let (element, tail) = rest.split_at(len);
            ranges.push(range(element, rest, counted)?);
            match tail.split_first() {
                Some((_, tail)) => rest = tail,
                None => break,
            }
        }
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match merged.last_mut() {
                Some(last) if low <= last.1 => last.1 = last.1.max(high),
                _ => merged.push((low, high)),
            }
        }
        Ok(Ranges(merged))
    }

    /// Everything that is not in the ranges.
    pub fn complement(&self) -> Ranges {
        let mut complement = Vec::new();
        let mut next = 1;
        for &(low, high) in &self.0 {
            if next < low {
                complement.push((next, low - 1));
            }
            next = high.saturating_add(1);
            if high == u64::MAX {
                return Ranges(complement);
            }
        }
        complement.push((next, u64::MAX));
        Ranges(complement)
    }

    /// The ranges, in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().copied()
    }
}

/// One element; `rest` is the list from there on, for messages.
fn range(element: &[u8], rest: &[u8], counted: Counted) -> Result<(u64, u64), Vec<u8>> {
    let mut parts = element.split(|byte| *byte == b'-');
    let (low, high, more) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    let low_number = number(low, rest, counted)?;
    if low_number == Some(0) || high.is_none() && low_number.is_none() {
        return Err(numbered_from_one(counted));
    }
    let Some(high) = high else {
        let only = low_number.unwrap_or(1);
        return Ok((only, only));
    };
    let behind = rest.get(low.len() + 1..).unwrap_or_default();
    let high_number = number(high, behind, counted)?;
    if more.is_some() {
        return Err(match counted {
            Counted::Fields => b"invalid field range".to_vec(),
            Counted::Bytes => b"invalid byte or character range".to_vec(),
        });
    }
    match (low_number, high_number) {
        (None, None) => Err(b"invalid range with no endpoint: -".to_vec()),
        (low, None) => Ok((low.unwrap_or(1), u64::MAX)),
        (low, Some(high)) if high < low.unwrap_or(1) => Err(b"invalid decreasing range".to_vec()),
        (low, Some(high)) => Ok((low.unwrap_or(1), high)),
    }
}

fn numbered_from_one(counted: Counted) -> Vec<u8> {
    match counted {
        Counted::Fields => b"fields are numbered from 1".to_vec(),
        Counted::Bytes => b"byte/character positions are numbered from 1".to_vec(),
    }
}

fn number(digits: &[u8], rest: &[u8], counted: Counted) -> Result<Option<u64>, Vec<u8>> {
    let mut value: Option<u64> = None;
    for (at, byte) in digits.iter().enumerate() {
        if !byte.is_ascii_digit() {
            let stray = quote(rest.get(at..).unwrap_or_default());
            return Err(match counted {
                Counted::Fields => [b"invalid field value ", stray.as_slice()].concat(),
                Counted::Bytes => [b"invalid byte/character position ", stray.as_slice()].concat(),
            });
        }
        let next = value.unwrap_or(0).checked_mul(10).and_then(|v| v.checked_add(u64::from(byte - b'0')));
        let Some(next) = next.filter(|next| *next != u64::MAX) else {
            let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let shown = quote(digits.get(..count).unwrap_or_default());
            return Err(match counted {
                Counted::Fields => [b"field number ", shown.as_slice(), b" is too large"].concat(),
                Counted::Bytes => [b"byte/character offset ", shown.as_slice(), b" is too large"].concat(),
            });
        };
        value = Some(next);
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(list: &str) -> Result<Vec<(u64, u64)>, String> {
        let parsed = Ranges::parse(list.as_bytes(), Counted::Fields);
        parsed.map(|ranges| ranges.iter().collect()).map_err(|message| String::from_utf8(message).unwrap())
    }

    #[test]
    fn overlapping_ranges_are_merged_and_adjacent_ones_are_not() {
        assert_eq!(ranges("5,1,3-6"), Ok(vec![(1, 1), (3, 6)]));
        assert_eq!(ranges("1 2"), Ok(vec![(1, 1), (2, 2)]));
        assert_eq!(ranges("-2,4-"), Ok(vec![(1, 2), (4, u64::MAX)]));
    }

    #[test]
    fn mistakes_are_told_as_gnu_cut_does() {
        assert_eq!(ranges("1-2-3"), Err("invalid field range".into()));
        assert_eq!(ranges("-"), Err("invalid range with no endpoint: -".into()));
        assert_eq!(ranges("a-"), Err("invalid field value ‘a-’".into()));
        assert_eq!(ranges("0"), Err("fields are numbered from 1".into()));
        assert_eq!(ranges("3-2"), Err("invalid decreasing range".into()));
    }

    #[test]
    fn the_complement_is_everything_else() {
        let complement = Ranges::parse(b"2-3", Counted::Bytes).unwrap().complement();
        assert_eq!(complement.iter().collect::<Vec<_>>(), [(1, 1), (4, u64::MAX)]);
    }
}
