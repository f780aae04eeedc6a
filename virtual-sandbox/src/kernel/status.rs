//! Exit statuses and how processes end.

use super::Signal;

/// An exit status, 0 to 255.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct ExitStatus(pub u8);

impl ExitStatus {
    /// "Successful completion."
    pub const SUCCESS: ExitStatus = ExitStatus(0);
    /// General failure.
    pub const FAILURE: ExitStatus = ExitStatus(1);
    /// Misuse: usage errors of builtins and of some utilities.
    pub const USAGE: ExitStatus = ExitStatus(2);
    /// "If a command is found but is not executable, the return status is 126."
    pub const NOT_EXECUTABLE: ExitStatus = ExitStatus(126);
    /// "If a command is not found, … a status of 127."
    pub const NOT_FOUND: ExitStatus = ExitStatus(127);

    /// Whether it is 0.
    pub fn is_success(self) -> bool {
        self.0 == 0
    }
}

impl From<bool> for ExitStatus {
    /// 0 for true, 1 for false.
    fn from(success: bool) -> Self {
        ExitStatus(u8::from(!success))
    }
}

/// How a process changed state, as waitpid(2) tells.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum WaitStatus {
    /// It exited.
    Exited(ExitStatus),
    /// A signal ended it.
    Signaled(Signal),
    /// A signal stopped it.
    Stopped(Signal),
    /// It was continued.
    Continued,
}

impl WaitStatus {
    /// The status a shell reports: "128+n when terminated by signal n".
    pub fn shell_status(self) -> ExitStatus {
        match self {
            WaitStatus::Exited(status) => status,
            WaitStatus::Signaled(signal) | WaitStatus::Stopped(signal) => ExitStatus(128 + signal.number()),
            WaitStatus::Continued => ExitStatus::SUCCESS,
        }
    }
}
