//! Parameter expansion. POSIX 2.6.2; bash manual "Shell Parameter Expansion".

mod default;
mod emit;
mod reference;
mod remove;
mod special;
mod substring;
mod transform;
mod value;

use shell_parser::ast::{ParameterExpansion, ParameterOperator};

use super::field::{Field, Fields, Mode};
use super::split::Ifs;
use super::word::{Expander, Quoting, simple_value};
use super::{ExpansionError, ShellOption, Stop, World};
use reference::Reference;
use value::Values;

impl<W: World> Expander<'_, W> {
    /// Expands one parameter and adds the result.
    pub(super) fn parameter(
        &mut self,
        expansion: &ParameterExpansion,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        // An ordinary value that is not split goes from where it is to the text.
        if (quoting == Quoting::Double || out.is_single())
            && let Some(value) = simple_value(self.unit, expansion, self.world.variables(), self.world.positional())
        {
            let mut digits = itoa::Buffer::new();
            let text = value.bytes(&mut digits);
            if quoting == Quoting::Double {
                out.quoted(text)
            } else {
                out.unquoted(text)
            }
            return Ok(());
        }
        match &expansion.operator {
            ParameterOperator::Bad { message, transform: true, .. } => {
                return match self.reference(expansion)? {
                    Some(reference) if self.values(&reference)?.is_set() => {
                        let message = message.to_vec();
                        Err(ExpansionError::shell(message).into())
                    }
                    _ => Ok(()),
                };
            }
            ParameterOperator::Bad { message, .. } => return Err(ExpansionError::line(message.to_vec()).into()),
            ParameterOperator::Names { star } => return self.names(expansion, *star, quoting, out),
            ParameterOperator::Keys => return self.keys(expansion, quoting, out),
            _ => {}
        }
        let Some(mut reference) = self.reference(expansion)? else {
            return Ok(());
        };
        if out.is_here_document() && reference == (Reference::Positionals { star: true }) {
            // bash splits `$*` in a here-document, and joins what it gets, and the results of operators, with blanks.
            reference = Reference::Positionals { star: false };
            if let ParameterOperator::None = expansion.operator {
                let ifs = Ifs::of(self.world);
                let mut fields = Fields::new(Mode::Fields { glob: false, extglob: false });
                let joiner: &[u8] = if ifs == Ifs::Null { b" " } else { ifs.joiner() };
                let items = self.world.positional().join(joiner);
                fields.split(&items, &ifs);
                let fields: Vec<_> = fields.into_fields().into_iter().map(Field::into_bytes).collect();
                out.quoted(&fields.join(b" ".as_slice()));
                return Ok(());
            }
        }
        self.operate(&reference, &expansion.operator, quoting, out)
    }

    fn operate(
        &mut self,
        reference: &Reference,
        operator: &ParameterOperator,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        match operator {
            ParameterOperator::None => {
                let values = self.set_values(reference)?;
                self.emit(&values, quoting, out)?;
            }
            ParameterOperator::Length => {
                let length = self.length(reference)?;
                self.result(itoa::Buffer::new().format(length).as_bytes(), quoting, out)?;
            }
            ParameterOperator::UseDefault { colon, word } => {
                if !self.own_value(reference, *colon, quoting, out)? {
                    self.operand(*word, quoting, out)?;
                }
            }
            ParameterOperator::AssignDefault { colon, word } => {
                if !self.own_value(reference, *colon, quoting, out)? {
                    self.assign_default(reference, *word, quoting, out)?;
                }
            }
            ParameterOperator::ErrorIfUnset { colon, word } => {
                if !self.own_value(reference, *colon, quoting, out)? {
                    return Err(self.missing(reference, *colon, *word, quoting)?);
                }
            }
            ParameterOperator::UseAlternate { colon, word } => {
                self.use_alternate(reference, *colon, *word, quoting, out)?;
            }
            ParameterOperator::RemovePrefix { longest, pattern } => {
                self.remove_prefix(reference, *longest, *pattern, quoting, out)?;
            }
            ParameterOperator::RemoveSuffix { longest, pattern } => {
                self.remove_suffix(reference, *longest, *pattern, quoting, out)?;
            }
            ParameterOperator::Substitute { kind, pattern, replacement } => {
                self.substitute(reference, *kind, *pattern, *replacement, quoting, out)?;
            }
            ParameterOperator::Substring { offset, length } => {
                self.substring(reference, offset, length.as_ref(), quoting, out)?;
            }
            ParameterOperator::Case { change, all, pattern } => {
                self.change_case(reference, *change, *all, *pattern, quoting, out)?;
            }
            ParameterOperator::Transform(operator) => self.transform(reference, *operator, quoting, out)?,
            ParameterOperator::Names { .. } | ParameterOperator::Keys | ParameterOperator::Bad { .. } => {}
        }
        Ok(())
    }

    /// The values of a parameter; under `set -u` it must be set.
    fn set_values(&mut self, reference: &Reference) -> Result<Values, Stop> {
        let values = self.values(reference)?;
        if matches!(values, Values::Unset) && self.world.option(ShellOption::NoUnset) {
            return Err(self.unbound(reference));
        }
        Ok(values)
    }

    fn unbound(&mut self, reference: &Reference) -> Stop {
        ExpansionError::shell([reference.shown().as_slice(), b": unbound variable"].concat()).into()
    }
}
