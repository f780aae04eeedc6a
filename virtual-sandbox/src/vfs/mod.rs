//! The file system of the virtual machine.
//!
//! [`Vfs`] is a whole tree: the memory file system at its root (`memory`), what is mounted in it (`mount`), `/proc`
//! (`proc`) and the count of open files (`opened`). A clone is a snapshot and costs the same whatever it holds.
//!
//! Calls by path walk (`path`) with the identity of a [`Context`] and check permissions (`permission`); each call
//! stands in the file named after what it does. Calls by [`Node`] serve open file descriptions.

mod attributes;
#[cfg(test)]
mod base_tests;
mod content;
mod context;
mod create;
mod data;
mod diff;
mod directory;
mod file_system;
mod flags;
mod image;
mod inode;
mod memory;
#[cfg(test)]
mod model;
mod mount;
mod node;
mod open;
mod opened;
mod path;
mod permission;
mod proc;
mod program;
mod radix;
#[cfg(test)]
mod recorded;
mod remove;
mod rename;
mod saved;
mod table;
mod tree;
mod whole;

pub use context::{Context, Cred, NoProcesses, ProcSource};
pub use diff::{Change, ChangeKind};
pub use file_system::{Attributes, FileSystem, NewFile, NewKind};
pub use flags::{AccessMode, At, Follow, OpenFlags, R_OK, SetTime, W_OK, X_OK};
pub use mount::{MountInfo, MountMode, MountOptions};
pub use node::{Device, DirEntry, FileKind, Ino, MountId, Node, Stat, Timestamp};
pub use open::Opened;
pub use saved::RestoreError;
pub use tree::{FsLimits, FsUsage, Vfs};
