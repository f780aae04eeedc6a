//! A host directory as a file system that can be mounted.
//!
//! Every access goes through cap-std and stays beneath the root, whatever symbolic links the directory holds or the
//! host swaps in meanwhile; links are resolved by our own path walk, so an absolute link means the sandbox's root.

use super::convert::{errno, system_time, timestamp};
use super::path_table::{PathTable, ROOT};
use crate::errno::Errno;
use crate::vfs::{Attributes, DirEntry, FileKind, FileSystem, Ino, NewFile, NewKind, Timestamp};
use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt, FileTypeExt, Metadata, MetadataExt, OpenOptions, OpenOptionsExt, Permissions,
    PermissionsExt,
};
use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::fs::{File, FileTimes};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many files are kept open between reads.
const OPEN_FILES: usize = 16;
/// The most bytes one read answers.
const READ_MAX: usize = 64 * 1024;

/// A directory of the host, confined beneath its root.
///
/// Files appear to belong to one user of the sandbox, whoever owns them on the host; what the host process itself may
/// not do fails as the host says. Devices, FIFOs and sockets are seen but not opened.
#[derive(Debug)]
pub struct HostDir {
    root: Dir,
    owner: (u32, u32),
    files: Mutex<Files>,
}

/// What is known of the files that were seen.
#[derive(Debug, Default)]
struct Files {
    table: PathTable,
    /// Numbers of files with several names, by device and inode of the host.
    linked: HashMap<(u64, u64), Ino>,
    /// Files kept open, the most recently used last: number, whether writable.
    open: VecDeque<(Ino, bool, Arc<File>)>,
    /// Files whose names are gone, readable until they are forgotten.
    removed: HashMap<Ino, Arc<File>>,
}

impl HostDir {
    /// The directory at `path`; its files appear to belong to `owner` (uid, gid).
    ///
    /// # Errors
    /// Whatever the host says on opening the directory.
    pub fn open(path: impl AsRef<Path>, owner: (u32, u32)) -> io::Result<HostDir> {
        let root = Dir::open_ambient_dir(path, ambient_authority())?;
        Ok(HostDir { root, owner, files: Mutex::default() })
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        // The tables are consistent between any two statements that can panic.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of a file relative to the root.
    fn path(&self, ino: Ino) -> Result<PathBuf, Errno> {
        self.files().table.path(ino).map(relative)
    }

    fn path_in(&self, dir: Ino, name: &[u8]) -> Result<PathBuf, Errno> {
        self.files().table.path_in(dir, name).map(relative)
    }

    fn metadata(&self, ino: Ino) -> Result<Metadata, Errno> {
        if let Some(file) = self.files().removed.get(&ino) {
            return Metadata::from_file(file).map_err(errno);
        }
        if ino == ROOT {
            return self.root.dir_metadata().map_err(errno);
        }
        self.root.symlink_metadata(self.path(ino)?).map_err(errno)
    }

    /// The number of a name whose metadata is `found`.
    fn number(&self, dir: Ino, name: &[u8], found: &Metadata) -> Ino {
        let files = &mut *self.files();
        if found.is_dir() || found.nlink() < 2 {
            return files.table.number(dir, name);
        }
        let host = (found.dev(), found.ino());
        match files.linked.get(&host) {
            Some(ino) => {
                files.table.alias(dir, name, *ino);
                *ino
            }
            None => {
                let ino = files.table.number(dir, name);
                files.linked.insert(host, ino);
                ino
            }
        }
    }

    /// An open regular file, from those kept open when it is among them.
    fn file(&self, ino: Ino, write: bool) -> Result<Arc<File>, Errno> {
        {
            let files = &mut *self.files();
            if let Some(file) = files.removed.get(&ino) {
                return Ok(Arc::clone(file));
            }
            if let Some(at) = files.open.iter().position(|(open, writable, _)| *open == ino && (*writable || !write))
                && let Some(entry) = files.open.remove(at)
            {
                let file = Arc::clone(&entry.2);
                files.open.push_back(entry);
                return Ok(file);
            }
        }
        match kind(&self.metadata(ino)?) {
            FileKind::Regular => {}
            FileKind::Directory => return Err(Errno::EISDIR),
            // Opening a FIFO could wait for ever.
            _ => return Err(Errno::ENXIO),
        }
        let mut options = OpenOptions::new();
        options.read(true).write(write);
        let path = self.path(ino)?;
        let file = self.root.open_with(&path, &options).or_else(|error| match write {
            // A file that may be written but not read.
            true if error.kind() == io::ErrorKind::PermissionDenied => {
                self.root.open_with(&path, OpenOptions::new().write(true))
            }
            _ => Err(error),
        });
        let file = Arc::new(file.map_err(errno)?.into_std());
        let files = &mut *self.files();
        files.open.push_back((ino, write, Arc::clone(&file)));
        if files.open.len() > OPEN_FILES {
            files.open.pop_front();
        }
        Ok(file)
    }

    /// Keeps what a name means readable after the name is gone.
    fn keep(&self, dir: Ino, name: &[u8]) {
        let Some(ino) = self.files().table.known(dir, name) else { return };
        if let Ok(file) = self.file(ino, true).or_else(|_| self.file(ino, false)) {
            self.files().removed.insert(ino, file);
        }
    }

    /// After a name is gone: a file with other names is found by them again.
    fn lost(&self, ino: Option<Ino>) {
        let Some(ino) = ino else { return };
        let files = &mut *self.files();
        files.open.retain(|(open, ..)| *open != ino);
        files.linked.retain(|_, linked| *linked != ino);
    }
}

impl FileSystem for HostDir {
    fn root(&self) -> Ino {
        ROOT
    }

    fn attributes(&self, ino: Ino) -> Result<Attributes, Errno> {
        let found = self.metadata(ino)?;
        Ok(Attributes {
            kind: kind(&found),
            mode: found.mode() & 0o7777,
            nlink: u32::try_from(found.nlink()).unwrap_or(u32::MAX),
            uid: self.owner.0,
            gid: self.owner.1,
            size: found.size(),
            blocks: found.blocks(),
            rdev: device(found.rdev()),
            atime: Timestamp::new(found.atime(), found.atime_nsec() as u32),
            mtime: Timestamp::new(found.mtime(), found.mtime_nsec() as u32),
            ctime: Timestamp::new(found.ctime(), found.ctime_nsec() as u32),
            btime: found.created().ok().map_or_else(Timestamp::default, |time| timestamp(time.into_std())),
        })
    }

    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<(Ino, FileKind), Errno> {
        let found = self.root.symlink_metadata(self.path_in(dir, name)?).map_err(errno)?;
        Ok((self.number(dir, name, &found), kind(&found)))
    }

    fn parent(&self, dir: Ino) -> Result<Ino, Errno> {
        self.files().table.parent(dir)
    }

    fn read_dir(&self, dir: Ino) -> Result<Vec<DirEntry>, Errno> {
        let list = if dir == ROOT { self.root.entries() } else { self.root.read_dir(self.path(dir)?) };
        let mut entries = Vec::new();
        for entry in list.map_err(errno)? {
            let entry = entry.map_err(errno)?;
            let name = entry.file_name().into_vec();
            // A file that is removed between the two calls is not listed.
            let Ok(found) = entry.metadata() else { continue };
            let ino = self.number(dir, &name, &found);
            entries.push(DirEntry { name: Bytes::from(name), ino: ino.0, kind: kind(&found) });
        }
        Ok(entries)
    }

    fn read_link(&self, ino: Ino) -> Result<Bytes, Errno> {
        let target = self.root.read_link_contents(self.path(ino)?).map_err(errno)?;
        Ok(Bytes::from(target.into_os_string().into_vec()))
    }

    fn read(&self, ino: Ino, offset: u64, max: usize) -> Result<Bytes, Errno> {
        let file = self.file(ino, false)?;
        let mut buffer = vec![0; max.min(READ_MAX)];
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match file.read_at(rest, offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(errno(error)),
            }
        }
        buffer.truncate(filled);
        Ok(Bytes::from(buffer))
    }

    fn create(&self, dir: Ino, name: &[u8], new: &NewFile) -> Result<Ino, Errno> {
        let path = self.path_in(dir, name)?;
        match &new.kind {
            NewKind::Regular => {
                let mut options = OpenOptions::new();
                options.write(true).create_new(true).mode(new.mode & 0o777);
                self.root.open_with(&path, &options).map_err(errno)?;
            }
            NewKind::Directory => {
                let mut builder = DirBuilder::new();
                builder.mode(new.mode & 0o777);
                self.root.create_dir_with(&path, &builder).map_err(errno)?;
            }
            NewKind::Symlink(target) => {
                self.root.symlink_contents(OsStr::from_bytes(target), &path).map_err(errno)?;
            }
            // As on a host file system without them.
            NewKind::Fifo | NewKind::Socket | NewKind::CharDevice(..) | NewKind::BlockDevice(..) => {
                return Err(Errno::EPERM);
            }
        }
        // The host's own umask does not count: the sandbox applied its own.
        if !matches!(new.kind, NewKind::Symlink(_)) {
            self.root.set_permissions(&path, Permissions::from_mode(new.mode & 0o7777)).map_err(errno)?;
        }
        Ok(self.files().table.number(dir, name))
    }

    fn write(&self, ino: Ino, offset: u64, data: &[u8]) -> Result<usize, Errno> {
        let file = self.file(ino, true)?;
        file.write_all_at(data, offset).map_err(errno)?;
        Ok(data.len())
    }

    fn set_len(&self, ino: Ino, len: u64) -> Result<(), Errno> {
        self.file(ino, true)?.set_len(len).map_err(errno)
    }

    fn link(&self, ino: Ino, dir: Ino, name: &[u8]) -> Result<(), Errno> {
        let from = self.path(ino)?;
        let to = self.path_in(dir, name)?;
        self.root.hard_link(&from, &self.root, &to).map_err(errno)?;
        let found = self.root.symlink_metadata(&to).map_err(errno)?;
        let files = &mut *self.files();
        files.linked.insert((found.dev(), found.ino()), ino);
        files.table.alias(dir, name, ino);
        Ok(())
    }

    fn unlink(&self, dir: Ino, name: &[u8]) -> Result<(), Errno> {
        let path = self.path_in(dir, name)?;
        self.keep(dir, name);
        let outcome = self.root.remove_file(path).map_err(errno);
        let ino = match outcome {
            Ok(()) => self.files().table.remove(dir, name),
            Err(_) => None,
        };
        self.lost(ino);
        outcome
    }

    fn rmdir(&self, dir: Ino, name: &[u8]) -> Result<(), Errno> {
        self.root.remove_dir(self.path_in(dir, name)?).map_err(errno)?;
        self.files().table.remove(dir, name);
        Ok(())
    }

    fn rename(&self, dir: Ino, name: &[u8], to_dir: Ino, to_name: &[u8]) -> Result<(), Errno> {
        let (from, to) = (self.path_in(dir, name)?, self.path_in(to_dir, to_name)?);
        self.keep(to_dir, to_name);
        self.root.rename(from, &self.root, to).map_err(errno)?;
        let replaced = self.files().table.rename((dir, name), (to_dir, to_name));
        self.lost(replaced);
        Ok(())
    }

    fn set_mode(&self, ino: Ino, mode: u32) -> Result<(), Errno> {
        self.root.set_permissions(self.path(ino)?, Permissions::from_mode(mode & 0o7777)).map_err(errno)
    }

    fn set_owner(&self, _ino: Ino, uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
        // Every file has the one owner the mount was given.
        let same = uid.is_none_or(|uid| uid == self.owner.0) && gid.is_none_or(|gid| gid == self.owner.1);
        if same { Ok(()) } else { Err(Errno::EPERM) }
    }

    fn set_times(&self, ino: Ino, atime: Option<Timestamp>, mtime: Option<Timestamp>) -> Result<(), Errno> {
        let mut times = FileTimes::new();
        if let Some(time) = atime {
            times = times.set_accessed(system_time(time).ok_or(Errno::EINVAL)?);
        }
        if let Some(time) = mtime {
            times = times.set_modified(system_time(time).ok_or(Errno::EINVAL)?);
        }
        match kind(&self.metadata(ino)?) {
            FileKind::Regular => self.file(ino, false)?.set_times(times).map_err(errno),
            // Not as a `Dir`: those are opened for searching only, which does not let times be set.
            FileKind::Directory => {
                self.root.open(self.path(ino)?).map_err(errno)?.into_std().set_times(times).map_err(errno)
            }
            _ => Err(Errno::EOPNOTSUPP),
        }
    }

    fn forget(&self, ino: Ino) {
        self.files().removed.remove(&ino);
    }
}

/// A path cap-std takes: the root is `.`.
fn relative(path: Vec<u8>) -> PathBuf {
    if path.is_empty() { PathBuf::from(".") } else { PathBuf::from(OsString::from_vec(path)) }
}

fn kind(found: &Metadata) -> FileKind {
    let kind = found.file_type();
    if kind.is_file() {
        FileKind::Regular
    } else if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_symlink() {
        FileKind::Symlink
    } else if kind.is_fifo() {
        FileKind::Fifo
    } else if kind.is_block_device() {
        FileKind::BlockDevice
    } else if kind.is_char_device() {
        FileKind::CharDevice
    } else {
        FileKind::Socket
    }
}

/// Major and minor of a `dev_t`, as glibc splits it.
fn device(rdev: u64) -> (u32, u32) {
    let major = ((rdev >> 8) & 0xfff) | ((rdev >> 32) & !0xfff);
    let minor = (rdev & 0xff) | ((rdev >> 12) & !0xff);
    (major as u32, minor as u32)
}
