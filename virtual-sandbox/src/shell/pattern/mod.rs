//! Shell patterns. POSIX 2.14 Pattern Matching Notation; bash manual "Pattern Matching".

/// How a pattern is matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// `?(` `*(` `+(` `@(` `!(` are special.
    pub extglob: bool,
    /// Case does not matter.
    pub nocase: bool,
}
