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

/// Appends bytes whose order is that of the names without what looks like a suffix: [`compare_versions`] agrees with it
/// where the bytes of two names differ, and must decide where they are equal.
pub fn version_sort_key(name: &[u8], key: &mut Vec<u8>) {
    const TILDE: u8 = 1;
    const END: u8 = 2;
    const NUMBER: u8 = 3;
    /// The place of `A`: all letters are behind numbers and before all other bytes.
    const LETTERS: u8 = 4;
    /// What bytes other than letters begin with.
    const OTHER: u8 = 0xff;
    key.push(special_rank(name));
    let stem = without_suffix(name);
    let mut at = 0;
    loop {
        while let Some(byte) = stem.get(at).filter(|byte| !byte.is_ascii_digit()) {
            match byte {
                b'~' => key.push(TILDE),
                letter if letter.is_ascii_alphabetic() => key.push(LETTERS + (letter - b'A')),
                other => key.extend([OTHER, *other]),
            }
            at += 1;
        }
        // The end counts as the number zero where the other name has a number.
        let digits = number(stem, &mut at);
        key.push(NUMBER);
        match u8::try_from(digits.len()) {
            Ok(length) if length < u8::MAX => key.push(length),
            _ => {
                key.push(u8::MAX);
                key.extend((digits.len() as u64).to_be_bytes());
            }
        }
        key.extend_from_slice(digits);
        if at >= stem.len() {
            key.push(END);
            return;
        }
    }
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

    #[test]
    fn keys_have_the_order_of_the_names() {
        let names = [
            "",
            ".",
            "..",
            ".a",
            "a",
            "a0",
            "a00",
            "a1",
            "a9",
            "a10",
            "a~",
            "a1~",
            "a-1",
            "ab",
            "a.x",
            "a0.x",
            "A",
            "Z",
            "z",
            "1",
            "01",
            "0",
            "a1b",
            "a1b2",
            "a1-b",
            "\u{e9}",
            "a123456789012345678901234567890",
            "~",
            "a~1",
            "a1.tar.gz",
        ];
        let key = |name: &str| {
            let mut key = Vec::new();
            version_sort_key(name.as_bytes(), &mut key);
            key
        };
        for a in names {
            for b in names {
                let by_key = key(a).cmp(&key(b));
                assert!(by_key == Ordering::Equal || by_key == compare_versions(a.as_bytes(), b.as_bytes()), "{a} {b}");
            }
        }
    }
}
