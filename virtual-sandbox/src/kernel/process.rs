//! The process table.

use super::{FdTable, Pid, PipeId, SignalSet, WaitStatus};
use crate::kernel::Signal;
use crate::utility::Invocation;
use crate::vfs::{Cred, Node};
use bytes::Bytes;
use smallvec::SmallVec;
use std::sync::Arc;

/// What a process is doing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProcessState {
    /// In the run queue, or running.
    Runnable,
    /// Waiting to be woken.
    Blocked,
    /// Ended; kept until its parent has waited for it.
    Zombie(WaitStatus),
}

/// A FIFO that is being opened and waits for its other side.
#[derive(Clone, Copy, Debug)]
pub struct FifoOpening {
    /// The FIFO's pipe.
    pub pipe: PipeId,
    /// Whether it is opened for writing.
    pub writing: bool,
    /// How often the other side had been opened when the wait began.
    pub seen: u64,
}

/// A process.
#[derive(Clone, Debug)]
pub struct Process {
    /// Process id.
    pub pid: Pid,
    /// Parent.
    pub ppid: Pid,
    /// Process group.
    pub pgid: Pid,
    /// Session.
    pub sid: Pid,
    /// Identity.
    pub cred: Arc<Cred>,
    /// File mode creation mask.
    pub umask: u32,
    /// Niceness, 0 to 19; it is inherited, and has no effect on the schedule.
    pub niceness: u8,
    /// Working directory.
    pub cwd: Node,
    /// Descriptors.
    pub fds: FdTable,
    /// Signals ignored.
    pub ignored: SignalSet,
    /// Signals the process handles itself.
    pub caught: SignalSet,
    /// Signals that wait to be handled.
    pub pending: SignalSet,
    /// What it is doing.
    pub state: ProcessState,
    /// Whether it stands in the run queue.
    pub queued: bool,
    /// The signal that stopped it, while it is stopped.
    pub stopped: Option<Signal>,
    /// A stop or continuation its parent has not been told of.
    pub unreported: Option<WaitStatus>,
    /// The signal that ends it at the next opportunity.
    pub killed: Option<Signal>,
    /// Children that live or wait to be waited for.
    pub children: SmallVec<[Pid; 4]>,
    /// Arguments and environment it was started with.
    pub invocation: Option<Invocation>,
    /// Its program file.
    pub exe: Bytes,
    /// When it is woken, on the machine's clock in nanoseconds.
    pub deadline: Option<u64>,
    /// A FIFO it is opening.
    pub opening: Option<FifoOpening>,
    /// When it started, on the machine's clock in nanoseconds.
    pub started: u64,
    /// Fuel it has used.
    pub fuel: u64,
    /// Fuel its waited-for children have used.
    pub children_fuel: u64,
    /// Bytes of its input that a utility holds in memory.
    pub held: u64,
}
