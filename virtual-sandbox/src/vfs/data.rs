//! Reading and writing the content of regular files.  [read(2), write(2), pread(2), pwrite(2)]

use super::flags::At;
use super::node::{FileKind, Node, Timestamp};
use super::tree::{Fs, FsMut, Vfs};
use crate::errno::Errno;
use bytes::Bytes;

impl Vfs {
    /// At most `max` bytes at `offset` of an open file; none only at the end of the file.
    ///
    /// The bytes are shared with the file, not copied, and end early where a chunk of 64 KiB ends: a caller that needs
    /// all `max` bytes reads on. EISDIR for a directory.
    pub fn read_at(&self, node: Node, offset: u64, max: usize) -> Result<Bytes, Errno> {
        match self.fs(node.mount)? {
            Fs::Memory(memory) => memory.read(node.ino, offset, max),
            Fs::Foreign(fs) => fs.read(node.ino, offset, max),
            Fs::Proc => Err(Errno::EINVAL),
        }
    }

    /// The whole content of a regular file.
    pub fn read_all(&self, node: Node) -> Result<Bytes, Errno> {
        let first = self.read_at(node, 0, usize::MAX)?;
        let second = self.read_at(node, first.len() as u64, usize::MAX)?;
        if second.is_empty() {
            return Ok(first);
        }
        let mut all = first.to_vec();
        let mut next = second;
        while !next.is_empty() {
            all.extend_from_slice(&next);
            next = self.read_at(node, all.len() as u64, usize::MAX)?;
        }
        Ok(Bytes::from(all))
    }

    /// The length of an open regular file in bytes.
    pub fn len(&self, node: Node) -> Result<u64, Errno> {
        match self.fs(node.mount)? {
            Fs::Memory(memory) => match memory.inode(node.ino).map(|inode| &inode.body) {
                Some(super::inode::Body::Regular(content)) => Ok(content.size()),
                _ => memory.attributes(node.ino).map(|attributes| attributes.size),
            },
            Fs::Foreign(fs) => fs.attributes(node.ino).map(|attributes| attributes.size),
            Fs::Proc => Ok(0),
        }
    }

    /// Writes to a file that is open for writing; answers how many bytes were taken and the offset after them.
    ///
    /// Takes less than everything when a limit is reached, and fails with ENOSPC when it takes nothing; EFBIG beyond
    /// 2^63 - 1 bytes. Whole chunks of 64 KiB are kept without a copy, so that what `data` is a part of stays in
    /// memory with them.
    pub fn write_at(&mut self, node: Node, at: At, data: &Bytes, now: Timestamp) -> Result<(usize, u64), Errno> {
        let offset = match at {
            At::Offset(offset) => offset,
            At::End => self.len(node)?,
        };
        let end = offset.checked_add(data.len() as u64).filter(|end| *end <= i64::MAX as u64);
        if end.is_none() {
            return Err(Errno::EFBIG);
        }
        if data.is_empty() {
            return Ok((0, offset));
        }
        let fits = self.fitting(node, offset, data.len())?;
        let part = if fits == data.len() { data.clone() } else { data.slice(..fits) };
        let taken = match self.fs_mut(node.mount)? {
            FsMut::Memory(memory) => memory.write(node.ino, offset, &part, now).map(|()| fits)?,
            FsMut::Foreign(fs) => fs.write(node.ino, offset, &part)?,
        };
        Ok((taken, offset + taken as u64))
    }

    /// Replaces the whole content of a regular file without a copy, its times left alone: how files are seeded.
    pub fn set_content(&mut self, node: Node, content: Bytes) -> Result<(), Errno> {
        self.reserve((content.len() as u64).saturating_sub(self.len(node)?), 0)?;
        match self.fs_mut(node.mount)? {
            FsMut::Memory(memory) => memory.set_content(node.ino, content),
            FsMut::Foreign(fs) => {
                fs.set_len(node.ino, 0)?;
                let mut done = 0;
                while let Some(rest) = content.get(done..).filter(|rest| !rest.is_empty()) {
                    done += fs.write(node.ino, done as u64, rest)?.max(1);
                }
                Ok(())
            }
        }
    }

    /// How many of `len` bytes at `offset` the limit allows. ENOSPC when none.
    fn fitting(&self, node: Node, offset: u64, len: usize) -> Result<usize, Errno> {
        let Some(memory) = self.memory(node.mount) else { return Ok(len) };
        if self.limits.bytes == u64::MAX {
            return Ok(len);
        }
        let left = self.limits.bytes.saturating_sub(self.usage().bytes);
        let growth = memory.growth(node.ino, offset, len);
        if growth <= left {
            return Ok(len);
        }
        let part = (len as u64).saturating_sub(growth - left) as usize;
        if part > 0 && memory.growth(node.ino, offset, part) <= left { Ok(part) } else { Err(Errno::ENOSPC) }
    }

    /// Whether a node is a regular file that [`Vfs::read_at`] can read.
    pub fn is_regular(&self, node: Node) -> bool {
        match self.fs(node.mount) {
            Ok(Fs::Memory(memory)) => memory.permission(node.ino).is_ok_and(|p| p.kind == FileKind::Regular),
            Ok(Fs::Foreign(fs)) => fs.attributes(node.ino).is_ok_and(|a| a.kind == FileKind::Regular),
            _ => false,
        }
    }
}
