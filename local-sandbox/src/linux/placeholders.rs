//! Placeholders: empty directories and files in the place of protected ones that are missing, so that the strongest tier has
//! something to mount over and a command cannot make what was not there.
//!
//! They lie in the user's own tree. Each bears a mark (an extended attribute, else a mode that nobody gives), is held by a
//! shared lock for as long as a sandbox uses it, and is removed by whoever lets go of it last, if nothing was put in or done
//! to it since it was made. The warden makes and removes them, so that they go when the host is killed; one that is left
//! by a machine that lost its power is adopted by the next sandbox.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::fs::{File, TryLockError};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};

use crate::linux::beneath::{Place, Root};
use crate::linux::files::fresh_name;
use crate::linux::sys::entry::{attribute, rename_to_new, set_attribute};
use crate::names::as_path;
use crate::policy::{Cover, Policy, ProtectedPath};

/// The mark's name.
const MARK: &std::ffi::CStr = c"user.sandshell";
/// The mark of a directory that was made only to hold a placeholder.
const PARENT: &[u8] = b"parent";
/// The mode of a directory, and of a file, where there are no extended attributes.
const MARK_MODES: [u32; 2] = [0o555, 0o444];
/// How often a placeholder is tried that others make or remove at the same time.
const TRIES: usize = 16;
/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(1);

/// The placeholders that this process holds. Dropping it leaves them.
#[derive(Debug, Default)]
pub struct Placeholders {
    held: Vec<Held>,
    /// The directories around them that may have been made for them, by us or by others, inner ones first.
    around: Vec<Place>,
    failure: Option<(PathBuf, Errno)>,
}

#[derive(Debug)]
struct Held {
    directory: Rc<OwnedFd>,
    name: Vec<u8>,
    file: File,
}

/// What became of an entry that is there already.
enum Adoption {
    /// It is a placeholder, and held.
    Held(File),
    /// It is the user's.
    Theirs,
    /// It is gone or being removed.
    Again,
}

impl Placeholders {
    /// Makes what is missing of a policy's protected files, and holds what others have made. For the warden: raises this
    /// process's limit on descriptors to the most it may have.
    pub fn make(policy: &Policy) -> Placeholders {
        // Each is held by a descriptor; of commands the limit is set anew.
        if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
            let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
        }
        let mut made = Placeholders::default();
        let Some(roots) = roots(policy) else { return made };
        let mut directories = BTreeMap::new();
        for protected in policy.protected.iter().filter(|protected| protected.cover != Cover::None) {
            let Some((index, relative)) = within(&roots, &protected.path) else { continue };
            let Some(root) = roots.get(index).filter(|root| has_top(root.as_fd(), relative)) else { continue };
            let private = policy.hidden.contains(&protected.path);
            if let Err(errno) = made.hold(root, relative, protected, private, &mut directories)
                && made.failure.is_none()
                && !closed_to_commands(errno)
            {
                made.failure = Some((as_path(&protected.path).to_path_buf(), errno));
            }
        }
        made
    }

    /// The first that could not be made although a command could make it.
    pub fn failure(&self) -> Option<(&std::path::Path, Errno)> {
        self.failure.as_ref().map(|(path, errno)| (path.as_path(), *errno))
    }

    fn hold(
        &mut self,
        root: &Root,
        relative: &[u8],
        protected: &ProtectedPath,
        private: bool,
        directories: &mut BTreeMap<Vec<u8>, Rc<OwnedFd>>,
    ) -> Result<(), Errno> {
        let (above, name) = split(&protected.path);
        for _ in 0..TRIES {
            let directory = match directories.get(above) {
                Some(directory) => Rc::clone(directory),
                None => match place(root, relative) {
                    Ok(Place { directory, .. }) => {
                        let directory = Rc::new(directory);
                        directories.insert(above.to_vec(), Rc::clone(&directory));
                        self.around.extend(around(root, relative));
                        directory
                    }
                    Err(Errno::ENOENT) => {
                        make_parents(root, relative)?;
                        continue;
                    }
                    // Something else is in the way, which is not ours to change.
                    Err(Errno::ENOTDIR | Errno::ELOOP | Errno::EXDEV) => return Ok(()),
                    Err(errno) => return Err(errno),
                },
            };
            let file = match adopt(directory.as_fd(), name)? {
                Some(Adoption::Held(file)) => file,
                Some(Adoption::Theirs) => return Ok(()),
                Some(Adoption::Again) => {
                    std::thread::sleep(PAUSE);
                    continue;
                }
                None => match make(directory.as_fd(), name, protected.cover, private) {
                    Ok(file) => file,
                    Err(Errno::EEXIST) => continue,
                    // The directory was removed since it was opened.
                    Err(Errno::ENOENT) => {
                        directories.remove(above);
                        continue;
                    }
                    Err(errno) => return Err(errno),
                },
            };
            self.held.push(Held { directory, name: name.to_vec(), file });
            return Ok(());
        }
        // Somebody else keeps it locked for themselves: it is there to be mounted over, and theirs to remove.
        if place(root, relative).is_ok_and(|place| is_placeholder_at(place.directory.as_fd(), &place.name)) {
            return Ok(());
        }
        Err(Errno::EBUSY)
    }

    /// Leaves all of them to the process that this one was forked from.
    pub fn let_go(&mut self) {
        *self = Placeholders::default();
    }

    /// Removes those that nobody else holds and nobody has used.
    pub fn remove(self) {
        let Placeholders { held, around, .. } = self;
        held.into_iter().rev().for_each(Held::remove);
        around.iter().for_each(remove_emptied);
    }

    /// Removes those of a policy that nobody holds, as are left when a warden was killed.
    pub fn remove_left(policy: &Policy) {
        let Some(roots) = roots(policy) else { return };
        let coverable = policy.protected.iter().rev().filter(|protected| protected.cover != Cover::None);
        for protected in coverable {
            let Some((index, relative)) = within(&roots, &protected.path) else { continue };
            let Some(root) = roots.get(index) else { continue };
            let Ok(place) = place(root, relative) else { continue };
            if let Ok(fd) = open(place.directory.as_fd(), &place.name) {
                Held { directory: Rc::new(place.directory), name: place.name, file: File::from(fd) }.remove();
            }
            around(root, relative).iter().for_each(remove_emptied);
        }
    }
}

impl Held {
    fn remove(self) {
        // The last of several that let go at once gets it: each gives its shared lock up before it tries.
        if self.file.try_lock().is_err() || !self.is_untouched() {
            return;
        }
        let flags = if self.file.metadata().is_ok_and(|meta| meta.is_dir()) {
            UnlinkatFlags::RemoveDir
        } else {
            UnlinkatFlags::NoRemoveDir
        };
        // A directory that is not empty stays; what cannot be removed now is adopted by the next sandbox.
        let _ = unlinkat(&self.directory, self.name.as_slice(), flags);
    }

    fn is_untouched(&self) -> bool {
        leads_to(self.directory.as_fd(), &self.name, self.file.as_fd()) && is_placeholder(self.file.as_fd())
    }
}

/// Whether an entry is a placeholder, of whomever.
pub fn is_placeholder_at(directory: BorrowedFd<'_>, relative: &[u8]) -> bool {
    open(directory, relative).is_ok_and(|fd| is_placeholder(fd.as_fd()))
}

/// Which root a path lies in, the innermost if several, and the rest of the path.
pub fn within<'a>(roots: &[Root], path: &'a [u8]) -> Option<(usize, &'a [u8])> {
    let all = roots.iter().enumerate().filter_map(|(index, root)| Some((index, root.rest(path)?)));
    all.filter(|(_, rest)| !rest.is_empty()).max_by_key(|(index, _)| roots.get(*index).map(Root::depth))
}

fn roots(policy: &Policy) -> Option<Vec<Root>> {
    policy.writable.iter().map(|path| Root::open(path, true)).collect::<io::Result<Vec<_>>>().ok()
}

/// Whether the file's first component is a directory, or the file lies in the root itself: of a repository that is not there
/// nothing is protected.
pub fn has_top(directory: BorrowedFd<'_>, relative: &[u8]) -> bool {
    let Some(end) = relative.iter().position(|byte| *byte == b'/') else { return true };
    let top = relative.get(..end).unwrap_or_default();
    fstatat(directory, top, AtFlags::AT_SYMLINK_NOFOLLOW).is_ok_and(|stat| kind(&stat) == SFlag::S_IFDIR)
}

/// Whether an error keeps commands from making the entry as well: they have no more rights than the warden.
fn closed_to_commands(errno: Errno) -> bool {
    matches!(errno, Errno::EROFS | Errno::EACCES | Errno::EPERM)
}

fn place(root: &Root, relative: &[u8]) -> Result<Place, Errno> {
    root.place(relative).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))
}

fn split(path: &[u8]) -> (&[u8], &[u8]) {
    let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
    (path.get(..end).unwrap_or_default(), path.get(end + 1..).unwrap_or_default())
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

fn open(directory: BorrowedFd<'_>, name: &[u8]) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    openat(directory, name, flags, Mode::empty())
}

fn leads_to(directory: BorrowedFd<'_>, name: &[u8], file: BorrowedFd<'_>) -> bool {
    match (fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW), fstat(file)) {
        (Ok(there), Ok(held)) => (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino),
        _ => false,
    }
}

/// Whether an error of an attribute says that there can be none: then the mark is a mode.
fn has_no_attributes(errno: Errno) -> bool {
    matches!(errno, Errno::EOPNOTSUPP | Errno::EPERM | Errno::EACCES)
}

/// What the mark of a placeholder says: when it was last changed, which is when it was made.
fn mark_of(stat: &FileStat) -> String {
    format!("{}.{}", stat.st_mtime, stat.st_mtime_nsec)
}

/// Whether an open file is a placeholder to which nothing was done since it was made.
fn is_placeholder(file: BorrowedFd<'_>) -> bool {
    let Ok(stat) = fstat(file) else { return false };
    let mode = match kind(&stat) {
        SFlag::S_IFDIR => MARK_MODES[0],
        SFlag::S_IFREG if stat.st_size == 0 => MARK_MODES[1],
        _ => return false,
    };
    let mut buffer = [0; 64];
    match attribute(file, MARK, &mut buffer) {
        Ok(value) => value == mark_of(&stat).as_bytes(),
        Err(errno) if has_no_attributes(errno) => stat.st_mode & 0o7777 == mode,
        Err(_) => false,
    }
}

/// Takes hold of an entry if it is a placeholder; `None` if there is no entry.
fn adopt(directory: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Adoption>, Errno> {
    match fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) if matches!(kind(&stat), SFlag::S_IFDIR | SFlag::S_IFREG) => {}
        Ok(_) => return Ok(Some(Adoption::Theirs)),
        Err(Errno::ENOENT) => return Ok(None),
        Err(errno) => return Err(errno),
    }
    let file = match open(directory, name) {
        Ok(fd) => File::from(fd),
        Err(Errno::ENOENT) => return Ok(Some(Adoption::Again)),
        // What we may not read, or a link, is none of ours.
        Err(_) => return Ok(Some(Adoption::Theirs)),
    };
    if !is_placeholder(file.as_fd()) {
        return Ok(Some(Adoption::Theirs));
    }
    Ok(Some(match file.try_lock_shared() {
        Ok(()) if leads_to(directory, name, file.as_fd()) => Adoption::Held(file),
        Ok(()) | Err(TryLockError::WouldBlock) => Adoption::Again,
        Err(TryLockError::Error(error)) => return Err(Errno::from_raw(error.raw_os_error().unwrap_or(0))),
    }))
}

/// Makes a placeholder: under another name first, so that nobody sees it without its mark and lock.
fn make(directory: BorrowedFd<'_>, name: &[u8], cover: Cover, private: bool) -> Result<File, Errno> {
    let text = |name: Vec<u8>| CString::new(name).map_err(|_| Errno::EINVAL);
    let (temporary, name) = (text(fresh_name())?, text(name.to_vec())?);
    let remove = match cover {
        Cover::Directory => UnlinkatFlags::RemoveDir,
        Cover::File | Cover::None => UnlinkatFlags::NoRemoveDir,
    };
    let made = make_marked(directory, &temporary, cover, private).and_then(|file| {
        rename_to_new(directory, &temporary, &name)?;
        Ok(file)
    });
    if made.is_err() {
        let _ = unlinkat(directory, temporary.as_c_str(), remove);
    }
    match made {
        // A file system that cannot: for a moment it is there without its mark.
        Err(Errno::EINVAL) => make_marked(directory, &name, cover, private),
        other => other,
    }
}

fn make_marked(directory: BorrowedFd<'_>, name: &CString, cover: Cover, private: bool) -> Result<File, Errno> {
    let file = if cover == Cover::Directory {
        mkdirat(directory, name.as_c_str(), Mode::from_bits_truncate(if private { 0o700 } else { 0o755 }))?;
        File::from(open(directory, name.to_bytes())?)
    } else {
        let flags = OFlag::O_RDONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(if private { 0o600 } else { 0o644 });
        File::from(openat(directory, name.as_c_str(), flags, mode)?)
    };
    match set_attribute(file.as_fd(), MARK, mark_of(&fstat(&file)?).as_bytes()) {
        Ok(()) => {}
        Err(errno) if has_no_attributes(errno) => {
            let mode = MARK_MODES[usize::from(cover != Cover::Directory)];
            fchmod(&file, Mode::from_bits_truncate(mode))?;
        }
        Err(errno) => return Err(errno),
    }
    match file.try_lock_shared() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Errno::EBUSY),
        Err(TryLockError::Error(error)) => Err(Errno::from_raw(error.raw_os_error().unwrap_or(0))),
    }
}

/// Makes the directories between a root and a placeholder; the first is there.
fn make_parents(root: &Root, relative: &[u8]) -> Result<(), Errno> {
    let ends = relative.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(end, _)| end).skip(1);
    for end in ends {
        let place = place(root, relative.get(..end).unwrap_or_default())?;
        match mkdirat(&place.directory, place.name.as_slice(), Mode::from_bits_truncate(0o777)) {
            Ok(()) => {
                let fd = open(place.directory.as_fd(), &place.name)?;
                match set_attribute(fd.as_fd(), MARK, PARENT) {
                    Ok(()) => {}
                    // Stays then, empty: no mode can say that other directories may be made in it.
                    Err(errno) if has_no_attributes(errno) => {}
                    Err(errno) => return Err(errno),
                }
            }
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// The directories around a path but for the outermost, which is never made, inner ones first: each in the one that holds it.
fn around(root: &Root, relative: &[u8]) -> Vec<Place> {
    let (mut above, _) = split(relative);
    let mut around = Vec::new();
    while above.contains(&b'/') {
        around.extend(place(root, above));
        (above, _) = split(above);
    }
    around
}

/// Removes a directory that was made for placeholders, unless something else is in it.
fn remove_emptied(place: &Place) {
    let marked = open(place.directory.as_fd(), &place.name)
        .is_ok_and(|fd| attribute(fd.as_fd(), MARK, &mut [0; 64]) == Ok(PARENT));
    if marked {
        let _ = unlinkat(&place.directory, place.name.as_slice(), UnlinkatFlags::RemoveDir);
    }
}
