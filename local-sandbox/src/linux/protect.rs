//! What no mount holds of the protected files, looked at whenever a command has ended: what was made in the place of one that
//! was missing is removed, and what was changed is told.
//!
//! It is the second line. In the strongest tier placeholders with mounts over them keep missing files from being made; here
//! it is seen when one was taken away, which commands cannot. In the others Landlock cannot take back what it has granted:
//! between its making and the end of its command such a file is there.

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
use crate::linux::placeholders::{self, Placeholders};
use crate::policy::{Cover, Policy};
use crate::report::Tier;

/// The protected files to look at.
#[derive(Debug, Default)]
pub struct Protected {
    roots: Vec<Root>,
    watched: Mutex<Watched>,
    /// Whose placeholders there are, if there are any.
    masked: Option<Policy>,
}

#[derive(Debug, Default)]
struct Watched {
    entries: Vec<Entry>,
    /// Roots without a repository, which a command can make.
    unborn: Vec<usize>,
    /// Roots with a repository that a command has made.
    born: Vec<usize>,
}

#[derive(Debug)]
struct Entry {
    /// Which root it lies in.
    root: usize,
    /// Its path from there.
    relative: Vec<u8>,
    before: State,
}

/// What tells that a file is another or has changed; of a directory, its entries as well.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Missing,
    /// A placeholder lies there, or a repository whose files are mounts: its device and number.
    Masked(u64, u64),
    /// It did.
    Gone,
    Present(Vec<[i64; 4]>),
}

impl State {
    fn is_link(&self) -> bool {
        let State::Present(all) = self else { return false };
        let mode = all.first().and_then(|own| u32::try_from(own[3]).ok()).unwrap_or_default();
        SFlag::from_bits_truncate(mode) & SFlag::S_IFMT == SFlag::S_IFLNK
    }
}

impl Protected {
    /// Notes what there is, once the placeholders are there. In namespaces only what is or was missing is looked at: mounts
    /// hold the rest.
    pub fn new(policy: &Policy, tier: Tier) -> io::Result<Protected> {
        let roots = policy.writable.iter().map(|path| Root::open(path, true)).collect::<io::Result<Vec<_>>>()?;
        let mut watched = Watched::default();
        let mut masked = false;
        for protected in &policy.protected {
            let Some((root, relative)) = placeholders::within(&roots, &protected.path) else { continue };
            let Some(directory) = roots.get(root).map(AsFd::as_fd) else { continue };
            if tier == Tier::Namespaces {
                watched.add_repository(root, directory, relative);
            }
            // Of a repository that is not there yet nothing is protected: it can be made, which is told.
            if !placeholders::has_top(directory, relative) {
                let missing =
                    fstatat(directory, b".git".as_slice(), AtFlags::AT_SYMLINK_NOFOLLOW) == Err(Errno::ENOENT);
                if relative.starts_with(b".git/") && missing && !watched.unborn.contains(&root) {
                    watched.unborn.push(root);
                }
                continue;
            }
            let before = match state(directory, relative) {
                Ok(_) if placeholders::is_placeholder_at(directory, relative) => {
                    if tier == Tier::Namespaces && protected.cover != Cover::None {
                        masked = true;
                        identity(directory, relative).unwrap_or(State::Missing)
                    } else {
                        // Of another sandbox, and soon gone.
                        State::Missing
                    }
                }
                Ok(before) => before,
                Err(Errno::ENOENT) => State::Missing,
                Err(_) => continue,
            };
            // A mount on what a link leads to holds the link itself no more than nothing.
            if !matches!(before, State::Present(_)) || before.is_link() || tier < Tier::Namespaces {
                watched.entries.push(Entry { root, relative: relative.to_vec(), before });
            }
        }
        Ok(Protected { roots, watched: Mutex::new(watched), masked: masked.then(|| policy.clone()) })
    }

    /// Looks at all of them; each change is told once.
    pub fn look(&self) -> Vec<ProtectedChange> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changes = Vec::new();
        for entry in &mut watched.entries {
            if let Some(root) = self.roots.get(entry.root)
                && let Some(removed) = entry.look(root)
            {
                changes.push(ProtectedChange { path: path_in(root, &entry.relative), removed });
            }
        }
        let Watched { entries, unborn, born } = &mut *watched;
        unborn.retain(|index| {
            let Some(root) = self.roots.get(*index) else { return false };
            let Ok(made) = fstatat(root, b".git".as_slice(), AtFlags::AT_SYMLINK_NOFOLLOW) else { return true };
            changes.push(ProtectedChange { path: path_in(root, b".git"), removed: false });
            if is_directory(&made) {
                // From now on its configuration is looked at as that of one which was there.
                let relative = b".git/config".to_vec();
                let before = state(root.as_fd(), &relative).unwrap_or(State::Present(Vec::new()));
                entries.push(Entry { root: *index, relative, before });
                born.push(*index);
            }
            false
        });
        for root in born.iter().filter_map(|index| self.roots.get(*index)) {
            let removed = remove_hooks(root).into_iter();
            changes.extend(removed.map(|hook| ProtectedChange { path: path_in(root, &hook), removed: true }));
        }
        changes
    }

    /// Removes placeholders that nobody holds: those of a warden that was killed. A warden that lives, and that of another
    /// sandbox, hold theirs.
    pub fn remove_placeholders(&self) {
        if let Some(policy) = &self.masked {
            Placeholders::remove_left(policy);
        }
    }
}

impl Watched {
    /// Looks at a repository in a subdirectory, which can be renamed with the mounts in it, and another be put in its place.
    fn add_repository(&mut self, root: usize, directory: BorrowedFd<'_>, relative: &[u8]) {
        const NAME: &[u8] = b"/.git";
        let Some(start) = relative.windows(NAME.len()).position(|window| window == NAME) else { return };
        let repository = relative.get(..start + NAME.len()).unwrap_or_default();
        let named = matches!(relative.get(start + NAME.len()), None | Some(b'/'));
        let known = self.entries.iter().any(|entry| entry.root == root && entry.relative == repository);
        if named
            && !known
            && let Ok(before) = identity(directory, repository)
        {
            self.entries.push(Entry { root, relative: repository.to_vec(), before });
        }
    }
}

impl Entry {
    /// Whether it has changed, and if so whether what was made was removed.
    fn look(&mut self, root: &Root) -> Option<bool> {
        let directory = root.as_fd();
        if let State::Masked(..) = self.before
            && identity(directory, &self.relative).as_ref() == Ok(&self.before)
        {
            return None;
        }
        let now = state(directory, &self.relative).unwrap_or(State::Missing);
        if now == self.before || (now == State::Missing && self.before == State::Gone) {
            return None;
        }
        match self.before {
            State::Missing if placeholders::is_placeholder_at(directory, &self.relative) => None,
            State::Missing => {
                let removed = remove(root, &self.relative).is_ok();
                if !removed {
                    self.before = now;
                }
                Some(removed)
            }
            // Only somebody outside can take a placeholder away, and what comes may be theirs.
            State::Masked(..) if now == State::Missing => {
                self.before = State::Gone;
                None
            }
            State::Masked(..) | State::Gone | State::Present(_) => {
                self.before = now;
                Some(false)
            }
        }
    }
}

fn path_in(root: &Root, relative: &[u8]) -> PathBuf {
    PathBuf::from(std::ffi::OsString::from_vec([root.path(), b"/", relative].concat()))
}

fn is_directory(stat: &FileStat) -> bool {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFDIR
}

/// Which file it is, whatever is in it.
fn identity(directory: BorrowedFd<'_>, relative: &[u8]) -> Result<State, Errno> {
    fstatat(directory, relative, AtFlags::AT_SYMLINK_NOFOLLOW).map(|stat| State::Masked(stat.st_dev, stat.st_ino))
}

/// `ENOENT` if there is nothing.
fn state(directory: BorrowedFd<'_>, relative: &[u8]) -> Result<State, Errno> {
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
    Ok(State::Present(all))
}

/// Removes the hooks of a root's repository that git would run: those that can be executed. Samples stay.
fn remove_hooks(root: &Root) -> Vec<Vec<u8>> {
    const HOOKS: &[u8] = b".git/hooks/";
    let runnable = |stat: &FileStat| !is_directory(stat) && stat.st_mode & 0o111 != 0;
    // Reached without a link at every step.
    let Ok(place) = root.place(b".git/hooks/x") else { return Vec::new() };
    let names = files::names_in(place.directory.as_fd(), b".").unwrap_or_default().into_iter();
    let hooks = names.filter(|name| !name.ends_with(b".sample")).filter(|name| {
        let stat = fstatat(&place.directory, name.as_slice(), AtFlags::AT_SYMLINK_NOFOLLOW);
        stat.is_ok_and(|stat| runnable(&stat)) && remove(root, &[HOOKS, name].concat()).is_ok()
    });
    hooks.map(|name| [HOOKS, &name].concat()).collect()
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
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;
    use crate::policy::ProtectedPath;

    fn protected(root: &Path, names: &[&str], tier: Tier) -> Protected {
        let bytes = |path: &Path| path.as_os_str().as_bytes().to_vec();
        let policy = Policy {
            writable: vec![bytes(root)],
            protected: names
                .iter()
                .map(|name| ProtectedPath { path: bytes(&root.join(name)), cover: Cover::Directory })
                .collect(),
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
    fn a_repository_that_a_command_makes_is_told_and_has_no_hooks() {
        let directory = tempfile::tempdir().expect("a directory");
        let list = protected(directory.path(), &[".git/hooks"], Tier::Namespaces);
        assert_eq!(list.look(), []);
        std::fs::create_dir_all(directory.path().join(".git/hooks")).expect("a directory");
        let told = |name: &str, removed| ProtectedChange { path: directory.path().join(name), removed };
        assert_eq!(list.look(), [told(".git", false)]);
        for (name, mode) in [("pre-commit", 0o755), ("update.sample", 0o755), ("notes", 0o644)] {
            let path = directory.path().join(".git/hooks").join(name);
            std::fs::write(&path, "x").expect("a file");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("a mode");
        }
        std::fs::write(directory.path().join(".git/config"), "x").expect("a file");
        let config = told(".git/config", false);
        assert_eq!(list.look(), [config, told(".git/hooks/pre-commit", true)]);
        assert_eq!(list.look(), []);
        let left = files::names_in(list.roots[0].as_fd(), b".git/hooks").expect("a list");
        assert_eq!(left, [&b"notes"[..], b"update.sample"]);
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
