//! `grep` - print lines that match patterns.  [POSIX grep; GNU grep manual]
//!
//! [`settings`] reads the command line, [`pattern`] compiles and matches, [`search`] goes through one file, [`line`] writes
//! one line, [`walk`] goes through directories.

mod color;
mod line;
mod pattern;
mod search;
mod settings;
mod walk;

use crate::utility::prelude::*;
use settings::Flavor;

/// The registry row of `grep`.
pub const UTILITY: Utility = Utility {
    name: "grep",
    options: Some(&settings::OPTIONS),
    run: |sys, inv| Box::pin(walk::grep(sys, inv, Flavor::Basic)),
    doc: "print lines that match patterns",
};

/// The registry row of `egrep`.
pub const EGREP: Utility = Utility {
    name: "egrep",
    options: Some(&settings::OPTIONS),
    run: |sys, inv| Box::pin(walk::grep(sys.renamed("grep"), inv, Flavor::Extended)),
    doc: "print lines that match extended regular expressions",
};

/// The registry row of `fgrep`.
pub const FGREP: Utility = Utility {
    name: "fgrep",
    options: Some(&settings::OPTIONS),
    run: |sys, inv| Box::pin(walk::grep(sys.renamed("grep"), inv, Flavor::Fixed)),
    doc: "print lines that match strings",
};
