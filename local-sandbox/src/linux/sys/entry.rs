//! What the wrappers lack for entries of directories: extended attributes, and a rename that replaces nothing.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::libc;

/// Sets an extended attribute of an open file.
#[expect(unsafe_code, reason = "fsetxattr")]
pub fn set_attribute(file: BorrowedFd<'_>, name: &CStr, value: &[u8]) -> nix::Result<()> {
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: the name ends with NUL; the value lives through the call and its length is given.
    Errno::result(unsafe { libc::fsetxattr(file.as_raw_fd(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0) })
        .map(drop)
}

/// An extended attribute of an open file; `ENODATA` if there is none, `EOPNOTSUPP` if there can be none, `ERANGE` if it is
/// longer than the buffer.
#[expect(unsafe_code, reason = "fgetxattr")]
pub fn attribute<'a>(file: BorrowedFd<'_>, name: &CStr, buffer: &'a mut [u8]) -> nix::Result<&'a [u8]> {
    // JUSTIFICATION: no wrapper among our dependencies.
    // SAFETY: the name ends with NUL; the buffer lives through the call and its length is given.
    let length = Errno::result(unsafe {
        libc::fgetxattr(file.as_raw_fd(), name.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
    })?;
    Ok(usize::try_from(length).ok().and_then(|length| buffer.get(..length)).unwrap_or_default())
}

/// Renames an entry of a directory; `EEXIST` if there is one of the new name.
#[expect(unsafe_code, reason = "renameat2")]
pub fn rename_to_new(directory: BorrowedFd<'_>, from: &CStr, to: &CStr) -> nix::Result<()> {
    let directory = directory.as_raw_fd();
    // JUSTIFICATION: the wrapper is there for one C library only.
    // SAFETY: both names end with NUL.
    Errno::result(unsafe {
        libc::syscall(libc::SYS_renameat2, directory, from.as_ptr(), directory, to.as_ptr(), libc::RENAME_NOREPLACE)
    })
    .map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn an_attribute_is_read_as_it_was_set() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = File::open(directory.path()).expect("a directory");
        let mut buffer = [0; 8];
        match set_attribute(file.as_fd(), c"user.sandshell-test", b"value") {
            // Some file systems have none.
            Err(errno) => assert_eq!(errno, Errno::EOPNOTSUPP),
            Ok(()) => {
                assert_eq!(attribute(file.as_fd(), c"user.sandshell-test", &mut buffer), Ok(&b"value"[..]));
                assert_eq!(attribute(file.as_fd(), c"user.sandshell-test", &mut buffer[..4]), Err(Errno::ERANGE));
                assert_eq!(attribute(file.as_fd(), c"user.sandshell-none", &mut buffer), Err(Errno::ENODATA));
            }
        }
    }

    #[test]
    fn a_rename_replaces_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = File::open(directory.path()).expect("a directory");
        for name in ["a", "b"] {
            fs::create_dir(directory.path().join(name)).expect("a directory");
        }
        assert_eq!(rename_to_new(file.as_fd(), c"a", c"b"), Err(Errno::EEXIST));
        assert_eq!(rename_to_new(file.as_fd(), c"a", c"c"), Ok(()));
        assert!(directory.path().join("c").is_dir() && !directory.path().join("a").exists());
    }
}
