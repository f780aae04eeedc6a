//! Indexed arrays. bash manual "Arrays": sparse, with indices from 0.

use std::collections::{BTreeMap, VecDeque};

use super::Scalar;

/// Bytes charged for an element besides its text.
const ELEMENT: usize = 48;

/// An indexed array: elements at neighbouring indices lie in a deque, anything else in an ordered map.
#[derive(Debug, Clone, Default)]
pub struct IndexedArray {
    elements: Elements,
    held: usize,
}

#[derive(Debug, Clone)]
enum Elements {
    /// Elements at `base`, `base + 1`, ...
    Dense {
        base: i64,
        items: VecDeque<Scalar>,
    },
    Sparse(BTreeMap<i64, Scalar>),
}

impl Default for Elements {
    fn default() -> Self {
        Self::Dense { base: 0, items: VecDeque::new() }
    }
}

impl IndexedArray {
    /// The element at `index`.
    #[inline]
    pub fn get(&self, index: i64) -> Option<&Scalar> {
        match &self.elements {
            Elements::Dense { base, items } => {
                usize::try_from(index.wrapping_sub(*base)).ok().and_then(|at| items.get(at))
            }
            Elements::Sparse(map) => map.get(&index),
        }
    }

    /// Sets the element at `index`, which is not negative.
    pub fn set(&mut self, index: i64, value: Scalar) {
        self.held += ELEMENT + value.held();
        if let Some(slot) = self.slot(index) {
            let old = std::mem::replace(slot, value);
            self.held -= ELEMENT + old.held();
            return;
        }
        if let Elements::Dense { base, items } = &mut self.elements {
            if items.is_empty() {
                *base = index;
            }
            if index == base.wrapping_add(items.len() as i64) {
                items.push_back(value);
                return;
            }
            if index.wrapping_add(1) == *base {
                *base = index;
                items.push_front(value);
                return;
            }
        }
        self.sparse().insert(index, value);
    }

    /// Changes the element at `index` in place; the element is made if it is not there.
    pub fn update(&mut self, index: i64, change: impl FnOnce(&mut Scalar)) {
        if self.get(index).is_none() {
            self.set(index, Scalar::EMPTY);
        }
        let Some(slot) = self.slot(index) else { return };
        let before = slot.held();
        change(slot);
        let after = slot.held();
        self.held = (self.held + after).saturating_sub(before);
    }

    fn slot(&mut self, index: i64) -> Option<&mut Scalar> {
        match &mut self.elements {
            Elements::Dense { base, items } => {
                usize::try_from(index.wrapping_sub(*base)).ok().and_then(|at| items.get_mut(at))
            }
            Elements::Sparse(map) => map.get_mut(&index),
        }
    }

    fn sparse(&mut self) -> &mut BTreeMap<i64, Scalar> {
        if let Elements::Dense { base, items } = &mut self.elements {
            let map = (*base..).zip(std::mem::take(items)).collect();
            self.elements = Elements::Sparse(map);
        }
        match &mut self.elements {
            Elements::Sparse(map) => map,
            Elements::Dense { .. } => unreachable!("turned into a map above"),
        }
    }

    /// Removes the element at `index`.
    pub fn remove(&mut self, index: i64) -> Option<Scalar> {
        let old = match &mut self.elements {
            Elements::Dense { base, items } => {
                let at = usize::try_from(index.wrapping_sub(*base)).ok()?;
                if at >= items.len() {
                    return None;
                }
                if at == 0 {
                    *base += 1;
                    items.pop_front()
                } else if at + 1 == items.len() {
                    items.pop_back()
                } else {
                    self.sparse().remove(&index)
                }
            }
            Elements::Sparse(map) => map.remove(&index),
        }?;
        self.held = self.held.saturating_sub(ELEMENT + old.held());
        Some(old)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        match &self.elements {
            Elements::Dense { items, .. } => items.len(),
            Elements::Sparse(map) => map.len(),
        }
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The index after the last element's; 0 for an empty array. Negative subscripts count back from here.
    pub fn end(&self) -> i64 {
        match &self.elements {
            Elements::Dense { items, .. } if items.is_empty() => 0,
            Elements::Dense { base, items } => base.saturating_add(items.len() as i64),
            Elements::Sparse(map) => map.last_key_value().map_or(0, |(index, _)| index.saturating_add(1)),
        }
    }

    /// Elements with their indices, in order.
    pub fn iter(&self) -> impl Iterator<Item = (i64, &Scalar)> {
        let (dense, sparse) = match &self.elements {
            Elements::Dense { base, items } => (Some((*base..).zip(items)), None),
            Elements::Sparse(map) => (None, Some(map.iter().map(|(index, value)| (*index, value)))),
        };
        dense.into_iter().flatten().chain(sparse.into_iter().flatten())
    }

    /// Approximate bytes of memory held.
    pub(super) fn held(&self) -> usize {
        self.held
    }
}

impl FromIterator<Scalar> for IndexedArray {
    fn from_iter<T: IntoIterator<Item = Scalar>>(elements: T) -> Self {
        let items: VecDeque<Scalar> = elements.into_iter().collect();
        let held = items.iter().map(|item| ELEMENT + item.held()).sum();
        Self { elements: Elements::Dense { base: 0, items }, held }
    }
}
