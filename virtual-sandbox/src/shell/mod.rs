//! The shell: bash's language over the kernel.

pub mod account;
pub mod arith;
pub mod builtin;
pub mod call_stack;
pub mod completion;
pub mod cond;
mod exec;
pub mod expand;
pub mod function;
mod invocation;
pub mod job;
pub mod options;
pub mod pattern;
pub mod state;
pub mod trap;
pub mod variable;

pub use exec::{Context, Outcome, Script, ShellTask};
pub use invocation::{InvocationError, ShellInvocation, ignore_for_interactive, template};
pub use state::{Mode, ShellState};
