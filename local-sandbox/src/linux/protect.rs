//! Protected files that no mount holds, looked at whenever a command has ended: what was made in the place of one that was
//! missing is removed, and what was changed is told.
//!
//! A mount needs something to lie on, which for a missing file would be litter in the user's tree; and Landlock cannot take
//! back what it has granted. Between its making and the end of its command such a file is there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, renameat};
use nix::sys::stat::{FileStat, SFlag, fstatat};

use crate::exit::ProtectedChange;
use crate::linux::beneath::{Place, Root};
use crate::linux::files;
use crate::policy::Policy;
use crate::report::Tier;

/// The protected files to look at.
#[derive(Debug, Default)]
pub struct Protected {
    roots: Vec<Root>,
    entries: Mutex<Vec<Entry>>,
}

#[derive(Debug)]
struct Entry {
    /// Which root it lies in.
    root: usize,
    /// Its path from there.
    relative: Vec<u8>,
    path: Vec<u8>,
    before: Signature,
}

/// What tells that a file is another or has changed; of a directory, its entries as well.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Signature {
    Missing,
    Present(Vec<[i64; 4]>),
}

impl Signature {
    fn is_link(&self) -> bool {
        let Signature::Present(all) = self else { return false };
        let mode = all.first().and_then(|own| u32::try_from(own[3]).ok()).unwrap_or_default();
        SFlag::from_bits_truncate(mode) & SFlag::S_IFMT == SFlag::S_IFLNK
    }
}

impl Protected {
    /// Notes what there is. In namespaces only what is missing is looked at: mounts hold the rest.
    pub fn new(policy: &Policy, tier: Tier) -> io::Result<Protected> {
        let roots = policy.writable.iter().map(|path| Root::open(path, true)).collect::<io::Result<Vec<_>>>()?;
        let mut entries = Vec::new();
        for path in &policy.protected {
            let within = roots.iter().enumerate().filter_map(|(index, root)| Some((index, root.rest(path)?)));
            let Some((root, relative)) = within.max_by_key(|(index, _)| roots.get(*index).map(Root::depth)) else {
                continue;
            };
            let Some(directory) = roots.get(root).map(AsFd::as_fd) else { continue };
            // Of a repository that is not there yet nothing is protected: it can be made.
            let before = match signature(directory, relative) {
                Ok(before) => before,
                Err(Errno::ENOENT | Errno::ENOTDIR) if !has_top(directory, relative) => continue,
                Err(Errno::ENOENT) => Signature::Missing,
                Err(_) => continue,
            };
            // A mount on what a link leads to holds the link itself no more than nothing.
            if before == Signature::Missing || before.is_link() || tier < Tier::Namespaces {
                entries.push(Entry { root, relative: relative.to_vec(), path: path.clone(), before });
            }
        }
        Ok(Protected { roots, entries: Mutex::new(entries) })
    }

    /// Looks at all of them; each change is told once.
    pub fn look(&self) -> Vec<ProtectedChange> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changes = Vec::new();
        for entry in entries.iter_mut() {
            let Some(root) = self.roots.get(entry.root) else { continue };
            let now = match signature(root.as_fd(), &entry.relative) {
                Ok(now) => now,
                Err(_) => Signature::Missing,
            };
            if now == entry.before {
                continue;
            }
            let path = PathBuf::from(std::ffi::OsString::from_vec(entry.path.clone()));
            let removed = entry.before == Signature::Missing && remove(root, &entry.relative).is_ok();
            if !removed {
                entry.before = now;
            }
            changes.push(ProtectedChange { path, removed });
        }
        changes
    }
}

/// Whether the file's first component is a directory, or the file lies in the root itself.
fn has_top(directory: BorrowedFd<'_>, relative: &[u8]) -> bool {
    let Some(end) = relative.iter().position(|byte| *byte == b'/') else { return true };
    let top = relative.get(..end).unwrap_or_default();
    fstatat(directory, top, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|stat| is_directory(&stat))
}

fn is_directory(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFDIR
}

/// `ENOENT` if there is nothing.
fn signature(directory: BorrowedFd<'_>, relative: &[u8]) -> Result<Signature, Errno> {
    let of = |stat: &FileStat| [stat.st_ino.cast_signed(), stat.st_ctime, stat.st_ctime_nsec, i64::from(stat.st_mode)];
    let stat = fstatat(directory, relative, AtFlags::AT_SYMLINK_NOFOLLOW)?;
    let mut all = vec![of(&stat)];
    if is_directory(&stat) {
        let names = files::names_in(directory, relative).unwrap_or_default();
        for name in names {
            let path = [relative, b"/", &name].concat();
            if let Ok(stat) = fstatat(directory, path.as_slice(), AtFlags::AT_SYMLINK_NOFOLLOW) {
                all.push(of(&stat));
            }
        }
    }
    Ok(Signature::Present(all))
}

/// Removes what lies at a path below a root, entering no links; renames what cannot be removed.
fn remove(root: &Root, relative: &[u8]) -> io::Result<()> {
    let place: Place = root.place(relative)?;
    files::remove_at(&place).or_else(|_| {
        let aside = files::fresh_name();
        Ok(renameat(&place.directory, place.name.as_slice(), &place.directory, aside.as_slice())?)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    use super::*;

    fn protected(root: &Path, names: &[&str], tier: Tier) -> Protected {
        let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
        let policy = Policy {
            writable: vec![bytes(root)],
            protected: names.iter().map(|name| bytes(&root.join(name))).collect(),
            ..Policy::default()
        };
        Protected::new(&policy, tier).expect("a list")
    }

    #[test]
    fn what_is_made_in_the_place_of_a_missing_file_is_removed() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join(".git")).expect("a directory");
        let list = protected(directory.path(), &[".envrc", ".vscode", ".git/hooks"], Tier::Namespaces);
        assert_eq!(list.look(), []);
        std::fs::write(directory.path().join(".envrc"), "x").expect("a file");
        std::fs::create_dir_all(directory.path().join(".git/hooks/deep")).expect("a directory");
        std::fs::write(directory.path().join(".git/hooks/deep/f"), "x").expect("a file");
        let names: Vec<PathBuf> = list.look().into_iter().filter(|change| change.removed).map(|c| c.path).collect();
        assert_eq!(names, [directory.path().join(".envrc"), directory.path().join(".git/hooks")]);
        assert!(!directory.path().join(".envrc").exists() && !directory.path().join(".git/hooks").exists());
        assert_eq!(list.look(), []);
    }

    #[test]
    fn a_link_put_in_the_way_is_not_followed() {
        let directory = tempfile::tempdir().expect("a directory");
        let outside = tempfile::tempdir().expect("a directory");
        std::fs::create_dir(directory.path().join(".git")).expect("a directory");
        std::fs::create_dir(outside.path().join("hooks")).expect("a directory");
        let list = protected(directory.path(), &[".git/hooks", ".idea"], Tier::Namespaces);
        std::fs::remove_dir(directory.path().join(".git")).expect("removed");
        std::os::unix::fs::symlink(outside.path(), directory.path().join(".git")).expect("a link");
        std::os::unix::fs::symlink(outside.path(), directory.path().join(".idea")).expect("a link");
        let removed: Vec<bool> = list.look().iter().map(|change| change.removed).collect();
        assert_eq!(removed, [false, true]);
        assert!(outside.path().join("hooks").exists());
    }

    #[test]
    fn a_repository_that_is_not_there_yet_can_be_made() {
        let directory = tempfile::tempdir().expect("a directory");
        let list = protected(directory.path(), &[".git/hooks"], Tier::Namespaces);
        std::fs::create_dir_all(directory.path().join(".git/hooks")).expect("a directory");
        assert_eq!(list.look(), []);
    }

    #[test]
    fn without_mounts_changes_are_told_once() {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(directory.path().join(".git/hooks")).expect("a directory");
        std::fs::write(directory.path().join(".git/hooks/a"), "x").expect("a file");
        let list = protected(directory.path(), &[".git/hooks"], Tier::Landlock);
        assert_eq!(list.look(), []);
        std::fs::remove_file(directory.path().join(".git/hooks/a")).expect("removed");
        let told = [ProtectedChange { path: directory.path().join(".git/hooks"), removed: false }];
        assert_eq!(list.look(), told);
        assert_eq!(list.look(), []);
    }
}
