//! The order of names that hold version numbers, as `ls -v` and `sort -V` have it.  [coreutils "Version sort ordering"]

use std::cmp::Ordering;

/// Compares two file names: numbers by value, hidden names first, and what looks like a suffix only at last.
pub fn compare_versions(a: &[u8], b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    special_rank(a).cmp(&special_rank(b)).then_with(|| {
        let (a_stem, b_stem) = (without_suffix(a), without_suffix(b));
        compare_parts(a_stem, b_stem).then_with(|| compare_parts(a, b)).then_with(|| a.cmp(b))
    })
}

fn special_rank(name: &[u8]) -> u8 {
    match name {
        b"" => 0,
        b"." => 1,
        b".." => 2,
        _ if name.starts_with(b".") => 3,
        _ => 4,
    }
}

/// The name without its suffix: the longest end of the form `(\.[A-Za-z~][A-Za-z0-9~]*)*`.
fn without_suffix(name: &[u8]) -> &[u8] {
    let mut at = 0;
    let mut length = 0;
    while at < name.len() {
        at += 1;
        length = at;
        while name.get(at) == Some(&b'.') && name.get(at + 1).is_some_and(|c| c.is_ascii_alphabetic() || *c == b'~') {
            at += 2;
            at += name.iter().skip(at).take_while(|c| c.is_ascii_alphanumeric() || **c == b'~').count();
        }
    }
    name.get(..length).unwrap_or_default()
}

/// Compares runs of non-digits and runs of digits in turn.
fn compare_parts(a: &[u8], b: &[u8]) -> Ordering {
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let is_text = |c: Option<&u8>| c.is_some_and(|c| !c.is_ascii_digit());
        while is_text(a.get(i)) || is_text(b.get(j)) {
            let order = weight(a.get(i)).cmp(&weight(b.get(j)));
            if order != Ordering::Equal {
                return order;
            }
            i += 1;
            j += 1;
        }
        let (x, y) = (number(a, &mut i), number(b, &mut j));
        let order = x.len().cmp(&y.len()).then_with(|| x.cmp(y));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Letters before other characters, `~` before everything, even the end.
fn weight(c: Option<&u8>) -> i32 {
    match c {
        None => -1,
        Some(c) if c.is_ascii_digit() => 0,
        Some(c) if c.is_ascii_alphabetic() => i32::from(*c),
        Some(b'~') => -2,
        Some(c) => i32::from(*c) + 256,
    }
}

fn number<'a>(text: &'a [u8], at: &mut usize) -> &'a [u8] {
    let rest = text.get(*at..).unwrap_or_default();
    let zeros = rest.iter().take_while(|c| **c == b'0').count();
    let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    *at += digits;
    rest.get(zeros..digits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_value() {
        let mut names =
            ["a10", "a9", "a1.txt", "a01", "a1~", "b", ".x", "a1.10.gz", "a1.9.gz", "a", "A", "1", "a-1", "a.b"];
        names.sort_by(|a, b| compare_versions(a.as_bytes(), b.as_bytes()));
        let expected =
            [".x", "1", "A", "a", "a.b", "a1~", "a01", "a1.txt", "a1.9.gz", "a1.10.gz", "a9", "a10", "a-1", "b"];
        assert_eq!(names, expected);
    }
}
