//! The conversions.

use super::directive::Directive;
use super::operand::Operands;
use super::{Dialect, Printed, PrintfTimes, escape, integer};
use crate::text::extended::{Extended, FloatFormat, FloatStyle};
use crate::text::locale;
use crate::text::quoting::{QuotingStyle, quote_name};
use crate::text::time::{Moment, strftime};
use shell_parser::quote::backslash_quoted;

/// Whether the run goes on.
pub(super) enum Flow {
    Continue,
    Stop,
}

/// Converts the next operand and appends the text.
pub(super) fn convert(
    directive: &Directive,
    dialect: Dialect,
    times: &PrintfTimes,
    operands: &mut Operands<'_>,
    printed: &mut Printed,
) -> Flow {
    let text = match directive.conversion {
        b'd' | b'i' => integer::signed(directive, operands.integer(printed)),
        b'o' | b'u' | b'x' | b'X' => integer::unsigned(directive, operands.unsigned(printed)),
        b'a' | b'A' | b'e' | b'E' | b'f' | b'F' | b'g' | b'G' => float(directive, &operands.float(printed)),
        b's' => string(directive, operands.string()),
        b'c' => character(directive, operands.string()),
        b'b' => return with_escapes(directive, dialect, operands.string(), printed),
        b'q' if dialect == Dialect::Coreutils => gnu_quoted(operands),
        b'q' => string(directive, &backslash_quoted(operands.string(), locale::characters())),
        b'Q' => quoted_prefix(directive, operands.string()),
        b'T' => time(directive, times, operands, printed),
        b'n' => {
            if let Some(name) = operands.next().filter(|name| !name.is_empty()) {
                printed.assigned.push((name.clone(), printed.out.len()));
            }
            return Flow::Continue;
        }
        // A time format that was reported as invalid: its text follows as a literal.
        _ => directive_start(directive),
    };
    printed.out.extend_from_slice(&text);
    Flow::Continue
}

fn directive_start(_: &Directive) -> Vec<u8> {
    b"%".to_vec()
}

/// `%s`: width and precision count bytes in both dialects.
fn string(directive: &Directive, text: &[u8]) -> Vec<u8> {
    let cut = text.get(..directive.precision.unwrap_or(text.len()).min(text.len())).unwrap_or_default();
    integer::pad(directive, b"", cut.to_vec(), false)
}

/// `%c`: the first byte; a missing or empty operand is a NUL.
fn character(directive: &Directive, text: &[u8]) -> Vec<u8> {
    integer::pad(directive, b"", vec![text.first().copied().unwrap_or(0)], false)
}

/// `%b`.
fn with_escapes(directive: &Directive, dialect: Dialect, text: &[u8], printed: &mut Printed) -> Flow {
    let (expanded, ended) = escape::operand(text, dialect, printed);
    let padded = string(directive, &expanded);
    printed.out.extend_from_slice(&padded);
    match ended {
        None => Flow::Continue,
        Some(ended) => {
            ended.report(dialect, printed);
            Flow::Stop
        }
    }
}

/// `%q` of coreutils; without an operand nothing.
fn gnu_quoted(operands: &mut Operands<'_>) -> Vec<u8> {
    match operands.next() {
        Some(text) => quote_name(text, QuotingStyle::ShellEscape, b""),
        None => Vec::new(),
    }
}

/// `%Q`: "like %q, but applies any supplied precision to the ARGUMENT before quoting it".
fn quoted_prefix(directive: &Directive, text: &[u8]) -> Vec<u8> {
    let cut = text.get(..directive.precision.unwrap_or(text.len()).min(text.len())).unwrap_or_default();
    integer::pad(directive, b"", backslash_quoted(cut, locale::characters()), false)
}

/// `%(fmt)T`.
fn time(directive: &Directive, times: &PrintfTimes, operands: &mut Operands<'_>, printed: &mut Printed) -> Vec<u8> {
    let moment: Moment = if operands.is_empty() {
        times.now.clone()
    } else {
        match operands.integer(printed) {
            -1 => times.now.clone(),
            -2 => times.started.clone(),
            seconds => times.now.at(seconds, 0),
        }
    };
    let format = directive.time_format.as_deref().unwrap_or_default();
    // An empty format means %X.
    let format = if format.is_empty() { b"%X" } else { format };
    string(directive, &strftime(format, &moment))
}

/// The floating-point conversions.
pub fn float(directive: &Directive, value: &Extended) -> Vec<u8> {
    let style = match directive.conversion.to_ascii_lowercase() {
        b'f' => FloatStyle::Fixed,
        b'e' => FloatStyle::Exponent,
        b'g' => FloatStyle::Shortest,
        _ => FloatStyle::Hexadecimal,
    };
    let upper = directive.conversion.is_ascii_uppercase();
    let format = FloatFormat { style, upper, precision: directive.precision, alternate: directive.alternate };
    let mut prefix = match (value.negative, directive.plus, directive.space) {
        (true, ..) => b"-".to_vec(),
        (_, true, _) => b"+".to_vec(),
        (_, _, true) => b" ".to_vec(),
        _ => Vec::new(),
    };
    let mut body = format.magnitude(value);
    if style == FloatStyle::Hexadecimal && value.is_finite() {
        prefix.extend(body.drain(..2));
    }
    integer::pad(directive, &prefix, body, directive.zero && value.is_finite())
}
