//! Words, their parts and what is known about them at parse time.

use bytes::Bytes;

use super::{ArithText, AssignmentId, BraceId, CommandId, IdRange, ParameterId, PartId, SubstitutionId, WordId};
use crate::error::SyntaxError;
use crate::span::Span;

/// A word. POSIX 2.3 Token Recognition, 2.6 Word Expansions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    /// Its parts, in order.
    pub parts: IdRange<PartId>,
    /// Where it stands.
    pub span: Span,
    /// The pieces of the assignment when the word has the shape of one and stands after the name of a declaration
    /// builtin (`declare typeset local export readonly alias eval let`). For `name=(...)` the parts are one `Literal`
    /// with the source text; for `name=value` they are the parts of the whole word.
    pub assignment: Option<AssignmentId>,
    /// What the parser saw in it.
    pub facts: WordFacts,
}

/// What a word has, as bit flags computed while parsing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WordFacts(u16);

impl WordFacts {
    /// The word is exactly one `Literal` part without glob characters (but for a `[` alone), braces, tilde or extended
    /// patterns: its bytes are the field.
    pub const LITERAL: Self = Self(1);
    /// Some quoting is present: `\`, `'`, `"`, `$'`, `$"`. The word gives a field even when it expands to nothing.
    pub const QUOTED: Self = Self(2);
    /// A parameter, command, arithmetic or process expansion is present at any depth.
    pub const EXPANSION: Self = Self(4);
    /// `$(...)`, backquotes, `<(...)` or `>(...)` is present at any depth.
    pub const SUBSTITUTION: Self = Self(8);
    /// An unquoted `*`, `?` or `[` is present in a literal, or an extended pattern.
    pub const GLOB: Self = Self(16);
    /// A `Brace` part is present.
    pub const BRACE: Self = Self(32);
    /// A `Tilde` part is present.
    pub const TILDE: Self = Self(64);
    /// An extended pattern operator, one of `?(` `*(` `+(` `@(` `!(`, stands unquoted in a literal.
    pub const EXTGLOB: Self = Self(128);
    /// The word has the shape `name=...`, `name+=...`, `name[...]=...` (whether or not it counts as an assignment).
    pub const ASSIGNMENT: Self = Self(256);

    /// The word's span covers its text in the source: it did not come out of an alias or a rewritten text.
    pub const VERBATIM: Self = Self(512);

    /// Whether every flag of `flags` is set.
    #[inline]
    pub fn has(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any flag of `flags` is set.
    #[inline]
    pub fn any(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }

    /// Both sets of flags.
    pub const fn with(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// The flags without those of `flags`.
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WordPart {
    /// Unquoted text; `* ? [` and extended pattern operators in it are special in patterns. Quoting characters are
    /// gone: what was behind a backslash is an `Escaped` part. Inside `DoubleQuoted` and here-documents it is plain
    /// text with backslashes processed, and nothing in it is special.
    Literal(Bytes),
    /// Text whose bytes were behind backslashes: quoted text.
    Escaped(Bytes),
    /// `'...'`
    SingleQuoted(Bytes),
    /// `$'...'`, decoded. bash manual "ANSI-C Quoting".
    AnsiC(Bytes),
    /// `"..."`; the inner parts never contain `Tilde`, `Brace` or quoting parts other than inside expansions.
    DoubleQuoted(IdRange<PartId>),
    /// `$"..."`: as double quotes, translated in the C locale to itself.
    Localized(IdRange<PartId>),
    /// `$name`, `${...}`
    Parameter(ParameterId),
    /// `$(...)` and backquotes.
    CommandSub(SubstitutionId),
    /// `<(...)` and `>(...)`.
    ProcessSub(Direction, SubstitutionId),
    /// `$((...))` and `$[...]`.
    Arith(ArithText),
    /// `~` or `~user` where it is special; the bytes are what stands after the `~` (a user name, `+`, `-`, `+n`, ...).
    Tilde(Bytes),
    /// `{a,b}` and `{1..9}`.
    Brace(BraceId),
}

/// The direction of a process substitution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `<(list)`: the command's output is read.
    Read,
    /// `>(list)`: what is written is the command's input.
    Write,
}

/// A command or process substitution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSubstitution {
    /// The commands; `None` when there is none.
    pub body: Option<CommandId>,
    /// Written with backquotes.
    pub backquoted: bool,
    /// The word of `$(< word)`, bash's short way of reading a file. `body` holds the redirection as a command too.
    pub read_file: Option<WordId>,
    /// A syntax error inside backquotes: bash finds it only when the substitution runs, after running the complete
    /// commands before it (`body`).
    pub error: Option<Box<SyntaxError>>,
    /// Where the text between the delimiters stands.
    pub span: Span,
}

/// A brace expansion. bash manual "Brace Expansion". Performed before any other expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BraceExpansion {
    /// `{a,b,c}`: the alternatives as words (at least two).
    List(IdRange<WordId>),
    /// `{start..end}` or `{start..end..step}`.
    Range {
        /// First value: an integer, or a byte for `RangeStyle::Character`.
        start: i64,
        /// Last value, same unit.
        end: i64,
        /// The increment's size with its sign as written; 0 and absent both mean 1. The sign does not matter.
        step: i64,
        /// How the values are written.
        style: RangeStyle,
        /// The source text with the braces, for `set +B`.
        text: Bytes,
    },
}

/// How the values of a brace range are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeStyle {
    /// Decimal numbers, padded with zeros (after the sign) to this many characters, sign included; 0 means no padding.
    Number(u32),
    /// Single bytes.
    Character,
}
