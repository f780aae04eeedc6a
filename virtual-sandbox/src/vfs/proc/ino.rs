//! What an inode number of `/proc` means.

use crate::vfs::node::Ino;

/// `/proc` itself.
pub(in crate::vfs) const ROOT: Ino = Ino(1);

/// Bits of a number that say what it is within a process.
const PART_BITS: u32 = 24;
/// Set in the part of a `fd/N` link.
const FD_LINK: u64 = 0x40_0000;
/// Set in the part of what a `fd/N` link leads to when that is no file of the tree.
const FD_TARGET: u64 = 0x80_0000;

/// A file of `/proc`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ProcFile {
    /// A row of the table of fixed files; row 0 is `/proc`.
    Fixed(usize),
    /// The directory of a process.
    Process(u32),
    /// A row of the table of files each process has.
    Entry(u32, usize),
    /// `/proc/PID/fd/FD`, the symbolic link.
    FdLink(u32, u32),
    /// What is open on the descriptor.
    FdTarget(u32, u32),
}

impl ProcFile {
    /// The number of this file.
    pub fn ino(self) -> Ino {
        let (pid, part) = match self {
            ProcFile::Fixed(row) => (0, row as u64 + 1),
            ProcFile::Process(pid) => (pid, 0),
            ProcFile::Entry(pid, row) => (pid, row as u64 + 1),
            ProcFile::FdLink(pid, fd) => (pid, FD_LINK | u64::from(fd)),
            ProcFile::FdTarget(pid, fd) => (pid, FD_TARGET | u64::from(fd)),
        };
        Ino(u64::from(pid) << PART_BITS | part)
    }

    /// The file of this number.
    pub fn from_ino(ino: Ino) -> ProcFile {
        let pid = (ino.0 >> PART_BITS) as u32;
        let part = ino.0 & ((1 << PART_BITS) - 1);
        let fd = (part & (FD_LINK - 1)) as u32;
        match (pid, part) {
            (0, _) => ProcFile::Fixed((part as usize).saturating_sub(1)),
            (_, 0) => ProcFile::Process(pid),
            _ if part & FD_TARGET != 0 => ProcFile::FdTarget(pid, fd),
            _ if part & FD_LINK != 0 => ProcFile::FdLink(pid, fd),
            _ => ProcFile::Entry(pid, part as usize - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_names_its_file() {
        for file in [
            ProcFile::Fixed(0),
            ProcFile::Fixed(9),
            ProcFile::Process(1),
            ProcFile::Entry(77, 3),
            ProcFile::FdLink(u32::MAX, 0),
            ProcFile::FdTarget(3, 0x3f_ffff),
        ] {
            assert_eq!(ProcFile::from_ino(file.ino()), file);
        }
        assert_eq!(ProcFile::Fixed(0).ino(), ROOT);
    }
}
