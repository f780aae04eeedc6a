//! Arithmetic expressions: parsing of text that expansion has produced. bash manual "Shell Arithmetic".
//!
//! bash evaluates while it parses, so an error late in the text comes after the effects of what stands before. The
//! parser keeps that: at the error it puts an [`ArithExpr::Error`] node behind what it has read.

mod lex;
mod number;
mod parse;
mod text;

use crate::ast::{ArithExpr, ArithId, NodeId};

pub use number::parse_number;
pub use parse::{MAX_ARITH_NESTING, parse_arith};

/// A parsed arithmetic expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArithUnit {
    pub(crate) exprs: Vec<ArithExpr>,
    pub(crate) root: ArithId,
    pub(crate) error: Option<ArithError>,
}

impl ArithUnit {
    /// The node with this id.
    #[inline]
    pub fn expr(&self, id: ArithId) -> &ArithExpr {
        &self.exprs[id.index()]
    }

    /// The whole expression.
    pub fn root(&self) -> ArithId {
        self.root
    }

    /// The error that an [`ArithExpr::Error`] node stands for. bash reports it when evaluation reaches that node, and
    /// also when the node is inside a branch that is skipped.
    pub fn error(&self) -> Option<&ArithError> {
        self.error.as_ref()
    }
}

/// An error of an arithmetic expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (error token is \"{}\")", String::from_utf8_lossy(.token))]
pub struct ArithError {
    /// bash's message, such as `syntax error: operand expected`.
    pub message: &'static str,
    /// The rest of the text from the token at fault.
    pub token: Vec<u8>,
}
