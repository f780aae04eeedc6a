//! A sandbox's tree handed out as a file system of the `vfs` crate.

use super::convert::{system_time, timestamp};
use crate::errno::Errno;
use crate::vfs::{At, Context, Cred, FileKind, Follow, NoProcesses, Node, OpenFlags, Opened, SetTime, Vfs};
use ::vfs::error::VfsErrorKind;
use ::vfs::{SeekAndRead, SeekAndWrite, VfsFileType, VfsMetadata, VfsPath, VfsResult};
use bytes::Bytes;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// A tree that the `vfs` crate's paths lead into. Clones mean the same tree.
///
/// It begins as a snapshot of a sandbox's files (`vfs.clone()`); what is changed through it is seen in
/// [`SharedTree::snapshot`], which can be given to a sandbox again. Calls are made as one user.
#[derive(Clone, Debug)]
pub struct SharedTree {
    tree: Arc<Mutex<Vfs>>,
    cred: Cred,
}

impl SharedTree {
    /// Shares a tree for calls made as `cred`.
    pub fn new(vfs: Vfs, cred: Cred) -> SharedTree {
        SharedTree { tree: Arc::new(Mutex::new(vfs)), cred }
    }

    /// The root of the tree as a path of the `vfs` crate.
    pub fn path(&self) -> VfsPath {
        VfsPath::new(self.clone())
    }

    /// The tree as it is now.
    pub fn snapshot(&self) -> Vfs {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vfs> {
        // A tree is consistent between any two statements that can panic.
        self.tree.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call on the tree as the user, at the host's time.
    fn call<T>(&self, call: impl FnOnce(&mut Vfs, &Context) -> Result<T, Errno>) -> Result<T, Errno> {
        let vfs = &mut *self.lock();
        let now = timestamp(SystemTime::now());
        let cx = Context { cwd: vfs.root(), cred: &self.cred, umask: 0o022, now, pid: 1, proc: &NoProcesses };
        call(vfs, &cx)
    }

    /// [`SharedTree::call`] on a path of the crate, whose root is the empty string.
    fn at<T>(&self, path: &str, call: impl FnOnce(&mut Vfs, &Context, &[u8]) -> Result<T, Errno>) -> VfsResult<T> {
        let path = if path.is_empty() { "/" } else { path };
        Ok(self.call(|vfs, cx| call(vfs, cx, path.as_bytes())).map_err(crate_error)?)
    }

    /// Opens a regular file and counts it as open.
    fn open(&self, path: &str, flags: OpenFlags) -> VfsResult<SharedFile> {
        let node = self.at(path, |vfs, cx, path| match vfs.open(cx, path, flags, 0o666)? {
            Opened::Regular(node) => {
                vfs.retain(node);
                Ok(node)
            }
            Opened::Directory(_) => Err(Errno::EISDIR),
            _ => Err(Errno::EINVAL),
        })?;
        Ok(SharedFile { tree: self.clone(), node, offset: 0, append: flags.contains(OpenFlags::APPEND) })
    }
}

impl ::vfs::FileSystem for SharedTree {
    fn read_dir(&self, path: &str) -> VfsResult<Box<dyn Iterator<Item = String> + Send>> {
        let entries = self.at(path, |vfs, cx, path| vfs.read_dir_path(cx, path))?;
        // The crate knows no other names than UTF-8.
        let names: Vec<String> =
            entries.into_iter().filter_map(|entry| String::from_utf8(entry.name.to_vec()).ok()).collect();
        Ok(Box::new(names.into_iter()))
    }

    fn create_dir(&self, path: &str) -> VfsResult<()> {
        let made = self.at(path, |vfs, cx, path| match vfs.mkdir(cx, path, 0o777) {
            Err(Errno::EEXIST) => vfs.stat(cx, path, Follow::Yes).map(|stat| Err(stat.is_directory())),
            other => other.map(|_| Ok(())),
        })?;
        match made {
            Ok(()) => Ok(()),
            Err(true) => Err(VfsErrorKind::DirectoryExists.into()),
            Err(false) => Err(VfsErrorKind::FileExists.into()),
        }
    }

    fn open_file(&self, path: &str) -> VfsResult<Box<dyn SeekAndRead + Send>> {
        Ok(Box::new(self.open(path, OpenFlags::READ)?))
    }

    fn create_file(&self, path: &str) -> VfsResult<Box<dyn SeekAndWrite + Send>> {
        Ok(Box::new(self.open(path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE)?))
    }

    fn append_file(&self, path: &str) -> VfsResult<Box<dyn SeekAndWrite + Send>> {
        Ok(Box::new(self.open(path, OpenFlags::WRITE | OpenFlags::APPEND)?))
    }

    fn metadata(&self, path: &str) -> VfsResult<VfsMetadata> {
        let stat = self.at(path, |vfs, cx, path| vfs.stat(cx, path, Follow::Yes))?;
        let directory = stat.kind == FileKind::Directory;
        Ok(VfsMetadata {
            file_type: if directory { VfsFileType::Directory } else { VfsFileType::File },
            len: if directory { 0 } else { stat.size },
            created: system_time(stat.btime),
            modified: system_time(stat.mtime),
            accessed: system_time(stat.atime),
        })
    }

    fn set_modification_time(&self, path: &str, time: SystemTime) -> VfsResult<()> {
        let time = SetTime::At(timestamp(time));
        self.at(path, |vfs, cx, path| vfs.set_times(cx, path, SetTime::Omit, time, Follow::Yes))
    }

    fn set_access_time(&self, path: &str, time: SystemTime) -> VfsResult<()> {
        let time = SetTime::At(timestamp(time));
        self.at(path, |vfs, cx, path| vfs.set_times(cx, path, time, SetTime::Omit, Follow::Yes))
    }

    fn exists(&self, path: &str) -> VfsResult<bool> {
        self.at(path, |vfs, cx, path| match vfs.resolve(cx, path, Follow::Yes) {
            Ok(_) => Ok(true),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(false),
            Err(errno) => Err(errno),
        })
    }

    fn remove_file(&self, path: &str) -> VfsResult<()> {
        self.at(path, |vfs, cx, path| vfs.unlink(cx, path))
    }

    fn remove_dir(&self, path: &str) -> VfsResult<()> {
        self.at(path, |vfs, cx, path| vfs.rmdir(cx, path))
    }

    fn copy_file(&self, from: &str, to: &str) -> VfsResult<()> {
        self.at(from, |vfs, cx, from| {
            let to = if to.is_empty() { "/" } else { to };
            let content = vfs.read_file(cx, from)?;
            let mode = vfs.stat(cx, from, Follow::Yes)?.mode;
            vfs.write_file(cx, to.as_bytes(), content, mode).map(drop)
        })
    }

    fn move_file(&self, from: &str, to: &str) -> VfsResult<()> {
        self.at(from, |vfs, cx, from| vfs.rename(cx, from, to.as_bytes()))
    }

    fn move_dir(&self, from: &str, to: &str) -> VfsResult<()> {
        self.at(from, |vfs, cx, from| vfs.rename(cx, from, to.as_bytes()))
    }
}

/// An open file of a shared tree.
struct SharedFile {
    tree: SharedTree,
    node: Node,
    offset: u64,
    append: bool,
}

impl Read for SharedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.tree.lock().read_at(self.node, self.offset, buffer.len()).map_err(io_error)?;
        if let Some(part) = buffer.get_mut(..bytes.len()) {
            part.copy_from_slice(&bytes);
        }
        self.offset += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Write for SharedFile {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let at = if self.append { At::End } else { At::Offset(self.offset) };
        let (taken, offset) = self
            .tree
            .call(|vfs, cx| vfs.write_at(self.node, at, &Bytes::copy_from_slice(data), cx.now))
            .map_err(io_error)?;
        self.offset = offset;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let from = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
            SeekFrom::End(by) => self.tree.lock().len(self.node).map_err(io_error)?.checked_add_signed(by),
        };
        self.offset = from.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.offset)
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        self.tree.lock().release(self.node);
    }
}

fn io_error(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.number())
}

fn crate_error(errno: Errno) -> VfsErrorKind {
    match errno {
        Errno::ENOENT => VfsErrorKind::FileNotFound,
        errno => VfsErrorKind::IoError(io_error(errno)),
    }
}
