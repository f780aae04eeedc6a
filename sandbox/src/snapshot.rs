//! Saving a sandbox, going back, forking.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;
use crate::r#trait::Sandbox;

/// A sandbox that can be saved, restored and forked.
#[async_trait]
pub trait Snapshots: Send + Sync {
    /// Saves the sandbox as it is now.
    async fn snapshot(&self) -> Result<Snapshot, SandboxError>;

    /// Puts the sandbox back to what it was. The snapshot stays good.
    async fn restore(&self, snapshot: &Snapshot) -> Result<(), SandboxError>;

    /// A second sandbox that starts as this one is now; neither sees what the other does from then on.
    async fn fork(&self) -> Result<Arc<dyn Sandbox>, SandboxError>;

    /// How files differ from `from` to `to`, or to now, in byte order of the paths.
    async fn diff(&self, from: &Snapshot, to: Option<&Snapshot>) -> Result<Vec<Change>, SandboxError>;

    /// The snapshot as bytes that [`load`](Snapshots::load) understands later, also in another process.
    async fn save(&self, snapshot: &Snapshot) -> Result<Bytes, SandboxError>;

    /// The snapshot that [`save`](Snapshots::save) wrote.
    async fn load(&self, saved: &[u8]) -> Result<Snapshot, SandboxError>;
}

/// A saved sandbox: what it holds is the implementation's own.
#[derive(Clone)]
pub struct Snapshot {
    id: Arc<str>,
    state: Option<Arc<dyn Any + Send + Sync>>,
}

impl Snapshot {
    /// A snapshot that is kept elsewhere, known by its id.
    pub fn by_id(id: impl Into<Arc<str>>) -> Self {
        Snapshot { id: id.into(), state: None }
    }

    /// A snapshot that is held in memory.
    pub fn with_state(id: impl Into<Arc<str>>, state: Arc<dyn Any + Send + Sync>) -> Self {
        Snapshot { id: id.into(), state: Some(state) }
    }

    /// Its id, unique in the sandbox that made it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is held in memory, if it is of type `T`.
    pub fn state<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.state.as_deref()?.downcast_ref()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot").field("id", &self.id).finish_non_exhaustive()
    }
}

/// One path that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The absolute path.
    pub path: Vec<u8>,
    /// How it differs.
    pub kind: ChangeKind,
}

/// How a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// Its contents, type, link target or mode differ.
    Modified,
}
