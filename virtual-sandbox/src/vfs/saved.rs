//! Saving a tree as bytes, and restoring it.
//!
//! What is saved is the difference to a base that both sides have, such as the base image or an empty tree: the inodes
//! that differ, and of a file that only grew the chunks that are new. So a saved sandbox is as large as what it changed.
//!
//! Layout, numbers being LEB128: magic and version; a fingerprint of the base; for each memory file system (the root,
//! then mounts by number) its counters and its changed slots; a checksum.

use super::content::Content;
use super::directory::{Directory, Entry, Name};
use super::inode::{Body, Inode};
use super::memory::Memory;
use super::mount::Mounted;
use super::node::{FileKind, Ino, Timestamp};
use super::tree::{FsLimits, Vfs};
use bytes::Bytes;
use std::sync::Arc;
use thiserror::Error;

/// What saved bytes begin with; the last byte is the version of the layout.
const MAGIC: &[u8] = b"sandshell files\x01";

/// Why saved bytes cannot be restored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RestoreError {
    /// They are no saved tree, or of another version.
    #[error("not a saved tree of this version")]
    Format,
    /// They were cut or changed.
    #[error("the saved tree is damaged")]
    Damaged,
    /// They were saved against another base.
    #[error("the saved tree belongs to another base")]
    Base,
}

impl Vfs {
    /// Saves the tree as its difference to `base`. Open files are not saved: a file without a name is dropped.
    ///
    /// Mounts are not part of it but for what copy-on-write mounts hold in memory; `base` must have the same mounts
    /// under the same numbers, and so must the base it is restored on. Limits are saved.
    pub fn save(&self, base: &Vfs) -> Vec<u8> {
        let mut tree = self.clone();
        tree.release_all();
        let mut out = Writer(MAGIC.to_vec());
        out.number(base.fingerprint());
        out.number(tree.limits.bytes);
        out.number(tree.limits.inodes);
        let pairs = tree.memory_pairs(base);
        out.number(pairs.len() as u64);
        for (id, ours, theirs) in pairs {
            out.number(u64::from(id));
            out.memory(ours, theirs);
        }
        let sum = checksum(&out.0);
        out.0.extend_from_slice(&sum.to_le_bytes());
        out.0
    }

    /// The tree that was saved against `base`.
    pub fn restore(base: &Vfs, saved: &[u8]) -> Result<Vfs, RestoreError> {
        let body = saved.strip_prefix(MAGIC).ok_or(RestoreError::Format)?;
        let (body, sum) = body.split_last_chunk::<8>().ok_or(RestoreError::Damaged)?;
        if checksum(saved.get(..saved.len() - 8).unwrap_or_default()).to_le_bytes() != *sum {
            return Err(RestoreError::Damaged);
        }
        let mut input = Reader(body);
        if input.number()? != base.fingerprint() {
            return Err(RestoreError::Base);
        }
        let mut vfs = base.clone();
        vfs.release_all();
        vfs.limits = FsLimits { bytes: input.number()?, inodes: input.number()? };
        for _ in 0..input.number()? {
            match input.number()? {
                0 => input.memory(&mut vfs.root)?,
                id => match Arc::make_mut(&mut vfs.mounts).get_mut(id as usize - 1) {
                    Some(Some(mount)) => match &mut mount.mounted {
                        Mounted::Memory(memory) => input.memory(memory)?,
                        _ => return Err(RestoreError::Base),
                    },
                    _ => return Err(RestoreError::Base),
                },
            }
        }
        if input.0.is_empty() { Ok(vfs) } else { Err(RestoreError::Damaged) }
    }

    /// Numbers that differ between bases that could be mistaken for each other.
    fn fingerprint(&self) -> u64 {
        let usage = self.usage();
        let facts = [usage.bytes, usage.inodes, self.root.table().ends().0, self.mounts.len() as u64];
        checksum(&facts.map(u64::to_le_bytes).concat())
    }

    /// The memory file systems with what they are compared to: mount number, ours, the base's.
    fn memory_pairs<'a>(&'a self, base: &'a Vfs) -> Vec<(u16, &'a Memory, &'a Memory)> {
        let mut pairs = vec![(0, &self.root, &base.root)];
        for (id, mount) in (1..).zip(self.mounts.iter()) {
            let Some(Mounted::Memory(ours)) = mount.as_ref().map(|mount| &mount.mounted) else { continue };
            if let Some(theirs) = base.memory(super::node::MountId(id)) {
                pairs.push((id, ours, theirs));
            }
        }
        pairs
    }
}

/// FNV-1a of 64 bits: finds damage, not malice.
fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

/// Writes the parts of a saved tree.
struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    fn time(&mut self, time: Timestamp) {
        // Zigzag: small numbers of either sign are short.
        self.number((time.secs << 1 ^ time.secs >> 63) as u64);
        self.number(u64::from(time.nanos));
    }

    fn memory(&mut self, ours: &Memory, theirs: &Memory) {
        let (bytes, inodes) = ours.usage();
        let (ours, theirs) = (ours.table(), theirs.table());
        let (next, free) = ours.ends();
        [next, free, bytes, inodes].into_iter().for_each(|number| self.number(number));
        // Slots that only the base has go when the end of the table is set.
        let changed: Vec<u64> = ours.changed(theirs).into_iter().filter(|slot| *slot < next).collect();
        self.number(changed.len() as u64);
        for slot in changed {
            self.number(slot);
            match (ours.slot(slot), theirs.get(slot)) {
                (Ok(inode), before) => self.inode(inode, before),
                (Err(next), _) => {
                    self.0.push(0);
                    self.number(next);
                }
            }
        }
    }

    fn inode(&mut self, inode: &Inode, before: Option<&Arc<Inode>>) {
        self.0.push(match inode.kind() {
            FileKind::Regular => 1,
            FileKind::Directory => 2,
            FileKind::Symlink => 3,
            FileKind::Fifo => 4,
            FileKind::Socket => 5,
            FileKind::CharDevice => 6,
            FileKind::BlockDevice => 7,
        });
        for number in [inode.mode, inode.uid, inode.gid, inode.nlink] {
            self.number(u64::from(number));
        }
        for time in [inode.atime, inode.mtime, inode.ctime, inode.btime] {
            self.time(time);
        }
        self.number(inode.parent.0);
        self.number(inode.below.map_or(0, |below| below.0 + 1));
        match &inode.body {
            Body::Regular(content) => {
                let old = match before.map(|inode| &inode.body) {
                    Some(Body::Regular(content)) => Some(content),
                    _ => None,
                };
                self.content(content, old);
            }
            Body::Directory(entries) => {
                self.number(entries.len() as u64);
                for entry in entries.iter() {
                    self.bytes(&entry.name);
                    self.number(entry.ino.0);
                    self.0.push((entry.kind.mode_bits() >> 12) as u8);
                }
            }
            Body::Symlink(target) => self.bytes(target),
            Body::CharDevice(major, minor) | Body::BlockDevice(major, minor) => {
                self.number(u64::from(*major));
                self.number(u64::from(*minor));
            }
            Body::Fifo | Body::Socket => {}
        }
    }

    /// Chunks that the base's version shares are only named.
    fn content(&mut self, content: &Content, before: Option<&Content>) {
        self.number(content.size());
        self.number(content.below_len());
        let chunks = content.chunks();
        self.number(chunks.len() as u64);
        for (index, bytes) in chunks {
            self.number(index);
            if before.is_some_and(|before| content.shares_chunk(before, index)) {
                self.0.push(0);
            } else {
                self.0.push(1);
                self.bytes(&bytes);
            }
        }
    }
}

/// Reads the parts of a saved tree.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, RestoreError> {
        let (first, rest) = self.0.split_first().ok_or(RestoreError::Damaged)?;
        self.0 = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, RestoreError> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(RestoreError::Damaged)
    }

    fn small(&mut self) -> Result<u32, RestoreError> {
        u32::try_from(self.number()?).map_err(|_| RestoreError::Damaged)
    }

    fn bytes(&mut self) -> Result<&'a [u8], RestoreError> {
        let len = usize::try_from(self.number()?).map_err(|_| RestoreError::Damaged)?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(RestoreError::Damaged)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn time(&mut self) -> Result<Timestamp, RestoreError> {
        let zigzag = self.number()?;
        let secs = (zigzag >> 1) as i64 ^ -((zigzag & 1) as i64);
        Ok(Timestamp::new(secs, self.small()?))
    }

    fn memory(&mut self, memory: &mut Memory) -> Result<(), RestoreError> {
        let [next, free, bytes, inodes] = [self.number()?, self.number()?, self.number()?, self.number()?];
        let mut table = memory.table().clone();
        for _ in 0..self.number()? {
            let slot = self.number()?;
            let kind = self.byte()?;
            let value = if kind == 0 {
                Err(self.number()?)
            } else {
                let before = table.get(slot).cloned();
                Ok(self.inode(kind, before.as_deref())?)
            };
            table.set_slot(slot, value);
        }
        table.set_ends(next, free);
        memory.restore(table, bytes, inodes);
        Ok(())
    }

    fn inode(&mut self, kind: u8, before: Option<&Inode>) -> Result<Inode, RestoreError> {
        let [mode, uid, gid, nlink] = [self.small()?, self.small()?, self.small()?, self.small()?];
        let [atime, mtime, ctime, btime] = [self.time()?, self.time()?, self.time()?, self.time()?];
        let parent = Ino(self.number()?);
        let below = self.number()?.checked_sub(1).map(Ino);
        let body = match kind {
            1 => {
                let old = match before.map(|inode| &inode.body) {
                    Some(Body::Regular(content)) => Some(content),
                    _ => None,
                };
                Body::Regular(self.content(old)?)
            }
            2 => Body::Directory(self.directory()?),
            3 => Body::Symlink(Bytes::copy_from_slice(self.bytes()?)),
            4 => Body::Fifo,
            5 => Body::Socket,
            6 => Body::CharDevice(self.small()?, self.small()?),
            7 => Body::BlockDevice(self.small()?, self.small()?),
            _ => return Err(RestoreError::Damaged),
        };
        Ok(Inode { mode, uid, gid, nlink, atime, mtime, ctime, btime, parent, below, body })
    }

    fn directory(&mut self) -> Result<Directory, RestoreError> {
        let mut entries = Directory::default();
        for _ in 0..self.number()? {
            let name = Name::from_slice(self.bytes()?);
            let ino = Ino(self.number()?);
            let kind = kind_of(self.byte()?)?;
            entries.insert(Entry { name, ino, kind });
        }
        Ok(entries)
    }

    fn content(&mut self, before: Option<&Content>) -> Result<Content, RestoreError> {
        let (size, below) = (self.number()?, self.number()?);
        let mut content = Content::default();
        for _ in 0..self.number()? {
            let index = self.number()?;
            if self.byte()? == 0 {
                let taken = before.is_some_and(|before| content.take_chunk(before, index));
                if !taken {
                    return Err(RestoreError::Damaged);
                }
            } else {
                content.fill(index, Bytes::copy_from_slice(self.bytes()?));
            }
        }
        content.set_shape(size, below);
        Ok(content)
    }
}

/// The type in the upper bits of a mode, as an entry holds it.
fn kind_of(bits: u8) -> Result<FileKind, RestoreError> {
    use FileKind::{BlockDevice, CharDevice, Directory, Fifo, Regular, Socket, Symlink};
    [Regular, Directory, Symlink, Fifo, CharDevice, BlockDevice, Socket]
        .into_iter()
        .find(|kind| kind.mode_bits() >> 12 == u32::from(bits))
        .ok_or(RestoreError::Damaged)
}
