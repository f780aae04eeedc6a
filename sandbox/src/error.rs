//! Why something did not run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What went wrong before or beside a command; a command that ran is never an error, whatever its status.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A file operation failed.
    #[error("cannot {operation} '{}': {kind}", path.escape_ascii())]
    File {
        /// What was tried.
        operation: FileOperation,
        /// The path as the caller gave it.
        path: Vec<u8>,
        /// Why it failed.
        kind: FileErrorKind,
    },
    /// The command could not be started.
    #[error("cannot start '{command}': {reason}")]
    NotStarted {
        /// The start of the script or the program's name.
        command: String,
        /// Why, in the words of the system below.
        reason: String,
    },
    /// The request itself makes no sense to this sandbox.
    #[error("invalid {what}: {reason}")]
    InvalidRequest {
        /// Which part of the request.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The request's cancellation token was cancelled before the command started.
    #[error("cancelled before it started: '{command}'")]
    Cancelled {
        /// The start of the script.
        command: String,
    },
    /// The sandbox was closed.
    #[error("cannot {operation}: the sandbox is closed")]
    Closed {
        /// What was tried.
        operation: &'static str,
    },
    /// This kind of sandbox cannot do it.
    #[error("{sandbox} cannot {operation}")]
    Unsupported {
        /// What was tried.
        operation: &'static str,
        /// The kind of sandbox, as in [`Capabilities::kind`](crate::Capabilities::kind).
        sandbox: &'static str,
    },
    /// It cannot be done now, and may succeed later.
    #[error("cannot {operation} now: {reason}")]
    Busy {
        /// What was tried.
        operation: &'static str,
        /// What is in the way.
        reason: String,
    },
    /// A limit of the sandbox forbids it.
    #[error("cannot {operation}: limit {limit} is {value}")]
    Limit {
        /// What was tried.
        operation: &'static str,
        /// The limit's name.
        limit: &'static str,
        /// The limit's value.
        value: u64,
    },
    /// No process, terminal or snapshot has this id (any more).
    #[error("no such {what}: {id}")]
    UnknownId {
        /// What was looked for.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// The system that holds the sandbox failed or could not be reached; whether a command that was under way had
    /// effects is unknown.
    #[error("cannot {operation}: {source}")]
    Backend {
        /// What was tried.
        operation: &'static str,
        /// What the system said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl SandboxError {
    /// A failed file operation.
    pub fn file(operation: FileOperation, path: &[u8], kind: FileErrorKind) -> Self {
        SandboxError::File { operation, path: path.to_vec(), kind }
    }

    /// A failed file operation of the host, its kind taken from the host's error.
    pub fn from_io(operation: FileOperation, path: &[u8], error: &std::io::Error) -> Self {
        SandboxError::file(operation, path, FileErrorKind::from(error))
    }

    /// A failure of the system that holds the sandbox.
    pub fn backend(operation: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        SandboxError::Backend { operation, source: source.into() }
    }

    /// The kind, when this is a failed file operation.
    pub fn file_kind(&self) -> Option<&FileErrorKind> {
        match self {
            SandboxError::File { kind, .. } => Some(kind),
            _ => None,
        }
    }
}

/// The file operations of the contract, as errors name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FileOperation {
    /// [`Sandbox::read_file`](crate::Sandbox::read_file)
    Read,
    /// [`Sandbox::write_file`](crate::Sandbox::write_file)
    Write,
    /// [`Sandbox::stat`](crate::Sandbox::stat)
    Stat,
    /// [`Sandbox::read_dir`](crate::Sandbox::read_dir)
    ReadDir,
    /// [`Sandbox::create_dir`](crate::Sandbox::create_dir)
    CreateDir,
    /// [`Sandbox::remove`](crate::Sandbox::remove)
    Remove,
    /// [`Sandbox::rename`](crate::Sandbox::rename)
    Rename,
    /// [`Watcher::watch`](crate::Watcher::watch)
    Watch,
}

impl fmt::Display for FileOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileOperation::Read => "read",
            FileOperation::Write => "write",
            FileOperation::Stat => "stat",
            FileOperation::ReadDir => "list",
            FileOperation::CreateDir => "create directory",
            FileOperation::Remove => "remove",
            FileOperation::Rename => "rename",
            FileOperation::Watch => "watch",
        })
    }
}

/// Why a file operation failed; the texts are those of `strerror(3)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum FileErrorKind {
    /// ENOENT
    NotFound,
    /// EEXIST
    AlreadyExists,
    /// ENOTDIR
    NotADirectory,
    /// EISDIR
    IsADirectory,
    /// ENOTEMPTY
    DirectoryNotEmpty,
    /// EACCES or EPERM; also a path that leads out of what the sandbox may reach.
    PermissionDenied,
    /// ELOOP
    TooManyLinks,
    /// ENAMETOOLONG
    NameTooLong,
    /// EROFS
    ReadOnly,
    /// ENOSPC, EDQUOT, or a limit of the sandbox on memory or files.
    NoSpace,
    /// A path that this sandbox cannot express, such as one with a NUL byte.
    InvalidPath,
    /// Anything else, in the words of the system below.
    Other(String),
}

impl fmt::Display for FileErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FileErrorKind::NotFound => "No such file or directory",
            FileErrorKind::AlreadyExists => "File exists",
            FileErrorKind::NotADirectory => "Not a directory",
            FileErrorKind::IsADirectory => "Is a directory",
            FileErrorKind::DirectoryNotEmpty => "Directory not empty",
            FileErrorKind::PermissionDenied => "Permission denied",
            FileErrorKind::TooManyLinks => "Too many levels of symbolic links",
            FileErrorKind::NameTooLong => "File name too long",
            FileErrorKind::ReadOnly => "Read-only file system",
            FileErrorKind::NoSpace => "No space left on device",
            FileErrorKind::InvalidPath => "Invalid argument",
            FileErrorKind::Other(message) => message,
        })
    }
}

impl From<&std::io::Error> for FileErrorKind {
    fn from(error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => FileErrorKind::NotFound,
            ErrorKind::AlreadyExists => FileErrorKind::AlreadyExists,
            ErrorKind::NotADirectory => FileErrorKind::NotADirectory,
            ErrorKind::IsADirectory => FileErrorKind::IsADirectory,
            ErrorKind::DirectoryNotEmpty => FileErrorKind::DirectoryNotEmpty,
            ErrorKind::PermissionDenied => FileErrorKind::PermissionDenied,
            ErrorKind::InvalidFilename => FileErrorKind::NameTooLong,
            ErrorKind::ReadOnlyFilesystem => FileErrorKind::ReadOnly,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FileErrorKind::NoSpace,
            ErrorKind::InvalidInput => FileErrorKind::InvalidPath,
            _ if error.raw_os_error() == Some(ELOOP) => FileErrorKind::TooManyLinks,
            _ => FileErrorKind::Other(error.to_string()),
        }
    }
}

/// ELOOP, which differs between the systems; `std` has no stable kind for it.
const ELOOP: i32 = if cfg!(target_vendor = "apple") { 62 } else { 40 };
