//! The sandbox of Linux: a warden, supervisors, and confinement by the kernel.

pub mod beneath;
pub mod build;
mod contract;
pub mod file_threads;
pub mod files;
pub mod host;
pub mod launch;
pub mod placeholders;
pub mod protect;
pub mod protocol;
pub mod sandbox;
pub mod sys;
pub mod warden;

pub use build::build;
pub use host::terminal::LocalTerminal;
pub use sandbox::LocalSandbox;
