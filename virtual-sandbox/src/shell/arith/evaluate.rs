//! Evaluation of expressions.

use shell_parser::ast::{ArithAssign, ArithBinary, ArithExpr, ArithId, Step};
use smallvec::SmallVec;

use super::operator::{binary, unary};
use super::{Expressions, Failure};
use crate::shell::expand::{ExpansionError, Severity, Stop, World};

/// How many operators and variables deep an evaluation may be. bash allows 1024 variables whose values are
/// expressions in turn; ours must fit the stack of any thread, of builds without optimization too.
const DEPTH: u32 = 256;

/// One evaluation in one world.
pub(super) struct Evaluation<'a, E, W> {
    pub expressions: &'a E,
    pub world: &'a mut W,
    /// How deep it is.
    pub depth: u32,
}

/// What waits for the value of the left operand.
struct Pending<'a> {
    node: &'a ArithExpr,
}

impl<'a, E: Expressions, W: World> Evaluation<'a, E, W> {
    pub(super) fn new(expressions: &'a E, world: &'a mut W) -> Self {
        Self { expressions, world, depth: 0 }
    }

    /// The value of an expression. Left operands are followed without recursion: `1+1+1+...` may be long.
    pub(super) fn value(&mut self, id: ArithId) -> Result<i64, Failure> {
        let expressions = self.expressions;
        let mut waiting: SmallVec<[Pending<'a>; 4]> = SmallVec::new();
        let mut node = expressions.expr(id);
        while let ArithExpr::Binary { left, .. }
        | ArithExpr::And(left, _)
        | ArithExpr::Or(left, _)
        | ArithExpr::Comma(left, _) = node
        {
            waiting.push(Pending { node });
            node = expressions.expr(*left);
        }
        let mut value = self.leaf(node)?;
        while let Some(Pending { node }) = waiting.pop() {
            value = self.with_left(node, value)?;
        }
        Ok(value)
    }

    /// Goes one level deeper for an operand.
    #[inline]
    fn operand(&mut self, id: ArithId) -> Result<i64, Failure> {
        match self.expressions.expr(id) {
            ArithExpr::Number(value) => Ok(*value),
            ArithExpr::Variable { name, .. } => self.variable(name),
            _ => self.deeper(id),
        }
    }

    fn deeper(&mut self, id: ArithId) -> Result<i64, Failure> {
        if self.depth >= DEPTH {
            return Err(too_deep(b"").into());
        }
        self.depth += 1;
        let value = self.value(id);
        self.depth -= 1;
        value
    }

    fn with_left(&mut self, node: &ArithExpr, left: i64) -> Result<i64, Failure> {
        match node {
            ArithExpr::Binary { operator, right, at, .. } => {
                let right = self.operand(*right)?;
                apply(*operator, left, right, *at)
            }
            ArithExpr::And(_, right) => Ok(i64::from(left != 0 && self.operand(*right)? != 0)),
            ArithExpr::Or(_, right) => Ok(i64::from(left != 0 || self.operand(*right)? != 0)),
            ArithExpr::Comma(_, right) => self.operand(*right),
            _ => Ok(left),
        }
    }

    #[inline]
    fn leaf(&mut self, node: &ArithExpr) -> Result<i64, Failure> {
        match node {
            ArithExpr::Empty => Ok(0),
            ArithExpr::Number(value) => Ok(*value),
            ArithExpr::Variable { name, .. } => self.variable(name),
            ArithExpr::Element { name, subscript, .. } => self.element(name, subscript),
            ArithExpr::Dollar(id) => Ok(self.expressions.dollar(*id, self.world)),
            ArithExpr::Unary(operator, operand) => Ok(unary(*operator, self.operand(*operand)?)),
            ArithExpr::Conditional(test, yes, no) => {
                if self.operand(*test)? != 0 {
                    self.operand(*yes)
                } else {
                    self.operand(*no)
                }
            }
            ArithExpr::Assign { operator, target, value, at } => self.assign(*operator, *target, *value, *at),
            ArithExpr::Step { step, prefix, target } => self.step(*step, *prefix, *target),
            ArithExpr::Error => Err(self.parse_error()),
            ArithExpr::Binary { .. } | ArithExpr::And(..) | ArithExpr::Or(..) | ArithExpr::Comma(..) => {
                debug_assert!(false, "followed by the caller");
                Ok(0)
            }
        }
    }

    /// An error of the text: shown with the token the parser found.
    fn parse_error(&self) -> Failure {
        match self.expressions.error() {
            Some((message, token)) => Failure::Token { message, token },
            None => Failure::At { message: "syntax error in expression", at: 0 },
        }
    }

    fn assign(&mut self, operator: ArithAssign, target: ArithId, value: ArithId, at: u32) -> Result<i64, Failure> {
        let place = self.place(target)?;
        let value = match operator {
            ArithAssign::Set => self.operand(value)?,
            ArithAssign::Update(operator) => {
                let old = self.read(&place)?;
                let value = self.operand(value)?;
                apply(operator, old, value, at)?
            }
        };
        self.write(place, value)?;
        Ok(value)
    }

    fn step(&mut self, step: Step, prefix: bool, target: ArithId) -> Result<i64, Failure> {
        let place = self.place(target)?;
        let old = self.read(&place)?;
        let new = match step {
            Step::Increment => old.wrapping_add(1),
            Step::Decrement => old.wrapping_sub(1),
        };
        self.write(place, new)?;
        Ok(if prefix { new } else { old })
    }
}

#[inline]
fn apply(operator: ArithBinary, left: i64, right: i64, at: u32) -> Result<i64, Failure> {
    binary(operator, left, right).map_err(|message| Failure::At { message, at: at as usize })
}

/// `x: expression recursion level exceeded (error token is "x")`
pub(super) fn too_deep(text: &[u8]) -> Stop {
    let message = [text, b": expression recursion level exceeded (error token is \"", text, b"\")"].concat();
    ExpansionError { message, severity: Severity::Line, arithmetic: true }.into()
}

impl<E, W> Evaluation<'_, E, W> {
    /// Whether one more variable may be evaluated as an expression.
    pub(super) fn check_depth(&self, text: &[u8]) -> Result<(), Failure> {
        if self.depth >= DEPTH { Err(too_deep(text).into()) } else { Ok(()) }
    }
}
