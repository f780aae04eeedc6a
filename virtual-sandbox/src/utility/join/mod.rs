//! `join` - join lines of two files on a common field.  [POSIX join; GNU coreutils "join invocation"]
//!
//! [`settings`] reads the command line, [`fields`] divides a line, and [`run`] pairs the lines of two sorted files. Fields
//! are compared byte by byte, as in the C and C.UTF-8 locales.

mod fields;
mod run;
mod settings;

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "join",
    options: Some(&settings::OPTIONS),
    run: |sys, inv| Box::pin(run::join(sys, inv)),
    doc: "join lines of two files on a common field",
};
