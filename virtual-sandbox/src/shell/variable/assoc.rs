//! Associative arrays. bash manual "Arrays". Scripts see the order of the keys, so it is bash's: that of a hash table
//! with chained buckets.

use std::cmp::Reverse;

use bytes::Bytes;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

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
    /// The places in `entries` of the keys with a hash: one, but for rare collisions.
    positions: FxHashMap<u32, SmallVec<[u32; 2]>>,
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
        self.position(key, hash_string(key)).and_then(|at| self.entries.get(at)).map(|entry| &entry.value)
    }

    #[inline]
    fn position(&self, key: &[u8], hash: u32) -> Option<usize> {
        let places = self.positions.get(&hash)?;
        places.iter().map(|at| *at as usize).find(|at| self.entries.get(*at).is_some_and(|entry| entry.key == key))
    }

    /// Sets the element with this key.
    pub fn set(&mut self, key: &[u8], value: Scalar) {
        self.update(key, |slot| *slot = value);
    }

    /// Changes the element with this key in place; it is made if it is not there.
    pub fn update(&mut self, key: &[u8], change: impl FnOnce(&mut Scalar)) {
        let hash = hash_string(key);
        let at = match self.position(key, hash) {
            Some(at) => at,
            None => self.insert(Bytes::copy_from_slice(key), hash),
        };
        if let Some(entry) = self.entries.get_mut(at) {
            let before = entry.value.held();
            change(&mut entry.value);
            self.held = (self.held + entry.value.held()).saturating_sub(before);
        }
    }

    fn insert(&mut self, key: Bytes, hash: u32) -> usize {
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
        self.entries.push(Entry { key, value: Scalar::EMPTY, hash, rank });
        self.positions.entry(hash).or_default().push(at as u32);
        at
    }

    /// Removes the element with this key.
    pub fn remove(&mut self, key: &[u8]) -> Option<Scalar> {
        let at = self.position(key, hash_string(key))?;
        let old = self.entries.swap_remove(at);
        self.forget_place(old.hash, at);
        if let Some(moved) = self.entries.get(at) {
            // The last entry has taken the place of the one removed.
            let hash = moved.hash;
            self.forget_place(hash, self.entries.len());
            self.positions.entry(hash).or_default().push(at as u32);
        }
        self.held = self.held.saturating_sub(ELEMENT + old.key.len() + old.value.held());
        Some(old.value)
    }

    fn forget_place(&mut self, hash: u32, at: usize) {
        if let Some(places) = self.positions.get_mut(&hash) {
            places.retain(|place| *place as usize != at);
            if places.is_empty() {
                self.positions.remove(&hash);
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_hash_are_apart_and_removal_moves_the_last() {
        let (left, right) = (&b"JOHQudoan"[..], &b"oluYnBxnh"[..]);
        assert_eq!(hash_string(left), hash_string(right));
        let mut map = AssocArray::default();
        for (value, key) in [left, b"x", right].into_iter().enumerate() {
            map.set(key, Scalar::Int(value as i64));
        }
        assert_eq!(map.remove(left), Some(Scalar::Int(0)));
        assert_eq!((map.get(left), map.get(right)), (None, Some(&Scalar::Int(2))));
        assert_eq!(map.remove(b"x"), Some(Scalar::Int(1)));
        assert_eq!(map.get(right), Some(&Scalar::Int(2)));
        assert_eq!(map.len(), 1);
    }
}
