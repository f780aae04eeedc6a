//! Mount trees by descriptor: a path exchanged for a link meanwhile cannot redirect a mount.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;

/// Takes a private copy of the mounts at and below a path. Links are followed.
#[expect(unsafe_code, reason = "open_tree")]
pub fn copy_tree(path: &CStr) -> nix::Result<OwnedFd> {
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC | libc::AT_RECURSIVE as libc::c_uint;
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: the path ends with NUL; the result is a fresh descriptor or an error.
    unsafe {
        let fd = Errno::result(libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags))?;
        Ok(OwnedFd::from_raw_fd(i32::try_from(fd).map_err(|_| Errno::EMFILE)?))
    }
}

/// Attaches a copied tree at a path, over what is there.
#[expect(unsafe_code, reason = "move_mount")]
pub fn attach(tree: BorrowedFd<'_>, path: &CStr) -> nix::Result<()> {
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: both paths end with NUL.
    Errno::result(unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            path.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    })
    .map(drop)
}

/// Makes the mount at a path read-only, with all below if said.
pub fn make_read_only(path: &CStr, recursive: bool) -> nix::Result<()> {
    set_attributes(libc::AT_FDCWD, path, if recursive { libc::AT_RECURSIVE } else { 0 })
}

/// Makes a copied tree read-only before it is attached.
pub fn make_tree_read_only(tree: BorrowedFd<'_>) -> nix::Result<()> {
    set_attributes(tree.as_raw_fd(), c"", libc::AT_RECURSIVE | libc::AT_EMPTY_PATH)
}

#[expect(unsafe_code, reason = "mount_setattr")]
fn set_attributes(directory: i32, path: &CStr, flags: i32) -> nix::Result<()> {
    let attributes = libc::mount_attr { attr_set: libc::MOUNT_ATTR_RDONLY, attr_clr: 0, propagation: 0, userns_fd: 0 };
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: the path ends with NUL; the structure lives through the call and its size is given.
    Errno::result(unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            directory,
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    })
    .map(drop)
}
