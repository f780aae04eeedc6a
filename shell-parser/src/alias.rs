//! Alias substitution. POSIX 2.3.1; bash manual "Aliases".

use bytes::Bytes;

use crate::core::{Core, Parsed};
use crate::lex::class::is_metacharacter;
use crate::lex::reserved::Reserved;
use crate::span::Span;

impl Core<'_> {
    /// Replaces aliases at the start of a command until none is there.
    pub(crate) fn expand_alias_here(&mut self) -> Parsed<()> {
        if self.options.aliases.is_none() {
            return Ok(());
        }
        loop {
            self.skip_blanks();
            if !self.try_alias()? {
                return Ok(());
            }
            // Before the first word of a replacement there may be lines without one.
            self.skip_blanks();
            while self.input.in_alias() && self.input.peek() == Some(b'\n') {
                self.newline()?;
                self.skip_blanks();
            }
        }
    }

    /// Replaces the word at the cursor if it is an alias that is not being expanded already.
    pub(crate) fn try_alias(&mut self) -> Parsed<bool> {
        let Some(aliases) = self.options.aliases else { return Ok(false) };
        let rest = self.input.rest();
        let length = rest.iter().position(|&byte| is_metacharacter(byte)).unwrap_or(rest.len());
        let Some(name) = rest.get(..length) else { return Ok(false) };
        let quoted = name.iter().any(|byte| matches!(byte, b'\\' | b'\'' | b'"' | b'$' | b'`' | b'/'));
        // Only in POSIX mode are reserved words recognized before aliases.
        let reserved = self.options.posix && Reserved::from_word(name).is_some();
        if name.is_empty() || quoted || reserved || self.input.is_expanding(name) {
            return Ok(false);
        }
        let Some(replacement) = aliases.alias(name) else { return Ok(false) };
        let name = name.to_vec();
        let start = self.input.offset();
        self.input.advance(length);
        let place = Span::new(start, self.input.end_offset());
        self.charge_alias(replacement.len())?;
        self.input.push_alias(&name, Bytes::copy_from_slice(replacement), place);
        // The first word of the replacement may be an alias in turn.
        self.alias_blank = true;
        Ok(true)
    }
}
