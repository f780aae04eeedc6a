//! The run queue and timers: first come, first served.

use super::{Kernel, Pid, ProcessState};

impl Kernel {
    /// Puts a process in the run queue when it can run.
    pub fn enqueue(&mut self, pid: Pid) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if process.queued || process.stopped.is_some() || process.state != ProcessState::Runnable {
            return;
        }
        process.queued = true;
        self.run_queue.push_back(pid);
    }

    /// The next process to run.
    pub fn next_runnable(&mut self) -> Option<Pid> {
        while let Some(pid) = self.run_queue.pop_front() {
            let Some(process) = self.processes.get_mut(&pid) else { continue };
            process.queued = false;
            if process.state == ProcessState::Runnable && process.stopped.is_none() {
                return Some(pid);
            }
        }
        None
    }

    /// Whether any process can run.
    pub fn has_runnable(&self) -> bool {
        !self.run_queue.is_empty()
    }

    /// Marks a process as waiting.
    pub fn block(&mut self, pid: Pid) {
        if let Some(process) = self.processes.get_mut(&pid)
            && process.state == ProcessState::Runnable
        {
            process.state = ProcessState::Blocked;
        }
    }

    /// Marks a process as waiting unless a signal is about to end it.
    pub fn block_unless_killed(&mut self, pid: Pid) {
        if self.processes.get(&pid).is_some_and(|process| process.killed.is_none()) {
            self.block(pid);
        }
    }

    /// Wakes a process that waits: whatever it waited for is tried again.
    pub fn wake(&mut self, pid: Pid) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if process.state == ProcessState::Blocked {
            process.state = ProcessState::Runnable;
            self.enqueue(pid);
        }
    }

    pub(crate) fn wake_all(&mut self, waiters: impl IntoIterator<Item = Pid>) {
        for pid in waiters {
            self.wake(pid);
        }
    }

    /// Whether the deadline `delay` nanoseconds after the first call has passed; until then a timer is set. A passed
    /// deadline is cleared.
    pub fn deadline_passed(&mut self, pid: Pid, delay: u64) -> bool {
        let now = self.clock.now();
        let Some(process) = self.processes.get_mut(&pid) else { return true };
        let deadline = match process.deadline {
            Some(deadline) => deadline,
            None => {
                let deadline = now.saturating_add(delay);
                process.deadline = Some(deadline);
                self.timers.insert((deadline, pid));
                deadline
            }
        };
        if now < deadline {
            return false;
        }
        self.clear_deadline(pid);
        true
    }

    /// Wakes a process that is about to block as soon as the clock is looked at.
    pub fn wake_soon(&mut self, pid: Pid) {
        let now = self.clock.now();
        self.timers.insert((now, pid));
    }

    /// Forgets a process's timer.
    pub fn clear_deadline(&mut self, pid: Pid) {
        if let Some(deadline) = self.processes.get_mut(&pid).and_then(|process| process.deadline.take()) {
            self.timers.remove(&(deadline, pid));
        }
    }

    /// When the next timer is due, in nanoseconds of the machine's clock.
    pub fn next_timer(&self) -> Option<u64> {
        self.timers.first().map(|(deadline, _)| *deadline)
    }

    /// Moves the clock and wakes those whose time has come.
    pub fn advance_to(&mut self, now: u64) {
        self.clock.advance_to(now);
        let now = self.clock.now();
        while let Some((deadline, pid)) = self.timers.first().copied() {
            if deadline > now {
                break;
            }
            self.timers.remove(&(deadline, pid));
            self.wake(pid);
        }
    }
}
