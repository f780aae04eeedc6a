//! `cargo xtask test`: all tests.

use super::{TaskError, run as program, setup};

/// Sets up and runs `cargo test` over the workspace.
pub fn run(arguments: &[String]) -> Result<(), TaskError> {
    setup::run()?;
    let mut words = vec!["test", "--workspace"];
    words.extend(arguments.iter().map(String::as_str));
    program("cargo", &words)
}
