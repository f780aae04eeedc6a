//! printf(3) of integers: `%d %i %o %u %x %X`.

use super::directive::Directive;

/// Formats a signed integer.
pub fn signed(directive: &Directive, value: i64) -> Vec<u8> {
    let sign: &[u8] = match (value < 0, directive.plus, directive.space) {
        (true, ..) => b"-",
        (_, true, _) => b"+",
        (_, _, true) => b" ",
        _ => b"",
    };
    assemble(directive, sign, value.unsigned_abs().to_string().into_bytes(), value == 0)
}

/// Formats an unsigned integer in the base of the conversion.
pub fn unsigned(directive: &Directive, value: u64) -> Vec<u8> {
    let mut digits = match directive.conversion {
        b'o' => format!("{value:o}"),
        b'x' => format!("{value:x}"),
        b'X' => format!("{value:X}"),
        _ => value.to_string(),
    }
    .into_bytes();
    let mut prefix: &[u8] = b"";
    if directive.alternate {
        match directive.conversion {
            b'x' if value != 0 => prefix = b"0x",
            b'X' if value != 0 => prefix = b"0X",
            // "increases the precision so that the first digit is a zero"
            b'o' if value != 0 && directive.precision.unwrap_or(0) <= digits.len() => digits.insert(0, b'0'),
            b'o' if value == 0 && directive.precision == Some(0) => return pad(directive, b"", b"0".to_vec(), false),
            _ => {}
        }
    }
    assemble(directive, prefix, digits, value == 0)
}

fn assemble(directive: &Directive, prefix: &[u8], digits: Vec<u8>, is_zero: bool) -> Vec<u8> {
    let Some(precision) = directive.precision else {
        return pad(directive, prefix, digits, directive.zero);
    };
    let mut padded = vec![b'0'; precision.saturating_sub(digits.len())];
    // "The result of converting a zero value with a precision of zero is no characters."
    if !(is_zero && precision == 0) {
        padded.extend_from_slice(&digits);
    }
    // "If a precision is specified, the 0 flag is ignored."
    pad(directive, prefix, padded, false)
}

/// Pads `prefix` and `body` to the field width: to the left with spaces or (between the two) zeros, or to the right.
pub fn pad(directive: &Directive, prefix: &[u8], body: Vec<u8>, zeros: bool) -> Vec<u8> {
    let fill = directive.width.saturating_sub(prefix.len() + body.len());
    let mut text = Vec::with_capacity(prefix.len() + body.len() + fill);
    if !directive.left && !zeros {
        text.resize(fill, b' ');
    }
    text.extend_from_slice(prefix);
    if !directive.left && zeros {
        text.resize(text.len() + fill, b'0');
    }
    text.extend_from_slice(&body);
    if directive.left {
        text.resize(text.len() + fill, b' ');
    }
    text
}
