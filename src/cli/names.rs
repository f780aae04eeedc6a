//! Words of the command line and names of files as bytes, and back.
//!
//! On UNIX they are the same. On Windows the bytes are UTF-8, and what is none can be no name.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// The bytes of a word.
pub fn bytes(word: &OsStr) -> &[u8] {
    word.as_encoded_bytes()
}

/// The bytes of a word.
pub fn into_bytes(word: OsString) -> Vec<u8> {
    word.into_encoded_bytes()
}

/// A word for the system; `None` for bytes that can be none.
pub fn word(bytes: Vec<u8>) -> Option<OsString> {
    #[cfg(unix)]
    let word = Some(std::os::unix::ffi::OsStringExt::from_vec(bytes));
    #[cfg(windows)]
    let word = String::from_utf8(bytes).ok().map(OsString::from);
    word
}

/// A path of the host; one that leads nowhere for bytes that can be none.
pub fn path(bytes: &[u8]) -> PathBuf {
    word(bytes.to_vec()).unwrap_or_default().into()
}
