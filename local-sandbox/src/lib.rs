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
//! macOS and Windows have the same sandbox with what their systems offer, and its report says what that is. On macOS commands are
//! started by `posix_spawn` in sessions of their own, a tree is ended as far as it can be found, and confinement is a profile for
//! `sandbox-exec`. On Windows a command's processes are in a job object, terminals are pseudoconsoles, and there is no
//! confinement.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::duplicate_mod, reason = "the tests have both sandboxes, which share files"))]

mod background;
mod builder;
mod denial;
mod environment;
mod error;
mod exit;
mod limits;
mod names;
mod policy;
mod proxy;
#[cfg(feature = "portable-pty")]
mod pty;
mod report;
mod repositories;
mod resolve;
mod scratch;
mod sessions;
mod shell;
mod spool;
mod start;
mod worktree;
mod yields;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(any(not(target_os = "linux"), test))]
#[cfg_attr(target_os = "linux", allow(dead_code, unused_imports, reason = "here only its tests use it"))]
mod portable;
#[cfg(not(target_os = "linux"))]
use portable as platform;

pub use background::Background;
pub use builder::{BackgroundPolicy, Confinement, Enforcement, LocalSandboxBuilder, Network};
pub use denial::DenialHint;
pub use environment::{ALLOWLIST, Inherit};
pub use error::{ConfigError, ExecError};
pub use exit::{KillReason, LocalExit, ProtectedChange, ShutdownReport, signal_name};
pub use limits::Limits;
#[cfg(windows)]
pub use platform::RawConsole;
pub use platform::{LocalExecution, LocalSandbox, LocalTerminal, init, scrub_env, terminal_size};
pub use policy::{GitAccess, Missing, ReadAccess};
pub use proxy::serve::NetworkDecision;
#[cfg(feature = "portable-pty")]
pub use pty::{PtyError, portable_pty, pty_exit_status};
pub use report::{Outcome, Property, Status, Tier};
pub use sessions::{Opened, SessionId, TerminalSessions};
pub use shell::Shell;
pub use spool::Spooled;
pub use yields::{YieldFor, Yielded};
