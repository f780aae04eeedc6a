//! The file operations of the contract: regular files and directories only, atomic writes, removal that follows no link.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use nix::dir::{Dir, Type};
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, readlinkat, renameat};
use nix::sys::stat::{FileStat as RawStat, Mode, SFlag, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{UnlinkatFlags, unlinkat};
use sandbox::{DirEntry, FileErrorKind, FileOperation, FileStat, FileType, SandboxError};

use crate::linux::beneath::{Access, Place, Reach, path_of};
use crate::linux::file_threads::FileThreads;
use crate::linux::placeholders::is_placeholder_at;
use crate::linux::sandbox::LocalSandbox;
use crate::names::as_path;
use crate::policy::Policy;

/// The largest file read at once, bytes.
pub const READ_MAX: u64 = 64 * 1024 * 1024;
/// Links followed at the end of a written path.
const LINKS_MAX: usize = 40;
/// Directories held open while removing a tree; what lies deeper is moved up first.
const REMOVE_DEPTH: usize = 64;

/// What the sandbox's file operations reach, and where they run.
#[derive(Debug)]
pub struct Files {
    /// The directories.
    pub reach: Arc<Reach>,
    /// What is hidden or protected in them.
    pub policy: Option<Arc<Policy>>,
    /// Confined threads; without them operations run on the runtime's.
    pub threads: Option<FileThreads>,
}

/// One operation on one path.
pub struct FileTask {
    files: Arc<Files>,
    path: Vec<u8>,
}

impl LocalSandbox {
    /// Runs an operation where blocking is allowed.
    pub(crate) async fn file<T: Send + 'static>(
        &self,
        operation: FileOperation,
        path: &[u8],
        run: impl FnOnce(&FileTask) -> io::Result<T> + Send + 'static,
    ) -> Result<T, SandboxError> {
        if self.inner.is_closed() {
            return Err(SandboxError::Closed { operation: "use files" });
        }
        if path.contains(&0) {
            return Err(SandboxError::file(operation, path, FileErrorKind::InvalidPath));
        }
        let files = &self.inner.files;
        let task = FileTask { files: Arc::clone(files), path: self.inner.absolute(path) };
        let run = move || run(&task);
        let done = match &files.threads {
            Some(threads) => threads.run(run).await.map_err(|error| SandboxError::backend("use files", error)),
            None => {
                let joined = tokio::task::spawn_blocking(run).await;
                joined.map_err(|error| SandboxError::backend("use files", error))
            }
        };
        done?.map_err(|error| SandboxError::from_io(operation, path, &error))
    }
}

fn not_regular() -> io::Error {
    io::Error::other("Not a regular file")
}

fn allowed(policy: &Policy, path: &Path) -> io::Result<()> {
    match (policy.hides(path), policy.protects(path)) {
        (true, _) => Err(Errno::EACCES.into()),
        (_, true) => Err(Errno::EROFS.into()),
        _ => Ok(()),
    }
}

fn kind_of(stat: &RawStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

impl FileTask {
    fn reach(&self) -> &Reach {
        &self.files.reach
    }

    /// Opens what the path leads to, unless that is hidden from commands, or only a placeholder.
    fn open(&self, flags: OFlag) -> io::Result<OwnedFd> {
        let fd = self.reach().open(&self.path, flags, Access::Read)?;
        let Some(policy) = self.policy() else { return Ok(fd) };
        let path = path_of(fd.as_fd())?;
        if policy.hides(&path) {
            return Err(Errno::EACCES.into());
        }
        if policy.names(&path)
            && let Ok(place) = self.reach().place(path.as_os_str().as_bytes(), Access::Read, false)
            && is_placeholder_at(place.directory.as_fd(), &place.name)
        {
            return Err(Errno::ENOENT.into());
        }
        Ok(fd)
    }

    /// The place that a path names, to change what is there, unless commands cannot.
    fn place(&self, path: &[u8], create: bool) -> io::Result<Place> {
        if let Some(policy) = self.policy() {
            // Before directories are made; links are looked at below.
            allowed(policy, as_path(path))?;
        }
        let place = self.reach().place(path, Access::Write, create)?;
        if let Some(policy) = self.policy() {
            allowed(policy, &path_of(place.directory.as_fd())?.join(as_path(&place.name)))?;
        }
        Ok(place)
    }

    /// The same, to take away what is there with all below.
    fn place_to_empty(&self, path: &[u8]) -> io::Result<Place> {
        let place = self.place(path, false)?;
        if let Some(policy) = self.policy()
            && policy.protects_below(&path_of(place.directory.as_fd())?.join(as_path(&place.name)))
        {
            return Err(Errno::EROFS.into());
        }
        Ok(place)
    }

    fn policy(&self) -> Option<&Policy> {
        self.files.policy.as_deref().filter(|policy| !policy.is_all_writable())
    }

    /// The contents of a regular file.
    pub fn read(&self) -> io::Result<Bytes> {
        let fd = self.open(OFlag::O_RDONLY | OFlag::O_NONBLOCK)?;
        let stat = fstat(&fd)?;
        match kind_of(&stat) {
            SFlag::S_IFREG => {}
            SFlag::S_IFDIR => return Err(Errno::EISDIR.into()),
            _ => return Err(not_regular()),
        }
        let mut contents = Vec::new();
        std::fs::File::from(fd).take(READ_MAX + 1).read_to_end(&mut contents)?;
        if contents.len() as u64 > READ_MAX {
            return Err(Errno::EFBIG.into());
        }
        Ok(contents.into())
    }

    /// Replaces the contents at once: a reader sees the old file or the new one.
    pub fn write(&self, contents: &[u8]) -> io::Result<()> {
        let mut path = self.path.clone();
        let mut create = true;
        for _ in 0..LINKS_MAX {
            let place = self.place(&path, create)?;
            match readlinkat(&place.directory, place.name.as_slice()) {
                Ok(target) => {
                    let directory = path_of(place.directory.as_fd())?;
                    path = sandbox::resolve(directory.as_os_str().as_bytes(), target.as_bytes());
                    create = false;
                }
                Err(Errno::EINVAL | Errno::ENOENT) => return replace(&place, contents),
                Err(errno) => return Err(errno.into()),
            }
        }
        Err(Errno::ELOOP.into())
    }

    /// What the path leads to.
    pub fn stat(&self) -> io::Result<FileStat> {
        let fd = self.open(OFlag::O_PATH)?;
        let stat = fstat(&fd)?;
        let file_type = match kind_of(&stat) {
            SFlag::S_IFREG => FileType::File,
            SFlag::S_IFDIR => FileType::Directory,
            _ => FileType::Other,
        };
        // A root, or `/`, is no entry of a directory that can be reached, and no link.
        let own = self.reach().place(&self.path, Access::Read, false).and_then(|place| own_stat(&place));
        Ok(FileStat {
            file_type,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            modified: time(stat.st_mtime, stat.st_mtime_nsec),
            mode: Some(stat.st_mode & 0o7777),
            is_symlink: own.is_ok_and(|own| kind_of(&own) == SFlag::S_IFLNK),
        })
    }

    /// Whether the path leads to something.
    pub fn exists(&self) -> io::Result<bool> {
        match self.open(OFlag::O_PATH) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The entries but for placeholders, sorted by bytes.
    pub fn read_dir(&self) -> io::Result<Vec<DirEntry>> {
        let fd = self.open(OFlag::O_RDONLY | OFlag::O_DIRECTORY)?;
        let path = path_of(fd.as_fd())?;
        let is_placeholder = |name: &[u8]| {
            self.policy().is_some_and(|policy| policy.names(&path.join(as_path(name))))
                && is_placeholder_at(fd.as_fd(), name)
        };
        let mut entries: Vec<DirEntry> = entries(fd.as_fd())?
            .into_iter()
            .filter(|(name, _)| !is_placeholder(name))
            .map(|(name, file_type)| DirEntry {
                file_type: match file_type.or_else(|| type_of(fd.as_fd(), &name)) {
                    Some(Type::File) => FileType::File,
                    Some(Type::Directory) => FileType::Directory,
                    Some(Type::Symlink) => FileType::Symlink,
                    _ => FileType::Other,
                },
                name,
            })
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Creates a directory.
    pub fn create_dir(&self, parents: bool) -> io::Result<()> {
        if parents && self.open(OFlag::O_PATH | OFlag::O_DIRECTORY).is_ok() {
            return Ok(());
        }
        let place = self.place(&self.path, parents)?;
        Ok(mkdirat(&place.directory, place.name.as_slice(), Mode::from_bits_truncate(0o777))?)
    }

    /// Removes a file, a link or an empty directory, or a whole tree.
    pub fn remove(&self, recursive: bool) -> io::Result<()> {
        let place = self.place_to_empty(&self.path)?;
        if recursive {
            return remove_at(&place);
        }
        if unlink_file(&place)? {
            return Ok(());
        }
        Ok(unlinkat(&place.directory, place.name.as_slice(), UnlinkatFlags::RemoveDir)?)
    }

    /// Renames to another absolute path.
    pub fn rename(&self, to: &[u8]) -> io::Result<()> {
        let from = self.place_to_empty(&self.path)?;
        let to = self.place_to_empty(to)?;
        Ok(renameat(&from.directory, from.name.as_slice(), &to.directory, to.name.as_slice())?)
    }
}

fn own_stat(place: &Place) -> io::Result<RawStat> {
    Ok(fstatat(&place.directory, place.name.as_slice(), AtFlags::AT_SYMLINK_NOFOLLOW)?)
}

fn time(seconds: i64, nanoseconds: i64) -> SystemTime {
    let fraction = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(0));
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let base = if seconds < 0 { SystemTime::UNIX_EPOCH - whole } else { SystemTime::UNIX_EPOCH + whole };
    base + fraction
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Removes a file, a link or a whole tree.
pub fn remove_at(place: &Place) -> io::Result<()> {
    if unlink_file(place)? { Ok(()) } else { remove_tree(place) }
}

/// Removes what is no directory; says whether it was none.
fn unlink_file(place: &Place) -> io::Result<bool> {
    match unlinkat(&place.directory, place.name.as_slice(), UnlinkatFlags::NoRemoveDir) {
        // EPERM is what POSIX has for directories.
        Err(Errno::EISDIR | Errno::EPERM) if kind_of(&own_stat(place)?) == SFlag::S_IFDIR => Ok(false),
        other => Ok(other.map(|()| true)?),
    }
}

/// The names in a directory below another, sorted; the directory itself must be no link.
pub fn names_in(above: BorrowedFd<'_>, relative: &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let directory = openat(above, relative, flags, Mode::empty())?;
    let mut names: Vec<Vec<u8>> = entries(directory.as_fd())?.into_iter().map(|(name, _)| name).collect();
    names.sort();
    Ok(names)
}

/// A name that nothing in a directory has.
pub fn fresh_name() -> Vec<u8> {
    format!(".sandshell-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)).into_bytes()
}

/// Writes beside the file and renames over it, keeping the mode.
fn replace(place: &Place, contents: &[u8]) -> io::Result<()> {
    let old = match own_stat(place) {
        Ok(stat) => match kind_of(&stat) {
            SFlag::S_IFREG => Some(stat),
            SFlag::S_IFDIR => return Err(Errno::EISDIR.into()),
            _ => return Err(not_regular()),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.is_some() {
        // The rename would need no right on the file itself.
        openat(
            &place.directory,
            place.name.as_slice(),
            OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC,
            Mode::empty(),
        )?;
    }
    let temporary = fresh_name();
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let fd = openat(&place.directory, temporary.as_slice(), flags, Mode::from_bits_truncate(0o666))?;
    let written = fill(fd, contents, old.as_ref())
        .and_then(|()| Ok(renameat(&place.directory, temporary.as_slice(), &place.directory, place.name.as_slice())?));
    if written.is_err() {
        let _ = unlinkat(&place.directory, temporary.as_slice(), UnlinkatFlags::NoRemoveDir);
    }
    written
}

fn fill(fd: OwnedFd, contents: &[u8], old: Option<&RawStat>) -> io::Result<()> {
    let mut file = std::fs::File::from(fd);
    file.write_all(contents)?;
    if let Some(old) = old {
        fchmod(&file, Mode::from_bits_truncate(old.st_mode & 0o7777))?;
    }
    Ok(())
}

/// Names and, where the file system tells, types; without `.` and `..`.
fn entries(directory: BorrowedFd<'_>) -> io::Result<Vec<(Vec<u8>, Option<Type>)>> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let mut directory = Dir::openat(directory, ".", flags, Mode::empty())?;
    let mut found = Vec::new();
    for entry in directory.iter() {
        let entry = entry?;
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." {
            found.push((name.to_vec(), entry.file_type()));
        }
    }
    Ok(found)
}

fn type_of(directory: BorrowedFd<'_>, name: &[u8]) -> Option<Type> {
    let stat = fstatat(directory, name, AtFlags::AT_SYMLINK_NOFOLLOW).ok()?;
    match kind_of(&stat) {
        SFlag::S_IFREG => Some(Type::File),
        SFlag::S_IFDIR => Some(Type::Directory),
        SFlag::S_IFLNK => Some(Type::Symlink),
        _ => None,
    }
}

/// Removes a directory and all below, each level opened from the one above, so that a name exchanged for a link meanwhile
/// is unlinked and not entered. Levels beyond [`REMOVE_DEPTH`] are moved up before they are entered: the tree's depth costs
/// neither descriptors nor stack.
fn remove_tree(place: &Place) -> io::Result<()> {
    let open = |directory: BorrowedFd<'_>, name: &[u8]| {
        openat(
            directory,
            name,
            OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC,
            Mode::empty(),
        )
    };
    let top = open(place.directory.as_fd(), &place.name)?;
    let mut stack: Vec<(OwnedFd, Vec<u8>)> = Vec::new();
    let mut current = top.try_clone()?;
    let mut name = place.name.clone();
    loop {
        let mut entered = None;
        for (entry, _) in entries(current.as_fd())? {
            match unlinkat(&current, entry.as_slice(), UnlinkatFlags::NoRemoveDir) {
                Ok(()) | Err(Errno::ENOENT) => {}
                Err(Errno::EISDIR | Errno::EPERM) => {
                    if unlinkat(&current, entry.as_slice(), UnlinkatFlags::RemoveDir).is_ok() {
                        continue;
                    }
                    if stack.len() >= REMOVE_DEPTH {
                        renameat(&current, entry.as_slice(), &top, fresh_name().as_slice())?;
                        continue;
                    }
                    entered = Some(entry);
                    break;
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        if let Some(entry) = entered {
            let below = open(current.as_fd(), &entry)?;
            stack.push((std::mem::replace(&mut current, below), std::mem::replace(&mut name, entry)));
            continue;
        }
        match stack.pop() {
            Some((above, above_name)) => {
                unlinkat(&above, name.as_slice(), UnlinkatFlags::RemoveDir)?;
                (current, name) = (above, above_name);
            }
            None => return Ok(unlinkat(&place.directory, name.as_slice(), UnlinkatFlags::RemoveDir)?),
        }
    }
}
