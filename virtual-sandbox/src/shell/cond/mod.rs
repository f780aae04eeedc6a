//! Conditional expressions: `[[ ]]`, and `test`. bash manual "Conditional Constructs", "Bash Conditional Expressions".

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::CondId;

use crate::shell::expand::{Stop, World};

/// Evaluates `[[ expression ]]`.
///
/// # Errors
/// [`Stop`]. Like a word, the whole expression is evaluated again after a substitution.
pub fn evaluate<W: World>(unit: &Unit, expression: CondId, world: &mut W) -> Result<bool, Stop> {
    let _ = (unit, expression, world);
    Ok(false)
}

/// A mistake in the operands of `test`: status 2.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.message))]
pub struct TestError {
    /// bash's message without `bash: line N: test: `.
    pub message: Vec<u8>,
}

/// Evaluates the operands of `test` (those of `[` without the `]`). POSIX test.
///
/// # Errors
/// [`TestError`].
pub fn test<W: World>(operands: &[Bytes], world: &mut W) -> Result<bool, TestError> {
    let _ = (operands, world);
    Ok(false)
}
