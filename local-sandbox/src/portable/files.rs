//! The file operations of the contract: regular files and directories only, atomic writes, removal that follows no link.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use cap_std::fs::{Dir, Metadata, OpenOptions};
use sandbox::{DirEntry, FileErrorKind, FileOperation, FileStat, FileType, SandboxError};

use super::reach::{Access, Place, Reach};
use super::sandbox::{Inner, LocalSandbox};
use crate::names;
use crate::policy::Policy;

/// The largest file read at once, bytes.
const READ_MAX: u64 = 64 * 1024 * 1024;

/// One operation on one path.
pub struct FileTask {
    inner: Arc<Inner>,
    path: PathBuf,
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
        let absolute = names::os_string(self.inner.absolute(path)).filter(|_| !path.contains(&0));
        let Some(absolute) = absolute else {
            return Err(SandboxError::file(operation, path, FileErrorKind::InvalidPath));
        };
        let task = FileTask { inner: Arc::clone(&self.inner), path: absolute.into() };
        match tokio::task::spawn_blocking(move || run(&task)).await {
            Ok(result) => result.map_err(|error| SandboxError::from_io(operation, path, &error)),
            Err(error) => Err(SandboxError::backend("use files", error)),
        }
    }
}

fn not_regular() -> io::Error {
    io::Error::other("Not a regular file")
}

fn denied() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

fn read_only() -> io::Error {
    io::ErrorKind::ReadOnlyFilesystem.into()
}

impl FileTask {
    fn reach(&self) -> &Reach {
        &self.inner.reach
    }

    fn policy(&self) -> Option<&Policy> {
        self.inner.settings.policy.as_ref().filter(|policy| !policy.is_all_writable())
    }

    fn may_see(&self, path: &Path) -> io::Result<()> {
        if self.policy().is_some_and(|policy| policy.hides(path)) { Err(denied()) } else { Ok(()) }
    }

    fn may_change(&self, path: &Path) -> io::Result<()> {
        self.may_see(path)?;
        if self.policy().is_some_and(|policy| policy.protects(path)) { Err(read_only()) } else { Ok(()) }
    }

    /// What the path leads to, unless that is hidden from commands.
    fn find(&self) -> io::Result<Found> {
        if self.path.file_name().is_none() || self.is_root() {
            let (directory, path) = self.reach().directory(&self.path, Access::Read, false)?;
            self.may_see(&path)?;
            return Ok(Found::Directory(directory));
        }
        let place = self.reach().follow(&self.path, Access::Read, false)?;
        self.may_see(&place.path())?;
        Ok(Found::Entry(place))
    }

    fn is_root(&self) -> bool {
        matches!(self.reach(), Reach::Beneath(_)) && self.reach().place(&self.path, Access::Read, false).is_err()
    }

    /// The place that a path names, to change what is there, unless commands cannot.
    fn place(&self, path: &Path, create: bool) -> io::Result<Place> {
        // Before directories are made; links are looked at below.
        self.may_change(path)?;
        let place = self.reach().place(path, Access::Write, create)?;
        self.may_change(&place.path())?;
        Ok(place)
    }

    /// The same, to take away what is there with all below.
    fn place_to_empty(&self, path: &Path) -> io::Result<Place> {
        let place = self.place(path, false)?;
        if self.policy().is_some_and(|policy| policy.protects_below(&place.path())) {
            return Err(read_only());
        }
        Ok(place)
    }

    /// The contents of a regular file.
    pub fn read(&self) -> io::Result<Bytes> {
        let Found::Entry(place) = self.find()? else { return Err(io::ErrorKind::IsADirectory.into()) };
        let found = place.directory.symlink_metadata(&place.name)?;
        if found.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !found.is_file() {
            return Err(not_regular());
        }
        let mut contents = Vec::new();
        place.directory.open(&place.name)?.take(READ_MAX + 1).read_to_end(&mut contents)?;
        if contents.len() as u64 > READ_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(contents.into())
    }

    /// Replaces the contents at once: a reader sees the old file or the new one.
    pub fn write(&self, contents: &[u8]) -> io::Result<()> {
        self.may_change(&self.path)?;
        let place = self.reach().follow(&self.path, Access::Write, true)?;
        self.may_change(&place.path())?;
        replace(&place, contents)
    }

    /// What the path leads to.
    pub fn stat(&self) -> io::Result<FileStat> {
        let own = self.reach().place(&self.path, Access::Read, false);
        let is_symlink =
            own.and_then(|place| place.directory.symlink_metadata(&place.name)).is_ok_and(|found| found.is_symlink());
        let found = self.find()?.metadata()?;
        let file_type = match found.file_type() {
            kind if kind.is_file() => FileType::File,
            kind if kind.is_dir() => FileType::Directory,
            _ => FileType::Other,
        };
        Ok(FileStat {
            file_type,
            size: found.len(),
            modified: found.modified().map_or(SystemTime::UNIX_EPOCH, cap_std::time::SystemTime::into_std),
            mode: mode(&found),
            is_symlink,
        })
    }

    /// Whether the path leads to something.
    pub fn exists(&self) -> io::Result<bool> {
        match self.find().and_then(|found| found.metadata()) {
            Ok(_) => Ok(true),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The entries, sorted by bytes.
    pub fn read_dir(&self) -> io::Result<Vec<DirEntry>> {
        let (directory, path) = self.reach().directory(&self.path, Access::Read, false)?;
        self.may_see(&path)?;
        let mut entries = Vec::new();
        for entry in directory.entries()? {
            let entry = entry?;
            let file_type = match entry.file_type()? {
                kind if kind.is_file() => FileType::File,
                kind if kind.is_dir() => FileType::Directory,
                kind if kind.is_symlink() => FileType::Symlink,
                _ => FileType::Other,
            };
            entries.push(DirEntry { name: names::of(&entry.file_name()), file_type });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    /// Creates a directory.
    pub fn create_dir(&self, parents: bool) -> io::Result<()> {
        if parents && self.reach().directory(&self.path, Access::Read, false).is_ok() {
            return Ok(());
        }
        let place = self.place(&self.path, parents)?;
        place.directory.create_dir(&place.name)
    }

    /// Removes a file, a link or an empty directory, or a whole tree.
    pub fn remove(&self, recursive: bool) -> io::Result<()> {
        let place = self.place_to_empty(&self.path)?;
        let found = place.directory.symlink_metadata(&place.name)?;
        match (found.is_dir(), recursive) {
            (true, true) => place.directory.remove_dir_all(&place.name),
            (true, false) => place.directory.remove_dir(&place.name),
            (false, _) => remove_file(&place, &found),
        }
    }

    /// Renames to another absolute path.
    pub fn rename(&self, to: &[u8]) -> io::Result<()> {
        let to = names::os_string(to.to_vec()).filter(|_| !to.contains(&0));
        let to = PathBuf::from(to.ok_or(io::ErrorKind::InvalidInput)?);
        let from = self.place_to_empty(&self.path)?;
        let to = self.place_to_empty(&to)?;
        from.directory.rename(&from.name, &to.directory, &to.name)
    }
}

/// What a path leads to.
enum Found {
    /// A directory that is no entry of one that can be reached.
    Directory(Dir),
    /// An entry that is no link.
    Entry(Place),
}

impl Found {
    fn metadata(&self) -> io::Result<Metadata> {
        match self {
            Found::Directory(directory) => directory.dir_metadata(),
            Found::Entry(place) => place.directory.symlink_metadata(&place.name),
        }
    }
}

#[cfg(unix)]
fn mode(found: &Metadata) -> Option<u32> {
    use cap_std::fs::PermissionsExt;
    Some(found.permissions().mode() & 0o7777)
}

#[cfg(windows)]
fn mode(_: &Metadata) -> Option<u32> {
    None
}

#[cfg(unix)]
fn remove_file(place: &Place, _: &Metadata) -> io::Result<()> {
    place.directory.remove_file(&place.name)
}

/// A link to a directory is removed as a directory is, which does not enter it.
#[cfg(windows)]
fn remove_file(place: &Place, found: &Metadata) -> io::Result<()> {
    let removed = place.directory.remove_file(&place.name);
    if removed.is_err() && found.is_symlink() { place.directory.remove_dir(&place.name) } else { removed }
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A name that nothing in a directory has.
fn fresh_name() -> PathBuf {
    format!(".sandshell-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)).into()
}

/// Writes beside the file and renames over it, keeping the mode.
fn replace(place: &Place, contents: &[u8]) -> io::Result<()> {
    let old = match place.directory.symlink_metadata(&place.name) {
        Ok(found) if found.is_file() => Some(found),
        Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => return Err(not_regular()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    if old.is_some() {
        // The rename would need no right on the file itself.
        place.directory.open_with(&place.name, OpenOptions::new().write(true))?;
    }
    let temporary = fresh_name();
    let written = fill(place, &temporary, contents, old.as_ref())
        .and_then(|()| place.directory.rename(&temporary, &place.directory, &place.name));
    if written.is_err() {
        // What could not be made need not be removed.
        let _ = place.directory.remove_file(&temporary);
    }
    written
}

fn fill(place: &Place, temporary: &Path, contents: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    let mut file = place.directory.open_with(temporary, OpenOptions::new().write(true).create_new(true))?;
    file.write_all(contents)?;
    match old {
        Some(old) => file.set_permissions(old.permissions()),
        None => Ok(()),
    }
}
