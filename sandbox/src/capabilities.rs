//! What a sandbox is and can do.

use serde::{Deserialize, Serialize};

/// What kind of sandbox this is, for a caller that must choose or explain. Whether an extension is there is asked of
/// the sandbox itself, as in [`Sandbox::snapshots`](crate::Sandbox::snapshots).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// The kind of sandbox, one word: `virtual`, `local`, the name of a remote service.
    pub kind: &'static str,
    /// How far commands are kept from the host.
    pub isolation: Isolation,
    /// Whether commands can run programs of the operating system (compilers, package managers).
    pub native_programs: bool,
    /// Whether commands can reach a network at all.
    pub network: bool,
    /// Whether files outlive the sandbox value.
    pub persistent_files: bool,
    /// Whether file names and contents may hold any byte (no NUL in names, as everywhere).
    pub byte_names: bool,
}

/// How far commands are kept from the host, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Isolation {
    /// Commands run with all rights of the calling user.
    None,
    /// The operating system confines commands to given files and resources.
    Confined,
    /// Commands run in an interpreter that has no way to the host, or on another machine.
    Isolated,
}
