//! Dividing a line into fields.

/// What stands between fields.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Separator {
    /// Blanks; those before the first field are skipped.
    Blanks,
    /// One byte (`-t C`).
    Byte(u8),
    /// Nothing: the line is one field (`-t ''`).
    Nothing,
}

impl Separator {
    /// What stands between the fields of the output.
    pub(super) fn in_output(self) -> u8 {
        match self {
            Separator::Blanks => b' ',
            Separator::Byte(byte) => byte,
            Separator::Nothing => b'\n',
        }
    }

    /// The fields of a line. A separator at the end begins an empty field; an empty line has none.
    pub(super) fn fields(self, line: &[u8]) -> impl Iterator<Item = &[u8]> {
        self.places(line).map(|(start, end)| line.get(start..end).unwrap_or_default())
    }

    /// Where the fields of a line begin and end.
    pub(super) fn places(self, line: &[u8]) -> Places<'_> {
        let start = if self == Separator::Blanks { blanks(line) } else { 0 };
        Places { separator: self, line, next: (start < line.len()).then_some(start) }
    }
}

/// The places of the fields of a line, one after the other.
pub(super) struct Places<'l> {
    separator: Separator,
    line: &'l [u8],
    next: Option<usize>,
}

impl Iterator for Places<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let start = self.next.take()?;
        let rest = self.line.get(start..)?;
        let length = match self.separator {
            Separator::Blanks => rest.iter().position(|byte| is_blank(*byte)),
            Separator::Byte(byte) => memchr::memchr(byte, rest),
            Separator::Nothing => None,
        };
        let Some(length) = length else { return Some((start, self.line.len())) };
        let behind = start + length + 1;
        self.next = Some(match self.separator {
            Separator::Blanks => behind + blanks(self.line.get(behind..).unwrap_or_default()),
            _ => behind,
        });
        Some((start, start + length))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// How many blanks a text begins with.
fn blanks(text: &[u8]) -> usize {
    text.iter().take_while(|byte| is_blank(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separator_at_the_end_begins_an_empty_field() {
        let fields = |separator: Separator, line: &'static str| -> Vec<String> {
            separator.fields(line.as_bytes()).map(|field| String::from_utf8_lossy(field).into_owned()).collect()
        };
        assert_eq!(fields(Separator::Blanks, " a \tb "), ["a", "b", ""]);
        assert_eq!(fields(Separator::Blanks, "  "), Vec::<String>::new());
        assert_eq!(fields(Separator::Byte(b':'), "a::b:"), ["a", "", "b", ""]);
        assert_eq!(fields(Separator::Byte(b':'), ""), Vec::<String>::new());
        assert_eq!(fields(Separator::Nothing, "a b"), ["a b"]);
    }
}
