//! Where a machine's time and chance come from.

use crate::kernel::Clock;
use std::hash::{BuildHasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where a sandbox's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// The host's clock: sleeping takes as long as it says.
    Host,
    /// Time that begins at so many nanoseconds since the epoch and jumps to the next timer when everything waits:
    /// sleeping takes no time at all, and with a seed a run is the same each time.
    Jumping(u64),
}

impl Time {
    /// The clock of a machine that starts now.
    pub(super) fn start(self) -> Clock {
        match self {
            Time::Host => Clock::new(host_now()),
            Time::Jumping(start) => Clock::new(start),
        }
    }
}

/// Nanoseconds since the epoch on the host.
fn host_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_nanos() as u64)
}

/// A number that nobody knows before.
pub(super) fn host_seed() -> u64 {
    RandomState::new().hash_one(host_now())
}

/// The host's clock as a machine sees it: it does not go back.
#[derive(Debug, Clone, Copy)]
pub(super) struct HostClock {
    epoch: u64,
    started: Instant,
}

impl HostClock {
    /// A clock that agrees with the host's now.
    pub(super) fn start() -> Self {
        HostClock { epoch: host_now(), started: Instant::now() }
    }

    /// What it shows then, in nanoseconds since the epoch.
    pub(super) fn at(&self, now: Instant) -> u64 {
        self.epoch + now.saturating_duration_since(self.started).as_nanos() as u64
    }

    /// When the clock will show this.
    pub(super) fn instant(&self, nanoseconds: u64) -> Instant {
        self.started + std::time::Duration::from_nanos(nanoseconds.saturating_sub(self.epoch))
    }
}
