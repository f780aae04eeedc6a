//! Parameter expansions. POSIX 2.6.2; bash manual "Shell Parameter Expansion".

use bytes::Bytes;

use super::{ArithText, WordId};

/// `$name` or `${...}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterExpansion {
    /// The parameter.
    pub parameter: Parameter,
    /// `${!...}`: the value of the parameter names the parameter to expand.
    pub indirect: bool,
    /// `[...]` after the name.
    pub subscript: Option<Subscript>,
    /// What is done with the value.
    pub operator: ParameterOperator,
    /// Written with braces.
    pub braced: bool,
}

/// A parameter's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parameter {
    /// A variable.
    Variable(Bytes),
    /// `$1`, `${10}`. Never 0, which is the special parameter `0`.
    Positional(u32),
    /// One of `@ * # ? - $ ! 0`.
    Special(u8),
}

/// The part between brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subscript {
    /// `[@]`
    At,
    /// `[*]`
    Star,
    /// Any other: an arithmetic expression for an indexed array, a string (after expansion and quote removal) as the
    /// key of an associative array.
    Index(ArithText),
}

/// What a parameter expansion does with the value of the parameter.
///
/// Words are expanded with the quoting around them taken into account at parse time: inside double quotes, single
/// quotes in the word of `:-`, `:=`, `:?`, `:+` are literal, while in patterns they quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParameterOperator {
    /// The value.
    None,
    /// `${#p}`
    Length,
    /// `${p-word}`; with `colon`, `${p:-word}`.
    UseDefault {
        /// Null counts as unset.
        colon: bool,
        /// The word.
        word: WordId,
    },
    /// `${p=word}`, `${p:=word}`
    AssignDefault {
        /// Null counts as unset.
        colon: bool,
        /// The word.
        word: WordId,
    },
    /// `${p?word}`, `${p:?word}`
    ErrorIfUnset {
        /// Null counts as unset.
        colon: bool,
        /// The word; with no parts, bash's own message.
        word: WordId,
    },
    /// `${p+word}`, `${p:+word}`
    UseAlternate {
        /// Null counts as unset.
        colon: bool,
        /// The word.
        word: WordId,
    },
    /// `${p#pattern}`, `${p##pattern}`
    RemovePrefix {
        /// `##`
        longest: bool,
        /// The pattern.
        pattern: WordId,
    },
    /// `${p%pattern}`, `${p%%pattern}`
    RemoveSuffix {
        /// `%%`
        longest: bool,
        /// The pattern.
        pattern: WordId,
    },
    /// `${p/pattern/replacement}` and its kin.
    Substitute {
        /// What is replaced.
        kind: SubstituteKind,
        /// The pattern.
        pattern: WordId,
        /// The replacement; `None` without the second `/`, which deletes.
        replacement: Option<WordId>,
    },
    /// `${p:offset:length}`
    Substring {
        /// The offset.
        offset: ArithText,
        /// The length.
        length: Option<ArithText>,
    },
    /// `${p^pattern}`, `${p,,pattern}`, ...
    Case {
        /// What happens to a character.
        change: CaseChange,
        /// Every character, not only the first.
        all: bool,
        /// The pattern that a character must match; `None` means any.
        pattern: Option<WordId>,
    },
    /// `${p@Q}`: the operator byte, one of `U u L Q E P A K a k`.
    Transform(u8),
    /// `${!prefix@}` (`false`) and `${!prefix*}` (`true`): names of variables that begin with the parameter's name.
    Names {
        /// `*`
        star: bool,
    },
    /// `${!a[@]}`, `${!a[*]}`: the keys of the array (the subscript tells which form).
    Keys,
    /// Something that bash refuses when it expands it.
    Bad {
        /// The text between the braces.
        text: Bytes,
        /// What bash says: `a${x!}b: bad substitution`, with the whole string around the expansion.
        message: Bytes,
        /// An unknown operator of `${p@Q}`: refused only if the parameter is set, and then the shell ends.
        transform: bool,
    },
}

/// What `${p/...}` replaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubstituteKind {
    /// `/`: the first match.
    First,
    /// `//`: every match.
    All,
    /// `/#`: a match at the start.
    Prefix,
    /// `/%`: a match at the end.
    Suffix,
}

/// A change of case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseChange {
    /// `^`
    Upper,
    /// `,`
    Lower,
    /// `~`
    Toggle,
}
