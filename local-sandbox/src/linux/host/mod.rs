//! The host's side: starting the warden, talking to supervisors, reading output.

pub mod background;
pub mod execution;
pub mod helper;
pub mod payload;
pub mod pipe;
pub mod processes;
pub mod sweep;
pub mod terminal;
