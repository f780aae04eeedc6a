//! One unit as text.

use super::format::{Endian, Format, Kind};
use crate::text::extended::{Extended, FloatFormat, FloatStyle};

/// Names of the control characters, and of the space.
const NAMES: [&str; 33] = [
    "nul", "soh", "stx", "etx", "eot", "enq", "ack", "bel", "bs", "ht", "nl", "vt", "ff", "cr", "so", "si", "dle",
    "dc1", "dc2", "dc3", "dc4", "nak", "syn", "etb", "can", "em", "sub", "esc", "fs", "gs", "rs", "us", "sp",
];

/// Appends the text of a unit, right-aligned in `width` columns.
pub fn push(format: &Format, unit: &[u8], endian: Endian, width: usize, out: &mut Vec<u8>) {
    match format.kind {
        Kind::Named => {
            let byte = unit.first().copied().unwrap_or(0) & 0x7f;
            match (NAMES.get(usize::from(byte)), byte) {
                (Some(name), _) => right(name.as_bytes(), width, out),
                (None, 0x7f) => right(b"del", width, out),
                _ => right(&[byte], width, out),
            }
        }
        Kind::Char => character(unit.first().copied().unwrap_or(0), width, out),
        Kind::Float => right(&float(unit, endian), width, out),
        _ => {
            let bits = bits(unit, endian);
            let text = match format.kind {
                Kind::Signed => {
                    let shift = 64 - 8 * unit.len().min(8) as u32;
                    ((bits << shift) as i64 >> shift).to_string()
                }
                Kind::Unsigned => bits.to_string(),
                Kind::Octal => format!("{bits:0width$o}", width = format.field_width),
                _ => format!("{bits:0width$x}", width = format.field_width),
            };
            right(text.as_bytes(), width, out);
        }
    }
}

fn right(text: &[u8], width: usize, out: &mut Vec<u8>) {
    out.resize(out.len() + width.saturating_sub(text.len()), b' ');
    out.extend_from_slice(text);
}

fn character(byte: u8, width: usize, out: &mut Vec<u8>) {
    match byte {
        0 => right(b"\\0", width, out),
        7 => right(b"\\a", width, out),
        8 => right(b"\\b", width, out),
        9 => right(b"\\t", width, out),
        10 => right(b"\\n", width, out),
        11 => right(b"\\v", width, out),
        12 => right(b"\\f", width, out),
        13 => right(b"\\r", width, out),
        0x20..0x7f => right(&[byte], width, out),
        _ => right(format!("{byte:03o}").as_bytes(), width, out),
    }
}

fn bits(unit: &[u8], endian: Endian) -> u64 {
    let append = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
    match endian {
        Endian::Little => unit.iter().rev().fold(0, append),
        Endian::Big => unit.iter().fold(0, append),
    }
}

/// The shortest text, of at least the digits the type surely holds, that reads back as the same number.
fn float(unit: &[u8], endian: Endian) -> Vec<u8> {
    if unit.len() == 16 {
        let ordered: Vec<u8> = if endian == Endian::Big { unit.iter().rev().copied().collect() } else { unit.to_vec() };
        let significand = bits(ordered.get(..8).unwrap_or_default(), Endian::Little);
        let top = bits(ordered.get(8..10).unwrap_or_default(), Endian::Little);
        let value = Extended::from_x87(significand, top as u16);
        return shortest(&value, value.is_tiny(), 18, 21, |text| {
            Extended::parse(text).value.compare(&value) == Some(std::cmp::Ordering::Equal)
        });
    }
    let bits = bits(unit, endian);
    let text = |text: &[u8]| std::str::from_utf8(text).ok().map(str::to_owned).unwrap_or_default();
    if unit.len() == 4 {
        let value = f32::from_bits(bits as u32);
        let tiny = value.abs() < f32::MIN_POSITIVE;
        return shortest(&Extended::from_f64(f64::from(value)), tiny, 6, 9, |shown| {
            text(shown).parse::<f32>() == Ok(value)
        });
    }
    let value = f64::from_bits(bits);
    let tiny = value.abs() < f64::MIN_POSITIVE;
    shortest(&Extended::from_f64(value), tiny, 15, 17, |shown| text(shown).parse::<f64>() == Ok(value))
}

fn shortest(value: &Extended, tiny: bool, least: usize, most: usize, reads_back: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut precision = if tiny { 1 } else { least };
    loop {
        let format =
            FloatFormat { style: FloatStyle::Shortest, upper: false, precision: Some(precision), alternate: false };
        let mut text = if value.negative { b"-".to_vec() } else { Vec::new() };
        text.extend_from_slice(&format.magnitude(value));
        if precision >= most || reads_back(&text) {
            return text;
        }
        precision += 1;
    }
}
