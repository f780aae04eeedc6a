//! Jobs: background commands the shell has started.

use crate::kernel::{ExitStatus, Pid, WaitStatus};
use crate::sys::Fd;
use bytes::Bytes;
use smallvec::SmallVec;

/// One process of a job.
#[derive(Clone, Copy, Debug)]
pub struct JobProcess {
    /// Its process id.
    pub pid: Pid,
    /// How it ended or was stopped, when it has.
    pub status: Option<WaitStatus>,
}

/// A background job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its number, from 1.
    pub number: u32,
    /// Its processes; the last one's status is the job's.
    pub processes: SmallVec<[JobProcess; 2]>,
    /// Its text for `jobs`.
    pub text: Bytes,
    /// Whether the user has been told of its present state.
    pub notified: bool,
    /// `disown -h`.
    pub keep_on_hangup: bool,
}

impl Job {
    /// The job's status when all of it has ended.
    pub fn ended(&self) -> Option<WaitStatus> {
        if self
            .processes
            .iter()
            .any(|process| !matches!(process.status, Some(WaitStatus::Exited(_) | WaitStatus::Signaled(_))))
        {
            return None;
        }
        self.processes.last().and_then(|process| process.status)
    }

    /// The signal that stopped it.
    pub fn stopped(&self) -> Option<WaitStatus> {
        self.processes
            .iter()
            .find_map(|process| process.status.filter(|status| matches!(status, WaitStatus::Stopped(_))))
    }

    /// The process whose id names the job.
    pub fn leader(&self) -> Option<Pid> {
        self.processes.first().map(|process| process.pid)
    }

    /// The process whose id `$!` is.
    pub fn last(&self) -> Option<Pid> {
        self.processes.last().map(|process| process.pid)
    }
}

/// What `coproc` has started last.
#[derive(Clone, Debug)]
pub struct Coprocess {
    /// Its process id.
    pub pid: Pid,
    /// The array with the descriptors of its pipes.
    pub name: Bytes,
    /// The shell's ends of the pipes.
    pub pipes: [Fd; 2],
    /// Whether it has ended, as far as the shell knows.
    pub ended: bool,
}

/// How many statuses of ended processes are remembered for `wait` (bash: CHILD_MAX).
const REMEMBERED: usize = 4096;

/// The job table.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    /// The jobs, by number.
    pub list: Vec<Job>,
    /// Statuses of processes that have ended and whose job is gone, for a later `wait PID`.
    pub remembered: Vec<(Pid, ExitStatus)>,
    /// Those of them that `wait -n` has told of: they do not count for another one.
    pub reported: Vec<Pid>,
    /// Numbers of the jobs that `%+` and `%-` are, latest first.
    pub recent: SmallVec<[u32; 4]>,
    /// Process substitutions: waited for, but no jobs.
    pub hidden: Vec<Pid>,
    /// The coprocess, until it has ended.
    pub coprocess: Option<Coprocess>,
}

impl Jobs {
    /// Adds a job; its number.
    pub fn add(&mut self, pids: &[Pid], text: Bytes) -> u32 {
        let number = self.list.iter().map(|job| job.number).max().unwrap_or(0) + 1;
        let processes = pids.iter().map(|pid| JobProcess { pid: *pid, status: None }).collect();
        self.list.push(Job { number, processes, text, notified: false, keep_on_hangup: false });
        self.make_current(number);
        number
    }

    /// Makes a job `%+`.
    pub fn make_current(&mut self, number: u32) {
        self.recent.retain(|other| *other != number);
        self.recent.insert(0, number);
    }

    /// The job with this number.
    pub fn get(&self, number: u32) -> Option<&Job> {
        self.list.iter().find(|job| job.number == number)
    }

    /// The job that holds the process.
    pub fn of_process(&self, pid: Pid) -> Option<&Job> {
        self.list.iter().find(|job| job.processes.iter().any(|process| process.pid == pid))
    }

    /// Notes a process's new state.
    pub fn note(&mut self, pid: Pid, status: WaitStatus) {
        if let Some(coprocess) = self.coprocess.as_mut().filter(|coprocess| coprocess.pid == pid) {
            coprocess.ended |= matches!(status, WaitStatus::Exited(_) | WaitStatus::Signaled(_));
        }
        for job in &mut self.list {
            for process in &mut job.processes {
                if process.pid == pid {
                    process.status = Some(status);
                    job.notified = false;
                }
            }
        }
    }

    /// The status of a process of a job that has ended, or that is remembered.
    pub fn status_of(&self, pid: Pid) -> Option<ExitStatus> {
        let in_list = self.list.iter().flat_map(|job| &job.processes).find(|process| process.pid == pid);
        match in_list {
            Some(process) => match process.status? {
                WaitStatus::Stopped(_) | WaitStatus::Continued => None,
                ended => Some(ended.shell_status()),
            },
            None => self.remembered.iter().rev().find(|(other, _)| *other == pid).map(|(_, status)| *status),
        }
    }

    /// Removes a job, remembering the statuses of its processes.
    pub fn remove(&mut self, number: u32) {
        let Some(at) = self.list.iter().position(|job| job.number == number) else { return };
        let job = self.list.remove(at);
        self.recent.retain(|other| *other != number);
        for process in job.processes {
            if let Some(status) = process.status {
                self.remember(process.pid, status.shell_status());
            }
        }
    }

    /// Remembers a process's status for a later `wait`.
    pub fn remember(&mut self, pid: Pid, status: ExitStatus) {
        if self.remembered.len() >= REMEMBERED {
            let (forgotten, _) = self.remembered.remove(0);
            self.reported.retain(|pid| *pid != forgotten);
        }
        self.remembered.push((pid, status));
    }

    /// The first process remembered that `wait -n` has not told of.
    pub fn unreported(&self) -> Option<(Pid, ExitStatus)> {
        self.remembered.iter().find(|(pid, _)| !self.reported.contains(pid)).copied()
    }

    /// Process ids that have not ended.
    pub fn running(&self) -> impl Iterator<Item = Pid> + '_ {
        self.list
            .iter()
            .flat_map(|job| &job.processes)
            .filter(|process| !matches!(process.status, Some(WaitStatus::Exited(_) | WaitStatus::Signaled(_))))
            .map(|process| process.pid)
    }
}
