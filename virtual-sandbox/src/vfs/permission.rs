//! Who may do what: permission bits, ownership, the sticky bit.  [path_resolution(7), inode(7); POSIX 4.5 File Access Permissions]

use super::context::Cred;
use super::file_system::Attributes;
use super::flags::{AccessMode, X_OK};
use super::node::FileKind;
use crate::errno::Errno;

/// The set-user-ID bit.
pub(super) const SET_UID: u32 = 0o4000;
/// The set-group-ID bit.
pub(super) const SET_GID: u32 = 0o2000;
/// The sticky bit: in such a directory only owners may remove.
pub(super) const STICKY: u32 = 0o1000;

/// The part of a file's attributes that permission checks need.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permission {
    pub kind: FileKind,
    pub mode: u32,
    pub uid: u32,
    pub gid: u32,
}

impl From<&Attributes> for Permission {
    fn from(a: &Attributes) -> Self {
        Permission { kind: a.kind, mode: a.mode, uid: a.uid, gid: a.gid }
    }
}

impl Permission {
    /// Checks the bits of `want` (R=4, W=2, X=1) for `cred`; EACCES when one is missing.
    ///
    /// The first of owner, group and others that applies decides, alone. User 0 may read and write everything, search
    /// every directory, and execute what anybody may execute.
    pub fn check(&self, cred: &Cred, want: AccessMode) -> Result<(), Errno> {
        if cred.uid == 0 {
            let executable = self.kind == FileKind::Directory || self.mode & 0o111 != 0;
            return if want & X_OK == 0 || executable { Ok(()) } else { Err(Errno::EACCES) };
        }
        let granted = if cred.uid == self.uid {
            self.mode >> 6
        } else if cred.is_in_group(self.gid) {
            self.mode >> 3
        } else {
            self.mode
        };
        if granted & want == want { Ok(()) } else { Err(Errno::EACCES) }
    }

    /// Whether `cred` owns the file or is user 0; EPERM otherwise.
    pub fn check_owner(&self, cred: &Cred) -> Result<(), Errno> {
        if cred.uid == 0 || cred.uid == self.uid { Ok(()) } else { Err(Errno::EPERM) }
    }

    /// Whether `cred` may remove or rename `victim` in this directory: EACCES without write and search permission,
    /// EPERM in a sticky directory that, like the victim, belongs to somebody else.
    pub fn check_removal(&self, victim: &Permission, cred: &Cred) -> Result<(), Errno> {
        self.check(cred, 3)?;
        let owner = cred.uid == 0 || cred.uid == self.uid || cred.uid == victim.uid;
        if self.mode & STICKY != 0 && !owner { Err(Errno::EPERM) } else { Ok(()) }
    }
}
