//! Commands of a virtual sandbox that outlive the call that started them.
//!
//! The machine runs while somebody polls it, so each has a task of the executor's. It ends with the last handle of the
//! sandbox.

use super::execution::Running;
use super::sandbox::{Shared, VirtualSandbox};
use crate::kernel::Signal;
use crate::machine::ExecutionId;
use async_trait::async_trait;
use bytes::Bytes;
use sandbox::{
    ExecExit, ExecRequest, Execution, OutputRetention, ProcessHandle, ProcessId, ProcessInfo, Processes, SandboxError,
    WrittenInput,
};
use std::sync::{Arc, OnceLock, Weak};
use tokio::task::AbortHandle;

/// A spawned process of the machine.
pub(super) struct Spawned {
    /// Its task holds the sandbox, not the other way round.
    shared: Weak<Shared>,
    id: ExecutionId,
    generation: u64,
    task: Arc<OnceLock<AbortHandle>>,
}

impl ProcessHandle for Spawned {
    fn abandon(&self) {
        if let Some(task) = self.task.get() {
            task.abort();
        }
    }
}

impl Spawned {
    fn signal(&self, signal: Signal) {
        let Some(shared) = self.shared.upgrade() else { return };
        let state = &mut *shared.lock();
        if state.generation == self.generation {
            state.machine.signal(self.id, signal);
            state.wake_all();
        }
    }
}

#[async_trait]
impl Processes for VirtualSandbox {
    async fn spawn(&self, mut request: ExecRequest) -> Result<ProcessId, SandboxError> {
        let command = request.summary();
        let input = WrittenInput::of(&mut request);
        let running = Running::start(Arc::clone(&self.shared), request, None)?;
        let (id, generation) = running.place();
        let task = Arc::new(OnceLock::new());
        let spawned = Spawned { shared: Arc::downgrade(&self.shared), id, generation, task: Arc::clone(&task) };
        let execution = Execution::new(Box::pin(running), OutputRetention::NONE);
        let (id, follow) = self.processes.enter(command, execution, input, spawned);
        // Nobody else sets it.
        let _ = task.set(tokio::spawn(follow).abort_handle());
        Ok(id)
    }

    async fn list(&self) -> Result<Vec<ProcessInfo>, SandboxError> {
        Ok(self.processes.list())
    }

    async fn attach(&self, id: ProcessId) -> Result<Execution, SandboxError> {
        self.processes.attach(id)
    }

    async fn write_stdin(&self, id: ProcessId, input: Bytes) -> Result<(), SandboxError> {
        self.processes.write_stdin(id, input).await
    }

    async fn close_stdin(&self, id: ProcessId) -> Result<(), SandboxError> {
        self.processes.close_stdin(id)
    }

    async fn signal(&self, id: ProcessId, signal: i32) -> Result<(), SandboxError> {
        let Some(signal) = Signal::from_number(i64::from(signal)) else {
            return Err(SandboxError::backend("signal the process", format!("there is no signal {signal}")));
        };
        self.processes.with_running(id, |spawned| spawned.signal(signal)).map(|_| ())
    }

    async fn wait(&self, id: ProcessId) -> Result<ExecExit, SandboxError> {
        self.processes.wait(id).await
    }

    async fn forget(&self, id: ProcessId) -> Result<(), SandboxError> {
        self.processes.forget(id)
    }
}
