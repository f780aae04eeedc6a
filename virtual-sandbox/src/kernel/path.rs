//! Calls that name files: the process's view is put together and the file system asked.

use super::procfs::ProcView;
use super::{Kernel, Pid};
use crate::errno::Errno;
use crate::sys::Fd;
use crate::vfs::{Context, DirEntry, Follow, OpenFlags, SetTime, Timestamp, Vfs};
use bytes::Bytes;
use std::sync::Arc;

impl Kernel {
    /// Runs `call` on the file system with the view of `pid`.
    pub fn with_view<T>(
        &self,
        pid: Pid,
        call: impl FnOnce(&Vfs, &Context<'_>) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let process = self.living(pid)?;
        let view = ProcView {
            processes: &self.processes,
            files: &self.files,
            pipes: &self.pipes,
            consoles: &self.consoles,
            clock: self.clock,
            memory: (self.limits.memory, self.usage.memory),
        };
        let context = Context {
            cwd: process.cwd,
            cred: &process.cred,
            umask: process.umask,
            now: self.clock.timestamp(),
            pid: pid.0,
            proc: &view,
        };
        call(&self.vfs, &context)
    }

    /// Runs `call` on the file system, to change it, with the view of `pid`.
    pub fn with_context<T>(
        &mut self,
        pid: Pid,
        now: Timestamp,
        call: impl FnOnce(&mut Vfs, &Context<'_>) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let Kernel { vfs, processes, files, pipes, consoles, clock, limits, usage, .. } = self;
        let process = processes.get(&pid).ok_or(Errno::ESRCH)?;
        let view = ProcView { processes, files, pipes, consoles, clock: *clock, memory: (limits.memory, usage.memory) };
        let context =
            Context { cwd: process.cwd, cred: &process.cred, umask: process.umask, now, pid: pid.0, proc: &view };
        call(vfs, &context)
    }

    fn change<T>(
        &mut self,
        pid: Pid,
        call: impl FnOnce(&mut Vfs, &Context<'_>) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        let now = self.clock.tick();
        self.with_context(pid, now, call)
    }

    /// Every entry of a directory but `.` and `..`.
    pub fn read_dir(&self, pid: Pid, path: &[u8]) -> Result<Arc<[DirEntry]>, Errno> {
        self.with_view(pid, |vfs, context| vfs.read_dir_path(context, path)).map(Arc::from)
    }

    /// readlink(2).
    pub fn read_link(&self, pid: Pid, path: &[u8]) -> Result<Bytes, Errno> {
        self.with_view(pid, |vfs, context| vfs.read_link(context, path))
    }

    /// access(2): R=4, W=2, X=1.
    pub fn access(&self, pid: Pid, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.with_view(pid, |vfs, context| vfs.access(context, path, mode))
    }

    /// mkdir(2).
    pub fn mkdir(&mut self, pid: Pid, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.mkdir(context, path, mode)).map(drop)
    }

    /// rmdir(2).
    pub fn rmdir(&mut self, pid: Pid, path: &[u8]) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.rmdir(context, path))
    }

    /// unlink(2).
    pub fn unlink(&mut self, pid: Pid, path: &[u8]) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.unlink(context, path))
    }

    /// rename(2).
    pub fn rename(&mut self, pid: Pid, from: &[u8], to: &[u8]) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.rename(context, from, to))
    }

    /// linkat(2).
    pub fn link(&mut self, pid: Pid, from: &[u8], to: &[u8], follow: Follow) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.link(context, from, to, follow))
    }

    /// symlink(2).
    pub fn symlink(&mut self, pid: Pid, target: &[u8], path: &[u8]) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.symlink(context, target, path)).map(drop)
    }

    /// mkfifo(3).
    pub fn mkfifo(&mut self, pid: Pid, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.mkfifo(context, path, mode)).map(drop)
    }

    /// chmod(2).
    pub fn chmod(&mut self, pid: Pid, path: &[u8], mode: u32) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.chmod(context, path, mode, Follow::Yes))
    }

    /// chown(2), lchown(2).
    pub fn chown(
        &mut self,
        pid: Pid,
        path: &[u8],
        uid: Option<u32>,
        gid: Option<u32>,
        follow: Follow,
    ) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.chown(context, path, uid, gid, follow))
    }

    /// utimensat(2).
    pub fn set_times(
        &mut self,
        pid: Pid,
        path: &[u8],
        atime: SetTime,
        mtime: SetTime,
        follow: Follow,
    ) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.set_times(context, path, atime, mtime, follow))
    }

    /// truncate(2).
    pub fn truncate(&mut self, pid: Pid, path: &[u8], len: u64) -> Result<(), Errno> {
        self.change(pid, |vfs, context| vfs.truncate(context, path, len))
    }

    /// getcwd(3).
    pub fn getcwd(&self, pid: Pid) -> Result<Bytes, Errno> {
        self.vfs.directory_path(self.living(pid)?.cwd).map(Bytes::from)
    }

    /// chdir(2).
    pub fn chdir(&mut self, pid: Pid, path: &[u8]) -> Result<(), Errno> {
        let node = self.with_view(pid, |vfs, context| {
            let node = vfs.resolve(context, path, Follow::Yes)?;
            if !vfs.stat_node(context, node)?.is_directory() {
                return Err(Errno::ENOTDIR);
            }
            vfs.access(context, path, 1)?;
            Ok(node)
        })?;
        self.set_cwd(pid, node)
    }

    /// Makes a directory the working directory.
    pub fn set_cwd(&mut self, pid: Pid, node: crate::vfs::Node) -> Result<(), Errno> {
        self.vfs.retain(node);
        let old = std::mem::replace(&mut self.living_mut(pid)?.cwd, node);
        self.vfs.release(old);
        Ok(())
    }

    /// umask(2): the value before.
    pub fn umask(&mut self, pid: Pid, mask: Option<u32>) -> Result<u32, Errno> {
        let process = self.living_mut(pid)?;
        let old = process.umask;
        if let Some(mask) = mask {
            process.umask = mask & 0o777;
        }
        Ok(old)
    }

    /// nice(2): the niceness after `increment` was added, which a user without privileges may not lower.
    pub fn nice(&mut self, pid: Pid, increment: i64) -> Result<u8, Errno> {
        let process = self.living_mut(pid)?;
        let wanted = i64::from(process.niceness).saturating_add(increment).min(19);
        process.niceness =
            u8::try_from(wanted).ok().filter(|wanted| *wanted >= process.niceness).ok_or(Errno::EACCES)?;
        Ok(process.niceness)
    }

    /// Opens `path` as exactly `fd`, closing what was there.
    pub fn open_as(&mut self, pid: Pid, path: &[u8], flags: OpenFlags, mode: u32, fd: Fd) -> super::Try<()> {
        let opened = self.open(pid, path, flags, mode)?;
        Ok(self.move_fd(pid, opened, fd)?)
    }
}
