//! Arithmetic evaluation. bash manual "Shell Arithmetic".

mod evaluate;
mod operator;
mod place;

use std::sync::Arc;

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::arith::ArithUnit;
use shell_parser::ast::{ArithExpr, ArithId, ArithText, Parameter, ParameterExpansion, ParameterOperator, WordPart};

use crate::shell::expand::{ExpansionError, Severity, Stop, World, expand_text};
use crate::shell::variable::{Attributes, Scalar, Value, Variables, plain_decimal};
use evaluate::Evaluation;

/// Longest expression whose parsed form is worth keeping.
const CACHED_LENGTH: usize = 256;

/// Evaluates the expression of `(( ))`, `$(( ))`, a subscript or a substring offset.
///
/// # Errors
/// [`Stop`]; the messages of errors are bash's, `1/0: division by 0 (error token is "0")`. `((` and `let` put their
/// own name before it ([`in_command`]).
#[inline]
pub fn evaluate<W: World>(unit: &Unit, text: &ArithText, world: &mut W) -> Result<i64, Stop> {
    match text.expr {
        Some(root) if dollars_are_plain(unit, text, world) => {
            match Evaluation::new(unit, world).value(root) {
                Ok(value) => Ok(value),
                // The rare way out: only now the text is needed, to show it.
                Err(Failure::Stop(stop)) => Err(stop),
                Err(at) => Err(at.shown(&expand_text(unit, text.word, world)?)),
            }
        }
        _ => {
            let text = expand_text(unit, text.word, world)?;
            evaluate_text(&text, world)
        }
    }
}

/// Evaluates an expression given as text (after expansions).
///
/// # Errors
/// As [`evaluate`].
pub fn evaluate_text<W: World>(text: &[u8], world: &mut W) -> Result<i64, Stop> {
    match crate::shell::variable::plain_decimal(text) {
        Some(value) => Ok(value),
        None => evaluate_at_depth(text, world, 0),
    }
}

/// Evaluates text that the value of a variable gave, `depth` variables deep.
fn evaluate_at_depth<W: World>(text: &[u8], world: &mut W, depth: u32) -> Result<i64, Stop> {
    let parsed = parsed(text, world);
    let mut evaluation = Evaluation::new(parsed.as_ref(), world);
    evaluation.depth = depth;
    match evaluation.value(parsed.root()) {
        Ok(value) => Ok(value),
        Err(failure) => Err(failure.shown(text)),
    }
}

/// The parsed form of an expression, from the shell's cache if it is there.
fn parsed<W: World>(text: &[u8], world: &mut W) -> Arc<ArithUnit> {
    if let Some(unit) = world.cached_arith(text) {
        return unit;
    }
    let unit = Arc::new(shell_parser::parse_arith(text));
    if text.len() <= CACHED_LENGTH {
        world.cache_arith(text, unit.clone());
    }
    unit
}

/// Why an evaluation ends.
enum Failure {
    /// An error of the expression, whose token begins at this offset of its text.
    At {
        /// bash's message.
        message: &'static str,
        /// Where the token begins.
        at: usize,
    },
    /// An error of the text, with the token the parser shows.
    Token {
        /// bash's message.
        message: &'static str,
        /// The rest of the text from the token at fault.
        token: Vec<u8>,
    },
    /// Anything else.
    Stop(Stop),
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

impl Failure {
    /// The error with the text of the expression: `TEXT: message (error token is "REST")`.
    fn shown(self, text: &[u8]) -> Stop {
        match self {
            Self::At { message, at } => failure_with_token(message, text, text.get(at..).unwrap_or(b"")),
            Self::Token { message, token } => failure_with_token(message, up_to_numeral(message, text, &token), &token),
            Self::Stop(stop) => stop,
        }
    }
}

/// bash shows the expression only as far as a numeral that it cannot read.
fn up_to_numeral<'t>(message: &str, text: &'t [u8], token: &[u8]) -> &'t [u8] {
    let about_numeral = matches!(
        message,
        "value too great for base" | "invalid number" | "invalid arithmetic base" | "invalid integer constant"
    );
    match memchr::memmem::find(text, token) {
        Some(at) if about_numeral => text.get(..at + token.len()).unwrap_or(text),
        _ => text,
    }
}

fn failure_with_token(message: &str, text: &[u8], token: &[u8]) -> Stop {
    let start = text.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(text.len());
    let shown = text.get(start..).unwrap_or(b"");
    let message = [shown, b": ", message.as_bytes(), b" (error token is \"", token, b"\")"].concat();
    ExpansionError { message, severity: Severity::Line, arithmetic: true }.into()
}

/// Puts the name of a command before the message of an error of arithmetic: `((: 1/0: division by 0 ...`. Such an
/// error gives the command status 1 and ends nothing else.
pub fn in_command(stop: Stop, command: &[u8]) -> Stop {
    match stop {
        Stop::Error(error) if error.severity == Severity::Top => Stop::Error(error),
        Stop::Error(mut error) => {
            if error.arithmetic {
                error.message = [command, b": ", &error.message].concat();
            }
            if error.severity == Severity::Line {
                error.severity = Severity::Command;
            }
            Stop::Error(error)
        }
        other => other,
    }
}

/// The value of a `$name` operand when it is a plain number.
#[inline]
fn dollar<W: World>(expansion: &ParameterExpansion, world: &W) -> Option<i64> {
    match &expansion.parameter {
        Parameter::Variable(name) => plain_number(name, world.variables()),
        Parameter::Positional(n) => positional_number(*n, world.positional()),
        Parameter::Special(b'#') => i64::try_from(world.positional().len()).ok(),
        Parameter::Special(b'?') => Some(i64::from(world.exit_status())),
        Parameter::Special(_) => None,
    }
}

/// The value of an expression that is one number or one plain variable: nothing can go wrong or change.
#[inline]
pub(crate) fn quick_value(
    unit: &Unit,
    expression: ArithId,
    variables: &Variables,
    positional: &[Bytes],
) -> Option<i64> {
    match unit.arith(expression) {
        ArithExpr::Number(value) => Some(*value),
        ArithExpr::Variable { name, .. } => plain_number(name, variables),
        ArithExpr::Dollar(id) => match &unit.parameter(*id).parameter {
            Parameter::Variable(name) => plain_number(name, variables),
            Parameter::Positional(n) => positional_number(*n, positional),
            Parameter::Special(_) => None,
        },
        _ => None,
    }
}

/// The value of a variable that holds a plain number.
#[inline]
fn plain_number(name: &[u8], variables: &Variables) -> Option<i64> {
    let variable = variables.get(name)?;
    match variable.value() {
        Value::Scalar(Scalar::Int(value)) => Some(*value),
        Value::Scalar(value) if !variable.attributes().has(Attributes::NAMEREF) => value.plain_int(),
        _ => None,
    }
}

/// The value of a positional parameter that is a plain number.
#[inline]
fn positional_number(n: u32, positional: &[Bytes]) -> Option<i64> {
    let at = usize::try_from(n).ok()?.checked_sub(1)?;
    plain_decimal(positional.get(at)?)
}

/// Whether every `$name` in an expression is a plain number, so that the parsed form stands for the expanded text.
#[inline]
fn dollars_are_plain<W: World>(unit: &Unit, text: &ArithText, world: &W) -> bool {
    unit.parts(unit.word(text.word).parts).iter().all(|part| match part {
        WordPart::Literal(_) => true,
        WordPart::Parameter(id) => {
            let expansion = unit.parameter(*id);
            matches!(expansion.operator, ParameterOperator::None)
                && expansion.subscript.is_none()
                && !expansion.indirect
                && dollar(expansion, world).is_some()
        }
        _ => false,
    })
}

/// Where expressions live: in a unit, or in text parsed at run time.
trait Expressions {
    /// The node with this id.
    fn expr(&self, id: ArithId) -> &ArithExpr;
    /// The value of a `$name` operand.
    fn dollar<W: World>(&self, id: shell_parser::ast::ParameterId, world: &W) -> i64;
    /// The error that an `Error` node stands for.
    fn error(&self) -> Option<(&'static str, Vec<u8>)>;
}

impl Expressions for Unit {
    #[inline]
    fn expr(&self, id: ArithId) -> &ArithExpr {
        self.arith(id)
    }

    fn dollar<W: World>(&self, id: shell_parser::ast::ParameterId, world: &W) -> i64 {
        dollar(self.parameter(id), world).unwrap_or(0)
    }

    fn error(&self) -> Option<(&'static str, Vec<u8>)> {
        None
    }
}

impl Expressions for ArithUnit {
    #[inline]
    fn expr(&self, id: ArithId) -> &ArithExpr {
        Self::expr(self, id)
    }

    fn dollar<W: World>(&self, _: shell_parser::ast::ParameterId, _: &W) -> i64 {
        0
    }

    fn error(&self) -> Option<(&'static str, Vec<u8>)> {
        Self::error(self).map(|error| (error.message, error.token.clone()))
    }
}
