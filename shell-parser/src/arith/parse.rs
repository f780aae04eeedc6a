//! The grammar of arithmetic expressions, by precedence.

use bytes::Bytes;

use crate::arith::lex::{Lexer, Refusal, Token};
use crate::arith::{ArithError, ArithUnit};
use crate::ast::{ArithAssign, ArithBinary, ArithExpr, ArithId, ArithUnary, NodeId, ParameterId, Step};
use crate::stack::{self, Stack};

/// How deep an expression may nest, as far as the native stack allows. An evaluator that recurses over the nodes needs a
/// bound of its own.
pub const MAX_ARITH_NESTING: u32 = 2048;

/// The stack that the parse of an expression by itself may take.
const BUDGET: usize = 500_000;

/// Parses the text of an arithmetic expression, all expansions done. Blank text is 0.
///
/// There is no failure: a bad expression gives a unit with [`error`](ArithUnit::error).
pub fn parse_arith(text: &[u8]) -> ArithUnit {
    let mut parser = ArithParser::new(text, Vec::new(), &[]);
    let root = parser.whole();
    ArithUnit { exprs: parser.exprs, root, error: parser.error }
}

/// `Err` holds what has been read before the error, ending in an `Error` node.
type Expr = Result<ArithId, ArithId>;

/// Binary operators by precedence, loosest first; all left associative.
const LEVELS: [&[(&[u8], ArithBinary)]; 8] = [
    &[(b"|", ArithBinary::BitOr)],
    &[(b"^", ArithBinary::BitXor)],
    &[(b"&", ArithBinary::BitAnd)],
    &[(b"==", ArithBinary::Equal), (b"!=", ArithBinary::NotEqual)],
    &[
        (b"<=", ArithBinary::LessOrEqual),
        (b">=", ArithBinary::GreaterOrEqual),
        (b"<", ArithBinary::Less),
        (b">", ArithBinary::Greater),
    ],
    &[(b"<<", ArithBinary::ShiftLeft), (b">>", ArithBinary::ShiftRight)],
    &[(b"+", ArithBinary::Add), (b"-", ArithBinary::Subtract)],
    &[(b"*", ArithBinary::Multiply), (b"/", ArithBinary::Divide), (b"%", ArithBinary::Remainder)],
];

/// A parser that adds its nodes to `exprs`.
pub(super) struct ArithParser<'t> {
    lexer: Lexer<'t>,
    pub(super) exprs: Vec<ArithExpr>,
    pub(super) error: Option<ArithError>,
    /// The parameters that `DOLLAR` bytes stand for, in order, and how many have been read.
    dollars: &'t [ParameterId],
    dollars_read: usize,
    depth: u32,
    /// Where the parse began, and how much stack it may take.
    stack: (Stack, usize),
}

impl<'t> ArithParser<'t> {
    pub(super) fn new(text: &'t [u8], exprs: Vec<ArithExpr>, dollars: &'t [ParameterId]) -> Self {
        let lexer = Lexer::new(text, !dollars.is_empty());
        Self { lexer, exprs, error: None, dollars, dollars_read: 0, depth: 0, stack: (Stack::begin(), BUDGET) }
    }

    /// The same inside a parse of commands that began at `stack`.
    pub(super) fn within(mut self, stack: Stack) -> Self {
        self.stack = (stack, stack::BUDGET);
        self
    }

    /// Parses the whole text.
    pub(super) fn whole(&mut self) -> ArithId {
        if self.lexer.text.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\n')) {
            return self.push(ArithExpr::Empty);
        }
        match self.whole_expression() {
            Ok(root) | Err(root) => root,
        }
    }

    fn whole_expression(&mut self) -> Expr {
        self.next()?;
        let root = self.comma()?;
        if self.lexer.token != Token::End {
            return self.fail_after(Some(root), "syntax error in expression");
        }
        Ok(root)
    }

    fn push(&mut self, expr: ArithExpr) -> ArithId {
        let id = ArithId::from_index(self.exprs.len());
        self.exprs.push(expr);
        id
    }

    /// Reads the next token.
    fn next(&mut self) -> Result<(), ArithId> {
        self.lexer.next().map_err(|refusal| self.refuse(refusal))
    }

    /// Reads the next token when `before` has been read already.
    fn next_after(&mut self, before: ArithId) -> Result<(), ArithId> {
        self.next().map_err(|error| self.push(ArithExpr::Comma(before, error)))
    }

    fn refuse(&mut self, refusal: Refusal) -> ArithId {
        let token = self.lexer.text.get(self.lexer.last..refusal.end).unwrap_or(&[]).to_vec();
        self.error.get_or_insert(ArithError { message: refusal.message, token });
        self.push(ArithExpr::Error)
    }

    /// Fails at the current token, behind `before`.
    fn fail_after(&mut self, before: Option<ArithId>, message: &'static str) -> Expr {
        let error = self.refuse(Refusal { message, end: self.lexer.text.len() });
        Err(match before {
            Some(before) => self.push(ArithExpr::Comma(before, error)),
            None => error,
        })
    }

    fn enter(&mut self) -> Result<(), ArithId> {
        self.depth += 1;
        let (stack, budget) = self.stack;
        if self.depth > MAX_ARITH_NESTING || stack.used() > budget {
            return self.fail_after(None, "expression recursion level exceeded").map(|_| ());
        }
        Ok(())
    }

    fn is(&self, operator: &[u8]) -> bool {
        matches!(self.lexer.token, Token::Operator(text) if text == operator)
    }

    fn comma(&mut self) -> Expr {
        self.enter()?;
        let mut left = self.assign()?;
        while self.is(b",") {
            self.next_after(left)?;
            left = match self.assign() {
                Ok(right) => self.push(ArithExpr::Comma(left, right)),
                Err(right) => return Err(self.push(ArithExpr::Comma(left, right))),
            };
        }
        self.depth -= 1;
        Ok(left)
    }

    fn assign(&mut self) -> Expr {
        let left = self.conditional()?;
        let operator = match self.lexer.token {
            Token::Operator(b"=") => ArithAssign::Set,
            Token::Update(text) => match update(text) {
                Some(operator) => ArithAssign::Update(operator),
                None => return Ok(left),
            },
            _ => return Ok(left),
        };
        let target = matches!(self.expr(left), Some(ArithExpr::Variable { .. } | ArithExpr::Element { .. }));
        // bash looks at the last token, so `(x) = 1` and `1 + x = 2` are refused and accepted respectively.
        if !target {
            return self.fail_after(Some(left), "attempted assignment to non-variable");
        }
        self.enter()?;
        self.next()?;
        let value = self.assign()?;
        self.depth -= 1;
        let at = self.lexer.last as u32;
        Ok(self.push(ArithExpr::Assign { operator, target: left, value, at }))
    }

    fn expr(&self, id: ArithId) -> Option<&ArithExpr> {
        self.exprs.get(id.index())
    }

    fn conditional(&mut self) -> Expr {
        let test = self.or()?;
        if !self.is(b"?") {
            return Ok(test);
        }
        self.enter()?;
        self.next_after(test)?;
        if self.lexer.token == Token::End || self.is(b":") {
            return self.fail_after(Some(test), "expression expected");
        }
        let yes = match self.comma() {
            Ok(yes) => yes,
            Err(yes) => return self.failed_branch(test, Some(yes), None),
        };
        if !self.is(b":") {
            let error = self.fail_after(None, "`:' expected for conditional expression");
            return self.after_branch(test, yes, error);
        }
        if let Err(error) = self.next() {
            return self.after_branch(test, yes, Err(error));
        }
        if self.lexer.token == Token::End {
            let error = self.fail_after(None, "expression expected");
            return self.after_branch(test, yes, error);
        }
        let no = match self.conditional() {
            Ok(no) => no,
            Err(no) => return self.failed_branch(test, Some(yes), Some(no)),
        };
        self.depth -= 1;
        Ok(self.push(ArithExpr::Conditional(test, yes, no)))
    }

    /// A conditional whose last branch read ends in an error: the error comes whether that branch runs or not.
    fn failed_branch(&mut self, test: ArithId, yes: Option<ArithId>, no: Option<ArithId>) -> Expr {
        let empty = self.push(ArithExpr::Empty);
        let conditional = self.push(ArithExpr::Conditional(test, yes.unwrap_or(empty), no.unwrap_or(empty)));
        let error = self.push(ArithExpr::Error);
        Err(self.push(ArithExpr::Comma(conditional, error)))
    }

    fn after_branch(&mut self, test: ArithId, yes: ArithId, error: Expr) -> Expr {
        let (Ok(error) | Err(error)) = error;
        let empty = self.push(ArithExpr::Empty);
        let conditional = self.push(ArithExpr::Conditional(test, yes, empty));
        Err(self.push(ArithExpr::Comma(conditional, error)))
    }

    fn or(&mut self) -> Expr {
        let mut left = self.and()?;
        while self.is(b"||") {
            self.next_after(left)?;
            left = match self.and() {
                Ok(right) => self.push(ArithExpr::Or(left, right)),
                Err(right) => {
                    let or = self.push(ArithExpr::Or(left, right));
                    return self.then_error(or);
                }
            };
        }
        Ok(left)
    }

    fn and(&mut self) -> Expr {
        let mut left = self.binary(0)?;
        while self.is(b"&&") {
            self.next_after(left)?;
            left = match self.binary(0) {
                Ok(right) => self.push(ArithExpr::And(left, right)),
                Err(right) => {
                    let and = self.push(ArithExpr::And(left, right));
                    return self.then_error(and);
                }
            };
        }
        Ok(left)
    }

    fn then_error(&mut self, before: ArithId) -> Expr {
        let error = self.push(ArithExpr::Error);
        Err(self.push(ArithExpr::Comma(before, error)))
    }

    /// Operators of the levels from `level` on, by precedence climbing: one call per operator that binds tighter.
    fn binary(&mut self, level: usize) -> Expr {
        self.enter()?;
        let mut left = self.power()?;
        while let Some((found, operator)) = self.binary_operator(level) {
            self.next_after(left)?;
            let at = self.lexer.last as u32;
            let right = match self.binary(found + 1) {
                Ok(right) => right,
                Err(right) => return Err(self.push(ArithExpr::Comma(left, right))),
            };
            left = self.push(ArithExpr::Binary { operator, left, right, at });
        }
        self.depth -= 1;
        Ok(left)
    }

    /// The binary operator at hand, if it binds at least as tight as `level`.
    fn binary_operator(&self, level: usize) -> Option<(usize, ArithBinary)> {
        let Token::Operator(text) = self.lexer.token else { return None };
        LEVELS.iter().enumerate().skip(level).find_map(|(found, operators)| {
            operators.iter().find(|(operator, _)| *operator == text).map(|(_, operator)| (found, *operator))
        })
    }

    /// `**`, right associative, looser than the unary operators.
    fn power(&mut self) -> Expr {
        let left = self.unary()?;
        if !self.is(b"**") {
            return Ok(left);
        }
        self.enter()?;
        self.next_after(left)?;
        let right = match self.power() {
            Ok(right) => right,
            Err(right) => return Err(self.push(ArithExpr::Comma(left, right))),
        };
        self.depth -= 1;
        let at = self.lexer.last as u32;
        Ok(self.push(ArithExpr::Binary { operator: ArithBinary::Power, left, right, at }))
    }

    fn unary(&mut self) -> Expr {
        let operator = match self.lexer.token {
            Token::Operator(b"!") => ArithUnary::Not,
            Token::Operator(b"~") => ArithUnary::Complement,
            Token::Operator(b"-") => ArithUnary::Minus,
            Token::Operator(b"+") => ArithUnary::Plus,
            _ => return self.primary(),
        };
        self.enter()?;
        self.next()?;
        let operand = self.unary()?;
        self.depth -= 1;
        Ok(self.push(ArithExpr::Unary(operator, operand)))
    }

    fn primary(&mut self) -> Expr {
        match self.lexer.token {
            Token::PreStep(text) => self.pre_step(step_of(text)),
            Token::Operator(b"(") => {
                self.next()?;
                let inner = self.comma()?;
                if !self.is(b")") {
                    return self.fail_after(Some(inner), "missing `)'");
                }
                self.next_after(inner)?;
                // A parenthesized variable is not an assignment's target.
                if matches!(self.expr(inner), Some(ArithExpr::Variable { .. } | ArithExpr::Element { .. })) {
                    return Ok(self.push(ArithExpr::Unary(ArithUnary::Plus, inner)));
                }
                Ok(inner)
            }
            Token::Number(value) => {
                let number = self.push(ArithExpr::Number(value));
                self.next_after(number)?;
                Ok(number)
            }
            Token::Dollar => match self.dollars.get(self.dollars_read) {
                Some(&parameter) => {
                    self.dollars_read += 1;
                    let dollar = self.push(ArithExpr::Dollar(parameter));
                    self.next_after(dollar)?;
                    Ok(dollar)
                }
                None => self.fail_after(None, "syntax error: operand expected"),
            },
            Token::Name { end, subscript } => {
                let variable = self.variable(end, subscript);
                self.next_after(variable)?;
                if let Token::PostStep(text) = self.lexer.token {
                    let step = ArithExpr::Step { step: step_of(text), prefix: false, target: variable };
                    let step = self.push(step);
                    self.next_after(step)?;
                    return Ok(step);
                }
                Ok(variable)
            }
            _ => self.fail_after(None, "syntax error: operand expected"),
        }
    }

    fn pre_step(&mut self, step: Step) -> Expr {
        self.next()?;
        let Token::Name { end, subscript } = self.lexer.token else {
            return self.fail_after(None, "identifier expected after pre-increment or pre-decrement");
        };
        let target = self.variable(end, subscript);
        let step = self.push(ArithExpr::Step { step, prefix: true, target });
        self.next_after(step)?;
        Ok(step)
    }

    fn variable(&mut self, end: usize, subscript: Option<(usize, usize)>) -> ArithId {
        let at = self.lexer.last;
        let name = Bytes::copy_from_slice(self.lexer.text.get(at..end).unwrap_or(&[]));
        let at = at as u32;
        self.push(match subscript {
            None => ArithExpr::Variable { name, at },
            Some((start, end)) => {
                let subscript = Bytes::copy_from_slice(self.lexer.text.get(start..end).unwrap_or(&[]));
                ArithExpr::Element { name, subscript, at }
            }
        })
    }
}

fn step_of(text: &[u8]) -> Step {
    if text == b"++" { Step::Increment } else { Step::Decrement }
}

/// The operator in front of the `=`.
fn update(text: &[u8]) -> Option<ArithBinary> {
    let operator = text.strip_suffix(b"=")?;
    LEVELS.iter().flat_map(|level| level.iter()).find(|(text, _)| *text == operator).map(|(_, operator)| *operator)
}
