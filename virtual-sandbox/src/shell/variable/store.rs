//! The store of variables.

use std::sync::Arc;

use bytes::Bytes;

use super::random::Random;
use super::scope::{Scopes, Shadow};
use super::table::Table;
use super::{Attributes, Scalar, Value, VariableError};

/// Bytes charged for a variable besides its name and value.
pub(super) const VARIABLE: usize = 160;

/// A variable: value, attributes, and its place among the scopes.
#[derive(Debug, Clone)]
pub struct Variable {
    pub(super) value: Value,
    pub(super) attributes: Attributes,
    /// Level of the scope that declares it; 0 is global.
    pub(super) scope: u32,
    /// The variable of the same name that this one hides.
    pub(super) shadowed: Shadow,
}

impl Variable {
    /// A global variable.
    pub fn new(value: Value, attributes: Attributes) -> Self {
        Self { value, attributes, scope: 0, shadowed: Shadow::default() }
    }

    /// The value.
    #[inline]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The attributes.
    #[inline]
    pub fn attributes(&self) -> Attributes {
        self.attributes
    }

    /// Whether assigning a string only stores it: no attribute and no special meaning interferes.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        !self.attributes.any(Attributes::SPECIAL_ASSIGNMENT.with(Attributes::EXPORTED))
            && matches!(self.value, Value::Unset | Value::Scalar(_))
            && !self.attributes.any(Attributes::ARRAY.with(Attributes::ASSOC))
    }
}

/// Whether the text is a valid name: letters, digits and underscores, not beginning with a digit. POSIX 3.216 Name.
pub fn is_name(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'a'..=b'z' | b'A'..=b'Z' | b'_'))
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// All variables of a shell. A clone is O(1) and shares everything.
#[derive(Debug, Clone, Default)]
pub struct Variables {
    pub(super) map: Table<Variable>,
    pub(super) scopes: Scopes,
    /// The environment as commands get it, until something exported changes.
    pub(super) environment: Option<Arc<[Bytes]>>,
    pub(super) held: usize,
    /// Whether `IFS` is something else than unset or space, tab and newline. Looked at for every word; every change of
    /// a variable goes through this file, which sees to it.
    ifs_differs: bool,
    /// The generator behind `RANDOM`.
    pub random: Random,
    /// Seconds to add to the shell's age for `SECONDS`.
    pub seconds_offset: i64,
}

impl Variables {
    /// The variable with this name, namerefs not followed.
    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<&Variable> {
        self.map.get(name)
    }

    /// The value of a variable, namerefs not followed.
    #[inline]
    pub fn value(&self, name: &[u8]) -> Option<&Value> {
        self.map.get(name).map(|variable| &variable.value)
    }

    /// The string value of an ordinary variable, namerefs followed to plain names. `None` for special variables, whose
    /// values only the shell knows.
    pub fn scalar(&self, name: &[u8]) -> Option<&Scalar> {
        let variable = self.get(name)?;
        if variable.attributes.has(Attributes::NAMEREF) {
            return self.resolved(name).and_then(|variable| variable.value.scalar());
        }
        variable.value.scalar()
    }

    /// Whether fields are split at spaces, tabs and newlines: `IFS` is unset or has its first value.
    #[inline]
    pub fn splits_by_default(&self) -> bool {
        !self.ifs_differs
    }

    /// Notes a change of the variable `name` that [`Variables::splits_by_default`] depends on.
    #[inline]
    pub(super) fn changed(&mut self, name: &[u8]) {
        if name == b"IFS" {
            self.ifs_differs = self.get(name).is_some_and(|variable| match &variable.value {
                Value::Unset => false,
                Value::Scalar(value) => {
                    variable.attributes.has(Attributes::NAMEREF) || value.bytes(&mut itoa::Buffer::new()) != b" \t\n"
                }
                _ => true,
            });
        }
    }

    /// Stores a string when nothing but storing is to do (no attribute, array, nameref or special meaning) and gives
    /// it back otherwise. The way of nearly every assignment.
    #[inline]
    pub fn store_plain(&mut self, name: &[u8], value: Scalar) -> Result<(), Scalar> {
        match self.map.get_mut(name) {
            Some(variable) if variable.is_plain() => {
                self.held = (self.held + value.held()).saturating_sub(variable.value.held());
                variable.value = Value::Scalar(value);
                self.changed(name);
                Ok(())
            }
            Some(_) => Err(value),
            None => {
                self.insert(name, Variable::new(Value::Scalar(value), Attributes::NONE));
                Ok(())
            }
        }
    }

    /// Appends to a string in place under the same conditions; `false` when they do not hold.
    #[inline]
    pub fn append_plain(&mut self, name: &[u8], tail: &[u8]) -> bool {
        match self.map.get_mut(name) {
            Some(variable) if variable.is_plain() => {
                self.held += tail.len();
                match &mut variable.value {
                    Value::Scalar(scalar) => scalar.append(tail),
                    other => *other = Value::Scalar(Bytes::copy_from_slice(tail).into()),
                }
                self.changed(name);
                true
            }
            _ => false,
        }
    }

    /// Replaces the value of a variable whatever its attributes say, except that case attributes apply to strings.
    /// A new variable is global. No nameref is followed. For the shell itself; scripts go through
    /// [`assign`](super::assign).
    pub fn set_value(&mut self, name: &[u8], value: Value) {
        let attributes = self.get(name).map_or(Attributes::NONE, Variable::attributes);
        let kind = match &value {
            Value::Array(_) => Attributes::ARRAY,
            Value::Assoc(_) => Attributes::ASSOC,
            _ => Attributes::NONE,
        };
        let value = match value {
            Value::Scalar(scalar) if attributes.any(Attributes::CASE) => Value::Scalar(change_case(scalar, attributes)),
            other => other,
        };
        self.change(name, |variable| {
            variable.value = value;
            variable.attributes = variable.attributes.with(kind);
        });
    }

    /// Sets a global string for the shell itself, whatever the attributes.
    pub fn set(&mut self, name: &[u8], text: impl Into<Scalar>) {
        self.set_value(name, Value::Scalar(text.into()));
    }

    /// Changes a variable in place, keeping the account of memory and the environment right. A variable that is not
    /// there is made first, global and unset.
    pub fn change<T>(&mut self, name: &[u8], change: impl FnOnce(&mut Variable) -> T) -> T {
        match self.map.get_mut(name) {
            Some(variable) => {
                let exported = variable.attributes.has(Attributes::EXPORTED);
                let before = variable.value.held();
                let result = change(variable);
                self.held = (self.held + variable.value.held()).saturating_sub(before);
                if exported || variable.attributes.has(Attributes::EXPORTED) {
                    self.environment = None;
                }
                self.changed(name);
                result
            }
            None => {
                let mut variable = Variable::new(Value::Unset, Attributes::NONE);
                let result = change(&mut variable);
                self.insert(name, variable);
                result
            }
        }
    }

    pub(super) fn insert(&mut self, name: &[u8], variable: Variable) {
        self.held += VARIABLE + name.len() + variable.value.held();
        if variable.attributes.has(Attributes::EXPORTED) {
            self.environment = None;
        }
        self.map.insert(Bytes::copy_from_slice(name), variable);
        self.changed(name);
    }

    /// Takes a variable out of the store with everything it hides, which stays accounted for.
    pub(super) fn take(&mut self, name: &[u8]) -> Option<Variable> {
        let variable = self.map.remove(name)?;
        self.held = self.held.saturating_sub(VARIABLE + name.len() + variable.value.held());
        if variable.attributes.has(Attributes::EXPORTED) {
            self.environment = None;
        }
        self.changed(name);
        Some(variable)
    }

    /// Adds and removes attributes of a variable, which is made (global, unset) when it is not there.
    pub fn set_attributes(&mut self, name: &[u8], add: Attributes, remove: Attributes) {
        self.change(name, |variable| variable.attributes = variable.attributes.without(remove).with(add));
    }

    /// `x: readonly variable` when it is.
    pub fn check_writable(&self, name: &[u8]) -> Result<(), VariableError> {
        match self.get(name) {
            Some(variable) if variable.attributes.has(Attributes::READONLY) => {
                Err(VariableError::Readonly(name.to_vec()))
            }
            _ => Ok(()),
        }
    }

    /// Whether a name is known: declared, with or without a value.
    pub fn contains(&self, name: &[u8]) -> bool {
        self.map.contains(name)
    }

    /// All visible variables sorted by name (byte order, as bash sorts in the C locale).
    pub fn sorted(&self) -> Vec<(&Bytes, &Variable)> {
        let mut all: Vec<_> = self.map.iter().collect();
        all.sort_unstable_by(|a, b| a.0.cmp(b.0));
        all
    }

    /// Names of visible variables with a value that begin with `prefix`, sorted: `${!prefix@}`.
    pub fn names_with_prefix(&self, prefix: &[u8]) -> Vec<Bytes> {
        let mut names: Vec<Bytes> = self
            .map
            .iter()
            .filter(|(name, variable)| name.starts_with(prefix) && !matches!(variable.value, Value::Unset))
            .map(|(name, _)| name.clone())
            .collect();
        names.sort_unstable();
        names
    }

    /// Approximate bytes of memory held by all variables, hidden ones too, for the machine's account.
    pub fn held(&self) -> usize {
        self.held
    }
}

/// Applies the case attributes to a value.
pub(super) fn change_case(value: Scalar, attributes: Attributes) -> Scalar {
    let Scalar::Int(_) = value else {
        let text = value.to_bytes();
        let changed = if attributes.has(Attributes::LOWERCASE) {
            crate::shell::expand::case::lower_all(&text)
        } else if attributes.has(Attributes::UPPERCASE) {
            crate::shell::expand::case::upper_all(&text)
        } else if attributes.has(Attributes::CAPITALIZE) {
            crate::shell::expand::case::capitalize(&text)
        } else {
            return value;
        };
        return Scalar::Text(changed.into());
    };
    value
}
