//! The interpreter: explicit frames over the syntax tree.
//!
//! [`ShellTask::run`] steps until its fuel is used, it must wait, or the shell ends. Each step starts a command,
//! resumes the innermost frame, or unwinds. Native recursion exists only within the expansion of one word, whose
//! nesting the parser bounds.

mod and_or;
mod assignment;
mod compound;
mod divert;
mod errexit;
mod external;
mod frame;
mod function;
mod output;
mod pipeline;
mod prompt;
mod redirect;
mod select;
mod simple;
mod source;
mod subshell;
mod substitution;
mod task;
mod trap;
mod view;
mod weight;
mod xtrace;

pub(crate) use divert::Divert;
pub(crate) use frame::Frame;
pub(crate) use output::Output;
pub use source::Script;
pub(crate) use source::SourceKind;
pub use task::{Context, Outcome, ShellTask};
pub(crate) use task::{Flow, Next, Ran};
pub(crate) use weight::weight_of;
