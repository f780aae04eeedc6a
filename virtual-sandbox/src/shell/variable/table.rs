//! The table that a shell's variables lie in: a hash table whose copy is O(1).
//!
//! Entries lie in pages, chosen by the high bits of the hash of the name, a handful to a page. Copies share the pages;
//! the first change after a copy copies the list of pages, and each page once when something in it changes. A lookup
//! follows three pointers, a change in place copies nothing and needs no atomic operation: loops of a shell do little
//! else.

use bytes::Bytes;
use rustc_hash::FxHasher;
use smallvec::SmallVec;
use std::hash::Hasher;
use triomphe::Arc;

/// Entries per page, on average, at which the number of pages is doubled.
const CROWDED: usize = 8;

/// Values by name.
#[derive(Debug, Clone)]
pub(super) struct Table<V> {
    /// As many as a power of two.
    pages: Arc<Vec<Arc<Page<V>>>>,
    /// How far a hash is shifted to give the index of its page.
    shift: u32,
    len: usize,
}

#[derive(Debug, Clone)]
struct Page<V> {
    /// The low bits of the entries' hashes, in the order of the entries.
    hashes: SmallVec<[u32; 8]>,
    entries: Vec<(Bytes, V)>,
}

impl<V> Default for Page<V> {
    fn default() -> Self {
        Page { hashes: SmallVec::new(), entries: Vec::new() }
    }
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Table { pages: Arc::new(vec![Arc::new(Page::default())]), shift: u64::BITS - 1, len: 0 }
    }
}

#[inline]
fn hash(name: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name);
    hasher.finish()
}

/// Equality of names, which are short: a loop is over before a call of the library's comparison has begun.
#[inline]
fn same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(left, right)| left == right)
}

impl<V> Page<V> {
    #[inline]
    fn position(&self, hash: u64, name: &[u8]) -> Option<usize> {
        let low = hash as u32;
        self.hashes.iter().enumerate().find_map(|(at, candidate)| {
            (*candidate == low && self.entries.get(at).is_some_and(|(found, _)| same(found, name))).then_some(at)
        })
    }
}

impl<V: Clone> Table<V> {
    #[inline]
    fn page(&self, hash: u64) -> usize {
        // One page: the shift by all but one bit and the mask give 0.
        (hash >> self.shift) as usize & (self.pages.len() - 1)
    }

    /// The value of `name`.
    #[inline]
    pub(super) fn get(&self, name: &[u8]) -> Option<&V> {
        let hash = hash(name);
        let page = self.pages.get(self.page(hash))?;
        page.entries.get(page.position(hash, name)?).map(|(_, value)| value)
    }

    /// The value of `name`, to change.
    #[inline]
    pub(super) fn get_mut(&mut self, name: &[u8]) -> Option<&mut V> {
        let hash = hash(name);
        let index = self.page(hash);
        // Looked for first, so that what is not there copies nothing.
        let at = self.pages.get(index)?.position(hash, name)?;
        let page = Arc::make_mut(Arc::make_mut(&mut self.pages).get_mut(index)?);
        page.entries.get_mut(at).map(|(_, value)| value)
    }

    /// Whether there is a value of `name`.
    pub(super) fn contains(&self, name: &[u8]) -> bool {
        self.get(name).is_some()
    }

    /// Sets the value of `name`; the name given is kept when it is new.
    pub(super) fn insert(&mut self, name: Bytes, value: V) {
        if let Some(place) = self.get_mut(&name) {
            *place = value;
            return;
        }
        if self.len >= self.pages.len() * CROWDED {
            self.grow();
        }
        let hash = hash(&name);
        let index = self.page(hash);
        if let Some(page) = Arc::make_mut(&mut self.pages).get_mut(index) {
            let page = Arc::make_mut(page);
            page.hashes.push(hash as u32);
            page.entries.push((name, value));
            self.len += 1;
        }
    }

    /// Takes out the value of `name`.
    pub(super) fn remove(&mut self, name: &[u8]) -> Option<V> {
        let hash = hash(name);
        let index = self.page(hash);
        let at = self.pages.get(index)?.position(hash, name)?;
        let page = Arc::make_mut(Arc::make_mut(&mut self.pages).get_mut(index)?);
        page.hashes.swap_remove(at);
        self.len -= 1;
        Some(page.entries.swap_remove(at).1)
    }

    /// Doubles the number of pages.
    fn grow(&mut self) {
        let old = std::mem::take(Arc::make_mut(&mut self.pages));
        let count = old.len() * 2;
        self.shift = u64::BITS - count.trailing_zeros();
        let mut pages: Vec<Page<V>> = (0..count).map(|_| Page::default()).collect();
        for page in old {
            for (name, value) in Arc::unwrap_or_clone(page).entries {
                let hash = hash(&name);
                if let Some(page) = pages.get_mut((hash >> self.shift) as usize) {
                    page.hashes.push(hash as u32);
                    page.entries.push((name, value));
                }
            }
        }
        self.pages = Arc::new(pages.into_iter().map(Arc::new).collect());
    }

    /// All entries; the order depends on the names and on the order in which they came only.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Bytes, &V)> {
        self.pages.iter().flat_map(|page| page.entries.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: usize) -> Bytes {
        Bytes::from(format!("name{number}"))
    }

    #[test]
    fn what_is_put_in_is_found_through_growth_and_removal() {
        let mut table = Table::default();
        for number in 0..1000 {
            table.insert(name(number), number);
        }
        for number in (0..1000).step_by(2) {
            assert_eq!(table.remove(&name(number)), Some(number));
        }
        table.insert(name(1), 7);
        assert_eq!(table.get(b"name1"), Some(&7));
        assert_eq!(table.get(b"name2"), None);
        assert_eq!(table.get(b"name999"), Some(&999));
        assert_eq!(table.iter().count(), 500);
    }

    #[test]
    fn a_copy_is_not_changed_with_the_original() {
        let mut table = Table::default();
        for number in 0..100 {
            table.insert(name(number), number);
        }
        let copy = table.clone();
        if let Some(value) = table.get_mut(b"name5") {
            *value = 0;
        }
        table.remove(b"name6");
        for number in 100..500 {
            table.insert(name(number), number);
        }
        assert_eq!((copy.get(b"name5"), copy.get(b"name6"), copy.get(b"name100")), (Some(&5), Some(&6), None));
        assert_eq!((table.get(b"name5"), table.get(b"name6"), table.get(b"name100")), (Some(&0), None, Some(&100)));
    }
}
