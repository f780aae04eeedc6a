//! The `s` and `y` commands, and the escapes of `l`.

use super::command::{Substitution, Transliteration};
use crate::text::regex::{Captures, Regex, RegexError};

/// Applies `s` to `line`; `out` gets the new line. False: nothing was replaced, and `out` is of no use.
pub(super) fn substitute(
    substitution: &Substitution,
    regex: &Regex,
    line: &[u8],
    captures: &mut Captures,
    out: &mut Vec<u8>,
) -> Result<bool, RegexError> {
    out.clear();
    let (mut at, mut copied, mut count, mut replaced) = (0, 0, 0u64, false);
    let mut previous_end = None;
    while at <= line.len() && regex.captures_at(line, at, captures)? {
        let Some(span) = captures.get(0) else { break };
        // An empty match right behind a match does not count.
        let counts = !(span.is_empty() && previous_end == Some(span.start));
        count += u64::from(counts);
        if counts && count >= substitution.number {
            out.extend_from_slice(line.get(copied..span.start).unwrap_or_default());
            substitution.replacement.apply(line, captures, out);
            copied = span.end;
            replaced = true;
            if !substitution.global {
                break;
            }
        }
        previous_end = Some(span.end);
        at = if span.is_empty() { span.end + step(regex, line, span.end) } else { span.end };
    }
    if replaced {
        out.extend_from_slice(line.get(copied..).unwrap_or_default());
    }
    Ok(replaced)
}

/// How far behind an empty match the search goes on: a character, or a byte where glibc does so.
fn step(regex: &Regex, line: &[u8], at: usize) -> usize {
    if regex.is_bytewise() {
        return 1;
    }
    let rest = line.get(at..).unwrap_or_default();
    crate::text::chars::chars(rest).next().map_or(1, |character| character.bytes().len())
}

/// Applies `y`.
pub(super) fn transliterate(table: &Transliteration, line: &mut Vec<u8>) {
    match table {
        Transliteration::Bytes(table) => {
            for byte in line.iter_mut() {
                if let Some(to) = table.get(usize::from(*byte)) {
                    *byte = *to;
                }
            }
        }
        Transliteration::Characters(pairs) => {
            let mut out = Vec::with_capacity(line.len());
            for character in crate::text::chars::chars(line) {
                let bytes = character.bytes();
                let found = pairs.binary_search_by(|(from, _)| from.as_slice().cmp(bytes)).ok();
                out.extend_from_slice(found.and_then(|i| pairs.get(i)).map_or(bytes, |(_, to)| to));
            }
            *line = out;
        }
    }
}

/// Writes a line as `l` shows it, in lines of `width` bytes; 0: in one.
pub(super) fn list(line: &[u8], width: usize, out: &mut Vec<u8>) {
    let mut column = 0;
    for &byte in line {
        let mut escaped = [0u8; 4];
        let shown = show(byte, &mut escaped);
        if width > 0 && column + shown.len() > width - 1 {
            out.extend_from_slice(b"\\\n");
            column = 0;
        }
        out.extend_from_slice(shown);
        column += shown.len();
    }
    out.extend_from_slice(b"$\n");
}

fn show(byte: u8, escaped: &mut [u8; 4]) -> &[u8] {
    let letter = match byte {
        b'\\' => b'\\',
        0x07 => b'a',
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x0b => b'v',
        b' '..=b'~' => {
            escaped[0] = byte;
            return escaped.get(..1).unwrap_or_default();
        }
        _ => {
            *escaped = [b'\\', b'0' + (byte >> 6), b'0' + (byte >> 3 & 7), b'0' + (byte & 7)];
            return escaped;
        }
    };
    escaped[0] = b'\\';
    escaped[1] = letter;
    escaped.get(..2).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_listed_with_escapes_and_folded() {
        let mut out = Vec::new();
        list("a\té\n".as_bytes(), 8, &mut out);
        assert_eq!(out, b"a\\t\\303\\\n\\251\\n$\n");
    }
}
