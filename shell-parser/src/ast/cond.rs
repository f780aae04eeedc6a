//! The expressions of `[[ ... ]]`. bash manual "Conditional Constructs", "Bash Conditional Expressions".

use super::{CondId, WordId};

/// A conditional expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CondExpr {
    /// `word`: true if not empty.
    Word(WordId),
    /// `-f word`
    Unary(CondUnary, WordId),
    /// `left = right`
    Binary(CondBinary, WordId, WordId),
    /// `! expression`
    Not(CondId),
    /// `left && right`
    And(CondId, CondId),
    /// `left || right`
    Or(CondId, CondId),
    /// `( expression )`
    Group(CondId),
}

/// A unary primary: the letter after the `-`, one of `a b c d e f g h k n o p r s t u v w x z G L N O R S`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CondUnary(pub u8);

/// A binary primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CondBinary {
    /// `=` (`double` false) and `==`: the right side is a pattern.
    Match {
        /// Written `==`.
        double: bool,
    },
    /// `!=`: the right side is a pattern.
    NotMatch,
    /// `=~`: the right side is an extended regular expression; its quoted parts are literal.
    Regex,
    /// `<`: sorts before.
    Less,
    /// `>`: sorts after.
    Greater,
    /// `-eq`
    Equal,
    /// `-ne`
    NotEqual,
    /// `-lt`
    LessThan,
    /// `-le`
    LessOrEqual,
    /// `-gt`
    GreaterThan,
    /// `-ge`
    GreaterOrEqual,
    /// `-nt`: newer file.
    NewerThan,
    /// `-ot`: older file.
    OlderThan,
    /// `-ef`: same file.
    SameFile,
}

impl CondBinary {
    /// The operator as it is written.
    pub fn symbol(self) -> &'static [u8] {
        match self {
            Self::Match { double: false } => b"=",
            Self::Match { double: true } => b"==",
            Self::NotMatch => b"!=",
            Self::Regex => b"=~",
            Self::Less => b"<",
            Self::Greater => b">",
            Self::Equal => b"-eq",
            Self::NotEqual => b"-ne",
            Self::LessThan => b"-lt",
            Self::LessOrEqual => b"-le",
            Self::GreaterThan => b"-gt",
            Self::GreaterOrEqual => b"-ge",
            Self::NewerThan => b"-nt",
            Self::OlderThan => b"-ot",
            Self::SameFile => b"-ef",
        }
    }
}
