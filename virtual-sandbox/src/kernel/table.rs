//! A table of entries named by small numbers that are used again.

/// Entries by index; a freed index is given out again.
#[derive(Clone, Debug)]
pub struct Table<T> {
    entries: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table { entries: Vec::new(), free: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Puts an entry in; its index.
    pub fn insert(&mut self, entry: T) -> u32 {
        match self.free.pop() {
            Some(index) => {
                if let Some(place) = self.entries.get_mut(index as usize) {
                    *place = Some(entry);
                }
                index
            }
            None => {
                self.entries.push(Some(entry));
                (self.entries.len() - 1) as u32
            }
        }
    }

    /// The entry at `index`.
    pub fn get(&self, index: u32) -> Option<&T> {
        self.entries.get(index as usize)?.as_ref()
    }

    /// The entry at `index`, to change.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.entries.get_mut(index as usize)?.as_mut()
    }

    /// Takes the entry out and frees its index.
    pub fn remove(&mut self, index: u32) -> Option<T> {
        let entry = self.entries.get_mut(index as usize)?.take();
        if entry.is_some() {
            self.free.push(index);
        }
        entry
    }

    /// The indices of the entries, in order.
    pub fn indices(&self) -> Vec<u32> {
        let used = self.entries.iter().zip(0..).filter(|(entry, _)| entry.is_some());
        used.map(|(_, index)| index).collect()
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Gives memory back when it has no entry and has had more than `kept`.
    pub fn trim(&mut self, kept: usize) {
        if self.is_empty() && self.entries.len() > kept {
            *self = Table::default();
        }
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
