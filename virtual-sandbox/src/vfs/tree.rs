//! The tree: the memory file system at the root, and what is mounted in it.

use super::context::Context;
use super::file_system::{Attributes, FileSystem, NewFile, NewKind};
use super::flags::{AccessMode, Follow, W_OK, X_OK};
use super::memory::{INODE_COST, Memory, entry_cost};
use super::mount::{Mount, Mounted, device_number};
use super::node::{DirEntry, FileKind, Ino, MountId, Node, Stat, Timestamp};
use super::path::Last;
use super::permission::Permission;
use super::proc;
use crate::errno::Errno;
use bytes::Bytes;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// How much the files of a tree may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FsLimits {
    /// Bytes of content, names and inodes together. Default: no limit.
    pub bytes: u64,
    /// Number of inodes. Default: no limit.
    pub inodes: u64,
}

impl Default for FsLimits {
    fn default() -> Self {
        FsLimits { bytes: u64::MAX, inodes: u64::MAX }
    }
}

/// How much the files of a tree take, host directories not counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FsUsage {
    /// Bytes: content that is held (holes and unchanged files of a mount are free; each chunk of 64 KiB after the
    /// first counts at least 4096), 256 for each inode, and for each directory entry its name and 48.
    pub bytes: u64,
    /// Number of inodes.
    pub inodes: u64,
}

/// The files of a machine.
///
/// A clone is a snapshot: it costs the same whatever the number of files, shares everything, and the two versions go
/// on independently. What a change costs is proportional to the path it touches. Calls that take a path check
/// permissions for the identity of their [`Context`]; calls that take a [`Node`] act for an open file description,
/// whose rights were checked when it was opened.
#[derive(Clone, Debug)]
pub struct Vfs {
    pub(super) root: Memory,
    /// Mount number k is at index k - 1; the memory file system at the root is number 0.
    pub(super) mounts: Arc<Vec<Option<Mount>>>,
    /// How often each file is open, working directories included.
    pub(super) open: Arc<FxHashMap<Node, u32>>,
    pub(super) limits: FsLimits,
}

/// A file system of the tree, as calls find it.
pub(super) enum Fs<'a> {
    Memory(&'a Memory),
    Foreign(&'a dyn FileSystem),
    Proc,
}

/// A file system of the tree, to be changed.
pub(super) enum FsMut<'a> {
    Memory(&'a mut Memory),
    Foreign(&'a dyn FileSystem),
}

impl Vfs {
    /// A tree that is only a root directory, mode 0755, owned by root.
    pub fn empty(now: Timestamp) -> Vfs {
        let root = NewFile { kind: NewKind::Directory, mode: 0o755, uid: 0, gid: 0, now };
        Vfs { root: Memory::new(&root), mounts: Arc::default(), open: Arc::default(), limits: FsLimits::default() }
    }

    /// The root directory.
    pub fn root(&self) -> Node {
        Node { mount: MountId(0), ino: self.root.root() }
    }

    /// What the files take.
    pub fn usage(&self) -> FsUsage {
        let mut usage = FsUsage::default();
        for memory in self.memories() {
            let (bytes, inodes) = memory.usage();
            usage.bytes += bytes;
            usage.inodes += inodes;
        }
        usage
    }

    /// What the files may take.
    pub fn limits(&self) -> FsLimits {
        self.limits
    }

    /// Sets what the files may take. What exceeds a limit fails with ENOSPC before anything is allocated; files that
    /// exceed a lowered limit stay.
    pub fn set_limits(&mut self, limits: FsLimits) {
        self.limits = limits;
    }

    /// The file a path means.
    pub fn resolve(&self, cx: &Context, path: &[u8], follow: Follow) -> Result<Node, Errno> {
        self.walk(cx, path, Last::from(follow))?.existing()
    }

    /// stat(2), lstat(2).
    pub fn stat(&self, cx: &Context, path: &[u8], follow: Follow) -> Result<Stat, Errno> {
        self.stat_node(cx, self.resolve(cx, path, follow)?)
    }

    /// fstat(2).
    pub fn stat_node(&self, cx: &Context, node: Node) -> Result<Stat, Errno> {
        if self.is_proc(node.mount)
            && let Some(stat) = proc::target_stat(self, cx, node.ino)
        {
            return stat;
        }
        Ok(self.attributes(cx, node)?.stat(device_number(node.mount), node.ino))
    }

    /// access(2), for the effective identity: EACCES, or EROFS for writing to a file of a read-only mount.
    pub fn access(&self, cx: &Context, path: &[u8], mode: AccessMode) -> Result<(), Errno> {
        let node = self.resolve(cx, path, Follow::Yes)?;
        if mode == 0 {
            return Ok(());
        }
        let permission = self.permission(cx, node)?;
        let on_disk = matches!(permission.kind, FileKind::Regular | FileKind::Directory | FileKind::Symlink);
        if mode & W_OK != 0 && on_disk {
            self.check_writable(node.mount)?;
        }
        permission.check(cx.cred, mode)
    }

    /// readlink(2). EINVAL when the file is no symbolic link.
    pub fn read_link(&self, cx: &Context, path: &[u8]) -> Result<Bytes, Errno> {
        let node = self.resolve(cx, path, Follow::No)?;
        self.read_link_node(cx, node)
    }

    /// The target of the symbolic link `node`.
    pub fn read_link_node(&self, cx: &Context, node: Node) -> Result<Bytes, Errno> {
        match self.fs(node.mount)? {
            Fs::Memory(memory) => memory.read_link(node.ino),
            Fs::Foreign(fs) => fs.read_link(node.ino),
            Fs::Proc => proc::read_link(self, cx, node.ino),
        }
    }

    /// The entries of an open directory without `.` and `..`, sorted by name.
    pub fn read_dir(&self, cx: &Context, dir: Node) -> Result<Vec<DirEntry>, Errno> {
        match self.fs(dir.mount)? {
            Fs::Memory(memory) => memory.read_dir(dir.ino),
            Fs::Foreign(fs) => {
                let mut entries = fs.read_dir(dir.ino)?;
                entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                Ok(entries)
            }
            Fs::Proc => proc::read_dir(self, cx, dir.ino),
        }
    }

    /// opendir(3) and readdir(3) to the end, sorted by name. Needs read permission on the directory.
    pub fn read_dir_path(&self, cx: &Context, path: &[u8]) -> Result<Vec<DirEntry>, Errno> {
        let dir = self.resolve(cx, path, Follow::Yes)?;
        let permission = self.permission(cx, dir)?;
        if permission.kind != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        permission.check(cx.cred, super::flags::R_OK)?;
        self.read_dir(cx, dir)
    }

    /// The directory a path means, if the identity may enter it: what chdir(2) checks.
    pub fn directory(&self, cx: &Context, path: &[u8]) -> Result<Node, Errno> {
        let node = self.resolve(cx, path, Follow::Yes)?;
        let permission = self.permission(cx, node)?;
        if permission.kind != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        permission.check(cx.cred, X_OK)?;
        Ok(node)
    }

    /// The absolute path of a directory: getcwd(3). ENOENT when it was removed.
    pub fn directory_path(&self, node: Node) -> Result<Vec<u8>, Errno> {
        if self.is_proc(node.mount) {
            let at = self.mount_of(node.mount).map(|mount| mount.at.clone()).unwrap_or_default();
            return proc::path_of(&at, node.ino).ok_or(Errno::ENOENT);
        }
        let mut names: Vec<Vec<u8>> = Vec::new();
        let mut at = node;
        while at != self.root() {
            let inner = self.uncovered(at);
            let parent = self.parent_in_mount(inner)?;
            if parent == inner {
                break;
            }
            names.push(self.name_in(parent, inner.ino)?);
            at = parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        Ok(if path.is_empty() { b"/".to_vec() } else { path })
    }

    /// An absolute path of a file, when one is found without searching the tree: directories always, other files
    /// through the directory that last got, or was seen to have, a name of them.
    pub fn path_of(&self, node: Node) -> Option<Vec<u8>> {
        if let Ok(path) = self.directory_path(node)
            && self.kind_of(node) == Some(FileKind::Directory)
        {
            return Some(path);
        }
        let parent = self.parent_in_mount(node).ok()?;
        let name = self.name_in(parent, node.ino).ok()?;
        let mut path = self.directory_path(parent).ok()?;
        if path != b"/" {
            path.push(b'/');
        }
        path.extend_from_slice(&name);
        Some(path)
    }

    /// A name of `ino` in the directory `dir`.
    fn name_in(&self, dir: Node, ino: Ino) -> Result<Vec<u8>, Errno> {
        match self.fs(dir.mount)? {
            Fs::Memory(memory) => {
                if let Some(inode) = memory.inode(dir.ino) {
                    return match &inode.body {
                        super::inode::Body::Directory(entries) => {
                            entries.name_of(ino).map(<[u8]>::to_vec).ok_or(Errno::ENOENT)
                        }
                        _ => Err(Errno::ENOTDIR),
                    };
                }
                name_among(&memory.read_dir(dir.ino)?, ino)
            }
            Fs::Foreign(fs) => name_among(&fs.read_dir(dir.ino)?, ino),
            Fs::Proc => Err(Errno::ENOENT),
        }
    }

    /// The type of a file outside `/proc`.
    fn kind_of(&self, node: Node) -> Option<FileKind> {
        match self.fs(node.mount).ok()? {
            Fs::Memory(memory) => memory.permission(node.ino).ok().map(|permission| permission.kind),
            Fs::Foreign(fs) => fs.attributes(node.ino).ok().map(|attributes| attributes.kind),
            Fs::Proc => None,
        }
    }

    /// The file system of a mount number.
    pub(super) fn fs(&self, id: MountId) -> Result<Fs<'_>, Errno> {
        if id.0 == 0 {
            return Ok(Fs::Memory(&self.root));
        }
        match &self.mount_of(id).ok_or(Errno::ESTALE)?.mounted {
            Mounted::Memory(memory) => Ok(Fs::Memory(memory)),
            Mounted::Foreign(fs) => Ok(Fs::Foreign(fs.as_ref())),
            Mounted::Proc => Ok(Fs::Proc),
        }
    }

    /// The file system of a mount number, to be changed. EROFS when it is read-only, EPERM in `/proc`.
    pub(super) fn fs_mut(&mut self, id: MountId) -> Result<FsMut<'_>, Errno> {
        if id.0 == 0 {
            return Ok(FsMut::Memory(&mut self.root));
        }
        self.check_writable(id)?;
        let index = usize::from(id.0) - 1;
        // A host directory is changed through a shared reference: the table itself need not be copied for that.
        if !matches!(self.mount_of(id).map(|mount| &mount.mounted), Some(Mounted::Memory(_))) {
            return match self.fs(id)? {
                Fs::Foreign(fs) => Ok(FsMut::Foreign(fs)),
                _ => Err(Errno::EPERM),
            };
        }
        match Arc::make_mut(&mut self.mounts).get_mut(index) {
            Some(Some(Mount { mounted: Mounted::Memory(memory), .. })) => Ok(FsMut::Memory(memory)),
            _ => Err(Errno::ESTALE),
        }
    }

    /// The memory file system of a mount number.
    pub(super) fn memory(&self, id: MountId) -> Option<&Memory> {
        match self.fs(id).ok()? {
            Fs::Memory(memory) => Some(memory),
            _ => None,
        }
    }

    /// Every memory file system of the tree.
    fn memories(&self) -> impl Iterator<Item = &Memory> {
        std::iter::once(&self.root).chain(self.mounts.iter().flatten().filter_map(|mount| match &mount.mounted {
            Mounted::Memory(memory) => Some(memory),
            _ => None,
        }))
    }

    /// EROFS when the mount is read-only.
    pub(super) fn check_writable(&self, id: MountId) -> Result<(), Errno> {
        match self.mount_of(id) {
            Some(mount) if mount.read_only => Err(Errno::EROFS),
            _ => Ok(()),
        }
    }

    /// Whether so much more fits: ENOSPC otherwise.
    pub(super) fn reserve(&self, bytes: u64, inodes: u64) -> Result<(), Errno> {
        if self.limits == FsLimits::default() {
            return Ok(());
        }
        let usage = self.usage();
        let fits = usage.bytes.saturating_add(bytes) <= self.limits.bytes
            && usage.inodes.saturating_add(inodes) <= self.limits.inodes;
        if fits { Ok(()) } else { Err(Errno::ENOSPC) }
    }

    /// [`Vfs::reserve`] for a new file or name.
    pub(super) fn reserve_entry(&self, name: &[u8], inodes: u64) -> Result<(), Errno> {
        self.reserve(entry_cost(name) + inodes * INODE_COST, inodes)
    }

    /// What stat(2) shows but the device.
    pub(super) fn attributes(&self, cx: &Context, node: Node) -> Result<Attributes, Errno> {
        match self.fs(node.mount)? {
            Fs::Memory(memory) => memory.attributes(node.ino),
            Fs::Foreign(fs) => fs.attributes(node.ino),
            Fs::Proc => proc::attributes(cx, node.ino),
        }
    }

    /// What permission checks need.
    pub(super) fn permission(&self, cx: &Context, node: Node) -> Result<Permission, Errno> {
        match self.fs(node.mount)? {
            Fs::Memory(memory) => memory.permission(node.ino),
            Fs::Foreign(fs) => fs.attributes(node.ino).map(|attributes| Permission::from(&attributes)),
            Fs::Proc => proc::attributes(cx, node.ino).map(|attributes| Permission::from(&attributes)),
        }
    }

    /// The file of this name in a directory, mounts not entered.
    pub(super) fn lookup(&self, cx: &Context, dir: Node, name: &[u8]) -> Result<(Node, FileKind), Errno> {
        let (ino, kind) = match self.fs(dir.mount)? {
            Fs::Memory(memory) => memory.lookup(dir.ino, name)?,
            Fs::Foreign(fs) => fs.lookup(dir.ino, name)?,
            Fs::Proc => proc::lookup(cx, dir.ino, name)?,
        };
        Ok((Node { mount: dir.mount, ino }, kind))
    }

    /// What `..` means in a directory.
    pub(super) fn parent(&self, dir: Node) -> Result<Node, Errno> {
        self.parent_in_mount(self.uncovered(dir))
    }

    /// The parent of a directory within its file system.
    fn parent_in_mount(&self, dir: Node) -> Result<Node, Errno> {
        let ino = match self.fs(dir.mount)? {
            Fs::Memory(memory) => memory.parent(dir.ino)?,
            Fs::Foreign(fs) => fs.parent(dir.ino)?,
            Fs::Proc => proc::parent(dir.ino),
        };
        Ok(Node { mount: dir.mount, ino })
    }
}

/// The name of `ino` among entries.
fn name_among(entries: &[DirEntry], ino: Ino) -> Result<Vec<u8>, Errno> {
    entries.iter().find(|entry| entry.ino == ino.0).map(|entry| entry.name.to_vec()).ok_or(Errno::ENOENT)
}
