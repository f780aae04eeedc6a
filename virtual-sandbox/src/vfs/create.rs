//! Making directories, links and special files.  [mkdir(2), symlink(2), link(2), mknod(2)]

use super::context::Context;
use super::file_system::{NewFile, NewKind};
use super::flags::{Follow, R_OK, W_OK};
use super::node::{FileKind, Node};
use super::path::{Ending, Last, Walked};
use super::permission::{Permission, SET_GID, SET_UID};
use super::tree::{FsMut, Vfs};
use crate::errno::Errno;
use bytes::Bytes;

/// The longest target of a symbolic link.
const TARGET_MAX: usize = 4095;

impl Vfs {
    /// mkdir(2): mode less the umask; a set-group-ID directory passes group and bit on.
    pub fn mkdir(&mut self, cx: &Context, path: &[u8], mode: u32) -> Result<Node, Errno> {
        let at = self.walk_new(cx, path, true)?;
        self.create_in(cx, &at, NewKind::Directory, mode & 0o1777 & !cx.umask)
    }

    /// symlink(2). ENOENT for an empty target, ENAMETOOLONG for one of more than 4095 bytes.
    pub fn symlink(&mut self, cx: &Context, target: &[u8], path: &[u8]) -> Result<Node, Errno> {
        if target.is_empty() {
            return Err(Errno::ENOENT);
        }
        if target.len() > TARGET_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let at = self.walk_new(cx, path, false)?;
        self.create_in(cx, &at, NewKind::Symlink(Bytes::copy_from_slice(target)), 0o777)
    }

    /// mkfifo(3).
    pub fn mkfifo(&mut self, cx: &Context, path: &[u8], mode: u32) -> Result<Node, Errno> {
        self.mknod(cx, path, NewKind::Fifo, mode)
    }

    /// mknod(2): any file but a directory or symbolic link (EINVAL). Devices need user 0 (EPERM).
    pub fn mknod(&mut self, cx: &Context, path: &[u8], kind: NewKind, mode: u32) -> Result<Node, Errno> {
        if matches!(kind, NewKind::Directory | NewKind::Symlink(_)) {
            return Err(Errno::EINVAL);
        }
        let at = self.walk_new(cx, path, false)?;
        if matches!(kind, NewKind::CharDevice(..) | NewKind::BlockDevice(..)) && cx.cred.uid != 0 {
            let dir = self.permission(cx, at.dir)?;
            self.check_may_create(cx, at.dir, &dir)?;
            return Err(Errno::EPERM);
        }
        self.create_in(cx, &at, kind, mode & !cx.umask)
    }

    /// link(2); with [`Follow::Yes`] a symbolic link `from` is followed, as linkat(2) does with `AT_SYMLINK_FOLLOW`.
    /// EPERM for a directory, EXDEV across file systems, EMLINK at 65 000 names.
    pub fn link(&mut self, cx: &Context, from: &[u8], to: &[u8], follow: Follow) -> Result<(), Errno> {
        let node = self.resolve(cx, from, follow)?;
        let at = self.walk_new(cx, to, false)?;
        if at.dir.mount != node.mount {
            return Err(Errno::EXDEV);
        }
        self.check_writable(at.dir.mount)?;
        let source = self.permission(cx, node)?;
        check_linkable(cx, &source)?;
        let dir = self.permission(cx, at.dir)?;
        self.check_may_create(cx, at.dir, &dir)?;
        if source.kind == FileKind::Directory {
            return Err(Errno::EPERM);
        }
        if self.is_removed(node) {
            return Err(Errno::ENOENT);
        }
        self.reserve_entry(&at.name, 0)?;
        match self.fs_mut(node.mount)? {
            FsMut::Memory(memory) => memory.link(node.ino, at.dir.ino, &at.name, cx.now),
            FsMut::Foreign(fs) => fs.link(node.ino, at.dir.ino, &at.name),
        }
    }

    /// Walks to a name that is to be made: EEXIST when there is a file, ENOENT when slashes follow and no directory is
    /// to be made.
    fn walk_new(&self, cx: &Context, path: &[u8], directory: bool) -> Result<Walked, Errno> {
        let walked = self.walk(cx, path, Last::Parent)?;
        if walked.ending != Ending::Name || walked.found.is_some() {
            return Err(Errno::EEXIST);
        }
        if walked.slash && !directory {
            return Err(Errno::ENOENT);
        }
        Ok(walked)
    }
}

/// The rule of `fs.protected_hardlinks`, on as in Debian: others' files are linked only when they are regular, may be
/// read and written, and run with nobody's rights. EPERM otherwise.
fn check_linkable(cx: &Context, file: &Permission) -> Result<(), Errno> {
    if file.check_owner(cx.cred).is_ok() {
        return Ok(());
    }
    let privileged = file.mode & SET_UID != 0 || file.mode & (SET_GID | 0o010) == (SET_GID | 0o010);
    let harmless = file.kind == FileKind::Regular && !privileged && file.check(cx.cred, R_OK | W_OK).is_ok();
    if harmless { Ok(()) } else { Err(Errno::EPERM) }
}

/// The file that `cx` makes in a directory with permissions `dir`.
pub(super) fn new_file(cx: &Context, dir: &Permission, kind: NewKind, mode: u32) -> NewFile {
    let inherits = dir.mode & SET_GID != 0;
    let bit = if inherits && kind == NewKind::Directory { SET_GID } else { 0 };
    let gid = if inherits { dir.gid } else { cx.cred.gid };
    NewFile { kind, mode: (mode & 0o7777) | bit, uid: cx.cred.uid, gid, now: cx.now }
}
