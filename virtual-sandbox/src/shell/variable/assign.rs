//! Assignments with bash's whole semantics. bash manual "Shell Parameters", "Arrays", "declare".

use std::sync::Arc;

use bytes::Bytes;

pub use super::name::{convert_to_array, convert_to_assoc, parse_assignment, parse_list, parse_name};
use super::store::change_case;
use super::{AssocArray, Attributes, IndexedArray, Scalar, Special, Value, VariableError, is_name, special};
use crate::shell::arith;
use crate::shell::expand::{ExpansionError, Severity, Stop, World};

/// An assignment whose words have been expanded.
#[derive(Debug, Clone)]
pub struct Assigned {
    /// The variable as written.
    pub name: Bytes,
    /// What stood between brackets.
    pub subscript: Option<Key>,
    /// `+=`
    pub append: bool,
    /// The right side.
    pub value: AssignedValue,
}

/// A subscript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// An index that is known and not negative.
    Index(i64),
    /// Expanded text: the key of an associative array, the expression of an indexed one.
    Text(Bytes),
}

/// The right side of an assignment.
#[derive(Debug, Clone)]
pub enum AssignedValue {
    /// `x=value`
    Scalar(Scalar),
    /// `x=( ... )`
    Array(Vec<AssignedElement>),
}

/// An element of `x=( ... )`.
#[derive(Debug, Clone)]
pub struct AssignedElement {
    /// `[subscript]=`
    pub subscript: Option<Key>,
    /// `[subscript]+=`
    pub append: bool,
    /// The value.
    pub value: Scalar,
}

impl Key {
    /// Whether it is a text without anything in it.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }

    fn text(&self) -> Bytes {
        match self {
            Self::Index(index) => Scalar::Int(*index).to_bytes(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Assigned {
    /// `name=value`
    pub fn scalar(name: Bytes, value: impl Into<Scalar>) -> Self {
        Self { name, subscript: None, append: false, value: AssignedValue::Scalar(value.into()) }
    }
}

/// Assigns a string to a variable: the common case of [`perform`].
///
/// # Errors
/// As [`perform`].
#[inline]
pub fn assign_scalar<W: World>(world: &mut W, name: &Bytes, value: Scalar) -> Result<(), Stop> {
    match world.variables_mut().store_plain(name, value) {
        Ok(()) => Ok(()),
        Err(value) => perform(world, Assigned::scalar(name.clone(), value)),
    }
}

/// Performs an assignment in the visible variable.
///
/// # Errors
/// Refused assignments ([`VariableError`]) and errors of arithmetic, in bash's words.
pub fn perform<W: World>(world: &mut W, assigned: Assigned) -> Result<(), Stop> {
    let Assigned { name, mut subscript, append, value } = assigned;
    let mut name = name;
    if world.variables().is_nameref(&name) {
        let target = world
            .variables()
            .target(&name)
            .map_err(|error| ExpansionError::line([b"warning: ".as_slice(), &error.message()].concat()))?;
        if world.variables().is_nameref(&target.name) {
            return set_reference(world, &target.name, value);
        }
        name = target.name;
        if subscript.is_none() {
            subscript = target.subscript.map(Key::Text);
        }
    }
    match value {
        AssignedValue::Array(elements) => {
            if let Some(key) = subscript {
                return Err(VariableError::ListToMember(with_subscript(&name, &key)).into());
            }
            assign_list(world, &name, elements, append)
        }
        AssignedValue::Scalar(value) => match subscript {
            None => assign_whole(world, &name, value, append),
            Some(key) => assign_element(world, &name, &key, value, append),
        },
    }
}

/// Gives a reference without a target its target.
fn set_reference<W: World>(world: &mut W, name: &Bytes, value: AssignedValue) -> Result<(), Stop> {
    let AssignedValue::Scalar(value) = value else {
        return Err(VariableError::InvalidNameref(name.to_vec()).into());
    };
    let text = value.to_bytes();
    if !is_name(&text) && super::nameref::split_subscript(&text).is_none() {
        return Err(VariableError::InvalidIdentifier(text.to_vec()).into());
    }
    world.variables_mut().set_value(name, Value::Scalar(value));
    Ok(())
}

/// What an assignment must know of its variable.
struct Facts {
    attributes: Attributes,
    special: Option<Special>,
    assoc: bool,
    array: bool,
}

fn facts<W: World>(world: &W, name: &[u8]) -> Facts {
    match world.variables().get(name) {
        None => Facts { attributes: Attributes::NONE, special: None, assoc: false, array: false },
        Some(variable) => Facts {
            attributes: variable.attributes,
            special: match variable.value {
                Value::Special(which) => Some(which),
                _ => None,
            },
            assoc: variable.attributes.has(Attributes::ASSOC) || matches!(variable.value, Value::Assoc(_)),
            array: variable.attributes.has(Attributes::ARRAY) || matches!(variable.value, Value::Array(_)),
        },
    }
}

fn assign_whole<W: World>(world: &mut W, name: &Bytes, value: Scalar, append: bool) -> Result<(), Stop> {
    if append {
        if world.variables_mut().append_plain(name, value.bytes(&mut itoa::Buffer::new())) {
            return Ok(());
        }
    } else {
        let stored = world.variables_mut().store_plain(name, value);
        return match stored {
            Ok(()) => Ok(()),
            Err(value) => assign_with_attributes(world, name, value, false),
        };
    }
    assign_with_attributes(world, name, value, append)
}

fn assign_with_attributes<W: World>(world: &mut W, name: &Bytes, value: Scalar, append: bool) -> Result<(), Stop> {
    let facts = facts(world, name);
    if facts.attributes.has(Attributes::READONLY) {
        return Err(VariableError::Readonly(name.to_vec()).into());
    }
    if facts.attributes.has(Attributes::NO_ASSIGN) {
        return Ok(());
    }
    if facts.array || facts.assoc {
        let key = if facts.assoc { Key::Text(Bytes::from_static(b"0")) } else { Key::Index(0) };
        return assign_element(world, name, &key, value, append);
    }
    let value = prepare(world, facts.attributes, value)?;
    if let Some(which) = facts.special {
        special::assign(which, None, &value, world);
        return Ok(());
    }
    world.variables_mut().change(name, |variable| {
        let old = std::mem::replace(&mut variable.value, Value::Unset);
        variable.value = Value::Scalar(match old {
            Value::Scalar(old) if append => combine(old, value, variable.attributes),
            _ => value,
        });
    });
    Ok(())
}

/// Evaluates the value of an integer variable and applies the case attributes.
fn prepare<W: World>(world: &mut W, attributes: Attributes, value: Scalar) -> Result<Scalar, Stop> {
    if attributes.has(Attributes::INTEGER) {
        return match value.plain_int() {
            Some(number) => Ok(Scalar::Int(number)),
            None => Ok(Scalar::Int(arith::evaluate_text(&value.to_bytes(), world).map_err(Stop::in_variable)?)),
        };
    }
    Ok(if attributes.any(Attributes::CASE) { change_case(value, attributes) } else { value })
}

/// `old += value`: a sum for integers, else the texts one after the other.
fn combine(mut old: Scalar, value: Scalar, attributes: Attributes) -> Scalar {
    if attributes.has(Attributes::INTEGER)
        && let Scalar::Int(number) = value
    {
        let old = old.plain_int().or_else(|| {
            let text = old.to_bytes();
            std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok())
        });
        return Scalar::Int(old.unwrap_or(0).wrapping_add(number));
    }
    old.append(value.bytes(&mut itoa::Buffer::new()));
    if attributes.any(Attributes::CASE) { change_case(old, attributes) } else { old }
}

fn with_subscript(name: &[u8], key: &Key) -> Vec<u8> {
    [name, b"[", &key.text(), b"]"].concat()
}

/// The index that a subscript of an indexed array means: negative ones count back from the end.
///
/// # Errors
/// `a[-9]: bad array subscript` and errors of arithmetic.
pub fn index<W: World>(world: &mut W, name: &[u8], key: &Key) -> Result<i64, Stop> {
    let index = match key {
        Key::Index(index) => return Ok(*index),
        Key::Text(text) if text.is_empty() => {
            return Err(VariableError::BadSubscript(with_subscript(name, key)).into());
        }
        Key::Text(text) => arith::evaluate_text(text, world).map_err(Stop::in_variable)?,
    };
    if index >= 0 {
        return Ok(index);
    }
    let end = match world.variables().value(name) {
        Some(Value::Array(array)) => array.end(),
        Some(Value::Scalar(_)) => 1,
        _ => 0,
    };
    let counted = end.wrapping_add(index);
    if counted < 0 { Err(VariableError::BadSubscript(with_subscript(name, key)).into()) } else { Ok(counted) }
}

/// `name[key]=value`
fn assign_element<W: World>(world: &mut W, name: &Bytes, key: &Key, value: Scalar, append: bool) -> Result<(), Stop> {
    let facts = facts(world, name);
    if facts.attributes.has(Attributes::READONLY) {
        return Err(VariableError::Readonly(name.to_vec()).into());
    }
    if facts.attributes.has(Attributes::NO_ASSIGN) {
        return Ok(());
    }
    let attributes = facts.attributes;
    if let Some(which) = facts.special {
        special::assign(which, Some(&key.text()), &value, world);
        return Ok(());
    }
    let store = move |slot: &mut Scalar, value: Scalar| {
        let old = std::mem::replace(slot, Scalar::EMPTY);
        *slot = if append { combine(old, value, attributes) } else { value };
    };
    if facts.assoc {
        let text = key.text();
        if text.is_empty() {
            return Err(VariableError::BadSubscript(with_subscript(name, key)).into());
        }
        let value = prepare(world, attributes, value)?;
        world.variables_mut().change(name, |variable| {
            Arc::make_mut(variable.assoc_mut()).update(&text, |slot| store(slot, value));
        });
        return Ok(());
    }
    let index = index(world, name, key)?;
    let value = prepare(world, attributes, value)?;
    world.variables_mut().change(name, |variable| {
        Arc::make_mut(variable.array_mut()).update(index, |slot| store(slot, value));
    });
    Ok(())
}

impl super::Variable {
    /// The indexed array of this variable; a string becomes its element 0.
    pub(super) fn array_mut(&mut self) -> &mut Arc<IndexedArray> {
        self.attributes = self.attributes.with(Attributes::ARRAY);
        if !matches!(self.value, Value::Array(_)) {
            let mut array = IndexedArray::default();
            if let Value::Scalar(old) = std::mem::replace(&mut self.value, Value::Unset) {
                array.set(0, old);
            }
            self.value = Value::Array(Arc::new(array));
        }
        match &mut self.value {
            Value::Array(array) => array,
            _ => unreachable!("made an array above"),
        }
    }

    /// Sets an element of an indexed array.
    pub fn set_index(&mut self, index: i64, value: Scalar) {
        Arc::make_mut(self.array_mut()).set(index, value);
    }

    /// The associative array of this variable.
    pub(super) fn assoc_mut(&mut self) -> &mut Arc<AssocArray> {
        self.attributes = self.attributes.with(Attributes::ASSOC);
        if !matches!(self.value, Value::Assoc(_)) {
            let mut map = AssocArray::default();
            if let Value::Scalar(old) = std::mem::replace(&mut self.value, Value::Unset) {
                map.set(b"0", old);
            }
            self.value = Value::Assoc(Arc::new(map));
        }
        match &mut self.value {
            Value::Assoc(map) => map,
            _ => unreachable!("made an associative array above"),
        }
    }
}

/// `name=( ... )` and `name+=( ... )`.
fn assign_list<W: World>(
    world: &mut W,
    name: &Bytes,
    elements: Vec<AssignedElement>,
    append: bool,
) -> Result<(), Stop> {
    let facts = facts(world, name);
    if facts.attributes.has(Attributes::READONLY) {
        return Err(VariableError::Readonly(name.to_vec()).into());
    }
    if facts.attributes.has(Attributes::NO_ASSIGN) {
        return Ok(());
    }
    if facts.assoc {
        return assign_pairs(world, name, facts.attributes, elements, append);
    }
    let plain = !append
        && !facts.attributes.any(Attributes::SPECIAL_ASSIGNMENT)
        && elements.iter().all(|element| element.subscript.is_none());
    if plain {
        let array: IndexedArray = elements.into_iter().map(|element| element.value).collect();
        world.variables_mut().change(name, |variable| {
            variable.attributes = variable.attributes.with(Attributes::ARRAY);
            variable.value = Value::Array(Arc::new(array));
        });
        return Ok(());
    }
    // The variable itself is emptied first: expressions among the subscripts see the elements assigned so far.
    world.variables_mut().change(name, |variable| {
        if !append {
            variable.value = Value::Array(Arc::default());
        }
        variable.array_mut();
    });
    let mut next = match world.variables().value(name) {
        Some(Value::Array(array)) => array.end(),
        _ => 0,
    };
    for element in elements {
        let at = match &element.subscript {
            None => next,
            Some(key) => index(world, name, key)?,
        };
        assign_element(world, name, &Key::Index(at), element.value, element.append)?;
        next = at.wrapping_add(1);
    }
    Ok(())
}

/// `name=([key]=value ...)` and `name=(key value ...)` for an associative array: the first element decides which.
fn assign_pairs<W: World>(
    world: &mut W,
    name: &Bytes,
    attributes: Attributes,
    elements: Vec<AssignedElement>,
    append: bool,
) -> Result<(), Stop> {
    let mut map = match world.variables().value(name) {
        Some(Value::Assoc(map)) if append => map.as_ref().clone(),
        _ => AssocArray::default(),
    };
    let by_pairs = elements.first().is_some_and(|element| element.subscript.is_none());
    let mut elements = elements.into_iter();
    let mut refused = None;
    while let Some(element) = elements.next() {
        let (key, value, append) = match element.subscript {
            Some(key) => (key.text(), element.value, element.append),
            None if by_pairs => {
                let value = elements.next().map_or(Scalar::EMPTY, |element| element.value);
                (element.value.to_bytes(), value, false)
            }
            None => {
                let text = element.value.to_bytes();
                let message =
                    [name, b": ".as_slice(), &text, b": must use subscript when assigning associative array"].concat();
                // Said, but no failure of the assignment.
                world.complain(&message);
                continue;
            }
        };
        if key.is_empty() {
            refused = Some(VariableError::BadSubscript([name.as_ref(), b"[]"].concat()).message());
            continue;
        }
        let value = prepare(world, attributes, value)?;
        map.update(&key, |slot| {
            let old = std::mem::replace(slot, Scalar::EMPTY);
            *slot = if append { combine(old, value, attributes) } else { value };
        });
    }
    world.variables_mut().change(name, |variable| {
        variable.attributes = variable.attributes.with(Attributes::ASSOC);
        variable.value = Value::Assoc(Arc::new(map));
    });
    match refused {
        Some(message) => Err(ExpansionError::command(message).into()),
        None => Ok(()),
    }
}

/// Unsets `name[key]`. `@` and `*` as key unset the whole array of an indexed array and are keys of an associative one.
///
/// # Errors
/// `a[-9]: bad array subscript`, `x: cannot unset: readonly variable`, `x: not an array variable`.
pub fn unset_element<W: World>(world: &mut W, name: &Bytes, key: &Key) -> Result<(), Stop> {
    let facts = facts(world, name);
    if facts.attributes.has(Attributes::READONLY) {
        return Err(VariableError::UnsetReadonly(name.to_vec()).into());
    }
    let text = key.text();
    match world.variables().value(name) {
        Some(Value::Assoc(_)) => {
            world.variables_mut().change(name, |variable| {
                Arc::make_mut(variable.assoc_mut()).remove(&text);
            });
        }
        Some(Value::Array(_)) if matches!(text.as_ref(), b"@" | b"*") => {
            world.variables_mut().change(name, |variable| variable.value = Value::Array(Arc::default()));
        }
        Some(Value::Array(_)) => {
            let at = index(world, name, key).map_err(|stop| match stop {
                Stop::Error(error) if error.severity == Severity::Top => Stop::Error(error),
                _ => VariableError::BadSubscript([b"[", &*text, b"]"].concat()).into(),
            })?;
            world.variables_mut().change(name, |variable| {
                Arc::make_mut(variable.array_mut()).remove(at);
            });
        }
        None | Some(Value::Unset) => {}
        Some(_) => {
            if index(world, name, key)? == 0 {
                world.variables_mut().unset(name)?;
            } else {
                return Err(VariableError::NotArray(name.to_vec()).into());
            }
        }
    }
    Ok(())
}
