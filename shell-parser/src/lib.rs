//! bash's whole grammar: bytes in, a syntax tree with spans out.
//!
//! No expansion, no execution, no input or output. [`ast::Unit`] is one complete command, the way bash reads and runs
//! a script: options and aliases may change between one and the next.

pub mod arith;
pub mod ast;
pub mod error;
pub mod parser;
pub mod span;

pub use ast::Unit;
pub use error::{SyntaxError, SyntaxErrorKind};
pub use parser::{AliasLookup, Options};
pub use span::Span;
