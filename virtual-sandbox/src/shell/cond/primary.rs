//! Primaries that `[[` and `test` share.

use bytes::Bytes;

use super::file;
use crate::shell::expand::{Stop, World};
use crate::shell::variable::assign::{self, Key};
use crate::shell::variable::{Attributes, Value, is_name, special};

/// Whether `letter` is the letter of a unary primary.
pub(super) fn is_unary(letter: u8) -> bool {
    file::is_test(letter) || b"noRtvz".contains(&letter)
}

/// The primary `-letter operand`.
///
/// # Errors
/// Errors of arithmetic in the subscript of `-v`.
pub(super) fn unary<W: World>(letter: u8, operand: &[u8], world: &mut W) -> Result<bool, Stop> {
    Ok(match letter {
        b'n' => !operand.is_empty(),
        b'z' => operand.is_empty(),
        b'o' => world.shell_option(operand).unwrap_or(false),
        b'R' => is_reference(operand, world),
        b'v' => is_set(operand, world)?,
        b't' => match std::str::from_utf8(operand).ok().and_then(|digits| digits.trim().parse().ok()) {
            Some(fd) => world.is_terminal(fd),
            None => false,
        },
        letter => file::test(letter, operand, world),
    })
}

/// `-R name`: a name reference that refers to something.
fn is_reference<W: World>(name: &[u8], world: &W) -> bool {
    world.variables().get(name).is_some_and(|variable| {
        variable.attributes().has(Attributes::NAMEREF) && matches!(variable.value(), Value::Scalar(_))
    })
}

/// `-v name`: whether a parameter is set.
fn is_set<W: World>(text: &[u8], world: &mut W) -> Result<bool, Stop> {
    if text.iter().all(u8::is_ascii_digit) && !text.is_empty() {
        let n: usize = std::str::from_utf8(text).ok().and_then(|digits| digits.parse().ok()).unwrap_or(usize::MAX);
        return Ok(n == 0 || world.positional().len() >= n);
    }
    let (name, subscript) = match (memchr::memchr(b'[', text), text.strip_suffix(b"]")) {
        (Some(open), Some(inner)) => (text.get(..open).unwrap_or(text), inner.get(open + 1..)),
        _ => (text, None),
    };
    if !is_name(name) {
        return Ok(false);
    }
    let Ok(target) = world.variables().target(name) else { return Ok(false) };
    let subscript = match (subscript, target.subscript) {
        (Some(text), _) => Some(Bytes::copy_from_slice(text)),
        (None, inherited) => inherited,
    };
    let value = match world.variables().value(&target.name).cloned() {
        Some(Value::Special(which)) => special::value(which, world),
        Some(value) => value,
        None => return Ok(false),
    };
    let Some(key) = subscript else { return Ok(value.scalar().is_some()) };
    Ok(match &value {
        Value::Assoc(map) => map.get(&key).is_some(),
        _ if matches!(key.as_ref(), b"@" | b"*") => value.is_set(),
        Value::Array(array) => {
            let at = assign::index(world, &target.name, &Key::Text(key))?;
            array.get(at).is_some()
        }
        Value::Scalar(_) => assign::index(world, &target.name, &Key::Text(key))? == 0,
        Value::Unset | Value::Special(_) => false,
    })
}
