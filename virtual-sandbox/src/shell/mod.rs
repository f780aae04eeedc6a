//! The shell: variables, expansions, evaluators.

pub mod arith;
pub mod cond;
pub mod expand;
pub mod pattern;
pub mod variable;

#[cfg(test)]
mod plain_world;
