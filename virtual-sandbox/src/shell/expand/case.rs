//! Changes of case, by characters. bash manual "Shell Parameter Expansion", `${p^}` and `${p@U}`; "declare", `-c -l -u`.

use crate::text::locale;

/// Calls `each` with every character's bytes: a valid UTF-8 character, or one byte that is part of none.
pub fn each_char<'a>(text: &'a [u8], mut each: impl FnMut(&'a [u8], Option<char>)) {
    if locale::is_bytes() {
        return text
            .chunks(1)
            .for_each(|byte| each(byte, byte.first().filter(|byte| byte.is_ascii()).map(|byte| char::from(*byte))));
    }
    for chunk in text.utf8_chunks() {
        for (at, ch) in chunk.valid().char_indices() {
            if let Some(bytes) = chunk.valid().as_bytes().get(at..at + ch.len_utf8()) {
                each(bytes, Some(ch));
            }
        }
        for byte in chunk.invalid().chunks(1) {
            each(byte, None);
        }
    }
}

/// The upper case of a character where that is a single character, as `towupper` gives it.
pub fn upper(ch: char) -> char {
    let mut mapped = ch.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => ch,
    }
}

/// The lower case of a character where that is a single character, as `towlower` gives it.
pub fn lower(ch: char) -> char {
    let mut mapped = ch.to_lowercase();
    match (mapped.next(), mapped.next()) {
        (Some(one), None) => one,
        _ => ch,
    }
}

fn map(text: &[u8], mut change: impl FnMut(usize, char) -> char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    each_char(text, |bytes, ch| {
        match ch {
            Some(ch) => out.extend_from_slice(change(at, ch).encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.extend_from_slice(bytes),
        }
        at += 1;
    });
    out
}

/// Every character in upper case.
pub fn upper_all(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_uppercase() } else { map(text, |_, ch| upper(ch)) }
}

/// Every character in lower case.
pub fn lower_all(text: &[u8]) -> Vec<u8> {
    if text.is_ascii() { text.to_ascii_lowercase() } else { map(text, |_, ch| lower(ch)) }
}

/// The first character in upper case, the others in lower case.
pub fn capitalize(text: &[u8]) -> Vec<u8> {
    map(text, |at, ch| if at == 0 { upper(ch) } else { lower(ch) })
}
