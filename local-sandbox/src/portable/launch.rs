//! What the system is told to start, and what it gives.

use std::path::PathBuf;
use std::sync::Arc;

use super::system::{Exit, Reader, Screen, ScriptFile, Tree, Writer};
use crate::environment::Environment;

/// One command to start.
pub struct Launch {
    pub program: PathBuf,
    pub arguments: Vec<Vec<u8>>,
    pub environment: Environment,
    pub directory: PathBuf,
    /// Whether it reads what we write.
    pub stdin: bool,
    /// A long script, which it reads from a file or from descriptor 3.
    pub script: Option<Vec<u8>>,
    /// Rows and columns.
    pub terminal: Option<(u16, u16)>,
    /// Whether its last argument goes to it as it is; on UNIX all do.
    #[cfg_attr(unix, expect(dead_code, reason = "words are never joined on UNIX"))]
    pub verbatim: bool,
}

/// A command that was started.
pub struct Started {
    pub tree: Arc<Tree>,
    pub exit: Exit,
    pub stdin: Option<Writer>,
    pub stdout: Option<Reader>,
    pub stderr: Option<Reader>,
    pub screen: Option<Screen>,
    pub script: Option<ScriptFile>,
}
