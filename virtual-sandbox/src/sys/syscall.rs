//! The system calls a task can make, and what the kernel answers.
//!
//! One request is under way per task at a time. Paths are relative to the process's working directory; all names are
//! bytes. A call that cannot be answered yet leaves the task blocked and is served again when it is woken.

use crate::errno::Errno;
use crate::kernel::{Disposition, Pid, Signal, WaitStatus};
use crate::vfs::{DirEntry, Follow, OpenFlags, SetTime, Stat, Timestamp};
use bytes::Bytes;
use std::sync::Arc;

/// A file descriptor: an index in the process's descriptor table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Fd(pub u32);

impl Fd {
    /// Standard input.
    pub const STDIN: Fd = Fd(0);
    /// Standard output.
    pub const STDOUT: Fd = Fd(1);
    /// Standard error.
    pub const STDERR: Fd = Fd(2);
}

/// Where [`Syscall::Seek`] counts from (lseek(2)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whence {
    /// From the beginning of the file.
    Start,
    /// From the current offset.
    Current,
    /// From the end of the file.
    End,
}

/// Which children [`Syscall::Wait`] waits for (waitpid(2)).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WaitTarget {
    /// Any child.
    Any,
    /// The child with this process id.
    Process(Pid),
}

/// A program to start: what posix_spawn(3) takes.
#[derive(Clone, Debug)]
pub struct SpawnRequest {
    /// The argument vector; `argv[0]` is also what is searched for in `PATH` when it holds no slash.
    pub argv: Vec<Bytes>,
    /// The program file when it is not `argv[0]`.
    pub program: Option<Bytes>,
    /// `NAME=value` strings; `None` inherits the caller's environment.
    pub env: Option<Arc<[Bytes]>>,
    /// The child's working directory; `None` inherits the caller's.
    pub cwd: Option<Bytes>,
    /// `(child descriptor, caller's descriptor)` pairs applied over the inherited table; `None` closes.
    pub fds: Vec<(Fd, Option<Fd>)>,
    /// Puts the child in a process group of its own.
    pub new_group: bool,
    /// Signals the child starts with ignored, over what is inherited.
    pub ignored: Vec<Signal>,
    /// Signals the child starts with at their default action, over what is inherited.
    pub defaulted: Vec<Signal>,
}

impl SpawnRequest {
    /// A request that runs `argv` with everything else inherited.
    pub fn new(argv: Vec<Bytes>) -> Self {
        SpawnRequest {
            argv,
            program: None,
            env: None,
            cwd: None,
            fds: Vec::new(),
            new_group: false,
            ignored: Vec::new(),
            defaulted: Vec::new(),
        }
    }
}

/// Who the calling process is.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Process id.
    pub pid: Pid,
    /// Parent's process id.
    pub ppid: Pid,
    /// Process group.
    pub pgid: Pid,
    /// Session.
    pub sid: Pid,
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

/// A request to the kernel.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "fields are named by the POSIX calls they stand for")]
pub enum Syscall {
    /// read(2): at most `max` bytes; empty at end of file.
    Read {
        fd: Fd,
        max: usize,
    },
    /// pread(2): at most `max` bytes at `offset`, the file offset unchanged.
    ReadAt {
        fd: Fd,
        offset: u64,
        max: usize,
    },
    /// write(2): how many bytes were taken.
    Write {
        fd: Fd,
        data: Bytes,
    },
    /// open(2): the lowest free descriptor.
    Open {
        path: Bytes,
        flags: OpenFlags,
        mode: u32,
    },
    /// close(2).
    Close(Fd),
    /// dup2(2).
    Dup {
        from: Fd,
        to: Fd,
    },
    /// pipe(2): read end, write end.
    Pipe,
    /// lseek(2): the new offset.
    Seek {
        fd: Fd,
        whence: Whence,
        offset: i64,
    },
    /// stat(2) or lstat(2).
    Stat {
        path: Bytes,
        follow: Follow,
    },
    /// fstat(2).
    Fstat(Fd),
    /// opendir(3) and readdir(3) to the end: every entry but `.` and `..`.
    ReadDir(Bytes),
    /// readlink(2).
    ReadLink(Bytes),
    /// access(2): the bits of R=4, W=2, X=1.
    Access {
        path: Bytes,
        mode: u32,
    },
    Mkdir {
        path: Bytes,
        mode: u32,
    },
    Rmdir(Bytes),
    Unlink(Bytes),
    Rename {
        from: Bytes,
        to: Bytes,
    },
    /// link(2); `follow` dereferences a symbolic link `from`.
    Link {
        from: Bytes,
        to: Bytes,
        follow: Follow,
    },
    Symlink {
        target: Bytes,
        path: Bytes,
    },
    Mkfifo {
        path: Bytes,
        mode: u32,
    },
    Chmod {
        path: Bytes,
        mode: u32,
    },
    /// chown(2) or lchown(2); `None` leaves an id as it is.
    Chown {
        path: Bytes,
        uid: Option<u32>,
        gid: Option<u32>,
        follow: Follow,
    },
    /// utimensat(2).
    SetTimes {
        path: Bytes,
        atime: SetTime,
        mtime: SetTime,
        follow: Follow,
    },
    Truncate {
        path: Bytes,
        len: u64,
    },
    Ftruncate {
        fd: Fd,
        len: u64,
    },
    /// getcwd(3).
    GetCwd,
    Chdir(Bytes),
    /// umask(2): sets it when given; answers the value before.
    Umask(Option<u32>),
    /// nice(2): adds to the niceness; answers it.
    Nice(i64),
    /// Starts a child.
    Spawn(Box<SpawnRequest>),
    /// execve(2) with a `PATH` search: replaces the caller; answers only on failure.
    Exec(Box<SpawnRequest>),
    /// waitpid(2); `timeout` in nanoseconds answers [`Errno::ETIMEDOUT`] when it passes, 0 polls.
    Wait {
        target: WaitTarget,
        timeout: Option<u64>,
    },
    /// kill(2): positive = a process, 0 = own group, negative = a group, -1 = all; `None` tests existence.
    Kill {
        target: i64,
        signal: Option<Signal>,
    },
    /// sigaction(2) with the default action or ignoring.
    Sigaction {
        signal: Signal,
        disposition: Disposition,
    },
    /// nanosleep(2): nanoseconds of the machine's clock.
    Sleep(u64),
    /// clock_gettime(CLOCK_REALTIME).
    Now,
    /// getrandom(2).
    Random(usize),
    Identity,
    /// isatty(3).
    IsTerminal(Fd),
    /// poll(2) for POLLERR: whether the descriptor writes to a pipe without readers.
    IsBroken(Fd),
    /// Lets other tasks run.
    Yield,
}

/// The kernel's answer.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each variant carries the result of the calls that name it")]
pub enum Reply {
    Done,
    Bytes(Bytes),
    Number(u64),
    Fd(Fd),
    FdPair(Fd, Fd),
    Stat(Box<Stat>),
    Entries(Arc<[DirEntry]>),
    Pid(Pid),
    Waited(Pid, WaitStatus),
    Time(Timestamp),
    Identity(Arc<Identity>),
    Error(Errno),
}
