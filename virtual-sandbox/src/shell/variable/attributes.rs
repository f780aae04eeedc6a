//! Attributes of variables. bash manual "declare".

/// A set of attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Attributes(u16);

impl Attributes {
    /// None.
    pub const NONE: Self = Self(0);
    /// `-x`: passed to commands in their environment.
    pub const EXPORTED: Self = Self(1);
    /// `-r`: cannot be assigned or unset.
    pub const READONLY: Self = Self(2);
    /// `-i`: values are evaluated as arithmetic expressions.
    pub const INTEGER: Self = Self(4);
    /// `-l`: values are converted to lower case.
    pub const LOWERCASE: Self = Self(8);
    /// `-u`: values are converted to upper case.
    pub const UPPERCASE: Self = Self(16);
    /// `-c`: the first character is converted to upper case, the others to lower case.
    pub const CAPITALIZE: Self = Self(32);
    /// `-n`: the value names another variable.
    pub const NAMEREF: Self = Self(64);
    /// `-t`: no meaning for variables.
    pub const TRACE: Self = Self(128);
    /// `-a`: an indexed array, with or without elements.
    pub const ARRAY: Self = Self(256);
    /// `-A`: an associative array.
    pub const ASSOC: Self = Self(512);
    /// From the assignments before a command: gone after it.
    pub const TEMPORARY: Self = Self(1024);
    /// Cannot be unset (bash refuses `BASH_VERSINFO` and its like).
    pub const NO_UNSET: Self = Self(2048);
    /// Assignments are silently without effect (`FUNCNAME`, `GROUPS`).
    pub const NO_ASSIGN: Self = Self(4096);

    /// Attributes that make an assignment more than storing a string.
    pub const SPECIAL_ASSIGNMENT: Self =
        Self(Self::READONLY.0 | Self::INTEGER.0 | Self::CASE.0 | Self::NAMEREF.0 | Self::NO_ASSIGN.0);
    /// The attributes that change the case.
    pub const CASE: Self = Self(Self::LOWERCASE.0 | Self::UPPERCASE.0 | Self::CAPITALIZE.0);

    /// Whether every attribute of `other` is here.
    #[inline]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any attribute of `other` is here.
    #[inline]
    pub const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets.
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// This set without those of `other`.
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The letters in bash's order, as `declare -p` and `${x@a}` show them.
    pub fn letters(self) -> Vec<u8> {
        const LETTERS: [(Attributes, u8); 10] = [
            (Attributes::ARRAY, b'a'),
            (Attributes::ASSOC, b'A'),
            (Attributes::INTEGER, b'i'),
            (Attributes::NAMEREF, b'n'),
            (Attributes::READONLY, b'r'),
            (Attributes::TRACE, b't'),
            (Attributes::EXPORTED, b'x'),
            (Attributes::CAPITALIZE, b'c'),
            (Attributes::LOWERCASE, b'l'),
            (Attributes::UPPERCASE, b'u'),
        ];
        LETTERS.iter().filter(|(attribute, _)| self.has(*attribute)).map(|(_, letter)| *letter).collect()
    }
}
