//! Fields under construction.

use bytes::Bytes;
use smallvec::SmallVec;

use super::split::{Ifs, Separator};

/// What the text of a word becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Fields, split where expansions are not quoted.
    Fields {
        /// Whether unquoted pattern characters lead to pathname expansion.
        glob: bool,
        /// Whether the extended operators are pattern characters.
        extglob: bool,
    },
    /// One string.
    Text,
    /// One string, the body of a here-document.
    HereDocument,
    /// One pattern: quoted special characters get a backslash.
    Pattern,
    /// The same with a backslash before every quoted character, as `set -x` shows it.
    ShownPattern,
    /// One extended regular expression: quoted special characters get a backslash.
    Regex,
}

/// A finished field.
#[derive(Debug)]
pub(super) struct Field {
    /// Its text, quotes removed.
    pub text: Bytes,
    /// The pattern for pathname expansion, when there is an unquoted pattern character.
    pub pattern: Option<Vec<u8>>,
}

/// Text under construction: most of it is short, and takes memory only once, when it is handed out.
type Text = SmallVec<[u8; 64]>;

/// The text as a chunk.
fn chunk(text: Text) -> Bytes {
    if text.spilled() { Bytes::from(text.into_vec()) } else { Bytes::copy_from_slice(&text) }
}

/// Where splitting is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No field has begun.
    Start,
    /// A field has begun, if only with quoted nothing.
    Inside,
    /// A field has ended at IFS white space: a separator that follows belongs to the same delimiter.
    AfterSpace,
}

/// Collects the text of a word.
pub(super) struct Fields {
    mode: Mode,
    current: Text,
    pattern: Option<Vec<u8>>,
    /// Whether the pattern has a special character.
    special: bool,
    state: State,
    /// A quoted `$@` of no parameters was met.
    pub empty_list: bool,
    finished: Vec<Field>,
    /// Bytes that the finished fields take.
    finished_weight: usize,
}

/// Bytes that a field takes beside its text: itself, and what an allocation takes at least.
pub(super) const FIELD: usize = size_of::<Field>() + 48;

impl Fields {
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            mode,
            current: Text::new(),
            pattern: None,
            special: false,
            state: State::Start,
            empty_list: false,
            finished: Vec::new(),
            finished_weight: 0,
        }
    }

    /// Whether the text is one string, so that lists are joined.
    pub(super) fn is_single(&self) -> bool {
        !matches!(self.mode, Mode::Fields { .. })
    }

    /// Whether it is the body of a here-document.
    pub(super) fn is_here_document(&self) -> bool {
        self.mode == Mode::HereDocument
    }

    /// How much there is, to see later whether something was added.
    pub(super) fn extent(&self) -> (usize, usize) {
        (self.finished.len(), self.current.len())
    }

    /// Bytes of memory that it takes.
    pub(super) fn weight(&self) -> usize {
        self.finished_weight + self.current.len()
    }

    /// A field begins here even when nothing is added to it.
    #[inline]
    pub(super) fn begin(&mut self) {
        self.state = State::Inside;
    }

    /// Adds quoted text: nothing in it is special.
    pub(super) fn quoted(&mut self, text: &[u8]) {
        match self.mode {
            Mode::Text | Mode::HereDocument => self.current.extend_from_slice(text),
            Mode::Pattern => escape_pattern(text, &mut self.current),
            Mode::ShownPattern => {
                let current = &mut self.current;
                super::case::each_char(text, |bytes, _| {
                    current.push(b'\\');
                    current.extend_from_slice(bytes);
                });
            }
            Mode::Regex => escape_regex(text, &mut self.current),
            Mode::Fields { .. } => {
                self.state = State::Inside;
                self.current.extend_from_slice(text);
                if let Some(pattern) = &mut self.pattern {
                    escape_pattern(text, pattern);
                }
            }
        }
    }

    /// Adds unquoted text that is not split.
    pub(super) fn unquoted(&mut self, text: &[u8]) {
        if let Mode::Fields { glob, extglob } = self.mode {
            self.state = State::Inside;
            if glob {
                self.note_pattern(text, extglob);
            }
        }
        self.current.extend_from_slice(text);
    }

    fn note_pattern(&mut self, text: &[u8], extglob: bool) {
        let special = text.iter().any(|byte| matches!(byte, b'*' | b'?' | b'[') || (extglob && *byte == b'('));
        self.special |= special;
        if let Some(pattern) = &mut self.pattern {
            pattern.extend_from_slice(text);
        } else if special || text.contains(&b'\\') {
            let mut pattern = Vec::with_capacity(self.current.len() + text.len() + 8);
            escape_pattern(&self.current, &mut pattern);
            pattern.extend_from_slice(text);
            self.pattern = Some(pattern);
        }
    }

    /// Adds the unquoted result of an expansion, splitting it. POSIX 2.6.5 Field Splitting.
    pub(super) fn split(&mut self, text: &[u8], ifs: &Ifs) {
        if self.is_single() {
            self.current.extend_from_slice(text);
            return;
        }
        let mut rest = text;
        while !rest.is_empty() {
            let plain = ifs.plain_length(rest);
            if plain > 0 {
                let (run, after) = rest.split_at(plain);
                self.unquoted(run);
                rest = after;
                continue;
            }
            let (separator, length) = ifs.separator(rest);
            self.separate(separator);
            rest = rest.get(length..).unwrap_or(&[]);
        }
    }

    fn separate(&mut self, separator: Separator) {
        match (self.state, separator) {
            (State::Inside, Separator::Space) => {
                self.end_field();
                self.state = State::AfterSpace;
            }
            (State::Start | State::AfterSpace, Separator::Space) => {}
            // An empty field stands before a separator that nothing precedes.
            (State::Inside | State::Start, Separator::Other) => {
                self.end_field();
                self.state = State::Start;
            }
            (State::AfterSpace, Separator::Other) => self.state = State::Start,
        }
    }

    /// Ends the field between two elements of a list, if one has begun.
    pub(super) fn break_field(&mut self) {
        if self.state == State::Inside {
            self.end_field();
        }
        self.state = State::Start;
    }

    fn end_field(&mut self) {
        let text = chunk(std::mem::take(&mut self.current));
        let pattern = self.pattern.take().filter(|_| self.special);
        self.special = false;
        self.finished_weight += FIELD + text.len();
        self.finished.push(Field { text, pattern });
    }

    /// The text, for the modes that make one string.
    pub(super) fn into_text(self) -> Bytes {
        chunk(self.current)
    }

    /// The fields, for the mode that makes fields.
    pub(super) fn into_fields(mut self) -> Vec<Field> {
        if self.state == State::Inside {
            self.end_field();
        }
        self.finished
    }
}

impl Field {
    /// The text as a chunk.
    pub(super) fn into_bytes(self) -> Bytes {
        self.text
    }
}

/// Adds text to a pattern so that nothing in it is special.
pub(super) fn escape_pattern(text: &[u8], out: &mut impl Extend<u8>) {
    for byte in text {
        if matches!(
            byte,
            b'*' | b'?'
                | b'['
                | b']'
                | b'\\'
                | b'('
                | b')'
                | b'|'
                | b'!'
                | b'+'
                | b'@'
                | b'-'
                | b'^'
                | b':'
                | b'.'
                | b'='
        ) {
            out.extend([b'\\']);
        }
        out.extend([*byte]);
    }
}

fn escape_regex(text: &[u8], out: &mut Text) {
    for byte in text {
        if matches!(
            byte,
            b'.' | b'[' | b']' | b'\\' | b'*' | b'^' | b'$' | b'+' | b'?' | b'{' | b'}' | b'|' | b'(' | b')'
        ) {
            out.push(b'\\');
        }
        out.push(*byte);
    }
}
