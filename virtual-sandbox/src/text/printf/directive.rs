//! One conversion specification: `%`, flags, field width, precision, length modifiers, conversion.

use super::operand::Operands;
use super::{Dialect, Printed};

/// A field width or precision beyond this is "Cannot allocate memory".
const MOST_WIDTH: usize = 1 << 26;

/// A conversion specification with `*` resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directive {
    /// `-`: left-justify.
    pub left: bool,
    /// `+`: always a sign.
    pub plus: bool,
    /// Space: a space where no sign is.
    pub space: bool,
    /// `#`: the alternate form.
    pub alternate: bool,
    /// `0`: pad with zeros.
    pub zero: bool,
    /// The minimum field width.
    pub width: usize,
    /// The precision.
    pub precision: Option<usize>,
    /// The conversion character.
    pub conversion: u8,
    /// The format between the parentheses of `%(fmt)T`.
    pub time_format: Option<Vec<u8>>,
}

/// Conversions that have any meaning to the program of coreutils after flags.
const GNU_CONVERSIONS: &[u8] = b"aAcdeEfFgGiosuxX";

impl Directive {
    /// Parses the specification at the beginning of `text` (which starts with `%`): it and what follows, or the message
    /// that ends the run.
    pub(super) fn parse<'a>(
        text: &'a [u8],
        dialect: Dialect,
        operands: &mut Operands<'_>,
        printed: &mut Printed,
    ) -> Result<(Directive, &'a [u8]), Vec<u8>> {
        let mut directive = Directive::default();
        let mut allowed: Vec<u8> = GNU_CONVERSIONS.to_vec();
        let mut rest = text.get(1..).unwrap_or_default();
        if dialect == Dialect::Coreutils
            && let Some((conversion @ (b'b' | b'q'), after)) = rest.split_first()
        {
            directive.conversion = *conversion;
            return Ok((directive, after));
        }
        while let Some((flag, after)) = rest.split_first() {
            match flag {
                b'-' => directive.left = true,
                b'+' => directive.plus = true,
                b' ' => directive.space = true,
                b'#' => {
                    directive.alternate = true;
                    allowed.retain(|conversion| !b"cdisu".contains(conversion));
                }
                b'0' => {
                    directive.zero = true;
                    allowed.retain(|conversion| !b"cs".contains(conversion));
                }
                b'\'' => allowed.retain(|conversion| !b"aAceEosxX".contains(conversion)),
                _ => break,
            }
            rest = after;
        }
        rest = directive.parse_width(rest, dialect, operands, printed)?;
        if let Some(after) = rest.strip_prefix(b".") {
            allowed.retain(|conversion| *conversion != b'c');
            rest = directive.parse_precision(after, dialect, operands, printed)?;
        }
        let modifiers = rest.iter().take_while(|byte| b"hjlLtz".contains(byte)).count();
        rest = rest.get(modifiers..).unwrap_or_default();
        if dialect == Dialect::Bash && rest.first() == Some(&b'(') {
            rest = directive.parse_time_format(rest, printed);
            if directive.conversion == b'%' {
                return Ok((directive, rest));
            }
        }
        let conversion = rest.first().copied();
        let length = text.len() - rest.len();
        match (dialect, conversion) {
            (Dialect::Bash, None) => {
                Err([b"`", text.get(..length).unwrap_or_default(), b"': missing format character"].concat())
            }
            (Dialect::Bash, Some(conversion)) if !b"diouxXeEfFgGaAcsbqQnT".contains(&conversion) => {
                Err([b"`".as_slice(), &[conversion], b"': invalid format character"].concat())
            }
            (Dialect::Coreutils, conversion) if !conversion.is_some_and(|byte| allowed.contains(&byte)) => {
                let whole = text.get(..(length + 1).min(text.len())).unwrap_or_default();
                Err([whole, b": invalid conversion specification"].concat())
            }
            (_, conversion) => {
                directive.conversion = conversion.unwrap_or_default();
                Ok((directive, rest.get(1..).unwrap_or_default()))
            }
        }
    }

    fn parse_width<'a>(
        &mut self,
        text: &'a [u8],
        dialect: Dialect,
        operands: &mut Operands<'_>,
        printed: &mut Printed,
    ) -> Result<&'a [u8], Vec<u8>> {
        if let Some(after) = text.strip_prefix(b"*") {
            let width = operands.integer(printed);
            if dialect == Dialect::Coreutils && i32::try_from(width).is_err() {
                return Err(invalid(b"invalid field width: ", operands.previous()));
            }
            self.left |= width < 0;
            self.width = bounded(width.unsigned_abs())?;
            return Ok(after);
        }
        let (width, after) = decimal(text);
        if dialect == Dialect::Coreutils && width > i32::MAX as u64 {
            let digits = text.get(..text.len() - after.len()).unwrap_or_default();
            return Err(invalid(b"invalid field width: ", Some(digits)));
        }
        self.width = bounded(width)?;
        Ok(after)
    }

    fn parse_precision<'a>(
        &mut self,
        text: &'a [u8],
        dialect: Dialect,
        operands: &mut Operands<'_>,
        printed: &mut Printed,
    ) -> Result<&'a [u8], Vec<u8>> {
        if let Some(after) = text.strip_prefix(b"*") {
            let precision = operands.integer(printed);
            if dialect == Dialect::Coreutils && precision > i64::from(i32::MAX) {
                return Err(invalid(b"invalid precision: ", operands.previous()));
            }
            // "A negative precision is taken as if the precision were omitted."
            self.precision = u64::try_from(precision).ok().map(bounded).transpose()?;
            return Ok(after);
        }
        if dialect == Dialect::Bash
            && let Some(after) = text.strip_prefix(b"-")
        {
            // bash takes a negative number here, which means no precision.
            return Ok(decimal(after).1);
        }
        let (precision, after) = decimal(text);
        self.precision = Some(bounded(precision)?);
        Ok(after)
    }

    /// `(fmt)T`: what follows the `)`. An unterminated or otherwise ended one is a warning, and printed as it stands.
    fn parse_time_format<'a>(&mut self, text: &'a [u8], printed: &mut Printed) -> &'a [u8] {
        let mut depth = 0usize;
        let mut end = None;
        for (at, byte) in text.iter().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                end = Some(at);
                break;
            }
        }
        let after = end.map_or(&[][..], |at| text.get(at + 1..).unwrap_or_default());
        if end.is_some() && after.first() == Some(&b'T') {
            self.time_format = end.and_then(|at| text.get(1..at)).map(<[u8]>::to_vec);
            return after;
        }
        // bash names the character it stopped at, and goes on after the parenthesis as literal text.
        let found = after.first().copied().unwrap_or(0);
        printed.message([b"warning: `".as_slice(), &[found], b"': invalid time format specification"].concat());
        self.conversion = b'%';
        text
    }
}

fn invalid(what: &[u8], operand: Option<&[u8]>) -> Vec<u8> {
    [what, crate::text::quoting::quote(operand.unwrap_or_default()).as_slice()].concat()
}

fn bounded(value: u64) -> Result<usize, Vec<u8>> {
    usize::try_from(value)
        .ok()
        .filter(|value| *value <= MOST_WIDTH)
        .ok_or_else(|| crate::errno::Errno::ENOMEM.message().into())
}

fn decimal(text: &[u8]) -> (u64, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(count);
    let value =
        digits.iter().fold(0u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    (value, rest)
}
