//! The helper processes: a warden per sandbox, a supervisor per running command.
//!
//! The warden is the host's own image (or a helper program) started by `posix_spawn` under the name
//! [`crate::linux::protocol::WARDEN_NAME`]. It has one thread and little memory, so that its forks are cheap whatever the host's
//! size. It confines itself once, then makes supervisors, each served by the host through a socket of its own: the end of
//! that socket, by whatever death of the host, is the order to end the tree.

pub mod cgroup;
pub mod confine;
pub mod entry;
pub mod guard;
pub mod rules;
pub mod supervisor;
pub mod tree;
pub mod view;
