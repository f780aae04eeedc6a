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
