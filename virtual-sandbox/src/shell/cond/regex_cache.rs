//! Compiled regular expressions of `[[ =~ ]]`: compiling costs a thousand times what a match costs.

use std::sync::Arc;

use crate::text::regex::{Flags, Regex, Syntax};

/// How many are kept.
const KEPT: usize = 32;

/// The regular expressions used last. A clone is O(1) and shares them until either side adds one.
#[derive(Debug, Clone, Default)]
pub struct RegexCache {
    /// Oldest first.
    entries: Arc<Vec<Entry>>,
}

#[derive(Debug, Clone)]
struct Entry {
    pattern: Vec<u8>,
    icase: bool,
    regex: Arc<Regex>,
}

impl RegexCache {
    /// The compiled form of an extended regular expression; `None` when it is invalid.
    pub fn get(&mut self, pattern: &[u8], icase: bool) -> Option<Arc<Regex>> {
        if let Some(entry) = self.entries.iter().rev().find(|entry| entry.icase == icase && entry.pattern == pattern) {
            return Some(entry.regex.clone());
        }
        let regex = Arc::new(Regex::new(pattern, Syntax::Extended, Flags { icase, ..Flags::default() }).ok()?);
        let entries = Arc::make_mut(&mut self.entries);
        if entries.len() >= KEPT {
            entries.remove(0);
        }
        entries.push(Entry { pattern: pattern.to_vec(), icase, regex: regex.clone() });
        Some(regex)
    }
}
