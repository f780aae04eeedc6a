//! Sessions: executions whose shell stays when its commands are done.

use super::{ExecutionId, Machine};
use crate::kernel::{Disposition, ExitStatus, Pid, Signal, WaitStatus};
use bytes::Bytes;

impl Machine {
    /// Gives a session's shell commands to run; false when it has ended.
    pub fn submit(&mut self, id: ExecutionId, script: Bytes) -> bool {
        let (Some(root), Some(shell)) = (self.root(id), self.shell_mut(id)) else { return false };
        shell.submit(script);
        self.kernel.wake(root);
        true
    }

    /// Whether a session's shell has done what it was given.
    pub fn is_idle(&mut self, id: ExecutionId) -> bool {
        self.idle_status(id).is_some()
    }

    /// The status of what a session's shell did last, once that is done.
    pub fn idle_status(&mut self, id: ExecutionId) -> Option<ExitStatus> {
        self.shell_mut(id).filter(|shell| shell.is_idle()).map(|shell| shell.state().status)
    }

    /// What a terminal's interrupt does to a session: its foreground processes get the signal, background jobs do not,
    /// and the shell gives up what it runs, or runs its trap.
    pub fn interrupt(&mut self, id: ExecutionId, signal: Signal) {
        for pid in self.foreground(id) {
            self.kernel.signal(pid, signal);
        }
        let Some(root) = self.root(id) else { return };
        if self.kernel.disposition(root, signal) == Disposition::Catch {
            self.kernel.signal(root, signal);
        } else if let Some(shell) = self.shell_mut(id) {
            shell.give_up(WaitStatus::Signaled(signal).shell_status());
            self.kernel.wake(root);
        }
    }

    /// Ends what runs in a session's foreground at once; the shell gives up what it runs.
    pub fn kill_foreground(&mut self, id: ExecutionId) {
        for pid in self.foreground(id) {
            self.kernel.signal(pid, Signal::KILL);
        }
        let root = self.root(id);
        if let (Some(root), Some(shell)) = (root, self.shell_mut(id)) {
            shell.give_up(WaitStatus::Signaled(Signal::KILL).shell_status());
            self.kernel.wake(root);
        }
    }

    /// The processes of a session that are neither its shell nor of a background job.
    fn foreground(&mut self, id: ExecutionId) -> Vec<Pid> {
        let Some(root) = self.root(id) else { return Vec::new() };
        let jobs: Vec<Pid> = match self.shell_mut(id) {
            Some(shell) => {
                let jobs = shell.state().jobs.list.iter();
                jobs.flat_map(|job| job.processes.iter().map(|process| process.pid)).collect()
            }
            None => return Vec::new(),
        };
        let mut found = self.kernel.pids();
        found.retain(|pid| {
            let process = self.kernel.process(*pid);
            *pid != root && process.is_some_and(|process| process.sid == root) && !self.descends(*pid, &jobs)
        });
        found
    }

    /// Whether a process is one of these or below one of them.
    fn descends(&self, mut pid: Pid, from: &[Pid]) -> bool {
        while let Some(process) = self.kernel.process(pid) {
            if from.contains(&pid) {
                return true;
            }
            if process.ppid == pid {
                return false;
            }
            pid = process.ppid;
        }
        false
    }
}
