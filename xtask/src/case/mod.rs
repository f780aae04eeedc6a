//! Conformance cases: scripts and what they do, as data.
//!
//! A `.test` file holds cases. `=== TITLE` begins one, `--- SECTION` a part of it:
//!
//! ```text
//! === a for loop over words [bash manual: Looping Constructs]
//! --- script
//! for i in a b; do echo $i; done
//! --- stdout
//! a
//! b
//! --- status 0
//! ```
//!
//! | section | meaning |
//! |---|---|
//! | `script` | given to `bash -c`, without its last newline |
//! | `stdin` | standard input, a pipe; empty when absent |
//! | `file PATH` | a file below the working directory, there before the script runs |
//! | `env` | lines `NAME=VALUE` beside the clean environment |
//! | `stdout`, `stderr` | what must be written; nothing when absent |
//! | `status N` | the exit status; 0 when absent |
//! | `tree` | the files afterwards, one a line as [`TREE_SCRIPT`] prints them; not looked at when absent |
//! | `differs REASON` | the expectation is not what the real tools do, on purpose |
//! | `xfail REASON` | not supported yet; passing is a failure |
//!
//! After a section's name may stand `(escaped)` (bytes as `\xHH`, `\\`, `\t`, `\r`, `\e`, `\s`, `\-`, `\=`),
//! `(no newline)` (the last line has none) and, for files, `(mode 755)`. Empty lines before the next `===` are not
//! part of a section. Lines before the first case are a comment.
//!
//! Expectations are written by `cargo xtask bless` from the real bash and GNU tools, never by hand but for `differs`.

mod compare;
mod escape;
mod find;
mod parse;
mod render;

pub use compare::mismatch;
pub use find::{CasePath, case_files};
pub use parse::{ParseError, parse};
pub use render::render;

/// Prints the files below the working directory as the `tree` section holds them: mode, size of a regular file,
/// path, target of a link; sorted by path.
pub const TREE_SCRIPT: &str = "find . -mindepth 1 \\( -type d -printf '%M %P\\n' -o -type l -printf '%M %P -> %l\\n' \
                               -o -printf '%M %s %P\\n' \\) | sort";

/// A `.test` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFile {
    /// The lines before the first case.
    pub preamble: Vec<u8>,
    /// The cases in order.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Case {
    /// The rule it shows, in one line, with its source in brackets at the end.
    pub title: String,
    /// The line of the file it begins at.
    pub line: usize,
    /// The script, without its last newline.
    pub script: Vec<u8>,
    /// Standard input.
    pub stdin: Option<Vec<u8>>,
    /// Files there before the script runs.
    pub files: Vec<SeedFile>,
    /// Environment beside the clean one.
    pub env: Vec<(Vec<u8>, Vec<u8>)>,
    /// What must come out.
    pub expected: Outcome,
    /// Why the expectation differs from the real tools.
    pub differs: Option<String>,
    /// Why the case is expected to fail.
    pub xfail: Option<String>,
}

/// A file there before the script runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedFile {
    /// Its path below the working directory.
    pub path: Vec<u8>,
    /// Its contents.
    pub contents: Vec<u8>,
    /// Its permission bits; 644 when absent.
    pub mode: Option<u32>,
}

/// What comes out of a script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// The exit status; 128 and the signal's number when a signal ended the shell.
    pub status: i32,
    /// The files afterwards, where the case asks for them.
    pub tree: Option<Vec<u8>>,
}
