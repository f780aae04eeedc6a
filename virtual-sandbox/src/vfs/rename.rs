//! Renaming.  [rename(2); POSIX rename()]

use super::context::Context;
use super::flags::W_OK;
use super::memory::entry_cost;
use super::node::{FileKind, Node};
use super::path::{Ending, Last, Walked};
use super::tree::{FsMut, Vfs};
use crate::errno::Errno;

impl Vfs {
    /// rename(2). What `to` named is replaced in one step; two names of one file are left alone.
    ///
    /// EXDEV across file systems, EBUSY for `.`, `..`, the root and mount points, EINVAL for a directory into itself,
    /// ENOTEMPTY, EISDIR, ENOTDIR for what cannot be replaced, EACCES and EPERM as for removing and creating.
    pub fn rename(&mut self, cx: &Context, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        let old = self.walk(cx, from, Last::Parent)?;
        let new = self.walk(cx, to, Last::Parent)?;
        if old.dir.mount != new.dir.mount {
            return Err(Errno::EXDEV);
        }
        if old.ending != Ending::Name || new.ending != Ending::Name {
            return Err(Errno::EBUSY);
        }
        self.check_writable(old.dir.mount)?;
        let (source, kind) = old.found.ok_or(Errno::ENOENT)?;
        if kind != FileKind::Directory && (old.slash || new.slash) {
            return Err(Errno::ENOTDIR);
        }
        if kind == FileKind::Directory && self.is_within(new.dir, source) {
            return Err(Errno::EINVAL);
        }
        if let Some((target, FileKind::Directory)) = new.found
            && self.is_within(old.dir, target)
            && target != source
        {
            return Err(Errno::ENOTEMPTY);
        }
        if new.found.is_some_and(|(target, _)| target == source) {
            return Ok(());
        }
        self.check_replacement(cx, &old, source, kind, &new)?;
        if new.found.is_none() {
            self.reserve(entry_cost(&new.name).saturating_sub(entry_cost(&old.name)), 0)?;
        }
        self.move_name(cx, &old, &new)
    }

    /// Permissions and types: may `source` leave its directory, and may it take the place of what `new` found?
    fn check_replacement(
        &self,
        cx: &Context,
        old: &Walked,
        source: Node,
        kind: FileKind,
        new: &Walked,
    ) -> Result<(), Errno> {
        self.check_removal(cx, old, source)?;
        match new.found {
            None => {
                let dir = self.permission(cx, new.dir)?;
                self.check_may_create(cx, new.dir, &dir)?;
            }
            Some((target, replaced)) => {
                self.check_removal(cx, new, target)?;
                match (kind, replaced) {
                    (FileKind::Directory, FileKind::Directory) => {}
                    (FileKind::Directory, _) => return Err(Errno::ENOTDIR),
                    (_, FileKind::Directory) => return Err(Errno::EISDIR),
                    _ => {}
                }
            }
        }
        // The entry `..` of a directory that moves is changed, which needs write permission on it.
        if kind == FileKind::Directory && old.dir != new.dir {
            self.permission(cx, source)?.check(cx.cred, W_OK)?;
        }
        let crosses = |node: Node| node.mount != old.dir.mount;
        if crosses(source) || new.found.is_some_and(|(target, _)| crosses(target)) {
            return Err(Errno::EBUSY);
        }
        Ok(())
    }

    /// Moves the name; everything was checked.
    fn move_name(&mut self, cx: &Context, old: &Walked, new: &Walked) -> Result<(), Errno> {
        let mount = old.dir.mount;
        match self.fs_mut(mount)? {
            FsMut::Memory(memory) => {
                let gone = memory.rename((old.dir.ino, &old.name), (new.dir.ino, &new.name), cx.now)?;
                if let (Some(ino), Some((_, kind))) = (gone, new.found) {
                    let node = Node { mount, ino };
                    match kind {
                        FileKind::Directory => self.drop_directory(node, new.dir),
                        _ => self.free_if_closed(node),
                    }
                }
            }
            FsMut::Foreign(fs) => {
                fs.rename(old.dir.ino, &old.name, new.dir.ino, &new.name)?;
                if let Some((node, _)) = new.found {
                    self.forget_if_closed(node);
                }
            }
        }
        Ok(())
    }

    /// Whether `dir` is `ancestor` or below it, in the same file system.
    fn is_within(&self, mut dir: Node, ancestor: Node) -> bool {
        loop {
            if dir == ancestor {
                return true;
            }
            let parent = match self.fs(dir.mount) {
                Ok(super::tree::Fs::Memory(memory)) => memory.parent(dir.ino),
                Ok(super::tree::Fs::Foreign(fs)) => fs.parent(dir.ino),
                _ => return false,
            };
            match parent {
                Ok(ino) if ino != dir.ino => dir.ino = ino,
                _ => return false,
            }
        }
    }
}
