//! Opening files.  [open(2); POSIX open()]

use super::context::Context;
use super::create::new_file;
use super::file_system::NewKind;
use super::flags::{AccessMode, OpenFlags, R_OK, W_OK};
use super::node::{Device, FileKind, Node};
use super::path::{Ending, Last, Walked};
use super::permission::Permission;
use super::proc;
use super::tree::{FsMut, Vfs};
use crate::errno::Errno;
use bytes::Bytes;

/// What a successful open gives; the kernel makes an open file description of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Opened {
    /// A regular file.
    Regular(Node),
    /// A directory.
    Directory(Node),
    /// A FIFO: the kernel keeps the pipe, by node, and waits for the other end.
    Fifo(Node),
    /// A device.
    Device(Node, Device),
    /// `/proc/PID/fd/FD` of a descriptor that is no file of the tree (a pipe, a terminal): the kernel duplicates it.
    Descriptor {
        /// The process.
        pid: u32,
        /// Its descriptor.
        fd: u32,
    },
    /// A file of `/proc`: the text as it is now, and the file for fstat(2).
    Text(Node, Bytes),
    /// A file opened with [`OpenFlags::PATH`]: only named, neither read nor written.
    Named(Node),
}

impl Opened {
    /// The file of the tree, for fstat(2) and for counting; `None` for a descriptor of a process.
    pub fn node(&self) -> Option<Node> {
        match self {
            Opened::Regular(node)
            | Opened::Directory(node)
            | Opened::Fifo(node)
            | Opened::Device(node, _)
            | Opened::Text(node, _)
            | Opened::Named(node) => Some(*node),
            Opened::Descriptor { .. } => None,
        }
    }
}

impl Vfs {
    /// open(2). A new file gets `mode` less the umask, the caller's uid, and its gid or that of a set-group-ID
    /// directory; whoever creates a file may write it whatever its mode.
    ///
    /// Linux refuses `O_CREAT` with `O_DIRECTORY` (EINVAL). Does not count the file as open: see [`Vfs::retain`].
    pub fn open(&mut self, cx: &Context, path: &[u8], flags: OpenFlags, mode: u32) -> Result<Opened, Errno> {
        let create = flags.contains(OpenFlags::CREATE);
        if create && flags.contains(OpenFlags::DIRECTORY) {
            return Err(Errno::EINVAL);
        }
        let exclusive = create && flags.contains(OpenFlags::EXCLUSIVE);
        let last = if exclusive || flags.contains(OpenFlags::NO_FOLLOW) { Last::Keep } else { Last::Follow };
        let walked = self.walk(cx, path, last)?;
        if create && walked.slash && walked.ending == Ending::Name {
            return Err(Errno::EISDIR);
        }
        match walked.found {
            None if create => {
                let node = self.create_in(cx, &walked, NewKind::Regular, mode & !cx.umask)?;
                Ok(Opened::Regular(node))
            }
            Some(_) if exclusive => Err(Errno::EEXIST),
            _ => {
                let node = walked.existing()?;
                self.open_existing(cx, node, flags)
            }
        }
    }

    /// Opens a file that exists: the last step of [`Vfs::open`], and how `/proc/PID/fd/FD` is opened anew.
    pub fn open_existing(&mut self, cx: &Context, node: Node, flags: OpenFlags) -> Result<Opened, Errno> {
        if self.is_proc(node.mount)
            && let Some((pid, fd)) = proc::descriptor(node.ino)
        {
            return Ok(Opened::Descriptor { pid, fd });
        }
        let permission = self.permission(cx, node)?;
        let kind = permission.kind;
        if flags.contains(OpenFlags::DIRECTORY) && kind != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        if flags.contains(OpenFlags::PATH) {
            return Ok(Opened::Named(node));
        }
        match kind {
            FileKind::Symlink => return Err(Errno::ELOOP),
            FileKind::Directory if flags.intersects(OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE) => {
                return Err(Errno::EISDIR);
            }
            _ => {}
        }
        permission.check(cx.cred, wanted(flags))?;
        if flags.contains(OpenFlags::WRITE) && kind == FileKind::Regular {
            self.check_writable(node.mount)?;
        }
        match kind {
            // Nothing in `/proc` is set by writing, whatever its mode says.
            FileKind::Regular if self.is_proc(node.mount) && flags.contains(OpenFlags::WRITE) => Err(Errno::EACCES),
            FileKind::Regular if self.is_proc(node.mount) => Ok(Opened::Text(node, proc::text(self, cx, node.ino)?)),
            FileKind::Regular => {
                if flags.contains(OpenFlags::TRUNCATE) {
                    self.set_len(node, 0, cx.now)?;
                }
                Ok(Opened::Regular(node))
            }
            FileKind::Directory => Ok(Opened::Directory(node)),
            FileKind::Fifo => Ok(Opened::Fifo(node)),
            FileKind::CharDevice => {
                let device = Device::from_number(self.attributes(cx, node)?.rdev).ok_or(Errno::ENXIO)?;
                Ok(Opened::Device(node, device))
            }
            FileKind::BlockDevice | FileKind::Socket | FileKind::Symlink => Err(Errno::ENXIO),
        }
    }

    /// Makes a file where a walk ended, with the permission and space checks.
    pub(super) fn create_in(&mut self, cx: &Context, at: &Walked, kind: NewKind, mode: u32) -> Result<Node, Errno> {
        self.check_writable(at.dir.mount)?;
        let dir = self.permission(cx, at.dir)?;
        self.check_may_create(cx, at.dir, &dir)?;
        let held = if let NewKind::Symlink(target) = &kind { target.len() as u64 } else { 0 };
        self.reserve_entry(&at.name, 1)?;
        self.reserve(held, 0)?;
        let new = new_file(cx, &dir, kind, mode);
        let ino = match self.fs_mut(at.dir.mount)? {
            FsMut::Memory(memory) => memory.create(at.dir.ino, &at.name, &new)?,
            FsMut::Foreign(fs) => fs.create(at.dir.ino, &at.name, &new)?,
        };
        Ok(Node { mount: at.dir.mount, ino })
    }

    /// Whether names may be added to a directory: ENOENT when it was removed, EACCES without permission.
    pub(super) fn check_may_create(&self, cx: &Context, dir: Node, permission: &Permission) -> Result<(), Errno> {
        if self.is_removed(dir) {
            return Err(Errno::ENOENT);
        }
        permission.check(cx.cred, 3)
    }
}

/// The permissions an open needs.
fn wanted(flags: OpenFlags) -> AccessMode {
    let mut want = 0;
    if flags.contains(OpenFlags::READ) {
        want |= R_OK;
    }
    if flags.intersects(OpenFlags::WRITE | OpenFlags::TRUNCATE) {
        want |= W_OK;
    }
    want
}
