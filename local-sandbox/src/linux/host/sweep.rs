//! What the host does when its helpers do not: commands that are not confined can stop or kill them.
//!
//! Every supervisor and all that comes from it bears a mark (see [`set_mark`](crate::linux::sys::process::set_mark)), which stays
//! when the tree above a process is gone. A command that takes the mark off on purpose is out of reach, as is one that kills
//! the host as well.

use std::collections::BTreeSet;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::sync::oneshot;

use crate::linux::sys::pidfd;
use crate::linux::warden::tree;

/// How long KILL is repeated.
const PATIENCE: Duration = Duration::from_secs(5);
/// The bits of a mark that tell the supervisors of one sandbox apart.
const NUMBER_BITS: u32 = 24;
/// In every mark, so that it is a limit beyond all memory: programs that look at it see none.
const HIGH: u64 = 1 << 60;

/// The marks of one sandbox.
#[derive(Debug)]
pub struct Marks {
    base: u64,
    next: AtomicU64,
}

impl Marks {
    /// Marks that no other sandbox of this machine has, as far as chance goes.
    pub fn new() -> Marks {
        // Seeded from the system's randomness.
        let random = std::hash::RandomState::new().build_hasher().finish() & (HIGH - 1);
        Marks { base: HIGH | (random >> NUMBER_BITS << NUMBER_BITS), next: AtomicU64::new(1) }
    }

    /// That of the warden.
    pub fn of_warden(&self) -> u64 {
        self.base
    }

    /// That of one more supervisor.
    pub fn next(&self) -> u64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed) & ((1 << NUMBER_BITS) - 1);
        self.base | number
    }

    /// All of them.
    pub fn all(&self) -> Marked {
        Marked { mark: self.base, mask: !((1 << NUMBER_BITS) - 1) }
    }
}

/// Which processes.
#[derive(Debug, Clone, Copy)]
pub struct Marked {
    mark: u64,
    mask: u64,
}

impl Marked {
    /// Those of one supervisor, itself included.
    pub fn of(mark: u64) -> Marked {
        Marked { mark, mask: u64::MAX }
    }

    fn covers(self, pid: u32) -> bool {
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
        mark_in(&limits).is_some_and(|mark| mark & self.mask == self.mark)
    }

    /// Has all of them continued, which makes a supervisor that was stopped do what is due.
    pub fn resume(self) {
        for pid in processes() {
            self.signal(pid, Signal::SIGCONT);
        }
    }

    /// Kills all of them, again and again until none is left; gives those that withstood it.
    pub fn kill(self) -> Vec<u32> {
        let since = Instant::now();
        let mut rounds_without = 0;
        loop {
            // Stopped first, so that they do not fork away from under the walk.
            let found: BTreeSet<u32> = processes().filter(|pid| self.signal(*pid, Signal::SIGSTOP)).collect();
            for pid in &found {
                self.signal(*pid, Signal::SIGKILL);
            }
            rounds_without = if found.is_empty() { rounds_without + 1 } else { 0 };
            // A process made while the list was read may have been missed by it.
            if rounds_without == 2 || since.elapsed() > PATIENCE {
                return found.into_iter().collect();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Signals a process if it is one of them; says whether it was and lived.
    fn signal(self, pid: u32, signal: Signal) -> bool {
        // Held, and looked at again: the number may have become another's since.
        if !self.covers(pid) || !tree::is_alive(pid.cast_signed()) {
            return false;
        }
        let Some(held) = pidfd::open(pid).ok().filter(|_| self.covers(pid)) else { return false };
        pidfd::signal(held.as_fd(), signal).is_ok()
    }
}

/// Does what may block on a thread of its own. Without one to be had it is not done, and the receiver tells at once.
pub fn in_thread(work: impl FnOnce() + Send + 'static) -> oneshot::Receiver<()> {
    let (done, end) = oneshot::channel();
    // The end of the sender tells as well.
    let thread = std::thread::Builder::new().name("sandbox-sweep".to_owned()).spawn(move || {
        work();
        let _ = done.send(());
    });
    drop(thread);
    end
}

/// How many tasks a user has, about as `RLIMIT_NPROC` counts them: what cannot be dumped is left out.
pub fn tasks_of(user: u32) -> u64 {
    let is_theirs = |pid: &u32| fs::metadata(format!("/proc/{pid}")).is_ok_and(|meta| meta.uid() == user);
    processes().filter(is_theirs).map(|pid| tree::threads(pid.cast_signed())).sum()
}

fn processes() -> impl Iterator<Item = u32> {
    let own = std::process::id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(move |pid| *pid != own)
}

/// The soft limit on the resident set in the text of `/proc/PID/limits`.
fn mark_in(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max resident set"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_read_from_the_limits() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max core file size        0                    unlimited            bytes     \n\
                    Max resident set          1152921504606846977  unlimited            bytes     \n";
        assert_eq!(mark_in(text), Some((1 << 60) + 1));
        assert_eq!(mark_in(&text.replace("1152921504606846977", "unlimited")), None);
    }

    #[test]
    fn supervisors_are_told_apart_and_belong_to_their_sandbox() {
        let (own, other) = (Marks::new(), Marks::new());
        let (first, second) = (own.next(), own.next());
        assert_ne!(first, second);
        let all = own.all();
        assert!([first, second, own.of_warden()].iter().all(|mark| mark & all.mask == all.mark));
        assert_ne!(other.next() & all.mask, all.mark);
    }
}
