//! `cargo xtask fuzz`: the fuzz targets for longer than the tests run them.

use super::{TaskError, run_with};

/// Runs `rounds` mutations from `seed` through every target whose name holds `target`.
pub fn fuzz(target: &str, rounds: u64, seed: u64) -> Result<(), TaskError> {
    let (rounds, seed) = (rounds.to_string(), seed.to_string());
    let environment = [("SANDSHELL_FUZZ_ROUNDS", rounds.as_str()), ("SANDSHELL_FUZZ_SEED", seed.as_str())];
    run_with("cargo", &["test", "--release", "--test", "fuzz", "--", target], &environment)
}
