//! Name references. bash manual "Shell Parameters".

use bytes::Bytes;

use super::{Attributes, Value, Variable, VariableError, Variables, is_name};

/// How many references are followed before bash takes them for circular.
const NAMEREF_MAX: usize = 8;

/// What a name refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The variable.
    pub name: Bytes,
    /// The subscript as written, when the reference names an array element.
    pub subscript: Option<Bytes>,
}

impl Variables {
    /// The variable that a name refers to, for references to plain names.
    pub fn resolved(&self, name: &[u8]) -> Option<&Variable> {
        let mut variable = self.get(name)?;
        for _ in 0..NAMEREF_MAX {
            if !variable.attributes.has(Attributes::NAMEREF) {
                return Some(variable);
            }
            variable = match &variable.value {
                Value::Scalar(target) => self.get(target.bytes(&mut itoa::Buffer::new()))?,
                _ => return Some(variable),
            };
        }
        None
    }

    /// Whether a name is a reference.
    #[inline]
    pub fn is_nameref(&self, name: &[u8]) -> bool {
        self.get(name).is_some_and(|variable| variable.attributes.has(Attributes::NAMEREF))
    }

    /// What a name refers to: itself when it is no reference or one without a target yet.
    ///
    /// # Errors
    /// `x: circular name reference`.
    pub fn target(&self, name: &[u8]) -> Result<Target, VariableError> {
        let mut current = Bytes::copy_from_slice(name);
        for _ in 0..NAMEREF_MAX {
            let next = match self.get(&current) {
                Some(variable) if variable.attributes.has(Attributes::NAMEREF) => match &variable.value {
                    Value::Scalar(target) => target.to_bytes(),
                    _ => return Ok(Target { name: current, subscript: None }),
                },
                _ => return Ok(Target { name: current, subscript: None }),
            };
            if let Some((name, subscript)) = split_subscript(&next) {
                return Ok(Target { name: next.slice_ref(name), subscript: Some(next.slice_ref(subscript)) });
            }
            current = next;
        }
        Err(VariableError::CircularNameref(name.to_vec()))
    }
}

/// Splits `name[subscript]`.
pub(crate) fn split_subscript(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let open = memchr::memchr(b'[', text)?;
    let name = text.get(..open)?;
    let subscript = text.get(open + 1..)?.strip_suffix(b"]")?;
    (is_name(name) && !subscript.is_empty()).then_some((name, subscript))
}
