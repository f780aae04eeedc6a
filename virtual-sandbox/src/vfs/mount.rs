//! The mount table.  [mount(2), path_resolution(7)]

use super::context::Context;
use super::file_system::FileSystem;
use super::flags::Follow;
use super::memory::Memory;
use super::node::{FileKind, MountId, Node};
use super::tree::{FsUsage, Vfs};
use crate::errno::Errno;
use std::sync::Arc;

/// How a file system is mounted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum MountMode {
    /// Reads go to the file system, lazily; changes stay in memory, belong to this tree and are part of its snapshots.
    #[default]
    CopyOnWrite,
    /// Changes fail with EROFS.
    ReadOnly,
    /// Changes are made to the file system itself: they are seen by every snapshot.
    ReadWrite,
}

/// What a mount is called in `/proc/mounts` and how it behaves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MountOptions {
    /// How changes are treated.
    pub mode: MountMode,
    /// The first field of `/proc/mounts`. Default: `none`.
    pub source: Vec<u8>,
    /// The third field of `/proc/mounts`. Default: `sandbox`.
    pub fs_type: &'static str,
}

impl Default for MountOptions {
    fn default() -> Self {
        MountOptions { mode: MountMode::default(), source: b"none".to_vec(), fs_type: "sandbox" }
    }
}

impl From<MountMode> for MountOptions {
    fn from(mode: MountMode) -> Self {
        MountOptions { mode, ..MountOptions::default() }
    }
}

/// A mounted file system as `mount` and `df` show it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MountInfo {
    /// The device number of its files.
    pub dev: u64,
    /// What it was mounted from.
    pub source: Vec<u8>,
    /// Its type, such as `tmpfs` or `proc`.
    pub fs_type: &'static str,
    /// The absolute path it was mounted at.
    pub at: Vec<u8>,
    /// Whether changes are refused.
    pub read_only: bool,
    /// What it holds in memory; nothing for `/proc` and host directories that are written directly.
    pub usage: FsUsage,
}

/// What is mounted.
#[derive(Clone, Debug)]
pub(super) enum Mounted {
    /// A memory file system, alone or over another one.
    Memory(Memory),
    /// Any file system, directly.
    Foreign(Arc<dyn FileSystem>),
    /// The kernel's view of processes.
    Proc,
}

/// A mounted file system.
#[derive(Clone, Debug)]
pub(super) struct Mount {
    pub mounted: Mounted,
    /// The root directory of the mounted file system.
    pub root: Node,
    /// The directory that the mount hides.
    pub covered: Node,
    /// The absolute path it was mounted at.
    pub at: Vec<u8>,
    pub read_only: bool,
    pub source: Vec<u8>,
    pub fs_type: &'static str,
}

impl Vfs {
    /// Mounts a file system on the directory `at`, as user 0. ENOENT and ENOTDIR as for any path; EBUSY on the root
    /// directory.
    pub fn mount(
        &mut self,
        cx: &Context,
        at: &[u8],
        fs: Arc<dyn FileSystem>,
        options: impl Into<MountOptions>,
    ) -> Result<MountId, Errno> {
        let options = options.into();
        let mounted = match options.mode {
            MountMode::CopyOnWrite => Mounted::Memory(Memory::over(fs)),
            MountMode::ReadOnly | MountMode::ReadWrite => Mounted::Foreign(fs),
        };
        let read_only = options.mode == MountMode::ReadOnly;
        self.attach_mount(cx, at, mounted, read_only, options.source, options.fs_type)
    }

    /// Mounts the kernel's view of processes.
    pub(super) fn mount_proc(&mut self, cx: &Context, at: &[u8]) -> Result<MountId, Errno> {
        self.attach_mount(cx, at, Mounted::Proc, false, b"proc".to_vec(), "proc")
    }

    fn attach_mount(
        &mut self,
        cx: &Context,
        at: &[u8],
        mounted: Mounted,
        read_only: bool,
        source: Vec<u8>,
        fs_type: &'static str,
    ) -> Result<MountId, Errno> {
        let covered = self.resolve(cx, at, Follow::Yes)?;
        if covered == self.root() {
            return Err(Errno::EBUSY);
        }
        if self.attributes(cx, covered)?.kind != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        let at = self.directory_path(covered)?;
        let mounts = Arc::make_mut(&mut self.mounts);
        // Numbers are not used again, so that a node of a file system that is gone is never mistaken for another.
        let id = MountId(u16::try_from(mounts.len() + 1).map_err(|_| Errno::ENOMEM)?);
        let ino = match &mounted {
            Mounted::Memory(memory) => memory.root(),
            Mounted::Foreign(fs) => fs.root(),
            Mounted::Proc => super::proc::ROOT,
        };
        let root = Node { mount: id, ino };
        mounts.push(Some(Mount { mounted, root, covered, at, read_only, source, fs_type }));
        Ok(id)
    }

    /// Unmounts what is mounted at a path. EINVAL when nothing is, EBUSY while a file in it is open or something is
    /// mounted in it.
    pub fn umount(&mut self, cx: &Context, at: &[u8]) -> Result<(), Errno> {
        let root = self.resolve(cx, at, Follow::Yes)?;
        let id = root.mount;
        let is_root = self.mount_of(id).is_some_and(|mount| mount.root == root);
        if !is_root {
            return Err(Errno::EINVAL);
        }
        let open = self.open.keys().any(|node| node.mount == id);
        if open || self.mounts.iter().flatten().any(|mount| mount.covered.mount == id) {
            return Err(Errno::EBUSY);
        }
        if let Some(slot) = Arc::make_mut(&mut self.mounts).get_mut(usize::from(id.0) - 1) {
            *slot = None;
        }
        Ok(())
    }

    /// The mount of a number; `None` for the root file system.
    pub(super) fn mount_of(&self, id: MountId) -> Option<&Mount> {
        self.mounts.get(usize::from(id.0).checked_sub(1)?)?.as_ref()
    }

    /// Whether a mount number is that of `/proc`.
    pub(super) fn is_proc(&self, id: MountId) -> bool {
        self.mount_of(id).is_some_and(|mount| matches!(mount.mounted, Mounted::Proc))
    }

    /// The root of what is mounted on a directory, or the directory itself.
    pub(super) fn covering(&self, mut dir: Node) -> Node {
        // The last mount on a directory is the one that is seen.
        while let Some(mount) = self.mounts.iter().rev().flatten().find(|mount| mount.covered == dir) {
            dir = mount.root;
        }
        dir
    }

    /// The directory that the root of a mount covers, however many are stacked; any other directory itself.
    pub(super) fn uncovered(&self, mut dir: Node) -> Node {
        while let Some(mount) = self.mount_of(dir.mount)
            && mount.root == dir
        {
            dir = mount.covered;
        }
        dir
    }

    /// What is mounted, the root file system first, in the order of mounting.
    pub fn mounted(&self) -> Vec<MountInfo> {
        let usage = |memory: &Memory| {
            let (bytes, inodes) = memory.usage();
            FsUsage { bytes, inodes }
        };
        let mut all = vec![MountInfo {
            dev: 1,
            source: b"sandbox".to_vec(),
            fs_type: "tmpfs",
            at: b"/".to_vec(),
            read_only: false,
            usage: usage(&self.root),
        }];
        for mount in self.mounts.iter().flatten() {
            all.push(MountInfo {
                dev: device_number(mount.root.mount),
                source: mount.source.clone(),
                fs_type: mount.fs_type,
                at: mount.at.clone(),
                read_only: mount.read_only,
                usage: match &mount.mounted {
                    Mounted::Memory(memory) => usage(memory),
                    Mounted::Foreign(_) | Mounted::Proc => FsUsage::default(),
                },
            });
        }
        all
    }

    /// The text of `/proc/mounts`.  [fstab(5)]
    pub(super) fn mounts_text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        for mount in self.mounted() {
            let access = if mount.read_only { "ro" } else { "rw" };
            text.extend(escaped(&mount.source));
            text.push(b' ');
            text.extend(escaped(&mount.at));
            text.extend_from_slice(format!(" {} {access},relatime 0 0\n", mount.fs_type).as_bytes());
        }
        text
    }
}

/// The device number of the files of a mount.
pub(super) fn device_number(id: MountId) -> u64 {
    u64::from(id.0) + 1
}

/// A field of `/proc/mounts`: space, tab, newline and backslash as octal escapes.
fn escaped(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    for &byte in field {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => out.extend_from_slice(format!("\\{byte:03o}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out
}
