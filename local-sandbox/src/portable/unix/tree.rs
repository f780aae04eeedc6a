//! What a command has started, and its end.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sandbox::Usage;

use super::exit::Ending;
use super::processes::members;
use super::sys::{listing, process};
use super::watcher::Watcher;

/// How long SIGKILL is repeated; what is alive then is in an uninterruptible system call.
const PATIENCE: Duration = Duration::from_secs(5);

/// The processes of one command. Its leader is not waited for before they are gone: its number, and that of its process
/// group and session, are nobody else's until then.
#[derive(Debug)]
pub struct Tree {
    leader: Pid,
    state: Mutex<State>,
    watcher: Option<Arc<Watcher>>,
}

#[derive(Debug, Default)]
struct State {
    /// Members that were ever seen, and when they were started.
    seen: BTreeMap<i32, u64>,
    /// How the leader ended and what it used, once it was waited for.
    settled: Option<(Ending, Usage)>,
}

impl Tree {
    /// The tree of a child that leads a session. The watcher ends its process group when the host dies.
    pub fn new(leader: Pid, watcher: Option<Arc<Watcher>>) -> Tree {
        if let Some(watcher) = &watcher {
            watcher.add(leader);
        }
        Tree { leader, state: Mutex::default(), watcher }
    }

    /// The leader's number.
    pub fn pid(&self) -> u32 {
        self.leader.as_raw().unsigned_abs()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The members that are alive.
    pub fn living(&self) -> Vec<u32> {
        self.look(&mut self.state()).into_iter().map(i32::unsigned_abs).collect()
    }

    fn look(&self, state: &mut State) -> Vec<i32> {
        if state.settled.is_some() {
            return Vec::new();
        }
        let found = members(self.leader.as_raw(), &state.seen, &listing::all());
        let alive = found.keys().copied().collect();
        state.seen = found;
        alive
    }

    /// Sends a signal to all members.
    pub fn signal(&self, signal: i32) -> io::Result<()> {
        let signal = Signal::try_from(signal)?;
        let mut state = self.state();
        let members = self.look(&mut state);
        // Under the lock the leader keeps its number; the others have theirs but for the moment since the look.
        for member in &members {
            match kill(Pid::from_raw(*member), signal) {
                Ok(()) | Err(Errno::ESRCH | Errno::EPERM) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok(())
    }

    /// Ends all members: TERM, the grace, KILL until none is left. Gives those that withstand. Blocks.
    pub fn end(&self, grace: Duration) -> Vec<u32> {
        if grace > Duration::ZERO {
            self.ask(grace);
        }
        let until = Instant::now() + PATIENCE;
        let mut first = true;
        loop {
            let mut state = self.state();
            let members = self.look(&mut state);
            if members.is_empty() || Instant::now() > until {
                drop(state);
                if members.is_empty() {
                    self.settle();
                }
                return members.into_iter().map(i32::unsigned_abs).collect();
            }
            let send = |signal: Signal| {
                for member in &members {
                    // One that has just ended, or is another user's by now.
                    let _ = kill(Pid::from_raw(*member), signal);
                }
            };
            if !first {
                // What forks faster than it is found has to stand still.
                send(Signal::SIGSTOP);
            }
            send(Signal::SIGKILL);
            drop(state);
            first = false;
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Asks all members to end, and waits for the grace at most.
    fn ask(&self, grace: Duration) {
        // What takes no signals is not asked.
        let _ = self.signal(libc::SIGTERM);
        let _ = self.signal(libc::SIGCONT);
        let until = Instant::now() + grace;
        let mut pause = Duration::from_millis(1);
        while Instant::now() < until && !self.living().is_empty() {
            std::thread::sleep(pause.min(until.saturating_duration_since(Instant::now())));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    /// Waits for the leader, whose tree is gone; says what it has used. Nothing while it runs.
    pub fn settle(&self) -> Usage {
        let mut state = self.state();
        if let Some((_, usage)) = state.settled {
            return usage;
        }
        let Some((ending, usage)) = process::reap(self.leader) else { return Usage::default() };
        if let Some(watcher) = &self.watcher {
            watcher.remove(self.leader);
        }
        state.settled = Some((ending, usage));
        usage
    }

    /// Waits for the leader's end, and leaves its number to it. Blocks.
    pub fn ending(&self) -> Ending {
        // Settled at the same time, it is known to whoever did that.
        process::ending(self.leader)
            .or_else(|| self.state().settled.map(|(ending, _)| ending))
            .unwrap_or_else(Ending::killed)
    }

    /// Whether nothing is left of it.
    pub fn is_settled(&self) -> bool {
        self.state().settled.is_some()
    }
}
