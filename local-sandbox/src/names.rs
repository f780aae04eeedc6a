//! Names of the system as bytes, and back.

#[cfg(unix)]
use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

/// A path for the standard library.
#[cfg(unix)]
pub fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}
