//! Copying and moving of files: the engine `cp` and `mv` share.  [POSIX cp, mv; GNU coreutils "Basic operations"]

mod attributes;
mod content;
mod destination;
mod engine;
mod existing;
mod identity;
mod parents;

pub(super) use destination::{Destination, find_destination};
pub(super) use engine::Copier;
pub(super) use parents::copy_below;

use crate::utility::Backup;

/// Whether symbolic links among the sources are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Dereference {
    /// `-P`.
    Never,
    /// `-H`: those named as operands.
    CommandLine,
    /// `-L`.
    Always,
}

/// What is done about a destination that exists.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Overwrite {
    /// Overwritten; `mv` asks before it replaces a protected file when standard input is a terminal.
    Default,
    /// `mv -f`.
    Always,
    /// `-n`.
    Never,
    /// `-i`.
    Ask,
}

/// When runs of NUL bytes become holes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sparse {
    /// Never.
    Never,
    /// Where the source has holes.
    Auto,
    /// Always.
    Always,
}

/// What a regular file becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Making {
    /// A copy of the content.
    Copy,
    /// A hard link (`-l`).
    HardLink,
    /// A symbolic link (`-s`).
    SymbolicLink,
}

/// How files are copied.
#[derive(Clone, Debug)]
pub(super) struct CopyOptions {
    /// The program moves: it renames where it can.
    pub moving: bool,
    pub recursive: bool,
    pub dereference: Dereference,
    pub making: Making,
    pub overwrite: Overwrite,
    /// `-f`: a destination that cannot be opened is removed.
    pub force: bool,
    /// `--remove-destination`.
    pub remove_first: bool,
    /// `-u`.
    pub update: bool,
    pub backup: Backup,
    /// Special files are read, not made anew.
    pub copy_contents: bool,
    pub attributes_only: bool,
    pub preserve_mode: bool,
    /// `--no-preserve=mode`.
    pub default_mode: bool,
    pub preserve_ownership: bool,
    pub preserve_timestamps: bool,
    pub preserve_links: bool,
    pub sparse: Sparse,
    pub one_file_system: bool,
    pub verbose: bool,
}

impl CopyOptions {
    /// What `cp` does without options, or `mv`.
    pub(super) fn new(moving: bool) -> CopyOptions {
        CopyOptions {
            moving,
            recursive: moving,
            dereference: if moving { Dereference::Never } else { Dereference::Always },
            making: Making::Copy,
            overwrite: Overwrite::Default,
            force: false,
            remove_first: false,
            update: false,
            backup: Backup::none(),
            copy_contents: false,
            attributes_only: false,
            preserve_mode: moving,
            default_mode: false,
            preserve_ownership: moving,
            preserve_timestamps: moving,
            preserve_links: moving,
            sparse: Sparse::Auto,
            one_file_system: false,
            verbose: false,
        }
    }
}
