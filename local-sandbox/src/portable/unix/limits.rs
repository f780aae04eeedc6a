//! Resource limits, set by the words of the system's shell before it becomes the command: `posix_spawn` has no other way.

use std::fmt::Write;

use crate::limits::Limits;

/// The limits of macOS that a process starts with, in the words of a shell. What the host cannot have is left as the host has it.
pub fn prelude(limits: &Limits, counts_processes: bool) -> String {
    const BLOCK: u64 = 512;
    const USUAL_FILES: u64 = 4096;
    let mut words = String::new();
    let mut limit = |option: char, value: Option<u64>| {
        if let Some(value) = value {
            // Writing to a string does not fail.
            let _ = write!(words, "ulimit -{option} {value} 2>/dev/null; ");
        }
    };
    limit('c', limits.core.map(|bytes| bytes / BLOCK));
    limit('n', limits.open_files);
    limit('f', limits.file_size.map(|bytes| bytes / BLOCK));
    limit('t', limits.cpu_time);
    limit('u', limits.processes.filter(|_| counts_processes));
    if limits.open_files.is_none() {
        let _ = write!(words, "ulimit -S -n {USUAL_FILES} 2>/dev/null; ");
    }
    words
}

/// The first limit that was asked for and that macOS cannot set.
pub fn unsupported(limits: &Limits) -> Option<&'static str> {
    match (limits.address_space, limits.memory) {
        (Some(_), _) => Some("the limit on address space (as)"),
        (_, Some(_)) => Some("the limit on memory"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_words_of_the_shell_in_its_units() {
        let mut limits = Limits::default();
        assert_eq!(prelude(&limits, false), "ulimit -c 0 2>/dev/null; ulimit -S -n 4096 2>/dev/null; ");
        limits.set("core", None);
        limits.set("fsize", Some(1 << 20));
        limits.set("nofile", Some(64));
        limits.set("pids", Some(20));
        assert_eq!(
            prelude(&limits, true),
            "ulimit -n 64 2>/dev/null; ulimit -f 2048 2>/dev/null; ulimit -u 20 2>/dev/null; "
        );
    }

    #[test]
    fn what_cannot_be_bound_is_named() {
        let mut limits = Limits::default();
        assert_eq!(unsupported(&limits), None);
        limits.set("memory", Some(1));
        assert_eq!(unsupported(&limits), Some("the limit on memory"));
    }
}
