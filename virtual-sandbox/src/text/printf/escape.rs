//! Backslash escapes in the format and in the operand of `%b`.

use super::{Dialect, Printed};
use crate::text::echo::{digits, push_utf8, simple_escape};

/// Where the escape stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Format,
    /// The operand of `%b`: `\0nnn` has up to three digits after the 0; `\c` ends all output.
    Operand,
}

/// How an escape ended the output.
pub(super) enum Ended {
    /// By `\c`.
    Quietly,
    /// By this error.
    Fatally(Vec<u8>),
}

impl Ended {
    /// Reports why the output ended, when all that came before it is in `printed`.
    pub(super) fn report(self, dialect: Dialect, printed: &mut Printed) {
        match self {
            Ended::Fatally(message) => printed.error(message),
            // GNU printf leaves with success at `\c`, whatever was wrong before.
            Ended::Quietly if dialect == Dialect::Coreutils => printed.status = 0,
            Ended::Quietly => {}
        }
    }
}

/// Expands the escape at the beginning of `text` into the output: what follows it; `None` when the run ends.
pub(super) fn in_format<'a>(text: &'a [u8], dialect: Dialect, printed: &mut Printed) -> Option<&'a [u8]> {
    let mut out = std::mem::take(&mut printed.out);
    let result = one(text, dialect, Place::Format, &mut out, printed);
    printed.out = out;
    result.map_err(|ended| ended.report(dialect, printed)).ok()
}

/// Expands the operand of `%b`: its bytes, and how they ended the output if they did.
pub(super) fn operand(text: &[u8], dialect: Dialect, printed: &mut Printed) -> (Vec<u8>, Option<Ended>) {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (literal, special) = rest.split_at(at);
        out.extend_from_slice(literal);
        match one(special, dialect, Place::Operand, &mut out, printed) {
            Ok(after) => rest = after,
            Err(ended) => return (out, Some(ended)),
        }
    }
    out.extend_from_slice(rest);
    (out, None)
}

fn one<'a>(
    text: &'a [u8],
    dialect: Dialect,
    place: Place,
    out: &mut Vec<u8>,
    printed: &mut Printed,
) -> Result<&'a [u8], Ended> {
    let Some((letter, tail)) = text.get(1..).and_then(<[u8]>::split_first) else {
        out.push(b'\\');
        return Ok(&[]);
    };
    let from_letter = text.get(1..).unwrap_or_default();
    match (*letter, dialect) {
        (b'c', _) if place == Place::Operand || dialect == Dialect::Coreutils => return Err(Ended::Quietly),
        (b'0', _) if place == Place::Operand => {
            let (value, rest) = digits(tail, 8, 3).unwrap_or((0, tail));
            out.push(value as u8);
            return Ok(rest);
        }
        (b'0'..=b'7', _) => {
            let (value, rest) = digits(from_letter, 8, 3).unwrap_or((0, tail));
            out.push(value as u8);
            return Ok(rest);
        }
        (b'x', _) => {
            if let Some((value, rest)) = digits(tail, 16, 2) {
                out.push(value as u8);
                return Ok(rest);
            }
            missing_digits(*letter, dialect, out, printed)?;
        }
        (b'u' | b'U', _) => {
            let most = if *letter == b'u' { 4 } else { 8 };
            match digits(tail, 16, most) {
                Some((value, rest)) if dialect == Dialect::Bash => {
                    push_utf8(value, out);
                    return Ok(rest);
                }
                Some((value, rest)) if tail.len() - rest.len() == most => {
                    universal_character(*letter, value, most, out)?;
                    return Ok(rest);
                }
                _ => missing_digits(*letter, dialect, out, printed)?,
            }
        }
        (b'"', Dialect::Coreutils) | (b'"' | b'\'' | b'?', Dialect::Bash)
            if place == Place::Format || dialect == Dialect::Coreutils =>
        {
            out.push(*letter);
        }
        (b'E', Dialect::Bash) => out.push(0x1b),
        (letter, _) => match simple_escape(letter) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(&[b'\\', letter]),
        },
    }
    Ok(tail)
}

/// bash warns and prints the escape; the program of coreutils gives up.
fn missing_digits(letter: u8, dialect: Dialect, out: &mut Vec<u8>, printed: &mut Printed) -> Result<(), Ended> {
    if dialect == Dialect::Coreutils {
        return Err(Ended::Fatally(b"missing hexadecimal number in escape".to_vec()));
    }
    let what = if letter == b'x' { "hex" } else { "unicode" };
    printed.message(format!("missing {what} digit for \\{}", letter as char));
    out.extend_from_slice(&[b'\\', letter]);
    Ok(())
}

/// `\uHHHH` of coreutils: ISO C's rules for universal character names.
fn universal_character(letter: u8, value: u32, digits: usize, out: &mut Vec<u8>) -> Result<(), Ended> {
    let basic = value <= 0x9f && !matches!(value, 0x24 | 0x40 | 0x60);
    let letter = letter as char;
    if basic || (0xd800..=0xdfff).contains(&value) {
        let message = format!("invalid universal character name \\{letter}{value:0digits$x}");
        return Err(Ended::Fatally(message.into_bytes()));
    }
    match char::from_u32(value) {
        Some(_) => push_utf8(value, out),
        None => out.extend_from_slice(format!("\\{letter}{value:0digits$X}").as_bytes()),
    }
    Ok(())
}
