//! System calls: the only modules of the crate that may hold `unsafe`, each block with its justification and proof.

pub mod message;
pub mod process;
