//! Compiled patterns that need memory, kept from one use to the next.

use std::ops::Deref;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::{Pattern, PatternOptions};

/// How many are kept; when they are that many, all are forgotten.
const KEPT: usize = 256;

/// Patterns by their text, the options they were compiled with apart. A pattern depends on nothing else, so an entry is
/// never wrong. A clone is O(1) and shares them until either side adds one.
#[derive(Debug, Clone, Default)]
pub struct PatternCache {
    patterns: Arc<FxHashMap<Vec<u8>, Compiled>>,
}

/// A pattern, and what it was compiled with.
type Compiled = (PatternOptions, Arc<Pattern<'static>>);

/// A pattern ready to match: one that borrows its text, or one of the cache.
#[derive(Debug)]
pub enum Ready<'a> {
    /// A simple shape.
    Simple(Pattern<'a>),
    /// Compiled before.
    Kept(Arc<Pattern<'static>>),
}

impl<'a> Deref for Ready<'a> {
    type Target = Pattern<'a>;

    fn deref(&self) -> &Pattern<'a> {
        match self {
            Self::Simple(pattern) => pattern,
            Self::Kept(pattern) => pattern,
        }
    }
}

impl PatternCache {
    /// The pattern with this text.
    pub fn get<'a>(&mut self, text: &'a [u8], options: PatternOptions) -> Ready<'a> {
        if let Some(pattern) = Pattern::simple(text, options) {
            return Ready::Simple(pattern);
        }
        if let Some((compiled_with, pattern)) = self.patterns.get(text)
            && *compiled_with == options
        {
            return Ready::Kept(pattern.clone());
        }
        let pattern = Arc::new(Pattern::compiled(text, options));
        let patterns = Arc::make_mut(&mut self.patterns);
        if patterns.len() >= KEPT {
            patterns.clear();
        }
        patterns.insert(text.to_vec(), (options, pattern.clone()));
        Ready::Kept(pattern)
    }
}
