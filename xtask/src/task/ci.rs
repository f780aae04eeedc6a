//! `cargo xtask ci`: everything the gate checks.

use super::{TaskError, run as cargo, run_with, test};

/// Format, lints, tests, documentation.
pub fn run() -> Result<(), TaskError> {
    cargo("cargo", &["fmt", "--all", "--check"])?;
    cargo("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    test::run(&[])?;
    run_with("cargo", &["doc", "--workspace", "--no-deps", "--quiet"], &[("RUSTDOCFLAGS", "-D warnings")])
}
