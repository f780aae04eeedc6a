//! The one string that programs of Windows get for their arguments, and that of their environment.

use crate::names::wide;

/// The most units of a command line, its end included (`CreateProcessW`).
pub const UNITS_MAX: usize = 32_767;

/// Joins words so that the C library of Windows splits them again as they were ("Parsing C command-line arguments"). With
/// `verbatim` the last goes between quotes as it is, which is how `cmd.exe /s /c` wants it. `None` for what is no text.
///
/// Ends with NUL.
pub fn join(words: &[Vec<u8>], verbatim: bool) -> Option<Vec<u16>> {
    const QUOTE: u16 = b'"' as u16;
    let mut line: Vec<u16> = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let word = wide(word)?;
        if index > 0 {
            line.push(u16::from(b' '));
        }
        if verbatim && index + 1 == words.len() {
            line.push(QUOTE);
            line.extend(word);
            line.push(QUOTE);
        } else {
            quote(&word, &mut line);
        }
    }
    line.push(0);
    Some(line)
}

fn quote(word: &[u16], line: &mut Vec<u16>) {
    const QUOTE: u16 = b'"' as u16;
    const BACKSLASH: u16 = b'\\' as u16;
    let special = |unit: &u16| [b' ', b'\t', b'\n', 0x0b, b'"'].iter().any(|byte| u16::from(*byte) == *unit);
    if !word.is_empty() && !word.iter().any(special) {
        line.extend(word);
        return;
    }
    line.push(QUOTE);
    let mut backslashes = 0;
    for unit in word {
        match *unit {
            BACKSLASH => backslashes += 1,
            QUOTE => {
                // Those before a quote are halved, and one more makes the quote a character.
                line.extend(std::iter::repeat_n(BACKSLASH, backslashes + 1));
                backslashes = 0;
            }
            _ => backslashes = 0,
        }
        line.push(*unit);
    }
    line.extend(std::iter::repeat_n(BACKSLASH, backslashes));
    line.push(QUOTE);
}

/// The environment as one string; `None` for what is no text.
pub fn environment<'a>(variables: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Option<Vec<u16>> {
    let mut block = Vec::new();
    for (name, value) in variables {
        block.extend(wide(name)?);
        block.push(u16::from(b'='));
        block.extend(wide(value)?);
        block.push(0);
    }
    if block.is_empty() {
        block.push(0);
    }
    block.push(0);
    Some(block)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(words: &[&str], verbatim: bool) -> String {
        let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
        String::from_utf16(&join(&words, verbatim).expect("text")).expect("text")
    }

    #[test]
    fn words_are_quoted_where_they_must_be() {
        assert_eq!(joined(&["bash", "-c", "echo hi"], false), "bash -c \"echo hi\"\0");
        assert_eq!(joined(&["a", "", "b\\"], false), "a \"\" b\\\0");
        assert_eq!(joined(&["say \"x\""], false), "\"say \\\"x\\\"\"\0");
        assert_eq!(joined(&["a b\\", "c\\\\\"d"], false), "\"a b\\\\\" \"c\\\\\\\\\\\"d\"\0");
    }

    #[test]
    fn the_script_of_cmd_goes_as_it_is() {
        assert_eq!(joined(&["cmd.exe", "/c", "echo \"a b\" & ver"], true), "cmd.exe /c \"echo \"a b\" & ver\"\0");
    }

    #[test]
    fn what_is_no_text_is_no_command_line() {
        assert_eq!(join(&[b"\xff".to_vec()], false), None);
    }

    #[test]
    fn an_environment_ends_with_two_nuls() {
        let text = |block: Option<Vec<u16>>| String::from_utf16(&block.expect("text")).expect("text");
        assert_eq!(text(environment([(&b"A"[..], &b"1"[..]), (b"B", b"")].into_iter())), "A=1\0B=\0\0");
        assert_eq!(text(environment(std::iter::empty())), "\0\0");
    }
}
