//! Associative arrays. bash manual "Arrays". Scripts see the order of the keys, so it is bash's: that of a hash table
//! with chained buckets.

use std::cmp::Reverse;

use bytes::Bytes;
use rustc_hash::FxHashMap;

use super::Scalar;

/// Buckets of a new table (probe: the order of `${!m[@]}` in bash 5.2 with few keys).
const BUCKETS: u32 = 1024;
/// Entries per bucket at which the table grows, and how many times larger it gets (same probe, thousands of keys).
const LOAD: usize = 2;
const GROWTH: u32 = 4;
/// Bytes charged for an element besides key and text.
const ELEMENT: usize = 96;

/// An associative array.
#[derive(Debug, Clone)]
pub struct AssocArray {
    entries: Vec<Entry>,
    positions: FxHashMap<Bytes, usize>,
    buckets: u32,
    next_rank: i64,
    held: usize,
}

#[derive(Debug, Clone)]
struct Entry {
    key: Bytes,
    value: Scalar,
    hash: u32,
    /// Higher ranks stand nearer to the head of their bucket.
    rank: i64,
}

impl Default for AssocArray {
    fn default() -> Self {
        Self { entries: Vec::new(), positions: FxHashMap::default(), buckets: BUCKETS, next_rank: 1, held: 0 }
    }
}

/// The hash that bash's tables use for strings.
pub(super) fn hash_string(key: &[u8]) -> u32 {
    key.iter().fold(2_166_136_261, |hash: u32, byte| {
        // The bytes are signed characters on the machines that bash is measured on.
        hash.wrapping_mul(16_777_619) ^ i32::from(*byte as i8) as u32
    })
}

impl AssocArray {
    /// The element with this key.
    #[inline]
    pub fn get(&self, key: &[u8]) -> Option<&Scalar> {
        self.positions.get(key).and_then(|at| self.entries.get(*at)).map(|entry| &entry.value)
    }

    /// Sets the element with this key.
    pub fn set(&mut self, key: &[u8], value: Scalar) {
        self.update(key, |slot| *slot = value);
    }

    /// Changes the element with this key in place; it is made if it is not there.
    pub fn update(&mut self, key: &[u8], change: impl FnOnce(&mut Scalar)) {
        let at = match self.positions.get(key) {
            Some(at) => *at,
            None => self.insert(Bytes::copy_from_slice(key)),
        };
        if let Some(entry) = self.entries.get_mut(at) {
            let before = entry.value.held();
            change(&mut entry.value);
            self.held = (self.held + entry.value.held()).saturating_sub(before);
        }
    }

    fn insert(&mut self, key: Bytes) -> usize {
        if self.entries.len() >= self.buckets as usize * LOAD {
            // Moving a chain entry by entry to the heads of new chains turns it around.
            self.buckets = self.buckets.saturating_mul(GROWTH);
            for entry in &mut self.entries {
                entry.rank = -entry.rank;
            }
        }
        let at = self.entries.len();
        self.held += ELEMENT + key.len();
        let rank = self.next_rank;
        self.next_rank += 1;
        self.entries.push(Entry { key: key.clone(), value: Scalar::EMPTY, hash: hash_string(&key), rank });
        self.positions.insert(key, at);
        at
    }

    /// Removes the element with this key.
    pub fn remove(&mut self, key: &[u8]) -> Option<Scalar> {
        let at = self.positions.remove(key)?;
        let old = self.entries.swap_remove(at);
        if let Some(moved) = self.entries.get(at) {
            self.positions.insert(moved.key.clone(), at);
        }
        self.held = self.held.saturating_sub(ELEMENT + old.key.len() + old.value.held());
        Some(old.value)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Elements with their keys, in bash's order.
    pub fn iter(&self) -> impl Iterator<Item = (&Bytes, &Scalar)> {
        let mut order: Vec<&Entry> = self.entries.iter().collect();
        order.sort_unstable_by_key(|entry| (entry.hash & (self.buckets - 1), Reverse(entry.rank)));
        order.into_iter().map(|entry| (&entry.key, &entry.value))
    }

    /// Approximate bytes of memory held.
    pub(super) fn held(&self) -> usize {
        self.held
    }
}
