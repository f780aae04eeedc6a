//! `[[ expression ]]`.

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{CondBinary, CondExpr, CondId, WordId};

use super::{file, primary};
use crate::shell::arith;
use crate::shell::expand::{
    ExpansionError, Severity, ShellOption, Stop, World, expand_pattern, expand_regex, expand_text,
};
use crate::shell::pattern::{Pattern, PatternOptions};
use crate::shell::variable::{Scalar, Value};
use crate::text::regex::{Captures, Regex};

/// Evaluates `[[ expression ]]`.
///
/// # Errors
/// [`Stop`]. Like a word, the whole expression is evaluated again after a substitution. An invalid regular expression
/// is an error without message of severity [`Severity::Invalid`].
pub fn evaluate<W: World>(unit: &Unit, expression: CondId, world: &mut W) -> Result<bool, Stop> {
    match unit.cond(expression) {
        CondExpr::Word(word) => Ok(!expand_text(unit, *word, world)?.is_empty()),
        CondExpr::Unary(operator, word) => {
            let operand = expand_text(unit, *word, world)?;
            primary::unary(operator.0, &operand, world)
        }
        CondExpr::Binary(operator, left, right) => binary(unit, *operator, *left, *right, world),
        CondExpr::Not(inner) => evaluate(unit, *inner, world).map(|value| !value),
        CondExpr::And(left, right) => Ok(evaluate(unit, *left, world)? && evaluate(unit, *right, world)?),
        CondExpr::Or(left, right) => Ok(evaluate(unit, *left, world)? || evaluate(unit, *right, world)?),
        CondExpr::Group(inner) => evaluate(unit, *inner, world),
    }
}

fn binary<W: World>(
    unit: &Unit,
    operator: CondBinary,
    left: WordId,
    right: WordId,
    world: &mut W,
) -> Result<bool, Stop> {
    let left = expand_text(unit, left, world)?;
    match operator {
        CondBinary::Match { .. } => matches(unit, &left, right, world),
        CondBinary::NotMatch => matches(unit, &left, right, world).map(|matched| !matched),
        CondBinary::Regex => {
            let pattern = expand_regex(unit, right, world)?;
            regex(&left, &pattern, world)
        }
        _ => {
            let right = expand_text(unit, right, world)?;
            compare(operator, &left, &right, world)
        }
    }
}

fn matches<W: World>(unit: &Unit, text: &[u8], pattern: WordId, world: &mut W) -> Result<bool, Stop> {
    let pattern = expand_pattern(unit, pattern, world)?;
    let nocase = world.option(ShellOption::NoCaseMatch);
    Ok(Pattern::new(&pattern, PatternOptions { extglob: true, nocase, period: false }).matches(text))
}

fn compare<W: World>(operator: CondBinary, left: &[u8], right: &[u8], world: &mut W) -> Result<bool, Stop> {
    Ok(match operator {
        CondBinary::Less => left < right,
        CondBinary::Greater => left > right,
        CondBinary::NewerThan => file::newer(left, right, world),
        CondBinary::OlderThan => file::newer(right, left, world),
        CondBinary::SameFile => file::same(left, right, world),
        arithmetic => {
            let left = number(left, world)?;
            let right = number(right, world)?;
            match arithmetic {
                CondBinary::Equal => left == right,
                CondBinary::NotEqual => left != right,
                CondBinary::LessThan => left < right,
                CondBinary::LessOrEqual => left <= right,
                CondBinary::GreaterThan => left > right,
                _ => left >= right,
            }
        }
    })
}

fn number<W: World>(text: &[u8], world: &mut W) -> Result<i64, Stop> {
    arith::evaluate_text(text, world).map_err(|stop| arith::in_command(stop, b"[["))
}

/// `text =~ pattern`: sets `BASH_REMATCH` to the match and its groups, to nothing when there is no match.
fn regex<W: World>(text: &Bytes, pattern: &[u8], world: &mut W) -> Result<bool, Stop> {
    let icase = world.option(ShellOption::NoCaseMatch);
    let Some(regex) = world.regexes().get(pattern, icase) else {
        return Err(ExpansionError { message: Vec::new(), severity: Severity::Invalid, arithmetic: false }.into());
    };
    let mut captures = Captures::default();
    let found = regex.captures_at(text, 0, &mut captures).unwrap_or(false);
    let groups: Vec<Scalar> = if found { groups(&regex, &captures, text) } else { Vec::new() };
    world.variables_mut().set_value(b"BASH_REMATCH", Value::array(groups));
    Ok(found)
}

fn groups(regex: &Regex, captures: &Captures, text: &Bytes) -> Vec<Scalar> {
    (0..=regex.groups())
        .map(|group| match captures.get(group) {
            Some(span) => Scalar::Text(text.slice(span.start..span.end)),
            None => Scalar::EMPTY,
        })
        .collect()
}
