//! A machine: the kernel and the programs that run on it, as one value.
//!
//! A machine does no input or output of the host and reads no clock of the host: it is given fuel and runs until that
//! is used, until everything waits, or until what was asked for has ended. It is plain data: `clone` is a snapshot.

mod execution;
pub(crate) mod image;
mod program;
mod run;
mod session;
pub mod testing;
mod utility_task;

pub use execution::{Ended, ExecutionId, ExecutionSpec};
pub use image::DEFAULT_PATH;
pub use program::Program;
pub use run::{Machine, Pause};
pub use utility_task::UtilityTask;

/// The names of all programs of a machine: the utilities and the shells.
pub fn program_names() -> impl Iterator<Item = &'static str> {
    crate::utility::UTILITIES.iter().map(|utility| utility.name).chain(["bash", "sh"])
}
