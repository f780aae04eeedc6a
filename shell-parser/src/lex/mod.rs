//! Tokens: blanks and comments, operators, reserved words. POSIX 2.3 Token Recognition.

pub(crate) mod blank;
pub(crate) mod class;
pub(crate) mod operator;
pub(crate) mod reserved;
