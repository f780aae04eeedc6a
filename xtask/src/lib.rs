//! What the workspace's tasks share with its tests: conformance cases as data.

pub mod case;
pub mod oracle;
