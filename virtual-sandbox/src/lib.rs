//! An in-memory POSIX with a bash and its utilities: kernel, file system, shell.

pub mod driver;
pub mod errno;
pub mod kernel;
pub mod machine;
pub mod shell;
pub mod sys;
pub mod text;
pub mod utility;
pub mod vfs;
