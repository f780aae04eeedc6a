//! Seeding a sandbox with files of the host.

use super::convert::{errno, timestamp};
use crate::errno::Errno;
use crate::vfs::{Context, Follow, SetTime, Vfs};
use bytes::Bytes;
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why seeding failed.
#[derive(Debug, Error)]
#[error("{}: {errno}", path.display())]
pub struct ImportError {
    /// The host file, or the file of the sandbox when that could not be made.
    pub path: PathBuf,
    /// What went wrong.
    pub errno: Errno,
}

/// How much was seeded.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// Files, directories and links.
    pub files: u64,
    /// Bytes of content.
    pub bytes: u64,
    /// FIFOs, sockets and devices, which are left out.
    pub skipped: u64,
}

/// Copies a host file or directory to `to`, which must not exist, except that a directory may be poured into one that
/// does. Directories above `to` are made. Permission bits and modification times are kept, symbolic links stay links
/// with the same target, and everything belongs to the identity of `cx`.
///
/// # Errors
/// The first file that cannot be read or made, limits included; what was copied before stays.
pub fn import(vfs: &mut Vfs, cx: &Context, from: &Path, to: &[u8]) -> Result<Imported, ImportError> {
    // The sandbox's umask does not concern files that have modes already.
    let cx = &Context { umask: 0, ..*cx };
    if let Some(end) = to.iter().rposition(|byte| *byte == b'/').filter(|end| *end > 0) {
        let parent = to.get(..end).unwrap_or_default();
        vfs.mkdir_all(cx, parent, 0o755).map_err(|errno| guest_error(parent, errno))?;
    }
    let mut done = Imported::default();
    let mut times: Vec<(Vec<u8>, Metadata)> = Vec::new();
    let mut pending = vec![(from.to_path_buf(), to.to_vec())];
    while let Some((from, to)) = pending.pop() {
        let host_error = |error| ImportError { path: from.clone(), errno: errno(error) };
        let found = fs::symlink_metadata(&from).map_err(host_error)?;
        if found.is_dir() {
            make_directory(vfs, cx, &to, &found)?;
            for entry in fs::read_dir(&from).map_err(host_error)? {
                let name = entry.map_err(host_error)?.file_name();
                pending.push((from.join(&name), [to.as_slice(), b"/", name.as_bytes()].concat()));
            }
        } else if found.is_symlink() {
            let target = fs::read_link(&from).map_err(host_error)?.into_os_string().into_vec();
            vfs.symlink(cx, &target, &to).map_err(|errno| guest_error(&to, errno))?;
        } else if found.is_file() {
            // What the limit refuses is not read.
            let size = found.len();
            if vfs.usage().bytes.saturating_add(size) > vfs.limits().bytes {
                return Err(guest_error(&to, Errno::ENOSPC));
            }
            let content = Bytes::from(fs::read(&from).map_err(host_error)?);
            done.bytes += content.len() as u64;
            let mode = found.permissions().mode() & 0o7777;
            vfs.seed_file(cx, &to, content, mode).map_err(|errno| guest_error(&to, errno))?;
        } else {
            done.skipped += 1;
            continue;
        }
        done.files += 1;
        times.push((to, found));
    }
    // Directories last: making what is in them moves their times.
    for (path, found) in times.iter().rev() {
        if let Ok(time) = found.modified() {
            let time = SetTime::At(timestamp(time));
            vfs.set_times(cx, path, time, time, Follow::No).map_err(|errno| guest_error(path, errno))?;
        }
    }
    Ok(done)
}

/// Makes a directory; one that exists is taken as it is.
fn make_directory(vfs: &mut Vfs, cx: &Context, to: &[u8], found: &Metadata) -> Result<(), ImportError> {
    match vfs.mkdir(cx, to, 0o700) {
        Ok(node) => vfs.chmod_node(cx, node, found.permissions().mode() & 0o7777),
        Err(Errno::EEXIST) if vfs.stat(cx, to, Follow::Yes).is_ok_and(|stat| stat.is_directory()) => Ok(()),
        Err(errno) => Err(errno),
    }
    .map_err(|errno| guest_error(to, errno))
}

fn guest_error(path: &[u8], errno: Errno) -> ImportError {
    ImportError { path: PathBuf::from(OsStr::from_bytes(path)), errno }
}
