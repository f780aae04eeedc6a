//! What the portable sandbox does by the means of UNIX.

pub mod exit;
pub mod launch;
pub mod limits;
pub mod outcome;
pub mod processes;
pub mod screen;
pub mod streams;
pub mod sys;
pub mod tree;
pub mod watcher;

use std::io;
use std::path::Path;

use nix::unistd::{AccessFlags, access};

pub use exit::{Ending, Exit};
pub use launch::{Launcher, ScriptFile};
pub use screen::Screen;
pub use screen::terminal_size;
pub use streams::{Reader, Writer};
pub use tree::Tree;

/// The absolute form of a path as requests give it.
pub fn absolute(cwd: &Path, path: &[u8]) -> Vec<u8> {
    sandbox::resolve(cwd.as_os_str().as_encoded_bytes(), path)
}

/// Fails as a command's `chdir` would.
pub fn check_directory(directory: &Path) -> io::Result<()> {
    // Only of a directory is this a name.
    Ok(access(&directory.join("."), AccessFlags::X_OK)?)
}

/// Fails as `execve` would when the program is gone or no longer permitted.
pub fn check_program(program: &Path) -> io::Result<()> {
    Ok(access(program, AccessFlags::X_OK)?)
}
