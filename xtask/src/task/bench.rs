//! `cargo xtask bench`: how fast it is.

use super::{TaskError, run};

/// Runs the criterion benches whose names hold `filter`, then the same scripts in bash, dash and ours.
pub fn bench(filter: &str) -> Result<(), TaskError> {
    run("cargo", &["bench", "--package", "benches", "--", filter])?;
    run("cargo", &["run", "--quiet", "--release", "--package", "benches", "--bin", "side_by_side", "--", filter])
}
