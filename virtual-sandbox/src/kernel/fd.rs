//! Descriptor tables and open file descriptions.
//!
//! [POSIX 3.141 File Descriptor, 3.253 Open File Description] Descriptors that were duplicated or inherited share one
//! description and so one file offset: this is what makes `{ head -n1; cat; } < f` and `while read; do …; done < f`
//! right.

use super::{Console, ConsoleId, PipeId, Table};
use crate::sys::Fd;
use crate::vfs::{Cred, Device, FileKind, Node, OpenFlags, Stat, Timestamp};
use bytes::Bytes;
use smallvec::SmallVec;

/// Names an open file description.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct FileId(pub u32);

/// A console stream that the machine writes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What an open file description refers to.
#[derive(Clone, Debug)]
pub enum Object {
    /// A regular file.
    Regular(Node),
    /// A directory.
    Directory(Node),
    /// The reading end of a pipe.
    PipeReader(PipeId),
    /// The writing end of a pipe.
    PipeWriter(PipeId),
    /// A FIFO opened for both.
    PipeBoth(PipeId),
    /// A device.
    Device(Node, Device),
    /// Text generated when it was opened (`/proc`).
    Text(Node, Bytes),
    /// A console's output, taken by the host.
    Console(ConsoleId, Stream),
}

impl Object {
    /// What fstat(2) says of an object that is no file of the tree: a pipe or a console.
    pub(super) fn anonymous_stat(&self, consoles: &Table<Console>, cred: &Cred, now: Timestamp) -> Stat {
        let (number, terminal) = match self {
            Object::PipeReader(pipe) | Object::PipeWriter(pipe) | Object::PipeBoth(pipe) => (u64::from(pipe.0), false),
            Object::Console(id, _) => {
                let terminal = consoles.get(id.0).is_some_and(|console| console.terminal);
                (1_000_000 + u64::from(id.0), terminal)
            }
            _ => (0, false),
        };
        Stat {
            dev: 0xd,
            ino: number + 1,
            kind: if terminal { FileKind::CharDevice } else { FileKind::Fifo },
            mode: if terminal { 0o620 } else { 0o600 },
            nlink: 1,
            uid: cred.uid,
            gid: cred.gid,
            size: 0,
            blocks: 0,
            blksize: 4096,
            rdev: if terminal { (136, 0) } else { (0, 0) },
            atime: now,
            mtime: now,
            ctime: now,
            btime: now,
        }
    }
}

/// An open file description.
#[derive(Clone, Debug)]
pub struct OpenFile {
    /// Descriptors that refer to it, over all processes.
    pub references: u32,
    /// What it refers to.
    pub object: Object,
    /// The file offset in bytes.
    pub offset: u64,
    /// How it was opened.
    pub flags: OpenFlags,
}

/// An entry of a descriptor table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FdEntry {
    /// The open file description.
    pub file: FileId,
    /// Whether it is closed when a program is executed.
    pub close_on_exec: bool,
}

/// A process's descriptors, sorted.
#[derive(Clone, Debug, Default)]
pub struct FdTable {
    entries: SmallVec<[(Fd, FdEntry); 4]>,
}

impl FdTable {
    /// The entry of `fd`.
    pub fn get(&self, fd: Fd) -> Option<FdEntry> {
        self.position(fd).ok().and_then(|at| self.entries.get(at)).map(|(_, entry)| *entry)
    }

    fn position(&self, fd: Fd) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&fd, |(fd, _)| *fd)
    }

    /// Sets an entry; the one it replaces.
    pub fn set(&mut self, fd: Fd, entry: FdEntry) -> Option<FdEntry> {
        match self.position(fd) {
            Ok(at) => self.entries.get_mut(at).map(|(_, old)| std::mem::replace(old, entry)),
            Err(at) => {
                self.entries.insert(at, (fd, entry));
                None
            }
        }
    }

    /// Removes an entry.
    pub fn remove(&mut self, fd: Fd) -> Option<FdEntry> {
        let at = self.position(fd).ok()?;
        Some(self.entries.remove(at).1)
    }

    /// The lowest free descriptor not below `from`.
    pub fn lowest_free(&self, from: Fd) -> Fd {
        let mut free = from.0;
        let start = self.position(from).unwrap_or_else(|at| at);
        for (fd, _) in self.entries.iter().skip(start) {
            if fd.0 != free {
                break;
            }
            free += 1;
        }
        Fd(free)
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Fd, FdEntry)> + '_ {
        self.entries.iter().copied()
    }

    /// The table of a forked process: entries that were put away at `limit` and above are not inherited.
    pub fn inherited(&self, limit: Fd) -> FdTable {
        let count = self.entries.partition_point(|(fd, _)| *fd < limit);
        FdTable { entries: SmallVec::from_slice(self.entries.get(..count).unwrap_or_default()) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_free_descriptor_fills_gaps() {
        let mut table = FdTable::default();
        let entry = FdEntry { file: FileId(0), close_on_exec: false };
        for fd in [0, 1, 2, 4, 10] {
            table.set(Fd(fd), entry);
        }
        assert_eq!(table.lowest_free(Fd(0)), Fd(3));
        assert_eq!(table.lowest_free(Fd(4)), Fd(5));
        assert_eq!(table.lowest_free(Fd(10)), Fd(11));
        assert_eq!(table.lowest_free(Fd(20)), Fd(20));
    }
}
