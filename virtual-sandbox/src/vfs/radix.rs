//! A persistent sparse array: the inode table, and the chunks of a large file.
//!
//! A clone shares everything (one reference count); a change copies the nodes on the path to the changed slot that are
//! shared, and works in place where nothing is. Two versions are compared at the cost of what differs between them.

use std::sync::Arc;

/// Slots per node.
const WIDTH: usize = 32;
/// `log2` of [`WIDTH`].
const BITS: u32 = 5;

/// A node: 32 subtrees or 32 values.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "a node is always behind an Arc, and values stand beside each other")]
enum RadixNode<T> {
    Branch([Option<Arc<RadixNode<T>>>; WIDTH]),
    Leaf([Option<T>; WIDTH]),
}

/// A sparse array from `u64` to `T` with structural sharing.
#[derive(Clone, Debug)]
pub(super) struct Radix<T> {
    root: Option<Arc<RadixNode<T>>>,
    /// Levels of nodes: 0 when empty, 1 for a single leaf.
    height: u32,
}

impl<T> Default for Radix<T> {
    fn default() -> Self {
        Radix { root: None, height: 0 }
    }
}

/// The slot of `index` in a node at `level` (0 = leaf).
fn slot_at(index: u64, level: u32) -> usize {
    (index >> (BITS * level)) as usize & (WIDTH - 1)
}

/// How many indices a tree of this height holds.
fn span(height: u32) -> u64 {
    1u64.checked_shl(BITS * height).unwrap_or(u64::MAX)
}

impl<T: Clone> Radix<T> {
    /// The value at `index`.
    pub fn get(&self, index: u64) -> Option<&T> {
        if index >= span(self.height) {
            return None;
        }
        let mut node = self.root.as_deref()?;
        let mut level = self.height;
        loop {
            level = level.saturating_sub(1);
            match node {
                RadixNode::Branch(children) => node = children.get(slot_at(index, level))?.as_deref()?,
                RadixNode::Leaf(values) => return values.get(slot_at(index, 0))?.as_ref(),
            }
        }
    }

    /// The value at `index`, to be changed; copies shared nodes on the way, nothing when the slot is empty.
    pub fn get_mut(&mut self, index: u64) -> Option<&mut T> {
        self.get(index)?;
        let mut node = Arc::make_mut(self.root.as_mut()?);
        let mut level = self.height;
        loop {
            level = level.saturating_sub(1);
            match node {
                RadixNode::Branch(children) => {
                    node = Arc::make_mut(children.get_mut(slot_at(index, level))?.as_mut()?);
                }
                RadixNode::Leaf(values) => return values.get_mut(slot_at(index, 0))?.as_mut(),
            }
        }
    }

    /// Puts `value` at `index`; answers what was there.
    pub fn insert(&mut self, index: u64, value: T) -> Option<T> {
        while index >= span(self.height) || self.height == 0 {
            self.grow();
        }
        let mut level = self.height - 1;
        let mut link = &mut self.root;
        loop {
            let node = Arc::make_mut(link.get_or_insert_with(|| Arc::new(empty(level))));
            match node {
                RadixNode::Branch(children) => {
                    link = &mut children[slot_at(index, level)];
                    level -= 1;
                }
                RadixNode::Leaf(values) => return values[slot_at(index, 0)].replace(value),
            }
        }
    }

    /// Empties every slot at `from` and after it.
    pub fn truncate(&mut self, from: u64) {
        if from == 0 {
            *self = Radix::default();
        } else if from < span(self.height) {
            truncate_node(&mut self.root, self.height, from);
        }
    }

    /// Calls `visit` with every filled slot in ascending order of the index.
    pub fn for_each(&self, visit: &mut impl FnMut(u64, &T)) {
        if let Some(root) = &self.root {
            visit_node(root, self.height, 0, visit);
        }
    }

    /// Calls `visit` for every slot in which the two versions may differ; slots in shared nodes are not visited.
    pub fn for_each_difference<'a>(
        &'a self,
        other: &'a Radix<T>,
        visit: &mut impl FnMut(u64, Option<&'a T>, Option<&'a T>),
    ) {
        compare((self.root.as_ref(), self.height), (other.root.as_ref(), other.height), 0, visit);
    }

    /// Adds a level above the root.
    fn grow(&mut self) {
        if let Some(old) = self.root.take() {
            let mut children = std::array::from_fn(|_| None);
            children[0] = Some(old);
            self.root = Some(Arc::new(RadixNode::Branch(children)));
        }
        self.height += 1;
    }
}

/// An empty node for `level` (0 = leaf).
fn empty<T>(level: u32) -> RadixNode<T> {
    if level == 0 {
        RadixNode::Leaf(std::array::from_fn(|_| None))
    } else {
        RadixNode::Branch(std::array::from_fn(|_| None))
    }
}

/// Empties the slots `from..` of a subtree whose first index counts as 0; `from` is inside it and not 0.
fn truncate_node<T: Clone>(link: &mut Option<Arc<RadixNode<T>>>, height: u32, from: u64) {
    let Some(node) = link else { return };
    let level = height.saturating_sub(1);
    let first = slot_at(from, level);
    let inside = from & (span(level) - 1);
    match Arc::make_mut(node) {
        RadixNode::Leaf(values) => values.iter_mut().skip(first).for_each(|value| *value = None),
        RadixNode::Branch(children) => {
            for (slot, child) in children.iter_mut().enumerate().skip(first) {
                if slot == first && inside != 0 {
                    truncate_node(child, level, inside);
                } else {
                    *child = None;
                }
            }
        }
    }
}

/// Visits the filled slots below `node`, whose first index is `base`.
fn visit_node<T>(node: &RadixNode<T>, height: u32, base: u64, visit: &mut impl FnMut(u64, &T)) {
    match node {
        RadixNode::Leaf(values) => {
            for (slot, value) in values.iter().enumerate() {
                if let Some(value) = value {
                    visit(base + slot as u64, value);
                }
            }
        }
        RadixNode::Branch(children) => {
            for (slot, child) in children.iter().enumerate() {
                if let Some(child) = child {
                    visit_node(child, height - 1, base + slot as u64 * span(height - 1), visit);
                }
            }
        }
    }
}

/// A subtree with its height, as [`compare`] takes it.
type Subtree<'a, T> = (Option<&'a Arc<RadixNode<T>>>, u32);

/// Visits the slots of two subtrees whose first index is `base`, except where they share nodes.
fn compare<'a, T>(
    ours: Subtree<'a, T>,
    theirs: Subtree<'a, T>,
    base: u64,
    visit: &mut impl FnMut(u64, Option<&'a T>, Option<&'a T>),
) {
    match (ours.0, theirs.0) {
        (None, None) => return,
        (Some(a), Some(b)) if Arc::ptr_eq(a, b) => return,
        _ => {}
    }
    let height = match (ours.0, theirs.0) {
        (None, _) => theirs.1,
        (_, None) => ours.1,
        _ => ours.1.max(theirs.1),
    };
    if height <= 1 {
        for slot in 0..WIDTH {
            let (a, b) = (leaf_value(ours.0, slot), leaf_value(theirs.0, slot));
            if a.is_some() || b.is_some() {
                visit(base + slot as u64, a, b);
            }
        }
        return;
    }
    for slot in 0..WIDTH {
        let (a, b) = (child(ours, height, slot), child(theirs, height, slot));
        compare(a, b, base + slot as u64 * span(height - 1), visit);
    }
}

/// The value in a slot of a leaf.
fn leaf_value<T>(node: Option<&Arc<RadixNode<T>>>, slot: usize) -> Option<&T> {
    match node.map(Arc::as_ref) {
        Some(RadixNode::Leaf(values)) => values.get(slot)?.as_ref(),
        _ => None,
    }
}

/// The subtree in `slot` of a tree seen as if it had `height` levels: a lower tree is its own first subtree.
fn child<T>(tree: Subtree<'_, T>, height: u32, slot: usize) -> Subtree<'_, T> {
    match tree {
        (Some(_), own) if own < height => (if slot == 0 { tree.0 } else { None }, own),
        (Some(node), own) => match node.as_ref() {
            RadixNode::Branch(children) => (children.get(slot).and_then(Option::as_ref), own - 1),
            RadixNode::Leaf(_) => (None, 0),
        },
        (None, own) => (None, own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_keeps_its_values_when_the_other_changes() {
        let mut a = Radix::default();
        for i in 0..2000u64 {
            a.insert(i * 7, i);
        }
        let b = a.clone();
        *a.get_mut(70).unwrap() = 999;
        a.insert(1 << 30, 5);
        assert_eq!((a.get(70), b.get(70)), (Some(&999), Some(&10)));
        assert_eq!((a.get(1 << 30), b.get(1 << 30)), (Some(&5), None));
    }

    #[test]
    fn a_difference_visits_only_unshared_nodes() {
        let mut a = Radix::default();
        for i in 0..20_000u64 {
            a.insert(i, i);
        }
        let b = a.clone();
        a.insert(12_345, 0);
        a.insert(40_000, 1);
        let (mut visited, mut differing) = (0, Vec::new());
        a.for_each_difference(&b, &mut |i, x, y| {
            visited += 1;
            if x != y {
                differing.push((i, x.copied(), y.copied()));
            }
        });
        assert_eq!(differing, [(12_345, Some(0), Some(12_345)), (40_000, Some(1), None)]);
        assert!(visited <= 2 * WIDTH, "{visited}");
    }

    #[test]
    fn truncate_empties_everything_from_an_index_on() {
        for from in [0u64, 1, 31, 32, 33, 1023, 1024, 1025, 5000] {
            let mut a = Radix::default();
            for i in 0..3000u64 {
                a.insert(i, i);
            }
            a.truncate(from);
            let mut count = 0;
            a.for_each(&mut |i, v| {
                assert!(i < from && i == *v);
                count += 1;
            });
            assert_eq!(count, from.min(3000));
        }
    }
}
