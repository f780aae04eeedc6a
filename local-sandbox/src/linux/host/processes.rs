//! Commands that outlive the call that started them.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::Weak;

use async_trait::async_trait;
use bytes::Bytes;
use nix::sys::socket::{Shutdown, shutdown};
use sandbox::{
    ExecExit, ExecRequest, Execution, OutputRetention, ProcessHandle, ProcessId, ProcessInfo, Processes, SandboxError,
    WrittenInput,
};

use super::helper::Supervisor;
use crate::linux::protocol::Order;
use crate::linux::sandbox::LocalSandbox;
use crate::linux::sys::message;

/// The spawned processes of a sandbox.
pub type ProcessTable = sandbox::ProcessTable<Link>;

/// The way to the supervisor of a process. After the end of the process it may serve another one.
#[derive(Debug)]
pub struct Link(Weak<Supervisor>);

impl ProcessHandle for Link {
    fn abandon(&self) {
        if let Some(link) = self.0.upgrade() {
            // The end of the host, as far as this supervisor is concerned.
            let _ = shutdown(link.as_raw_fd(), Shutdown::Both);
        }
    }
}

impl Link {
    fn signal(&self, signal: i32) -> Result<(), SandboxError> {
        let Some(link) = self.0.upgrade() else { return Ok(()) };
        message::send(link.as_fd(), &Order::Signal(signal).encode(), &[], false)
            .map(|_| ())
            .map_err(|error| SandboxError::backend("signal the process", error))
    }
}

#[async_trait]
impl Processes for LocalSandbox {
    async fn spawn(&self, mut request: ExecRequest) -> Result<ProcessId, SandboxError> {
        let command = request.summary();
        let input = WrittenInput::of(&mut request);
        let execution = self.start(request).await.map_err(|error| error.into_sandbox_error(command.clone()))?;
        let link = Link(execution.link());
        let execution = Execution::new(Box::pin(execution), OutputRetention::NONE);
        let (id, follow) = self.processes.enter(command, execution, input, link);
        tokio::spawn(follow);
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
        self.processes.with_running(id, |link| link.signal(signal))?.unwrap_or(Ok(()))
    }

    async fn wait(&self, id: ProcessId) -> Result<ExecExit, SandboxError> {
        self.processes.wait(id).await
    }

    async fn forget(&self, id: ProcessId) -> Result<(), SandboxError> {
        self.processes.forget(id)
    }
}
