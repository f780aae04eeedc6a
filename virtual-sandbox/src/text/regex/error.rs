//! Why a pattern is refused, in the words of GNU regcomp.

/// A pattern that is no regular expression, or one that needs more than the engine grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegexError {
    /// A pattern that ends in `[` or `[^`.
    #[error("Invalid regular expression")]
    Invalid,
    /// `[` without its `]`, or an open `[:`, `[.` or `[=`.
    #[error("Unmatched [, [^, [:, [., or [=")]
    UnmatchedBracket,
    /// `[[:name:]]` with a name that is no character class.
    #[error("Invalid character class name")]
    ClassName,
    /// `[[.name.]]` or `[[=name=]]` with more than one character.
    #[error("Invalid collation character")]
    Collation,
    /// A range that ends before it starts, or whose ends are no characters.
    #[error("Invalid range end")]
    RangeEnd,
    /// A repetition with nothing to repeat.
    #[error("Invalid preceding regular expression")]
    Preceding,
    /// A group that is not closed.
    #[error("Unmatched ( or \\(")]
    UnmatchedOpen,
    /// A group that was not opened.
    #[error("Unmatched ) or \\)")]
    UnmatchedClose,
    /// An interval that is not closed.
    #[error("Unmatched \\{{")]
    UnmatchedBrace,
    /// An interval that is no interval, or whose bounds are in the wrong order.
    #[error("Invalid content of \\{{\\}}")]
    IntervalContent,
    /// A reference to a group that is not closed before it.
    #[error("Invalid back reference")]
    BackReference,
    /// A pattern that ends in a backslash.
    #[error("Trailing backslash")]
    TrailingBackslash,
    /// A repetition count, a nesting or a compiled program beyond the limits.
    #[error("Regular expression too big")]
    TooBig,
    /// A search with back-references that took more steps than granted.
    #[error("Regular expression too big")]
    TooManySteps,
}

/// Something odd in a pattern that is accepted: `grep` warns about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegexWarning {
    /// `*`, `+` or `?` with nothing to repeat.
    #[error("{} at start of expression", char::from(*.0))]
    StrayRepetition(u8),
    /// An interval with nothing to repeat.
    #[error("{{...}} at start of expression")]
    StrayInterval,
}
