//! What only the local sandbox can say about a command that ended.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::denial::DenialHint;
use crate::spool::Spooled;

/// What only the local sandbox can say about a command that ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LocalExit {
    /// Descendants alive when the result was given.
    pub still_running: u32,
    /// Whether the command left a core file.
    pub core_dumped: bool,
    /// Why the sandbox ended it, if it did.
    pub killed_by: Option<KillReason>,
    /// What the confinement seems to have refused, if the command failed for it. A guess.
    pub denial_hint: Option<DenialHint>,
    /// Where all of its output is, if that was asked for.
    pub spooled: Option<Spooled>,
    /// Protected files that are no longer as they were, or were made and removed.
    pub protected_changes: Vec<ProtectedChange>,
}

/// What was left when a sandbox was shut down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShutdownReport {
    /// Processes that withstood SIGKILL (in an uninterruptible system call), by the host's numbers.
    pub leaked: Vec<u32>,
}

/// A protected file that a command has made or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProtectedChange {
    /// Which.
    pub path: PathBuf,
    /// Whether it is gone again: it was not there before, and was removed or, where it could not be, renamed.
    pub removed: bool,
}

/// Why a supervisor ended a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum KillReason {
    /// The time given was over.
    Timeout = 1,
    /// The host asked.
    Requested = 2,
    /// More processes than the limit.
    Processes = 3,
    /// More memory than the limit.
    Memory = 4,
    /// More output than the limit (decided by the host).
    Output = 5,
    /// Something killed the command's supervisor, and the command was then ended without it (told by the host).
    Helper = 6,
}

/// The status of a command that wrote more than its limit.
const OUTPUT_STATUS: i32 = 1;

impl KillReason {
    /// The status of a command that was ended for this, where it is not that of the signal.
    pub(crate) fn status(self) -> Option<i32> {
        match self {
            KillReason::Timeout => Some(sandbox::TIMEOUT_STATUS),
            KillReason::Output => Some(OUTPUT_STATUS),
            _ => None,
        }
    }

    /// From how it is written in messages.
    #[cfg(target_os = "linux")]
    pub(crate) fn from_number(number: u8) -> Option<KillReason> {
        match number {
            1 => Some(KillReason::Timeout),
            2 => Some(KillReason::Requested),
            3 => Some(KillReason::Processes),
            4 => Some(KillReason::Memory),
            5 => Some(KillReason::Output),
            6 => Some(KillReason::Helper),
            _ => None,
        }
    }
}

/// A signal's name without `SIG`, as `kill -l` gives it.
pub fn signal_name(number: i32) -> Option<&'static str> {
    #[cfg(unix)]
    let name = nix::sys::signal::Signal::try_from(number).ok().map(|signal| signal.as_str().trim_start_matches("SIG"));
    #[cfg(not(unix))]
    let name = match number {
        1 => Some("HUP"),
        2 => Some("INT"),
        3 => Some("QUIT"),
        4 => Some("ILL"),
        6 => Some("ABRT"),
        8 => Some("FPE"),
        9 => Some("KILL"),
        11 => Some("SEGV"),
        15 => Some("TERM"),
        _ => None,
    };
    name
}
