//! Option-arguments that are words of a list, with GNU's abbreviations and messages.  [gnulib argmatch]

use super::OptionError;
use crate::text::quoting::quote;

/// Finds the word `argument` abbreviates; words with equal values are synonyms.
///
/// The error is a usage error with `status` that lists the words, as `ls: invalid argument ‘x’ for ‘--sort’`.
pub fn choose<T: Copy + PartialEq>(
    option: &str,
    argument: &[u8],
    words: &[(&str, T)],
    status: u8,
) -> Result<T, OptionError> {
    if let Some((_, value)) = words.iter().find(|(word, _)| word.as_bytes() == argument) {
        return Ok(*value);
    }
    let mut candidates =
        words.iter().filter(|(word, _)| word.as_bytes().starts_with(argument)).map(|(_, value)| *value);
    let problem: &[u8] = match candidates.next() {
        Some(first) if candidates.all(|other| other == first) => return Ok(first),
        Some(_) => b"ambiguous argument ",
        None => b"invalid argument ",
    };
    let mut message = [problem, &quote(argument), b" for ", &quote(option.as_bytes())].concat();
    message.extend_from_slice(b"\nValid arguments are:");
    let mut last = None;
    for (word, value) in words {
        message.extend_from_slice(if last == Some(*value) { b", " } else { b"\n  - " });
        message.extend_from_slice(&quote(word.as_bytes()));
        last = Some(*value);
    }
    Err(OptionError::Usage(message, status))
}

/// The words of `--color`, `--classify` and their like; `auto` means: when standard output is a terminal.
pub const WHEN: [(&str, When); 9] = [
    ("always", When::Always),
    ("yes", When::Always),
    ("force", When::Always),
    ("never", When::Never),
    ("no", When::Never),
    ("none", When::Never),
    ("auto", When::Terminal),
    ("tty", When::Terminal),
    ("if-tty", When::Terminal),
];

/// When something optional is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
    /// Always.
    Always,
    /// Never.
    Never,
    /// When standard output is a terminal.
    Terminal,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_may_be_abbreviated_while_unambiguous() {
        assert_eq!(choose("--color", b"al", &WHEN, 2), Ok(When::Always));
        assert_eq!(choose("--color", b"n", &WHEN, 2), Ok(When::Never));
        let words = [("aa", 1), ("ab", 2), ("ac", 2)];
        let Err(OptionError::Usage(message, 1)) = choose("--x", b"a", &words, 1) else { unreachable!() };
        let expected = "ambiguous argument ‘a’ for ‘--x’\nValid arguments are:\n  - ‘aa’\n  - ‘ab’, ‘ac’";
        assert_eq!(String::from_utf8_lossy(&message), expected);
    }
}
