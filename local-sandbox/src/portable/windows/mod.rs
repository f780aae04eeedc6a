//! What the portable sandbox does by the means of Windows.

pub mod console;
pub mod exit;
pub mod launch;
pub mod outcome;
pub mod screen;
pub mod streams;
pub mod sys;
pub mod tree;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Component, Path, PathBuf};

pub use console::terminal_size;
pub use exit::{Ending, Exit};
pub use launch::{Launcher, ScriptFile};
pub use screen::Screen;
pub use streams::{Reader, Writer};
pub use tree::Tree;

use crate::names;

/// The absolute form of a path as requests give it, with `/` between its names: both kinds of slash are known to the system,
/// and only this one to POSIX shells.
pub fn absolute(cwd: &Path, path: &[u8]) -> Vec<u8> {
    let Some(name) = names::os_string(path.to_vec()) else { return path.to_vec() };
    let mut folded = PathBuf::new();
    for component in cwd.join(name).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                folded.pop();
            }
            other => folded.push(other),
        }
    }
    let mut bytes = names::of_path(&folded);
    bytes.iter_mut().filter(|byte| **byte == b'\\').for_each(|byte| *byte = b'/');
    bytes
}

/// Fails unless commands can start in it.
pub fn check_directory(directory: &Path) -> io::Result<()> {
    if directory.metadata()?.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// Fails unless it can be run.
pub fn check_program(program: &Path) -> io::Result<()> {
    if program.metadata()?.is_file() { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}
