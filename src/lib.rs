#![doc = include_str!("../README.md")]

pub use local_sandbox;
pub use sandbox;
pub use sandbox::Sandbox;
pub use shell_parser;
pub use virtual_sandbox;
