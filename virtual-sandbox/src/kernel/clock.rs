//! The machine's clock.
//!
//! Time is a number that the driver moves: to the host's time, or in a test to the next timer, so that `sleep 3600` is
//! instant. Each change to a file takes a nanosecond, so that files made one after another can be told apart.

use crate::vfs::Timestamp;

/// Nanoseconds per second.
pub const SECOND: u64 = 1_000_000_000;

/// A clock in nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    now: u64,
    booted: u64,
}

impl Clock {
    /// A clock at `now` nanoseconds since the epoch, where the machine starts.
    pub fn new(now: u64) -> Self {
        Clock { now, booted: now }
    }

    /// Nanoseconds since the epoch.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Nanoseconds since the machine started.
    pub fn uptime(&self) -> u64 {
        self.now - self.booted
    }

    /// Moves to `now`; never back.
    pub fn advance_to(&mut self, now: u64) {
        self.now = self.now.max(now);
    }

    /// The time as files and date see it.
    pub fn timestamp(&self) -> Timestamp {
        Timestamp { secs: (self.now / SECOND) as i64, nanos: (self.now % SECOND) as u32 }
    }

    /// The time of a change to a file: later than that of the one before.
    pub fn tick(&mut self) -> Timestamp {
        self.now += 1;
        self.timestamp()
    }
}
