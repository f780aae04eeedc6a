//! `sed` - stream editor for filtering and transforming text.  [POSIX sed; GNU sed 4.9 manual]
//!
//! [`settings`] reads the command line, [`parse`] compiles the script to the commands of [`command`], [`run`] executes them
//! on the lines that [`input`] hands out, and [`output`] writes.

mod address;
mod command;
mod execute;
mod input;
mod lexer;
mod output;
mod parse;
mod replacement;
mod run;
mod settings;
mod substitute;
mod unambiguous;

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "sed",
    options: Some(&settings::OPTIONS),
    run: |sys, inv| Box::pin(run::sed(sys, inv)),
    doc: "stream editor for filtering and transforming text",
};
