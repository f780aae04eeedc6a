//! The checks every sandbox must pass.
