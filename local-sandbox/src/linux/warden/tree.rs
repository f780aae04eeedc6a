//! Finding and ending all descendants of a supervisor.

use std::collections::BTreeSet;
use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The most levels followed at once; a deeper chain is found in the next round, when its top is gone.
const DEPTH_MAX: usize = 4096;

/// The living descendants of `root`, parents before children. Zombies are left out, but not what they have below them.
///
/// From `/proc/PID/task/TID/children` (CONFIG_PROC_CHILDREN), else from the parents told by `/proc/PID/stat`.
pub fn descendants(root: i32) -> Vec<i32> {
    let by_files = fs::exists(format!("/proc/{root}/task/{root}/children")).unwrap_or(false);
    let table = if by_files { Vec::new() } else { parents() };
    let mut seen = BTreeSet::from([root]);
    let mut found = Vec::new();
    let mut level = vec![root];
    for _ in 0..DEPTH_MAX {
        let mut next = Vec::new();
        for parent in level {
            let children = if by_files { children_of(parent) } else { children_in(&table, parent) };
            next.extend(children.into_iter().filter(|child| seen.insert(*child)));
        }
        if next.is_empty() {
            break;
        }
        found.extend(next.iter().copied().filter(|pid| is_alive(*pid)));
        level = next;
    }
    found
}

/// The direct children of a process, those of all its threads.
pub fn children_of(pid: i32) -> Vec<i32> {
    let mut children = Vec::new();
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return children };
    for thread in threads.flatten() {
        let Ok(text) = fs::read_to_string(thread.path().join("children")) else { continue };
        children.extend(text.split_ascii_whitespace().filter_map(|word| word.parse::<i32>().ok()));
    }
    children
}

fn children_in(table: &[(i32, i32)], parent: i32) -> Vec<i32> {
    table.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid).collect()
}

/// All processes with their parents.
fn parents() -> Vec<(i32, i32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    numbers.filter_map(|pid| Some((pid, stat_field(pid, PARENT)?.parse().ok()?))).collect()
}

/// Places of fields in `/proc/PID/stat`, counted from the one after the name.
const STATE: usize = 0;
const PARENT: usize = 1;
const THREADS: usize = 17;

/// The `index`th field of `/proc/PID/stat` after the name.
fn stat_field(pid: i32, index: usize) -> Option<String> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name may hold spaces and parentheses: what follows starts after the last one.
    let after = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let text = std::str::from_utf8(stat.get(after..)?).ok()?;
    text.split_ascii_whitespace().nth(index).map(str::to_owned)
}

/// The threads of a process.
pub fn threads(pid: i32) -> u64 {
    stat_field(pid, THREADS).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// Whether a process runs, or waits, or is stopped.
pub fn is_alive(pid: i32) -> bool {
    match stat_field(pid, STATE).as_deref() {
        None | Some("X") => false,
        // One whose first thread has ended looks like a zombie while the others run, and nobody can reap it.
        Some("Z") => stat_field(pid, THREADS).is_some_and(|count| count.parse::<u32>().is_ok_and(|count| count > 1)),
        Some(_) => true,
    }
}

/// Sends a signal to every descendant of `root`; says how many there were.
pub fn signal_all(root: i32, signal: Signal) -> usize {
    let all = descendants(root);
    for pid in &all {
        let _ = kill(Pid::from_raw(*pid), signal);
    }
    all.len()
}

/// One round of ending everything below `root`.
///
/// Whole process groups first: the kernel signals a group at once and lets none of its members fork away, which ends a fork
/// bomb without a walk of its thousands. What has left its group is then stopped until no new one shows up, and killed.
pub fn kill_all(root: i32) -> usize {
    const STOP_ROUNDS: usize = 8;
    for group in groups_of_children(root) {
        let _ = kill(Pid::from_raw(-group), Signal::SIGKILL);
    }
    let mut stopped = BTreeSet::new();
    for _ in 0..STOP_ROUNDS {
        let fresh: Vec<i32> = descendants(root).into_iter().filter(|pid| stopped.insert(*pid)).collect();
        if fresh.is_empty() {
            break;
        }
        for pid in fresh {
            let _ = kill(Pid::from_raw(pid), Signal::SIGSTOP);
        }
    }
    for pid in &stopped {
        let _ = kill(Pid::from_raw(*pid), Signal::SIGKILL);
    }
    stopped.len()
}

/// The process groups of living direct children, but for the caller's own.
fn groups_of_children(root: i32) -> BTreeSet<i32> {
    let own = nix::unistd::getpgrp().as_raw();
    let children = children_of(root).into_iter().filter(|pid| is_alive(*pid));
    let groups = children.filter_map(|pid| nix::unistd::getpgid(Some(Pid::from_raw(pid))).ok());
    groups.map(Pid::as_raw).filter(|group| *group > 1 && *group != own).collect()
}
