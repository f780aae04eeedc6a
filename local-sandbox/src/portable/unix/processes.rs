//! Which processes belong to a command, as far as the system's list of processes tells.

use std::collections::{BTreeMap, BTreeSet};

use super::sys::listing::Process;

/// Those of the leader's session, those that were seen before, and all of their descendants; the leader itself with them.
///
/// What made a session of its own and lost its parent before it was ever seen is not found: macOS keeps no trace of it.
pub fn members(leader: i32, seen: &BTreeMap<i32, u64>, all: &[Process]) -> BTreeMap<i32, u64> {
    let ours = |process: &&Process| {
        process.pid == leader || process.session == leader || seen.get(&process.pid) == Some(&process.started)
    };
    let mut found: BTreeMap<i32, u64> = all.iter().filter(ours).map(|process| (process.pid, process.started)).collect();
    let mut children: BTreeMap<i32, Vec<&Process>> = BTreeMap::new();
    for process in all {
        children.entry(process.parent).or_default().push(process);
    }
    let mut parents: BTreeSet<i32> = found.keys().copied().collect();
    while let Some(parent) = parents.pop_first() {
        for child in children.get(&parent).into_iter().flatten() {
            if found.insert(child.pid, child.started).is_none() {
                parents.insert(child.pid);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(pid: i32, parent: i32, session: i32) -> Process {
        Process { pid, parent, session, started: 7 }
    }

    #[test]
    fn a_session_and_all_descendants_are_members() {
        let all = [process(1, 0, 1), process(10, 1, 10), process(11, 1, 10), process(12, 10, 12), process(13, 12, 12)];
        let found = members(10, &BTreeMap::new(), &all);
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [10, 11, 12, 13]);
    }

    #[test]
    fn who_was_seen_stays_a_member_and_a_number_used_again_does_not_become_one() {
        let all = [process(1, 0, 1), process(20, 1, 20), process(21, 20, 20), process(30, 1, 30)];
        let found = members(10, &BTreeMap::from([(20, 7), (30, 6)]), &all);
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [20, 21]);
    }
}
