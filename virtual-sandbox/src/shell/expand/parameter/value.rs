//! Values of parameters.

use bytes::Bytes;

use super::super::assignment::is_assoc;
use super::super::word::Expander;
use super::super::{ShellOption, Stop, World};
use super::reference::Reference;
use super::special::special_parameter;
use crate::shell::variable::assign::{self, Key};
use crate::shell::variable::{Scalar, Value, special};

/// What a parameter expands to before splitting.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// Not set.
    Unset,
    /// One string.
    One(Scalar),
    /// `@` or `*`: many.
    Many {
        /// The strings.
        items: Vec<Bytes>,
        /// `*`: joined by the first character of `IFS` when quoted.
        star: bool,
    },
}

impl Values {
    /// Applies a change to every string.
    pub(super) fn map(self, mut change: impl FnMut(Bytes) -> Bytes) -> Self {
        match self {
            Self::Unset => Self::Unset,
            Self::One(value) => Self::One(Scalar::Text(change(value.to_bytes()))),
            Self::Many { items, star } => Self::Many { items: items.into_iter().map(change).collect(), star },
        }
    }

    /// Applies a change that may fail to every string.
    pub(super) fn try_map<E>(self, mut change: impl FnMut(Bytes) -> Result<Bytes, E>) -> Result<Self, E> {
        Ok(match self {
            Self::Unset => Self::Unset,
            Self::One(value) => Self::One(Scalar::Text(change(value.to_bytes())?)),
            Self::Many { items, star } => {
                Self::Many { items: items.into_iter().map(change).collect::<Result<_, E>>()?, star }
            }
        })
    }

    /// Whether `${x+word}` counts it as set.
    pub(super) fn is_set(&self) -> bool {
        match self {
            Self::Unset => false,
            Self::One(_) => true,
            Self::Many { items, .. } => !items.is_empty(),
        }
    }

    /// Whether `${x:+word}` counts it as null.
    pub(super) fn is_null(&self) -> bool {
        match self {
            Self::Unset => true,
            Self::One(value) => value.is_empty(),
            Self::Many { items, .. } => match items.as_slice() {
                [] => true,
                [only] => only.is_empty(),
                _ => false,
            },
        }
    }
}

impl<W: World> Expander<'_, W> {
    /// The present value of a parameter.
    pub(super) fn values(&mut self, reference: &Reference) -> Result<Values, Stop> {
        Ok(match reference {
            Reference::Variable(name) => self.variable(name),
            Reference::Element(name, Key::Text(target)) if name.as_ref() == b"!" => {
                Values::One(Scalar::Text(target.clone()))
            }
            Reference::Element(name, key) => self.element(name, key)?,
            Reference::Elements { name, star } => {
                let items = self.elements(name);
                Values::Many { items, star: *star }
            }
            Reference::Positional(0) => Values::One(Scalar::Text(self.world.zero())),
            Reference::Positional(n) => match self.world.positional().get(*n as usize - 1) {
                Some(value) => Values::One(Scalar::Text(value.clone())),
                None => Values::Unset,
            },
            Reference::Positionals { star } => Values::Many { items: self.world.positional().to_vec(), star: *star },
            Reference::Special(byte) => special_parameter(*byte, self.world).map_or(Values::Unset, Values::One),
        })
    }

    fn variable(&mut self, name: &[u8]) -> Values {
        let found = match self.world.variables().value(name) {
            Some(Value::Special(which)) => {
                let which = *which;
                special::value(which, self.world).scalar().cloned()
            }
            Some(value) => value.scalar().cloned(),
            None => None,
        };
        found.map_or(Values::Unset, Values::One)
    }

    /// The value of a variable with a computed one already computed.
    pub(super) fn whole(&mut self, name: &[u8]) -> Option<Value> {
        match self.world.variables().resolved(name).map(|variable| variable.value().clone()) {
            Some(Value::Special(which)) => Some(special::value(which, self.world)),
            other => other,
        }
    }

    fn element(&mut self, name: &Bytes, key: &Key) -> Result<Values, Stop> {
        // The common cases without a copy of the array.
        if let (Some(Value::Array(array)), Key::Index(index)) = (self.world.variables().value(name), key) {
            return Ok(array.get(*index).cloned().map_or(Values::Unset, Values::One));
        }
        let value = self.whole(name);
        if let Some(Value::Assoc(map)) = &value {
            let key = match key {
                Key::Text(text) => text.clone(),
                Key::Index(index) => Scalar::Int(*index).to_bytes(),
            };
            if key.is_empty() && !self.world.option(ShellOption::NoUnset) {
                self.world.complain(&[name, b": bad array subscript".as_slice()].concat());
            }
            return Ok(map.get(&key).cloned().map_or(Values::Unset, Values::One));
        }
        // Declared associative, and nothing in it yet.
        if is_assoc(self.world, name) {
            return Ok(Values::Unset);
        }
        let index = self.checked_index(name, key)?;
        Ok(match (value, index) {
            (Some(Value::Array(array)), Some(index)) => array.get(index).cloned().map_or(Values::Unset, Values::One),
            (Some(Value::Scalar(value)), Some(0)) => Values::One(value),
            _ => Values::Unset,
        })
    }

    /// The index of an element; a negative one before the beginning is reported and gives nothing.
    fn checked_index(&mut self, name: &Bytes, key: &Key) -> Result<Option<i64>, Stop> {
        let Key::Text(text) = key else {
            return assign::index(self.world, name, key).map(Some);
        };
        let index = crate::shell::arith::evaluate_text(text, self.world).map_err(Stop::in_variable)?;
        if index >= 0 {
            return Ok(Some(index));
        }
        let end = match self.whole(name) {
            Some(Value::Array(array)) => array.end(),
            Some(Value::Scalar(_)) => 1,
            _ => return Ok(None),
        };
        let counted = end.wrapping_add(index);
        if counted < 0 {
            self.world.complain(&[name, b": bad array subscript".as_slice()].concat());
            return Ok(None);
        }
        Ok(Some(counted))
    }

    /// All elements of an array; a string is its only element.
    pub(super) fn elements(&mut self, name: &[u8]) -> Vec<Bytes> {
        match self.whole(name) {
            Some(Value::Array(array)) => array.iter().map(|(_, value)| value.to_bytes()).collect(),
            Some(Value::Assoc(map)) => map.iter().map(|(_, value)| value.to_bytes()).collect(),
            Some(Value::Scalar(value)) => vec![value.to_bytes()],
            Some(Value::Unset | Value::Special(_)) | None => Vec::new(),
        }
    }

    /// The keys of an array as text.
    pub(super) fn key_texts(&mut self, name: &[u8]) -> Vec<Bytes> {
        match self.whole(name) {
            Some(Value::Array(array)) => array.iter().map(|(index, _)| Scalar::Int(index).to_bytes()).collect(),
            Some(Value::Assoc(map)) => map.iter().map(|(key, _)| key.clone()).collect(),
            Some(Value::Scalar(_)) => vec![Bytes::from_static(b"0")],
            Some(Value::Unset | Value::Special(_)) | None => Vec::new(),
        }
    }
}
