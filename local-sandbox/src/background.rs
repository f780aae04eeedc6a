//! What goes on after its command has ended: drained, so that a server that logs to the command's output is not killed by
//! a closed pipe, and remembered as far as a bounded tail goes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

use crate::spool::Spooled;

/// Bytes remembered of what background processes say.
const TAIL: usize = 64 * 1024;

/// Processes that outlived their command.
#[derive(Debug, Clone)]
pub struct Background {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug)]
struct Shared {
    command: String,
    processes: u32,
    tail: VecDeque<u8>,
    total: u64,
    running: bool,
    spooled: Option<Spooled>,
}

impl Background {
    /// Of a command with this summary and number of descendants, and the files that its output goes to.
    pub(crate) fn new(command: String, processes: u32, spooled: Option<Spooled>) -> Background {
        let shared = Shared { command, processes, tail: VecDeque::new(), total: 0, running: true, spooled };
        Background { shared: Arc::new(Mutex::new(shared)) }
    }

    fn with<T>(&self, use_shared: impl FnOnce(&mut Shared) -> T) -> T {
        use_shared(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The start of the command's script.
    pub fn command(&self) -> String {
        self.with(|shared| shared.command.clone())
    }

    /// How many processes there were when the command ended.
    pub fn processes(&self) -> u32 {
        self.with(|shared| shared.processes)
    }

    /// Whether any of them is alive.
    pub fn is_running(&self) -> bool {
        self.with(|shared| shared.running)
    }

    /// The last 64 KiB of what they said since the command ended, both streams as they came.
    pub fn tail(&self) -> Vec<u8> {
        self.with(|shared| shared.tail.iter().copied().collect())
    }

    /// How much they said since.
    pub fn total(&self) -> u64 {
        self.with(|shared| shared.total)
    }

    /// The command's files, if all output is kept; what they say is added to them. The failure is that of now.
    pub fn spooled(&self) -> Option<Spooled> {
        self.with(|shared| shared.spooled.clone())
    }

    pub(crate) fn remember(&self, chunk: &Bytes) {
        self.with(|shared| {
            shared.total += chunk.len() as u64;
            let kept = chunk.get(chunk.len().saturating_sub(TAIL)..).unwrap_or_default();
            shared.tail.extend(kept);
            let excess = shared.tail.len().saturating_sub(TAIL);
            shared.tail.drain(..excess);
        });
    }

    pub(crate) fn finish(&self) {
        self.with(|shared| shared.running = false);
    }

    pub(crate) fn note_failure(&self, failure: &str) {
        self.with(|shared| {
            if let Some(spooled) = &mut shared.spooled {
                spooled.failure.get_or_insert_with(|| failure.to_owned());
            }
        });
    }
}
