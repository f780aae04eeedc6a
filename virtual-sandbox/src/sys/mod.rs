//! The system-call handle: the only way a utility reaches the world.
//!
//! A utility is an ordinary async function. Each call on [`Sys`] puts one [`Syscall`] in the task's slot and suspends;
//! the machine serves it, puts the [`Reply`] in the slot and polls again. No executor, waker or clock of the host is
//! involved, so a run is a pure function of its replies: a task is restored by polling a fresh future against its log.

mod syscall;

pub use syscall::{Fd, Identity, Reply, SpawnRequest, Syscall, WaitTarget, Whence};

use crate::errno::Errno;
use crate::kernel::{Disposition, Pid, Signal, WaitStatus};
use crate::vfs::{DirEntry, Follow, OpenFlags, SetTime, Stat, Timestamp};
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

/// How many bytes one read asks for, and how many an output buffer gathers before it writes.
pub const CHUNK: usize = 65_536;

/// Fuel a task may charge before it must let others run.
const CHARGE_BEFORE_YIELD: u64 = 65_536;

/// What stands between a task's future and the machine.
#[derive(Default)]
pub struct Slot {
    request: Option<Syscall>,
    reply: Option<Reply>,
    charged: u64,
    unyielded: u64,
    held: u64,
}

/// The system-call handle of one task. Clones share the slot; one call may be under way at a time.
#[derive(Clone)]
pub struct Sys {
    slot: Arc<Mutex<Slot>>,
    name: Bytes,
}

/// Bytes of its input that a task holds in memory; no more once this is dropped. A task whose accounts together are more
/// than the machine allows is ended at its next call.
pub struct Held {
    sys: Sys,
    bytes: u64,
}

impl Held {
    /// Says how many bytes are held now.
    pub fn set(&mut self, bytes: usize) {
        let bytes = bytes as u64;
        if bytes != self.bytes {
            let mut slot = self.sys.lock();
            slot.held = (slot.held + bytes).saturating_sub(self.bytes);
            self.bytes = bytes;
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// A request that waits for its reply.
struct Call<'a> {
    sys: &'a Sys,
    request: Option<Syscall>,
}

impl Future for Call<'_> {
    type Output = Reply;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Reply> {
        let mut slot = self.sys.lock();
        if let Some(request) = self.request.take() {
            slot.request = Some(request);
            return Poll::Pending;
        }
        match slot.reply.take() {
            Some(reply) => Poll::Ready(reply),
            None => Poll::Pending,
        }
    }
}

macro_rules! expect_reply {
    ($reply:expr, $($pattern:pat => $value:expr),+) => {
        match $reply {
            $($pattern => Ok($value),)+
            Reply::Error(errno) => Err(errno),
            // The kernel answers each call with its own kind of reply; another kind is a fault of ours.
            other => {
                debug_assert!(false, "unexpected reply {other:?}");
                Err(Errno::EIO)
            }
        }
    };
}

impl Sys {
    /// A handle with an empty slot for the program called `name`.
    pub fn new(name: Bytes) -> Self {
        Sys { slot: Arc::default(), name }
    }

    /// The name the program was called by, as its messages begin.
    pub fn name(&self) -> &Bytes {
        &self.name
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        // A poisoned slot belongs to a task that panicked and is being dropped.
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same handle under another name: `egrep` is `grep -E` and says `grep` in its messages.
    pub fn renamed(&self, name: &'static str) -> Self {
        Sys { slot: self.slot.clone(), name: Bytes::from_static(name.as_bytes()) }
    }

    /// Takes the request the future has put down, if any. For the machine.
    pub(crate) fn take_request(&self) -> Option<Syscall> {
        self.lock().request.take()
    }

    /// Puts the reply down for the next poll. For the machine.
    pub(crate) fn put_reply(&self, reply: Reply) {
        self.lock().reply = Some(reply);
    }

    /// Takes the fuel charged since it was last asked. For the machine.
    pub(crate) fn take_charge(&self) -> u64 {
        std::mem::take(&mut self.lock().charged)
    }

    async fn call(&self, request: Syscall) -> Reply {
        Call { sys: self, request: Some(request) }.await
    }

    async fn call_unit(&self, request: Syscall) -> Result<(), Errno> {
        expect_reply!(self.call(request).await, Reply::Done => ())
    }

    /// An account of bytes of its input that the task holds in memory.
    pub fn account(&self) -> Held {
        Held { sys: self.clone(), bytes: 0 }
    }

    /// How many bytes the task holds. For the machine.
    pub(crate) fn held(&self) -> u64 {
        self.lock().held
    }

    /// Charges `fuel` (about one unit per small step or per 64 bytes looked at), and lets other tasks run when much
    /// has been used since the last time. Long loops that make no other call must charge.
    pub async fn charge(&self, fuel: u64) {
        let must_yield = {
            let mut slot = self.lock();
            slot.charged += fuel;
            slot.unyielded += fuel;
            let must = slot.unyielded >= CHARGE_BEFORE_YIELD;
            if must {
                slot.unyielded = 0;
            }
            must
        };
        if must_yield {
            self.call(Syscall::Yield).await;
        }
    }

    /// Reads at most `max` bytes; empty at end of file.
    pub async fn read(&self, fd: Fd, max: usize) -> Result<Bytes, Errno> {
        expect_reply!(self.call(Syscall::Read { fd, max }).await, Reply::Bytes(bytes) => bytes)
    }

    /// Reads the next chunk (at most [`CHUNK`] bytes); `None` at end of file.
    pub async fn read_chunk(&self, fd: Fd) -> Result<Option<Bytes>, Errno> {
        let bytes = self.read(fd, CHUNK).await?;
        Ok(if bytes.is_empty() { None } else { Some(bytes) })
    }

    /// Reads at `offset` without moving the file offset.
    pub async fn read_at(&self, fd: Fd, offset: u64, max: usize) -> Result<Bytes, Errno> {
        expect_reply!(self.call(Syscall::ReadAt { fd, offset, max }).await, Reply::Bytes(bytes) => bytes)
    }

    /// Reads to end of file.
    pub async fn read_to_end(&self, fd: Fd) -> Result<Vec<u8>, Errno> {
        let mut all = Vec::new();
        let mut held = self.account();
        while let Some(chunk) = self.read_chunk(fd).await? {
            all.extend_from_slice(&chunk);
            held.set(all.len());
        }
        Ok(all)
    }

    /// Writes once: how many bytes were taken (write(2)).
    pub async fn write(&self, fd: Fd, data: Bytes) -> Result<usize, Errno> {
        expect_reply!(self.call(Syscall::Write { fd, data }).await, Reply::Number(n) => n as usize)
    }

    /// Writes all of `data`.
    pub async fn write_all(&self, fd: Fd, mut data: Bytes) -> Result<(), Errno> {
        while !data.is_empty() {
            let taken = self.write(fd, data.clone()).await?;
            data = data.slice(taken.min(data.len())..);
        }
        Ok(())
    }

    /// open(2): the lowest free descriptor; `mode` (before the umask) counts when a file is created.
    pub async fn open(&self, path: impl Into<Bytes>, flags: OpenFlags, mode: u32) -> Result<Fd, Errno> {
        let path = path.into();
        expect_reply!(self.call(Syscall::Open { path, flags, mode }).await, Reply::Fd(fd) => fd)
    }

    /// Opens for reading.
    pub async fn open_read(&self, path: impl Into<Bytes>) -> Result<Fd, Errno> {
        self.open(path, OpenFlags::READ, 0).await
    }

    /// Creates or truncates for writing, mode 0666 before the umask.
    pub async fn create(&self, path: impl Into<Bytes>) -> Result<Fd, Errno> {
        self.open(path, OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE, 0o666).await
    }

    /// close(2).
    pub async fn close(&self, fd: Fd) -> Result<(), Errno> {
        self.call_unit(Syscall::Close(fd)).await
    }

    /// dup2(2).
    pub async fn dup2(&self, from: Fd, to: Fd) -> Result<(), Errno> {
        self.call_unit(Syscall::Dup { from, to }).await
    }

    /// pipe(2): `(read end, write end)`.
    pub async fn pipe(&self) -> Result<(Fd, Fd), Errno> {
        expect_reply!(self.call(Syscall::Pipe).await, Reply::FdPair(read, write) => (read, write))
    }

    /// lseek(2): the new offset; [`Errno::ESPIPE`] on pipes and terminals.
    pub async fn seek(&self, fd: Fd, whence: Whence, offset: i64) -> Result<u64, Errno> {
        expect_reply!(self.call(Syscall::Seek { fd, whence, offset }).await, Reply::Number(n) => n)
    }

    /// stat(2): follows symbolic links.
    pub async fn stat(&self, path: impl Into<Bytes>) -> Result<Stat, Errno> {
        let path = path.into();
        expect_reply!(self.call(Syscall::Stat { path, follow: Follow::Yes }).await, Reply::Stat(stat) => *stat)
    }

    /// lstat(2): the link itself.
    pub async fn lstat(&self, path: impl Into<Bytes>) -> Result<Stat, Errno> {
        let path = path.into();
        expect_reply!(self.call(Syscall::Stat { path, follow: Follow::No }).await, Reply::Stat(stat) => *stat)
    }

    /// fstat(2).
    pub async fn fstat(&self, fd: Fd) -> Result<Stat, Errno> {
        expect_reply!(self.call(Syscall::Fstat(fd)).await, Reply::Stat(stat) => *stat)
    }

    /// All entries of a directory but `.` and `..`, sorted by name in byte order.
    pub async fn read_dir(&self, path: impl Into<Bytes>) -> Result<Arc<[DirEntry]>, Errno> {
        expect_reply!(self.call(Syscall::ReadDir(path.into())).await, Reply::Entries(entries) => entries)
    }

    /// readlink(2).
    pub async fn read_link(&self, path: impl Into<Bytes>) -> Result<Bytes, Errno> {
        expect_reply!(self.call(Syscall::ReadLink(path.into())).await, Reply::Bytes(target) => target)
    }

    /// access(2) with the effective ids: bits R=4, W=2, X=1, or 0 for existence.
    pub async fn access(&self, path: impl Into<Bytes>, mode: u32) -> Result<(), Errno> {
        self.call_unit(Syscall::Access { path: path.into(), mode }).await
    }

    /// mkdir(2), `mode` before the umask.
    pub async fn mkdir(&self, path: impl Into<Bytes>, mode: u32) -> Result<(), Errno> {
        self.call_unit(Syscall::Mkdir { path: path.into(), mode }).await
    }

    /// rmdir(2).
    pub async fn rmdir(&self, path: impl Into<Bytes>) -> Result<(), Errno> {
        self.call_unit(Syscall::Rmdir(path.into())).await
    }

    /// unlink(2).
    pub async fn unlink(&self, path: impl Into<Bytes>) -> Result<(), Errno> {
        self.call_unit(Syscall::Unlink(path.into())).await
    }

    /// rename(2).
    pub async fn rename(&self, from: impl Into<Bytes>, to: impl Into<Bytes>) -> Result<(), Errno> {
        self.call_unit(Syscall::Rename { from: from.into(), to: to.into() }).await
    }

    /// linkat(2); `follow` dereferences `from` when it is a symbolic link.
    pub async fn link(&self, from: impl Into<Bytes>, to: impl Into<Bytes>, follow: Follow) -> Result<(), Errno> {
        self.call_unit(Syscall::Link { from: from.into(), to: to.into(), follow }).await
    }

    /// symlink(2).
    pub async fn symlink(&self, target: impl Into<Bytes>, path: impl Into<Bytes>) -> Result<(), Errno> {
        self.call_unit(Syscall::Symlink { target: target.into(), path: path.into() }).await
    }

    /// mkfifo(3), `mode` before the umask.
    pub async fn mkfifo(&self, path: impl Into<Bytes>, mode: u32) -> Result<(), Errno> {
        self.call_unit(Syscall::Mkfifo { path: path.into(), mode }).await
    }

    /// chmod(2): follows symbolic links.
    pub async fn chmod(&self, path: impl Into<Bytes>, mode: u32) -> Result<(), Errno> {
        self.call_unit(Syscall::Chmod { path: path.into(), mode }).await
    }

    /// chown(2) or lchown(2).
    pub async fn chown(
        &self,
        path: impl Into<Bytes>,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: Follow,
    ) -> Result<(), Errno> {
        self.call_unit(Syscall::Chown { path: path.into(), uid, gid, follow }).await
    }

    /// utimensat(2).
    pub async fn set_times(
        &self,
        path: impl Into<Bytes>,
        atime: SetTime,
        mtime: SetTime,
        follow: Follow,
    ) -> Result<(), Errno> {
        self.call_unit(Syscall::SetTimes { path: path.into(), atime, mtime, follow }).await
    }

    /// truncate(2).
    pub async fn truncate(&self, path: impl Into<Bytes>, len: u64) -> Result<(), Errno> {
        self.call_unit(Syscall::Truncate { path: path.into(), len }).await
    }

    /// ftruncate(2).
    pub async fn ftruncate(&self, fd: Fd, len: u64) -> Result<(), Errno> {
        self.call_unit(Syscall::Ftruncate { fd, len }).await
    }

    /// getcwd(3).
    pub async fn getcwd(&self) -> Result<Bytes, Errno> {
        expect_reply!(self.call(Syscall::GetCwd).await, Reply::Bytes(path) => path)
    }

    /// chdir(2).
    pub async fn chdir(&self, path: impl Into<Bytes>) -> Result<(), Errno> {
        self.call_unit(Syscall::Chdir(path.into())).await
    }

    /// umask(2): sets it when `mask` is given; the value before.
    pub async fn umask(&self, mask: Option<u32>) -> u32 {
        match self.call(Syscall::Umask(mask)).await {
            Reply::Number(old) => old as u32,
            _ => 0,
        }
    }

    /// Starts a child; fails as execve(2) does when the program cannot be run, [`Errno::ENOENT`] when the `PATH`
    /// search finds nothing.
    pub async fn spawn(&self, request: SpawnRequest) -> Result<Pid, Errno> {
        expect_reply!(self.call(Syscall::Spawn(Box::new(request))).await, Reply::Pid(pid) => pid)
    }

    /// Replaces this program. Returns only when that failed, with the reason.
    pub async fn exec(&self, request: SpawnRequest) -> Errno {
        match self.call(Syscall::Exec(Box::new(request))).await {
            Reply::Error(errno) => errno,
            _ => Errno::EIO,
        }
    }

    /// waitpid(2): the child that ended and how.
    pub async fn wait(&self, target: WaitTarget) -> Result<(Pid, WaitStatus), Errno> {
        self.wait_timeout(target, None).await
    }

    /// waitpid(2) for at most `timeout` nanoseconds of the machine's clock, then [`Errno::ETIMEDOUT`].
    pub async fn wait_timeout(&self, target: WaitTarget, timeout: Option<u64>) -> Result<(Pid, WaitStatus), Errno> {
        expect_reply!(self.call(Syscall::Wait { target, timeout }).await, Reply::Waited(pid, status) => (pid, status))
    }

    /// kill(2).
    pub async fn kill(&self, target: i64, signal: Option<Signal>) -> Result<(), Errno> {
        self.call_unit(Syscall::Kill { target, signal }).await
    }

    /// Sets what `signal` does to this process.
    pub async fn sigaction(&self, signal: Signal, disposition: Disposition) -> Result<(), Errno> {
        self.call_unit(Syscall::Sigaction { signal, disposition }).await
    }

    /// Sleeps `nanoseconds` of the machine's clock.
    pub async fn sleep(&self, nanoseconds: u64) {
        self.call(Syscall::Sleep(nanoseconds)).await;
    }

    /// The machine's wall clock.
    pub async fn now(&self) -> Timestamp {
        match self.call(Syscall::Now).await {
            Reply::Time(time) => time,
            _ => Timestamp::default(),
        }
    }

    /// `count` bytes of the machine's seeded randomness.
    pub async fn random(&self, count: usize) -> Bytes {
        match self.call(Syscall::Random(count)).await {
            Reply::Bytes(bytes) => bytes,
            _ => Bytes::new(),
        }
    }

    /// Who this process is.
    pub async fn identity(&self) -> Arc<Identity> {
        match self.call(Syscall::Identity).await {
            Reply::Identity(identity) => identity,
            // The kernel always answers; an empty identity is harmless.
            _ => Arc::new(Identity {
                pid: Pid(0),
                ppid: Pid(0),
                pgid: Pid(0),
                sid: Pid(0),
                uid: 0,
                gid: 0,
                groups: Vec::new(),
            }),
        }
    }

    /// nice(2): adds to the niceness; answers it. A negative increment is refused.
    pub async fn nice(&self, increment: i64) -> Result<u64, Errno> {
        expect_reply!(self.call(Syscall::Nice(increment)).await, Reply::Number(niceness) => niceness)
    }

    /// poll(2) for POLLERR: whether the descriptor writes to a pipe without readers.
    pub async fn is_broken(&self, fd: Fd) -> bool {
        matches!(self.call(Syscall::IsBroken(fd)).await, Reply::Number(1))
    }

    /// isatty(3).
    pub async fn is_terminal(&self, fd: Fd) -> bool {
        matches!(self.call(Syscall::IsTerminal(fd)).await, Reply::Number(1))
    }

    /// Writes `NAME: message` and a newline to standard error. Errors there are ignored, as the GNU tools do.
    pub async fn error(&self, message: impl AsRef<[u8]>) {
        let mut line = Vec::with_capacity(self.name.len() + 3 + message.as_ref().len());
        line.extend_from_slice(&self.name);
        line.extend_from_slice(b": ");
        line.extend_from_slice(message.as_ref());
        line.push(b'\n');
        let _ = self.write_all(Fd::STDERR, Bytes::from(line)).await;
    }

    /// Writes `NAME: operand: reason` to standard error, the operand's bytes as they are.
    pub async fn complain(&self, operand: impl AsRef<[u8]>, errno: Errno) {
        let mut message = operand.as_ref().to_vec();
        message.extend_from_slice(b": ");
        message.extend_from_slice(errno.message().as_bytes());
        self.error(message).await;
    }

    /// Writes bytes to standard error as they are.
    pub async fn write_error(&self, text: impl Into<Bytes>) {
        let _ = self.write_all(Fd::STDERR, text.into()).await;
    }
}
