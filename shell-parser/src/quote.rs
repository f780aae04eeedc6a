//! Quoting text so that the shell reads it back: `printf %q`, `${x@Q}`, `set -x`, `declare -p`.
//!
//! Over bytes: what is not a printable character of the locale is written `$'\nnn'`.

/// What a character is to the locale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Characters {
    /// UTF-8 (`C.UTF-8` and the like).
    #[default]
    Utf8,
    /// Each byte; those outside ASCII are not printable (`C`, `POSIX`).
    Bytes,
}

impl Characters {
    /// Whether a character can be shown as it is.
    fn can_show(self, character: char) -> bool {
        is_printable(character) && (self == Characters::Utf8 || character.is_ascii())
    }
}

/// As `printf %q` writes it: backslashes, or `$'...'` when something in it is not printable.
pub fn backslash_quoted(text: &[u8], characters: Characters) -> Vec<u8> {
    if text.is_empty() {
        return b"''".to_vec();
    }
    if needs_ansi_c(text, characters) {
        return ansi_c_quoted(text, characters);
    }
    let mut out = Vec::with_capacity(text.len() + 8);
    let mut before = None;
    for &byte in text {
        let special = match byte {
            b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'\\' | b'|' | b'&' | b';' | b'(' | b')' | b'<' | b'>' | b'!'
            | b'{' | b'}' | b'*' | b'[' | b'?' | b']' | b'^' | b'$' | b'`' | b',' => true,
            b'~' => matches!(before, None | Some(b':' | b'=')),
            b'#' => before.is_none(),
            _ => false,
        };
        if special {
            out.push(b'\\');
        }
        out.push(byte);
        before = Some(byte);
    }
    out
}

/// As `${x@Q}` writes it: single quotes, or `$'...'` when something in it is not printable.
pub fn reusable_quoted(text: &[u8], characters: Characters) -> Vec<u8> {
    if needs_ansi_c(text, characters) { ansi_c_quoted(text, characters) } else { single_quoted(text) }
}

/// As `set -x` writes a word: as it is, in single quotes if something in it is special, in `$'...'` if something is
/// only not printable.
pub fn trace_quoted(text: &[u8], characters: Characters) -> Vec<u8> {
    if text.is_empty() || has_shell_metas(text) {
        single_quoted(text)
    } else if needs_ansi_c(text, characters) {
        ansi_c_quoted(text, characters)
    } else {
        text.to_vec()
    }
}

/// As `set` without operands lists a value: as it is, in `$'...'` if something is not printable, in single quotes if
/// something in it is special.
pub fn listing_quoted(text: &[u8], characters: Characters) -> Vec<u8> {
    if needs_ansi_c(text, characters) {
        ansi_c_quoted(text, characters)
    } else if has_shell_metas(text) {
        single_quoted(text)
    } else {
        text.to_vec()
    }
}

/// As `declare -p` writes a value: double quotes, or `$'...'` when something in it is not printable.
pub fn declaration_quoted(text: &[u8], characters: Characters) -> Vec<u8> {
    if needs_ansi_c(text, characters) { ansi_c_quoted(text, characters) } else { double_quoted(text) }
}

/// The text between single quotes; a lone single quote is `\'`.
pub fn single_quoted(text: &[u8]) -> Vec<u8> {
    if text == b"'" {
        return b"\\'".to_vec();
    }
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'\'');
    for &byte in text {
        if byte == b'\'' {
            out.extend_from_slice(b"'\\''");
        } else {
            out.push(byte);
        }
    }
    out.push(b'\'');
    out
}

/// The text between double quotes, with backslashes before `$`, `` ` ``, `"` and `\`.
pub fn double_quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 2);
    out.push(b'"');
    for &byte in text {
        if matches!(byte, b'$' | b'`' | b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
    out
}

/// The text as `$'...'`. Printable characters stay; others become escapes, octal ones byte by byte.
pub fn ansi_c_quoted(text: &[u8], characters: Characters) -> Vec<u8> {
    let mut out = b"$'".to_vec();
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\x1b' => out.extend_from_slice(b"\\E"),
                '\x07' => out.extend_from_slice(b"\\a"),
                '\x08' => out.extend_from_slice(b"\\b"),
                '\x0b' => out.extend_from_slice(b"\\v"),
                '\x0c' => out.extend_from_slice(b"\\f"),
                '\n' => out.extend_from_slice(b"\\n"),
                '\r' => out.extend_from_slice(b"\\r"),
                '\t' => out.extend_from_slice(b"\\t"),
                '\\' => out.extend_from_slice(b"\\\\"),
                '\'' => out.extend_from_slice(b"\\'"),
                _ => {
                    let mut buffer = [0; 4];
                    let bytes = character.encode_utf8(&mut buffer).as_bytes();
                    if characters.can_show(character) {
                        out.extend_from_slice(bytes)
                    } else {
                        push_octal(&mut out, bytes)
                    }
                }
            }
        }
        push_octal(&mut out, chunk.invalid());
    }
    out.push(b'\'');
    out
}

fn push_octal(out: &mut Vec<u8>, bytes: &[u8]) {
    for &byte in bytes {
        out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
    }
}

/// Whether something in the text is not a printable character.
pub fn needs_ansi_c(text: &[u8], characters: Characters) -> bool {
    if text.iter().all(|byte| (0x20..0x7f).contains(byte)) {
        return false;
    }
    match std::str::from_utf8(text) {
        Ok(text) => !text.chars().all(|character| characters.can_show(character)),
        Err(_) => true,
    }
}

/// As `declare -p` writes a key of an associative array: as it is, quoted as a value if something in it is special.
pub fn key_quoted(text: &[u8], characters: Characters) -> Vec<u8> {
    if needs_ansi_c(text, characters) || text.is_empty() || has_shell_metas(text) || matches!(text, b"@" | b"*") {
        declaration_quoted(text, characters)
    } else {
        text.to_vec()
    }
}

/// Whether something in the text is special to the shell.
pub fn has_shell_metas(text: &[u8]) -> bool {
    let mut before = None;
    for &byte in text {
        let special = match byte {
            b' ' | b'\t' | b'\n' | b'\'' | b'"' | b'\\' | b'|' | b'&' | b';' | b'(' | b')' | b'<' | b'>' | b'!'
            | b'{' | b'}' | b'*' | b'[' | b'?' | b']' | b'^' | b'$' | b'`' => true,
            b'~' => matches!(before, None | Some(b':' | b'=')),
            b'#' => matches!(before, None | Some(b' ' | b'\t')),
            _ => false,
        };
        if special {
            return true;
        }
        before = Some(byte);
    }
    false
}

/// Whether the C library's `iswprint` holds in a UTF-8 locale: every assigned character but controls and the line and
/// paragraph separators; private use characters too.
pub fn is_printable(character: char) -> bool {
    match character {
        ' '..='~' => true,
        '\0'..='\u{9f}' | '\u{2028}' | '\u{2029}' => false,
        // Format and space characters, which Rust's own notion of printable leaves out.
        '\u{a0}'
        | '\u{ad}'
        | '\u{600}'..='\u{605}'
        | '\u{61c}'
        | '\u{6dd}'
        | '\u{70f}'
        | '\u{890}'..='\u{891}'
        | '\u{8e2}'
        | '\u{1680}'
        | '\u{180e}'
        | '\u{2000}'..='\u{200f}'
        | '\u{202a}'..='\u{202f}'
        | '\u{205f}'..='\u{2064}'
        | '\u{2066}'..='\u{206f}'
        | '\u{3000}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0001}'
        | '\u{e0020}'..='\u{e007f}'
        | '\u{f0000}'..='\u{ffffd}'
        | '\u{100000}'..='\u{10fffd}' => true,
        // Behind another character, combining marks are not escaped.
        _ => {
            let pair: String = ['a', character].iter().collect();
            pair.escape_debug().nth(1) != Some('\\')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printf_q_uses_backslashes() {
        for (text, quoted) in [
            (&b""[..], &b"''"[..]),
            (b"a b", b"a\\ b"),
            (b"it's", b"it\\'s"),
            (b"~x:~y~", b"\\~x:\\~y~"),
            (b"#a#", b"\\#a#"),
            (b"{a,b}", b"\\{a\\,b\\}"),
            (b"a%+-./:@_=", b"a%+-./:@_="),
            ("é".as_bytes(), "é".as_bytes()),
            (b"\xff", b"$'\\377'"),
            (b"a\tb", b"$'a\\tb'"),
            ("é\n".as_bytes(), "$'é\\n'".as_bytes()),
            ("\u{378}".as_bytes(), b"$'\\315\\270'"),
            ("\u{200b}\u{e000}\u{a0}".as_bytes(), "\u{200b}\u{e000}\u{a0}".as_bytes()),
        ] {
            assert_eq!(backslash_quoted(text, Characters::Utf8), quoted, "{text:?}");
        }
    }

    #[test]
    fn q_operator_uses_single_quotes() {
        assert_eq!(reusable_quoted(b"", Characters::Utf8), b"''");
        assert_eq!(reusable_quoted(b"'", Characters::Utf8), b"\\'");
        assert_eq!(reusable_quoted(b"a'b", Characters::Utf8), b"'a'\\''b'");
        assert_eq!(reusable_quoted(b"a'\n", Characters::Utf8), b"$'a\\'\\n'");
        assert_eq!(reusable_quoted(b"\x1b\x7f", Characters::Utf8), b"$'\\E\\177'");
    }

    #[test]
    fn xtrace_quotes_only_what_needs_it() {
        assert_eq!(trace_quoted(b"a=b,c", Characters::Utf8), b"a=b,c");
        assert_eq!(trace_quoted(b"a\nb", Characters::Utf8), b"'a\nb'");
        assert_eq!(trace_quoted(b"\x01", Characters::Utf8), b"$'\\001'");
        assert_eq!(trace_quoted(b"a:~", Characters::Utf8), b"'a:~'");
        assert_eq!(trace_quoted(b"x~", Characters::Utf8), b"x~");
        assert_eq!(trace_quoted(b"a#", Characters::Utf8), b"a#");
    }

    #[test]
    fn in_the_c_locale_only_ascii_is_printable() {
        assert_eq!(backslash_quoted("é".as_bytes(), Characters::Bytes), b"$'\\303\\251'");
        assert_eq!(reusable_quoted(b"a b", Characters::Bytes), b"'a b'");
    }
}
