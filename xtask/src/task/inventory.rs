//! `cargo xtask inventory`: the list of utilities and builtins.

use super::{TaskError, run_with};

/// Writes `INVENTORY.md` anew; the test of the same name fails when it is out of date.
pub fn run() -> Result<(), TaskError> {
    run_with("cargo", &["test", "--quiet", "--test", "inventory"], &[("SANDSHELL_WRITE_INVENTORY", "1")])
}
