//! The contract every sandbox fulfils: a place where commands run on files.
//!
//! [`Sandbox`] is what an agent, a tool or a program is written against; the in-memory machine, the confined host and
//! remote machines implement it. It is small on purpose. What only some sandboxes can do ([`Snapshots`],
//! [`Terminals`], [`Processes`], [`Watcher`], [`Ports`]) are traits of their own, reached from the contract, so that
//! a new kind of sandbox does not make the contract grow.
//!
//! Scripts, arguments, paths, file contents and output are bytes. A command that ran gives `Ok` with its status,
//! whatever the status is; a [`SandboxError`] says that something did not run, and what was tried.
//!
//! The rules that the types cannot say are checked by the suite in `contract` (feature `contract-suite`), which any
//! implementation calls from its tests.

mod capabilities;
mod error;
mod execution;
mod file;
mod path;
mod port;
mod process;
mod process_table;
mod request;
mod result;
mod retention;
mod snapshot;
mod terminal;
mod r#trait;
mod usage;
mod watch;

#[cfg(feature = "contract-suite")]
pub mod contract;

pub use capabilities::{Capabilities, Isolation};
pub use error::{FileErrorKind, FileOperation, SandboxError};
pub use execution::{EventSender, ExecEvent, ExecExit, ExecStream, Execution, TIMEOUT_STATUS};
pub use file::{DirEntry, FileStat, FileType};
pub use path::resolve;
pub use port::{PortAddress, Ports};
pub use process::{ProcessId, ProcessInfo, ProcessState, Processes};
pub use process_table::{ProcessHandle, ProcessTable, WrittenInput};
pub use request::{EnvChange, ExecRequest, Stdin, StdinStream};
pub use result::ExecResult;
pub use retention::{Omission, OutputRetention, Retained};
pub use snapshot::{Change, ChangeKind, Snapshot, Snapshots};
pub use terminal::{Terminal, TerminalEvent, TerminalRequest, TerminalSize, Terminals};
pub use r#trait::Sandbox;
pub use usage::Usage;
pub use watch::{Watch, WatchEvent, WatchEventKind, WatchRequest, Watcher};

/// The crates whose types stand in the contract's signatures, so that an implementation needs no versions of its own.
pub mod types {
    pub use async_trait::async_trait;
    pub use bytes::Bytes;
    pub use futures_core::Stream;
    pub use tokio_util::sync::CancellationToken;
}
