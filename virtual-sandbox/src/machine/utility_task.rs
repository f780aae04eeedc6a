//! A utility as a task: its future, and the log that can bring a fresh future to the same place.

use crate::kernel::{ExitStatus, Fault, Kernel, Pid};
use crate::sys::{Reply, Sys, Syscall};
use crate::utility::{Invocation, Running, Utility};
use std::task::{Context, Poll, Waker};

/// The most replies a log keeps.
const LOG_REPLIES: usize = 10_000;
/// The most bytes the replies of a log hold.
const LOG_BYTES: usize = 1 << 20;

/// The replies a utility has had, for replay.
#[derive(Clone, Default)]
struct Log {
    replies: Vec<Reply>,
    bytes: usize,
    overflowed: bool,
}

impl Log {
    fn push(&mut self, reply: &Reply) {
        if self.overflowed {
            return;
        }
        self.bytes += match reply {
            Reply::Bytes(bytes) => bytes.len(),
            Reply::Entries(entries) => entries.len() * 64,
            _ => 0,
        };
        if self.replies.len() >= LOG_REPLIES || self.bytes > LOG_BYTES {
            *self = Log { replies: Vec::new(), bytes: 0, overflowed: true };
            return;
        }
        self.replies.push(reply.clone());
    }
}

/// A utility under way.
pub struct UtilityTask {
    utility: &'static Utility,
    invocation: Invocation,
    future: Running,
    sys: Sys,
    /// The call that waits to be served.
    waiting: Option<Syscall>,
    log: Log,
    /// What the kernel knows of the bytes held; `None`: nothing yet.
    held: Option<u64>,
}

/// Why a utility stopped running.
pub enum Stopped {
    /// It waits to be woken.
    Blocked,
    /// Its fuel is used.
    Yielded,
    /// It ended.
    Exited(ExitStatus),
    /// It asks for what only the machine can do: starting programs.
    Asks(Syscall),
}

impl UtilityTask {
    /// Starts a utility.
    pub fn new(utility: &'static Utility, invocation: Invocation) -> Self {
        let sys = Sys::new(invocation.name());
        let future = (utility.run)(sys.clone(), invocation.clone());
        UtilityTask { utility, invocation, future, sys, waiting: None, log: Log::default(), held: None }
    }

    /// How it was invoked.
    pub fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// A task at the same place, made by running the utility anew against the replies it has had; `None` when those
    /// were too many to keep.
    pub fn replay(&self) -> Option<UtilityTask> {
        if self.log.overflowed {
            return None;
        }
        let mut task = UtilityTask::new(self.utility, self.invocation.clone());
        task.log = self.log.clone();
        let mut replies = self.log.replies.iter();
        // A task that has not been polled yet, or whose reply waits to be taken, is at the same place without a poll.
        if self.waiting.is_none() && self.log.replies.is_empty() {
            return Some(task);
        }
        loop {
            if task.poll().is_some() {
                return None;
            }
            let request = task.sys.take_request()?;
            task.sys.take_charge();
            match replies.next() {
                Some(reply) => {
                    task.sys.put_reply(reply.clone());
                    if replies.len() == 0 && self.waiting.is_none() {
                        return Some(task);
                    }
                }
                None => {
                    task.waiting = Some(request);
                    return Some(task);
                }
            }
        }
    }

    fn poll(&mut self) -> Option<ExitStatus> {
        let mut context = Context::from_waker(Waker::noop());
        match self.future.as_mut().poll(&mut context) {
            Poll::Ready(status) => Some(status),
            Poll::Pending => None,
        }
    }

    /// Gives the reply to what it asked the machine for.
    pub fn answer(&mut self, reply: Reply) {
        self.waiting = None;
        self.log.push(&reply);
        self.sys.put_reply(reply);
    }

    /// Runs until it must wait, it ends, or `fuel` is used.
    pub fn run(&mut self, kernel: &mut Kernel, pid: Pid, fuel: &mut u64) -> Stopped {
        loop {
            if let Some(call) = self.waiting.take() {
                match kernel.serve(pid, &call) {
                    Ok(reply) => self.answer(reply),
                    Err(Fault::Errno(errno)) => self.answer(Reply::Error(errno)),
                    Err(Fault::Block) => {
                        self.waiting = Some(call);
                        return Stopped::Blocked;
                    }
                }
                if matches!(call, Syscall::Yield) {
                    *fuel = 0;
                }
            }
            if *fuel == 0 {
                return Stopped::Yielded;
            }
            if let Some(status) = self.poll() {
                kernel.usage.fuel += self.sys.take_charge();
                return Stopped::Exited(status);
            }
            let held = self.sys.held();
            if self.held != Some(held) {
                self.held = Some(held);
                kernel.hold(pid, held);
            }
            let charged = 1 + self.sys.take_charge();
            kernel.usage.fuel += charged - 1;
            *fuel = fuel.saturating_sub(charged);
            // A future that is pending without a request waits for nothing; that would be a fault of ours.
            let Some(call) = self.sys.take_request() else { return Stopped::Exited(ExitStatus::FAILURE) };
            if matches!(call, Syscall::Spawn(_) | Syscall::Exec(_)) {
                self.waiting = Some(call.clone());
                return Stopped::Asks(call);
            }
            self.waiting = Some(call);
        }
    }
}
