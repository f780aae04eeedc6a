//! Conditional expressions: `[[ ]]`, and `test`. bash manual "Conditional Constructs", "Bash Conditional Expressions".

mod compound;
mod file;
mod operands;
mod primary;
mod regex_cache;
mod trace;

pub use compound::{evaluate, facts};
pub use operands::test;
pub use regex_cache::RegexCache;

/// A mistake in the operands of `test`: status 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.message))]
pub struct TestError {
    /// bash's message without `bash: line N: test: `.
    pub message: Vec<u8>,
}

impl TestError {
    fn about(operand: &[u8], text: &str) -> Self {
        Self { message: [operand, b": ", text.as_bytes()].concat() }
    }
}
