//! The engine of `echo`: options and escapes, in bash's dialect and in that of coreutils.
//! [bash manual "Bash Builtin Commands" echo; coreutils manual "echo invocation"]

/// Whose `echo` it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EchoDialect {
    /// The builtin of bash: `\u`, `\U` and `\E` are escapes, `\nnn` without the 0 is not.
    Bash,
    /// The program of coreutils: `\nnn` is an escape, `\u`, `\U` and `\E` are not.
    Coreutils,
}

/// What `echo` writes for `arguments`. With `escapes` (`shopt xpg_echo`) escapes are on from the start.
pub fn echo<A: AsRef<[u8]>>(arguments: &[A], dialect: EchoDialect, mut escapes: bool) -> Vec<u8> {
    let mut newline = true;
    let mut first = 0;
    for argument in arguments {
        let Some(letters) = argument.as_ref().strip_prefix(b"-") else { break };
        // A word with any other letter is an operand, and so is all that follows.
        if letters.is_empty() || !letters.iter().all(|letter| matches!(letter, b'n' | b'e' | b'E')) {
            break;
        }
        for letter in letters {
            match letter {
                b'n' => newline = false,
                letter => escapes = *letter == b'e',
            }
        }
        first += 1;
    }
    let mut out = Vec::new();
    for (at, operand) in arguments.get(first..).unwrap_or_default().iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        if !escapes {
            out.extend_from_slice(operand.as_ref());
        } else if !expand(operand.as_ref(), dialect, &mut out) {
            return out;
        }
    }
    if newline {
        out.push(b'\n');
    }
    out
}

/// The arguments with their escapes expanded, none of them an option, and a newline unless `\c` ends it all.
pub fn escaped<A: AsRef<[u8]>>(arguments: &[A], dialect: EchoDialect) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, argument) in arguments.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        if !expand(argument.as_ref(), dialect, &mut out) {
            return out;
        }
    }
    out.push(b'\n');
    out
}

/// Appends `text` with its escapes expanded; false when `\c` ends all output.
fn expand(text: &[u8], dialect: EchoDialect, out: &mut Vec<u8>) -> bool {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (before, after) = rest.split_at(at);
        out.extend_from_slice(before);
        let Some((letter, tail)) = after.get(1..).and_then(<[u8]>::split_first) else {
            rest = after;
            break;
        };
        rest = match (*letter, dialect) {
            (b'c', _) => return false,
            (b'0', _) => number(tail, 8, 3, out).unwrap_or_else(|| {
                out.push(0);
                tail
            }),
            (b'1'..=b'7', EchoDialect::Coreutils) => {
                number(after.get(1..).unwrap_or_default(), 8, 3, out).unwrap_or(tail)
            }
            (b'x', _) => number(tail, 16, 2, out).unwrap_or_else(|| literal(after, tail, out)),
            (b'u', EchoDialect::Bash) => character(tail, 4, out).unwrap_or_else(|| literal(after, tail, out)),
            (b'U', EchoDialect::Bash) => character(tail, 8, out).unwrap_or_else(|| literal(after, tail, out)),
            (b'E', EchoDialect::Bash) => {
                out.push(0x1b);
                tail
            }
            (letter, _) => match simple_escape(letter) {
                Some(byte) => {
                    out.push(byte);
                    tail
                }
                None => literal(after, tail, out),
            },
        };
    }
    out.extend_from_slice(rest);
    true
}

/// Appends the backslash and letter that begin `after` as they are.
fn literal<'a>(after: &[u8], tail: &'a [u8], out: &mut Vec<u8>) -> &'a [u8] {
    out.extend_from_slice(after.get(..2).unwrap_or_default());
    tail
}

/// The byte of a one-letter escape that both dialects and printf know.
pub(crate) fn simple_escape(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 7,
        b'b' => 8,
        b'e' => 0x1b,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 11,
        b'\\' => b'\\',
        _ => return None,
    })
}

/// Reads up to `most` digits of `base`: the value and what follows; `None` without a digit.
pub(crate) fn digits(text: &[u8], base: u32, most: usize) -> Option<(u32, &[u8])> {
    let count = text.iter().take(most).take_while(|byte| (**byte as char).is_digit(base)).count();
    let (number, rest) = text.split_at(count);
    let value = number
        .iter()
        .filter_map(|byte| (*byte as char).to_digit(base))
        .fold(0u32, |value, digit| value.wrapping_mul(base).wrapping_add(digit));
    (count > 0).then_some((value, rest))
}

fn number<'a>(text: &'a [u8], base: u32, most: usize, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (value, rest) = digits(text, base, most)?;
    out.push(value as u8);
    Some(rest)
}

fn character<'a>(text: &'a [u8], most: usize, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (value, rest) = digits(text, 16, most)?;
    push_utf8(value, out);
    Some(rest)
}

/// Appends the UTF-8 form of a code point as bash encodes it: surrogates and values above U+10FFFF included.
pub fn push_utf8(value: u32, out: &mut Vec<u8>) {
    let tail = |shift: u32| 0x80 | (value >> shift & 0x3f) as u8;
    match value {
        0..=0x7f => out.push(value as u8),
        0x80..=0x7ff => out.extend_from_slice(&[0xc0 | (value >> 6) as u8, tail(0)]),
        0x800..=0xffff => out.extend_from_slice(&[0xe0 | (value >> 12) as u8, tail(6), tail(0)]),
        0x1_0000..=0x1f_ffff => out.extend_from_slice(&[0xf0 | (value >> 18) as u8, tail(12), tail(6), tail(0)]),
        0x20_0000..=0x3ff_ffff => {
            out.extend_from_slice(&[0xf8 | (value >> 24) as u8, tail(18), tail(12), tail(6), tail(0)]);
        }
        0x400_0000..=0x7fff_ffff => {
            out.extend_from_slice(&[0xfc | (value >> 30) as u8, tail(24), tail(18), tail(12), tail(6), tail(0)]);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bash(arguments: &[&str]) -> String {
        String::from_utf8_lossy(&echo(arguments, EchoDialect::Bash, false)).into_owned()
    }

    fn gnu(arguments: &[&str]) -> String {
        String::from_utf8_lossy(&echo(arguments, EchoDialect::Coreutils, false)).into_owned()
    }

    #[test]
    fn options_combine_and_the_first_operand_ends_them() {
        assert_eq!(bash(&["-n", "a"]), "a");
        assert_eq!(bash(&["-ne", "\\t"]), "\t");
        assert_eq!(bash(&["-E", "\\t"]), "\\t\n");
        assert_eq!(bash(&["-z", "-n"]), "-z -n\n");
        assert_eq!(bash(&["--", "a"]), "-- a\n");
        assert_eq!(bash(&["-"]), "-\n");
    }

    #[test]
    fn escapes_differ_between_the_dialects() {
        assert_eq!(bash(&["-e", r"\0101\101\x41\u41\E\z\"]), "A\\101AA\x1b\\z\\\n");
        assert_eq!(gnu(&["-e", r"\0101\101\x41\u41\E\z\"]), "AAA\\u41\\E\\z\\\n");
        assert_eq!(bash(&["-e", r"\01011\0\08\x\x4"]), "A1\0\0".to_owned() + "8\\x\x04\n");
    }

    #[test]
    fn backslash_c_ends_all_output() {
        assert_eq!(bash(&["-e", "a\\cb", "c"]), "a");
    }
}
