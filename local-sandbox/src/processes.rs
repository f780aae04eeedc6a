//! Commands that outlive the call that started them; the same on every platform, each of which includes this file.

use async_trait::async_trait;
use bytes::Bytes;
use sandbox::{
    ExecExit, ExecRequest, Execution, OutputRetention, ProcessId, ProcessInfo, Processes, SandboxError, WrittenInput,
};

use super::{Link, LocalSandbox};

#[async_trait]
impl Processes for LocalSandbox {
    async fn spawn(&self, mut request: ExecRequest) -> Result<ProcessId, SandboxError> {
        let command = request.summary();
        let input = WrittenInput::of(&mut request);
        let execution = self.start(request).await.map_err(|error| error.into_sandbox_error(command.clone()))?;
        let link = Link::of(&execution);
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
