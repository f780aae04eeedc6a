//! `${x:offset:length}`. bash manual "Shell Parameter Expansion".

use bytes::Bytes;
use shell_parser::ast::ArithText;

use super::super::case::each_char;
use super::super::field::Fields;
use super::super::word::{Expander, Quoting};
use super::super::{ExpansionError, Severity, Stop, World, expand_text};
use super::reference::Reference;
use super::value::Values;
use crate::shell::arith;
use crate::shell::variable::assign::Key;
use crate::shell::variable::{Scalar, Value};

impl<W: World> Expander<'_, W> {
    pub(super) fn substring(
        &mut self,
        reference: &Reference,
        offset: &ArithText,
        length: Option<&ArithText>,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let values = self.set_values(reference)?;
        if let Values::Unset = values {
            return Ok(());
        }
        let named = |stop: Stop| shown_with_parameter(stop, reference);
        let from = arith::evaluate(self.unit, offset, self.world).map_err(named)?;
        let count = match length {
            Some(length) => Some(arith::evaluate(self.unit, length, self.world).map_err(named)?),
            None => None,
        };
        let values = match values {
            Values::Unset => return Ok(()),
            Values::One(value) => {
                let text = value.to_bytes();
                match characters(&text, from, count) {
                    Some((start, end)) => Values::One(Scalar::Text(text.slice(start..end))),
                    None => return Err(self.negative(length)),
                }
            }
            Values::Many { items, star } => {
                if let (Some(..0), Some(_), false) = (count, length, items.is_empty()) {
                    return Err(self.negative(length));
                }
                Values::Many { items: self.sublist(reference, items, from, count), star }
            }
        };
        self.emit(&values, quoting, out)?;
        Ok(())
    }

    fn negative(&mut self, length: Option<&ArithText>) -> Stop {
        let text = match length.map(|length| expand_text(self.unit, length.word, self.world)) {
            Some(Ok(text)) => text,
            _ => Bytes::new(),
        };
        ExpansionError::line([text.as_ref(), b": substring expression < 0"].concat()).into()
    }

    /// Elements of a list from an offset: a position for `@` (`$0` stands at 0), an index for an indexed array.
    fn sublist(&mut self, reference: &Reference, items: Vec<Bytes>, from: i64, count: Option<i64>) -> Vec<Bytes> {
        let take = count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or(0));
        match reference {
            Reference::Positionals { .. } => {
                let from = if from < 0 { (items.len() as i64 + 1).saturating_add(from) } else { from };
                if from < 0 {
                    return Vec::new();
                }
                let zero = self.world.zero();
                std::iter::once(zero)
                    .chain(items)
                    .skip(usize::try_from(from).unwrap_or(usize::MAX))
                    .take(take)
                    .collect()
            }
            Reference::Elements { name, .. } => match self.whole(name) {
                Some(Value::Array(array)) => {
                    let from = if from < 0 { array.end().saturating_add(from) } else { from };
                    if from < 0 {
                        return Vec::new();
                    }
                    array
                        .iter()
                        .filter(|(index, _)| *index >= from)
                        .map(|(_, value)| value.to_bytes())
                        .take(take)
                        .collect()
                }
                _ => {
                    // The elements of an associative array count from 1 here.
                    let from = if from < 0 { (items.len() as i64).saturating_add(from) } else { from.max(1) - 1 };
                    if from < 0 {
                        return Vec::new();
                    }
                    items.into_iter().skip(usize::try_from(from).unwrap_or(usize::MAX)).take(take).collect()
                }
            },
            _ => items,
        }
    }
}

/// The bytes of a range of characters; `None` when it ends before it begins.
fn characters(text: &[u8], from: i64, count: Option<i64>) -> Option<(usize, usize)> {
    let ascii = text.is_ascii();
    let mut starts = Vec::new();
    if !ascii {
        let mut at = 0;
        each_char(text, |bytes, _| {
            starts.push(at);
            at += bytes.len();
        });
    }
    let total = if ascii { text.len() } else { starts.len() } as i64;
    let start = if from < 0 { total.saturating_add(from) } else { from };
    if !(0..=total).contains(&start) {
        return Some((0, 0));
    }
    let end = match count {
        None => total,
        Some(count) if count < 0 => {
            let end = total.saturating_add(count);
            if end < start {
                return None;
            }
            end
        }
        Some(count) => start.saturating_add(count).min(total),
    };
    let byte = |at: i64| {
        let at = usize::try_from(at).unwrap_or(0);
        if ascii { at } else { starts.get(at).copied().unwrap_or(text.len()) }
    };
    Some((byte(start), byte(end)))
}

/// An error in an offset or a length is shown with the parameter before it: `x: 1/0: division by 0 ...`.
fn shown_with_parameter(mut stop: Stop, reference: &Reference) -> Stop {
    if let Stop::Error(error) = &mut stop
        && error.arithmetic
        && error.severity == Severity::Line
    {
        error.message = [&shown(reference)[..], b": ", &error.message].concat();
    }
    stop
}

/// A parameter as messages name it.
fn shown(reference: &Reference) -> Vec<u8> {
    let sign = |star: bool| if star { b"*" } else { b"@" };
    match reference {
        Reference::Variable(name) => name.to_vec(),
        Reference::Element(name, Key::Index(index)) => [&name[..], format!("[{index}]").as_bytes()].concat(),
        Reference::Element(name, Key::Text(key)) => [&name[..], b"[", key, b"]"].concat(),
        Reference::Elements { name, star } => [&name[..], b"[", sign(*star), b"]"].concat(),
        Reference::Positional(number) => number.to_string().into_bytes(),
        Reference::Positionals { star } => sign(*star).to_vec(),
        Reference::Special(byte) => vec![*byte],
    }
}
