//! File systems of the `vfs` crate: any of them can be mounted.

use super::convert::{errno as io_errno, error_errno, system_time, timestamp};
use super::path_table::{PathTable, ROOT};
use crate::errno::Errno;
use crate::vfs::{Attributes, DirEntry, FileKind, FileSystem, Ino, NewFile, NewKind, Timestamp};
use ::vfs::error::VfsErrorKind;
use ::vfs::{SeekAndRead, VfsError, VfsFileType, VfsPath};
use bytes::Bytes;
use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most bytes one read answers.
const READ_MAX: usize = 64 * 1024;

/// A file system of the `vfs` crate (physical, in memory, embedded, overlay, ...) as one that can be mounted.
///
/// It has files and directories only: links and special files cannot be made in it (EPERM), modes are 0755 and 0644,
/// names must be UTF-8. A write that is not at the end of a file rewrites the file; mounted copy-on-write, it is not
/// written at all.
pub struct CrateFs {
    root: VfsPath,
    owner: (u32, u32),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    table: PathTable,
    /// The file that was read last, and where its reader stands.
    reader: Option<(Ino, u64, Box<dyn SeekAndRead + Send>)>,
}

impl std::fmt::Debug for CrateFs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CrateFs").field("root", &self.root).field("owner", &self.owner).finish_non_exhaustive()
    }
}

impl CrateFs {
    /// The tree at `root`; its files appear to belong to `owner` (uid, gid).
    pub fn new(root: VfsPath, owner: (u32, u32)) -> CrateFs {
        CrateFs { root, owner, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The tables are consistent between any two statements that can panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, ino: Ino) -> Result<VfsPath, Errno> {
        let path = self.state().table.path(ino)?;
        self.at(path)
    }

    fn path_in(&self, dir: Ino, name: &[u8]) -> Result<VfsPath, Errno> {
        let path = self.state().table.path_in(dir, name)?;
        self.at(path)
    }

    fn at(&self, path: Vec<u8>) -> Result<VfsPath, Errno> {
        let path = String::from_utf8(path).map_err(|_| Errno::EILSEQ)?;
        self.root.join(path).map_err(errno)
    }

    /// The whole content of a file.
    fn content(&self, path: &VfsPath) -> Result<Vec<u8>, Errno> {
        let mut content = Vec::new();
        path.open_file().map_err(errno)?.read_to_end(&mut content).map_err(io_errno)?;
        Ok(content)
    }

    /// Replaces the whole content of a file.
    fn replace(&self, path: &VfsPath, content: &[u8]) -> Result<(), Errno> {
        self.state().reader = None;
        let mut file = path.create_file().map_err(errno)?;
        file.write_all(content).map_err(io_errno)?;
        file.flush().map_err(io_errno)
    }
}

impl FileSystem for CrateFs {
    fn root(&self) -> Ino {
        ROOT
    }

    fn attributes(&self, ino: Ino) -> Result<Attributes, Errno> {
        let found = self.path(ino)?.metadata().map_err(errno)?;
        let kind = kind(found.file_type);
        let modified = found.modified.map(timestamp).unwrap_or_default();
        let created = found.created.map_or(modified, timestamp);
        Ok(Attributes {
            mode: if kind == FileKind::Directory { 0o755 } else { 0o644 },
            uid: self.owner.0,
            gid: self.owner.1,
            size: found.len,
            blocks: found.len.div_ceil(512),
            atime: found.accessed.map_or(modified, timestamp),
            mtime: modified,
            ctime: modified,
            btime: created,
            ..Attributes::new(kind, 0, modified)
        })
    }

    fn lookup(&self, dir: Ino, name: &[u8]) -> Result<(Ino, FileKind), Errno> {
        // A name that is no UTF-8 cannot exist here.
        let path =
            self.path_in(dir, name).map_err(|errno| if errno == Errno::EILSEQ { Errno::ENOENT } else { errno })?;
        let found = path.metadata().map_err(errno)?;
        Ok((self.state().table.number(dir, name), kind(found.file_type)))
    }

    fn parent(&self, dir: Ino) -> Result<Ino, Errno> {
        self.state().table.parent(dir)
    }

    fn read_dir(&self, dir: Ino) -> Result<Vec<DirEntry>, Errno> {
        let mut entries = Vec::new();
        for path in self.path(dir)?.read_dir().map_err(errno)? {
            let name = path.filename();
            let kind = kind(path.metadata().map_err(errno)?.file_type);
            let ino = self.state().table.number(dir, name.as_bytes()).0;
            entries.push(DirEntry { name: Bytes::from(name), ino, kind });
        }
        Ok(entries)
    }

    fn read_link(&self, _ino: Ino) -> Result<Bytes, Errno> {
        Err(Errno::EINVAL)
    }

    fn read(&self, ino: Ino, offset: u64, max: usize) -> Result<Bytes, Errno> {
        let kept = self.state().reader.take().filter(|(kept, ..)| *kept == ino);
        let (mut at, mut reader) = match kept {
            Some((_, at, reader)) => (at, reader),
            None => (0, self.path(ino)?.open_file().map_err(errno)?),
        };
        if at != offset {
            at = reader.seek(SeekFrom::Start(offset)).map_err(io_errno)?;
        }
        let mut bytes = Vec::new();
        reader.by_ref().take(max.min(READ_MAX) as u64).read_to_end(&mut bytes).map_err(io_errno)?;
        at += bytes.len() as u64;
        // A reader at the end may not see what is appended later.
        if !bytes.is_empty() {
            self.state().reader = Some((ino, at, reader));
        }
        Ok(Bytes::from(bytes))
    }

    fn create(&self, dir: Ino, name: &[u8], new: &NewFile) -> Result<Ino, Errno> {
        let path = self.path_in(dir, name)?;
        match new.kind {
            NewKind::Regular => drop(path.create_file().map_err(errno)?),
            NewKind::Directory => path.create_dir().map_err(errno)?,
            _ => return Err(Errno::EPERM),
        }
        Ok(self.state().table.number(dir, name))
    }

    fn write(&self, ino: Ino, offset: u64, data: &[u8]) -> Result<usize, Errno> {
        let path = self.path(ino)?;
        self.state().reader = None;
        if path.metadata().map_err(errno)?.len == offset {
            let mut file = path.append_file().map_err(errno)?;
            file.write_all(data).map_err(io_errno)?;
            file.flush().map_err(io_errno)?;
            return Ok(data.len());
        }
        let mut content = self.content(&path)?;
        let start = usize::try_from(offset).map_err(|_| Errno::EFBIG)?;
        let end = start.checked_add(data.len()).ok_or(Errno::EFBIG)?;
        if content.len() < end {
            content.resize(end, 0);
        }
        if let Some(part) = content.get_mut(start..end) {
            part.copy_from_slice(data);
        }
        self.replace(&path, &content)?;
        Ok(data.len())
    }

    fn set_len(&self, ino: Ino, len: u64) -> Result<(), Errno> {
        let path = self.path(ino)?;
        let mut content = if len == 0 { Vec::new() } else { self.content(&path)? };
        content.resize(usize::try_from(len).map_err(|_| Errno::EFBIG)?, 0);
        self.replace(&path, &content)
    }

    fn link(&self, _ino: Ino, _dir: Ino, _name: &[u8]) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn unlink(&self, dir: Ino, name: &[u8]) -> Result<(), Errno> {
        self.path_in(dir, name)?.remove_file().map_err(errno)?;
        let state = &mut *self.state();
        state.reader = None;
        state.table.remove(dir, name);
        Ok(())
    }

    fn rmdir(&self, dir: Ino, name: &[u8]) -> Result<(), Errno> {
        let path = self.path_in(dir, name)?;
        if path.read_dir().map_err(errno)?.next().is_some() {
            return Err(Errno::ENOTEMPTY);
        }
        path.remove_dir().map_err(errno)?;
        self.state().table.remove(dir, name);
        Ok(())
    }

    fn rename(&self, dir: Ino, name: &[u8], to_dir: Ino, to_name: &[u8]) -> Result<(), Errno> {
        let (from, to) = (self.path_in(dir, name)?, self.path_in(to_dir, to_name)?);
        if from.is_dir().map_err(errno)? {
            if to.exists().map_err(errno)? {
                self.rmdir(to_dir, to_name)?;
            }
            from.move_dir(&to).map_err(errno)?;
        } else {
            if to.exists().map_err(errno)? {
                to.remove_file().map_err(errno)?;
            }
            from.move_file(&to).map_err(errno)?;
        }
        let state = &mut *self.state();
        state.reader = None;
        state.table.rename((dir, name), (to_dir, to_name));
        Ok(())
    }

    fn set_mode(&self, _ino: Ino, _mode: u32) -> Result<(), Errno> {
        Err(Errno::EPERM)
    }

    fn set_owner(&self, _ino: Ino, uid: Option<u32>, gid: Option<u32>) -> Result<(), Errno> {
        let same = uid.is_none_or(|uid| uid == self.owner.0) && gid.is_none_or(|gid| gid == self.owner.1);
        if same { Ok(()) } else { Err(Errno::EPERM) }
    }

    fn set_times(&self, ino: Ino, atime: Option<Timestamp>, mtime: Option<Timestamp>) -> Result<(), Errno> {
        let path = self.path(ino)?;
        if let Some(time) = atime.and_then(system_time) {
            path.set_access_time(time).map_err(errno)?;
        }
        if let Some(time) = mtime.and_then(system_time) {
            path.set_modification_time(time).map_err(errno)?;
        }
        Ok(())
    }
}

fn kind(file_type: VfsFileType) -> FileKind {
    match file_type {
        VfsFileType::Directory => FileKind::Directory,
        VfsFileType::File => FileKind::Regular,
    }
}

/// What an error of the crate is in the sandbox.
fn errno(error: VfsError) -> Errno {
    match error.kind() {
        VfsErrorKind::IoError(error) => error_errno(error),
        VfsErrorKind::FileNotFound => Errno::ENOENT,
        VfsErrorKind::InvalidPath => Errno::EINVAL,
        VfsErrorKind::DirectoryExists | VfsErrorKind::FileExists => Errno::EEXIST,
        VfsErrorKind::NotSupported => Errno::EROFS,
        _ => Errno::EIO,
    }
}
