//! `${x:-word}`, `${x:=word}`, `${x:?word}`, `${x:+word}`. POSIX 2.6.2.

use bytes::Bytes;
use shell_parser::ast::WordId;

use super::super::field::{Fields, Mode};
use super::super::word::{Expander, Quoting};
use super::super::{ExpansionError, Stop, World};
use super::reference::Reference;
use super::value::Values;
use crate::shell::variable::Scalar;
use crate::shell::variable::assign::{self, Assigned, AssignedValue};

/// Whether the word of the operator stands for the parameter.
fn is_missing(values: &Values, colon: bool) -> bool {
    !values.is_set() || (colon && values.is_null())
}

impl<W: World> Expander<'_, W> {
    /// Expands the word of an operator in the quoting of the expansion.
    pub(super) fn operand(&mut self, word: WordId, quoting: Quoting, out: &mut Fields) -> Result<(), Stop> {
        let parts = self.unit.word(word).parts;
        let inner = match quoting {
            Quoting::None if !out.is_single() => Quoting::Operand,
            other => other,
        };
        self.parts(parts, inner, out)
    }

    /// Expands the word of an operator to one string.
    fn operand_text(&mut self, word: WordId, quoting: Quoting) -> Result<Bytes, Stop> {
        let mut text = Fields::new(Mode::Text);
        let inner = if quoting == Quoting::Double { Quoting::Double } else { Quoting::None };
        self.parts(self.unit.word(word).parts, inner, &mut text)?;
        Ok(text.into_text())
    }

    /// Expands to the parameter's own value unless the operator's word stands for it; whether it has.
    pub(super) fn own_value(
        &mut self,
        reference: &Reference,
        colon: bool,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<bool, Stop> {
        let values = self.values(reference)?;
        let there = !is_missing(&values, colon);
        if there {
            self.emit(&values, quoting, out)?;
        }
        Ok(there)
    }

    pub(super) fn use_alternate(
        &mut self,
        reference: &Reference,
        colon: bool,
        word: WordId,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let values = self.values(reference)?;
        if !is_missing(&values, colon) {
            return self.operand(word, quoting, out);
        }
        if let Values::Many { items, star: false } = values {
            out.empty_list |= items.is_empty();
        }
        Ok(())
    }

    /// The error of a parameter that is missing.
    pub(super) fn missing(
        &mut self,
        reference: &Reference,
        colon: bool,
        word: WordId,
        quoting: Quoting,
    ) -> Result<Stop, Stop> {
        let text = if self.unit.word(word).parts.is_empty() {
            Bytes::from_static(if colon { b"parameter null or not set" } else { b"parameter not set" })
        } else {
            self.operand_text(word, quoting)?
        };
        let shown = match reference {
            Reference::Positional(n) => n.to_string().into_bytes(),
            Reference::Special(byte) => vec![*byte],
            Reference::Positionals { star } => if *star { b"*" } else { b"@" }.to_vec(),
            other => other.shown(),
        };
        Ok(ExpansionError::shell([shown.as_slice(), b": ", &text].concat()).into())
    }

    /// Assigns the word to a parameter that is missing, and expands to that.
    pub(super) fn assign_default(
        &mut self,
        reference: &Reference,
        word: WordId,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let (name, subscript) = match reference {
            Reference::Variable(name) => (name.clone(), None),
            Reference::Element(name, key) => (name.clone(), Some(key.clone())),
            Reference::Elements { .. } => {
                return Err(
                    ExpansionError::line([reference.shown().as_slice(), b": bad array subscript"].concat()).into()
                );
            }
            other => {
                let message = [other.shown().as_slice(), b": cannot assign in this way"].concat();
                return Err(ExpansionError::line(message).into());
            }
        };
        let value = AssignedValue::Scalar(Scalar::Text(self.operand_text(word, quoting)?));
        assign::perform(self.world, Assigned { name, subscript, append: false, value })?;
        let values = self.values(reference)?;
        self.emit(&values, quoting, out)?;
        Ok(())
    }
}
