//! Removing names.  [unlink(2), rmdir(2)]

use super::context::Context;
use super::file_system::FileSystem;
use super::node::{FileKind, Node};
use super::path::{Ending, Last, Walked};
use super::tree::{FsMut, Vfs};
use crate::errno::Errno;

impl Vfs {
    /// unlink(2): EISDIR for a directory, as Linux says (POSIX: EPERM). The file lives on while it is open.
    pub fn unlink(&mut self, cx: &Context, path: &[u8]) -> Result<(), Errno> {
        let at = self.walk(cx, path, Last::Parent)?;
        if at.ending != Ending::Name {
            return Err(Errno::EISDIR);
        }
        self.check_writable(at.dir.mount)?;
        let (node, kind) = at.found.ok_or(Errno::ENOENT)?;
        if at.slash {
            return Err(if kind == FileKind::Directory { Errno::EISDIR } else { Errno::ENOTDIR });
        }
        self.check_removal(cx, &at, node)?;
        if kind == FileKind::Directory {
            return Err(Errno::EISDIR);
        }
        match self.fs_mut(at.dir.mount)? {
            FsMut::Memory(memory) => {
                let (ino, last) = memory.unlink(at.dir.ino, &at.name, cx.now)?;
                if last {
                    self.free_if_closed(Node { mount: at.dir.mount, ino });
                }
            }
            FsMut::Foreign(fs) => {
                fs.unlink(at.dir.ino, &at.name)?;
                self.forget_if_closed(node);
            }
        }
        Ok(())
    }

    /// rmdir(2): ENOTEMPTY, ENOTDIR, EBUSY for a mount point or the root, EINVAL for `.`.
    pub fn rmdir(&mut self, cx: &Context, path: &[u8]) -> Result<(), Errno> {
        let at = self.walk(cx, path, Last::Parent)?;
        match at.ending {
            Ending::Name => {}
            Ending::Dot => return Err(Errno::EINVAL),
            Ending::DotDot => return Err(Errno::ENOTEMPTY),
            Ending::Root => return Err(Errno::EBUSY),
        }
        self.check_writable(at.dir.mount)?;
        let (node, kind) = at.found.ok_or(Errno::ENOENT)?;
        self.check_removal(cx, &at, node)?;
        if kind != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        if node.mount != at.dir.mount {
            return Err(Errno::EBUSY);
        }
        match self.fs_mut(at.dir.mount)? {
            FsMut::Memory(memory) => {
                memory.rmdir(at.dir.ino, &at.name, cx.now)?;
                self.drop_directory(node, at.dir);
            }
            FsMut::Foreign(fs) => {
                fs.rmdir(at.dir.ino, &at.name)?;
                self.forget_if_closed(node);
            }
        }
        Ok(())
    }

    /// Whether the last name of a walk may be taken from its directory.
    pub(super) fn check_removal(&self, cx: &Context, at: &Walked, victim: Node) -> Result<(), Errno> {
        let victim = self.permission(cx, victim)?;
        self.permission(cx, at.dir)?.check_removal(&victim, cx.cred)
    }

    /// After a directory lost its name: frees it, or keeps its parent for `..` as long as it is open.
    pub(super) fn drop_directory(&mut self, dir: Node, parent: Node) {
        if self.is_open(dir) {
            self.retain(parent);
        } else {
            self.free_if_closed(dir);
        }
    }

    /// Tells the file system of `node` that nobody has it open.
    pub(super) fn forget_if_closed(&mut self, node: Node) {
        if !self.is_open(node)
            && let Ok(FsMut::Foreign(fs)) = self.fs_mut(node.mount)
        {
            FileSystem::forget(fs, node.ino);
        }
    }
}
