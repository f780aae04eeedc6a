//! Platforms that the local sandbox does not run on: said by a typed error, before anything is started.
//!
//! What it would take is named so that nobody mistakes the absence for an oversight. macOS: a `sandbox-exec` profile for
//! confinement, sessions and `kqueue` for process trees, which would be ended as well as a walk can, as there is no
//! subreaper. Windows: a job object that is closed with the host, ConPTY for terminals, and no confinement.

/// Why a sandbox could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The platform has no such feature.
    #[error("{0} is not supported on this platform")]
    Unsupported(&'static str),
}

/// A sandbox that no program on this platform ever holds.
#[derive(Debug, Clone)]
pub enum LocalSandbox {}

/// Options that no sandbox on this platform takes.
#[derive(Debug, Clone, Default)]
pub struct LocalSandboxBuilder(());

impl LocalSandbox {
    /// The options.
    pub fn builder() -> LocalSandboxBuilder {
        LocalSandboxBuilder::default()
    }
}

impl LocalSandboxBuilder {
    /// Fails: there is no local sandbox here.
    pub fn build(self) -> Result<LocalSandbox, ConfigError> {
        Err(ConfigError::Unsupported("the local sandbox"))
    }
}

/// Does nothing: there are no helpers here.
pub fn init() {}
