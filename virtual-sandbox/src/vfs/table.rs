//! The inode table: inodes by slot, free slots chained, all of it shared between versions.

use super::inode::Inode;
use super::radix::Radix;
use std::sync::Arc;

/// A slot.
#[derive(Clone, Debug)]
enum Slot {
    Used(Arc<Inode>),
    Free { next: u64 },
}

/// Inodes by slot number; the first is 1.
#[derive(Clone, Debug)]
pub(super) struct InodeTable {
    slots: Radix<Slot>,
    /// The first slot that was never used.
    next: u64,
    /// The first free slot below `next`; 0 when there is none.
    free: u64,
}

impl Default for InodeTable {
    fn default() -> Self {
        InodeTable { slots: Radix::default(), next: 1, free: 0 }
    }
}

impl InodeTable {
    /// The inode in a slot.
    pub fn get(&self, slot: u64) -> Option<&Arc<Inode>> {
        used(self.slots.get(slot))
    }

    /// The inode in a slot, to be changed; copied first when another version shares it.
    pub fn get_mut(&mut self, slot: u64) -> Option<&mut Inode> {
        match self.slots.get_mut(slot) {
            Some(Slot::Used(inode)) => Some(Arc::make_mut(inode)),
            _ => None,
        }
    }

    /// Puts an inode into a free slot.
    pub fn add(&mut self, inode: Inode) -> u64 {
        let slot = if self.free == 0 { self.next } else { self.free };
        match self.slots.insert(slot, Slot::Used(Arc::new(inode))) {
            Some(Slot::Free { next }) => self.free = next,
            _ => self.next += 1,
        }
        slot
    }

    /// Frees a slot; answers what it held.
    pub fn remove(&mut self, slot: u64) -> Option<Arc<Inode>> {
        self.get(slot)?;
        let Some(Slot::Used(inode)) = self.slots.insert(slot, Slot::Free { next: self.free }) else { return None };
        self.free = slot;
        Some(inode)
    }

    /// Calls `visit` with every inode in ascending order of the slots.
    pub fn for_each(&self, visit: &mut impl FnMut(u64, &Arc<Inode>)) {
        self.slots.for_each(&mut |slot, value| {
            if let Slot::Used(inode) = value {
                visit(slot, inode);
            }
        });
    }

    /// The slots that may differ between two versions, ascending; what the versions share is not looked at.
    pub fn changed(&self, base: &InodeTable) -> Vec<u64> {
        let mut slots = Vec::new();
        self.slots.for_each_difference(&base.slots, &mut |slot, ours, theirs| {
            let same = match (ours, theirs) {
                (Some(Slot::Used(a)), Some(Slot::Used(b))) => Arc::ptr_eq(a, b),
                (Some(Slot::Free { next: a }), Some(Slot::Free { next: b })) => a == b,
                _ => false,
            };
            if !same {
                slots.push(slot);
            }
        });
        slots
    }

    /// The first slot that was never used, and the first free one: what is saved besides the slots.
    pub fn ends(&self) -> (u64, u64) {
        (self.next, self.free)
    }

    /// What a slot holds: an inode, or the number of the free slot after it.
    pub fn slot(&self, slot: u64) -> Result<&Arc<Inode>, u64> {
        match self.slots.get(slot) {
            Some(Slot::Used(inode)) => Ok(inode),
            Some(Slot::Free { next }) => Err(*next),
            None => Err(0),
        }
    }

    /// Fills a slot as it was saved.
    pub fn set_slot(&mut self, slot: u64, value: Result<Inode, u64>) {
        let value = match value {
            Ok(inode) => Slot::Used(Arc::new(inode)),
            Err(next) => Slot::Free { next },
        };
        self.slots.insert(slot, value);
    }

    /// Sets what [`InodeTable::ends`] answered when the table was saved; slots beyond are dropped.
    pub fn set_ends(&mut self, next: u64, free: u64) {
        self.slots.truncate(next);
        (self.next, self.free) = (next, free);
    }
}

fn used(slot: Option<&Slot>) -> Option<&Arc<Inode>> {
    match slot {
        Some(Slot::Used(inode)) => Some(inode),
        _ => None,
    }
}
