//! Field splitting: what separates fields. POSIX 2.6.5; bash manual "Word Splitting".

use bytes::Bytes;

use super::World;
use crate::shell::pattern::char_length;

/// The value of `IFS`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ifs {
    /// Unset, or space, tab and newline.
    Default,
    /// Set to nothing: no splitting.
    Null,
    /// Anything else.
    Custom(Bytes),
}

/// A kind of separator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    /// IFS white space: any number of them is one delimiter.
    Space,
    /// Another character of IFS.
    Other,
}

impl Ifs {
    /// The present value.
    #[inline]
    pub(super) fn of<W: World>(world: &W) -> Self {
        if world.variables().splits_by_default() {
            return Self::Default;
        }
        match world.variables().scalar(b"IFS") {
            None => Self::Default,
            Some(value) => match value.bytes(&mut itoa::Buffer::new()) {
                b" \t\n" => Self::Default,
                b"" => Self::Null,
                _ => Self::Custom(value.to_bytes()),
            },
        }
    }

    /// Whether separators are single bytes, so that a text can be cut anywhere.
    pub(super) fn is_bytes(&self) -> bool {
        match self {
            Self::Default | Self::Null => true,
            Self::Custom(chars) => chars.is_ascii(),
        }
    }

    /// The first character, which joins `"$*"`.
    pub(super) fn joiner(&self) -> &[u8] {
        match self {
            Self::Default => b" ",
            Self::Null => b"",
            Self::Custom(chars) => chars.get(..char_length(chars)).unwrap_or(b""),
        }
    }

    /// Length of the beginning of a text that has no separator.
    pub(super) fn plain_length(&self, text: &[u8]) -> usize {
        match self {
            Self::Default => text.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n')).unwrap_or(text.len()),
            Self::Null => text.len(),
            Self::Custom(chars) if chars.is_ascii() => {
                text.iter().position(|byte| chars.contains(byte)).unwrap_or(text.len())
            }
            Self::Custom(_) => {
                let mut at = 0;
                while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
                    let length = char_length(rest);
                    if self.has(rest.get(..length).unwrap_or(rest)) {
                        return at;
                    }
                    at += length;
                }
                text.len()
            }
        }
    }

    fn has(&self, char: &[u8]) -> bool {
        let Self::Custom(chars) = self else { return false };
        let mut at = 0;
        while let Some(rest) = chars.get(at..).filter(|rest| !rest.is_empty()) {
            let length = char_length(rest);
            if rest.get(..length) == Some(char) {
                return true;
            }
            at += length;
        }
        false
    }

    /// The separator at the start of a text, with its length.
    pub(super) fn separator(&self, text: &[u8]) -> (Separator, usize) {
        match text.first() {
            Some(b' ' | b'\t' | b'\n') => (Separator::Space, 1),
            _ => (Separator::Other, char_length(text).max(1)),
        }
    }
}
