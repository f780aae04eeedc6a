//! What a command has started, and its end: a job object, which nothing in it leaves.

use std::io;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sandbox::Usage;

use super::sys::job::Job;

/// How long an end is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// The signals that end a process by default (`kill -l`).
const ENDING: [i32; 7] = [1, 2, 3, 6, 9, 13, 15];
const KILL: i32 = 9;

/// The processes of one command.
#[derive(Debug)]
pub struct Tree {
    pid: u32,
    job: Job,
    sent: Sent,
    settled: Mutex<Option<Usage>>,
}

/// The signal that a tree was ended in place of.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicI32>);

impl Sent {
    /// The signal, if there was one.
    pub fn get(&self) -> Option<i32> {
        Some(self.0.load(Ordering::Acquire)).filter(|signal| *signal > 0)
    }
}

impl Tree {
    /// The tree of a process in a job.
    pub fn new(pid: u32, job: Job) -> Tree {
        Tree { pid, job, sent: Sent::default(), settled: Mutex::default() }
    }

    /// The number of the command's shell.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The signal that it was ended in place of, later too.
    pub fn sent(&self) -> Sent {
        self.sent.clone()
    }

    /// The members that are alive.
    pub fn living(&self) -> Vec<u32> {
        if self.is_settled() { Vec::new() } else { self.job.processes() }
    }

    /// Windows has no signals: those that end a process end all, others are an error.
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        if !ENDING.contains(&signal) {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.terminate(signal)
    }

    fn terminate(&self, signal: i32) -> io::Result<()> {
        // The first that came is the one.
        let _ = self.sent.0.compare_exchange(0, signal, Ordering::AcqRel, Ordering::Acquire);
        self.job.terminate((128 + signal).unsigned_abs())
    }

    /// Ends all members at once: there is no way to ask. Gives those that withstand. Blocks.
    pub fn end(&self, _: Duration) -> Vec<u32> {
        let until = Instant::now() + PATIENCE;
        loop {
            let living = self.living();
            if living.is_empty() {
                self.settle();
                return living;
            }
            // What cannot be ended is told.
            let _ = self.terminate(KILL);
            if Instant::now() > until {
                return living;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// What the tree has used, which is gone.
    pub fn settle(&self) -> Usage {
        let mut settled = self.settled.lock().unwrap_or_else(PoisonError::into_inner);
        *settled.get_or_insert_with(|| self.job.usage())
    }

    /// Whether nothing is left of it.
    pub fn is_settled(&self) -> bool {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}
