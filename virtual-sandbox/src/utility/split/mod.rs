//! `split` - split a file into pieces.  [POSIX split; GNU coreutils "split invocation"]
//!
//! [`settings`] reads the command line, [`names`] counts through the names of the pieces, [`pieces`] writes them to files or
//! filters, and [`run`] decides where one ends.

mod names;
mod pieces;
mod run;
mod settings;

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "split",
    options: Some(&settings::OPTIONS),
    run: |sys, inv| Box::pin(run::split(sys, inv)),
    doc: "split a file into pieces",
};
