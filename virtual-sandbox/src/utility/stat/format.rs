//! Formats of `stat`: text and directives such as `%-10s`, `%Hd`, `%.3X`.

use super::file_system::Status;
use crate::vfs::{Stat, Timestamp};

/// What a format is applied to.
pub(super) enum Subject<'a> {
    File(&'a Stat),
    System(&'a Status),
}

/// What follows a format, and whether it has escapes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// The built-in formats.
    Plain,
    /// `--format`: a newline follows.
    Newline,
    /// `--printf`: escapes, and nothing follows.
    Escapes,
}

/// A parsed format.
pub(super) struct Template {
    pub(super) pieces: Vec<Piece>,
    pub(super) warnings: Vec<&'static [u8]>,
}

/// A part of a format.
pub(super) enum Piece {
    Text(Vec<u8>),
    Directive(Directive),
    /// A directive that ends the program.
    Invalid(Vec<u8>),
}

/// `%`, flags, width, precision, an optional `H` or `L`, and a letter.
pub(super) struct Directive {
    flags: Vec<u8>,
    width: usize,
    precision: Option<usize>,
    /// `H` or `L` before `d` and `r`.
    pub(super) half: Option<u8>,
    pub(super) letter: u8,
}

/// What a directive stands for.
pub(super) enum Value {
    Text(Vec<u8>),
    Unsigned(u64),
    Octal(u64),
    Hexadecimal(u64),
    /// Seconds with as many decimals as the precision says.
    Time(Timestamp),
    /// No such directive: `?` alone.
    Unknown,
}

impl Template {
    pub(super) fn parse(format: &[u8], ending: Ending) -> Template {
        let mut template = Template { pieces: Vec::new(), warnings: Vec::new() };
        let mut at = 0;
        while let Some(byte) = format.get(at) {
            match byte {
                b'%' => at += template.directive(format.get(at..).unwrap_or_default()),
                b'\\' if ending == Ending::Escapes => {
                    at += 1 + template.escape(format.get(at + 1..).unwrap_or_default())
                }
                other => {
                    template.text(&[*other]);
                    at += 1;
                }
            }
        }
        if ending == Ending::Newline {
            template.text(b"\n");
        }
        template
    }

    fn text(&mut self, text: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.extend_from_slice(text),
            _ => self.pieces.push(Piece::Text(text.to_vec())),
        }
    }

    /// Parses what begins with `%`; how long it is.
    fn directive(&mut self, text: &[u8]) -> usize {
        let count = |from: usize, set: &[u8]| text.iter().skip(from).take_while(|byte| set.contains(byte)).count();
        let number = |from: usize, length: usize| {
            let digits = text.iter().skip(from).take(length);
            digits.fold(0usize, |value, digit| value.saturating_mul(10).saturating_add(usize::from(digit - b'0')))
        };
        let flags = count(1, b"'-+ #0I");
        let digits = count(1 + flags, b"0123456789");
        let mut at = 1 + flags + digits;
        let mut precision = None;
        if text.get(at) == Some(&b'.') {
            let length = count(at + 1, b"0123456789");
            precision = Some(if length == 0 { usize::MAX } else { number(at + 1, length).min(MOST) });
            at += 1 + length;
        }
        let half = match (text.get(at), text.get(at + 1)) {
            (Some(half @ (b'H' | b'L')), Some(b'd' | b'r')) => Some(*half),
            _ => None,
        };
        at += usize::from(half.is_some());
        match text.get(at) {
            None if at == 1 => self.text(b"%"),
            None => self.pieces.push(Piece::Invalid(text.to_vec())),
            Some(b'%') if at == 1 => {
                self.text(b"%");
                at += 1;
            }
            Some(b'%') => self.pieces.push(Piece::Invalid(text.get(..=at).unwrap_or_default().to_vec())),
            Some(letter) => {
                let flags = text.get(1..1 + flags).unwrap_or_default().to_vec();
                let width = number(1 + flags.len(), digits).min(MOST);
                self.pieces.push(Piece::Directive(Directive { flags, width, precision, half, letter: *letter }));
                at += 1;
            }
        }
        at
    }

    /// Parses what follows a backslash; how long it is.
    fn escape(&mut self, text: &[u8]) -> usize {
        let digits = |skip: usize, base: u32, most: usize| {
            let found = text.iter().skip(skip).take(most).take_while(|byte| (**byte as char).is_digit(base));
            found.fold((0u32, skip), |(value, length), byte| {
                (value * base + (*byte as char).to_digit(base).unwrap_or(0), length + 1)
            })
        };
        let letter = match text.first() {
            None => {
                self.warnings.push(b"warning: backslash at end of format");
                self.text(b"\\");
                return 0;
            }
            Some(b'0'..=b'7') => {
                let (value, length) = digits(0, 8, 3);
                self.text(&[value as u8]);
                return length;
            }
            Some(b'x') => {
                let (value, length) = digits(1, 16, 2);
                if length > 1 {
                    self.text(&[value as u8]);
                    return length;
                }
                b'x'
            }
            Some(b'a') => 7,
            Some(b'b') => 8,
            Some(b'e') => 27,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(same @ (b'"' | b'\\')) => *same,
            Some(other) => {
                self.warnings.push(unrecognized(*other));
                *other
            }
        };
        self.text(&[letter]);
        1
    }
}

/// The widest a field gets.
const MOST: usize = 100_000;

fn unrecognized(letter: u8) -> &'static [u8] {
    // One message per printable letter, so that warnings need no storage of their own.
    static MESSAGES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
    let messages = MESSAGES.get_or_init(|| {
        (0..=u8::MAX).map(|letter| [b"warning: unrecognized escape '\\", [letter].as_slice(), b"'"].concat()).collect()
    });
    messages.get(usize::from(letter)).map(Vec::as_slice).unwrap_or_default()
}

impl Directive {
    fn has(&self, flag: u8) -> bool {
        self.flags.contains(&flag)
    }

    /// Shows a value as printf(3) would with these flags.
    pub(super) fn show(&self, value: &Value) -> Vec<u8> {
        match value {
            Value::Unknown => b"?".to_vec(),
            Value::Text(text) => {
                let length = self.precision.filter(|precision| *precision != usize::MAX).unwrap_or(text.len());
                let precise = if self.precision == Some(usize::MAX) { 0 } else { length };
                self.pad(text.get(..precise.min(text.len())).unwrap_or_default().to_vec(), false)
            }
            Value::Unsigned(number) => self.number(number.to_string(), self.sign()),
            Value::Octal(number) => {
                let digits = format!("{number:o}");
                let prefix = if self.has(b'#') && *number != 0 { "0" } else { "" };
                self.number(prefix.to_owned() + &digits, "")
            }
            Value::Hexadecimal(number) => {
                let prefix = if self.has(b'#') && *number != 0 { "0x" } else { "" };
                self.number(format!("{number:x}"), prefix)
            }
            Value::Time(time) => self.seconds(*time),
        }
    }

    fn sign(&self) -> &'static str {
        match (self.has(b'+'), self.has(b' ')) {
            (true, _) => "+",
            (false, true) => " ",
            (false, false) => "",
        }
    }

    fn number(&self, digits: String, prefix: &str) -> Vec<u8> {
        let precision = match self.precision {
            Some(usize::MAX) => Some(0),
            precision => precision,
        };
        let digits = format!("{}{digits}", "0".repeat(precision.unwrap_or(0).saturating_sub(digits.len())));
        if self.has(b'0') && !self.has(b'-') && precision.is_none() {
            let zeros = self.width.saturating_sub(prefix.len() + digits.len());
            return format!("{prefix}{}{digits}", "0".repeat(zeros)).into_bytes();
        }
        self.pad((prefix.to_owned() + &digits).into_bytes(), false)
    }

    fn seconds(&self, time: Timestamp) -> Vec<u8> {
        let decimals = match self.precision {
            None => 0,
            Some(usize::MAX) => 9,
            Some(precision) => precision,
        };
        // Before 1970 the whole seconds are rounded towards zero, as numbers with a sign are read.
        let is_negative = time.secs < 0;
        let (whole, nanos) = match (is_negative, time.nanos) {
            (true, nanos) if nanos > 0 && decimals > 0 => (-(time.secs + 1), 1_000_000_000 - nanos),
            (true, nanos) => (-time.secs, nanos),
            (false, nanos) => (time.secs, nanos),
        };
        let mut text = if is_negative { "-".to_owned() } else { self.sign().to_owned() };
        text.push_str(&whole.to_string());
        if decimals > 0 {
            let fraction = format!("{nanos:09}");
            text.push('.');
            text.extend(fraction.chars().chain(std::iter::repeat('0')).take(decimals));
        }
        self.pad(text.into_bytes(), self.has(b'0'))
    }

    fn pad(&self, text: Vec<u8>, zeros: bool) -> Vec<u8> {
        let missing = self.width.saturating_sub(text.len());
        if self.has(b'-') {
            [text, vec![b' '; missing]].concat()
        } else {
            [vec![if zeros { b'0' } else { b' ' }; missing], text].concat()
        }
    }
}
