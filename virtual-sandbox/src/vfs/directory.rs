//! The entries of a directory: a sorted map from names to inode numbers with structural sharing.

use super::node::{FileKind, Ino};
use smallvec::SmallVec;
use std::sync::Arc;

/// The most entries a leaf holds; a full leaf is split in two.
const LEAF: usize = 32;

/// A file name; up to 24 bytes are stored in place.
pub(super) type Name = SmallVec<[u8; 24]>;

/// One entry.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub name: Name,
    pub ino: Ino,
    pub kind: FileKind,
}

/// A directory's entries: leaves of at most 32 sorted entries, in order. No leaf is empty.
///
/// A clone copies the list of leaves only; a change copies the one leaf it touches when that is shared.
#[derive(Clone, Debug, Default)]
pub(super) struct Directory {
    leaves: Vec<Arc<Vec<Entry>>>,
    len: usize,
}

impl Directory {
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The entry of this name.
    pub fn get(&self, name: &[u8]) -> Option<&Entry> {
        let leaf = self.leaves.get(self.leaf_of(name))?;
        let at = position(leaf, name).ok()?;
        leaf.get(at)
    }

    /// Adds an entry, or replaces the one of the same name, which is the answer.
    pub fn insert(&mut self, entry: Entry) -> Option<Entry> {
        let at = self.leaf_of(&entry.name);
        let Some(leaf) = self.leaves.get_mut(at) else {
            self.leaves.push(Arc::new(vec![entry]));
            self.len += 1;
            return None;
        };
        let leaf = Arc::make_mut(leaf);
        match position(leaf, &entry.name) {
            Ok(found) => return leaf.get_mut(found).map(|old| std::mem::replace(old, entry)),
            Err(place) => {
                // A vector would double beyond what a leaf ever holds.
                if leaf.len() == leaf.capacity() && leaf.len() >= LEAF / 2 {
                    leaf.reserve_exact(LEAF + 1 - leaf.len());
                }
                leaf.insert(place, entry);
            }
        }
        if leaf.len() > LEAF {
            // Names often arrive in ascending order: the last leaf is left nearly full then, not half full.
            let last = at + 1 == self.leaves.len();
            let leaf = Arc::make_mut(&mut self.leaves[at]);
            let upper = leaf.split_off(if last { LEAF - 4 } else { LEAF / 2 });
            self.leaves.insert(at + 1, Arc::new(upper));
        }
        self.len += 1;
        None
    }

    /// Removes and answers the entry of this name.
    pub fn remove(&mut self, name: &[u8]) -> Option<Entry> {
        let at = self.leaf_of(name);
        let leaf = self.leaves.get_mut(at)?;
        let found = position(leaf, name).ok()?;
        let leaf = Arc::make_mut(leaf);
        let entry = leaf.remove(found);
        if leaf.is_empty() {
            self.leaves.remove(at);
        } else if leaf.len() < LEAF / 4 {
            self.merge(at);
        }
        self.len -= 1;
        Some(entry)
    }

    /// Joins a leaf with few entries and a neighbour that has room, so that what remains of a large directory takes no
    /// more than it is charged.
    fn merge(&mut self, at: usize) {
        for left in [at, at.wrapping_sub(1)] {
            let (Some(a), Some(b)) = (self.leaves.get(left), self.leaves.get(left.wrapping_add(1))) else { continue };
            if a.len() + b.len() > LEAF / 2 {
                continue;
            }
            let right = self.leaves.remove(left + 1);
            if let Some(leaf) = self.leaves.get_mut(left) {
                Arc::make_mut(leaf).extend(right.iter().cloned());
            }
            return;
        }
    }

    /// The entries in ascending byte order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.leaves.iter().flat_map(|leaf| leaf.iter())
    }

    /// A name of this file; linear in the number of entries.
    pub fn name_of(&self, ino: Ino) -> Option<&[u8]> {
        self.iter().find(|entry| entry.ino == ino).map(|entry| entry.name.as_slice())
    }

    /// Calls `visit` with each name whose entry differs from the other version: `(name, ours, theirs)`.
    pub fn for_each_difference<'a>(
        &'a self,
        other: &'a Directory,
        visit: &mut impl FnMut(&'a [u8], Option<&'a Entry>, Option<&'a Entry>),
    ) {
        let (mut a, mut b) = (Cursor::new(self), Cursor::new(other));
        loop {
            if let (Some(x), Some(y)) = (a.leaf_start(), b.leaf_start())
                && Arc::ptr_eq(x, y)
            {
                a.skip_leaf();
                b.skip_leaf();
                continue;
            }
            match (a.peek(), b.peek()) {
                (None, None) => return,
                (Some(x), None) => {
                    visit(&x.name, Some(x), None);
                    a.advance();
                }
                (None, Some(y)) => {
                    visit(&y.name, None, Some(y));
                    b.advance();
                }
                (Some(x), Some(y)) => match x.name.cmp(&y.name) {
                    std::cmp::Ordering::Less => {
                        visit(&x.name, Some(x), None);
                        a.advance();
                    }
                    std::cmp::Ordering::Greater => {
                        visit(&y.name, None, Some(y));
                        b.advance();
                    }
                    std::cmp::Ordering::Equal => {
                        if x.ino != y.ino || x.kind != y.kind {
                            visit(&x.name, Some(x), Some(y));
                        }
                        a.advance();
                        b.advance();
                    }
                },
            }
        }
    }

    /// The leaf that holds `name` or would take it: the last one that begins at or before it.
    fn leaf_of(&self, name: &[u8]) -> usize {
        if self.leaves.len() <= 1 {
            return 0;
        }
        let after = self.leaves.partition_point(|leaf| leaf.first().is_some_and(|first| first.name.as_slice() <= name));
        after.saturating_sub(1)
    }
}

impl FromIterator<Entry> for Directory {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut directory = Directory::default();
        for entry in entries {
            directory.insert(entry);
        }
        directory
    }
}

/// Where `name` is in a leaf, or where it would be inserted.
fn position(leaf: &[Entry], name: &[u8]) -> Result<usize, usize> {
    leaf.binary_search_by(|entry| entry.name.as_slice().cmp(name))
}

/// A place in a directory, for walking two versions side by side.
struct Cursor<'a> {
    directory: &'a Directory,
    leaf: usize,
    at: usize,
}

impl<'a> Cursor<'a> {
    fn new(directory: &'a Directory) -> Self {
        Cursor { directory, leaf: 0, at: 0 }
    }

    /// The current leaf when the cursor stands at its first entry.
    fn leaf_start(&self) -> Option<&'a Arc<Vec<Entry>>> {
        if self.at == 0 { self.directory.leaves.get(self.leaf) } else { None }
    }

    fn peek(&self) -> Option<&'a Entry> {
        self.directory.leaves.get(self.leaf)?.get(self.at)
    }

    fn advance(&mut self) {
        self.at += 1;
        if self.directory.leaves.get(self.leaf).is_some_and(|leaf| self.at >= leaf.len()) {
            self.skip_leaf();
        }
    }

    fn skip_leaf(&mut self) {
        self.leaf += 1;
        self.at = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn entry(name: &str, ino: u64) -> Entry {
        Entry { name: Name::from_slice(name.as_bytes()), ino: Ino(ino), kind: FileKind::Regular }
    }

    #[test]
    fn entries_come_sorted_whatever_the_order_of_insertion() {
        let mut directory = Directory::default();
        for i in 0..1000u64 {
            let i = i * 7919 % 1000;
            assert!(directory.insert(entry(&format!("f{i:04}"), i)).is_none());
        }
        assert_eq!(directory.len(), 1000);
        let inos: Vec<u64> = directory.iter().map(|e| e.ino.0).collect();
        assert_eq!(inos, (0..1000).collect::<Vec<_>>());
        assert_eq!(directory.get(b"f0123").map(|e| e.ino), Some(Ino(123)));
        assert_eq!(directory.insert(entry("f0123", 5)).map(|e| e.ino), Some(Ino(123)));
        for i in (0..1000).filter(|i| i % 32 != 0) {
            assert!(directory.remove(format!("f{i:04}").as_bytes()).is_some());
        }
        assert!(directory.leaves.len() <= 6, "{}", directory.leaves.len());
        assert_eq!(directory.iter().map(|e| e.ino.0).collect::<Vec<_>>(), (0..1000).step_by(32).collect::<Vec<_>>());
        for i in (0..1000).step_by(32) {
            assert!(directory.remove(format!("f{i:04}").as_bytes()).is_some());
        }
        assert!(directory.is_empty() && directory.leaves.is_empty());
    }

    proptest! {
        #[test]
        fn a_directory_is_a_sorted_map(ops in proptest::collection::vec((any::<bool>(), 0u64..400), 1..1500)) {
            let mut directory = Directory::default();
            let mut model = BTreeMap::new();
            let mut kept = (directory.clone(), model.clone());
            for (number, (insert, key)) in ops.into_iter().enumerate() {
                let name = format!("{key:03}");
                let (ours, theirs) = if insert {
                    (directory.insert(entry(&name, number as u64)), model.insert(name, number as u64))
                } else {
                    (directory.remove(name.as_bytes()), model.remove(&name))
                };
                prop_assert_eq!(ours.map(|e| e.ino.0), theirs);
                if number % 100 == 50 {
                    kept = (directory.clone(), model.clone());
                }
            }
            for (directory, model) in [(&directory, &model), (&kept.0, &kept.1)] {
                prop_assert_eq!(directory.len(), model.len());
                prop_assert!(directory.leaves.iter().all(|leaf| !leaf.is_empty() && leaf.len() <= LEAF));
                let shown: Vec<_> = directory.iter().map(|e| (String::from_utf8_lossy(&e.name).into_owned(), e.ino.0)).collect();
                prop_assert_eq!(shown, model.clone().into_iter().collect::<Vec<_>>());
            }
            let mut differing = Vec::new();
            directory.for_each_difference(&kept.0, &mut |name, _, _| differing.push(String::from_utf8_lossy(name).into_owned()));
            let mut expected: Vec<_> = model.iter().filter(|(name, ino)| kept.1.get(*name) != Some(ino)).map(|(name, _)| name.clone()).collect();
            expected.extend(kept.1.keys().filter(|name| !model.contains_key(*name)).cloned());
            expected.sort();
            prop_assert_eq!(differing, expected);
        }
    }

    #[test]
    fn a_difference_names_what_changed() {
        let mut a: Directory = (0..200u64).map(|i| entry(&format!("{i:03}"), i)).collect();
        let b = a.clone();
        a.remove(b"050");
        a.insert(entry("051x", 900));
        a.insert(entry("100", 901));
        let mut seen = Vec::new();
        a.for_each_difference(&b, &mut |name, x, y| {
            seen.push((String::from_utf8_lossy(name).into_owned(), x.map(|e| e.ino.0), y.map(|e| e.ino.0)));
        });
        assert_eq!(
            seen,
            [
                ("050".to_owned(), None, Some(50)),
                ("051x".to_owned(), Some(900), None),
                ("100".to_owned(), Some(901), Some(100))
            ]
        );
    }
}
