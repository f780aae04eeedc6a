//! `sort` - sort, merge or check lines of text.  [POSIX sort; GNU coreutils "sort invocation"]
//!
//! [`settings`] reads the command line, [`key`] finds the part of a line that a key names, [`order`] compares, [`arrange`]
//! puts lines in order, and [`run`] sorts, merges or checks. Text is compared byte by byte, as in the C and C.UTF-8 locales.

mod arrange;
mod key;
mod number;
mod numeric;
mod order;
mod run;
mod settings;

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "sort",
    options: Some(&settings::OPTIONS),
    run: |sys, inv| Box::pin(run::sort(sys, inv)),
    doc: "sort, merge or check lines of text",
};
