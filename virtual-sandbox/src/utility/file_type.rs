//! What messages call the types of files.  [gnulib file-type]

use crate::vfs::{FileKind, Stat};

/// The type as `stat -c %F` and the questions of `rm -i` name it: `regular empty file`, `directory`.
pub fn describe(stat: &Stat) -> &'static str {
    match stat.kind {
        FileKind::Regular if stat.size == 0 => "regular empty file",
        FileKind::Regular => "regular file",
        FileKind::Directory => "directory",
        FileKind::Symlink => "symbolic link",
        FileKind::Fifo => "fifo",
        FileKind::CharDevice => "character special file",
        FileKind::BlockDevice => "block special file",
        FileKind::Socket => "socket",
    }
}
