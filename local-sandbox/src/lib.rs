//! Real commands on the host, with an environment allowlist, a kill that reaches the whole tree, terminals and confinement.
//!
//! [`LocalSandbox`] implements the [`Sandbox`](::sandbox::Sandbox) contract with processes of this machine. Commands run with the
//! rights of the host's user, or confined as far as the machine can ([`Confinement`]); [`LocalSandbox::report`] says, per
//! property, what is enforced and by what.
//!
//! # Processes
//!
//! Nothing in the host ever forks. One *warden* per sandbox is started by `posix_spawn` from the host's own image; it has one
//! thread and little memory, confines itself once, and forks *supervisors*. A supervisor starts a command as cheaply as
//! `posix_spawn` (shared memory until `execve`), is the parent of everything the command leaves behind, whatever it
//! forks, disowns or detaches, and serves the next command when nothing is left. It is served by the host over a
//! socket; the end of that socket (the host exits, crashes or is killed) ends the tree.
//!
//! A result is given when the command's own process has ended and its output is read as far as it comes without pause;
//! what it left running is drained in the background until the sandbox ends.
//!
//! # The helper
//!
//! On Linux with glibc any program that links this library can serve as its own helper: an entry in `.init_array` looks
//! for the warden's `argv[0]` before `main`. Elsewhere call [`init`] first thing in `main`, or install the
//! `local-sandbox-warden` program beside yours.
//!
//! # Other platforms
//!
//! The sandbox is Linux's own. Elsewhere the crate is `elsewhere.rs`: a builder whose `build` says that there is none.
#![warn(missing_docs)]

#[cfg(target_os = "linux")]
mod beneath;
#[cfg(target_os = "linux")]
mod builder;
#[cfg(target_os = "linux")]
mod contract;
#[cfg(target_os = "linux")]
mod environment;
#[cfg(target_os = "linux")]
mod error;
#[cfg(target_os = "linux")]
mod files;
#[cfg(target_os = "linux")]
mod host;
#[cfg(target_os = "linux")]
mod limits;
#[cfg(target_os = "linux")]
mod policy;
#[cfg(target_os = "linux")]
mod protect;
#[cfg(target_os = "linux")]
mod protocol;
#[cfg(target_os = "linux")]
mod proxy;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod sandbox;
#[cfg(target_os = "linux")]
mod scratch;
#[cfg(target_os = "linux")]
mod shell;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
mod warden;
#[cfg(target_os = "linux")]
mod worktree;

#[cfg(target_os = "linux")]
pub use self::sandbox::{LocalSandbox, ShutdownReport};
#[cfg(target_os = "linux")]
pub use builder::{BackgroundPolicy, Confinement, Enforcement, LocalSandboxBuilder, Network};
#[cfg(target_os = "linux")]
pub use environment::{ALLOWLIST, Inherit};
#[cfg(target_os = "linux")]
pub use error::{ConfigError, ExecError};
#[cfg(target_os = "linux")]
pub use host::background::Background;
#[cfg(target_os = "linux")]
pub use host::denial::DenialHint;
#[cfg(target_os = "linux")]
pub use host::execution::{LocalExecution, LocalExit, signal_name};
#[cfg(target_os = "linux")]
pub use host::sessions::{Opened, SessionId, TerminalSessions};
#[cfg(target_os = "linux")]
pub use host::spool::Spooled;
#[cfg(target_os = "linux")]
pub use host::terminal::{LocalTerminal, YieldFor, Yielded, terminal_size};
#[cfg(target_os = "linux")]
pub use limits::Limits;
#[cfg(target_os = "linux")]
pub use policy::{GitAccess, ReadAccess};
#[cfg(target_os = "linux")]
pub use protect::ProtectedChange;
#[cfg(target_os = "linux")]
pub use protocol::KillReason;
#[cfg(target_os = "linux")]
pub use proxy::serve::NetworkDecision;
#[cfg(target_os = "linux")]
pub use report::{Outcome, Property, Status, Tier};
#[cfg(target_os = "linux")]
pub use shell::Shell;
#[cfg(target_os = "linux")]
pub use sys::environ::scrub_env;
#[cfg(target_os = "linux")]
pub use warden::entry::init;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{ConfigError, LocalSandbox, LocalSandboxBuilder, init};
