//! The kernel: processes, signals, statuses. (The tables follow with the file system.)

mod process_id;
mod signal;
mod status;

pub use process_id::Pid;
pub use signal::{DefaultAction, Disposition, Signal, SignalSet};
pub use status::{ExitStatus, WaitStatus};
