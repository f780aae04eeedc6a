//! System calls: the only modules of the crate that may hold `unsafe`, each block with its justification and proof.

pub mod capability;
pub mod entry;
pub mod environ;
pub mod landlock;
pub mod message;
pub mod mount;
pub mod namespace;
pub mod pidfd;
pub mod process;
pub mod pty;
pub mod reactor;
pub mod seccomp;
