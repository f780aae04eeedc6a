//! Unquoted or processed text that becomes one literal part.

use bytes::Bytes;

use crate::ast::WordPart;
use crate::core::Core;

/// Literal text being collected: a slice of the text being read as long as it is contiguous, else a copy.
#[derive(Debug, Default)]
pub(crate) struct Run {
    owned: Vec<u8>,
    start: usize,
    end: usize,
}

impl Run {
    pub(crate) fn is_empty(&self) -> bool {
        self.owned.is_empty() && self.start == self.end
    }

    /// Appends bytes `start..end` of the current text.
    #[inline]
    pub(crate) fn push(&mut self, core: &Core<'_>, start: usize, end: usize) {
        if self.start == self.end {
            if self.owned.is_empty() {
                (self.start, self.end) = (start, end);
                return;
            }
        } else if self.end == start {
            self.end = end;
            return;
        }
        self.own(core);
        (self.start, self.end) = (start, end);
    }

    /// Copies what is still a slice: before the current text changes.
    pub(crate) fn own(&mut self, core: &Core<'_>) {
        self.owned.extend_from_slice(core.input.bytes(self.start, self.end));
        self.start = self.end;
    }

    /// The collected text; the run is empty afterwards.
    #[inline]
    pub(crate) fn take(&mut self, core: &Core<'_>) -> Bytes {
        if self.owned.is_empty() {
            let bytes = core.input.slice(self.start, self.end);
            self.start = self.end;
            return bytes;
        }
        self.own(core);
        Bytes::from(std::mem::take(&mut self.owned))
    }

    /// Ends the run with a literal part, if there is anything in it.
    #[inline]
    pub(crate) fn flush(&mut self, core: &mut Core<'_>) {
        if !self.is_empty() {
            let bytes = self.take(core);
            core.scratch.parts.push(WordPart::Literal(bytes));
        }
    }
}
