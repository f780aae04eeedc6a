//! The tasks, one a file.

pub mod bench;
pub mod bless;
pub mod ci;
pub mod confirm;
pub mod fuzz;
pub mod inventory;
pub mod sanitize;
pub mod setup;
pub mod test;

use std::path::{Path, PathBuf};
use std::process::Command;

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A program could not be started, or a file not be used.
    #[error("{what}: {source}")]
    Io {
        /// The program or file.
        what: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// A program said that something is wrong.
    #[error("`{0}` failed")]
    Failed(String),
    /// A case file is wrong.
    #[error("{path}: {source}", path = path.display())]
    Cases {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: xtask::case::ParseError,
    },
    /// Cases do not do what they say.
    #[error("{0}")]
    Disagree(String),
}

/// Joins an input or output error with what was tried.
pub fn io_error(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> TaskError {
    let what = what.into();
    move |source| TaskError::Io { what, source }
}

/// The workspace's directory.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Runs a program in the workspace's directory.
pub fn run(program: &str, arguments: &[&str]) -> Result<(), TaskError> {
    run_with(program, arguments, &[])
}

/// Runs a program in the workspace's directory, with more environment.
pub fn run_with(program: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Result<(), TaskError> {
    let shown = format!("{program} {}", arguments.join(" "));
    eprintln!("$ {shown}");
    let status = Command::new(program)
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(workspace())
        .status()
        .map_err(io_error(&shown))?;
    if status.success() { Ok(()) } else { Err(TaskError::Failed(shown)) }
}
