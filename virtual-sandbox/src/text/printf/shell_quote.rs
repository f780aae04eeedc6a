//! bash's `%q`: quoting so that the text can be read back as shell input.

use crate::text::locale::is_bytes;

/// Quotes `text` as `printf %q` and completion do: backslashes, or `$'…'` when a character cannot be printed.
pub fn shell_quote(text: &[u8]) -> Vec<u8> {
    if text.is_empty() {
        return b"''".to_vec();
    }
    if !is_printable(text) || (is_bytes() && !text.is_ascii()) {
        return ansi_c_quote(text);
    }
    let mut quoted = Vec::with_capacity(text.len() + 8);
    let mut previous = None;
    for byte in text {
        let special = match byte {
            b'#' => previous.is_none(),
            // A tilde is expanded at the beginning and in what looks like an assignment.
            b'~' => matches!(previous, None | Some(b':' | b'=')),
            byte => is_special(*byte),
        };
        if special {
            quoted.push(b'\\');
        }
        quoted.push(*byte);
        previous = Some(*byte);
    }
    quoted
}

/// Quotes as `$'…'`, valid printable characters as they are.
pub fn ansi_c_quote(text: &[u8]) -> Vec<u8> {
    let mut quoted = b"$'".to_vec();
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            let mut buffer = [0; 4];
            let bytes = character.encode_utf8(&mut buffer).as_bytes();
            match character {
                '\x07' => quoted.extend_from_slice(b"\\a"),
                '\x08' => quoted.extend_from_slice(b"\\b"),
                '\x1b' => quoted.extend_from_slice(b"\\E"),
                '\x0c' => quoted.extend_from_slice(b"\\f"),
                '\n' => quoted.extend_from_slice(b"\\n"),
                '\r' => quoted.extend_from_slice(b"\\r"),
                '\t' => quoted.extend_from_slice(b"\\t"),
                '\x0b' => quoted.extend_from_slice(b"\\v"),
                '\'' | '\\' => quoted.extend_from_slice(&[b'\\', character as u8]),
                character if character.is_control() || (!character.is_ascii() && is_bytes()) => {
                    push_octal(bytes, &mut quoted);
                }
                _ => quoted.extend_from_slice(bytes),
            }
        }
        push_octal(chunk.invalid(), &mut quoted);
    }
    quoted.push(b'\'');
    quoted
}

fn push_octal(bytes: &[u8], quoted: &mut Vec<u8>) {
    for byte in bytes {
        quoted.extend_from_slice(format!("\\{byte:03o}").as_bytes());
    }
}

fn is_printable(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control))
}

fn is_special(byte: u8) -> bool {
    b" \t\n!\"$&'()*,;<>?[\\]^`{|}".contains(&byte)
}
