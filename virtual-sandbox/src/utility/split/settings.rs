//! The command line of `split`.

use super::names::{Digits, Names};
use crate::text::human_size::{SizeError, parse_size};
use crate::text::quoting::quote;
use crate::utility::prelude::*;
use crate::utility::{OptionError, OptionId, Refusal};

options! {
    OPTIONS: "[OPTION]... [FILE [PREFIX]]", Permute, 1;
    SUFFIX_LENGTH = 'a', "suffix-length", Required("N"), "generate suffixes of length N (default 2)";
    ADDITIONAL  = ' ', "additional-suffix", Required("SUFFIX"), "append an additional SUFFIX to file names";
    BYTES       = 'b', "bytes", Required("SIZE"), "put SIZE bytes per output file";
    LINE_BYTES  = 'C', "line-bytes", Required("SIZE"), "put at most SIZE bytes of records per output file";
    DECIMAL     = 'd', "", No, "use numeric suffixes starting at 0, not alphabetic";
    NUMBER      = 'n', "number", Required("CHUNKS"), "generate CHUNKS output files: N, K/N, l/N, l/K/N, r/N or r/K/N";
    NUMERIC     = ' ', "numeric-suffixes", Optional("FROM"), "same as -d, but allow setting the start value";
    HEX         = 'x', "", No, "use hex suffixes starting at 0, not alphabetic";
    HEX_FROM    = ' ', "hex-suffixes", Optional("FROM"), "same as -x, but allow setting the start value";
    ELIDE       = 'e', "elide-empty-files", No, "do not generate empty output files with '-n'";
    FILTER      = ' ', "filter", Required("COMMAND"), "write to shell COMMAND; file name is $FILE";
    LINES       = 'l', "lines", Required("NUMBER"), "put NUMBER lines/records per output file";
    SEPARATOR   = 't', "separator", Required("SEP"), "use SEP instead of newline as the record separator; '\\0' is NUL";
    UNBUFFERED  = 'u', "unbuffered", No, "immediately copy input to output with '-n r/...'";
    VERBOSE     = ' ', "verbose", No, "print a diagnostic just before each output file is opened";
    DIGIT_0 = '0', "", No, "-N is -l N (obsolete)";
    DIGIT_1 = '1', "", No, "";
    DIGIT_2 = '2', "", No, "";
    DIGIT_3 = '3', "", No, "";
    DIGIT_4 = '4', "", No, "";
    DIGIT_5 = '5', "", No, "";
    DIGIT_6 = '6', "", No, "";
    DIGIT_7 = '7', "", No, "";
    DIGIT_8 = '8', "", No, "";
    DIGIT_9 = '9', "", No, "";
}

/// How a number of pieces is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Chunks {
    /// Of as many bytes each.
    Bytes,
    /// Of about as many bytes each, without splitting records.
    Records,
    /// Records go to each in turn.
    RoundRobin,
}

/// Where a piece ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// After so many records.
    Records(u64),
    /// After so many bytes.
    Bytes(u64),
    /// Before the record that would make it larger than so many bytes.
    RecordBytes(u64),
    /// There are `of` pieces; `only` one of them is wanted, on standard output.
    Chunks { kind: Chunks, only: Option<u64>, of: u64 },
}

/// The command line, read.
#[derive(Debug)]
pub(super) struct Settings {
    pub way: Way,
    pub file: Bytes,
    pub names: Names,
    pub filter: Option<Bytes>,
    pub separator: u8,
    pub elide_empty: bool,
    pub unbuffered: bool,
    pub verbose: bool,
}

/// What the options have said so far.
#[derive(Default)]
struct Reading {
    way: Option<Way>,
    /// `-N`: its digits so far.
    digits: Option<Vec<u8>>,
    suffix_length: usize,
    additional: Bytes,
    alphabet: Digits,
    start: Option<Bytes>,
    filter: Option<Bytes>,
    separator: Option<u8>,
}

impl Settings {
    /// Reads the command line.
    pub(super) fn new(invocation: &Invocation) -> Result<Settings, Refusal> {
        let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
        let read = OPTIONS.parse_with_places(invocation.arguments(), posixly);
        let (parsed, places) = read.map_err(Refusal::Usage)?;
        let mut reading = Reading::default();
        for (at, (id, value)) in parsed.in_order().iter().enumerate() {
            match id.0.checked_sub(DIGIT_0.0).filter(|digit| *digit < 10) {
                Some(digit) => reading.digit(digit as u8, places.ends.contains(&at))?,
                None => reading.option(*id, value.clone().unwrap_or_default())?,
            }
        }
        if let Some(digits) = &reading.digits {
            match count(digits, b"") {
                Ok(lines) if lines > 0 => reading.way = Some(Way::Records(lines)),
                _ => return Err(usage([b"invalid number of lines: ".as_slice(), &quote(digits)].concat())),
            }
        }
        let way = reading.way.unwrap_or(Way::Records(1000));
        let (file, prefix) = match parsed.operands() {
            [] => (Bytes::from_static(b"-"), Bytes::from_static(b"x")),
            [file] => (file.clone(), Bytes::from_static(b"x")),
            [file, prefix] => (file.clone(), prefix.clone()),
            [_, _, extra, ..] => {
                return Err(usage([b"extra operand ".as_slice(), &quote(extra)].concat()));
            }
        };
        let names = reading.names(way, &prefix)?;
        if reading.filter.is_some() && matches!(way, Way::Chunks { only: Some(_), .. }) {
            return Err(usage(b"--filter does not process a chunk extracted to stdout".to_vec()));
        }
        Ok(Settings {
            way,
            file,
            names,
            filter: reading.filter,
            separator: reading.separator.unwrap_or(b'\n'),
            elide_empty: parsed.has(ELIDE),
            unbuffered: parsed.has(UNBUFFERED),
            verbose: parsed.has(VERBOSE),
        })
    }
}

impl Reading {
    fn option(&mut self, id: OptionId, value: Bytes) -> Result<(), Refusal> {
        match id {
            SUFFIX_LENGTH => {
                let length = count(&value, b"").map_err(|error| invalid("suffix length", &value, error))?;
                self.suffix_length = usize::try_from(length).unwrap_or(usize::MAX).min(4096);
            }
            ADDITIONAL if value.contains(&b'/') => {
                let message = [b"invalid suffix ".as_slice(), &quote(&value), b", contains directory separator"];
                return Err(usage(message.concat()));
            }
            ADDITIONAL => self.additional = value,
            BYTES => self.set_way(Way::Bytes(size("number of bytes", &value)?))?,
            LINE_BYTES => self.set_way(Way::RecordBytes(size("number of bytes", &value)?))?,
            LINES => self.set_way(Way::Records(positive("number of lines", &value, b"")?))?,
            NUMBER => self.set_way(chunks(&value)?)?,
            DECIMAL => self.alphabet = Digits::Decimal,
            HEX => self.alphabet = Digits::Hexadecimal,
            NUMERIC => self.start(Digits::Decimal, "numerical", value)?,
            HEX_FROM => self.start(Digits::Hexadecimal, "hexadecimal", value)?,
            FILTER => self.filter = Some(value),
            SEPARATOR => {
                let separator = match value.as_ref() {
                    [] => return Err(Refusal::Message(b"empty record separator".to_vec())),
                    [byte] => *byte,
                    b"\\0" => 0,
                    _ => {
                        return Err(Refusal::Message(
                            [b"multi-character separator ".as_slice(), &quote(&value)].concat(),
                        ));
                    }
                };
                if self.separator.is_some_and(|known| known != separator) {
                    return Err(Refusal::Message(b"multiple separator characters specified".to_vec()));
                }
                self.separator = Some(separator);
            }
            _ => {}
        }
        Ok(())
    }

    /// A digit of `-N`; the first of an argument begins a new number.
    fn digit(&mut self, digit: u8, first: bool) -> Result<(), Refusal> {
        if self.way.is_some() {
            return Err(more_than_one_way());
        }
        let digits = self.digits.get_or_insert_default();
        if first {
            digits.clear();
        }
        digits.push(b'0' + digit);
        Ok(())
    }

    fn set_way(&mut self, way: Way) -> Result<(), Refusal> {
        if self.way.is_some() || self.digits.is_some() {
            return Err(more_than_one_way());
        }
        self.way = Some(way);
        Ok(())
    }

    fn start(&mut self, digits: Digits, kind: &str, value: Bytes) -> Result<(), Refusal> {
        self.alphabet = digits;
        if value.is_empty() {
            return Ok(());
        }
        if !value.iter().all(|byte| digits.alphabet().contains(byte)) {
            let what = format!(": invalid start value for {kind} suffix");
            return Err(usage([quote(&value).as_slice(), what.as_bytes()].concat()));
        }
        let zeros = value.iter().take_while(|byte| **byte == b'0').count().min(value.len() - 1);
        self.start = Some(value.slice(zeros..));
        Ok(())
    }

    /// How the pieces are called. Suffixes grow as needed unless their length, their start or the number of pieces is given.
    fn names(&self, way: Way, prefix: &[u8]) -> Result<Names, Refusal> {
        let start = self.start.clone().unwrap_or_default();
        let mut width = self.suffix_length;
        if let Way::Chunks { of, .. } = way {
            let base = self.alphabet.alphabet().len() as u64;
            let first = start.iter().fold(0u64, |value, digit| {
                let place = self.alphabet.alphabet().iter().position(|known| known == digit).unwrap_or(0);
                value.saturating_mul(base).saturating_add(place as u64)
            });
            // A start that is not below the number of pieces may run out of suffixes, as GNU's does.
            let last = if first < of { of.saturating_add(first) } else { of };
            let needed = self.alphabet.width(last);
            if width > 0 && width < needed {
                let message = format!("the suffix length needs to be at least {needed}");
                return Err(Refusal::Message(message.into_bytes()));
            }
            if width == 0 {
                width = needed.max(2);
            }
        }
        let fixed = width > 0 || self.start.is_some();
        let width = if width == 0 { 2 } else { width };
        if start.len() > width {
            return Err(usage(b"numerical suffix start value is too large for the suffix length".to_vec()));
        }
        Ok(Names::new(prefix, &self.additional, self.alphabet, width, &start).widening(!fixed))
    }
}

fn more_than_one_way() -> Refusal {
    usage(b"cannot split in more than one way".to_vec())
}

/// `N`, `K/N`, and the same behind `l/` or `r/`.
fn chunks(text: &[u8]) -> Result<Way, Refusal> {
    let (kind, numbers) = match text.split_at_checked(2) {
        Some((b"l/", rest)) => (Chunks::Records, rest),
        Some((b"r/", rest)) => (Chunks::RoundRobin, rest),
        _ => (Chunks::Bytes, text),
    };
    let Some(slash) = memchr::memchr(b'/', numbers) else {
        return Ok(Way::Chunks { kind, only: None, of: positive("number of chunks", numbers, b"")? });
    };
    let (only, of) = numbers.split_at(slash);
    let of = positive("number of chunks", of.get(1..).unwrap_or_default(), b"")?;
    match positive("chunk number", only, b"")? {
        only if only <= of => Ok(Way::Chunks { kind, only: Some(only), of }),
        _ => Err(out_of_range("chunk number", only)),
    }
}

/// A size in bytes, with a unit.
fn size(what: &str, text: &[u8]) -> Result<u64, Refusal> {
    let size = positive(what, text, b"bEGKkMmPTYZ0")?;
    // Sizes of files are signed.
    if i64::try_from(size).is_err() { Err(invalid(what, text, SizeError::TooLarge)) } else { Ok(size) }
}

fn positive(what: &str, text: &[u8], units: &[u8]) -> Result<u64, Refusal> {
    match count(text, units) {
        Ok(0) => Err(out_of_range(what, text)),
        Ok(value) => Ok(value),
        Err(error) => Err(invalid(what, text, error)),
    }
}

/// A number as strtoumax(3) reads it, with a unit.
fn count(text: &[u8], units: &[u8]) -> Result<u64, SizeError> {
    let text = text.trim_ascii_start();
    parse_size(text.strip_prefix(b"+").unwrap_or(text), units)
}

fn out_of_range(what: &str, text: &[u8]) -> Refusal {
    let reason = [b": ", Errno::ERANGE.message().as_bytes()].concat();
    Refusal::Message([b"invalid ", what.as_bytes(), b": ", &quote(text), &reason].concat())
}

fn invalid(what: &str, text: &[u8], error: SizeError) -> Refusal {
    let mut message = [b"invalid ", what.as_bytes(), b": ", quote(text).as_slice()].concat();
    if error == SizeError::TooLarge {
        message.extend_from_slice(b": ");
        message.extend_from_slice(Errno::EOVERFLOW.message().as_bytes());
    }
    Refusal::Message(message)
}

/// A message with the line that leads to `--help`.
fn usage(message: Vec<u8>) -> Refusal {
    Refusal::Usage(OptionError::Usage(message, 1))
}
