//! What can go wrong, typed. Whatever is an error here means that the command has not run.

use std::io;
use std::path::PathBuf;

use sandbox::SandboxError;

use crate::report::{Property, Status};

/// Why a sandbox could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The working directory is missing, no directory, or not permitted.
    #[error("working directory '{}': {source}", path.display())]
    Cwd {
        /// The directory as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A writable directory is missing, no directory, or not permitted.
    #[error("writable directory '{}': {source}", path.display())]
    Writable {
        /// The directory as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The directory for all output is missing, no directory, or not permitted.
    #[error("spool directory '{}': {source}", path.display())]
    Spool {
        /// The directory as given.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// An environment name is empty or holds `=` or NUL, or a value holds NUL.
    #[error("invalid environment variable '{}'", name.escape_ascii())]
    Environment {
        /// The name.
        name: Vec<u8>,
    },
    /// The shell is no executable file at an absolute path.
    #[error("shell '{}': not an executable file at an absolute path", path.display())]
    Shell {
        /// The shell as given.
        path: PathBuf,
    },
    /// A host of the network allowlist cannot be one.
    #[error("network allowlist: invalid host '{0}'")]
    Host(String),
    /// This program cannot serve as its own helper and no helper program was found.
    #[error("no helper: call local_sandbox::init() first in main, or install local-sandbox-warden beside the program")]
    HelperMissing,
    /// The helper could not be started.
    #[error("cannot start the helper: {0}")]
    Helper(io::Error),
    /// The confinement asked for could not be set up.
    #[error("confinement failed: {stage}: {}", io::Error::from_raw_os_error(*errno))]
    Confinement {
        /// What was being done.
        stage: String,
        /// The system's reason.
        errno: i32,
    },
    /// The confinement was required and this machine cannot enforce all of it.
    #[error("cannot enforce {property}: {status}")]
    Unenforceable {
        /// The first property that does not hold.
        property: Property,
        /// How far it holds.
        status: Status,
    },
    /// The platform has no such feature.
    #[error("{0} is not supported on this platform")]
    Unsupported(&'static str),
}

/// Why a command has not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecError {
    /// The working directory is missing, no directory, or not permitted.
    #[error("working directory '{}': {}", path.escape_ascii(), said(source))]
    Cwd {
        /// The absolute path tried.
        path: Vec<u8>,
        /// The system's reason.
        source: io::Error,
    },
    /// The script, an argument or the environment holds a NUL byte, or a name that is none.
    #[error("invalid {what}")]
    InvalidCommand {
        /// Which part.
        what: &'static str,
    },
    /// Arguments and environment are larger than the system passes on.
    #[error("arguments and environment are too large")]
    TooBig,
    /// The shell could not be started.
    #[error("cannot start '{}': {}", program.escape_ascii(), said(source))]
    Spawn {
        /// The program.
        program: Vec<u8>,
        /// The system's reason.
        source: io::Error,
    },
    /// No processes, descriptors or memory were to be had.
    #[error("out of resources: {0}")]
    Resources(io::Error),
    /// The command could not be confined as its sandbox is.
    #[error("confinement failed: {stage}: {}", said(source))]
    Confinement {
        /// What was being done.
        stage: &'static str,
        /// The system's reason.
        source: io::Error,
    },
    /// The request's token was cancelled before anything was started.
    #[error("cancelled before it started")]
    Cancelled,
    /// The sandbox is closed.
    #[error("the sandbox is closed")]
    Closed,
    /// The helper has died; what it ran has been ended.
    #[error("the sandbox's helper process died")]
    HelperDied,
    /// Anything else the system says.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The system's words, without its number.
fn said(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(words, _)| words).to_owned()
}

impl ExecError {
    /// The contract's form of it.
    pub fn into_sandbox_error(self, command: String) -> SandboxError {
        match self {
            ExecError::Cancelled => SandboxError::Cancelled { command },
            ExecError::Closed => SandboxError::Closed { operation: "exec" },
            ExecError::InvalidCommand { what } => {
                SandboxError::InvalidRequest { what, reason: "it holds a NUL byte or is no name".to_owned() }
            }
            ExecError::HelperDied => SandboxError::backend("run the command", self),
            other => SandboxError::NotStarted { command, reason: other.to_string() },
        }
    }
}
