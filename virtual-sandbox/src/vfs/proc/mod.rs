//! `/proc`: the kernel's view of processes as files.  [proc(5)]
//!
//! Nothing is stored: a file's number says what it is, and its text is made when it is opened.

mod entries;
mod ino;
mod tree;

pub(super) use ino::ROOT;
pub(super) use tree::{
    attributes, descriptor, follow, lookup, parent, path_of, read_dir, read_link, target_stat, text,
};
