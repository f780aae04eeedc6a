//! Shell functions.

use bytes::Bytes;
use rpds::HashTrieMapSync;
use rustc_hash::FxBuildHasher;
use shell_parser::ast::{CommandId, Unit};
use std::sync::Arc;

/// A function's definition.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name.
    pub name: Bytes,
    /// The unit its definition is part of.
    pub unit: Arc<Unit>,
    /// The definition in the unit (for printing).
    pub definition: CommandId,
    /// The body.
    pub body: CommandId,
    /// The file it was defined in; `environment` in a command string.
    pub source: Bytes,
    /// The line of the definition.
    pub line: u32,
    /// `export -f`.
    pub exported: bool,
    /// `readonly -f`.
    pub readonly: bool,
    /// `declare -ft`: DEBUG and RETURN traps reach it.
    pub traced: bool,
}

/// Functions by name; a clone shares them.
pub type Functions = HashTrieMapSync<Bytes, Arc<Function>, FxBuildHasher>;
