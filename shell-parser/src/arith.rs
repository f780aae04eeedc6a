//! Arithmetic expressions: parsing of text that expansion has produced.

use crate::ast::{ArithExpr, ArithId, NodeId};

/// A parsed arithmetic expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArithUnit {
    exprs: Vec<ArithExpr>,
    root: ArithId,
    error: Option<ArithError>,
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

    /// The error that an [`ArithExpr::Error`] node stands for. bash reports it when evaluation reaches that node, or
    /// at once when the node is inside a branch that is skipped.
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
