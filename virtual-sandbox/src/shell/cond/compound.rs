//! `[[ expression ]]`.

use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{CondBinary, CondExpr, CondId, WordFacts, WordId};

use super::{file, primary, trace};
use crate::shell::arith;
use crate::shell::expand::{
    ExpansionError, Severity, ShellOption, Stop, World, expand_pattern, expand_regex, expand_text,
};
use crate::shell::pattern::PatternOptions;
use crate::shell::variable::{Scalar, Value};
use crate::text::regex::{Captures, Regex};

/// Evaluates `[[ expression ]]`.
///
/// # Errors
/// [`Stop`]. Like a word, the whole expression is evaluated again after a substitution. An invalid regular expression
/// is an error without message of severity [`Severity::Invalid`].
pub fn evaluate<W: World>(unit: &Unit, expression: CondId, world: &mut W) -> Result<bool, Stop> {
    test(unit, expression, false, world)
}

/// What is known of the words of an expression.
pub fn facts(unit: &Unit, expression: CondId) -> WordFacts {
    match unit.cond(expression) {
        CondExpr::Word(word) | CondExpr::Unary(_, word) => unit.word(*word).facts,
        CondExpr::Binary(_, left, right) => unit.word(*left).facts.with(unit.word(*right).facts),
        CondExpr::Not(inner) | CondExpr::Group(inner) => facts(unit, *inner),
        CondExpr::And(left, right) | CondExpr::Or(left, right) => facts(unit, *left).with(facts(unit, *right)),
    }
}

/// Evaluates an expression; `negated` tells the trace of a `!` before it.
fn test<W: World>(unit: &Unit, expression: CondId, negated: bool, world: &mut W) -> Result<bool, Stop> {
    match unit.cond(expression) {
        CondExpr::Word(word) => {
            let text = expand_text(unit, *word, world)?;
            trace::unary(world, negated, b'n', &text);
            Ok(!text.is_empty())
        }
        CondExpr::Unary(operator, word) => {
            let operand = expand_text(unit, *word, world)?;
            trace::unary(world, negated, operator.0, &operand);
            primary::unary(operator.0, &operand, world)
        }
        CondExpr::Binary(operator, left, right) => binary(unit, *operator, (*left, *right), negated, world),
        CondExpr::Not(inner) => test(unit, *inner, !negated, world).map(|value| !value),
        CondExpr::And(left, right) => Ok(test(unit, *left, false, world)? && test(unit, *right, false, world)?),
        CondExpr::Or(left, right) => Ok(test(unit, *left, false, world)? || test(unit, *right, false, world)?),
        CondExpr::Group(inner) => test(unit, *inner, false, world),
    }
}

fn binary<W: World>(
    unit: &Unit,
    operator: CondBinary,
    (left, right): (WordId, WordId),
    negated: bool,
    world: &mut W,
) -> Result<bool, Stop> {
    let left = expand_text(unit, left, world)?;
    match operator {
        CondBinary::Match { .. } | CondBinary::NotMatch => {
            let pattern = expand_pattern(unit, right, world)?;
            trace::binary(world, negated, operator, &left, &pattern);
            Ok(matches(&left, &pattern, world) == matches!(operator, CondBinary::Match { .. }))
        }
        CondBinary::Regex => {
            let pattern = expand_regex(unit, right, world)?;
            trace::binary(world, negated, operator, &left, &pattern);
            regex(&left, &pattern, world)
        }
        _ => {
            let right = expand_text(unit, right, world)?;
            trace::binary(world, negated, operator, &left, &right);
            compare(operator, &left, &right, world)
        }
    }
}

fn matches<W: World>(text: &[u8], pattern: &[u8], world: &mut W) -> bool {
    let nocase = world.option(ShellOption::NoCaseMatch);
    world.patterns().get(pattern, PatternOptions { extglob: true, nocase, period: false }).matches(text)
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
