//! Inodes of the memory file system.

use super::content::Content;
use super::directory::Directory;
use super::file_system::{Attributes, NewFile, NewKind};
use super::node::{FileKind, Ino, Timestamp};
use bytes::Bytes;

/// What an inode is, by type.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Regular(Content),
    Directory(Directory),
    Symlink(Bytes),
    Fifo,
    Socket,
    CharDevice(u32, u32),
    BlockDevice(u32, u32),
}

/// A file: its attributes and what it holds.
#[derive(Clone, Debug)]
pub(super) struct Inode {
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
    pub nlink: u32,
    pub atime: Timestamp,
    pub mtime: Timestamp,
    pub ctime: Timestamp,
    pub btime: Timestamp,
    /// For a directory its parent. For another file a directory that once got a name of it: a hint.
    pub parent: Ino,
    /// The file in the file system below whose content the missing chunks are.
    pub below: Option<Ino>,
    pub body: Body,
}

impl Inode {
    /// A new file with one name (two for a directory, which names itself), in `parent`.
    pub fn new(new: &NewFile, parent: Ino) -> Inode {
        let body = match &new.kind {
            NewKind::Regular => Body::Regular(Content::default()),
            NewKind::Directory => Body::Directory(Directory::default()),
            NewKind::Symlink(target) => Body::Symlink(target.clone()),
            NewKind::Fifo => Body::Fifo,
            NewKind::Socket => Body::Socket,
            NewKind::CharDevice(major, minor) => Body::CharDevice(*major, *minor),
            NewKind::BlockDevice(major, minor) => Body::BlockDevice(*major, *minor),
        };
        Inode {
            mode: new.mode & 0o7777,
            uid: new.uid,
            gid: new.gid,
            nlink: if matches!(body, Body::Directory(_)) { 2 } else { 1 },
            atime: new.now,
            mtime: new.now,
            ctime: new.now,
            btime: new.now,
            parent,
            below: None,
            body,
        }
    }

    /// The inode that stands in for a file of the file system below.
    pub fn promoted(attributes: &Attributes, below: Ino, parent: Ino, body: Body) -> Inode {
        Inode {
            mode: attributes.mode & 0o7777,
            uid: attributes.uid,
            gid: attributes.gid,
            nlink: attributes.nlink.max(1),
            atime: attributes.atime,
            mtime: attributes.mtime,
            ctime: attributes.ctime,
            btime: attributes.btime,
            parent,
            below: Some(below),
            body,
        }
    }

    /// The type.
    pub fn kind(&self) -> FileKind {
        match self.body {
            Body::Regular(_) => FileKind::Regular,
            Body::Directory(_) => FileKind::Directory,
            Body::Symlink(_) => FileKind::Symlink,
            Body::Fifo => FileKind::Fifo,
            Body::Socket => FileKind::Socket,
            Body::CharDevice(..) => FileKind::CharDevice,
            Body::BlockDevice(..) => FileKind::BlockDevice,
        }
    }

    /// Everything stat(2) shows but the device.
    pub fn attributes(&self) -> Attributes {
        let (size, allocated) = match &self.body {
            Body::Regular(content) => (content.size(), content.allocated()),
            // As ext4: whole blocks of 4096 bytes, about 24 bytes for each entry.
            Body::Directory(entries) => {
                let size = ((entries.len() as u64 + 1) * 24).next_multiple_of(4096);
                (size, size)
            }
            Body::Symlink(target) => (target.len() as u64, 0),
            _ => (0, 0),
        };
        Attributes {
            kind: self.kind(),
            mode: self.mode,
            nlink: self.nlink,
            uid: self.uid,
            gid: self.gid,
            size,
            // Pages of 4 KiB, counted in units of 512 bytes.
            blocks: allocated.div_ceil(4096) * 8,
            rdev: match self.body {
                Body::CharDevice(major, minor) | Body::BlockDevice(major, minor) => (major, minor),
                _ => (0, 0),
            },
            atime: self.atime,
            mtime: self.mtime,
            ctime: self.ctime,
            btime: self.btime,
        }
    }

    /// Bytes charged for what the inode holds besides itself and its entries.
    pub fn held(&self) -> u64 {
        match &self.body {
            Body::Regular(content) => content.held(),
            Body::Symlink(target) => target.len() as u64,
            _ => 0,
        }
    }
}
