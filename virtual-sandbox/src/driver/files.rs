//! File operations of the contract, on the machine's tree with the rights of its user.

use super::sandbox::VirtualSandbox;
use crate::errno::Errno;
use crate::vfs::{Context, Cred, FileKind, Follow, NoProcesses, OpenFlags, Opened, SetTime, Vfs};
use bytes::Bytes;
use sandbox::{DirEntry, FileErrorKind, FileOperation, FileStat, FileType, SandboxError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The umask of the host's operations.
const UMASK: u32 = 0o022;

impl VirtualSandbox {
    /// Does something with the tree as the user, relative paths from the working directory.
    fn with_files<T>(
        &self,
        operation: FileOperation,
        path: &[u8],
        act: impl FnOnce(&mut Vfs, &Context) -> Result<T, Errno>,
    ) -> Result<T, SandboxError> {
        let failed = |errno| SandboxError::file(operation, path, kind(errno));
        if path.contains(&0) {
            return Err(failed(Errno::EINVAL));
        }
        let mut state = self.shared.open("use files")?;
        state.set_time(&self.shared, Instant::now());
        let kernel = &mut state.machine.kernel;
        let cred = Cred::user();
        let now = kernel.clock.tick();
        let root = Context { cwd: kernel.vfs.root(), cred: &cred, umask: UMASK, now, pid: 1, proc: &NoProcesses };
        let cwd = kernel.vfs.directory(&root, &self.shared.config.cwd).map_err(failed)?;
        let done = act(&mut kernel.vfs, &Context { cwd, ..root }).map_err(failed);
        drop(state);
        self.shared.tell();
        done
    }

    /// Where a path leads, links followed, and the tree as it is now.
    pub(super) fn real_path(&self, path: &[u8]) -> Result<(Vec<u8>, Vfs), SandboxError> {
        self.with_files(FileOperation::Stat, path, |vfs, cx| {
            let node = vfs.resolve(cx, path, Follow::Yes)?;
            Ok((vfs.path_of(node).ok_or(Errno::ENOENT)?, vfs.clone()))
        })
    }

    pub(super) fn read(&self, path: &[u8]) -> Result<Bytes, SandboxError> {
        self.with_files(FileOperation::Read, path, |vfs, cx| match vfs.open(cx, path, OpenFlags::READ, 0)? {
            Opened::Regular(node) => vfs.read_all(node),
            Opened::Text(_, text) => Ok(text),
            Opened::Directory(_) => Err(Errno::EISDIR),
            Opened::Device(..) => Ok(Bytes::new()),
            Opened::Fifo(_) | Opened::Descriptor { .. } | Opened::Named(_) => Err(Errno::ENXIO),
        })
    }

    pub(super) fn write(&self, path: &[u8], contents: Bytes) -> Result<(), SandboxError> {
        self.with_files(FileOperation::Write, path, |vfs, cx| {
            if let Some(end) = path.iter().rposition(|byte| *byte == b'/').filter(|end| *end > 0) {
                let parent = path.get(..end).unwrap_or_default();
                vfs.mkdir_all(cx, parent, 0o777).map_err(|errno| match errno {
                    Errno::EEXIST => Errno::ENOTDIR,
                    errno => errno,
                })?;
            }
            let flags = OpenFlags::WRITE.union(OpenFlags::CREATE).union(OpenFlags::TRUNCATE);
            match vfs.open(cx, path, flags, 0o666)? {
                Opened::Regular(node) => {
                    vfs.set_content(node, contents)?;
                    vfs.set_times_node(cx, node, SetTime::Omit, SetTime::Now)
                }
                Opened::Directory(_) => Err(Errno::EISDIR),
                Opened::Device(..) => Ok(()),
                _ => Err(Errno::ENXIO),
            }
        })
    }

    pub(super) fn status(&self, path: &[u8]) -> Result<FileStat, SandboxError> {
        self.with_files(FileOperation::Stat, path, |vfs, cx| {
            let is_symlink = vfs.stat(cx, path, Follow::No)?.is_symlink();
            let stat = vfs.stat(cx, path, Follow::Yes)?;
            Ok(FileStat {
                file_type: file_type(stat.kind),
                size: stat.size,
                modified: system_time(stat.mtime.secs, stat.mtime.nanos),
                mode: Some(stat.mode & 0o7777),
                is_symlink,
            })
        })
    }

    pub(super) fn entries(&self, path: &[u8]) -> Result<Vec<DirEntry>, SandboxError> {
        self.with_files(FileOperation::ReadDir, path, |vfs, cx| {
            let entries = vfs.read_dir_path(cx, path)?;
            let mut entries: Vec<DirEntry> = entries
                .into_iter()
                .map(|entry| DirEntry { name: entry.name.to_vec(), file_type: file_type(entry.kind) })
                .collect();
            entries.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(entries)
        })
    }

    pub(super) fn is_there(&self, path: &[u8]) -> Result<bool, SandboxError> {
        self.with_files(FileOperation::Stat, path, |vfs, cx| match vfs.stat(cx, path, Follow::Yes) {
            Ok(_) => Ok(true),
            Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(false),
            Err(errno) => Err(errno),
        })
    }

    pub(super) fn make_dir(&self, path: &[u8], parents: bool) -> Result<(), SandboxError> {
        self.with_files(FileOperation::CreateDir, path, |vfs, cx| {
            if !parents {
                return vfs.mkdir(cx, path, 0o777).map(|_| ());
            }
            vfs.mkdir_all(cx, path, 0o777)?;
            match vfs.stat(cx, path, Follow::Yes)?.is_directory() {
                true => Ok(()),
                false => Err(Errno::EEXIST),
            }
        })
    }

    pub(super) fn delete(&self, path: &[u8], recursive: bool) -> Result<(), SandboxError> {
        self.with_files(FileOperation::Remove, path, |vfs, cx| {
            match (vfs.stat(cx, path, Follow::No)?.kind, recursive) {
                (_, true) => vfs.remove_all(cx, path),
                (FileKind::Directory, false) => vfs.rmdir(cx, path),
                _ => vfs.unlink(cx, path),
            }
        })
    }

    pub(super) fn move_to(&self, from: &[u8], to: &[u8]) -> Result<(), SandboxError> {
        if to.contains(&0) {
            return Err(SandboxError::file(FileOperation::Rename, to, FileErrorKind::InvalidPath));
        }
        self.with_files(FileOperation::Rename, from, |vfs, cx| vfs.rename(cx, from, to))
    }
}

fn file_type(kind: FileKind) -> FileType {
    match kind {
        FileKind::Regular => FileType::File,
        FileKind::Directory => FileType::Directory,
        FileKind::Symlink => FileType::Symlink,
        _ => FileType::Other,
    }
}

fn system_time(secs: i64, nanos: u32) -> SystemTime {
    let nanos = Duration::from_nanos(u64::from(nanos));
    let whole = Duration::from_secs(secs.unsigned_abs());
    let second = if secs >= 0 { UNIX_EPOCH.checked_add(whole) } else { UNIX_EPOCH.checked_sub(whole) };
    second.and_then(|second| second.checked_add(nanos)).unwrap_or(UNIX_EPOCH)
}

/// The contract's word for an error number.
fn kind(errno: Errno) -> FileErrorKind {
    match errno {
        Errno::ENOENT => FileErrorKind::NotFound,
        Errno::EEXIST => FileErrorKind::AlreadyExists,
        Errno::ENOTDIR => FileErrorKind::NotADirectory,
        Errno::EISDIR => FileErrorKind::IsADirectory,
        Errno::ENOTEMPTY => FileErrorKind::DirectoryNotEmpty,
        Errno::EACCES | Errno::EPERM => FileErrorKind::PermissionDenied,
        Errno::ELOOP => FileErrorKind::TooManyLinks,
        Errno::ENAMETOOLONG => FileErrorKind::NameTooLong,
        Errno::EROFS => FileErrorKind::ReadOnly,
        Errno::ENOSPC | Errno::EDQUOT => FileErrorKind::NoSpace,
        Errno::EINVAL => FileErrorKind::InvalidPath,
        errno => FileErrorKind::Other(errno.message().to_owned()),
    }
}
