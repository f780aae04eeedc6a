//! The sandbox of macOS and Windows: commands started from the host itself, trees ended as far as the system knows them.
//!
//! What differs between the systems is behind one name, `system`: starting a command ([`system::Launcher`]), what it
//! started ([`system::Tree`]), pipes, terminals, and what can be enforced. The part of UNIX also runs on Linux, for the tests
//! of all that is here.

pub mod build;
#[cfg(any(windows, test))]
pub mod command_line;
pub mod drain;
pub mod execution;
pub mod files;
pub mod launch;
pub mod pipe;
#[cfg(any(target_os = "macos", test))]
pub mod profile;
pub mod reach;
pub mod sandbox;
pub mod screen;
pub mod spawned;
#[cfg(unix)]
pub mod unix;
#[cfg(windows)]
pub mod windows;

#[path = "../contract.rs"]
mod contract;
#[path = "../handle.rs"]
mod handle;
#[path = "../processes.rs"]
mod processes;
#[path = "../terminal.rs"]
mod terminal;

#[cfg(all(test, unix))]
mod tests;

#[cfg(unix)]
pub use unix as system;
#[cfg(windows)]
pub use windows as system;

pub use build::{build, init, scrub_env};
pub use execution::LocalExecution;
pub use sandbox::LocalSandbox;
pub use screen::LocalTerminal;
pub use spawned::Link;
#[cfg(windows)]
pub use system::console::RawConsole;
pub use system::terminal_size;
