//! Snapshots and forks of a virtual sandbox: its files, at rest.

use super::archive;
use super::sandbox::{Config, VirtualSandbox};
use crate::vfs::{ChangeKind as Kind, Vfs};
use async_trait::async_trait;
use bytes::Bytes;
use sandbox::{Change, ChangeKind, Sandbox, SandboxError, Snapshot, Snapshots};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers the snapshots of this process.
static COUNT: AtomicU64 = AtomicU64::new(1);

impl VirtualSandbox {
    fn snapshot_of(vfs: Vfs) -> Snapshot {
        Snapshot::with_state(format!("virtual-{}", COUNT.fetch_add(1, Ordering::Relaxed)), Arc::new(vfs))
    }
}

/// The tree without the processes that have files of it open.
fn at_rest(vfs: &Vfs) -> Vfs {
    let mut vfs = vfs.clone();
    vfs.release_all();
    vfs
}

fn files(snapshot: &Snapshot) -> Result<&Vfs, SandboxError> {
    snapshot.state::<Vfs>().ok_or_else(|| SandboxError::UnknownId { what: "snapshot", id: snapshot.id().to_owned() })
}

#[async_trait]
impl Snapshots for VirtualSandbox {
    async fn snapshot(&self) -> Result<Snapshot, SandboxError> {
        let state = self.shared.open("take a snapshot")?;
        Ok(Self::snapshot_of(at_rest(&state.machine.kernel.vfs)))
    }

    async fn restore(&self, snapshot: &Snapshot) -> Result<(), SandboxError> {
        let vfs = files(snapshot)?.clone();
        let mut state = self.shared.open("restore a snapshot")?;
        let machine = self.shared.config.machine(vfs);
        state.replace(machine);
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
        Ok(Self::snapshot_of(vfs))
    }
}
