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

use super::field::Fields;
use super::word::{Expander, Quoting};
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
        match &expansion.operator {
            ParameterOperator::Bad(text) => {
                let message = [b"${".as_slice(), text, b"}: bad substitution"].concat();
                return Err(ExpansionError::line(message).into());
            }
            ParameterOperator::Names { star } => return self.names(expansion, *star, quoting, out),
            ParameterOperator::Keys => return self.keys(expansion, quoting, out),
            _ => {}
        }
        let Some(reference) = self.reference(expansion)? else {
            return Ok(());
        };
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
                self.emit(&values, quoting, out);
            }
            ParameterOperator::Length => {
                let length = self.length(reference)?;
                self.result(itoa::Buffer::new().format(length).as_bytes(), quoting, out);
            }
            ParameterOperator::UseDefault { colon, word } => {
                self.use_default(reference, *colon, *word, quoting, out)?
            }
            ParameterOperator::AssignDefault { colon, word } => {
                self.assign_default(reference, *colon, *word, quoting, out)?;
            }
            ParameterOperator::ErrorIfUnset { colon, word } => {
                self.error_if_unset(reference, *colon, *word, quoting, out)?;
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
            ParameterOperator::Names { .. } | ParameterOperator::Keys | ParameterOperator::Bad(_) => {}
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
