//! Birth and death of processes: fork, exit, wait.

use super::{FdTable, INIT, Kernel, LimitExceeded, Pid, Process, ProcessState, Signal, SignalSet, Try, WaitStatus};
use crate::errno::Errno;
use crate::kernel::Fault;
use crate::sys::{Fd, WaitTarget};
use crate::vfs::Cred;
use bytes::Bytes;
use smallvec::SmallVec;
use std::sync::Arc;

/// Where a shell keeps the descriptors that redirections replace for a while: above any that a script can name, and
/// not inherited.
pub const SAVED_FD: Fd = Fd(1 << 24);

impl Kernel {
    pub(super) fn create_init(&mut self) {
        let cwd = self.vfs.root();
        let init = Process {
            pid: INIT,
            ppid: Pid(0),
            pgid: INIT,
            sid: INIT,
            cred: Arc::new(Cred::default()),
            umask: 0o022,
            niceness: 0,
            cwd,
            fds: FdTable::default(),
            ignored: SignalSet::EMPTY,
            caught: SignalSet::EMPTY,
            pending: SignalSet::EMPTY,
            state: ProcessState::Blocked,
            queued: false,
            stopped: None,
            unreported: None,
            killed: None,
            children: SmallVec::new(),
            invocation: None,
            exe: Bytes::from_static(b"/sbin/init"),
            deadline: None,
            opening: None,
            started: self.clock.now(),
            fuel: 0,
            children_fuel: 0,
            held: 0,
        };
        self.vfs.retain(cwd);
        self.processes.insert(INIT, Box::new(init));
    }

    /// Notes that a limit was met; the first one counts. The machine ends the execution.
    pub fn exceed(&mut self, name: &'static str, value: u64) {
        self.usage.exceeded.get_or_insert(LimitExceeded { name, value });
    }

    /// Notes how many bytes a process holds in memory now, and that the memory limit is met when all processes and the
    /// files together are over it.
    pub fn hold(&mut self, pid: Pid, bytes: u64) {
        if let Some(process) = self.processes.get_mut(&pid) {
            let before = std::mem::replace(&mut process.held, bytes);
            self.held = (self.held + bytes).saturating_sub(before);
        }
        self.check_memory(0);
    }

    /// Notes that the memory limit is met when so many bytes more, with what processes hold and the files, are over it.
    pub fn check_memory(&mut self, held: u64) {
        let held = held + self.memory_in_use();
        if held > self.usage.peak_memory {
            self.usage.peak_memory = held;
        }
        if held > self.limits.memory {
            self.exceed("memory", self.limits.memory);
        }
    }

    /// Whether so many bytes more are within the memory limit.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.memory_in_use().saturating_add(bytes as u64) <= self.limits.memory
    }

    /// Bytes of files, and of what processes hold in memory.
    pub fn memory_in_use(&self) -> u64 {
        self.held + self.vfs.usage().bytes
    }

    /// fork(2): a copy of `parent` that shares its open file descriptions; it is put in the run queue.
    pub fn fork(&mut self, parent: Pid) -> Result<Pid, Errno> {
        if self.processes.len() as u64 >= u64::from(self.limits.processes) {
            self.exceed("processes", u64::from(self.limits.processes));
            return Err(Errno::EAGAIN);
        }
        let pid = Pid(self.next_pid);
        self.next_pid += 1;
        self.usage.processes += 1;
        let now = self.clock.now();
        let process = self.living_mut(parent)?;
        process.children.push(pid);
        let child = Process {
            pid,
            ppid: parent,
            pgid: process.pgid,
            sid: process.sid,
            cred: process.cred.clone(),
            umask: process.umask,
            niceness: process.niceness,
            cwd: process.cwd,
            fds: process.fds.inherited(SAVED_FD),
            ignored: process.ignored,
            caught: process.caught,
            pending: SignalSet::EMPTY,
            state: ProcessState::Runnable,
            queued: false,
            stopped: None,
            unreported: None,
            killed: None,
            children: SmallVec::new(),
            invocation: process.invocation.clone(),
            exe: process.exe.clone(),
            deadline: None,
            opening: None,
            started: now,
            fuel: 0,
            children_fuel: 0,
            held: 0,
        };
        for (_, entry) in child.fds.iter() {
            if let Some(file) = self.files.get_mut(entry.file.0) {
                file.references += 1;
            }
        }
        self.vfs.retain(child.cwd);
        self.processes.insert(pid, Box::new(child));
        self.enqueue(pid);
        Ok(pid)
    }

    /// Ends a process: closes its descriptors, gives its children to [`INIT`], tells its parent.
    pub fn exit(&mut self, pid: Pid, status: WaitStatus) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if matches!(process.state, ProcessState::Zombie(_)) {
            return;
        }
        process.state = ProcessState::Zombie(status);
        process.stopped = None;
        let fds = std::mem::take(&mut process.fds);
        let children = std::mem::take(&mut process.children);
        let (parent, cwd) = (process.ppid, process.cwd);
        process.invocation = None;
        self.held = self.held.saturating_sub(std::mem::take(&mut process.held));
        self.ended.push((pid, status));
        self.clear_deadline(pid);
        self.abandon_fifo(pid);
        for (_, entry) in fds.iter() {
            self.release_file(entry.file);
        }
        self.vfs.release(cwd);
        for child in children {
            self.adopt(child);
        }
        if parent == INIT {
            self.reap(pid);
        } else {
            self.notify_parent(parent);
        }
    }

    /// Gives an orphan to init, which waits for those that have ended.
    fn adopt(&mut self, child: Pid) {
        let Some(process) = self.processes.get_mut(&child) else { return };
        process.ppid = INIT;
        if matches!(process.state, ProcessState::Zombie(_)) {
            self.reap(child);
        } else if let Some(init) = self.processes.get_mut(&INIT) {
            init.children.push(child);
        }
    }

    pub(super) fn notify_parent(&mut self, parent: Pid) {
        let Some(process) = self.processes.get_mut(&parent) else { return };
        if process.caught.contains(Signal::CHLD) {
            process.pending.insert(Signal::CHLD);
        }
        self.wake(parent);
    }

    /// Removes a process that has ended from the table.
    fn reap(&mut self, pid: Pid) -> Option<WaitStatus> {
        let process = self.processes.remove(&pid)?;
        if let Some(parent) = self.processes.get_mut(&process.ppid) {
            parent.children.retain(|child| *child != pid);
            parent.children_fuel += process.fuel + process.children_fuel;
        }
        match process.state {
            ProcessState::Zombie(status) => Some(status),
            _ => None,
        }
    }

    /// Whether a child of `pid` that `target` names has ended, without waiting: its status, and it is forgotten.
    /// `None` when none has yet; ECHILD when there is no such child. `stops` also tells of stopped children.
    pub fn poll_wait(&mut self, pid: Pid, target: WaitTarget, stops: bool) -> Result<Option<(Pid, WaitStatus)>, Errno> {
        let children = &self.living(pid)?.children;
        let mut any = false;
        let mut found = None;
        for child in children {
            if matches!(target, WaitTarget::Process(wanted) if wanted != *child) {
                continue;
            }
            any = true;
            let Some(process) = self.processes.get(child) else { continue };
            match (process.state, process.unreported) {
                (ProcessState::Zombie(status), _) => {
                    found = Some((*child, status, true));
                    break;
                }
                (_, Some(status)) if stops => {
                    found = Some((*child, status, false));
                    break;
                }
                _ => {}
            }
        }
        match found {
            Some((child, status, ended)) => {
                if ended {
                    self.reap(child);
                } else if let Some(process) = self.processes.get_mut(&child) {
                    process.unreported = None;
                }
                Ok(Some((child, status)))
            }
            None if any => Ok(None),
            None => Err(Errno::ECHILD),
        }
    }

    /// waitpid(2).
    pub fn wait(&mut self, pid: Pid, target: WaitTarget, timeout: Option<u64>) -> Try<(Pid, WaitStatus)> {
        if let Some(found) = self.poll_wait(pid, target, false)? {
            self.clear_deadline(pid);
            return Ok(found);
        }
        if let Some(timeout) = timeout
            && self.deadline_passed(pid, timeout)
        {
            return Err(Errno::ETIMEDOUT.into());
        }
        Err(Fault::Block)
    }

    /// Ends every process of the machine but [`INIT`] and `except`.
    pub fn kill_everything(&mut self, except: Option<Pid>) {
        for pid in self.pids() {
            if pid != INIT && Some(pid) != except {
                self.exit(pid, WaitStatus::Signaled(Signal::KILL));
            }
        }
    }

    /// setpgid(2): puts a process in the process group that `group` names.
    pub fn set_group(&mut self, pid: Pid, group: Pid) -> Result<(), Errno> {
        self.living_mut(pid)?.pgid = group;
        Ok(())
    }

    /// Starts a process with no parent but [`INIT`], for the machine to run.
    pub fn spawn_root(&mut self, cred: Arc<Cred>, umask: u32) -> Result<Pid, Errno> {
        let pid = self.fork(INIT)?;
        let process = self.living_mut(pid)?;
        process.cred = cred;
        process.umask = umask;
        process.pgid = pid;
        process.sid = pid;
        Ok(pid)
    }
}
