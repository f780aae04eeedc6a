//! Serves the system calls of utilities. Starting programs is the machine's part.

use super::{Disposition, Kernel, Pid, Try};
use crate::errno::Errno;
use crate::sys::{Fd, Identity, Reply, Syscall};
use std::sync::Arc;

impl Kernel {
    /// Serves one call. [`Syscall::Spawn`] and [`Syscall::Exec`] are answered with ENOSYS here: the machine knows
    /// programs.
    pub fn serve(&mut self, pid: Pid, call: &Syscall) -> Try<Reply> {
        match call {
            Syscall::Read { fd, max } => self.read(pid, *fd, *max).map(Reply::Bytes),
            Syscall::Write { fd, data } => self.write(pid, *fd, data).map(|taken| Reply::Number(taken as u64)),
            Syscall::Open { path, flags, mode } => self.open(pid, path, *flags, *mode).map(Reply::Fd),
            Syscall::Wait { target, timeout } => {
                self.wait(pid, *target, *timeout).map(|(child, status)| Reply::Waited(child, status))
            }
            Syscall::Sleep(nanoseconds) => {
                if self.deadline_passed(pid, *nanoseconds) {
                    Ok(Reply::Done)
                } else {
                    Err(super::Fault::Block)
                }
            }
            Syscall::Yield => Ok(Reply::Done),
            other => self.serve_at_once(pid, other).map_err(super::Fault::Errno),
        }
    }

    /// Calls that never wait.
    fn serve_at_once(&mut self, pid: Pid, call: &Syscall) -> Result<Reply, Errno> {
        match call {
            Syscall::ReadAt { fd, offset, max } => self.read_at(pid, *fd, *offset, *max).map(Reply::Bytes),
            Syscall::Close(fd) => self.close(pid, *fd).map(done),
            Syscall::Dup { from, to } => self.dup2(pid, *from, *to).map(done),
            Syscall::Pipe => self.pipe(pid, Fd(0)).map(|(read, write)| Reply::FdPair(read, write)),
            Syscall::Seek { fd, whence, offset } => self.seek(pid, *fd, *whence, *offset).map(Reply::Number),
            Syscall::Stat { path, follow } => self.stat(pid, path, *follow).map(|stat| Reply::Stat(Box::new(stat))),
            Syscall::Fstat(fd) => self.fstat(pid, *fd).map(|stat| Reply::Stat(Box::new(stat))),
            Syscall::ReadDir(path) => self.read_dir(pid, path).map(Reply::Entries),
            Syscall::ReadLink(path) => self.read_link(pid, path).map(Reply::Bytes),
            Syscall::Access { path, mode } => self.access(pid, path, *mode).map(done),
            Syscall::Ftruncate { fd, len } => self.ftruncate(pid, *fd, *len).map(done),
            Syscall::GetCwd => self.getcwd(pid).map(Reply::Bytes),
            Syscall::Chdir(path) => self.chdir(pid, path).map(done),
            Syscall::Umask(mask) => self.umask(pid, *mask).map(|old| Reply::Number(u64::from(old))),
            Syscall::Nice(increment) => self.nice(pid, *increment).map(|niceness| Reply::Number(u64::from(niceness))),
            Syscall::Kill { target, signal } => self.kill(pid, *target, *signal).map(done),
            Syscall::Sigaction { signal, disposition } => {
                // A utility has no handlers.
                if *disposition == Disposition::Catch {
                    return Err(Errno::EINVAL);
                }
                self.set_disposition(pid, *signal, *disposition).map(done)
            }
            Syscall::Now => Ok(Reply::Time(self.clock.timestamp())),
            Syscall::Random(count) => Ok(Reply::Bytes(self.entropy.bytes((*count).min(1 << 20)))),
            Syscall::Identity => self.identity(pid).map(|identity| Reply::Identity(Arc::new(identity))),
            Syscall::IsBroken(fd) => Ok(Reply::Number(u64::from(self.is_broken(pid, *fd)))),
            Syscall::IsTerminal(fd) => Ok(Reply::Number(u64::from(self.is_terminal(pid, *fd)))),
            other => self.serve_change(pid, other),
        }
    }

    /// Calls that change the tree of files.
    fn serve_change(&mut self, pid: Pid, call: &Syscall) -> Result<Reply, Errno> {
        match call {
            Syscall::Mkdir { path, mode } => self.mkdir(pid, path, *mode),
            Syscall::Rmdir(path) => self.rmdir(pid, path),
            Syscall::Unlink(path) => self.unlink(pid, path),
            Syscall::Rename { from, to } => self.rename(pid, from, to),
            Syscall::Link { from, to, follow } => self.link(pid, from, to, *follow),
            Syscall::Symlink { target, path } => self.symlink(pid, target, path),
            Syscall::Mkfifo { path, mode } => self.mkfifo(pid, path, *mode),
            Syscall::Chmod { path, mode } => self.chmod(pid, path, *mode),
            Syscall::Chown { path, uid, gid, follow } => self.chown(pid, path, *uid, *gid, *follow),
            Syscall::SetTimes { path, atime, mtime, follow } => self.set_times(pid, path, *atime, *mtime, *follow),
            Syscall::Truncate { path, len } => self.truncate(pid, path, *len),
            _ => Err(Errno::ENOSYS),
        }
        .map(done)
    }

    fn identity(&self, pid: Pid) -> Result<Identity, Errno> {
        let process = self.living(pid)?;
        Ok(Identity {
            pid,
            ppid: process.ppid,
            pgid: process.pgid,
            sid: process.sid,
            uid: process.cred.uid,
            gid: process.cred.gid,
            groups: process.cred.groups.to_vec(),
        })
    }
}

fn done(_: ()) -> Reply {
    Reply::Done
}
