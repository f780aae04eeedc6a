//! The format of `seq`: text around one floating-point conversion.

use super::operand::Operand;
use crate::text::extended::Extended;
use crate::text::printf::{Directive, format_float};
use crate::text::quoting::quote;

/// A checked format.
pub struct Template {
    prefix: Vec<u8>,
    directive: Directive,
    suffix: Vec<u8>,
}

impl Template {
    /// Checks the argument of `-f`: exactly one of `%a %e %f %g`, and `%%`.
    pub fn parse(text: &[u8]) -> Result<Template, Vec<u8>> {
        let complain = |what: &[u8]| [b"format ".as_slice(), &quote(text), what].concat();
        let (prefix, rest) = literal(text);
        if rest.is_empty() {
            return Err(complain(b" has no % directive"));
        }
        let mut directive = Directive::default();
        let mut at = 1;
        while let Some(flag) = rest.get(at) {
            match flag {
                b'-' => directive.left = true,
                b'+' => directive.plus = true,
                b' ' => directive.space = true,
                b'#' => directive.alternate = true,
                b'0' => directive.zero = true,
                b'\'' => {}
                _ => break,
            }
            at += 1;
        }
        (directive.width, at) = number(rest, at);
        if rest.get(at) == Some(&b'.') {
            let (precision, after) = number(rest, at + 1);
            directive.precision = Some(precision);
            at = after;
        }
        at += usize::from(rest.get(at) == Some(&b'L'));
        match rest.get(at) {
            None => return Err(complain(b" ends in %")),
            Some(letter) if b"aAeEfFgG".contains(letter) => directive.conversion = *letter,
            Some(letter) => return Err(complain(&[b" has unknown %", [*letter].as_slice(), b" directive"].concat())),
        }
        let (suffix, more) = literal(rest.get(at + 1..).unwrap_or_default());
        if !more.is_empty() {
            return Err(complain(b" has too many % directives"));
        }
        Ok(Template { prefix, directive, suffix })
    }

    /// The format GNU chooses when none is given: the digits after the point of FIRST and INCREMENT.
    pub fn for_operands(first: &Operand, step: &Operand, last: &Operand, equal_width: bool) -> Template {
        let mut directive = Directive { conversion: b'g', ..Directive::default() };
        if let (Some(first_precision), Some(step_precision), Some(last_precision)) =
            (first.precision, step.precision, last.precision)
        {
            let precision = first_precision.max(step_precision);
            directive.conversion = b'f';
            directive.precision = Some(precision as usize);
            if equal_width {
                directive.zero = true;
                directive.width = width(first, last, precision, first_precision, last_precision);
            }
        }
        Template { prefix: Vec::new(), directive, suffix: Vec::new() }
    }

    /// The whole text for a number.
    pub fn format(&self, value: &Extended) -> Vec<u8> {
        [self.prefix.as_slice(), &self.number(value), &self.suffix].concat()
    }

    /// The number alone.
    pub fn number(&self, value: &Extended) -> Vec<u8> {
        format_float(&self.directive, value)
    }
}

/// The columns the wider of FIRST and LAST takes with `precision` digits after the point.
pub fn width(first: &Operand, last: &Operand, precision: u64, first_precision: u64, last_precision: u64) -> usize {
    let mut first_width = first.width + (precision - first_precision) as i64;
    let mut last_width = last.width + (precision as i64 - last_precision as i64);
    // The point comes or goes with the digits after it.
    last_width -= i64::from(last_precision > 0 && precision == 0);
    last_width += i64::from(last_precision == 0 && precision > 0);
    first_width += i64::from(first_precision == 0 && precision > 0);
    first_width.max(last_width).clamp(0, 1 << 20) as usize
}

/// Text up to the first directive, `%%` being a percent sign.
fn literal(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (before, special) = rest.split_at(at);
        out.extend_from_slice(before);
        match special.strip_prefix(b"%%") {
            Some(after) => {
                out.push(b'%');
                rest = after;
            }
            None => return (out, special),
        }
    }
    out.extend_from_slice(rest);
    (out, &[])
}

fn number(text: &[u8], mut at: usize) -> (usize, usize) {
    let mut value = 0usize;
    while let Some(digit) = text.get(at).filter(|byte| byte.is_ascii_digit()) {
        value = (value * 10 + usize::from(digit - b'0')).min(1 << 20);
        at += 1;
    }
    (value, at)
}
