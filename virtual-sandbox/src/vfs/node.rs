//! What identifies and describes a file: node, kind, times, attributes.

use bytes::Bytes;

/// An inode number, unique within one mounted file system.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ino(pub u64);

/// A mounted file system: its index in the mount table, and its device number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MountId(pub u16);

/// A file in the whole tree.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Node {
    /// The file system the file is in.
    pub mount: MountId,
    /// The file's number there.
    pub ino: Ino,
}

/// A point in time: seconds since 1970-01-01 00:00:00 UTC and nanoseconds within the second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp {
    /// Whole seconds; negative before 1970.
    pub secs: i64,
    /// 0..=999 999 999, counted forward from `secs`.
    pub nanos: u32,
}

impl Timestamp {
    /// The moment `secs` seconds and `nanos` nanoseconds after the epoch.
    pub const fn new(secs: i64, nanos: u32) -> Self {
        Timestamp { secs, nanos }
    }
}

/// The type of a file (the `S_IFMT` bits of stat(2)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A FIFO (named pipe).
    Fifo,
    /// A character special file.
    CharDevice,
    /// A block special file.
    BlockDevice,
    /// A socket.
    Socket,
}

impl FileKind {
    /// The `S_IFMT` bits: `0o100000` for a regular file, and so on.
    pub const fn mode_bits(self) -> u32 {
        match self {
            FileKind::Fifo => 0o010_000,
            FileKind::CharDevice => 0o020_000,
            FileKind::Directory => 0o040_000,
            FileKind::BlockDevice => 0o060_000,
            FileKind::Regular => 0o100_000,
            FileKind::Symlink => 0o120_000,
            FileKind::Socket => 0o140_000,
        }
    }
}

/// A file's attributes, as stat(2) and statx(2) give them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stat {
    /// Number of the device that holds the file.
    pub dev: u64,
    /// Inode number.
    pub ino: u64,
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
    /// Bytes of content; length of the target for a symbolic link.
    pub size: u64,
    /// Units of 512 bytes that are really held.
    pub blocks: u64,
    /// Preferred I/O size in bytes.
    pub blksize: u32,
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

impl Stat {
    /// `st_mode`: type and permission bits together.
    pub const fn st_mode(&self) -> u32 {
        self.kind.mode_bits() | self.mode
    }

    /// Whether this is a directory.
    pub const fn is_directory(&self) -> bool {
        matches!(self.kind, FileKind::Directory)
    }

    /// Whether this is a regular file.
    pub const fn is_regular(&self) -> bool {
        matches!(self.kind, FileKind::Regular)
    }

    /// Whether this is a symbolic link.
    pub const fn is_symlink(&self) -> bool {
        matches!(self.kind, FileKind::Symlink)
    }

    /// Whether both describe the same file (same device and inode).
    pub const fn is_same_file(&self, other: &Stat) -> bool {
        self.dev == other.dev && self.ino == other.ino
    }
}

/// One name in a directory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DirEntry {
    /// The name; never `.` or `..`.
    pub name: Bytes,
    /// Inode number in the directory's file system (of the covered directory for a mount point, as in Linux).
    pub ino: u64,
    /// Type of the file itself; a symbolic link is not followed.
    pub kind: FileKind,
}

/// The character devices the machine has.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Device {
    /// `/dev/null`: empty to read, swallows writes.
    Null,
    /// `/dev/zero`: endless NUL bytes.
    Zero,
    /// `/dev/full`: endless NUL bytes to read, ENOSPC to write.
    Full,
    /// `/dev/random`: bytes of the machine's seeded generator.
    Random,
    /// `/dev/urandom`: as `/dev/random`.
    Urandom,
    /// `/dev/tty`: the controlling terminal of the process.
    Tty,
}

impl Device {
    /// Major and minor number, as Linux assigns them (Documentation/admin-guide/devices.txt).
    pub const fn number(self) -> (u32, u32) {
        match self {
            Device::Null => (1, 3),
            Device::Zero => (1, 5),
            Device::Full => (1, 7),
            Device::Random => (1, 8),
            Device::Urandom => (1, 9),
            Device::Tty => (5, 0),
        }
    }

    /// The device with these numbers; `None` when the machine has no driver for them (open fails with ENXIO).
    pub const fn from_number(number: (u32, u32)) -> Option<Device> {
        match number {
            (1, 3) => Some(Device::Null),
            (1, 5) => Some(Device::Zero),
            (1, 7) => Some(Device::Full),
            (1, 8) => Some(Device::Random),
            (1, 9) => Some(Device::Urandom),
            (5, 0) => Some(Device::Tty),
            _ => None,
        }
    }
}
