//! Words: reading one, with all its parts. POSIX 2.2 Quoting, 2.3, 2.6.

mod brace;
pub(crate) mod extent;
mod parameter;
mod quote;
mod run;
mod substitution;
mod tilde;
mod unquoted;

pub(crate) use quote::{QuotedEnd, decode_ansi_c};
pub(crate) use substitution::{Around, ends_in_backslash};
pub(crate) use unquoted::{Ends, Style};
