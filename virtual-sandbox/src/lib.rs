//! An in-memory POSIX with a bash and its utilities: kernel, file system, shell.

pub mod errno;
pub mod vfs;
