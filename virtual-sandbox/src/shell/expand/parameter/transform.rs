//! `${x^p}`, `${x,p}`, `${x@Q}`. bash manual "Shell Parameter Expansion".

use bytes::Bytes;
use shell_parser::ast::{CaseChange, WordId};

use super::super::case::{each_char, lower, lower_all, upper, upper_all};
use super::super::field::Fields;
use super::super::word::{Expander, Quoting};
use super::super::{ShellOption, Stop, World, expand_pattern, quote};
use super::reference::Reference;
use super::value::Values;
use crate::shell::pattern::{Pattern, PatternOptions};
use crate::shell::variable::{Attributes, Scalar, Value};

impl<W: World> Expander<'_, W> {
    pub(super) fn change_case(
        &mut self,
        reference: &Reference,
        change: CaseChange,
        all: bool,
        pattern: Option<WordId>,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let values = self.set_values(reference)?;
        let text = match pattern {
            Some(word) => expand_pattern(self.unit, word, self.world)?,
            None => Bytes::new(),
        };
        let flags = PatternOptions { extglob: self.world.option(ShellOption::ExtGlob), ..PatternOptions::default() };
        let pattern = (!text.is_empty()).then(|| Pattern::new(&text, flags));
        let values = values.map(|value| change_characters(&value, change, all, pattern.as_ref()));
        self.emit(&values, quoting, out)?;
        Ok(())
    }

    pub(super) fn transform(
        &mut self,
        reference: &Reference,
        operator: u8,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        match operator {
            b'A' => return self.assignment_form(reference, quoting, out),
            b'a' => return self.attribute_letters(reference, quoting, out),
            b'K' | b'k' => return self.pairs(reference, operator, quoting, out),
            _ => {}
        }
        let values = self.set_values(reference)?;
        let mut failed = None;
        let values = values.map(|value| match operator {
            b'Q' => quoted(&value),
            b'E' => decode_escapes(&value).into(),
            b'U' => upper_all(&value).into(),
            b'u' => change_characters(&value, CaseChange::Upper, false, None),
            b'L' => lower_all(&value).into(),
            b'P' => self.world.expand_prompt(&value).unwrap_or_else(|stop| {
                failed = Some(stop);
                Bytes::new()
            }),
            _ => value,
        });
        match failed {
            Some(stop) => Err(stop),
            None => {
                self.emit(&values, quoting, out)?;
                Ok(())
            }
        }
    }

    /// `${x@A}`: a command that makes the variable again.
    fn assignment_form(&mut self, reference: &Reference, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        let Some(name) = reference.name().cloned() else {
            if let Reference::Positionals { star } = reference {
                let mut items = vec![Bytes::from_static(b"set"), Bytes::from_static(b"--")];
                items.extend(self.world.positional().iter().map(|item| quoted(item)));
                self.emit(&Values::Many { items, star: *star }, quoting, out)?;
            }
            return Ok(());
        };
        let attributes = self.attributes_of(&name);
        let whole = self.whole(&name);
        let mut text = Vec::new();
        match (reference, &whole) {
            (Reference::Elements { star, .. }, Some(value @ (Value::Array(_) | Value::Assoc(_)))) => {
                // The command's words are fields: `declare`, the attributes, the assignment.
                crate::shell::variable::print_declaration(&name, value, attributes, &mut text);
                let items = text.splitn(3, |byte| *byte == b' ').map(Bytes::copy_from_slice).collect();
                self.emit(&Values::Many { items, star: *star }, quoting, out)?;
                return Ok(());
            }
            _ => {
                let letters = attributes.letters();
                let value = match self.values(reference)? {
                    Values::One(value) => Some(value),
                    _ => None,
                };
                if value.is_none() && letters.is_empty() {
                    // `"${a[@]@A}"` of nothing makes no field.
                    out.empty_list |= matches!(reference, Reference::Elements { star: false, .. });
                    return Ok(());
                }
                if !letters.is_empty() {
                    text.extend_from_slice(b"declare -");
                    text.extend_from_slice(&letters);
                    text.push(b' ');
                }
                text.extend_from_slice(&name);
                if let Some(value) = value {
                    text.push(b'=');
                    quote::reusable(&value.to_bytes(), &mut text);
                }
            }
        }
        self.result(&text, quoting, out)?;
        Ok(())
    }

    fn attributes_of(&self, name: &[u8]) -> Attributes {
        self.world.variables().get(name).map_or(Attributes::NONE, crate::shell::variable::Variable::attributes)
    }

    /// `${x@a}`
    fn attribute_letters(&mut self, reference: &Reference, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        let Some(name) = reference.name().cloned() else {
            if let Values::Many { items, star } = self.values(reference)? {
                self.emit(&Values::Many { items: vec![Bytes::new(); items.len()], star }, quoting, out)?;
            }
            return Ok(());
        };
        let letters = Bytes::from(self.attributes_of(&name).letters());
        let values = match self.values(reference)? {
            Values::Many { items, star } => Values::Many { items: vec![letters; items.len()], star },
            _ if letters.is_empty() => return Ok(()),
            _ => Values::One(Scalar::Text(letters)),
        };
        self.emit(&values, quoting, out)?;
        Ok(())
    }

    /// `${a[@]@K}` (one string) and `${a[@]@k}` (keys and values as fields).
    fn pairs(&mut self, reference: &Reference, operator: u8, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        let values = self.set_values(reference)?;
        let (Reference::Elements { name, star }, Values::Many { items, .. }) = (reference, &values) else {
            let values = values.map(|value| quoted(&value));
            self.emit(&values, quoting, out)?;
            return Ok(());
        };
        if items.is_empty() {
            self.emit(&values, quoting, out)?;
            return Ok(());
        }
        let keys = self.key_texts(name);
        let assoc = matches!(self.whole(name), Some(Value::Assoc(_)));
        if operator == b'k' {
            let items = keys.into_iter().zip(items.iter().cloned()).flat_map(|(key, value)| [key, value]).collect();
            self.emit(&Values::Many { items, star: *star }, quoting, out)?;
            return Ok(());
        }
        let mut text = Vec::new();
        for (at, (key, value)) in keys.iter().zip(items).enumerate() {
            if at > 0 && !assoc {
                text.push(b' ');
            }
            text.extend_from_slice(&if assoc { quote::key(key) } else { key.to_vec() });
            text.push(b' ');
            quote::double_quoted(value, &mut text);
            if assoc {
                text.push(b' ');
            }
        }
        self.result(&text, quoting, out)?;
        Ok(())
    }
}

fn quoted(value: &[u8]) -> Bytes {
    let mut text = Vec::with_capacity(value.len() + 2);
    quote::reusable(value, &mut text);
    text.into()
}

/// Changes the case of the first or of all characters that match the pattern.
fn change_characters(value: &[u8], change: CaseChange, all: bool, pattern: Option<&Pattern<'_>>) -> Bytes {
    if all && pattern.is_none() {
        match change {
            CaseChange::Upper => return upper_all(value).into(),
            CaseChange::Lower => return lower_all(value).into(),
            CaseChange::Toggle => {}
        }
    }
    let mut out = Vec::with_capacity(value.len());
    let mut first = true;
    each_char(value, |bytes, ch| {
        let applies = (all || first) && pattern.is_none_or(|pattern| pattern.matches(bytes));
        first = false;
        match ch {
            Some(ch) if applies => {
                let changed = match change {
                    CaseChange::Upper => upper(ch),
                    CaseChange::Lower => lower(ch),
                    CaseChange::Toggle if ch.is_uppercase() => lower(ch),
                    CaseChange::Toggle => upper(ch),
                };
                out.extend_from_slice(changed.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => out.extend_from_slice(bytes),
        }
    });
    out.into()
}

/// Backslash escapes as in `$'...'`: `${x@E}`. bash manual "ANSI-C Quoting".
fn decode_escapes(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        let (b'\\', Some((escape, after))) = (*byte, rest.split_first()) else {
            out.push(*byte);
            continue;
        };
        rest = after;
        match escape {
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'e' | b'E' => out.push(27),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'\\' | b'\'' | b'"' | b'?' => out.push(*escape),
            b'0'..=b'7' => {
                let (code, length) = number(value_from(after, escape), 3, 8);
                rest = after.get(length - 1..).unwrap_or(&[]);
                out.push(code as u8);
            }
            b'x' => match number(after, 2, 16) {
                (_, 0) => out.extend_from_slice(b"\\x"),
                (code, length) => {
                    rest = after.get(length..).unwrap_or(&[]);
                    out.push(code as u8);
                }
            },
            b'u' | b'U' => match number(after, if *escape == b'u' { 4 } else { 8 }, 16) {
                (_, 0) => out.extend_from_slice(&[b'\\', *escape]),
                (code, length) => {
                    rest = after.get(length..).unwrap_or(&[]);
                    let ch = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                    out.extend_from_slice(ch.encode_utf8(&mut [0; 4]).as_bytes());
                }
            },
            b'c' => {
                if let Some((control, after)) = after.split_first() {
                    rest = after;
                    out.push(control & 0x1f);
                }
            }
            other => out.extend_from_slice(&[b'\\', *other]),
        }
    }
    out
}

/// The digits of an octal escape: the one already read, and those after it.
fn value_from<'a>(after: &'a [u8], first: &'a u8) -> impl Iterator<Item = &'a u8> + Clone {
    std::iter::once(first).chain(after)
}

/// A number of at most `most` digits, with how many there are.
fn number<'a>(digits: impl IntoIterator<Item = &'a u8>, most: usize, radix: u32) -> (u32, usize) {
    digits
        .into_iter()
        .take(most)
        .map_while(|digit| char::from(*digit).to_digit(radix))
        .fold((0, 0), |(value, length), digit| (value.wrapping_mul(radix).wrapping_add(digit), length + 1))
}
