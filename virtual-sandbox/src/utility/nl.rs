//! `nl` - number lines and write files.  [POSIX nl; GNU coreutils "nl invocation"]

use super::options::OptionError;
use crate::text::quoting::{quote, quote_if_needed};
use crate::text::regex::{Flags, Regex, Syntax};
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "nl",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(nl(sys, inv)),
    doc: "number lines and write files",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    HEADER    = 'h', "header-numbering", Required("STYLE"), "use STYLE for numbering header lines";
    BODY      = 'b', "body-numbering", Required("STYLE"), "use STYLE for numbering body lines";
    FOOTER    = 'f', "footer-numbering", Required("STYLE"), "use STYLE for numbering footer lines";
    START     = 'v', "starting-line-number", Required("NUMBER"), "first line number for each section";
    INCREMENT = 'i', "line-increment", Required("NUMBER"), "line number increment at each line";
    NO_RENUMBER = 'p', "no-renumber", No, "do not reset line numbers for each section";
    JOIN      = 'l', "join-blank-lines", Required("NUMBER"), "group of NUMBER empty lines counted as one";
    SEPARATOR = 's', "number-separator", Required("STRING"), "add STRING after (possible) line number";
    WIDTH     = 'w', "number-width", Required("NUMBER"), "use NUMBER columns for line numbers";
    FORMAT    = 'n', "number-format", Required("FORMAT"), "insert line numbers according to FORMAT";
    DELIMITER = 'd', "section-delimiter", Required("CC"), "use CC for logical page delimiters";
}

/// Which lines of a section are numbered.
enum Style {
    All,
    NonEmpty,
    None,
    Matching(Box<Regex>),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Left,
    Right,
    RightZeros,
}

struct Numbering {
    header: Style,
    body: Style,
    footer: Style,
    delimiter: Vec<u8>,
    increment: i64,
    join: i64,
    format: Format,
    renumber: bool,
    separator: Bytes,
    start: i64,
    width: usize,
    /// The next number; `None` once it does not fit.
    number: Option<i64>,
    section: Section,
    blanks: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Header,
    Body,
    Footer,
}

async fn nl(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut numbering = match numbering(&parsed) {
        Ok(numbering) => numbering,
        Err(Problem::Usage(error)) => return error.report(&sys).await,
        Err(Problem::Message(message)) => {
            sys.error(message).await;
            return ExitStatus::FAILURE;
        }
    };
    let mut out = OutBuf::stdout(&sys);
    let mut success = true;
    for file in or_stdin(parsed.operands()) {
        let fd = match open_operand(&sys, &file).await {
            Ok(fd) => fd,
            Err(errno) => {
                // A failed write shows when the buffer is finished.
                let _ = out.flush().await;
                sys.complain(quote_if_needed(&file), errno).await;
                success = false;
                continue;
            }
        };
        let mut lines = Records::lines(&sys, fd);
        loop {
            let block = match lines.block().await {
                Ok(Some(block)) => block,
                Ok(None) => break,
                Err(errno) => {
                    let _ = out.flush().await;
                    sys.complain(quote_if_needed(&file), errno).await;
                    success = false;
                    break;
                }
            };
            sys.charge(block.len() as u64 / 16).await;
            for line in records(&block, b'\n') {
                if numbering.line(line, out.buffer()).is_err() {
                    let _ = out.flush().await;
                    sys.error("line number overflow").await;
                    return ExitStatus::FAILURE;
                }
            }
            if out.flush_if_full().await.is_err() {
                break;
            }
        }
        close_operand(&sys, fd).await;
    }
    success &= close_stdin(&sys, parsed.operands(), "-").await;
    (out.finish().await && success).into()
}

enum Problem {
    Usage(OptionError),
    Message(Vec<u8>),
}

fn numbering(parsed: &super::Parsed) -> Result<Numbering, Problem> {
    let mut numbering = Numbering {
        header: Style::None,
        body: Style::NonEmpty,
        footer: Style::None,
        delimiter: b"\\:".to_vec(),
        increment: 1,
        join: 1,
        format: Format::Right,
        renumber: !parsed.has(NO_RENUMBER),
        separator: Bytes::from_static(b"\t"),
        start: 1,
        width: 6,
        number: Some(1),
        section: Section::Body,
        blanks: 0,
    };
    for (option, value) in parsed.in_order() {
        let Some(value) = value else { continue };
        match *option {
            BODY => numbering.body = style("body", value)?,
            HEADER => numbering.header = style("header", value)?,
            FOOTER => numbering.footer = style("footer", value)?,
            DELIMITER => {
                // One character stands before the usual colon.
                numbering.delimiter = if value.len() == 1 { [value.as_ref(), b":"].concat() } else { value.to_vec() };
            }
            INCREMENT => numbering.increment = number("line number increment", value, i64::MIN, i64::MAX)?,
            JOIN => numbering.join = number("line number of blank lines", value, 1, i64::MAX)?,
            START => numbering.start = number("starting line number", value, i64::MIN, i64::MAX)?,
            WIDTH => numbering.width = number("line number field width", value, 1, 1 << 20)? as usize,
            SEPARATOR => numbering.separator = value.clone(),
            FORMAT => {
                numbering.format = match value.as_ref() {
                    b"ln" => Format::Left,
                    b"rn" => Format::Right,
                    b"rz" => Format::RightZeros,
                    _ => return Err(usage(b"invalid line numbering format: ", value)),
                };
            }
            _ => {}
        }
    }
    numbering.number = Some(numbering.start);
    Ok(numbering)
}

fn usage(what: &[u8], text: &[u8]) -> Problem {
    Problem::Usage(OptionError::Usage([what, &quote(text)].concat(), 1))
}

fn style(section: &str, text: &[u8]) -> Result<Style, Problem> {
    match text {
        b"a" => Ok(Style::All),
        b"t" => Ok(Style::NonEmpty),
        b"n" => Ok(Style::None),
        [b'p', pattern @ ..] => match Regex::new(pattern, Syntax::Coreutils, Flags::default()) {
            Ok(regex) => Ok(Style::Matching(Box::new(regex))),
            Err(error) => Err(Problem::Message(error.to_string().into_bytes())),
        },
        _ => Err(usage(format!("invalid {section} numbering style: ").as_bytes(), text)),
    }
}

fn number(what: &str, text: &[u8], least: i64, most: i64) -> Result<i64, Problem> {
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.trim_start().parse::<i128>().ok());
    let mut message = [format!("invalid {what}: ").as_bytes(), &quote(text)].concat();
    match parsed {
        None => Err(Problem::Message(message)),
        Some(value) => match i64::try_from(value).ok().filter(|value| (least..=most).contains(value)) {
            Some(value) => Ok(value),
            None => {
                message.extend_from_slice(b": Numerical result out of range");
                Err(Problem::Message(message))
            }
        },
    }
}

/// The line number left the range of numbers.
struct Overflow;

impl Numbering {
    fn line(&mut self, line: &[u8], out: &mut Vec<u8>) -> Result<(), Overflow> {
        if let Some(section) = self.delimits(line) {
            self.section = section;
            if self.renumber {
                self.number = Some(self.start);
            }
            out.push(b'\n');
            return Ok(());
        }
        let style = match self.section {
            Section::Header => &self.header,
            Section::Body => &self.body,
            Section::Footer => &self.footer,
        };
        let numbered = match style {
            Style::None => false,
            Style::NonEmpty => !line.is_empty(),
            Style::Matching(regex) => regex.is_match(line).unwrap_or(false),
            Style::All if self.join <= 1 => true,
            Style::All => {
                // Of so many empty lines in a row only the last is numbered.
                self.blanks = if line.is_empty() { self.blanks + 1 } else { 0 };
                let counts = !line.is_empty() || self.blanks == self.join;
                if counts {
                    self.blanks = 0;
                }
                counts
            }
        };
        if numbered {
            let number = self.number.ok_or(Overflow)?;
            self.push_number(number, out);
            self.number = number.checked_add(self.increment);
        } else {
            out.resize(out.len() + self.width + self.separator.len(), b' ');
        }
        out.extend_from_slice(line);
        out.push(b'\n');
        Ok(())
    }

    /// Whether the line is a section delimiter: three, two or one times the delimiter.
    fn delimits(&self, line: &[u8]) -> Option<Section> {
        let size = self.delimiter.len();
        if size == 0
            || line.is_empty()
            || !line.len().is_multiple_of(size)
            || !line.chunks(size).all(|part| part == self.delimiter)
        {
            return None;
        }
        match line.len() / size {
            3 => Some(Section::Header),
            2 => Some(Section::Body),
            1 => Some(Section::Footer),
            _ => None,
        }
    }

    fn push_number(&self, number: i64, out: &mut Vec<u8>) {
        let width = self.width;
        let text = match self.format {
            Format::Left => format!("{number:<width$}"),
            Format::Right => format!("{number:>width$}"),
            Format::RightZeros => format!("{number:0width$}"),
        };
        out.extend_from_slice(text.as_bytes());
        out.extend_from_slice(&self.separator);
    }
}
