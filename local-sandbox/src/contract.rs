//! The local sandbox fulfils the contract; the same on every platform, each of which includes this file.

use async_trait::async_trait;
use bytes::Bytes;
use sandbox::{
    Capabilities, DirEntry, ExecRequest, Execution, FileOperation, FileStat, Isolation, Processes, Sandbox,
    SandboxError, Terminals,
};

use super::files::FileTask;
use super::sandbox::LocalSandbox;
use crate::policy::NetworkPolicy;
use crate::report::Tier;

#[async_trait]
impl Sandbox for LocalSandbox {
    async fn exec(&self, request: ExecRequest) -> Result<Execution, SandboxError> {
        let retention = request.retention;
        let summary = request.summary();
        let execution = self.start(request).await.map_err(|error| error.into_sandbox_error(summary))?;
        Ok(Execution::new(Box::pin(execution), retention))
    }

    async fn read_file(&self, path: &[u8]) -> Result<Bytes, SandboxError> {
        self.file(FileOperation::Read, path, FileTask::read).await
    }

    async fn write_file(&self, path: &[u8], contents: Bytes) -> Result<(), SandboxError> {
        self.file(FileOperation::Write, path, move |task| task.write(&contents)).await
    }

    async fn stat(&self, path: &[u8]) -> Result<FileStat, SandboxError> {
        self.file(FileOperation::Stat, path, FileTask::stat).await
    }

    async fn read_dir(&self, path: &[u8]) -> Result<Vec<DirEntry>, SandboxError> {
        self.file(FileOperation::ReadDir, path, FileTask::read_dir).await
    }

    async fn exists(&self, path: &[u8]) -> Result<bool, SandboxError> {
        self.file(FileOperation::Stat, path, FileTask::exists).await
    }

    async fn create_dir(&self, path: &[u8], parents: bool) -> Result<(), SandboxError> {
        self.file(FileOperation::CreateDir, path, move |task| task.create_dir(parents)).await
    }

    async fn remove(&self, path: &[u8], recursive: bool) -> Result<(), SandboxError> {
        self.file(FileOperation::Remove, path, move |task| task.remove(recursive)).await
    }

    async fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), SandboxError> {
        let to = self.inner.absolute(to);
        self.file(FileOperation::Rename, from, move |task| task.rename(&to)).await
    }

    fn cwd(&self) -> Vec<u8> {
        self.inner.absolute(b"")
    }

    fn resolve_path(&self, path: &[u8]) -> Vec<u8> {
        self.inner.absolute(path)
    }

    fn capabilities(&self) -> Capabilities {
        let settings = &self.inner.settings;
        let confined = settings.policy.is_some() && settings.outcome.tier >= Tier::Landlock;
        Capabilities {
            kind: "local",
            isolation: if confined { Isolation::Confined } else { Isolation::None },
            native_programs: true,
            network: settings.policy.as_ref().is_none_or(|policy| policy.network != NetworkPolicy::None),
            persistent_files: true,
            byte_names: true,
        }
    }

    fn terminals(&self) -> Option<&dyn Terminals> {
        Some(self)
    }

    fn processes(&self) -> Option<&dyn Processes> {
        Some(self)
    }

    async fn close(&self) -> Result<(), SandboxError> {
        self.shutdown().await;
        Ok(())
    }
}
