//! The colours of `grep`, as `GREP_COLORS` sets them.  [GNU grep manual "Environment Variables"]

/// SGR sequences; an empty one leaves its part as it is.
#[derive(Debug, Clone)]
pub(super) struct Colors {
    /// Matching text in a selected line.
    pub selected_match: Vec<u8>,
    /// Matching text in a context line.
    pub context_match: Vec<u8>,
    /// A whole selected line.
    pub selected_line: Vec<u8>,
    /// A whole context line.
    pub context_line: Vec<u8>,
    /// Names of files.
    pub file_name: Vec<u8>,
    /// Line numbers.
    pub line_number: Vec<u8>,
    /// Byte offsets.
    pub byte_offset: Vec<u8>,
    /// Separators.
    pub separator: Vec<u8>,
    /// The colours of whole lines are exchanged with `-v`.
    pub reverse: bool,
    /// Nothing is erased to the end of the line.
    pub no_erase: bool,
}

impl Colors {
    /// The defaults, changed by the value of `GREP_COLORS`. Reading stops at what it cannot understand.
    /// `matches` is the colour of matches that the old variable asks for.
    pub(super) fn new(matches: Option<&[u8]>, variable: Option<&[u8]>) -> Colors {
        let matches = matches.unwrap_or(b"01;31");
        let mut colors = Colors {
            selected_match: matches.to_vec(),
            context_match: matches.to_vec(),
            selected_line: Vec::new(),
            context_line: Vec::new(),
            file_name: b"35".to_vec(),
            line_number: b"32".to_vec(),
            byte_offset: b"32".to_vec(),
            separator: b"36".to_vec(),
            reverse: false,
            no_erase: false,
        };
        for capability in variable.unwrap_or_default().split(|byte| *byte == b':') {
            let equals = memchr::memchr(b'=', capability);
            let name = capability.get(..equals.unwrap_or(capability.len())).unwrap_or_default();
            let value = equals.and_then(|at| capability.get(at + 1..));
            if value.is_some_and(|value| !value.iter().all(|b| b.is_ascii_digit() || *b == b';')) {
                break;
            }
            colors.set(name, value);
        }
        colors
    }

    fn set(&mut self, name: &[u8], value: Option<&[u8]>) {
        let Some(value) = value else {
            match name {
                b"rv" => self.reverse = true,
                b"ne" => self.no_erase = true,
                _ => {}
            }
            return;
        };
        let place = match name {
            b"mt" => {
                self.context_match = value.to_vec();
                &mut self.selected_match
            }
            b"ms" => &mut self.selected_match,
            b"mc" => &mut self.context_match,
            b"sl" => &mut self.selected_line,
            b"cx" => &mut self.context_line,
            b"fn" => &mut self.file_name,
            b"ln" => &mut self.line_number,
            b"bn" => &mut self.byte_offset,
            b"se" => &mut self.separator,
            _ => return,
        };
        *place = value.to_vec();
    }

    /// Begins a part.
    pub(super) fn start(&self, sgr: &[u8], out: &mut Vec<u8>) {
        if !sgr.is_empty() {
            out.extend_from_slice(b"\x1b[");
            out.extend_from_slice(sgr);
            out.extend_from_slice(if self.no_erase { b"m" } else { b"m\x1b[K" });
        }
    }

    /// Ends a part.
    pub(super) fn end(&self, sgr: &[u8], out: &mut Vec<u8>) {
        if !sgr.is_empty() {
            out.extend_from_slice(if self.no_erase { b"\x1b[m" } else { b"\x1b[m\x1b[K" });
        }
    }
}
