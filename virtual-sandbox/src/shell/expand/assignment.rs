//! Expansion of assignments. POSIX 2.9.1; bash manual "Arrays".

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{ArithText, Assignment, AssignmentValue, ElementId, IdRange, Subscript};

use super::{Stop, World, expand_assignment_value, expand_text, expand_word_into};
use crate::shell::arith;
use crate::shell::variable::assign::{self, Assigned, AssignedElement, AssignedValue, Key};
use crate::shell::variable::{Attributes, Scalar, Value, VariableError};

/// Expands an assignment and performs it: a simple command without command name, one assignment at a time.
///
/// # Errors
/// [`Stop`].
#[inline]
pub fn assign<W: World>(unit: &Unit, assignment: &Assignment, world: &mut W) -> Result<(), Stop> {
    if let (AssignmentValue::Scalar(word), None) = (assignment.value, &assignment.subscript) {
        let value = expand_assignment_value(unit, word, world)?;
        return assign_string(world, &assignment.name, value, assignment.append);
    }
    let assigned = expand_assignment(unit, assignment, world)?;
    assign::perform(world, assigned)
}

/// Stores or appends where that is all there is to do, and otherwise performs the whole assignment.
fn assign_string<W: World>(world: &mut W, name: &Bytes, value: Scalar, append: bool) -> Result<(), Stop> {
    let value = if append {
        if world.variables_mut().append_plain(name, value.bytes(&mut itoa::Buffer::new())) {
            return Ok(());
        }
        value
    } else {
        match world.variables_mut().store_plain(name, value) {
            Ok(()) => return Ok(()),
            Err(value) => value,
        }
    };
    assign::perform(
        world,
        Assigned { name: name.clone(), subscript: None, append, value: AssignedValue::Scalar(value) },
    )
}

/// Expands the words of an assignment.
///
/// # Errors
/// [`Stop`].
pub fn expand_assignment<W: World>(unit: &Unit, assignment: &Assignment, world: &mut W) -> Result<Assigned, Stop> {
    let value = match assignment.value {
        AssignmentValue::Scalar(word) => AssignedValue::Scalar(expand_assignment_value(unit, word, world)?),
        AssignmentValue::Array(elements) => {
            let assoc = is_assoc(world, &assignment.name);
            AssignedValue::Array(expand_elements(unit, elements, assoc, world)?)
        }
    };
    let subscript = match &assignment.subscript {
        None => None,
        Some(subscript) => Some(expand_key(unit, subscript, &assignment.name, world)?),
    };
    if subscript.as_ref().is_some_and(Key::is_empty) {
        // The message shows the subscript as written.
        let source = unit.text(assignment.span);
        let end = memchr::memmem::find(source, b"]=").or_else(|| memchr::memmem::find(source, b"]+="));
        let shown = source.get(..end.map_or(source.len(), |end| end + 1)).unwrap_or(source);
        return Err(VariableError::BadSubscript(shown.to_vec()).into());
    }
    Ok(Assigned { name: assignment.name.clone(), subscript, append: assignment.append, value })
}

/// Expands an assignment that is an argument of a declaration; `assoc` tells that the variable is about to become an
/// associative array.
///
/// # Errors
/// [`Stop`].
pub fn expand_declared<W: World>(
    unit: &Unit,
    assignment: &Assignment,
    assoc: bool,
    world: &mut W,
) -> Result<Assigned, Stop> {
    match assignment.value {
        AssignmentValue::Array(elements) if assoc => {
            let value = AssignedValue::Array(expand_elements(unit, elements, true, world)?);
            let (name, append) = (assignment.name.clone(), assignment.append);
            Ok(Assigned { name, subscript: None, append, value })
        }
        _ => expand_assignment(unit, assignment, world),
    }
}

/// Expands the elements of a compound assignment; `assoc` tells whether subscripts are keys.
///
/// # Errors
/// [`Stop`].
pub fn expand_elements<W: World>(
    unit: &Unit,
    elements: IdRange<ElementId>,
    assoc: bool,
    world: &mut W,
) -> Result<Vec<AssignedElement>, Stop> {
    /// Bytes that an element takes beside its text, and that are not worth a charge.
    const ELEMENT: usize = size_of::<AssignedElement>() + 48;
    const LIGHT: usize = 256 * 1024;
    let mut out = Vec::with_capacity(elements.len());
    let mut fields = Vec::new();
    let mut weight = 0;
    for element in unit.elements(elements) {
        match &element.subscript {
            Some(subscript) => {
                let value = expand_assignment_value(unit, element.value, world)?;
                let key = key_text(unit, subscript, assoc, world)?;
                if key.is_empty() {
                    // Said, and the element left out; the assignment goes on.
                    world.complain(&[unit.text(element.span), b": bad array subscript"].concat());
                    continue;
                }
                out.push(AssignedElement { subscript: Some(key), append: element.append, value });
            }
            None => {
                expand_word_into(unit, element.value, world, &mut fields)?;
                weight += fields.iter().map(|field| ELEMENT + field.len()).sum::<usize>();
                if weight > LIGHT {
                    world.charge(weight)?;
                }
                out.extend(fields.drain(..).map(|field| AssignedElement {
                    subscript: None,
                    append: false,
                    value: field.into(),
                }));
            }
        }
    }
    Ok(out)
}

/// Whether a name refers to an associative array, so that its subscripts are keys.
pub fn is_assoc<W: World>(world: &W, name: &[u8]) -> bool {
    world.variables().resolved(name).is_some_and(|variable| {
        variable.attributes().has(Attributes::ASSOC) || matches!(variable.value(), Value::Assoc(_))
    })
}

/// Expands a subscript of `name`: a known index where that costs nothing, else its text.
///
/// # Errors
/// [`Stop`].
pub fn expand_key<W: World>(unit: &Unit, subscript: &Subscript, name: &[u8], world: &mut W) -> Result<Key, Stop> {
    let assoc = is_assoc(world, name);
    key_text(unit, subscript, assoc, world)
}

fn key_text<W: World>(unit: &Unit, subscript: &Subscript, assoc: bool, world: &mut W) -> Result<Key, Stop> {
    match subscript {
        Subscript::At => Ok(Key::Text(b"@".as_slice().into())),
        Subscript::Star => Ok(Key::Text(b"*".as_slice().into())),
        Subscript::Index(ArithText { word, .. }) if assoc => Ok(Key::Text(expand_text(unit, *word, world)?)),
        Subscript::Index(text) if unit.word(text.word).parts.is_empty() => Ok(Key::Text(Bytes::new())),
        Subscript::Index(text) => {
            if text.expr.is_some() {
                let index = arith::evaluate(unit, text, world).map_err(Stop::in_variable)?;
                if index >= 0 {
                    return Ok(Key::Index(index));
                }
            }
            let expanded = expand_text(unit, text.word, world)?;
            // Only a subscript that is written as nothing is bad; one that expands to nothing is 0.
            Ok(if expanded.is_empty() { Key::Index(0) } else { Key::Text(expanded) })
        }
    }
}
