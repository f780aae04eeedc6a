//! Where a descriptor's file is.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::path::PathBuf;

/// Where a descriptor's file is, as the system knows it.
#[cfg(target_vendor = "apple")]
#[expect(unsafe_code, reason = "the safe wrapper panics at paths that are no text")]
pub fn of(fd: BorrowedFd<'_>) -> io::Result<PathBuf> {
    use std::os::unix::ffi::OsStringExt;

    use nix::errno::Errno;
    use nix::libc;

    let mut buffer = [0_u8; libc::PATH_MAX as usize];
    // JUSTIFICATION: F_GETPATH is how the system says it.
    // SAFETY: the buffer is as long as the call wants (fcntl(2)).
    Errno::result(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETPATH, buffer.as_mut_ptr()) })?;
    let path = buffer.split(|byte| *byte == 0).next().unwrap_or_default();
    Ok(PathBuf::from(std::ffi::OsString::from_vec(path.to_vec())))
}

/// Where a descriptor's file is, as the system knows it.
#[cfg(not(target_vendor = "apple"))]
pub fn of(fd: BorrowedFd<'_>) -> io::Result<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()))
}
