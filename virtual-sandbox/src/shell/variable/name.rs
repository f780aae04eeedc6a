//! Names and assignments given as text: the arguments of builtins.

use bytes::Bytes;

use super::assign::{Assigned, AssignedElement, AssignedValue, Key};
use super::{Attributes, Scalar, Value, is_name, nameref};
use crate::shell::expand::World;
use std::sync::Arc;

/// `name` or `name[subscript]`; `None` when it is neither.
pub fn parse_name(text: &Bytes) -> Option<(Bytes, Option<Key>)> {
    if is_name(text) {
        return Some((text.clone(), None));
    }
    let (name, subscript) = nameref::split_subscript(text)?;
    is_name(name).then(|| (text.slice_ref(name), Some(Key::Text(text.slice_ref(subscript)))))
}

/// `name=value`, `name+=value`, `name[subscript]=value`; `None` without `=` or with a name that is none.
pub fn parse_assignment(text: &Bytes) -> Option<Assigned> {
    let equals = find_equals(text)?;
    let append = equals.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'+');
    let left = text.slice(..equals - usize::from(append));
    let (name, subscript) = parse_name(&left)?;
    let value = AssignedValue::Scalar(text.slice(equals + 1..).into());
    Some(Assigned { name, subscript, append, value })
}

/// The first `=` outside brackets.
fn find_equals(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            b'=' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// A list written as one string, `(a b "c d" [3]=x)`, as `declare -a name="(...)"` takes it: words are split as the
/// shell splits them, without expansions.
pub fn parse_list(text: &[u8]) -> Option<Vec<AssignedElement>> {
    let inner = text.trim_ascii().strip_prefix(b"(")?.strip_suffix(b")")?;
    let mut elements = Vec::new();
    let mut rest = inner.trim_ascii_start();
    while !rest.is_empty() {
        let (word, left) = next_word(rest);
        rest = left.trim_ascii_start();
        let bytes = Bytes::from(word);
        let subscript = bytes.strip_prefix(b"[").and_then(|body| {
            let close = memchr::memmem::find(body, b"]=")?;
            Some((Bytes::copy_from_slice(body.get(..close)?), Bytes::copy_from_slice(body.get(close + 2..)?)))
        });
        elements.push(match subscript {
            Some((key, value)) => {
                AssignedElement { subscript: Some(Key::Text(key)), append: false, value: Scalar::from(value) }
            }
            None => AssignedElement { subscript: None, append: false, value: Scalar::from(bytes) },
        });
    }
    Some(elements)
}

/// A word with its quotes removed, and what follows it.
fn next_word(text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut word = Vec::new();
    let mut at = 0;
    while let Some(byte) = text.get(at).copied() {
        at += 1;
        match byte {
            b' ' | b'\t' | b'\n' => break,
            b'\\' => {
                word.extend(text.get(at).copied());
                at += 1;
            }
            b'\'' | b'"' => {
                while let Some(inner) = text.get(at).copied() {
                    at += 1;
                    if inner == byte {
                        break;
                    }
                    if byte == b'"' && inner == b'\\' && matches!(text.get(at), Some(b'"' | b'\\' | b'$' | b'`')) {
                        word.extend(text.get(at).copied());
                        at += 1;
                        continue;
                    }
                    word.push(inner);
                }
            }
            byte => word.push(byte),
        }
    }
    (word, text.get(at..).unwrap_or_default())
}

/// Gives a variable the array attribute; a string becomes its first element.
pub fn convert_to_array<W: World>(world: &mut W, name: &Bytes) {
    world.variables_mut().change(name, |variable| {
        if !matches!(variable.value, Value::Unset) {
            variable.array_mut();
        }
        variable.attributes = variable.attributes.with(Attributes::ARRAY);
    });
}

/// Gives a variable the attribute of an associative array; a string becomes the element `0`.
pub fn convert_to_assoc<W: World>(world: &mut W, name: &Bytes) {
    world.variables_mut().change(name, |variable| {
        if let Value::Scalar(value) = &variable.value {
            let mut map = super::AssocArray::default();
            map.set(b"0", value.clone());
            variable.value = Value::Assoc(Arc::new(map));
        }
        variable.attributes = variable.attributes.with(Attributes::ASSOC);
    });
}
