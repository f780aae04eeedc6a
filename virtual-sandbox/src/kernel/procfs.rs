//! The kernel's facts behind `/proc`.

use super::fd::{Object, OpenFile};
use super::{Clock, Console, Pid, Pipe, Process, ProcessState, SAVED_FD, SECOND, Table};
use crate::sys::Fd;
use crate::vfs::{Node, ProcSource, Stat};
use rustc_hash::FxHashMap;

/// A view of the kernel for the file system: all of it but the file system itself, which is being changed.
pub(super) struct ProcView<'a> {
    pub(super) processes: &'a FxHashMap<Pid, Box<Process>>,
    pub(super) files: &'a Table<OpenFile>,
    pub(super) pipes: &'a Table<Pipe>,
    pub(super) consoles: &'a Table<Console>,
    pub(super) clock: Clock,
    /// Bytes there may be, and bytes in use.
    pub(super) memory: (u64, u64),
}

impl ProcView<'_> {
    fn process(&self, pid: u32) -> Option<&Process> {
        self.processes.get(&Pid(pid)).map(Box::as_ref)
    }

    fn object(&self, pid: u32, fd: u32) -> Option<&Object> {
        let entry = self.process(pid)?.fds.get(Fd(fd))?;
        Some(&self.files.get(entry.file.0)?.object)
    }

    fn state_letter(&self, pid: u32) -> Option<(char, &'static str)> {
        let process = self.process(pid)?;
        Some(match process.state {
            ProcessState::Zombie(_) => ('Z', "zombie"),
            _ if process.stopped.is_some() => ('T', "stopped"),
            ProcessState::Runnable => ('R', "running"),
            ProcessState::Blocked => ('S', "sleeping"),
        })
    }
}

impl ProcSource for ProcView<'_> {
    fn pids(&self) -> Vec<u32> {
        let mut pids: Vec<u32> = self.processes.keys().map(|pid| pid.0).collect();
        pids.sort_unstable();
        pids
    }

    fn fds(&self, pid: u32) -> Option<Vec<u32>> {
        Some(self.process(pid)?.fds.iter().map(|(fd, _)| fd.0).filter(|fd| *fd < SAVED_FD.0).collect())
    }

    fn fd_target(&self, pid: u32, fd: u32) -> Option<Vec<u8>> {
        match self.object(pid, fd)? {
            Object::PipeReader(pipe) | Object::PipeWriter(pipe) | Object::PipeBoth(pipe) => {
                Some(format!("pipe:[{}]", pipe.0 + 1).into_bytes())
            }
            Object::Console(console, _) if self.consoles.get(console.0).is_some_and(|console| console.terminal) => {
                Some(b"/dev/pts/0".to_vec())
            }
            Object::Console(console, _) => Some(format!("pipe:[{}]", 1_000_001 + console.0).into_bytes()),
            // Files of the tree have a path, which the file system finds from their node.
            _ => None,
        }
    }

    fn fd_node(&self, pid: u32, fd: u32) -> Option<Node> {
        match self.object(pid, fd)? {
            Object::Regular(node) | Object::Directory(node) | Object::Device(node, _) | Object::Text(node, _) => {
                Some(*node)
            }
            Object::PipeReader(pipe) | Object::PipeWriter(pipe) | Object::PipeBoth(pipe) => {
                self.pipes.get(pipe.0)?.fifo
            }
            Object::Console(..) => None,
        }
    }

    fn fd_stat(&self, pid: u32, fd: u32) -> Option<Stat> {
        let process = self.process(pid)?;
        Some(self.object(pid, fd)?.anonymous_stat(self.consoles, &process.cred, self.clock.timestamp()))
    }

    fn exe(&self, pid: u32) -> Option<Vec<u8>> {
        Some(self.process(pid)?.exe.to_vec())
    }

    fn cwd(&self, pid: u32) -> Option<Node> {
        Some(self.process(pid)?.cwd)
    }

    fn cmdline(&self, pid: u32) -> Option<Vec<u8>> {
        let invocation = self.process(pid)?.invocation.as_ref()?;
        Some(nul_ended(invocation.argv()))
    }

    fn environ(&self, pid: u32) -> Option<Vec<u8>> {
        let invocation = self.process(pid)?.invocation.as_ref()?;
        Some(nul_ended(invocation.env()))
    }

    fn comm(&self, pid: u32) -> Option<Vec<u8>> {
        let exe = &self.process(pid)?.exe;
        let name = exe.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        Some(name.get(..name.len().min(15)).unwrap_or_default().to_vec())
    }

    fn status_text(&self, pid: u32) -> Option<Vec<u8>> {
        let process = self.process(pid)?;
        let (letter, word) = self.state_letter(pid)?;
        let (uid, gid) = (process.cred.uid, process.cred.gid);
        let mut text = b"Name:\t".to_vec();
        text.extend_from_slice(&self.comm(pid)?);
        text.extend_from_slice(
            format!(
                "\nUmask:\t{:04o}\nState:\t{letter} ({word})\nTgid:\t{pid}\nNgid:\t0\nPid:\t{pid}\nPPid:\t{}\n\
                 TracerPid:\t0\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\nGid:\t{gid}\t{gid}\t{gid}\t{gid}\nFDSize:\t64\n\
                 VmSize:\t    4096 kB\nVmRSS:\t    4096 kB\nThreads:\t1\n",
                process.umask, process.ppid.0
            )
            .as_bytes(),
        );
        Some(text)
    }

    fn stat_text(&self, pid: u32) -> Option<Vec<u8>> {
        let process = self.process(pid)?;
        let (letter, _) = self.state_letter(pid)?;
        let ticks = (process.started.saturating_sub(self.clock.now() - self.clock.uptime())) * 100 / SECOND;
        let mut text = format!("{pid} (").into_bytes();
        text.extend_from_slice(&self.comm(pid)?);
        text.extend_from_slice(
            format!(
                ") {letter} {} {} {} 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 {ticks} 4194304 1024 0\n",
                process.ppid.0, process.pgid.0, process.sid.0
            )
            .as_bytes(),
        );
        Some(text)
    }

    fn owner(&self, pid: u32) -> Option<(u32, u32)> {
        let cred = &self.process(pid)?.cred;
        Some((cred.uid, cred.gid))
    }

    fn meminfo(&self) -> Vec<u8> {
        let (total, used) = (self.memory.0 / 1024, self.memory.1 / 1024);
        let free = total.saturating_sub(used);
        format!(
            "MemTotal:       {total:>8} kB\nMemFree:        {free:>8} kB\nMemAvailable:   {free:>8} kB\n\
             Buffers:               0 kB\nCached:                0 kB\nSwapTotal:             0 kB\n\
             SwapFree:              0 kB\n"
        )
        .into_bytes()
    }

    fn uptime(&self) -> Vec<u8> {
        let hundredths = self.clock.uptime() / (SECOND / 100);
        let (seconds, rest) = (hundredths / 100, hundredths % 100);
        format!("{seconds}.{rest:02} {seconds}.{rest:02}\n").into_bytes()
    }
}

fn nul_ended(strings: &[bytes::Bytes]) -> Vec<u8> {
    let mut text = Vec::new();
    for string in strings {
        text.extend_from_slice(string);
        text.push(0);
    }
    text
}
