//! Changing attributes: mode, owner, times, length.  [chmod(2), chown(2), utimensat(2), truncate(2)]

use super::context::Context;
use super::flags::{Follow, SetTime, W_OK};
use super::node::{FileKind, Node, Timestamp};
use super::permission::{Permission, SET_GID, SET_UID};
use super::tree::{FsMut, Vfs};
use crate::errno::Errno;

/// How long [`Vfs::accessed`] leaves an access time alone: 24 hours, as the kernel's relatime.
const RELATIME_SECONDS: i64 = 24 * 60 * 60;

impl Vfs {
    /// chmod(2). EPERM unless the caller owns the file; EOPNOTSUPP for a symbolic link with [`Follow::No`]. The
    /// set-group-ID bit is dropped when a caller other than user 0 is not in the file's group.
    pub fn chmod(&mut self, cx: &Context, path: &[u8], mode: u32, follow: Follow) -> Result<(), Errno> {
        let node = self.resolve(cx, path, follow)?;
        self.chmod_node(cx, node, mode)
    }

    /// fchmod(2): as [`Vfs::chmod`].
    pub fn chmod_node(&mut self, cx: &Context, node: Node, mode: u32) -> Result<(), Errno> {
        let permission = self.writable_permission(cx, node)?;
        permission.check_owner(cx.cred)?;
        if permission.kind == FileKind::Symlink {
            return Err(Errno::EOPNOTSUPP);
        }
        let mut mode = mode & 0o7777;
        if cx.cred.uid != 0 && !cx.cred.is_in_group(permission.gid) {
            mode &= !SET_GID;
        }
        match self.fs_mut(node.mount)? {
            FsMut::Memory(memory) => {
                let inode = memory.inode_mut(node.ino)?;
                inode.mode = mode;
                inode.ctime = cx.now;
                Ok(())
            }
            FsMut::Foreign(fs) => fs.set_mode(node.ino, mode),
        }
    }

    /// chown(2), lchown(2); `None` leaves an id as it is. Only user 0 gives a file away; an owner may choose among
    /// its own groups. EPERM otherwise. Set-user-ID and set-group-ID bits of an executable file are dropped.
    pub fn chown(
        &mut self,
        cx: &Context,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
        follow: Follow,
    ) -> Result<(), Errno> {
        let node = self.resolve(cx, path, follow)?;
        self.chown_node(cx, node, uid, gid)
    }

    /// fchown(2): as [`Vfs::chown`].
    pub fn chown_node(&mut self, cx: &Context, node: Node, uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
        let permission = self.writable_permission(cx, node)?;
        if cx.cred.uid != 0 {
            let owner = cx.cred.uid == permission.uid;
            let keeps_owner = uid.is_none_or(|uid| owner && uid == permission.uid);
            let own_group = gid.is_none_or(|gid| owner && (gid == permission.gid || cx.cred.is_in_group(gid)));
            if !keeps_owner || !own_group {
                return Err(Errno::EPERM);
            }
        }
        match self.fs_mut(node.mount)? {
            FsMut::Memory(memory) => {
                let inode = memory.inode_mut(node.ino)?;
                inode.uid = uid.unwrap_or(inode.uid);
                inode.gid = gid.unwrap_or(inode.gid);
                inode.mode = mode_after_chown(&permission);
                inode.ctime = cx.now;
                Ok(())
            }
            FsMut::Foreign(fs) => fs.set_owner(node.ino, uid, gid),
        }
    }

    /// utimensat(2). Setting both times to now needs ownership or write permission (EACCES), anything else ownership
    /// (EPERM); leaving both as they are needs nothing.
    pub fn set_times(
        &mut self,
        cx: &Context,
        path: &[u8],
        atime: SetTime,
        mtime: SetTime,
        follow: Follow,
    ) -> Result<(), Errno> {
        let node = self.resolve(cx, path, follow)?;
        self.set_times_node(cx, node, atime, mtime)
    }

    /// futimens(3): as [`Vfs::set_times`].
    pub fn set_times_node(&mut self, cx: &Context, node: Node, atime: SetTime, mtime: SetTime) -> Result<(), Errno> {
        if (atime, mtime) == (SetTime::Omit, SetTime::Omit) {
            return Ok(());
        }
        let permission = self.writable_permission(cx, node)?;
        if permission.check_owner(cx.cred).is_err() {
            if (atime, mtime) != (SetTime::Now, SetTime::Now) {
                return Err(Errno::EPERM);
            }
            permission.check(cx.cred, W_OK)?;
        }
        let time = |set: SetTime| match set {
            SetTime::Now => Some(cx.now),
            SetTime::At(time) => Some(time),
            SetTime::Omit => None,
        };
        match self.fs_mut(node.mount)? {
            FsMut::Memory(memory) => {
                let inode = memory.inode_mut(node.ino)?;
                inode.atime = time(atime).unwrap_or(inode.atime);
                inode.mtime = time(mtime).unwrap_or(inode.mtime);
                inode.ctime = cx.now;
                Ok(())
            }
            FsMut::Foreign(fs) => fs.set_times(node.ino, time(atime), time(mtime)),
        }
    }

    /// truncate(2). EISDIR for a directory, EINVAL for other files that are not regular, EACCES without write
    /// permission, EFBIG beyond 2^63 - 1 bytes.
    pub fn truncate(&mut self, cx: &Context, path: &[u8], len: u64) -> Result<(), Errno> {
        let node = self.resolve(cx, path, Follow::Yes)?;
        let permission = self.permission(cx, node)?;
        match permission.kind {
            FileKind::Regular => {}
            FileKind::Directory => return Err(Errno::EISDIR),
            _ => return Err(Errno::EINVAL),
        }
        permission.check(cx.cred, W_OK)?;
        self.set_len(node, len, cx.now)
    }

    /// ftruncate(2), for a file that is open for writing. EFBIG beyond 2^63 - 1 bytes.
    pub fn set_len(&mut self, node: Node, len: u64, now: Timestamp) -> Result<(), Errno> {
        if len > i64::MAX as u64 {
            return Err(Errno::EFBIG);
        }
        match self.fs_mut(node.mount)? {
            FsMut::Memory(memory) => memory.set_len(node.ino, len, now),
            FsMut::Foreign(fs) => fs.set_len(node.ino, len),
        }
    }

    /// Notes that a file was read: what the kernel calls after read(2) or readdir(3).
    ///
    /// The rule is that of Linux's default, relatime: the access time moves when it is not after the last change of
    /// content or attributes, or when it is a day old. So a file that is read again and again is changed once.
    pub fn accessed(&mut self, node: Node, now: Timestamp) {
        let Some(inode) = self.memory(node.mount).and_then(|memory| memory.inode(node.ino)) else { return };
        let recent = inode.atime > inode.mtime && inode.atime > inode.ctime;
        if (recent && now.secs - inode.atime.secs < RELATIME_SECONDS) || inode.atime == now {
            return;
        }
        if let Ok(FsMut::Memory(memory)) = self.fs_mut(node.mount)
            && let Ok(inode) = memory.inode_mut(node.ino)
        {
            inode.atime = now;
        }
    }

    /// The permissions of a file whose attributes are to change. EROFS on a read-only mount, EPERM in `/proc`.
    fn writable_permission(&self, cx: &Context, node: Node) -> Result<Permission, Errno> {
        self.check_writable(node.mount)?;
        if self.is_proc(node.mount) {
            return Err(Errno::EPERM);
        }
        self.permission(cx, node)
    }
}

/// The mode after chown(2): an executable regular file loses set-user-ID, and set-group-ID if the group may execute.
fn mode_after_chown(permission: &Permission) -> u32 {
    let mode = permission.mode;
    if permission.kind != FileKind::Regular {
        return mode;
    }
    let group = if mode & 0o010 != 0 { SET_GID } else { 0 };
    mode & !(SET_UID | group)
}
