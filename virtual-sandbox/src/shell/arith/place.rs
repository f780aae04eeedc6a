//! Variables in expressions: reading and assigning them.

use std::sync::Arc;

use bytes::Bytes;
use shell_parser::ast::{ArithExpr, ArithId};

use super::evaluate::Evaluation;
use super::{Expressions, Failure, evaluate_at_depth};
use crate::shell::expand::assignment::is_assoc;
use crate::shell::expand::{ExpansionError, ShellOption, Stop, World};
use crate::shell::variable::assign::{self, Assigned, AssignedValue, Key};
use crate::shell::variable::{Attributes, Scalar, Value, plain_decimal, special};

/// What an assignment operator assigns to, its subscript evaluated once.
pub(super) enum Place<'a> {
    /// `x`
    Variable(&'a Bytes),
    /// `x[key]`
    Element(&'a Bytes, Key),
}

impl<'a, E: Expressions, W: World> Evaluation<'a, E, W> {
    pub(super) fn place(&mut self, target: ArithId) -> Result<Place<'a>, Failure> {
        match self.expressions.expr(target) {
            ArithExpr::Variable { name, .. } => Ok(Place::Variable(name)),
            ArithExpr::Element { name, subscript, .. } => {
                let key = self.key(name, subscript)?;
                Ok(Place::Element(name, key))
            }
            _ => Err(Failure::At { message: "attempted assignment to non-variable", at: 0 }),
        }
    }

    pub(super) fn read(&mut self, place: &Place<'_>) -> Result<i64, Failure> {
        match place {
            Place::Variable(name) => self.variable(name),
            Place::Element(name, key) => self.keyed(name, key),
        }
    }

    pub(super) fn write(&mut self, place: Place<'_>, value: i64) -> Result<(), Failure> {
        match place {
            Place::Variable(name) => assign::assign_scalar(self.world, name, Scalar::Int(value))?,
            Place::Element(name, key) => {
                let assigned = Assigned {
                    name: name.clone(),
                    subscript: Some(key),
                    append: false,
                    value: AssignedValue::Scalar(Scalar::Int(value)),
                };
                assign::perform(self.world, assigned)?;
            }
        }
        Ok(())
    }

    /// The value of a variable; text that is no number is evaluated in turn.
    #[inline]
    pub(super) fn variable(&mut self, name: &Bytes) -> Result<i64, Failure> {
        if let Some(variable) = self.world.variables().get(name)
            && let Value::Scalar(value) = variable.value()
            && let Some(number) = value.plain_int()
            && !variable.attributes().has(Attributes::NAMEREF)
        {
            return Ok(number);
        }
        self.unusual_variable(name)
    }

    fn unusual_variable(&mut self, name: &Bytes) -> Result<i64, Failure> {
        let mut name = name.clone();
        if self.world.variables().is_nameref(&name) {
            match self.world.variables().target(&name) {
                Ok(target) => {
                    if let Some(subscript) = target.subscript {
                        let key = self.key(&target.name, &subscript)?;
                        return self.keyed(&target.name, &key);
                    }
                    name = target.name;
                }
                Err(error) => {
                    self.world.complain(&[b"warning: ".as_slice(), &error.message()].concat());
                    return Ok(0);
                }
            }
        }
        let value = match self.world.variables().value(&name) {
            Some(Value::Special(which)) => {
                let which = *which;
                special::value(which, self.world).scalar().cloned()
            }
            Some(value) => value.scalar().cloned(),
            None => None,
        };
        self.number(value, &name)
    }

    /// The number that a value means.
    fn number(&mut self, value: Option<Scalar>, name: &[u8]) -> Result<i64, Failure> {
        let Some(value) = value else {
            if self.world.option(ShellOption::NoUnset) {
                let message = [name, b": unbound variable".as_slice()].concat();
                return Err(Failure::Stop(ExpansionError::shell(message).into()));
            }
            return Ok(0);
        };
        if let Some(number) = value.plain_int() {
            return Ok(number);
        }
        let text = value.to_bytes();
        if text.is_empty() {
            return Ok(0);
        }
        self.check_depth(&text)?;
        Ok(evaluate_at_depth(&text, self.world, self.depth + 1)?)
    }

    /// The value of `name[subscript]`.
    pub(super) fn element(&mut self, name: &Bytes, subscript: &Bytes) -> Result<i64, Failure> {
        let key = self.key(name, subscript)?;
        self.keyed(name, &key)
    }

    /// What a subscript means: text for an associative array, an index otherwise.
    fn key(&mut self, name: &Bytes, subscript: &Bytes) -> Result<Key, Failure> {
        if is_assoc(self.world, name) {
            return Ok(Key::Text(unquoted(subscript)));
        }
        if let Some(index) = plain_decimal(subscript) {
            return Ok(Key::Index(index));
        }
        // The value of a variable may hold a subscript that is still to be expanded.
        let expanded = match subscript.iter().any(|byte| matches!(byte, b'$' | b'`')) {
            true => Some(self.world.expand_string(subscript)?),
            false => None,
        };
        let subscript = expanded.as_ref().unwrap_or(subscript);
        if subscript.is_empty() || matches!(subscript.as_ref(), b"@" | b"*") {
            let message = [name.as_ref(), b"[", subscript, b"]: bad array subscript"].concat();
            return Err(Failure::Stop(ExpansionError::line(message).into()));
        }
        self.check_depth(subscript)?;
        let index = evaluate_at_depth(subscript, self.world, self.depth + 1).map_err(Stop::in_variable)?;
        if index >= 0 { Ok(Key::Index(index)) } else { Ok(Key::Text(Scalar::Int(index).to_bytes())) }
    }

    fn keyed(&mut self, name: &Bytes, key: &Key) -> Result<i64, Failure> {
        let mut target = None;
        if self.world.variables().is_nameref(name) {
            match self.world.variables().target(name) {
                Ok(found) => target = Some(found.name),
                Err(_) => return Ok(0),
            }
        }
        let name = target.as_ref().unwrap_or(name);
        let found = match (self.world.variables().value(name), key) {
            (Some(Value::Array(array)), Key::Index(index)) => Some(array.get(*index).cloned()),
            (Some(Value::Assoc(map)), Key::Text(text)) => Some(map.get(text).cloned()),
            _ => None,
        };
        let value = match found {
            Some(value) => value,
            None => self.unusual_element(name, key)?,
        };
        self.number(value, name)
    }

    fn unusual_element(&mut self, name: &Bytes, key: &Key) -> Result<Option<Scalar>, Failure> {
        let whole = match self.world.variables().value(name) {
            Some(Value::Special(which)) => {
                let which = *which;
                special::value(which, self.world)
            }
            Some(Value::Array(array)) => Value::Array(Arc::clone(array)),
            Some(Value::Scalar(value)) => Value::Scalar(value.clone()),
            _ => return Ok(None),
        };
        let index = match key {
            Key::Index(index) => *index,
            Key::Text(text) => {
                let negative = std::str::from_utf8(text).ok().and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
                let end = match &whole {
                    Value::Array(array) => array.end(),
                    _ => 1,
                };
                end.wrapping_add(negative)
            }
        };
        if index < 0 {
            self.world.complain(&[name, b": bad array subscript".as_slice()].concat());
            return Ok(None);
        }
        Ok(match whole {
            Value::Array(array) => array.get(index).cloned(),
            Value::Scalar(value) if index == 0 => Some(value),
            _ => None,
        })
    }
}

/// Removes the quotes of a key written in an expression: `m["a b"]`.
fn unquoted(subscript: &Bytes) -> Bytes {
    if !subscript.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'\\')) {
        return subscript.clone();
    }
    let mut out = Vec::with_capacity(subscript.len());
    let mut quote = None;
    let mut bytes = subscript.iter();
    while let Some(byte) = bytes.next() {
        match (byte, quote) {
            (b'\\', None | Some(b'"')) => out.extend(bytes.next()),
            (b'"' | b'\'', None) => quote = Some(*byte),
            (byte, Some(open)) if *byte == open => quote = None,
            (byte, _) => out.push(*byte),
        }
    }
    out.into()
}
