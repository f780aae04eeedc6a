//! Quoting for output that a shell reads again: `declare -p`, `set`, `${x@Q}`.

use super::case::each_char;

/// Whether the text has a character that only `$'...'` can show.
fn needs_ansi(text: &[u8]) -> bool {
    let mut needs = false;
    each_char(text, |_, ch| needs |= ch.is_none_or(char::is_control));
    needs
}

/// `$'...'`
pub fn ansi_c(text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"$'");
    each_char(text, |bytes, ch| match (ch, bytes) {
        (_, [b'\x1b']) => out.extend_from_slice(b"\\E"),
        (_, [b'\x07']) => out.extend_from_slice(b"\\a"),
        (_, [b'\x08']) => out.extend_from_slice(b"\\b"),
        (_, [b'\t']) => out.extend_from_slice(b"\\t"),
        (_, [b'\n']) => out.extend_from_slice(b"\\n"),
        (_, [b'\x0b']) => out.extend_from_slice(b"\\v"),
        (_, [b'\x0c']) => out.extend_from_slice(b"\\f"),
        (_, [b'\r']) => out.extend_from_slice(b"\\r"),
        (_, [b'\\']) => out.extend_from_slice(b"\\\\"),
        (_, [b'\'']) => out.extend_from_slice(b"\\'"),
        (Some(ch), bytes) if !ch.is_control() => out.extend_from_slice(bytes),
        (_, bytes) => {
            for byte in bytes {
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            }
        }
    });
    out.push(b'\'');
}

/// `'...'`, an inner `'` as `'\''`.
pub fn single_quoted(text: &[u8], out: &mut Vec<u8>) {
    if text == b"'" {
        // bash writes a lone quote so.
        out.extend_from_slice(b"\\'");
        return;
    }
    out.push(b'\'');
    for byte in text {
        match byte {
            b'\'' => out.extend_from_slice(b"'\\''"),
            byte => out.push(*byte),
        }
    }
    out.push(b'\'');
}

/// `${x@Q}`: single quotes, or `$'...'` for text with control characters.
pub fn reusable(text: &[u8], out: &mut Vec<u8>) {
    if needs_ansi(text) { ansi_c(text, out) } else { single_quoted(text, out) }
}

/// Values of `declare -p`: double quotes, or `$'...'` for text with control characters.
pub fn double_quoted(text: &[u8], out: &mut Vec<u8>) {
    if needs_ansi(text) {
        return ansi_c(text, out);
    }
    out.push(b'"');
    for byte in text {
        if matches!(byte, b'"' | b'\\' | b'$' | b'`') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// Values of `set`: quoted only when they have a character that is special to the shell.
pub fn as_needed(text: &[u8], out: &mut Vec<u8>) {
    if needs_ansi(text) {
        ansi_c(text, out);
    } else if has_shell_special(text) {
        single_quoted(text, out);
    } else {
        out.extend_from_slice(text);
    }
}

/// A word of `set -x`: single quotes when a character is special to the shell, `$'...'` only when it is not and the
/// text could not be seen otherwise.
pub fn as_argument(text: &[u8], out: &mut Vec<u8>) {
    if has_shell_special(text) {
        single_quoted(text, out);
    } else {
        as_needed(text, out);
    }
}

/// A key of an associative array between the brackets of `declare -p`.
pub fn key(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if needs_ansi(text) {
        ansi_c(text, &mut out);
    } else if text.is_empty() || has_shell_special(text) || matches!(text, b"@" | b"*") {
        double_quoted(text, &mut out);
    } else {
        out.extend_from_slice(text);
    }
    out
}

/// Whether a character of the text means something to the shell when it is not quoted.
fn has_shell_special(text: &[u8]) -> bool {
    text.iter().enumerate().any(|(at, byte)| match byte {
        b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'\\' | b'|' | b'&' | b';' | b'(' | b')' | b'<' | b'>' | b'!' | b'{'
        | b'}' | b'*' | b'[' | b']' | b'?' | b'^' | b'$' | b'`' => true,
        b'#' => at == 0,
        b'~' => at == 0 || matches!(text.get(at - 1), Some(b':' | b'=')),
        _ => false,
    })
}
