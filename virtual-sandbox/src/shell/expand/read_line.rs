//! Splitting a line as `read` does. POSIX read; bash manual "read".

use bytes::Bytes;

use super::World;
use super::split::{Ifs, Separator};
use crate::shell::pattern::char_length;

/// The fields of a line for `count` names: the last one gets the rest with its delimiters, but without IFS white space
/// at its end. Bytes that `quoted` marks never separate.
pub fn split_read<W: World>(world: &W, text: &[u8], quoted: &[bool], count: usize) -> Vec<Bytes> {
    let line = Line { ifs: Ifs::of(world), text, quoted };
    if count == 1 && quoted.is_empty() {
        // One name and no backslashes: white space at the ends is all that matters.
        let value = match line.ifs {
            Ifs::Default => Some(trimmed(text)),
            Ifs::Null => Some(text),
            Ifs::Custom(_) => None,
        };
        if let Some(value) = value {
            return if value.is_empty() { Vec::new() } else { vec![Bytes::copy_from_slice(value)] };
        }
    }
    let mut fields = Vec::new();
    let mut at = line.skip_space(0);
    while at < text.len() {
        let end = line.field_end(at);
        let next = line.skip_delimiter(end);
        // A field that ends the line is the last name's whole value; so is the only one left.
        if fields.len() + 1 == count && next < text.len() {
            let end = line.trim_end(at);
            fields.push(Bytes::copy_from_slice(text.get(at..end).unwrap_or_default()));
            return fields;
        }
        fields.push(Bytes::copy_from_slice(text.get(at..end).unwrap_or_default()));
        at = next;
    }
    fields
}

/// A text without the white space of the default IFS around it.
fn trimmed(text: &[u8]) -> &[u8] {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n');
    let start = text.iter().position(|byte| !space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !space(byte)).map_or(start, |last| last + 1);
    text.get(start..end).unwrap_or_default()
}

struct Line<'a> {
    ifs: Ifs,
    text: &'a [u8],
    quoted: &'a [bool],
}

impl Line<'_> {
    /// The separator at a place, with its length.
    fn separator(&self, at: usize) -> Option<(Separator, usize)> {
        let rest = self.text.get(at..).filter(|rest| !rest.is_empty())?;
        if self.quoted.get(at) == Some(&true) || self.ifs.plain_length(rest.get(..char_length(rest))?) > 0 {
            return None;
        }
        Some(self.ifs.separator(rest))
    }

    fn skip_space(&self, mut at: usize) -> usize {
        while let Some((Separator::Space, length)) = self.separator(at) {
            at += length;
        }
        at
    }

    fn field_end(&self, mut at: usize) -> usize {
        while let Some(rest) = self.text.get(at..).filter(|rest| !rest.is_empty()) {
            if self.separator(at).is_some() {
                return at;
            }
            at += char_length(rest).max(1);
        }
        at
    }

    /// White space, one other separator, white space.
    fn skip_delimiter(&self, at: usize) -> usize {
        let at = self.skip_space(at);
        match self.separator(at) {
            Some((Separator::Other, length)) => self.skip_space(at + length),
            _ => at,
        }
    }

    /// The end of the line without IFS white space.
    fn trim_end(&self, start: usize) -> usize {
        let mut end = self.text.len();
        while end > start && matches!(self.separator(end - 1), Some((Separator::Space, _))) {
            end -= 1;
        }
        end
    }
}
