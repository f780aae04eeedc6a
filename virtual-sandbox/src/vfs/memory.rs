//! The memory file system: inodes in a persistent table, optionally over another file system (copy on write).
//!
//! A clone shares everything with the original. Inode numbers are indices of the table. Over a file system below, a
//! file of that one is known here as its number there plus [`BELOW`], before and after it is *promoted*: given an
//! inode of its own because something about it changed. A directory is promoted with its whole list of entries, so a
//! removed name is simply not in the list, and names are looked up below only in directories that never changed. The
//! content of a promoted file stays below until it is written, chunk by chunk.

use super::content::{Content, Piece};
use super::directory::{Directory, Entry, Name};
use super::file_system::{Attributes, FileSystem, NewFile};
use super::inode::{Body, Inode};
use super::node::{DirEntry, FileKind, Ino, Timestamp};
use super::permission::Permission;
use super::table::InodeTable;
use crate::errno::Errno;
use bytes::{Bytes, BytesMut};
use rpds::HashTrieMapSync;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The root directory's number.
pub(super) const ROOT: Ino = Ino(1);
/// Added to the numbers of files of the file system below.
const BELOW: u64 = 1 << 40;
/// The most names a file can have, as in ext4.
const LINK_MAX: u32 = 65_000;
/// Bytes charged for an inode.
pub(super) const INODE_COST: u64 = 256;
/// Bytes charged for a directory entry besides its name.
const ENTRY_COST: u64 = 48;

/// The file system below, and which of its files are promoted: their number there to their slot here.
#[derive(Clone, Debug)]
struct Lower {
    fs: Arc<dyn FileSystem>,
    promoted: HashTrieMapSync<u64, u64>,
}

/// A file system in memory.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    table: InodeTable,
    root: Ino,
    bytes: u64,
    inodes: u64,
    lower: Option<Lower>,
}

impl Memory {
    /// An empty file system whose root directory is `root`.
    pub fn new(root: &NewFile) -> Memory {
        let mut memory = Memory { table: InodeTable::default(), root: ROOT, bytes: 0, inodes: 0, lower: None };
        memory.allocate(Inode::new(root, ROOT));
        memory
    }

    /// A copy-on-write view of another file system: reads go there, changes stay here.
    pub fn over(fs: Arc<dyn FileSystem>) -> Memory {
        let root = Ino(fs.root().0 | BELOW);
        let lower = Some(Lower { fs, promoted: HashTrieMapSync::new_sync() });
        Memory { table: InodeTable::default(), root, bytes: 0, inodes: 0, lower }
    }

    /// The root directory.
    pub fn root(&self) -> Ino {
        self.root
    }

    /// Bytes and inodes charged.
    pub fn usage(&self) -> (u64, u64) {
        (self.bytes, self.inodes)
    }

    /// The inode, when it is held here; `None` for one that is missing or still below.
    pub fn inode(&self, ino: Ino) -> Option<&Arc<Inode>> {
        self.table.get(self.slot_of(ino)?)
    }

    /// What stat(2) shows but the device.
    pub fn attributes(&self, ino: Ino) -> Result<Attributes, Errno> {
        match self.inode(ino) {
            Some(inode) => Ok(inode.attributes()),
            None => {
                let (fs, below) = self.below(ino)?;
                fs.attributes(below)
            }
        }
    }

    /// What permission checks need.
    pub fn permission(&self, ino: Ino) -> Result<Permission, Errno> {
        match self.inode(ino) {
            Some(inode) => Ok(Permission { kind: inode.kind(), mode: inode.mode, uid: inode.uid, gid: inode.gid }),
            None => self.attributes(ino).map(|attributes| Permission::from(&attributes)),
        }
    }

    /// The file of this name in a directory.
    pub fn lookup(&self, dir: Ino, name: &[u8]) -> Result<(Ino, FileKind), Errno> {
        match self.inode(dir) {
            Some(inode) => match &inode.body {
                Body::Directory(entries) => entries.get(name).map(|e| (e.ino, e.kind)).ok_or(Errno::ENOENT),
                _ => Err(Errno::ENOTDIR),
            },
            None => {
                let (fs, below) = self.below(dir)?;
                fs.lookup(below, name).map(|(ino, kind)| (Ino(ino.0 | BELOW), kind))
            }
        }
    }

    /// The parent of a directory. ENOENT when the directory was removed and its parent is gone.
    pub fn parent(&self, dir: Ino) -> Result<Ino, Errno> {
        match self.inode(dir) {
            Some(inode) => Ok(inode.parent),
            None if dir == self.root => Ok(dir),
            None => {
                let (fs, below) = self.below(dir)?;
                fs.parent(below).map(|ino| Ino(ino.0 | BELOW))
            }
        }
    }

    /// Every entry of a directory, sorted by name.
    pub fn read_dir(&self, dir: Ino) -> Result<Vec<DirEntry>, Errno> {
        match self.inode(dir) {
            Some(inode) => match &inode.body {
                Body::Directory(entries) => Ok(list(entries)),
                _ => Err(Errno::ENOTDIR),
            },
            None => {
                let (fs, below) = self.below(dir)?;
                let mut entries = fs.read_dir(below)?;
                entries.iter_mut().for_each(|entry| entry.ino |= BELOW);
                entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                Ok(entries)
            }
        }
    }

    /// The target of a symbolic link.
    pub fn read_link(&self, ino: Ino) -> Result<Bytes, Errno> {
        match self.inode(ino) {
            Some(inode) => match &inode.body {
                Body::Symlink(target) => Ok(target.clone()),
                _ => Err(Errno::EINVAL),
            },
            None => {
                let (fs, below) = self.below(ino)?;
                fs.read_link(below)
            }
        }
    }

    /// At most `max` bytes at `offset`; ends early at the end of a chunk, empty only at the end of the file.
    pub fn read(&self, ino: Ino, offset: u64, max: usize) -> Result<Bytes, Errno> {
        let Some(inode) = self.inode(ino) else {
            let (fs, below) = self.below(ino)?;
            return fs.read(below, offset, max);
        };
        let Body::Regular(content) = &inode.body else { return Err(not_regular(inode)) };
        match (content.read(offset, max), inode.below) {
            (Piece::Bytes(bytes), _) => Ok(bytes),
            (Piece::Below { offset, max }, Some(below)) => self.read_below(below, offset, max),
            (Piece::Below { .. }, None) => Err(Errno::EIO),
        }
    }

    /// Reads from the file below, which may have become shorter meanwhile: the rest reads as NUL.
    fn read_below(&self, below: Ino, offset: u64, max: usize) -> Result<Bytes, Errno> {
        let lower = self.lower.as_ref().ok_or(Errno::EIO)?;
        let bytes = lower.fs.read(below, offset, max)?;
        Ok(if bytes.is_empty() { super::content::zeros(max) } else { bytes })
    }

    /// How many bytes more are charged after a write of `len` bytes at `offset`.
    pub fn growth(&self, ino: Ino, offset: u64, len: usize) -> u64 {
        match self.inode(ino).map(|inode| &inode.body) {
            Some(Body::Regular(content)) => content.growth(offset, len),
            Some(_) => 0,
            None => len as u64 + 2 * super::content::CHUNK as u64,
        }
    }

    /// Writes to a regular file.
    pub fn write(&mut self, ino: Ino, offset: u64, data: &Bytes, now: Timestamp) -> Result<(), Errno> {
        self.promote(ino)?;
        let inode = self.inode(ino).ok_or(Errno::ENOENT)?;
        let Body::Regular(content) = &inode.body else { return Err(not_regular(inode)) };
        let below = inode.below;
        let held = content.held();
        let mut filled = Vec::new();
        for (index, at, len) in content.unfilled(offset, data.len()) {
            filled.push((index, self.read_whole(below.ok_or(Errno::EIO)?, at, len)?));
        }
        let inode = self.inode_mut(ino)?;
        inode.mtime = now;
        inode.ctime = now;
        let Body::Regular(content) = &mut inode.body else { return Err(Errno::EIO) };
        filled.into_iter().for_each(|(index, bytes)| content.fill(index, bytes));
        content.write(offset, data);
        let grown = content.held();
        self.bytes = self.bytes + grown - held;
        Ok(())
    }

    /// Exactly `len` bytes of a file below, NUL where it has become shorter.
    fn read_whole(&self, below: Ino, at: u64, len: usize) -> Result<Bytes, Errno> {
        let mut whole = BytesMut::with_capacity(len);
        while whole.len() < len {
            let part = self.read_below(below, at + whole.len() as u64, len - whole.len())?;
            whole.extend_from_slice(&part);
        }
        Ok(whole.freeze())
    }

    /// Cuts a regular file, or extends it with a hole.
    pub fn set_len(&mut self, ino: Ino, len: u64, now: Timestamp) -> Result<(), Errno> {
        // Cutting inside a chunk needs no copy of it: what is below ends at the new length.
        let inode = self.inode_mut(ino)?;
        let kind = inode.kind();
        let Body::Regular(content) = &mut inode.body else {
            return Err(if kind == FileKind::Directory { Errno::EISDIR } else { Errno::EINVAL });
        };
        let held = content.held();
        content.set_len(len);
        let after = content.held();
        inode.mtime = now;
        inode.ctime = now;
        self.bytes = self.bytes + after - held;
        Ok(())
    }

    /// Replaces the content of a regular file without a copy.
    pub fn set_content(&mut self, ino: Ino, bytes: Bytes) -> Result<(), Errno> {
        let inode = self.inode_mut(ino)?;
        let held = inode.held();
        inode.body = Body::Regular(Content::shared(bytes));
        let after = inode.held();
        self.bytes = self.bytes + after - held;
        Ok(())
    }

    /// Makes a file with one name.
    pub fn create(&mut self, dir: Ino, name: &[u8], new: &NewFile) -> Result<Ino, Errno> {
        let kind = new.kind.kind();
        self.promote(dir)?;
        if kind == FileKind::Directory {
            self.add_links(dir, 1)?;
        }
        let ino = self.allocate(Inode::new(new, dir));
        self.attach(dir, name, ino, kind, new.now)?;
        Ok(ino)
    }

    /// Adds a name to a file. EMLINK at 65 000 names.
    pub fn link(&mut self, ino: Ino, dir: Ino, name: &[u8], now: Timestamp) -> Result<(), Errno> {
        self.promote(dir)?;
        self.add_links(ino, 1)?;
        let inode = self.inode_mut(ino)?;
        inode.ctime = now;
        inode.parent = dir;
        let kind = inode.kind();
        self.attach(dir, name, ino, kind, now)
    }

    /// Removes a name of a file that is no directory; the inode stays, perhaps without a name. Answers whether it has
    /// none left.
    pub fn unlink(&mut self, dir: Ino, name: &[u8], now: Timestamp) -> Result<(Ino, bool), Errno> {
        let (ino, _) = self.lookup(dir, name)?;
        self.promote(ino)?;
        let entry = self.detach(dir, name, now)?;
        let inode = self.inode_mut(entry.ino)?;
        inode.nlink = inode.nlink.saturating_sub(1);
        inode.ctime = now;
        Ok((ino, inode.nlink == 0))
    }

    /// Removes an empty directory; the inode stays without a name. ENOTEMPTY otherwise.
    pub fn rmdir(&mut self, dir: Ino, name: &[u8], now: Timestamp) -> Result<Ino, Errno> {
        let (ino, _) = self.lookup(dir, name)?;
        self.promote(ino)?;
        match &self.inode(ino).ok_or(Errno::ENOENT)?.body {
            Body::Directory(entries) if entries.is_empty() => {}
            Body::Directory(_) => return Err(Errno::ENOTEMPTY),
            _ => return Err(Errno::ENOTDIR),
        }
        self.detach(dir, name, now)?;
        let inode = self.inode_mut(ino)?;
        inode.nlink = 0;
        inode.ctime = now;
        let parent = self.inode_mut(dir)?;
        parent.nlink = parent.nlink.saturating_sub(1);
        Ok(ino)
    }

    /// Gives a file another name, in place of what had it; answers that file when no name of it is left.
    ///
    /// That types match and no directory moves into itself was checked.
    pub fn rename(
        &mut self,
        (dir, name): (Ino, &[u8]),
        (to_dir, to_name): (Ino, &[u8]),
        now: Timestamp,
    ) -> Result<Option<Ino>, Errno> {
        let (ino, kind) = self.lookup(dir, name)?;
        self.promote(ino)?;
        self.promote(dir)?;
        self.promote(to_dir)?;
        let gone = match self.lookup(to_dir, to_name) {
            Ok((_, FileKind::Directory)) => Some(self.rmdir(to_dir, to_name, now)?),
            Ok(_) => {
                let (old, last) = self.unlink(to_dir, to_name, now)?;
                last.then_some(old)
            }
            Err(Errno::ENOENT) => None,
            Err(errno) => return Err(errno),
        };
        self.detach(dir, name, now)?;
        self.attach(to_dir, to_name, ino, kind, now)?;
        let inode = self.inode_mut(ino)?;
        inode.parent = to_dir;
        inode.ctime = now;
        if kind == FileKind::Directory && dir != to_dir {
            let from = self.inode_mut(dir)?;
            from.nlink = from.nlink.saturating_sub(1);
            self.add_links(to_dir, 1)?;
        }
        Ok(gone)
    }

    /// The inode, to be changed; promotes it first when it is still below.
    pub fn inode_mut(&mut self, ino: Ino) -> Result<&mut Inode, Errno> {
        self.promote(ino)?;
        let slot = self.slot_of(ino).ok_or(Errno::ENOENT)?;
        self.table.get_mut(slot).ok_or(Errno::ENOENT)
    }

    /// Frees an inode that has no name and is not open.
    pub fn free(&mut self, ino: Ino) {
        let Some(inode) = self.slot_of(ino).and_then(|slot| self.table.remove(slot)) else { return };
        self.inodes = self.inodes.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(inode.held() + INODE_COST);
        if let (Some(lower), Some(below)) = (&mut self.lower, inode.below) {
            lower.promoted.remove_mut(&below.0);
        }
    }

    /// The numbers of the inodes that may differ between two versions of this file system. Files that are still below
    /// in both are not among them.
    pub fn differing(&self, base: &Memory) -> BTreeSet<Ino> {
        let mut inos = BTreeSet::new();
        for slot in self.table.changed(&base.table) {
            // One slot may hold different files in the two versions.
            for inode in [self.table.get(slot), base.table.get(slot)].into_iter().flatten() {
                inos.insert(inode.below.map_or(Ino(slot), |below| Ino(below.0 | BELOW)));
            }
        }
        inos
    }

    /// The inode table, to be saved.
    pub fn table(&self) -> &InodeTable {
        &self.table
    }

    /// Takes table, bytes and inodes as they were saved, and finds the promoted files again.
    pub fn restore(&mut self, table: InodeTable, bytes: u64, inodes: u64) {
        (self.table, self.bytes, self.inodes) = (table, bytes, inodes);
        if let Some(lower) = &mut self.lower {
            let mut promoted = HashTrieMapSync::new_sync();
            self.table.for_each(&mut |slot, inode| {
                if let Some(below) = inode.below {
                    promoted.insert_mut(below.0, slot);
                }
            });
            lower.promoted = promoted;
        }
    }

    /// The table slot of an inode; `None` when it is still below.
    fn slot_of(&self, ino: Ino) -> Option<u64> {
        if ino.0 & BELOW == 0 {
            return Some(ino.0);
        }
        self.lower.as_ref()?.promoted.get(&(ino.0 & !BELOW)).copied()
    }

    /// The file system below and the number of the file there.
    fn below(&self, ino: Ino) -> Result<(&dyn FileSystem, Ino), Errno> {
        match &self.lower {
            Some(lower) if ino.0 & BELOW != 0 => Ok((lower.fs.as_ref(), Ino(ino.0 & !BELOW))),
            _ => Err(Errno::ENOENT),
        }
    }

    /// Gives a file that is still below an inode here.
    fn promote(&mut self, ino: Ino) -> Result<(), Errno> {
        if ino.0 & BELOW == 0 || self.slot_of(ino).is_some() {
            return Ok(());
        }
        let (fs, below) = self.below(ino)?;
        let attributes = fs.attributes(below)?;
        let body = match attributes.kind {
            FileKind::Regular => Body::Regular(Content::below(attributes.size)),
            FileKind::Symlink => Body::Symlink(fs.read_link(below)?),
            FileKind::Directory => Body::Directory(fs.read_dir(below)?.into_iter().map(entry_below).collect()),
            FileKind::Fifo => Body::Fifo,
            FileKind::Socket => Body::Socket,
            FileKind::CharDevice => Body::CharDevice(attributes.rdev.0, attributes.rdev.1),
            FileKind::BlockDevice => Body::BlockDevice(attributes.rdev.0, attributes.rdev.1),
        };
        let parent = match fs.parent(below) {
            Ok(parent) => Ino(parent.0 | BELOW),
            Err(errno) if attributes.kind == FileKind::Directory => return Err(errno),
            Err(_) => self.root,
        };
        let mut inode = Inode::promoted(&attributes, below, parent, body);
        if let Body::Directory(entries) = &inode.body {
            // Not every file system below counts `..`; we do from here on.
            inode.nlink = 2 + entries.iter().filter(|entry| entry.kind == FileKind::Directory).count() as u32;
        }
        let slot = self.allocate(inode).0;
        if let Some(lower) = &mut self.lower {
            lower.promoted.insert_mut(below.0, slot);
        }
        Ok(())
    }

    /// Puts an inode into a free slot.
    fn allocate(&mut self, inode: Inode) -> Ino {
        self.inodes += 1;
        self.bytes += INODE_COST + inode.held();
        if let Body::Directory(entries) = &inode.body {
            self.bytes += entries.iter().map(|entry| entry_cost(&entry.name)).sum::<u64>();
        }
        Ino(self.table.add(inode))
    }

    /// Adds an entry to a directory that is held here.
    fn attach(&mut self, dir: Ino, name: &[u8], ino: Ino, kind: FileKind, now: Timestamp) -> Result<(), Errno> {
        let directory = self.inode_mut(dir)?;
        let Body::Directory(entries) = &mut directory.body else { return Err(Errno::ENOTDIR) };
        entries.insert(Entry { name: Name::from_slice(name), ino, kind });
        directory.mtime = now;
        directory.ctime = now;
        self.bytes += entry_cost(name);
        Ok(())
    }

    /// Removes an entry from a directory.
    fn detach(&mut self, dir: Ino, name: &[u8], now: Timestamp) -> Result<Entry, Errno> {
        let directory = self.inode_mut(dir)?;
        let Body::Directory(entries) = &mut directory.body else { return Err(Errno::ENOTDIR) };
        let entry = entries.remove(name).ok_or(Errno::ENOENT)?;
        directory.mtime = now;
        directory.ctime = now;
        self.bytes = self.bytes.saturating_sub(entry_cost(name));
        Ok(entry)
    }

    /// Counts more names of a file. EMLINK at the limit.
    fn add_links(&mut self, ino: Ino, more: u32) -> Result<(), Errno> {
        let inode = self.inode_mut(ino)?;
        if inode.nlink >= LINK_MAX && inode.kind() != FileKind::Directory {
            return Err(Errno::EMLINK);
        }
        inode.nlink += more;
        Ok(())
    }
}

/// Bytes charged for an entry of this name.
pub(super) fn entry_cost(name: &[u8]) -> u64 {
    ENTRY_COST + name.len() as u64
}

/// An entry of the file system below as it is known here.
fn entry_below(entry: DirEntry) -> Entry {
    Entry { name: Name::from_slice(&entry.name), ino: Ino(entry.ino | BELOW), kind: entry.kind }
}

/// The entries with their names in one allocation.
fn list(entries: &Directory) -> Vec<DirEntry> {
    let mut names = BytesMut::with_capacity(entries.iter().map(|entry| entry.name.len()).sum());
    entries.iter().for_each(|entry| names.extend_from_slice(&entry.name));
    let mut names = names.freeze();
    entries
        .iter()
        .map(|entry| DirEntry { name: names.split_to(entry.name.len()), ino: entry.ino.0, kind: entry.kind })
        .collect()
}

/// Why a file that is not regular cannot be read or written by content.
fn not_regular(inode: &Inode) -> Errno {
    match inode.kind() {
        FileKind::Directory => Errno::EISDIR,
        _ => Errno::EINVAL,
    }
}
