//! The kernel: processes, descriptors, pipes, signals, time and randomness of one machine.
//!
//! Everything is plain data in tables, so a machine is snapshotted by cloning it. Operations never wait: one that
//! cannot be done yet answers [`Fault::Block`] after it has noted whom to wake, and is tried again then. The kernel
//! knows nothing of shells or utilities; the [`crate::machine`] runs those and calls in here.

mod clock;
mod console;
mod entropy;
mod fd;
mod fifo;
mod file;
mod kill;
mod life;
mod limits;
mod path;
mod pipe;
mod process;
mod process_id;
mod procfs;
mod read;
mod schedule;
mod serve;
mod signal;
mod status;
mod table;
mod write;

pub use clock::{Clock, SECOND};
pub use console::{CONSOLE_CAPACITY, Console, ConsoleId};
pub use entropy::Entropy;
pub use fd::{FdEntry, FdTable, FileId, Object, OpenFile, Stream};
pub use life::SAVED_FD;
pub use limits::{LimitExceeded, Limits, Usage};
pub use pipe::{PIPE_BUF, PIPE_CAPACITY, Pipe};
pub use process::{FifoOpening, Process, ProcessState};
pub use process_id::Pid;
pub use signal::{DefaultAction, Disposition, Signal, SignalSet};
pub use status::{ExitStatus, WaitStatus};
pub use table::Table;

use crate::errno::Errno;
use crate::vfs::{Node, Vfs};
use rustc_hash::FxHashMap;
use std::collections::{BTreeSet, VecDeque};

/// Names a pipe.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PipeId(pub u32);

/// Why an operation has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// It failed.
    Errno(Errno),
    /// It must be tried again when the process is woken, or the process is being ended.
    Block,
}

impl From<Errno> for Fault {
    fn from(errno: Errno) -> Self {
        Fault::Errno(errno)
    }
}

/// The result of an operation that may have to wait.
pub type Try<T> = Result<T, Fault>;

/// The kernel of one machine.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The file system.
    pub vfs: Vfs,
    /// The clock.
    pub clock: Clock,
    /// Randomness.
    pub entropy: Entropy,
    /// Limits, and what has been used of them.
    pub limits: Limits,
    /// What has been used.
    pub usage: Usage,
    processes: FxHashMap<Pid, Box<Process>>,
    next_pid: u32,
    files: Table<OpenFile>,
    pipes: Table<Pipe>,
    consoles: Table<Console>,
    fifos: FxHashMap<Node, PipeId>,
    run_queue: VecDeque<Pid>,
    timers: BTreeSet<(u64, Pid)>,
    /// Bytes that all utilities hold in memory.
    held: u64,
    /// Processes that have ended, for the machine to forget their programs.
    pub(crate) ended: Vec<(Pid, WaitStatus)>,
}

/// The process that has no program: parent of orphans.
pub const INIT: Pid = Pid(1);

impl Kernel {
    /// A kernel over a file system, with only the process [`INIT`].
    pub fn new(vfs: Vfs, limits: Limits, clock: Clock, seed: u64) -> Self {
        let mut kernel = Kernel {
            vfs,
            clock,
            entropy: Entropy::new(seed),
            limits,
            usage: Usage::default(),
            processes: FxHashMap::default(),
            next_pid: 2,
            files: Table::default(),
            pipes: Table::default(),
            consoles: Table::default(),
            fifos: FxHashMap::default(),
            run_queue: VecDeque::new(),
            timers: BTreeSet::new(),
            held: 0,
            ended: Vec::new(),
        };
        kernel.create_init();
        kernel
    }

    /// Gives the memory of many processes, files and pipes back once they are gone: what an idle machine holds does not
    /// depend on what it did. Room for a small script is kept.
    pub(crate) fn trim(&mut self) {
        const KEPT: usize = 8;
        if self.processes.len() <= KEPT && self.processes.capacity() > 2 * KEPT {
            self.processes.shrink_to(KEPT);
        }
        self.files.trim(2 * KEPT);
        self.pipes.trim(KEPT);
        self.consoles.trim(KEPT);
        if self.run_queue.is_empty() && self.run_queue.capacity() > 2 * KEPT {
            self.run_queue = VecDeque::new();
        }
    }

    /// The process `pid`, living or waiting to be waited for.
    pub fn process(&self, pid: Pid) -> Option<&Process> {
        self.processes.get(&pid).map(Box::as_ref)
    }

    /// The process `pid`, to change.
    pub fn process_mut(&mut self, pid: Pid) -> Option<&mut Process> {
        self.processes.get_mut(&pid).map(Box::as_mut)
    }

    /// The process `pid`, or ESRCH.
    pub(crate) fn living(&self, pid: Pid) -> Result<&Process, Errno> {
        self.process(pid).ok_or(Errno::ESRCH)
    }

    pub(crate) fn living_mut(&mut self, pid: Pid) -> Result<&mut Process, Errno> {
        self.process_mut(pid).ok_or(Errno::ESRCH)
    }

    /// All process ids, in order.
    pub fn pids(&self) -> Vec<Pid> {
        let mut pids: Vec<Pid> = self.processes.keys().copied().collect();
        pids.sort_unstable();
        pids
    }
}
