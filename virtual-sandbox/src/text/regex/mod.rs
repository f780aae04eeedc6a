//! POSIX regular expressions, basic and extended, with the GNU extensions, over bytes.
//!
//! A pattern is read by a parser of our own ([`Syntax`] names the dialects), translated to the representation of
//! `regex_syntax`, and matched by the linear engines of `regex_automata` with the POSIX rule: the leftmost match, and of
//! these the longest. Only patterns with back-references are matched by backtracking, within a bound of steps.

mod ast;
mod backref;
mod bracket;
mod class;
mod dialect;
mod error;
mod matcher;
mod parse;
mod posix;
mod shape;
mod token;
mod translate;

pub use dialect::{Flags, Lines, Syntax};
pub use error::{RegexError, RegexWarning};
pub use matcher::{Captures, Regex, Span};
