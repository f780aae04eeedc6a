//! Files as the contract shows them.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FileType {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; only where links are not followed.
    Symlink,
    /// A device, FIFO or socket.
    Other,
}

/// What [`Sandbox::stat`](crate::Sandbox::stat) says: everything but [`is_symlink`](FileStat::is_symlink) is about
/// the file that the path leads to, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStat {
    /// The type; never [`FileType::Symlink`].
    pub file_type: FileType,
    /// The size in bytes; for what is no regular file, whatever the system says.
    pub size: u64,
    /// The time of the last change of the contents.
    pub modified: SystemTime,
    /// The permission bits (`07777`), where the sandbox has them.
    pub mode: Option<u32>,
    /// Whether the path itself names a symbolic link.
    pub is_symlink: bool,
}

impl FileStat {
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.file_type == FileType::File
    }

    /// Whether it is a directory.
    pub fn is_dir(&self) -> bool {
        self.file_type == FileType::Directory
    }
}

/// One entry of a directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirEntry {
    /// The name, without the directory; never `.` or `..`.
    pub name: Vec<u8>,
    /// The type of the entry itself, links not followed.
    pub file_type: FileType,
}
