//! A directory of the sandbox's own for temporary files, removed with it.
//!
//! It is held by a lock for as long as the sandbox lives. One that nobody holds was left by a host that was killed before it
//! had a helper to remove it, and goes when the next process of the same user makes its first. On Windows nothing is held, and
//! what a killed host has left stays.

#[cfg(unix)]
use std::ffi::OsStr;
use std::fs;
#[cfg(unix)]
use std::fs::{File, Metadata, TryLockError};
use std::io;
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the names begin; the process and a number follow.
const PREFIX: &str = "sandshell-";

/// The directory; removed on drop, never following links.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    #[cfg(unix)]
    #[expect(dead_code, reason = "holds the lock, which ends with it")]
    held: File,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Scratch {
    /// Makes one in the directory for temporary files, which is this user's own.
    #[cfg(windows)]
    pub fn new() -> io::Result<Scratch> {
        loop {
            let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Scratch { path }),
                // Left by a process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Makes one that only this user may enter.
    #[cfg(unix)]
    pub fn new() -> io::Result<Scratch> {
        static SWEPT: Once = Once::new();
        let places = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        for place in places {
            let made = place.canonicalize().and_then(|base| Ok((Scratch::below(&base)?, base)));
            match made {
                Ok((scratch, base)) => {
                    SWEPT.call_once(|| sweep_aside(base, &scratch));
                    return Ok(scratch);
                }
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    #[cfg(unix)]
    fn below(base: &Path) -> io::Result<Scratch> {
        loop {
            let name = format!("{PREFIX}{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = base.join(name);
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => {}
                // Left by a process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            }
            let held = match File::open(&path) {
                Ok(held) => held,
                // Another process has taken it for one that was left.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(error) => {
                    let _ = fs::remove_dir(&path);
                    return Err(error);
                }
            };
            match held.try_lock() {
                Err(TryLockError::WouldBlock) => {}
                // Where there are no locks, nobody takes it for one that was left.
                Ok(()) | Err(TryLockError::Error(_)) if leads_to(&path, &held) => return Ok(Scratch { path, held }),
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory that cannot be removed holds temporary files of a command; nothing depends on it.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The lock of a directory that was left; none if somebody has it.
#[cfg(unix)]
fn take_over(path: &Path) -> Option<File> {
    let file = File::open(path).ok()?;
    file.try_lock().ok()?;
    leads_to(path, &file).then_some(file)
}

#[cfg(unix)]
fn leads_to(path: &Path, file: &File) -> bool {
    let same = |a: Metadata, b: Metadata| (a.dev(), a.ino()) == (b.dev(), b.ino());
    path.symlink_metadata().and_then(|there| Ok(same(there, file.metadata()?))).unwrap_or(false)
}

/// Sweeps without anybody waiting for it: a directory for temporary files may be large. Without a thread to be had, the next
/// process does.
#[cfg(unix)]
fn sweep_aside(base: PathBuf, own: &Scratch) {
    let Ok(owner) = own.path().symlink_metadata().map(|meta| meta.uid()) else { return };
    let _ = std::thread::Builder::new().name("sandbox-sweep".to_owned()).spawn(move || sweep(&base, owner));
}

/// Removes the directories of this user that nobody holds.
#[cfg(unix)]
fn sweep(base: &Path, owner: u32) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        if !is_named_by_us(&entry.file_name()) {
            continue;
        }
        let path = entry.path();
        if path.symlink_metadata().is_ok_and(|meta| meta.is_dir() && meta.uid() == owner)
            && let Some(_held) = take_over(&path)
        {
            // One that cannot be removed now is tried again by the next process.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(unix)]
fn is_named_by_us(name: &OsStr) -> bool {
    let numbers = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split_once('-'));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    numbers.is_some_and(|(process, number)| is_number(process) && is_number(number))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_killed_hosts_left_is_removed_and_what_is_in_use_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        let base = directory.path();
        let used = Scratch::below(base).expect("a directory");
        fs::create_dir_all(base.join("sandshell-1-2/deep")).expect("a directory");
        fs::write(base.join("sandshell-1-2/deep/f"), "left").expect("a file");
        for other in ["sandshell-1-x", "sandshell-1", "other-1-2"] {
            fs::create_dir(base.join(other)).expect("a directory");
        }
        fs::write(base.join("sandshell-3-4"), "no directory").expect("a file");
        std::os::unix::fs::symlink(base.join("other-1-2"), base.join("sandshell-5-6")).expect("a link");
        sweep(base, base.metadata().expect("a directory").uid());
        let mut names: Vec<PathBuf> = fs::read_dir(base).expect("a list").flatten().map(|entry| entry.path()).collect();
        names.sort();
        let mut kept: Vec<PathBuf> = ["other-1-2", "sandshell-1", "sandshell-1-x", "sandshell-3-4", "sandshell-5-6"]
            .map(|name| base.join(name))
            .to_vec();
        kept.push(used.path().to_path_buf());
        kept.sort();
        assert_eq!(names, kept);
        drop(used);
        assert_eq!(fs::read_dir(base).expect("a list").count(), 5);
    }

    #[test]
    fn another_users_directory_stays() {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("sandshell-1-2")).expect("a directory");
        let owner = directory.path().metadata().expect("a directory").uid();
        sweep(directory.path(), owner + 1);
        assert!(directory.path().join("sandshell-1-2").exists());
    }
}
