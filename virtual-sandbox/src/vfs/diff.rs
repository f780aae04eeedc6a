//! What changed between two versions of a tree.
//!
//! The inode tables are compared node by node and shared nodes are skipped, so the cost follows what changed and not
//! how many files there are. Paths are found by going up from the directories whose entries changed.

use super::directory::Directory;
use super::inode::{Body, Inode};
use super::memory::Memory;
use super::mount::Mounted;
use super::node::{FileKind, Ino, MountId, Node};
use super::tree::Vfs;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How a path differs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// Its content, target or type is another; for a name that means another file now, too.
    Modified,
    /// Only its mode, owner, times or number of links are others.
    Metadata,
}

/// A path that differs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Change {
    /// The absolute path.
    pub path: Vec<u8>,
    /// How it differs.
    pub kind: ChangeKind,
}

impl Vfs {
    /// What changed since `base`, an earlier version of this tree: sorted by path, every file of an added or removed
    /// directory on its own. Directories that changed only because an entry came or went are not listed, nor are files
    /// of which only the access time moved.
    ///
    /// Files of a copy-on-write mount are listed when this tree changed them; what happened in the host directory
    /// itself is not seen. Read-write mounts are not compared.
    pub fn diff(&self, base: &Vfs) -> Vec<Change> {
        let mut changes = BTreeMap::new();
        self.diff_memory(base, MountId(0), &self.root, &base.root, &mut changes);
        for (index, mount) in self.mounts.iter().enumerate() {
            let Some(mount) = mount else { continue };
            let Mounted::Memory(ours) = &mount.mounted else { continue };
            let id = MountId(index as u16 + 1);
            if let Some(theirs) = base.memory(id) {
                self.diff_memory(base, id, ours, theirs, &mut changes);
            }
        }
        changes.into_iter().map(|(path, kind)| Change { path, kind }).collect()
    }

    /// Adds what differs between two versions of one file system.
    fn diff_memory(
        &self,
        base: &Vfs,
        mount: MountId,
        ours: &Memory,
        theirs: &Memory,
        changes: &mut BTreeMap<Vec<u8>, ChangeKind>,
    ) {
        let mut files: BTreeSet<Ino> = BTreeSet::new();
        let mut directories: Vec<Ino> = Vec::new();
        let mut attributes: Vec<(Ino, ChangeKind)> = Vec::new();
        for ino in ours.differing(theirs) {
            let Some(a) = ours.inode(ino) else { continue };
            match (&a.body, theirs.inode(ino)) {
                (Body::Directory(_), None) if a.below.is_none() => {}
                (Body::Directory(_), None) => directories.push(ino),
                (Body::Directory(_), Some(b)) if b.kind() == FileKind::Directory => directories.push(ino),
                (_, Some(b)) => {
                    if let Some(kind) = difference(a, b) {
                        attributes.push((ino, kind));
                        files.insert(ino);
                    }
                }
                // Promoted since: what it was is still below.
                (_, None) if a.below.is_some() => {
                    attributes.push((ino, promoted_difference(ours, theirs, ino, a)));
                    files.insert(ino);
                }
                // New: found by the entry that is new.
                (_, None) => {}
            }
        }
        for dir in directories {
            self.diff_directory(base, Node { mount, ino: dir }, ours, theirs, changes);
        }
        let paths = self.paths_of(mount, ours, &files);
        for (ino, kind) in attributes {
            for path in paths.get(&ino).into_iter().flatten() {
                changes.entry(path.clone()).or_insert(kind);
            }
        }
    }

    /// Adds the names that differ between two versions of a directory that both have, and its own attributes.
    fn diff_directory(
        &self,
        base: &Vfs,
        dir: Node,
        ours: &Memory,
        theirs: &Memory,
        changes: &mut BTreeMap<Vec<u8>, ChangeKind>,
    ) {
        let (Some(a), b) = (ours.inode(dir.ino), theirs.inode(dir.ino)) else { return };
        let Body::Directory(entries) = &a.body else { return };
        let (Ok(path), Ok(old_path)) = (self.directory_path(dir), base.directory_path(dir)) else { return };
        let below;
        let old_entries = match b.map(|inode| &inode.body) {
            Some(Body::Directory(entries)) => entries,
            _ => {
                below = theirs.entries_below(dir.ino);
                &below
            }
        };
        let old_mode = match b {
            Some(inode) => Some((inode.mode, inode.uid, inode.gid)),
            None => theirs.permission(dir.ino).ok().map(|p| (p.mode, p.uid, p.gid)),
        };
        if path == old_path && old_mode.is_some_and(|old| old != (a.mode, a.uid, a.gid)) {
            changes.insert(path.clone(), ChangeKind::Metadata);
        }
        entries.for_each_difference(old_entries, &mut |name, new, old| {
            let at = join(&path, name);
            match (new, old) {
                (Some(new), None) => add_tree(ours, new.ino, new.kind, at, ChangeKind::Added, changes),
                (None, Some(old)) => {
                    add_tree(theirs, old.ino, old.kind, join(&old_path, name), ChangeKind::Removed, changes);
                }
                // Another directory has the number of one that is gone.
                (Some(new), Some(old)) if path != old_path => {
                    add_tree(theirs, old.ino, old.kind, join(&old_path, name), ChangeKind::Removed, changes);
                    add_tree(ours, new.ino, new.kind, at, ChangeKind::Added, changes);
                }
                (Some(new), Some(old)) if new.kind == FileKind::Directory || old.kind == FileKind::Directory => {
                    add_tree(theirs, old.ino, old.kind, at.clone(), ChangeKind::Removed, changes);
                    add_tree(ours, new.ino, new.kind, at.clone(), ChangeKind::Added, changes);
                    changes.insert(at, ChangeKind::Modified);
                }
                _ => {
                    changes.insert(at, ChangeKind::Modified);
                }
            }
        });
    }

    /// The paths of files, through the directory each remembers; by a search of the whole tree only when a file has
    /// several names or that directory does not know it.
    fn paths_of(&self, mount: MountId, memory: &Memory, files: &BTreeSet<Ino>) -> BTreeMap<Ino, Vec<Vec<u8>>> {
        let mut paths: BTreeMap<Ino, Vec<Vec<u8>>> = BTreeMap::new();
        let mut parents: BTreeMap<Ino, usize> = BTreeMap::new();
        let mut several = false;
        let mut expected = 0;
        for inode in files.iter().filter_map(|ino| memory.inode(*ino)).filter(|inode| inode.nlink > 0) {
            *parents.entry(inode.parent).or_default() += 1;
            several |= inode.nlink > 1;
            expected += 1;
        }
        for (parent, mut wanted) in parents {
            let Some(Body::Directory(entries)) = memory.inode(parent).map(|inode| &inode.body) else { continue };
            let Ok(path) = self.directory_path(Node { mount, ino: parent }) else { continue };
            for entry in entries.iter().filter(|entry| files.contains(&entry.ino)) {
                paths.entry(entry.ino).or_default().push(join(&path, &entry.name));
                wanted -= 1;
                if wanted == 0 {
                    break;
                }
            }
        }
        let search = several || paths.len() < expected;
        if search {
            let root = Node { mount, ino: memory.root() };
            let mut pending = vec![(root, self.directory_path(root).unwrap_or_else(|_| b"/".to_vec()))];
            while let Some((dir, path)) = pending.pop() {
                for entry in memory.read_dir(dir.ino).unwrap_or_default() {
                    let (ino, at) = (Ino(entry.ino), join(&path, &entry.name));
                    if entry.kind == FileKind::Directory {
                        pending.push((Node { mount, ino }, at));
                    } else if files.contains(&ino) {
                        let known = paths.entry(ino).or_default();
                        if !known.contains(&at) {
                            known.push(at);
                        }
                    }
                }
            }
        }
        paths
    }
}

/// Adds a file and, for a directory, everything in it.
fn add_tree(
    memory: &Memory,
    ino: Ino,
    kind: FileKind,
    path: Vec<u8>,
    change: ChangeKind,
    changes: &mut BTreeMap<Vec<u8>, ChangeKind>,
) {
    let mut pending = vec![(ino, kind, path)];
    while let Some((ino, kind, path)) = pending.pop() {
        if kind == FileKind::Directory {
            for entry in memory.read_dir(ino).unwrap_or_default() {
                pending.push((Ino(entry.ino), entry.kind, join(&path, &entry.name)));
            }
        }
        // A name that is gone here and new there was given to another file.
        changes
            .entry(path)
            .and_modify(|known| {
                if *known != change {
                    *known = ChangeKind::Modified;
                }
            })
            .or_insert(change);
    }
}

/// How two versions of a file that is no directory differ.
fn difference(a: &Arc<Inode>, b: &Arc<Inode>) -> Option<ChangeKind> {
    let same_content = match (&a.body, &b.body) {
        (Body::Regular(x), Body::Regular(y)) => x.shares_all(y),
        (Body::Symlink(x), Body::Symlink(y)) => x == y,
        (Body::CharDevice(..) | Body::BlockDevice(..) | Body::Fifo | Body::Socket, _) => a.kind() == b.kind(),
        _ => false,
    };
    if !same_content {
        return Some(ChangeKind::Modified);
    }
    let facts = |inode: &Inode| (inode.mode, inode.uid, inode.gid, inode.nlink, inode.mtime);
    (facts(a) != facts(b)).then_some(ChangeKind::Metadata)
}

/// How a file that was below differs from what it is now.
fn promoted_difference(ours: &Memory, theirs: &Memory, ino: Ino, now: &Inode) -> ChangeKind {
    let untouched = match (&now.body, theirs.attributes(ino), ours.attributes(ino)) {
        (Body::Regular(content), Ok(before), Ok(after)) => content.held() == 0 && before.size == after.size,
        (Body::Symlink(_), ..) => true,
        _ => false,
    };
    if untouched { ChangeKind::Metadata } else { ChangeKind::Modified }
}

fn join(dir: &[u8], name: &[u8]) -> Vec<u8> {
    let mut path = dir.to_vec();
    if path != b"/" {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}

impl Memory {
    /// The entries of a directory that is still below.
    fn entries_below(&self, dir: Ino) -> Directory {
        let entries = self.read_dir(dir).unwrap_or_default();
        entries
            .into_iter()
            .map(|entry| super::directory::Entry {
                name: super::directory::Name::from_slice(&entry.name),
                ino: Ino(entry.ino),
                kind: entry.kind,
            })
            .collect()
    }
}
