//! bash's whole grammar: bytes in, a syntax tree with spans out.
//!
//! No expansion, no execution, no input or output. [`ast::Unit`] is one complete command, the way bash reads and runs
//! a script: options and aliases may change between one and the next.

mod alias;
pub mod analysis;
pub mod arith;
pub mod ast;
mod command;
mod cond;
mod core;
pub mod error;
mod here_document;
mod input;
mod lex;
pub mod parser;
pub mod print;
pub mod quote;
mod redirection;
pub mod span;
mod stack;
pub mod visit;
mod word;

pub use analysis::{Analysis, analyze};
pub use arith::{ArithError, ArithUnit, parse_arith};
pub use ast::Unit;
pub use core::{MAX_NESTING, MAX_WORD_NESTING};
pub use error::{SyntaxError, SyntaxErrorKind, SyntaxErrorStatus};
pub use parser::{AliasLookup, Options, Parser, parse_all};
pub use span::Span;
