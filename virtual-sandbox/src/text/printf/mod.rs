//! The engine of `printf`, shared by bash's builtin and the program of coreutils.
//! [POSIX printf; bash manual "Bash Builtin Commands" printf; coreutils manual "printf invocation"]
//!
//! A pure function: what is written, which messages, which status.

mod convert;
mod directive;
mod escape;
mod integer;
mod operand;

use crate::text::time::Moment;
use bytes::Bytes;
use convert::Flow;
pub use convert::float as format_float;
pub use directive::Directive;
use operand::Operands;

/// Whose `printf` it is: texts of errors, escapes and conversions differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// The builtin of bash: knows `%(fmt)T`, `%Q`, `%n`.
    Bash,
    /// The program of coreutils.
    Coreutils,
}

/// The most bytes one run may produce; a longer result is "Cannot allocate memory".
pub const OUTPUT_LIMIT: usize = 256 << 20;

/// What a run of `printf` did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Printed {
    /// What it writes.
    pub out: Vec<u8>,
    /// Messages without program name and newline, each with how many bytes of `out` had been produced before it:
    /// the program of coreutils flushes standard output before an error, bash writes its output at the end.
    pub messages: Vec<(usize, Vec<u8>)>,
    /// 0, or 1 when something was wrong.
    pub status: u8,
    /// Variables that `%n` assigned, in order (bash only).
    pub assigned: Vec<(Bytes, usize)>,
}

impl Printed {
    fn message(&mut self, text: impl Into<Vec<u8>>) {
        self.messages.push((self.out.len(), text.into()));
    }

    fn error(&mut self, text: impl Into<Vec<u8>>) {
        self.message(text);
        self.status = 1;
    }
}

/// The times `%(fmt)T` can mean without an argument of its own.
#[derive(Clone, Debug, Default)]
pub struct PrintfTimes {
    /// Now: argument -1 or none.
    pub now: Moment,
    /// When the shell started: argument -2.
    pub started: Moment,
}

/// Formats `arguments` by `format`, again and again while arguments are left.
pub fn printf(format: &[u8], arguments: &[Bytes], dialect: Dialect, times: &PrintfTimes) -> Printed {
    let mut printed = Printed::default();
    let mut operands = Operands::new(arguments, dialect);
    loop {
        let before = operands.used();
        if let Flow::Stop = run_once(format, dialect, times, &mut operands, &mut printed) {
            return printed;
        }
        if operands.used() == before || operands.is_empty() {
            break;
        }
    }
    if dialect == Dialect::Coreutils
        && let Some(excess) = operands.peek().filter(|_| operands.used() == 0)
    {
        let quoted = super::quoting::quote(excess);
        printed.message([b"warning: ignoring excess arguments, starting with ", quoted.as_slice()].concat());
    }
    printed
}

fn run_once(
    format: &[u8],
    dialect: Dialect,
    times: &PrintfTimes,
    operands: &mut Operands<'_>,
    printed: &mut Printed,
) -> Flow {
    let mut rest = format;
    while let Some(at) = memchr::memchr2(b'%', b'\\', rest) {
        let (literal, special) = rest.split_at(at);
        printed.out.extend_from_slice(literal);
        if special.first() == Some(&b'\\') {
            match escape::in_format(special, dialect, printed) {
                Some(after) => rest = after,
                None => return Flow::Stop,
            }
            continue;
        }
        if let Some(after) = special.strip_prefix(b"%%") {
            printed.out.push(b'%');
            rest = after;
            continue;
        }
        let (directive, after) = match Directive::parse(special, dialect, operands, printed) {
            Ok(parsed) => parsed,
            Err(message) => {
                printed.error(message);
                return Flow::Stop;
            }
        };
        if let Flow::Stop = convert::convert(&directive, dialect, times, operands, printed) {
            return Flow::Stop;
        }
        if printed.out.len() > OUTPUT_LIMIT {
            printed.out.clear();
            printed.messages.clear();
            printed.error(crate::errno::Errno::ENOMEM.message());
            return Flow::Stop;
        }
        rest = after;
    }
    printed.out.extend_from_slice(rest);
    Flow::Continue
}

#[cfg(test)]
mod tests;
