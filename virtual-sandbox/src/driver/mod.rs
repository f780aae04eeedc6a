//! Where the machine meets the host: the only part of this crate that reads files, clocks or the environment.

mod convert;
pub mod crate_fs;
#[cfg(all(feature = "host", unix))]
pub mod host_dir;
#[cfg(unix)]
pub mod import;
#[cfg(test)]
#[cfg(all(feature = "host", unix))]
mod mount_tests;
mod path_table;
pub mod shared_tree;

#[cfg(feature = "tokio")]
mod archive;
#[cfg(feature = "tokio")]
mod builder;
#[cfg(feature = "tokio")]
mod execution;
#[cfg(feature = "tokio")]
mod files;
#[cfg(feature = "tokio")]
mod processes;
#[cfg(feature = "tokio")]
mod sandbox;
#[cfg(feature = "tokio")]
mod session;
#[cfg(feature = "tokio")]
mod share;
#[cfg(feature = "tokio")]
mod snapshots;
#[cfg(feature = "tokio")]
mod time;
#[cfg(feature = "tokio")]
mod watcher;

#[cfg(feature = "tokio")]
pub use self::builder::{BuildError, Builder, base_image};
#[cfg(feature = "tokio")]
pub use self::sandbox::VirtualSandbox;
#[cfg(feature = "tokio")]
pub use self::session::Session;
#[cfg(feature = "tokio")]
pub use self::time::Time;
