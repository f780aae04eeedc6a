//! What a variable holds.

use std::sync::Arc;

use bytes::Bytes;

use super::{AssocArray, IndexedArray, Special};

/// A string value; a result of arithmetic stays a number until its text is asked for.
#[derive(Debug, Clone)]
pub enum Scalar {
    /// A number whose text is its decimal form.
    Int(i64),
    /// Text shared with whoever gave it.
    Text(Bytes),
    /// Text that grows by `+=`: appending to a buffer that nobody shares is amortised O(1).
    Buffer(Arc<Vec<u8>>),
}

impl Scalar {
    /// The empty string.
    pub const EMPTY: Self = Self::Text(Bytes::new());

    /// The text; a number is formatted into `digits`.
    #[inline]
    pub fn bytes<'a>(&'a self, digits: &'a mut itoa::Buffer) -> &'a [u8] {
        match self {
            Self::Int(n) => digits.format(*n).as_bytes(),
            Self::Text(text) => text,
            Self::Buffer(buffer) => buffer,
        }
    }

    /// The text as a shared chunk.
    #[inline]
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Int(n) => Bytes::copy_from_slice(itoa::Buffer::new().format(*n).as_bytes()),
            Self::Text(text) => text.clone(),
            Self::Buffer(buffer) => Bytes::copy_from_slice(buffer),
        }
    }

    /// Appends the text to `out`.
    #[inline]
    pub fn push_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes(&mut itoa::Buffer::new()));
    }

    /// Length of the text in bytes.
    pub fn len(&self) -> usize {
        match self {
            Self::Int(n) => itoa::Buffer::new().format(*n).len(),
            Self::Text(text) => text.len(),
            Self::Buffer(buffer) => buffer.len(),
        }
    }

    /// Whether the text is empty.
    #[inline]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Int(_) => false,
            Self::Text(text) => text.is_empty(),
            Self::Buffer(buffer) => buffer.is_empty(),
        }
    }

    /// The number when the value is kept as one, or when its text is a plain decimal number without sign and leading
    /// zeros (no expression to evaluate, nothing to report).
    #[inline]
    pub fn plain_int(&self) -> Option<i64> {
        match self {
            Self::Int(n) => Some(*n),
            Self::Text(text) => plain_decimal(text),
            Self::Buffer(buffer) => plain_decimal(buffer),
        }
    }

    /// Appends `tail` to the text.
    pub fn append(&mut self, tail: &[u8]) {
        if let Self::Buffer(buffer) = self
            && let Some(buffer) = Arc::get_mut(buffer)
        {
            buffer.extend_from_slice(tail);
            return;
        }
        let mut buffer = Vec::with_capacity((self.len() + tail.len()) * 2);
        self.push_to(&mut buffer);
        buffer.extend_from_slice(tail);
        *self = Self::Buffer(Arc::new(buffer));
    }

    /// Approximate bytes of memory held.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Int(_) => 0,
            Self::Text(text) => text.len(),
            Self::Buffer(buffer) => buffer.len(),
        }
    }
}

/// The value of a plain decimal numeral of at most 18 digits, which neither overflows nor reads as octal.
#[inline]
pub fn plain_decimal(text: &[u8]) -> Option<i64> {
    match text {
        [] => None,
        [digit @ b'0'..=b'9'] => Some(i64::from(digit - b'0')),
        [b'1'..=b'9', ..] if text.len() <= 18 => text.iter().try_fold(0i64, |value, byte| match byte {
            b'0'..=b'9' => Some(value * 10 + i64::from(byte - b'0')),
            _ => None,
        }),
        _ => None,
    }
}

impl PartialEq for Scalar {
    fn eq(&self, other: &Self) -> bool {
        self.bytes(&mut itoa::Buffer::new()) == other.bytes(&mut itoa::Buffer::new())
    }
}

impl From<Bytes> for Scalar {
    fn from(text: Bytes) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Scalar {
    fn from(text: Vec<u8>) -> Self {
        Self::Text(text.into())
    }
}

impl From<&'static [u8]> for Scalar {
    fn from(text: &'static [u8]) -> Self {
        Self::Text(Bytes::from_static(text))
    }
}

impl From<i64> for Scalar {
    fn from(n: i64) -> Self {
        Self::Int(n)
    }
}

/// The value of a variable.
#[derive(Debug, Clone)]
pub enum Value {
    /// Declared without a value.
    Unset,
    /// A string.
    Scalar(Scalar),
    /// An indexed array.
    Array(Arc<IndexedArray>),
    /// An associative array.
    Assoc(Arc<AssocArray>),
    /// Computed when it is asked for (`RANDOM`, `SECONDS`, ...), until the variable is unset.
    Special(Special),
}

impl Value {
    /// A string value.
    pub fn text(text: impl Into<Scalar>) -> Self {
        Self::Scalar(text.into())
    }

    /// An indexed array of these elements, from index 0.
    pub fn array(elements: impl IntoIterator<Item = Scalar>) -> Self {
        Self::Array(Arc::new(elements.into_iter().collect()))
    }

    /// What `$name` gives: the string, or element 0 (key `0`) of an array.
    #[inline]
    pub fn scalar(&self) -> Option<&Scalar> {
        match self {
            Self::Scalar(scalar) => Some(scalar),
            Self::Array(array) => array.get(0),
            Self::Assoc(map) => map.get(b"0"),
            Self::Unset | Self::Special(_) => None,
        }
    }

    /// Whether there is a value: an array counts when it has an element, as in `[[ -v ]]` and `declare -p`.
    pub fn is_set(&self) -> bool {
        match self {
            Self::Unset => false,
            Self::Scalar(_) | Self::Special(_) => true,
            Self::Array(array) => !array.is_empty(),
            Self::Assoc(map) => !map.is_empty(),
        }
    }

    /// Approximate bytes of memory held.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Unset | Self::Special(_) => 0,
            Self::Scalar(scalar) => scalar.held(),
            Self::Array(array) => array.held(),
            Self::Assoc(map) => map.held(),
        }
    }
}
