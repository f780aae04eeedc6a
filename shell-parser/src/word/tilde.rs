//! Tilde prefixes. POSIX 2.6.1; bash manual "Tilde Expansion".

use crate::core::Core;
use crate::lex::class::is_metacharacter;
use crate::word::{Ends, Style};

impl Core<'_> {
    /// The length of the tilde prefix at the cursor, `~` included; `None` if any of it is quoted or expanded,
    /// braces included.
    pub(crate) fn tilde_prefix(&self, style: Style, assignment: bool) -> Option<usize> {
        let rest = self.input.rest();
        for (length, &byte) in rest.iter().enumerate().skip(1) {
            match byte {
                b'/' => return Some(length),
                b':' if assignment || style.ends == Ends::Metacharacter => return Some(length),
                b'}' if matches!(style.ends, Ends::Brace | Ends::Slash) => return Some(length),
                b'{' if style.braces => return None,
                b'\\' | b'\'' | b'"' | b'$' | b'`' => return None,
                _ if is_metacharacter(byte) => return Some(length),
                _ => {}
            }
        }
        Some(rest.len())
    }
}
