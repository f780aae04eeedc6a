//! On whose behalf, from where and when a call on files is made.

use super::node::{Node, Stat, Timestamp};
use smallvec::SmallVec;

/// Who makes a call: credentials(7). User 0 bypasses permission checks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cred {
    /// Effective user id.
    pub uid: u32,
    /// Effective group id.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: SmallVec<[u32; 4]>,
}

impl Cred {
    /// The superuser.
    pub fn root() -> Cred {
        Cred { uid: 0, gid: 0, groups: SmallVec::new() }
    }

    /// The machine's ordinary user: `user`, uid and gid 1000.
    pub fn user() -> Cred {
        Cred { uid: 1000, gid: 1000, groups: SmallVec::new() }
    }

    /// Whether `gid` is the effective or a supplementary group.
    pub fn is_in_group(&self, gid: u32) -> bool {
        self.gid == gid || self.groups.contains(&gid)
    }
}

impl Default for Cred {
    fn default() -> Self {
        Cred::user()
    }
}

/// Who walks a path: starting directory, identity, time, and the kernel's view for `/proc`.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The directory relative paths start from.
    pub cwd: Node,
    /// The identity permissions are checked for.
    pub cred: &'a Cred,
    /// The permission bits that are taken away from new files.
    pub umask: u32,
    /// The current time, which becomes the time stamps of what changes.
    pub now: Timestamp,
    /// The calling process, which `/proc/self` means.
    pub pid: u32,
    /// Where `/proc` gets its facts.
    pub proc: &'a dyn ProcSource,
}

/// The kernel's side of `/proc`: facts about processes and the machine.  [proc(5)]
///
/// Everything but [`ProcSource::pids`] has a default that stands for a machine without that fact, so that a partial
/// view (tests, host-side file operations) is short. A method about a process answers `None` when there is no such
/// process; texts are complete files, newline included.
pub trait ProcSource {
    /// The ids of the live processes, ascending.
    fn pids(&self) -> Vec<u32>;

    /// The open descriptors of a process, ascending.
    fn fds(&self, pid: u32) -> Option<Vec<u32>>;

    /// What readlink(2) shows for `/proc/PID/fd/FD`, such as `pipe:[7]`. `None` for a file of the tree, whose path is
    /// found from [`ProcSource::fd_node`].
    fn fd_target(&self, _pid: u32, _fd: u32) -> Option<Vec<u8>> {
        None
    }

    /// The file a descriptor is open on, when it is one of the tree (not a pipe).
    fn fd_node(&self, _pid: u32, _fd: u32) -> Option<Node> {
        None
    }

    /// fstat(2) of a descriptor: consulted when [`ProcSource::fd_node`] answers `None`.
    fn fd_stat(&self, _pid: u32, _fd: u32) -> Option<Stat> {
        None
    }

    /// The path of the program a process runs.
    fn exe(&self, _pid: u32) -> Option<Vec<u8>> {
        None
    }

    /// The working directory of a process.
    fn cwd(&self, _pid: u32) -> Option<Node> {
        None
    }

    /// The argument vector, each argument ended by NUL.
    fn cmdline(&self, _pid: u32) -> Option<Vec<u8>> {
        None
    }

    /// The initial environment, each `NAME=value` ended by NUL.
    fn environ(&self, _pid: u32) -> Option<Vec<u8>> {
        None
    }

    /// The command name, without newline, at most 15 bytes.
    fn comm(&self, _pid: u32) -> Option<Vec<u8>> {
        None
    }

    /// The text of `/proc/PID/status`.
    fn status_text(&self, _pid: u32) -> Option<Vec<u8>> {
        None
    }

    /// The text of `/proc/PID/stat`.
    fn stat_text(&self, _pid: u32) -> Option<Vec<u8>> {
        None
    }

    /// User and group that own the directory of a process. Default: the caller's own.
    fn owner(&self, _pid: u32) -> Option<(u32, u32)> {
        None
    }

    /// The text of `/proc/meminfo`.
    fn meminfo(&self) -> Vec<u8> {
        b"MemTotal:        1048576 kB\nMemFree:         1048576 kB\nMemAvailable:    1048576 kB\n\
          Buffers:               0 kB\nCached:                0 kB\nSwapCached:            0 kB\n\
          SwapTotal:             0 kB\nSwapFree:              0 kB\n"
            .to_vec()
    }

    /// The text of `/proc/uptime`.
    fn uptime(&self) -> Vec<u8> {
        b"0.00 0.00\n".to_vec()
    }

    /// The text of `/proc/loadavg`.
    fn loadavg(&self) -> Vec<u8> {
        let pids = self.pids();
        format!("0.00 0.00 0.00 1/{} {}\n", pids.len().max(1), pids.last().copied().unwrap_or(1)).into_bytes()
    }

    /// The text of `/proc/cpuinfo`.
    fn cpuinfo(&self) -> Vec<u8> {
        b"processor\t: 0\nvendor_id\t: sandshell\nmodel name\t: virtual\ncpu MHz\t\t: 1000.000\ncpu cores\t: 1\n\
          bogomips\t: 2000.00\n\n"
            .to_vec()
    }

    /// The text of `/proc/version`.
    fn version(&self) -> Vec<u8> {
        b"Linux version 6.1.0-sandshell (sandshell@localhost) #1 SMP PREEMPT_DYNAMIC\n".to_vec()
    }

    /// The machine's name, without newline.
    fn hostname(&self) -> Vec<u8> {
        b"sandshell".to_vec()
    }

    /// The kernel's release, as `uname -r` prints it, without newline.
    fn release(&self) -> Vec<u8> {
        b"6.1.0-sandshell".to_vec()
    }

    /// The text of `/proc/stat`.
    fn kernel_stat(&self) -> Vec<u8> {
        b"cpu  0 0 0 0 0 0 0 0 0 0\ncpu0 0 0 0 0 0 0 0 0 0 0\nintr 0\nctxt 0\nbtime 0\nprocesses 1\n\
          procs_running 1\nprocs_blocked 0\n"
            .to_vec()
    }
}

/// A [`ProcSource`] without processes: for file operations made from outside the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoProcesses;

impl ProcSource for NoProcesses {
    fn pids(&self) -> Vec<u32> {
        Vec::new()
    }

    fn fds(&self, _pid: u32) -> Option<Vec<u32>> {
        None
    }
}
