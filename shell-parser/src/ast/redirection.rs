//! Redirections. POSIX 2.7; bash manual "Redirections".

use bytes::Bytes;

use super::{HereDocumentId, WordId};
use crate::span::Span;

/// A redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redirection {
    /// The file descriptor on its left.
    pub fd: RedirectionFd,
    /// The operator with its operand.
    pub kind: RedirectionKind,
    /// Where it stands.
    pub span: Span,
    /// The line of the operator.
    pub line: u32,
    /// Not written, but implied by `|&`.
    pub implied: bool,
}

/// The left side of a redirection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedirectionFd {
    /// Nothing: 0 for input operators, 1 for output operators.
    Default,
    /// A number.
    Number(u32),
    /// `{name}`: the shell chooses a descriptor and stores it (or closes the one stored there). May be `name[subscript]`.
    Variable(Bytes),
}

/// The operator of a redirection with its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RedirectionKind {
    /// `< word`
    Input(WordId),
    /// `> word`
    Output(WordId),
    /// `>> word`
    Append(WordId),
    /// `>| word`
    Clobber(WordId),
    /// `<> word`
    ReadWrite(WordId),
    /// `&> word`: standard output and standard error. Also `>& word` when the word is static and not a descriptor.
    OutputBoth(WordId),
    /// `&>> word`
    AppendBoth(WordId),
    /// `<& ...`
    DuplicateInput(Duplicate),
    /// `>& ...`
    DuplicateOutput(Duplicate),
    /// `<&-` (`input`) or `>&-`
    Close {
        /// Written with `<`: the default descriptor is 0, not 1.
        input: bool,
    },
    /// `<< word`, `<<- word`
    HereDocument(HereDocumentId),
    /// `<<< word`
    HereString(WordId),
}

/// The operand of `<&` and `>&`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duplicate {
    /// `n`: duplicate.
    Number(u32),
    /// `n-`: move.
    Move(u32),
    /// A word that tells only when expanded: `n`, `n-`, `-`, or for `>&` without a descriptor on the left a file name
    /// (then it means `&>`). Anything else is an "ambiguous redirect".
    Word(WordId),
}

/// A here-document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HereDocument {
    /// The delimiter after quote removal.
    pub delimiter: Bytes,
    /// Some of the delimiter was quoted: the body is literal.
    pub quoted: bool,
    /// `<<-`: leading tabs are gone from the body.
    pub strip_tabs: bool,
    /// The body: one `Literal` when `quoted`, else the parts as between double quotes (where `"` is plain text).
    pub body: WordId,
    /// The body's text as read (after removal of tabs), for printing.
    pub text: Bytes,
    /// When the input ended before the delimiter: the line at which it ended and the line at which the document
    /// began, for bash's warning "here-document at line N delimited by end-of-file (wanted `EOF')".
    pub unterminated: Option<(u32, u32)>,
    /// Where the body stands.
    pub span: Span,
    /// The line of the operator.
    pub line: u32,
}
