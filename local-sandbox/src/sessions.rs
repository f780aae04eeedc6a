//! Terminals kept by number, as an agent's tools use them: a bounded set, the least recently used given up first.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use bytes::Bytes;
use sandbox::{SandboxError, TerminalRequest, TerminalSize};
use tokio::sync::Mutex;

use crate::platform::{LocalSandbox, LocalTerminal};
use crate::yields::{YieldFor, Yielded};

/// The most sessions at a time.
const SESSIONS_MAX: usize = 64;

/// The most recently used sessions that are never given up.
const PROTECTED: usize = 8;

/// The number of a session, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

/// A set of terminals of one sandbox.
#[derive(Debug)]
pub struct TerminalSessions {
    sandbox: LocalSandbox,
    limit: usize,
    table: StdMutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    sessions: BTreeMap<SessionId, Session>,
    next: u64,
    clock: u64,
}

#[derive(Debug)]
struct Session {
    terminal: Arc<Mutex<LocalTerminal>>,
    used: u64,
    exited: bool,
}

/// A session that was opened.
#[derive(Debug, PartialEq)]
pub struct Opened {
    /// Its number.
    pub id: SessionId,
    /// What it has shown at first.
    pub first: Yielded,
    /// Sessions that were given up for it; what ran in them has been ended.
    pub given_up: Vec<SessionId>,
}

impl TerminalSessions {
    /// An empty set, of up to 64 sessions.
    pub fn new(sandbox: LocalSandbox) -> TerminalSessions {
        TerminalSessions::with_limit(sandbox, SESSIONS_MAX)
    }

    /// An empty set of up to `limit` sessions, at least one.
    pub fn with_limit(sandbox: LocalSandbox, limit: usize) -> TerminalSessions {
        TerminalSessions { sandbox, limit: limit.max(1), table: StdMutex::default() }
    }

    /// Opens a session and reads what it shows at first. A session that has ended already keeps its number until its end
    /// was read.
    pub async fn open(&self, request: TerminalRequest, wait: YieldFor) -> Result<Opened, SandboxError> {
        let terminal = self.sandbox.open_terminal(request).await;
        let terminal = terminal.map_err(|error| error.into_sandbox_error("a terminal".to_owned()))?;
        let (id, given_up) = self.with(|table| {
            let given_up = table.make_room(self.limit);
            table.next += 1;
            table.clock += 1;
            let id = SessionId(table.next);
            let session = Session { terminal: Arc::new(Mutex::new(terminal)), used: table.clock, exited: false };
            table.sessions.insert(id, session);
            (id, given_up)
        });
        let first = self.read(id, wait).await?;
        Ok(Opened { id, first, given_up })
    }

    /// Reads what a session shows. With the exit the session ends.
    pub async fn read(&self, id: SessionId, wait: YieldFor) -> Result<Yielded, SandboxError> {
        let terminal = self.touch(id)?;
        let yielded = terminal.lock().await.read(wait).await?;
        if yielded.exit.is_some() {
            self.with(|table| table.sessions.remove(&id));
        }
        Ok(yielded)
    }

    /// Types, and reads what follows.
    pub async fn write(&self, id: SessionId, input: Bytes, wait: YieldFor) -> Result<Yielded, SandboxError> {
        let terminal = self.touch(id)?;
        let typed = terminal.lock().await.type_bytes(input).await;
        typed.map_err(|error| SandboxError::backend("type", error))?;
        self.read(id, wait).await
    }

    /// Types the interrupt character, and reads what follows.
    pub async fn interrupt(&self, id: SessionId, wait: YieldFor) -> Result<Yielded, SandboxError> {
        self.write(id, Bytes::from_static(b"\x03"), wait).await
    }

    /// Changes a terminal's size.
    pub async fn resize(&self, id: SessionId, size: TerminalSize) -> Result<(), SandboxError> {
        let terminal = self.touch(id)?;
        let resized = terminal.lock().await.set_size(size);
        resized.map_err(|error| SandboxError::backend("resize the terminal", error))
    }

    /// Sends a signal to what runs in a session.
    pub async fn signal(&self, id: SessionId, signal: i32) -> Result<(), SandboxError> {
        self.touch(id)?.lock().await.send_signal(signal);
        Ok(())
    }

    /// Hangs up: what runs in the session ends.
    pub fn close(&self, id: SessionId) -> Result<(), SandboxError> {
        let removed = self.with(|table| table.sessions.remove(&id));
        removed.map(drop).ok_or_else(|| unknown(id))
    }

    /// The numbers of all sessions, oldest first.
    pub fn list(&self) -> Vec<SessionId> {
        self.with(|table| table.sessions.keys().copied().collect())
    }

    fn with<T>(&self, use_table: impl FnOnce(&mut Table) -> T) -> T {
        use_table(&mut self.table.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn touch(&self, id: SessionId) -> Result<Arc<Mutex<LocalTerminal>>, SandboxError> {
        self.with(|table| {
            table.clock += 1;
            let clock = table.clock;
            let session = table.sessions.get_mut(&id).ok_or_else(|| unknown(id))?;
            session.used = clock;
            Ok(Arc::clone(&session.terminal))
        })
    }
}

impl Table {
    /// Gives up sessions until there is room for one more: those that have ended first, then the least recently used. What is
    /// being worked with is spared: the eight most recently used, or one less than the limit where that is fewer.
    fn make_room(&mut self, limit: usize) -> Vec<SessionId> {
        let mut given_up = Vec::new();
        for session in self.sessions.values_mut() {
            // One that is being read is in use.
            session.exited = session.terminal.try_lock().is_ok_and(|mut terminal| terminal.has_ended());
        }
        let mut by_use: Vec<(u64, SessionId, bool)> =
            self.sessions.iter().map(|(id, session)| (session.used, *id, session.exited)).collect();
        by_use.sort_unstable();
        let excess = (self.sessions.len() + 1).saturating_sub(limit);
        let in_use = PROTECTED.min(limit - 1);
        by_use.truncate(self.sessions.len().saturating_sub(in_use));
        // Stable: among those that have ended, and among the others, the least recently used are first.
        by_use.sort_by_key(|(_, _, exited)| !exited);
        for (_, id, _) in by_use.into_iter().take(excess) {
            self.sessions.remove(&id);
            given_up.push(id);
        }
        given_up
    }
}

fn unknown(id: SessionId) -> SandboxError {
    SandboxError::UnknownId { what: "terminal session", id: id.0.to_string() }
}
