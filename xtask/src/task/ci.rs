//! `cargo xtask ci`: everything the gate checks.

use std::process::Command;

use super::{TaskError, io_error, run as cargo, run_with, test};

/// The other platforms, which are checked where their standard library is installed (`rustup target add`).
const OTHERS: [&str; 2] = ["x86_64-apple-darwin", "x86_64-pc-windows-gnu"];

/// Format, lints, tests, documentation, other platforms.
pub fn run() -> Result<(), TaskError> {
    cargo("cargo", &["fmt", "--all", "--check"])?;
    cargo("cargo", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    test::run(&[])?;
    run_with("cargo", &["doc", "--workspace", "--no-deps", "--quiet"], &[("RUSTDOCFLAGS", "-D warnings")])?;
    OTHERS.iter().try_for_each(|target| check(target))
}

/// Lints the program and its libraries for another platform; nothing is linked or run.
fn check(target: &str) -> Result<(), TaskError> {
    if !is_installed(target)? {
        eprintln!("{target} is not installed: not checked");
        return Ok(());
    }
    let packages = ["-p", "sandshell", "-p", "local-sandbox"];
    cargo("cargo", &[&["clippy", "--target", target], &packages[..], &["--", "-D", "warnings"]].concat())
}

/// Whether the compiler in use has the target's standard library.
fn is_installed(target: &str) -> Result<bool, TaskError> {
    let shown = "rustc --print target-libdir";
    let output = Command::new("rustc")
        .args(["--target", target, "--print", "target-libdir"])
        .current_dir(super::workspace())
        .output()
        .map_err(io_error(shown))?;
    let directory = String::from_utf8_lossy(&output.stdout);
    let mut entries = std::fs::read_dir(directory.trim_end()).into_iter().flatten().flatten();
    Ok(entries.any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}
