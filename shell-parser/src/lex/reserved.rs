//! Reserved words. POSIX 2.4; bash manual "Reserved Words".

/// A reserved word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reserved {
    Not,
    Case,
    Coproc,
    Do,
    Done,
    Elif,
    Else,
    Esac,
    Fi,
    For,
    Function,
    If,
    In,
    Select,
    Then,
    Time,
    Until,
    While,
    OpenBrace,
    CloseBrace,
    OpenCond,
    CloseCond,
}

impl Reserved {
    pub(crate) fn from_word(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"!" => Self::Not,
            b"case" => Self::Case,
            b"coproc" => Self::Coproc,
            b"do" => Self::Do,
            b"done" => Self::Done,
            b"elif" => Self::Elif,
            b"else" => Self::Else,
            b"esac" => Self::Esac,
            b"fi" => Self::Fi,
            b"for" => Self::For,
            b"function" => Self::Function,
            b"if" => Self::If,
            b"in" => Self::In,
            b"select" => Self::Select,
            b"then" => Self::Then,
            b"time" => Self::Time,
            b"until" => Self::Until,
            b"while" => Self::While,
            b"{" => Self::OpenBrace,
            b"}" => Self::CloseBrace,
            b"[[" => Self::OpenCond,
            b"]]" => Self::CloseCond,
            _ => return None,
        })
    }

    /// Whether it can only end or divide a list, never begin a command.
    pub(crate) fn ends_list(self) -> bool {
        matches!(
            self,
            Self::Do
                | Self::Done
                | Self::Elif
                | Self::Else
                | Self::Esac
                | Self::Fi
                | Self::In
                | Self::Then
                | Self::CloseBrace
                | Self::CloseCond
        )
    }
}

/// The longest reserved word.
pub(crate) const LONGEST: usize = b"function".len();
