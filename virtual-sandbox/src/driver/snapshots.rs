//! Snapshots and forks of a virtual sandbox: its files, and its sessions as they are. Commands under way are no part of
//! them; a fork and a saved snapshot hold the files only.

use super::archive;
use super::sandbox::{Config, Entry, Sessions, State, VirtualSandbox};
use crate::kernel::Pid;
use crate::machine::Machine;
use crate::vfs::{ChangeKind as Kind, Vfs};
use async_trait::async_trait;
use bytes::Bytes;
use sandbox::{Change, ChangeKind, Sandbox, SandboxError, Snapshot, Snapshots};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Numbers the snapshots of this process.
static COUNT: AtomicU64 = AtomicU64::new(1);

impl VirtualSandbox {
    fn snapshot_of(saved: Saved) -> Snapshot {
        Snapshot::with_state(format!("virtual-{}", COUNT.fetch_add(1, Ordering::Relaxed)), Arc::new(saved))
    }
}

/// What a snapshot holds.
struct Saved {
    files: Vfs,
    live: Option<Live>,
}

/// A machine in which only the sessions are left.
struct Live {
    /// Never run: only copied. What runs in it can be sent to other threads but not shared with them.
    machine: Mutex<Machine>,
    sessions: Sessions,
}

impl Saved {
    fn of(state: &State) -> Result<Self, SandboxError> {
        let files = at_rest(&state.machine.kernel.vfs);
        let ids = state.sessions.ids();
        if ids.is_empty() {
            return Ok(Saved { files, live: None });
        }
        let machine = state.machine.snapshot_of(&ids).map_err(|pid| busy("take a snapshot", pid))?;
        Ok(Saved { files, live: Some(Live { machine: Mutex::new(machine), sessions: state.sessions.clone() }) })
    }
}

/// A background job of a session has read too much to be copied while it runs.
fn busy(operation: &'static str, pid: Pid) -> SandboxError {
    let reason = format!("process {} of a session has done too much to be copied while it runs", pid.0);
    SandboxError::Busy { operation, reason }
}

/// The tree without the processes that have files of it open.
pub(super) fn at_rest(vfs: &Vfs) -> Vfs {
    let mut vfs = vfs.clone();
    vfs.release_all();
    vfs
}

fn saved(snapshot: &Snapshot) -> Result<&Saved, SandboxError> {
    snapshot.state::<Saved>().ok_or_else(|| SandboxError::UnknownId { what: "snapshot", id: snapshot.id().to_owned() })
}

fn files(snapshot: &Snapshot) -> Result<&Vfs, SandboxError> {
    Ok(&saved(snapshot)?.files)
}

#[async_trait]
impl Snapshots for VirtualSandbox {
    async fn snapshot(&self) -> Result<Snapshot, SandboxError> {
        let state = self.shared.open("take a snapshot")?;
        Ok(Self::snapshot_of(Saved::of(&state)?))
    }

    async fn restore(&self, snapshot: &Snapshot) -> Result<(), SandboxError> {
        const OPERATION: &str = "restore a snapshot";
        let saved = saved(snapshot)?;
        let machine = match &saved.live {
            None => self.shared.config.machine(saved.files.clone()),
            Some(live) => {
                let machine = live.machine.lock().unwrap_or_else(PoisonError::into_inner);
                machine.snapshot().map_err(|pid| busy(OPERATION, pid))?
            }
        };
        let mut state = self.shared.open(OPERATION)?;
        state.replace(machine);
        if let Some(live) = &saved.live {
            state.sessions.restore(&live.sessions);
            let entries = live.sessions.ids().into_iter().map(|id| Entry { id, waker: None });
            state.running.extend(entries);
        }
        drop(state);
        self.shared.tell();
        Ok(())
    }

    async fn fork(&self) -> Result<Arc<dyn Sandbox>, SandboxError> {
        let vfs = at_rest(&self.shared.open("fork")?.machine.kernel.vfs);
        let config = Config { seed: self.shared.config.seed.wrapping_add(1), ..self.shared.config.clone() };
        Ok(Arc::new(VirtualSandbox::new(vfs, config)))
    }

    async fn diff(&self, from: &Snapshot, to: Option<&Snapshot>) -> Result<Vec<Change>, SandboxError> {
        let base = files(from)?;
        let changes = match to {
            Some(to) => files(to)?.diff(base),
            None => self.shared.open("compare with a snapshot")?.machine.kernel.vfs.diff(base),
        };
        let change = |change: crate::vfs::Change| Change {
            path: change.path,
            kind: match change.kind {
                Kind::Added => ChangeKind::Added,
                Kind::Removed => ChangeKind::Removed,
                Kind::Modified | Kind::Metadata => ChangeKind::Modified,
            },
        };
        Ok(changes.into_iter().map(change).collect())
    }

    async fn save(&self, snapshot: &Snapshot) -> Result<Bytes, SandboxError> {
        archive::save(files(snapshot)?).map_err(|error| SandboxError::backend("save a snapshot", error))
    }

    async fn load(&self, saved: &[u8]) -> Result<Snapshot, SandboxError> {
        let vfs = archive::load(saved).map_err(|error| SandboxError::backend("load a snapshot", error))?;
        Ok(Self::snapshot_of(Saved { files: vfs, live: None }))
    }
}
