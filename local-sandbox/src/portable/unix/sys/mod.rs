//! System calls; the only unsafe code of the portable sandbox on UNIX.

pub mod listing;
pub mod path;
pub mod process;
#[cfg(target_vendor = "apple")]
pub mod queue;
pub mod spawn;
pub mod winsize;
