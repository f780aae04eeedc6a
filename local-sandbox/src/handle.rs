//! What every platform's sandbox is asked in the same way; each of them includes this file.

use std::fmt;
use std::sync::Arc;

use sandbox::ExecRequest;

use super::sandbox::{Inner, LocalSandbox};
use super::{LocalExecution, build};
use crate::background::Background;
use crate::builder::LocalSandboxBuilder;
use crate::error::{ConfigError, ExecError};
use crate::proxy::serve::{NetworkDecision, Proxy};
use crate::report::Outcome;
use crate::start::Start;

impl LocalSandbox {
    /// The options, all at their defaults: no confinement, the host's working directory, allowlisted environment.
    pub fn builder() -> LocalSandboxBuilder {
        LocalSandboxBuilder::default()
    }

    /// A sandbox with all options at their defaults.
    pub fn local() -> Result<LocalSandbox, ConfigError> {
        build(LocalSandbox::builder())
    }

    pub(crate) fn new(inner: Arc<Inner>) -> LocalSandbox {
        LocalSandbox { inner, processes: Arc::default() }
    }

    /// What is enforced, property by property.
    pub fn report(&self) -> &Outcome {
        &self.inner.settings.outcome
    }

    /// Starts a command. An error means that it has not run.
    pub async fn start(&self, request: ExecRequest) -> Result<LocalExecution, ExecError> {
        let start = Start::on_pipes(&self.inner.settings.shell, request)?;
        self.inner.start(start).await
    }

    /// Processes that outlived their commands, oldest first.
    pub fn background(&self) -> Vec<Background> {
        self.inner.backgrounds().iter().map(|(background, _)| background.clone()).collect()
    }

    /// What the allowlist proxy decided last, oldest first.
    pub fn network_decisions(&self) -> Vec<NetworkDecision> {
        self.inner.settings.proxy.as_ref().map(Proxy::decisions).unwrap_or_default()
    }
}

impl fmt::Debug for LocalSandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSandbox").field("cwd", &self.inner.settings.cwd).finish_non_exhaustive()
    }
}
