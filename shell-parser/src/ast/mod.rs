//! The syntax tree: arenas of plain nodes that refer to each other by small ids.
//!
//! A [`Unit`] is one complete command as bash reads it (everything up to the newline that ends it), immutable and
//! without borrowed data, so that an interpreter can share it behind an `Arc` and keep `(Arc<Unit>, CommandId)` as the
//! body of a function.

mod arith;
mod command;
mod cond;
mod id;
mod parameter;
mod redirection;
mod unit;
mod word;

pub use arith::{ArithAssign, ArithBinary, ArithExpr, ArithText, ArithUnary, Step};
pub use command::{
    AndOr, AndOrItem, AndOrOperator, ArithFor, ArrayElement, Assignment, AssignmentValue, Case, CaseClause,
    CaseTerminator, Command, CommandKind, Coproc, For, Function, If, IfClause, ListItem, Loop, Pipeline, SimpleCommand,
    Time,
};
pub use cond::{CondBinary, CondExpr, CondUnary};
pub use id::{
    AndOrItemId, ArithId, AssignmentId, BraceId, CaseClauseId, CommandId, CondId, ElementId, HereDocumentId, IdRange,
    IfClauseId, ListItemId, NodeId, ParameterId, PartId, RedirectionId, SubstitutionId, WordId,
};
pub use parameter::{CaseChange, Parameter, ParameterExpansion, ParameterOperator, Subscript, SubstituteKind};
pub use redirection::{Duplicate, HereDocument, Redirection, RedirectionFd, RedirectionKind};
pub use unit::{Unit, Warning};
pub use word::{BraceExpansion, CommandSubstitution, Direction, RangeStyle, Word, WordFacts, WordPart};
