//! The bytes being read: a cursor over a stack of texts.
//!
//! At the bottom stands the script; each alias that is being expanded adds its replacement text on top. Texts are
//! shared `Bytes`, so a literal is a slice and never a copy.

use bytes::Bytes;

use crate::span::Span;

/// How positions of a text map to spans.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// The text's first byte has this offset in the script.
    Base(u32),
    /// The text is not part of the script; everything in it has this span.
    Fixed(Span),
}

/// One text that is being read.
#[derive(Debug, Clone)]
struct Text {
    bytes: Bytes,
    position: usize,
    end: usize,
    place: Place,
    /// The alias whose replacement this is.
    alias: Option<Box<[u8]>>,
}

/// The cursor.
#[derive(Debug, Clone)]
pub(crate) struct Input {
    text: Text,
    outer: Vec<Text>,
    /// `pop_alias` leaves this many texts alone: set while a part of one text is read by itself.
    barrier: usize,
    /// The line of the next byte, from 1.
    pub(crate) line: u32,
    /// A line continuation was the last thing of the source.
    pub(crate) continued: bool,
    /// The source ended in a backslash without a newline: that backslash is plain text.
    last_backslash: bool,
}

impl Input {
    /// Reads `bytes` from `position` on. The script must end in a newline or be empty; `last_backslash` says that
    /// this newline was added behind a backslash.
    pub(crate) fn new(bytes: Bytes, position: usize, line: u32, last_backslash: bool) -> Self {
        let end = bytes.len();
        let text = Text { bytes, position, end, place: Place::Base(0), alias: None };
        Self { text, outer: Vec::new(), barrier: 0, line, continued: false, last_backslash }
    }

    /// Reads the text of a substitution that stands inside `place`; its bytes are those of the source from
    /// `place.start` on when `verbatim`. It ends in a newline, as in `new`.
    pub(crate) fn nested(bytes: Bytes, place: Span, verbatim: bool, line: u32, last_backslash: bool) -> Self {
        let end = bytes.len();
        let place = if verbatim { Place::Base(place.start) } else { Place::Fixed(place) };
        Self {
            text: Text { bytes, position: 0, end, place, alias: None },
            outer: Vec::new(),
            barrier: 0,
            line,
            continued: false,
            last_backslash,
        }
    }

    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.peek_at(0)
    }

    #[inline]
    pub(crate) fn peek_at(&self, ahead: usize) -> Option<u8> {
        let at = self.text.position + ahead;
        if at < self.text.end { self.text.bytes.get(at).copied() } else { None }
    }

    /// What is left of the current text.
    #[inline]
    pub(crate) fn rest(&self) -> &[u8] {
        self.text.bytes.get(self.text.position..self.text.end).unwrap_or(&[])
    }

    #[inline]
    pub(crate) fn starts_with(&self, prefix: &[u8]) -> bool {
        self.rest().starts_with(prefix)
    }

    #[inline]
    pub(crate) fn advance(&mut self, count: usize) {
        self.text.position = (self.text.position + count).min(self.text.end);
    }

    /// The line behind the last of the text being read.
    pub(crate) fn last_line(&self) -> u32 {
        self.line + memchr::memchr_iter(b'\n', self.rest()).count() as u32
    }

    /// Advances over text that may hold newlines, counting them.
    pub(crate) fn advance_lines(&mut self, count: usize) {
        let newlines = memchr::memchr_iter(b'\n', self.rest().get(..count).unwrap_or(&[])).count();
        if self.text.alias.is_none() {
            self.line += newlines as u32;
        }
        self.advance(count);
    }

    /// The position in the current text.
    #[inline]
    pub(crate) fn position(&self) -> usize {
        self.text.position
    }

    /// Goes back (or forward) within the current text.
    pub(crate) fn seek(&mut self, position: usize) {
        self.text.position = position.min(self.text.end);
    }

    #[inline]
    pub(crate) fn slice(&self, start: usize, end: usize) -> Bytes {
        let end = end.min(self.text.bytes.len());
        self.text.bytes.slice(start.min(end)..end)
    }

    pub(crate) fn bytes(&self, start: usize, end: usize) -> &[u8] {
        self.text.bytes.get(start..end).unwrap_or(&[])
    }

    /// The offset of the next byte for a span.
    #[inline]
    pub(crate) fn offset(&self) -> u32 {
        match self.text.place {
            Place::Base(base) => base + self.text.position as u32,
            Place::Fixed(span) => span.start,
        }
    }

    /// The offset after the last byte read.
    #[inline]
    pub(crate) fn end_offset(&self) -> u32 {
        match self.text.place {
            Place::Base(base) => base + self.text.position as u32,
            Place::Fixed(span) => span.end,
        }
    }

    /// The offset of a position of the current text.
    pub(crate) fn offset_of(&self, position: usize) -> u32 {
        match self.text.place {
            Place::Base(base) => base + position as u32,
            Place::Fixed(span) => span.start,
        }
    }

    /// Whether spans into the current text are verbatim source.
    pub(crate) fn is_verbatim(&self) -> bool {
        matches!(self.text.place, Place::Base(_))
    }

    /// Whether the current text is an alias's replacement.
    pub(crate) fn in_alias(&self) -> bool {
        self.text.alias.is_some()
    }

    /// Whether nothing is left, aliases included.
    pub(crate) fn at_end(&self) -> bool {
        self.text.position >= self.text.end && self.outer.len() <= self.barrier
    }

    /// Whether the byte at the cursor is the backslash that ends the whole source.
    pub(crate) fn at_last_backslash(&self) -> bool {
        self.last_backslash && self.outer.is_empty() && self.text.position + 2 == self.text.bytes.len()
    }

    /// Whether `\` followed by a newline stands at the cursor.
    #[inline]
    pub(crate) fn at_continuation(&self) -> bool {
        self.starts_with(b"\\\n") && !self.at_last_backslash()
    }

    /// Skips the line continuation at the cursor.
    pub(crate) fn skip_continuation(&mut self) {
        self.advance_lines(2);
        self.continued = self.at_end();
    }

    /// Restricts reading to the text before `end`; gives what [`unrestrict`](Self::unrestrict) wants back.
    pub(crate) fn restrict(&mut self, end: usize) -> (usize, usize) {
        let saved = (self.text.end, self.barrier);
        self.text.end = end.min(self.text.end);
        self.barrier = self.outer.len();
        saved
    }

    pub(crate) fn unrestrict(&mut self, (end, barrier): (usize, usize)) {
        self.text.end = end;
        self.barrier = barrier;
    }

    /// Starts reading the replacement of an alias whose name ends at the cursor.
    pub(crate) fn push_alias(&mut self, name: &[u8], replacement: Bytes, place: Span) {
        let end = replacement.len();
        let alias = Text { bytes: replacement, position: 0, end, place: Place::Fixed(place), alias: Some(name.into()) };
        let outer = std::mem::replace(&mut self.text, alias);
        self.outer.push(outer);
    }

    /// Goes back to the outer text when an alias's replacement has been read. Gives the last byte of the replacement
    /// (a blank there makes the next word an alias candidate).
    pub(crate) fn pop_alias(&mut self) -> Option<u8> {
        if self.text.position < self.text.end || self.outer.len() <= self.barrier || self.text.alias.is_none() {
            return None;
        }
        let last = self.text.bytes.last().copied().unwrap_or(b'\n');
        self.text = self.outer.pop()?;
        Some(last)
    }

    /// Whether the alias is being expanded already.
    pub(crate) fn is_expanding(&self, name: &[u8]) -> bool {
        self.text.alias.as_deref() == Some(name) || self.outer.iter().any(|text| text.alias.as_deref() == Some(name))
    }

    /// The position in the script, outside of any alias.
    pub(crate) fn outermost_position(&self) -> usize {
        self.outer.first().unwrap_or(&self.text).position
    }

    /// The line of source around the cursor, as bash shows it below a syntax error.
    pub(crate) fn current_line(&self) -> &[u8] {
        let text = self.outer.first().unwrap_or(&self.text);
        let bytes = &text.bytes;
        let at = text.position.min(bytes.len());
        let before = bytes.get(..at).unwrap_or(&[]);
        let start = memchr::memrchr(b'\n', before).map_or(0, |n| n + 1);
        let end = memchr::memchr(b'\n', bytes.get(at..).unwrap_or(&[])).map_or(bytes.len(), |n| at + n);
        bytes.get(start..end).unwrap_or(&[])
    }
}
