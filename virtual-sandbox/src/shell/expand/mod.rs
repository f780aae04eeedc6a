//! Word expansions. POSIX 2.6 Word Expansions; bash manual "Shell Expansions".
//!
//! Expansion is ordinary recursion over the parts of a word. When it meets a command substitution whose output is not
//! there yet it stops with [`Stop::Substitution`]; the caller runs the substitution in the state of that moment,
//! restores the variables as they were before the word, and expands the word again, now with one more result to give
//! out. A word without the fact `SUBSTITUTION` never stops that way.

pub mod assignment;
mod brace;
pub mod case;
mod error;
mod field;
mod parameter;
mod pathname;
pub mod quote;
mod read_line;
mod split;
mod tilde;
mod word;
mod world;

pub use error::{ExpansionError, Severity, Stop, Substituted};
pub use read_line::split_read;
pub use word::{
    expand_assignment_value, expand_here_document, expand_pattern, expand_regex, expand_text, expand_word_into,
    expand_words, quick_field,
};
pub use world::{ShellOption, World};
