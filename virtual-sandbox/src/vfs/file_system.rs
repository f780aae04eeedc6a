//! What a file system must do to be mounted.

use super::node::{DirEntry, FileKind, Ino, Stat, Timestamp};
use crate::errno::Errno;
use bytes::Bytes;
use std::fmt;

/// A file's attributes without the device: what a file system knows of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attributes {
    /// Type.
    pub kind: FileKind,
    /// Permission bits, `0..=0o7777`.
    pub mode: u32,
    /// Number of hard links.
    pub nlink: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes of content.
    pub size: u64,
    /// Units of 512 bytes that are really held.
    pub blocks: u64,
    /// Major and minor number of a device file.
    pub rdev: (u32, u32),
    /// Last read.
    pub atime: Timestamp,
    /// Last change of the content.
    pub mtime: Timestamp,
    /// Last change of content or attributes.
    pub ctime: Timestamp,
    /// Creation.
    pub btime: Timestamp,
}

impl Attributes {
    /// An empty file of `kind` owned by root, every time at `now`.
    pub fn new(kind: FileKind, mode: u32, now: Timestamp) -> Attributes {
        Attributes {
            kind,
            mode,
            nlink: 1,
            uid: 0,
            gid: 0,
            size: 0,
            blocks: 0,
            rdev: (0, 0),
            atime: now,
            mtime: now,
            ctime: now,
            btime: now,
        }
    }

    /// The stat(2) view of file `ino` on device `dev`.
    pub fn stat(&self, dev: u64, ino: Ino) -> Stat {
        Stat {
            dev,
            ino: ino.0,
            kind: self.kind,
            mode: self.mode,
            nlink: self.nlink,
            uid: self.uid,
            gid: self.gid,
            size: self.size,
            blocks: self.blocks,
            blksize: 4096,
            rdev: self.rdev,
            atime: self.atime,
            mtime: self.mtime,
            ctime: self.ctime,
            btime: self.btime,
        }
    }
}

/// What a new file is made of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NewKind {
    /// An empty regular file.
    Regular,
    /// An empty directory.
    Directory,
    /// A symbolic link to this target.
    Symlink(Bytes),
    /// A FIFO.
    Fifo,
    /// A socket's name.
    Socket,
    /// A character device.
    CharDevice(u32, u32),
    /// A block device.
    BlockDevice(u32, u32),
}

impl NewKind {
    /// The type of the file that is made.
    pub fn kind(&self) -> FileKind {
        match self {
            NewKind::Regular => FileKind::Regular,
            NewKind::Directory => FileKind::Directory,
            NewKind::Symlink(_) => FileKind::Symlink,
            NewKind::Fifo => FileKind::Fifo,
            NewKind::Socket => FileKind::Socket,
            NewKind::CharDevice(..) => FileKind::CharDevice,
            NewKind::BlockDevice(..) => FileKind::BlockDevice,
        }
    }
}

/// A file to be made: umask and ownership rules are already applied.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewFile {
    /// Its type and what belongs to it.
    pub kind: NewKind,
    /// Permission bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Every time stamp.
    pub now: Timestamp,
}

/// A file system that can be mounted with [`Vfs::mount`](super::Vfs::mount): inode-keyed and synchronous.
///
/// Names never contain `/` or NUL and are never empty, `.` or `..`. Inode numbers are below 2^40 and stay valid until
/// [`FileSystem::forget`]. Permission checks, path walks, symbolic links and read-only mounts are the caller's: an
/// implementation only stores. The methods that change something fail with EROFS unless implemented.
pub trait FileSystem: Send + Sync + fmt::Debug {
    /// The root directory.
    fn root(&self) -> Ino;

    /// The attributes of a file. ENOENT when it is gone.
    fn attributes(&self, ino: Ino) -> Result<Attributes, Errno>;

    /// The file of this name. ENOENT when there is none, ENOTDIR when `dir` is no directory.
    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<(Ino, FileKind), Errno>;

    /// The parent of a directory; the root is its own parent. Of another file, a directory that has a name of it: asked
    /// for only to show a path, so ENOENT is a fair answer.
    fn parent(&self, dir: Ino) -> Result<Ino, Errno>;

    /// Every entry but `.` and `..`, in any order.
    fn read_dir(&self, dir: Ino) -> Result<Vec<DirEntry>, Errno>;

    /// The target of a symbolic link. EINVAL when it is none.
    fn read_link(&self, ino: Ino) -> Result<Bytes, Errno>;

    /// At most `max` bytes at `offset`; none only at the end of the file.
    fn read(&self, ino: Ino, offset: u64, max: usize) -> Result<Bytes, Errno>;

    /// Makes a file. EEXIST when the name is taken.
    fn create(&self, _dir: Ino, _name: &[u8], _new: &NewFile) -> Result<Ino, Errno> {
        Err(Errno::EROFS)
    }

    /// Writes at `offset`, beyond the end too; answers how many bytes were taken.
    fn write(&self, _ino: Ino, _offset: u64, _data: &[u8]) -> Result<usize, Errno> {
        Err(Errno::EROFS)
    }

    /// Cuts or extends a regular file.
    fn set_len(&self, _ino: Ino, _len: u64) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// Adds a name to a file that is no directory.
    fn link(&self, _ino: Ino, _dir: Ino, _name: &[u8]) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// Removes a name of a file that is no directory. Its content stays readable until [`FileSystem::forget`].
    fn unlink(&self, _dir: Ino, _name: &[u8]) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// Removes an empty directory. ENOTEMPTY otherwise.
    fn rmdir(&self, _dir: Ino, _name: &[u8]) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// Renames within this file system, replacing what the new name meant (types were checked).
    fn rename(&self, _dir: Ino, _name: &[u8], _to_dir: Ino, _to_name: &[u8]) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// Sets the permission bits.
    fn set_mode(&self, _ino: Ino, _mode: u32) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// Sets owner and group; `None` leaves one as it is.
    fn set_owner(&self, _ino: Ino, _uid: Option<u32>, _gid: Option<u32>) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// Sets time of last read and of last change; `None` leaves one as it is.
    fn set_times(&self, _ino: Ino, _atime: Option<Timestamp>, _mtime: Option<Timestamp>) -> Result<(), Errno> {
        Err(Errno::EROFS)
    }

    /// The last open file description on a removed file was closed.
    fn forget(&self, _ino: Ino) {}
}
