//! The parts of sandshell under one roof.
//!
//! - [`sandbox`]: the contract, [`Sandbox`], and the data that goes through it
//! - [`virtual_sandbox`]: the in-memory machine
//! - [`local_sandbox`]: real child processes of the host
//! - [`shell_parser`]: bash's grammar as a syntax tree

pub use local_sandbox;
pub use sandbox;
pub use sandbox::Sandbox;
pub use shell_parser;
pub use virtual_sandbox;
