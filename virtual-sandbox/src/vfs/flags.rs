//! Flags and choices that calls on files take.

use super::node::Timestamp;
use std::ops::{BitOr, BitOrAssign};

/// Whether a symbolic link in the last component is followed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Follow {
    /// As stat(2): the link's target is meant.
    Yes,
    /// As lstat(2): the link itself is meant (a trailing slash follows it all the same).
    No,
}

/// How a file is opened: the `O_` flags of open(2). Combined with `|`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct OpenFlags(u16);

impl OpenFlags {
    /// Open for reading (`O_RDONLY`).
    pub const READ: OpenFlags = OpenFlags(1);
    /// Open for writing (`O_WRONLY`).
    pub const WRITE: OpenFlags = OpenFlags(2);
    /// Open for both (`O_RDWR`).
    pub const READ_WRITE: OpenFlags = OpenFlags(3);
    /// Each write goes to the end (`O_APPEND`); kept by the open file description, no effect on the open itself.
    pub const APPEND: OpenFlags = OpenFlags(4);
    /// Create the file when it is missing (`O_CREAT`).
    pub const CREATE: OpenFlags = OpenFlags(8);
    /// With `CREATE`: fail with EEXIST when the name exists, a symbolic link included (`O_EXCL`).
    pub const EXCLUSIVE: OpenFlags = OpenFlags(16);
    /// Empty a regular file (`O_TRUNC`).
    pub const TRUNCATE: OpenFlags = OpenFlags(32);
    /// Fail with ENOTDIR unless it is a directory (`O_DIRECTORY`).
    pub const DIRECTORY: OpenFlags = OpenFlags(64);
    /// Fail with ELOOP when the last component is a symbolic link (`O_NOFOLLOW`).
    pub const NO_FOLLOW: OpenFlags = OpenFlags(128);
    /// Only name the file: no permission on it is needed, a FIFO or device is not opened (`O_PATH`).
    pub const PATH: OpenFlags = OpenFlags(256);
    /// Do not wait (`O_NONBLOCK`); meaningful to the kernel for FIFOs, no effect here.
    pub const NON_BLOCK: OpenFlags = OpenFlags(512);

    /// Whether every flag of `other` is set.
    pub const fn contains(self, other: OpenFlags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any flag of `other` is set.
    pub const fn intersects(self, other: OpenFlags) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets together; `|` for constants.
    pub const fn union(self, other: OpenFlags) -> OpenFlags {
        OpenFlags(self.0 | other.0)
    }

    /// The flags without those of `other`.
    pub const fn without(self, other: OpenFlags) -> OpenFlags {
        OpenFlags(self.0 & !other.0)
    }

    /// The bits, for serialisation.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// From bits; unknown ones are dropped.
    pub const fn from_bits(bits: u16) -> OpenFlags {
        OpenFlags(bits & 0x3ff)
    }
}

impl BitOr for OpenFlags {
    type Output = OpenFlags;

    fn bitor(self, other: OpenFlags) -> OpenFlags {
        self.union(other)
    }
}

impl BitOrAssign for OpenFlags {
    fn bitor_assign(&mut self, other: OpenFlags) {
        *self = self.union(other);
    }
}

impl std::fmt::Debug for OpenFlags {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const NAMES: [&str; 10] = [
            "READ",
            "WRITE",
            "APPEND",
            "CREATE",
            "EXCLUSIVE",
            "TRUNCATE",
            "DIRECTORY",
            "NO_FOLLOW",
            "PATH",
            "NON_BLOCK",
        ];
        let set = NAMES.iter().enumerate().filter(|(bit, _)| self.0 & (1 << bit) != 0).map(|(_, name)| *name);
        f.write_str(&set.collect::<Vec<_>>().join("|"))
    }
}

/// The permissions access(2) asks for: the bits of [`R_OK`], [`W_OK`], [`X_OK`]; 0 asks whether the file exists.
pub type AccessMode = u32;
/// Read permission.
pub const R_OK: AccessMode = 4;
/// Write permission.
pub const W_OK: AccessMode = 2;
/// Execute permission; search permission on a directory.
pub const X_OK: AccessMode = 1;

/// What utimensat(2) does to one of the two times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SetTime {
    /// The current time (`UTIME_NOW`).
    Now,
    /// Left as it is (`UTIME_OMIT`).
    Omit,
    /// This time.
    At(Timestamp),
}

/// Where a write goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    /// At this offset; a gap after the end of the file becomes a hole.
    Offset(u64),
    /// At the end of the file (`O_APPEND`).
    End,
}
