//! Refused assignments, in bash's words.

/// Why a variable cannot be assigned, declared or unset. `Display` is bash's message without the `bash: line N: ` before
/// it; texts that are not UTF-8 should be taken from [`message`](Self::message).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(&self.message()))]
pub enum VariableError {
    /// `x: readonly variable`
    Readonly(Vec<u8>),
    /// ``` `1x': not a valid identifier ```
    InvalidIdentifier(Vec<u8>),
    /// `x: circular name reference`
    CircularNameref(Vec<u8>),
    /// `x: invalid variable name for name reference`
    InvalidNameref(Vec<u8>),
    /// `x: cannot convert associative to indexed array`
    AssocToIndexed(Vec<u8>),
    /// `x: cannot convert indexed to associative array`
    IndexedToAssoc(Vec<u8>),
    /// `x[-9]: bad array subscript`; the text is the name with its subscript as written.
    BadSubscript(Vec<u8>),
    /// `x[1]: cannot assign list to array member`
    ListToMember(Vec<u8>),
    /// `x: cannot unset: readonly variable`
    UnsetReadonly(Vec<u8>),
    /// `x: cannot unset`
    CannotUnset(Vec<u8>),
    /// `x: not an array variable`
    NotArray(Vec<u8>),
}

impl VariableError {
    /// The message.
    pub fn message(&self) -> Vec<u8> {
        let (name, text): (&[u8], &[u8]) = match self {
            Self::Readonly(name) => (name, b": readonly variable"),
            Self::InvalidIdentifier(name) => return [b"`", name.as_slice(), b"': not a valid identifier"].concat(),
            Self::CircularNameref(name) => (name, b": circular name reference"),
            Self::InvalidNameref(name) if name.is_empty() => return b"`': not a valid identifier".to_vec(),
            Self::InvalidNameref(name) => {
                return [b"`", name.as_slice(), b"': invalid variable name for name reference"].concat();
            }
            Self::AssocToIndexed(name) => (name, b": cannot convert associative to indexed array"),
            Self::IndexedToAssoc(name) => (name, b": cannot convert indexed to associative array"),
            Self::BadSubscript(name) => (name, b": bad array subscript"),
            Self::ListToMember(name) => (name, b": cannot assign list to array member"),
            Self::UnsetReadonly(name) => (name, b": cannot unset: readonly variable"),
            Self::CannotUnset(name) => (name, b": cannot unset"),
            Self::NotArray(name) => (name, b": not an array variable"),
        };
        [name, text].concat()
    }
}
