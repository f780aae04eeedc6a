//! Sending signals.
//!
//! [POSIX kill(), 2.4 Signal Concepts] A signal that ends a process does so at once when the process is not running,
//! else at the end of its step. A caught signal is kept pending for the shell, which runs its trap between commands.

use super::{DefaultAction, Disposition, INIT, Kernel, Pid, ProcessState, Signal, SignalSet, WaitStatus};
use crate::errno::Errno;

impl Kernel {
    /// kill(2) by `sender`; `None` tests whether it could be sent.
    pub fn kill(&mut self, sender: Pid, target: i64, signal: Option<Signal>) -> Result<(), Errno> {
        let group = self.living(sender)?.pgid;
        let matching: Vec<Pid> = match target {
            0 => self.members(group),
            -1 => self.pids().into_iter().filter(|pid| *pid != INIT && *pid != sender).collect(),
            target if target < 0 => self.members(Pid(u32::try_from(-target).map_err(|_| Errno::ESRCH)?)),
            target => {
                let pid = Pid(u32::try_from(target).map_err(|_| Errno::ESRCH)?);
                // One that has ended but was not waited for is as good as gone: a shell waits for its jobs only when it
                // comes to it.
                let found = self.processes.get(&pid).filter(|found| !matches!(found.state, ProcessState::Zombie(_)));
                found.map(|process| process.pid).into_iter().collect()
            }
        };
        if matching.is_empty() {
            return Err(Errno::ESRCH);
        }
        let uid = self.living(sender)?.cred.uid;
        let mut permitted = false;
        for pid in matching {
            if pid == INIT || (uid != 0 && self.living(pid)?.cred.uid != uid) {
                continue;
            }
            permitted = true;
            if let Some(signal) = signal {
                self.signal(pid, signal);
            }
        }
        if permitted { Ok(()) } else { Err(Errno::EPERM) }
    }

    fn members(&self, group: Pid) -> Vec<Pid> {
        self.pids()
            .into_iter()
            .filter(|pid| self.processes.get(pid).is_some_and(|process| process.pgid == group))
            .collect()
    }

    /// Delivers `signal` to a process.
    pub fn signal(&mut self, pid: Pid, signal: Signal) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if matches!(process.state, ProcessState::Zombie(_)) {
            return;
        }
        if signal == Signal::CONT && process.stopped.take().is_some() {
            process.unreported = Some(WaitStatus::Continued);
            let parent = process.ppid;
            self.enqueue(pid);
            self.notify_parent(parent);
        }
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if signal.can_be_caught() {
            if process.ignored.contains(signal) {
                return;
            }
            if process.caught.contains(signal) {
                process.pending.insert(signal);
                self.wake(pid);
                return;
            }
        }
        match signal.default_action() {
            DefaultAction::Ignore | DefaultAction::Continue => {}
            DefaultAction::Stop => {
                process.stopped = Some(signal);
                process.unreported = Some(WaitStatus::Stopped(signal));
                let parent = process.ppid;
                self.notify_parent(parent);
            }
            DefaultAction::Terminate => {
                process.killed.get_or_insert(signal);
                // A stopped process is ended by SIGKILL at once, by another signal when it is continued.
                if signal == Signal::KILL {
                    process.stopped = None;
                }
                self.wake(pid);
                self.enqueue(pid);
            }
        }
    }

    /// sigaction(2): what `signal` does to the process from now on.
    pub fn set_disposition(&mut self, pid: Pid, signal: Signal, disposition: Disposition) -> Result<(), Errno> {
        if !signal.can_be_caught() {
            return Err(Errno::EINVAL);
        }
        let process = self.living_mut(pid)?;
        process.ignored.remove(signal);
        process.caught.remove(signal);
        match disposition {
            Disposition::Default => {}
            Disposition::Ignore => process.ignored.insert(signal),
            Disposition::Catch => process.caught.insert(signal),
        }
        if disposition != Disposition::Catch {
            process.pending.remove(signal);
        }
        Ok(())
    }

    /// execve(2): caught signals get their default action, ignored ones stay ignored.
    pub fn reset_caught(&mut self, pid: Pid) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.caught = SignalSet::EMPTY;
            process.pending = SignalSet::EMPTY;
        }
    }

    /// What `signal` does to the process.
    pub fn disposition(&self, pid: Pid, signal: Signal) -> Disposition {
        match self.process(pid) {
            Some(process) if process.ignored.contains(signal) => Disposition::Ignore,
            Some(process) if process.caught.contains(signal) => Disposition::Catch,
            _ => Disposition::Default,
        }
    }
}
