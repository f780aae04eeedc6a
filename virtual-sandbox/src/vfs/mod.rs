//! The file system of the virtual machine.

mod context;
mod flags;
mod node;

pub use context::{Context, Cred, NoProcesses, ProcSource};
pub use flags::{AccessMode, At, Follow, OpenFlags, R_OK, SetTime, W_OK, X_OK};
pub use node::{Device, DirEntry, FileKind, Ino, MountId, Node, Stat, Timestamp};
