//! GNU's styles of quoting file names.  [coreutils "Formatting the file names"; gnulib quotearg]
//!
//! Messages of the GNU tools show names in one of three ways: [`quote_always`] (`rm: cannot remove 'a b'`),
//! [`quote_if_needed`] (`cat: a: No such file`), and [`quote`] (`mkdir: cannot create directory ‘a’`). Names are
//! looked at as UTF-8; bytes that are not part of a character are shown as escapes.

use super::chars::{Char, chars};

/// How a name is shown (`ls --quoting-style`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuotingStyle {
    /// As it is.
    Literal,
    /// For the shell, quoted when needed; control characters as they are.
    Shell,
    /// For the shell, always quoted; control characters as they are.
    ShellAlways,
    /// For the shell, quoted when needed, with `$'…'` for what cannot be printed.
    ShellEscape,
    /// As [`QuotingStyle::ShellEscape`], always quoted.
    ShellEscapeAlways,
    /// As a C string literal.
    C,
    /// As a C string literal when needed.
    CMaybe,
    /// With the escapes of C string literals but without the quotes around.
    Escape,
    /// With the escapes of C string literals between ‘ and ’.
    Locale,
    /// As [`QuotingStyle::Locale`] in a UTF-8 locale.
    CLocale,
}

impl QuotingStyle {
    /// The names `ls --quoting-style` and `QUOTING_STYLE` know, in the order messages list them.
    pub const NAMES: [(&'static str, QuotingStyle); 10] = [
        ("literal", QuotingStyle::Literal),
        ("shell", QuotingStyle::Shell),
        ("shell-always", QuotingStyle::ShellAlways),
        ("shell-escape", QuotingStyle::ShellEscape),
        ("shell-escape-always", QuotingStyle::ShellEscapeAlways),
        ("c", QuotingStyle::C),
        ("c-maybe", QuotingStyle::CMaybe),
        ("escape", QuotingStyle::Escape),
        ("locale", QuotingStyle::Locale),
        ("clocale", QuotingStyle::CLocale),
    ];
}

/// Shows `name` in `style`; in the styles that quote only when needed, bytes of `special` need it too.
pub fn quote_name(name: &[u8], style: QuotingStyle, special: &[u8]) -> Vec<u8> {
    match style {
        QuotingStyle::Literal => name.to_vec(),
        QuotingStyle::Shell if !shell_needs_quotes(name, false, special) => name.to_vec(),
        QuotingStyle::ShellEscape if !shell_needs_quotes(name, true, special) => name.to_vec(),
        QuotingStyle::Shell | QuotingStyle::ShellAlways => shell_quoted(name, false),
        QuotingStyle::ShellEscape | QuotingStyle::ShellEscapeAlways => shell_quoted(name, true),
        QuotingStyle::C => [b"\"", c_escaped(name, b"\"").as_slice(), b"\""].concat(),
        QuotingStyle::CMaybe if !c_needs_quotes(name) => name.to_vec(),
        QuotingStyle::CMaybe => quote_name(name, QuotingStyle::C, special),
        QuotingStyle::Escape => c_escaped(name, special),
        QuotingStyle::Locale | QuotingStyle::CLocale => {
            ["‘".as_bytes(), &c_escaped(name, "’".as_bytes()), "’".as_bytes()].concat()
        }
    }
}

/// A name in most messages about files: always in quotes, `'a b'`, `'a'$'\n''b'`.
pub fn quote_always(name: &[u8]) -> Vec<u8> {
    quote_name(name, QuotingStyle::ShellEscapeAlways, b"")
}

/// A name before a colon in a message: in quotes only when the shell would need them, or when it holds a colon.
pub fn quote_if_needed(name: &[u8]) -> Vec<u8> {
    quote_name(name, QuotingStyle::ShellEscape, b":")
}

/// An argument in messages about usage: `‘x’`.
pub fn quote(argument: &[u8]) -> Vec<u8> {
    quote_name(argument, QuotingStyle::Locale, b"")
}

/// Whether a character stands for itself within double quotes as well.
fn is_plain_in_double_quotes(c: Char<'_>) -> bool {
    !matches!(
        c,
        Char::Scalar(
            '!' | '"' | '$' | '&' | '(' | ')' | '*' | ';' | '<' | '=' | '>' | '[' | '^' | '`' | '|' | '?' | '\\',
            _
        )
    ) && c.is_printable()
}

fn shell_needs_quotes(name: &[u8], escape: bool, special: &[u8]) -> bool {
    if name.is_empty() || matches!(name, b"{" | b"}") || matches!(name.first(), Some(b'#' | b'~')) {
        return true;
    }
    chars(name).any(|c| match c {
        Char::Scalar(
            ' ' | '\'' | '!' | '"' | '$' | '&' | '(' | ')' | '*' | ';' | '<' | '=' | '>' | '[' | '^' | '`' | '|' | '?'
            | '\\' | '\n' | '\t' | '\r',
            _,
        ) => true,
        Char::Scalar(_, bytes) if bytes.len() == 1 && special.contains(bytes.first().unwrap_or(&0)) => true,
        other => escape && !other.is_printable(),
    })
}

fn shell_quoted(name: &[u8], escape: bool) -> Vec<u8> {
    if name.contains(&b'\'') && chars(name).all(is_plain_in_double_quotes) {
        return [b"\"", name, b"\""].concat();
    }
    let mut out = b"'".to_vec();
    let mut in_escape = false;
    for c in chars(name) {
        if matches!(c, Char::Scalar('\'', _)) {
            // Ends `'` or `$'` alike, and begins `'` again.
            out.extend_from_slice(b"'\\''");
            in_escape = false;
        } else if escape && !c.is_printable() {
            if !in_escape {
                out.extend_from_slice(b"'$'");
                in_escape = true;
            }
            push_escaped(&mut out, c);
        } else {
            if in_escape {
                out.extend_from_slice(b"''");
                in_escape = false;
            }
            out.extend_from_slice(c.bytes());
        }
    }
    out.push(b'\'');
    out
}

fn c_needs_quotes(name: &[u8]) -> bool {
    chars(name).any(|c| matches!(c, Char::Scalar('"', _)) || !c.is_printable())
}

/// Backslash escapes for what cannot be printed, for backslashes, and for the characters of `special`.
fn c_escaped(name: &[u8], special: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 8);
    for c in chars(name) {
        if !c.is_printable() {
            push_escaped(&mut out, c);
            continue;
        }
        if matches!(c, Char::Scalar('\\', _)) || chars(special).any(|s| s.bytes() == c.bytes()) {
            out.push(b'\\');
        }
        out.extend_from_slice(c.bytes());
    }
    out
}

fn push_escaped(out: &mut Vec<u8>, c: Char<'_>) {
    let letter = match c {
        Char::Scalar('\x07', _) => b'a',
        Char::Scalar('\x08', _) => b'b',
        Char::Scalar('\x0c', _) => b'f',
        Char::Scalar('\n', _) => b'n',
        Char::Scalar('\r', _) => b'r',
        Char::Scalar('\t', _) => b't',
        Char::Scalar('\x0b', _) => b'v',
        _ => {
            for byte in c.bytes() {
                out.extend_from_slice(format!("\\{byte:03o}").as_bytes());
            }
            return;
        }
    };
    out.extend_from_slice(&[b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(name: &[u8], style: QuotingStyle) -> String {
        String::from_utf8_lossy(&quote_name(name, style, b"")).into_owned()
    }

    #[test]
    fn shell_escape_quotes_as_gnu_ls_does() {
        let cases: &[(&[u8], &str)] = &[
            (b"plain", "plain"),
            (b"", "''"),
            (b"a b", "'a b'"),
            (b"a'b", "\"a'b\""),
            (b"a'b c", "\"a'b c\""),
            (b"a'b!c", "'a'\\''b!c'"),
            (b"a\nb", "'a'$'\\n''b'"),
            (b"a\xffb\xff\xfec", "'a'$'\\377''b'$'\\377\\376''c'"),
            (b"a\xff'", "'a'$'\\377'\\'''"),
            (b"a\n", "'a'$'\\n'"),
            (b"{", "'{'"),
            (b"a{b", "a{b"),
            (b"#", "'#'"),
            (b"a#", "a#"),
            ("a'é".as_bytes(), "\"a'é\""),
            (b"\xc2\x80", "''$'\\302\\200'"),
            (b"\xcd\xb8", "''$'\\315\\270'"),
        ];
        for (name, expected) in cases {
            assert_eq!(shown(name, QuotingStyle::ShellEscape), *expected);
        }
    }

    #[test]
    fn other_styles_quote_as_gnu_ls_does() {
        assert_eq!(shown(b"a\x01b", QuotingStyle::Shell), "a\x01b");
        assert_eq!(shown(b"a\tb", QuotingStyle::Shell), "'a\tb'");
        assert_eq!(shown(b"a\"\\\n", QuotingStyle::C), "\"a\\\"\\\\\\n\"");
        assert_eq!(shown(b"a\\b c", QuotingStyle::CMaybe), "a\\b c");
        assert_eq!(shown(b"a\"b", QuotingStyle::CMaybe), "\"a\\\"b\"");
        assert_eq!(String::from_utf8_lossy(&quote_name(b"a\\b c", QuotingStyle::Escape, b" ")), "a\\\\b\\ c");
        assert_eq!(shown("‘x’".as_bytes(), QuotingStyle::Locale), "‘‘x\\’’");
    }

    #[test]
    fn names_in_messages() {
        assert_eq!(quote_always(b"a"), b"'a'");
        assert_eq!(quote_if_needed(b"a"), b"a");
        assert_eq!(quote_if_needed(b"a:b"), b"'a:b'");
        assert_eq!(quote(b"x"), "‘x’".as_bytes());
    }
}
