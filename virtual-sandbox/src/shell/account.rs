//! The memory of one shell, for the machine's limit: variables, what frames hold, and what definitions hold. A subshell
//! shares what it has inherited, and accounts for what it holds beyond that.

use super::state::ShellState;
use bytes::Bytes;
use std::sync::Arc;

/// So many bytes of new definitions lead to a look at all of them: some may have replaced others.
const LOOK: usize = 8 << 20;

/// Bytes beside those of variables.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// What the shell had when it was forked, variables too.
    inherited: usize,
    /// Held by frames.
    frames: usize,
    /// Held by definitions when they were last looked at.
    definitions: usize,
    /// Defined since.
    since: usize,
}

impl ShellState {
    /// Bytes the shell holds beyond what it has inherited.
    #[inline]
    pub fn held(&self) -> u64 {
        self.all_held().saturating_sub(self.account.inherited) as u64
    }

    fn all_held(&self) -> usize {
        self.variables.held() + self.account.frames + self.account.definitions + self.account.since
    }

    /// Begins the account of a fork: its frames are its parent's.
    pub fn inherit(&mut self) {
        self.account.frames = 0;
        self.account.inherited = self.all_held();
    }

    /// Notes what frames hold now.
    pub fn note_frames(&mut self, bytes: usize) {
        self.account.frames = bytes;
    }

    /// Notes that a definition (an alias, a function, a trap, a completion, a line of history) of so many bytes was made.
    pub fn note_definition(&mut self, bytes: usize) {
        self.account.since += bytes;
        if self.account.since > LOOK {
            self.account.definitions = self.defined();
            self.account.since = 0;
        }
    }

    fn defined(&self) -> usize {
        let texts = |all: &mut dyn Iterator<Item = &Bytes>| all.map(Bytes::len).sum::<usize>();
        // Functions of one text share it.
        let mut units: Vec<_> = self.functions.values().map(|function| &function.unit).collect();
        units.sort_by_key(|unit| Arc::as_ptr(unit));
        units.dedup_by_key(|unit| Arc::as_ptr(unit));
        texts(&mut self.aliases.values())
            + texts(&mut self.traps.set.values())
            + texts(&mut self.history.iter())
            + texts(&mut self.hashed.values().map(|(path, _)| path))
            + self.completions.values().map(super::completion::Completion::size).sum::<usize>()
            + units.iter().map(|unit| unit.source().len()).sum::<usize>()
    }
}
