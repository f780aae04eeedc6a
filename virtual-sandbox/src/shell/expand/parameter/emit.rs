//! Handing values to the fields: quoting, joining, splitting.

use bytes::Bytes;
use shell_parser::ast::{Parameter, ParameterExpansion, Subscript};

use super::super::field::Fields;
use super::super::split::Ifs;
use super::super::word::{Expander, Quoting};
use super::super::{ExpansionError, Severity, ShellOption, Stop, World};
use super::reference::Reference;
use super::value::Values;
use crate::shell::variable::Value;

impl<W: World> Expander<'_, W> {
    /// Adds values to the fields. bash manual "Special Parameters", `@` and `*`.
    pub(super) fn emit(&mut self, values: &Values, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        match values {
            Values::Unset => Ok(()),
            Values::One(value) => {
                let mut digits = itoa::Buffer::new();
                self.result(value.bytes(&mut digits), quoting, out)
            }
            Values::Many { items, star } => self.emit_list(items, *star, quoting, out),
        }
    }

    fn emit_list(&mut self, items: &[Bytes], star: bool, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        let quoted = quoting == Quoting::Double;
        if out.is_single() || (quoted && star) {
            let ifs = Ifs::of(self.world);
            // Where nothing is split, `@` joins with a space.
            let joiner = if star { ifs.joiner() } else { b" " };
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    if quoted { out.quoted(joiner) } else { out.unquoted(joiner) }
                }
                if quoted {
                    out.quoted(item)
                } else {
                    out.unquoted(item)
                }
                self.weigh(out)?;
            }
            return Ok(());
        }
        if quoted {
            out.empty_list |= items.is_empty();
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.break_field();
                }
                out.quoted(item);
                self.weigh(out)?;
            }
            return Ok(());
        }
        let ifs = Ifs::of(self.world);
        // A joiner that is no white space keeps elements that are empty, as if the joined text were split.
        let kept = match ifs.joiner() {
            [] | [b' ' | b'\t' | b'\n'] => None,
            joiner => Some(joiner),
        };
        for (at, item) in items.iter().enumerate() {
            match kept {
                Some(joiner) if at > 0 => out.split(joiner, &ifs),
                None if at > 0 => out.break_field(),
                _ => {}
            }
            self.split(item, &ifs, out)?;
            self.weigh(out)?;
        }
        Ok(())
    }

    /// `${!prefix*}` and `${!prefix@}`.
    pub(super) fn names(
        &mut self,
        expansion: &ParameterExpansion,
        star: bool,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let Parameter::Variable(prefix) = &expansion.parameter else { return Ok(()) };
        let items = self.world.variables().names_with_prefix(prefix);
        self.emit(&Values::Many { items, star }, quoting, out)
    }

    /// `${!a[@]}` and `${!a[*]}`.
    pub(super) fn keys(
        &mut self,
        expansion: &ParameterExpansion,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let Parameter::Variable(name) = &expansion.parameter else { return Ok(()) };
        let items = self.key_texts(name);
        let star = matches!(expansion.subscript, Some(Subscript::Star));
        self.emit(&Values::Many { items, star }, quoting, out)
    }

    /// `${#x}`: characters of a string, number of elements.
    pub(super) fn length(&mut self, reference: &Reference) -> Result<i64, Stop> {
        if let Reference::Variable(name) = reference
            && let Some(Value::Scalar(value)) = self.world.variables().value(name)
        {
            return Ok(characters(value.bytes(&mut itoa::Buffer::new())));
        }
        Ok(match reference {
            Reference::Positionals { .. } => self.world.positional().len() as i64,
            Reference::Elements { name, .. } => {
                let unset = self.world.variables().value(name).is_none();
                if unset && self.world.option(ShellOption::NoUnset) {
                    let message = [&name[..], b": unbound variable"].concat();
                    let error = ExpansionError { message, severity: Severity::Fatal, arithmetic: false };
                    return Err(error.into());
                }
                self.elements(name).len() as i64
            }
            other => match self.set_values(other)? {
                Values::One(value) => characters(value.bytes(&mut itoa::Buffer::new())),
                _ => 0,
            },
        })
    }
}

/// Number of characters.
fn characters(text: &[u8]) -> i64 {
    if text.is_ascii() {
        return text.len() as i64;
    }
    let mut count = 0;
    super::super::case::each_char(text, |_, _| count += 1);
    count
}
