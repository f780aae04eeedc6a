//! The way to servers that run inside a sandbox.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;

/// A sandbox whose servers can be reached from outside.
#[async_trait]
pub trait Ports: Send + Sync {
    /// Opens the way to a TCP port inside and says how to reach it. Opening it again gives the same address.
    async fn open(&self, port: u16) -> Result<PortAddress, SandboxError>;

    /// Closes the way; one that is not open is no error.
    async fn close(&self, port: u16) -> Result<(), SandboxError>;

    /// The open ones, in order of their ports.
    async fn list(&self) -> Result<Vec<PortAddress>, SandboxError>;
}

/// How a port inside is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortAddress {
    /// The port inside.
    pub port: u16,
    /// Where a client connects: `http://127.0.0.1:40123`, `https://…`.
    pub url: String,
    /// A header value or token that the client must send, where the service wants one.
    pub token: Option<String>,
}
