//! Arithmetic expressions. bash manual "Shell Arithmetic".

use bytes::Bytes;

use super::{ArithId, ParameterId, WordId};

/// The text of an arithmetic expression: bash expands it as if between double quotes and evaluates the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArithText {
    /// The text as a word whose expansion, without field splitting, is the expression.
    pub word: WordId,
    /// The parsed expression when the text holds no expansion, or only `$name`, `${name}` and `$1` standing alone as
    /// operands ([`ArithExpr::Dollar`]). When it is `None`, expand the word and call
    /// [`parse_arith`](crate::arith::parse_arith); do so as well when a `Dollar` value is not a plain decimal integer.
    /// Never there for a text with an error.
    pub expr: Option<ArithId>,
}

/// An arithmetic expression. Offsets are bytes into the text of the expression; bash's messages show the text from
/// there on (`error token is "..."`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArithExpr {
    /// An empty expression: 0.
    Empty,
    /// A number.
    Number(i64),
    /// A variable: its value is evaluated as an expression in turn.
    Variable {
        /// Its name.
        name: Bytes,
        /// Where it stands.
        at: u32,
    },
    /// `name[subscript]`; the subscript is text (`@` and `*` included): a key for an associative array, else an
    /// expression.
    Element {
        /// The array.
        name: Bytes,
        /// The text between the brackets.
        subscript: Bytes,
        /// Where it stands.
        at: u32,
    },
    /// `$name` as an operand; only in the expressions of a [`Unit`](super::Unit).
    Dollar(ParameterId),
    /// A unary operator.
    Unary(ArithUnary, ArithId),
    /// A binary operator.
    Binary {
        /// The operator.
        operator: ArithBinary,
        /// Left operand.
        left: ArithId,
        /// Right operand.
        right: ArithId,
        /// Where bash's message for an error of this operator begins (`division by 0`, `exponent less than 0`).
        at: u32,
    },
    /// `left && right`
    And(ArithId, ArithId),
    /// `left || right`
    Or(ArithId, ArithId),
    /// `test ? yes : no`
    Conditional(ArithId, ArithId, ArithId),
    /// `left, right`
    Comma(ArithId, ArithId),
    /// `target = value`, `target += value`; the target is a `Variable` or an `Element`.
    Assign {
        /// The operator.
        operator: ArithAssign,
        /// The variable.
        target: ArithId,
        /// The right side.
        value: ArithId,
        /// As in `Binary`.
        at: u32,
    },
    /// `++x`, `--x`, `x++`, `x--`.
    Step {
        /// Which.
        step: Step,
        /// Before the variable: the value is the new one.
        prefix: bool,
        /// The variable.
        target: ArithId,
    },
    /// Where the text stops making sense: evaluation reports the expression's error when it gets here (bash parses
    /// while it evaluates, so what stands before has had its effects). Only in the result of
    /// [`parse_arith`](crate::arith::parse_arith). bash also finds it inside a branch that is not evaluated.
    Error,
}

/// Unary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithUnary {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `!`
    Not,
    /// `~`
    Complement,
}

/// Binary operators that evaluate both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the operators")]
pub enum ArithBinary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    ShiftLeft,
    ShiftRight,
    BitAnd,
    BitOr,
    BitXor,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Assignment operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithAssign {
    /// `=`
    Set,
    /// `op=`: one of `*= /= %= += -= <<= >>= &= ^= |=`.
    Update(ArithBinary),
}

/// Increment or decrement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// `++`
    Increment,
    /// `--`
    Decrement,
}
