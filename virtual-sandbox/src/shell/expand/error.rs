//! Why an expansion did not finish.

use shell_parser::ast::{Direction, SubstitutionId};

use crate::shell::variable::VariableError;

/// Why an expansion did not finish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The output of this command substitution is needed.
    Substitution(SubstitutionId),
    /// The path of this process substitution is needed.
    ProcessSubstitution(Direction, SubstitutionId),
    /// The expansion failed.
    Error(Box<ExpansionError>),
}

/// What an error of expansion ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The command fails with status 2 and there is no message: an invalid regular expression in `[[`.
    Invalid,
    /// The command fails with status 1; a shell that is not interactive goes on with the next command.
    Command,
    /// The rest of the complete command (the input line) is dropped with status 1; the shell goes on after it.
    Line,
    /// As [`Severity::Line`], but of the outermost text: `eval`, `.` and functions are left, and so is the command string
    /// of `-c` (bash: an error of arithmetic in a subscript or in the value of an integer variable).
    Top,
    /// A shell that is not interactive exits (`${x:?}`, `set -u`): with status 127 under `-c`, with 1 in a script
    /// (bash 5.2); an interactive one drops the line with status 1.
    Shell,
    /// A shell that is not interactive exits with status 1 (assignment to a readonly variable in POSIX mode, limits).
    Fatal,
}

/// A failed expansion.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", String::from_utf8_lossy(.message))]
pub struct ExpansionError {
    /// bash's message without the `bash: line N: ` before it.
    pub message: Vec<u8>,
    /// What it ends.
    pub severity: Severity,
    /// An error of arithmetic: `((`, `let` and `[[` put their name before the message.
    pub arithmetic: bool,
}

impl Stop {
    /// An error of arithmetic where a variable is meant or assigned to: it ends the outermost text's line.
    #[must_use]
    pub fn in_variable(mut self) -> Self {
        if let Self::Error(error) = &mut self
            && error.arithmetic
        {
            error.severity = Severity::Top;
        }
        self
    }
}

impl ExpansionError {
    /// An error that ends the command.
    pub fn command(message: impl Into<Vec<u8>>) -> Self {
        Self { message: message.into(), severity: Severity::Command, arithmetic: false }
    }

    /// An error that ends the input line.
    pub fn line(message: impl Into<Vec<u8>>) -> Self {
        Self { message: message.into(), severity: Severity::Line, arithmetic: false }
    }

    /// An error that ends a shell which is not interactive.
    pub fn shell(message: impl Into<Vec<u8>>) -> Self {
        Self { message: message.into(), severity: Severity::Shell, arithmetic: false }
    }
}

impl From<ExpansionError> for Stop {
    fn from(error: ExpansionError) -> Self {
        Self::Error(Box::new(error))
    }
}

impl From<VariableError> for Stop {
    /// bash drops the rest of the input line when an assignment is refused.
    fn from(error: VariableError) -> Self {
        ExpansionError::line(error.message()).into()
    }
}

/// The output of a command substitution as the word takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substituted {
    /// The output without NUL bytes and trailing newlines.
    pub text: bytes::Bytes,
    /// Whether there were NUL bytes: `warning: command substitution: ignored null byte in input`.
    pub had_null: bool,
}

impl Substituted {
    /// Prepares the output of a command. POSIX 2.6.3 Command Substitution.
    pub fn new(output: bytes::Bytes) -> Self {
        let had_null = memchr::memchr(0, &output).is_some();
        let text = if had_null { output.iter().copied().filter(|byte| *byte != 0).collect() } else { output };
        let end = text.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
        Self { text: text.slice(..end), had_null }
    }
}
