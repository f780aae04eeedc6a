//! The words of `env -S STRING`.  [coreutils manual, "-S/--split-string syntax"]

use crate::utility::prelude::*;

/// Why a string cannot be split.
pub enum SplitError {
    UnterminatedQuote,
    InvalidEscape(u8),
    BackslashAtEnd,
    /// `\c` between double quotes.
    CInQuotes,
    /// What a `$` begins that is not `${NAME}`.
    Variable(Vec<u8>),
}

impl SplitError {
    /// The message of GNU env.
    pub fn message(&self) -> Vec<u8> {
        match self {
            SplitError::UnterminatedQuote => b"no terminating quote in -S string".to_vec(),
            SplitError::InvalidEscape(byte) => [b"invalid sequence '\\".as_slice(), &[*byte], b"' in -S"].concat(),
            SplitError::BackslashAtEnd => b"invalid backslash at end of string in -S".to_vec(),
            SplitError::CInQuotes => b"'\\c' must not appear in double-quoted -S string".to_vec(),
            SplitError::Variable(rest) => {
                [b"only ${VARNAME} expansion is supported, error at: ".as_slice(), rest].concat()
            }
        }
    }
}

/// What the text under way is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
    Double,
}

/// Splits a string; `${NAME}` takes its value from the environment of `invocation`.
pub fn split(string: &[u8], invocation: &Invocation) -> Result<Vec<Bytes>, SplitError> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quotes = Quotes::None;
    let mut rest = string;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, quotes) {
            (b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r', Quotes::None) => {
                words.extend(word.take().map(Bytes::from));
            }
            (b'\'', Quotes::None | Quotes::Single) => {
                quotes = if quotes == Quotes::None { Quotes::Single } else { Quotes::None };
                word.get_or_insert_default();
            }
            (b'"', Quotes::None | Quotes::Double) => {
                quotes = if quotes == Quotes::None { Quotes::Double } else { Quotes::None };
                word.get_or_insert_default();
            }
            // A comment begins where a word would.
            (b'#', Quotes::None) if word.is_none() => break,
            (b'\\', Quotes::Single) => match after.first() {
                Some(next @ (b'\\' | b'\'')) => {
                    word.get_or_insert_default().push(*next);
                    rest = after.get(1..).unwrap_or_default();
                }
                _ => word.get_or_insert_default().push(b'\\'),
            },
            (b'\\', quotes) => {
                let Some((letter, after)) = after.split_first() else { return Err(SplitError::BackslashAtEnd) };
                rest = after;
                match (letter, quotes) {
                    (b'c', Quotes::Double) => return Err(SplitError::CInQuotes),
                    (b'c', _) => break,
                    (b'_', Quotes::None) => words.extend(word.take().map(Bytes::from)),
                    (letter, _) => {
                        let byte = escape(*letter).ok_or(SplitError::InvalidEscape(*letter))?;
                        word.get_or_insert_default().push(byte);
                    }
                }
            }
            (b'$', Quotes::None | Quotes::Double) => {
                let variable = || SplitError::Variable([b"$".as_slice(), after].concat());
                let (name, after) = variable_name(after).ok_or_else(variable)?;
                let value = invocation.env_var(name).unwrap_or_default();
                // An empty value makes no word of its own.
                if !value.is_empty() {
                    word.get_or_insert_default().extend_from_slice(&value);
                }
                rest = after;
            }
            (byte, _) => word.get_or_insert_default().push(*byte),
        }
    }
    if quotes != Quotes::None {
        return Err(SplitError::UnterminatedQuote);
    }
    words.extend(word.map(Bytes::from));
    Ok(words)
}

fn escape(letter: u8) -> Option<u8> {
    Some(match letter {
        b'"' | b'#' | b'$' | b'\'' | b'\\' => letter,
        b'_' => b' ',
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}

/// `{NAME}` at the beginning.
fn variable_name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let inner = text.strip_prefix(b"{")?;
    let end = memchr::memchr(b'}', inner)?;
    let name = inner.get(..end)?;
    let valid = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let starts = name.first().is_some_and(|byte| !byte.is_ascii_digit());
    (valid && starts).then_some((name, inner.get(end + 1..)?))
}
