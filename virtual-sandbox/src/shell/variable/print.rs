//! Printing variables: `declare -p`, `set`, `export -p`, `readonly -p`.

use super::{Attributes, Scalar, Value, Variable};
use crate::shell::expand::quote;

/// Prints `declare -x name="value"` (without a newline) as `declare -p` does.
pub fn print_declaration(name: &[u8], value: &Value, attributes: Attributes, out: &mut Vec<u8>) {
    let letters = attributes.letters();
    out.extend_from_slice(b"declare -");
    out.extend_from_slice(if letters.is_empty() { b"-" } else { &letters });
    out.push(b' ');
    out.extend_from_slice(name);
    if !matches!(value, Value::Unset) {
        out.push(b'=');
        print_quoted_value(value, out);
    }
}

/// The right side as `declare -p` prints it: strings in double quotes, arrays in parentheses.
pub fn print_quoted_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Unset | Value::Special(_) => {}
        Value::Scalar(scalar) => quote::double_quoted(&scalar.to_bytes(), out),
        Value::Array(array) => {
            print_elements(array.iter().map(|(index, value)| (Scalar::Int(index).to_bytes(), value)), false, out);
        }
        Value::Assoc(map) => {
            print_elements(map.iter().map(|(key, value)| (quote::key(key).into(), value)), true, out);
        }
    }
}

/// The right side as `set` prints it: strings quoted only where needed.
pub fn print_value(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Scalar(scalar) => quote::as_needed(&scalar.to_bytes(), out),
        other => print_quoted_value(other, out),
    }
}

fn print_elements<'a>(elements: impl Iterator<Item = (bytes::Bytes, &'a Scalar)>, assoc: bool, out: &mut Vec<u8>) {
    out.push(b'(');
    let mut first = true;
    for (key, value) in elements {
        if !first && !assoc {
            out.push(b' ');
        }
        first = false;
        out.push(b'[');
        out.extend_from_slice(&key);
        out.extend_from_slice(b"]=");
        quote::double_quoted(&value.to_bytes(), out);
        if assoc {
            out.push(b' ');
        }
    }
    out.push(b')');
}

impl Variable {
    /// Prints the variable as `declare -p` does.
    pub fn print_declaration(&self, name: &[u8], out: &mut Vec<u8>) {
        print_declaration(name, &self.value, self.attributes, out);
    }
}

/// Prints one of all variables as `declare -p` does: most computed ones without their value.
pub fn print_listed<W: crate::shell::expand::World>(name: &[u8], world: &mut W, out: &mut Vec<u8>) {
    let Some(variable) = world.variables().get(name) else { return };
    let attributes = variable.attributes();
    let value = match variable.value() {
        Value::Special(which) => super::special::listed(*which, world).unwrap_or(Value::Unset),
        value => value.clone(),
    };
    print_declaration(name, &value, attributes, out);
    out.push(b'\n');
}

/// Prints a variable by name as `declare -p` does, with a newline; computed variables show their present value.
pub fn print_named<W: crate::shell::expand::World>(name: &[u8], world: &mut W, out: &mut Vec<u8>) {
    let Some(variable) = world.variables().get(name) else { return };
    let attributes = variable.attributes();
    let value = match variable.value() {
        Value::Special(which) => super::special::value(*which, world),
        value => value.clone(),
    };
    print_declaration(name, &value, attributes, out);
    out.push(b'\n');
}
