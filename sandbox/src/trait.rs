//! The contract.

use async_trait::async_trait;
use bytes::Bytes;

use crate::capabilities::Capabilities;
use crate::error::SandboxError;
use crate::execution::Execution;
use crate::file::{DirEntry, FileStat};
use crate::path;
use crate::port::Ports;
use crate::process::Processes;
use crate::request::ExecRequest;
use crate::snapshot::Snapshots;
use crate::terminal::Terminals;
use crate::watch::Watcher;

/// A place where commands run on files.
///
/// Paths are POSIX paths in bytes; a relative one starts at [`cwd`](Sandbox::cwd). File operations have the rights
/// that commands have. A sandbox may be used from several tasks at once.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// Starts a script. `Ok` as soon as it runs; its status, also 127 for a command that does not exist, 124 for a
    /// timeout and 128+n for a signal, comes with the exit event. `Err` when nothing ran.
    async fn exec(&self, request: ExecRequest) -> Result<Execution, SandboxError>;

    /// The contents of a file, links followed.
    async fn read_file(&self, path: &[u8]) -> Result<Bytes, SandboxError>;

    /// Makes a file hold exactly `contents`, creating it and the directories above it as needed. A file that is there
    /// keeps its mode; a link is followed.
    async fn write_file(&self, path: &[u8], contents: Bytes) -> Result<(), SandboxError>;

    /// What the path leads to, and whether it is a link itself. A link that leads nowhere is not found.
    async fn stat(&self, path: &[u8]) -> Result<FileStat, SandboxError>;

    /// The entries of a directory in byte order of their names, without `.` and `..`.
    async fn read_dir(&self, path: &[u8]) -> Result<Vec<DirEntry>, SandboxError>;

    /// Whether [`stat`](Sandbox::stat) finds something. Errors other than "not there" are errors.
    async fn exists(&self, path: &[u8]) -> Result<bool, SandboxError>;

    /// Creates a directory. With `parents`, those above it as well, and one that is there is no error.
    async fn create_dir(&self, path: &[u8], parents: bool) -> Result<(), SandboxError>;

    /// Removes a file, a link (not what it leads to) or an empty directory; with `recursive`, a directory with all it
    /// holds, following no links.
    async fn remove(&self, path: &[u8], recursive: bool) -> Result<(), SandboxError>;

    /// Renames, replacing a file or an empty directory at the new path as `rename(2)` does.
    async fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), SandboxError>;

    /// The directory where commands start and relative paths begin; absolute.
    fn cwd(&self) -> Vec<u8>;

    /// The absolute form of a path, without looking at files.
    fn resolve_path(&self, path: &[u8]) -> Vec<u8> {
        path::resolve(&self.cwd(), path)
    }

    /// What kind of sandbox this is.
    fn capabilities(&self) -> Capabilities;

    /// Ends everything that runs in the sandbox and gives its resources back. A second close is no error; everything
    /// else fails with [`SandboxError::Closed`] afterwards.
    async fn close(&self) -> Result<(), SandboxError>;

    /// Saving, going back, forking.
    fn snapshots(&self) -> Option<&dyn Snapshots> {
        None
    }

    /// Commands with a terminal.
    fn terminals(&self) -> Option<&dyn Terminals> {
        None
    }

    /// Commands that outlive the call that started them.
    fn processes(&self) -> Option<&dyn Processes> {
        None
    }

    /// News of changed files.
    fn watcher(&self) -> Option<&dyn Watcher> {
        None
    }

    /// The way to servers that run inside.
    fn ports(&self) -> Option<&dyn Ports> {
        None
    }
}
