//! Making a local sandbox.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use sandbox::EnvChange;

use crate::environment::Inherit;
use crate::error::ConfigError;
use crate::limits::Limits;
use crate::platform::{self, LocalSandbox};
use crate::policy::{GitAccess, Missing, ReadAccess};
use crate::report::Tier;
use crate::shell::Shell;

/// How commands are confined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Confinement {
    /// Not at all: commands have the rights of the host's user.
    #[default]
    Off,
    /// They read what is not secret and write nothing but temporary files.
    ReadOnly,
    /// They also write the working directory and the writable directories.
    WorkspaceWrite,
}

/// The network of commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Network {
    /// The host's when confinement is off, none otherwise.
    #[default]
    Auto,
    /// The host's.
    Host,
    /// None but their own loopback.
    None,
    /// Through a proxy, to these hosts: `example.org`, `*.example.org`, `example.org:8443`. An empty list is nothing.
    Proxy(Vec<String>),
}

/// What to do when this machine cannot enforce what was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Enforcement {
    /// Fail.
    #[default]
    Require,
    /// Do what can be done, and say so in the report.
    BestEffort,
}

/// What becomes of processes that outlive their command.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BackgroundPolicy {
    /// They go on until the sandbox ends.
    #[default]
    Keep,
    /// They end with the command.
    Kill,
}

/// The options of a [`LocalSandbox`], taken from [`LocalSandbox::builder`].
#[derive(Debug, Clone)]
#[must_use]
pub struct LocalSandboxBuilder {
    pub(crate) cwd: Option<PathBuf>,
    pub(crate) inherit: Inherit,
    pub(crate) env: Vec<EnvChange>,
    pub(crate) shell: Shell,
    pub(crate) timeout: Option<Duration>,
    pub(crate) grace: Duration,
    pub(crate) output_limit: Option<u64>,
    pub(crate) background: BackgroundPolicy,
    pub(crate) limits: Limits,
    pub(crate) confinement: Confinement,
    pub(crate) writable: Vec<PathBuf>,
    pub(crate) network: Network,
    pub(crate) unix_sockets: bool,
    pub(crate) git: GitAccess,
    pub(crate) missing: Missing,
    pub(crate) read: ReadAccess,
    pub(crate) spool: Option<PathBuf>,
    pub(crate) enforcement: Enforcement,
    pub(crate) protect_host: bool,
    pub(crate) strongest: Tier,
    pub(crate) helper: Option<PathBuf>,
}

impl Default for LocalSandboxBuilder {
    fn default() -> Self {
        LocalSandboxBuilder {
            cwd: None,
            inherit: Inherit::default(),
            env: Vec::new(),
            shell: Shell::default(),
            timeout: None,
            grace: Duration::from_secs(2),
            output_limit: None,
            background: BackgroundPolicy::default(),
            limits: Limits::default(),
            confinement: Confinement::default(),
            writable: Vec::new(),
            network: Network::default(),
            unix_sockets: false,
            git: GitAccess::default(),
            missing: Missing::default(),
            read: ReadAccess::default(),
            spool: None,
            enforcement: Enforcement::default(),
            protect_host: true,
            strongest: Tier::Namespaces,
            helper: None,
        }
    }
}

impl LocalSandboxBuilder {
    /// Where commands start; the process's working directory by default. Must be a directory; made canonical once.
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// Which of the host's variables commands see; the allowlist by default. Taken once, in [`build`](Self::build).
    pub fn inherit_env(mut self, inherit: Inherit) -> Self {
        self.inherit = inherit;
        self
    }

    /// Sets a variable over the inherited ones.
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env
            .push(EnvChange { name: name.into().into_encoded_bytes(), value: Some(value.into().into_encoded_bytes()) });
        self
    }

    /// Takes a variable away.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.env.push(EnvChange { name: name.into().into_encoded_bytes(), value: None });
        self
    }

    /// Which shell runs scripts; never as a login shell.
    pub fn shell(mut self, shell: Shell) -> Self {
        self.shell = shell;
        self
    }

    /// The longest time of a command whose request says none; unlimited by default.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The time between TERM and KILL; 2 s by default. Zero is KILL at once.
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The most bytes a command may write to its output streams together; at more it is ended, with status 1. Unlimited by
    /// default, as memory is bounded by what is kept.
    pub fn output_limit(mut self, bytes: u64) -> Self {
        self.output_limit = Some(bytes);
        self
    }

    /// Keeps all that each command writes in two files of its own in this directory, which [`LocalExit`](crate::LocalExit)
    /// names; by default only what the caller keeps is kept. What background processes say later is added to them.
    pub fn spool(mut self, directory: impl Into<PathBuf>) -> Self {
        self.spool = Some(directory.into());
        self
    }

    /// What becomes of processes that outlive their command.
    pub fn background(mut self, background: BackgroundPolicy) -> Self {
        self.background = background;
        self
    }

    /// Resource limits.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How commands are confined; off by default.
    pub fn confinement(mut self, confinement: Confinement) -> Self {
        self.confinement = confinement;
        self
    }

    /// One more directory that confined commands may write.
    pub fn writable(mut self, directory: impl Into<PathBuf>) -> Self {
        self.writable.push(directory.into());
        self
    }

    /// The network of commands.
    pub fn network(mut self, network: Network) -> Self {
        self.network = network;
        self
    }

    /// Whether commands without the host's network may make UNIX sockets. They then reach those of the host whose paths
    /// they can see.
    pub fn unix_sockets(mut self, allowed: bool) -> Self {
        self.unix_sockets = allowed;
        self
    }

    /// What confined commands may read of the host; all that is not secret by default.
    pub fn read(mut self, access: ReadAccess) -> Self {
        self.read = access;
        self
    }

    /// What confined commands may do to the git repositories of the writable directories; commit by default.
    pub fn git(mut self, access: GitAccess) -> Self {
        self.git = access;
        self
    }

    /// How protected files that are missing are kept from being made; masked by default.
    pub fn missing_protected(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// What to do when this machine cannot enforce what was asked for.
    pub fn enforcement(mut self, enforcement: Enforcement) -> Self {
        self.enforcement = enforcement;
        self
    }

    /// Whether commands are kept from the host's environment and memory; on by default. It makes this process undumpable
    /// (no core files, no debugger without privileges), and takes host-reaching capabilities from a superuser's commands.
    pub fn protect_host(mut self, protect: bool) -> Self {
        self.protect_host = protect;
        self
    }

    /// The strongest mechanism to use; for tests and for machines where one misbehaves.
    pub fn strongest_tier(mut self, tier: Tier) -> Self {
        self.strongest = tier;
        self
    }

    /// The helper program, where this program cannot be its own.
    pub fn helper(mut self, program: impl Into<PathBuf>) -> Self {
        self.helper = Some(program.into());
        self
    }

    /// Makes the sandbox: takes the snapshot of environment, shell and directory, starts and sets up what it needs.
    pub fn build(self) -> Result<LocalSandbox, ConfigError> {
        platform::build(self)
    }
}
