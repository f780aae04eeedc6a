//! Classes of bytes.

/// A byte that ends an unquoted word. bash manual "Definitions": metacharacter.
pub(crate) fn is_metacharacter(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
}

/// A byte that begins a name. POSIX 3.216 Name.
#[inline]
pub(crate) fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// A byte inside a name.
#[inline]
pub(crate) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of the name that `text` begins with; 0 if it begins with none.
#[inline]
pub(crate) fn name_length(text: &[u8]) -> usize {
    match text.first() {
        Some(&first) if is_name_start(first) => text.iter().position(|&byte| !is_name_byte(byte)).unwrap_or(text.len()),
        _ => 0,
    }
}

/// A special parameter other than `0`. POSIX 2.5.2.
pub(crate) fn is_special_parameter(byte: u8) -> bool {
    matches!(byte, b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')
}
