//! Names of the system as bytes, and back.
//!
//! On UNIX they are the same. On Windows the bytes are UTF-8 as far as the name is text; the surrogates without a partner that
//! names may hold there are encoded as if they were characters (WTF-8), so that every name comes back as it was.

use std::borrow::Cow;
use std::ffi::OsStr;
#[cfg(any(test, not(target_os = "linux")))]
use std::ffi::OsString;
#[cfg(unix)]
use std::os::unix::ffi::OsStrExt;
#[cfg(all(unix, any(test, not(target_os = "linux"))))]
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
#[cfg(windows)]
use std::{os::windows::ffi::OsStringExt, path::PathBuf};

/// A path for the standard library.
#[cfg(unix)]
pub fn as_path(bytes: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(bytes))
}

/// The bytes of a path.
pub fn of_path(path: &Path) -> Vec<u8> {
    of(path.as_os_str())
}

/// The bytes of a name.
pub fn of(name: &OsStr) -> Vec<u8> {
    name.as_encoded_bytes().to_vec()
}

/// A path for the standard library; of bytes that are no name on this platform, a path that leads nowhere.
pub fn path(bytes: &[u8]) -> Cow<'_, Path> {
    #[cfg(unix)]
    let path = Cow::Borrowed(as_path(bytes));
    #[cfg(windows)]
    let path = Cow::Owned(PathBuf::from(os_string(bytes.to_vec()).unwrap_or_default()));
    path
}

/// A name for the system; `None` for bytes that can be none.
#[cfg(all(unix, any(test, not(target_os = "linux"))))]
pub fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    Some(OsString::from_vec(bytes))
}

/// A name for the system; `None` for bytes that can be none.
#[cfg(windows)]
pub fn os_string(bytes: Vec<u8>) -> Option<OsString> {
    wide(&bytes).map(|units| OsString::from_wide(&units))
}

/// UTF-16 of WTF-8, without a final NUL; `None` for bytes that are none.
#[cfg(any(windows, test))]
pub fn wide(bytes: &[u8]) -> Option<Vec<u16>> {
    let mut units = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        units.extend(chunk.valid().encode_utf16());
    }
    if bytes.utf8_chunks().all(|chunk| chunk.invalid().is_empty()) {
        return Some(units);
    }
    units.clear();
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        // A surrogate is written in three bytes, of which UTF-8 refuses the second.
        if let (0xed, [second @ 0xa0..=0xbf, third @ 0x80..=0xbf, after @ ..]) = (first, after) {
            units.push(0xd000 | (u16::from(*second & 0x3f) << 6) | u16::from(*third & 0x3f));
            rest = after;
            continue;
        }
        let text = rest.utf8_chunks().next()?.valid();
        if text.is_empty() {
            return None;
        }
        units.extend(text.encode_utf16());
        rest = rest.get(text.len()..)?;
    }
    Some(units)
}

#[cfg(test)]
mod tests {
    use super::wide;

    #[test]
    fn surrogates_without_a_partner_survive_and_other_bytes_are_no_name() {
        assert_eq!(wide("a\u{e9}\u{1f600}".as_bytes()), Some(vec![0x61, 0xe9, 0xd83d, 0xde00]));
        assert_eq!(wide(b"x\xed\xa0\x80y"), Some(vec![0x78, 0xd800, 0x79]));
        assert_eq!(wide(b"\xed\xbf\xbf"), Some(vec![0xdfff]));
        assert_eq!(wide(b"a\xff"), None);
        assert_eq!(wide(b""), Some(Vec::new()));
    }
}
