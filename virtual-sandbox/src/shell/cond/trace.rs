//! The lines that `set -x` prints for the tests of `[[ … ]]`, one for each that is evaluated.

use crate::shell::expand::World;
use shell_parser::ast::CondBinary;

/// Notes a unary test; `negated` when a `!` stands before it.
pub(super) fn unary<W: World>(world: &mut W, negated: bool, operator: u8, operand: &[u8]) {
    if let Some(tests) = world.traced_tests() {
        tests.push(line(negated, &[&[b'-', operator], shown(operand)]));
    }
}

/// Notes a binary test.
pub(super) fn binary<W: World>(world: &mut W, negated: bool, operator: CondBinary, left: &[u8], right: &[u8]) {
    if let Some(tests) = world.traced_tests() {
        tests.push(line(negated, &[shown(left), operator.symbol(), shown(right)]));
    }
}

fn line(negated: bool, words: &[&[u8]]) -> Vec<u8> {
    let mut line = if negated { b"[[ ! ".to_vec() } else { b"[[ ".to_vec() };
    line.extend_from_slice(&words.join(&b" "[..]));
    line.extend_from_slice(b" ]]");
    line
}

fn shown(operand: &[u8]) -> &[u8] {
    if operand.is_empty() { b"''" } else { operand }
}
