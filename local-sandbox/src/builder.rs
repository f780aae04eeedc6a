//! Making a local sandbox.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sandbox::EnvChange;

use crate::beneath::{Reach, Root};
use crate::environment::{self, DEFAULT_PATH, Environment, Inherit};
use crate::error::ConfigError;
use crate::host::helper::Helper;
use crate::host::sweep::Marks;
use crate::limits::Limits;
use crate::policy::{self, GitAccess, Policy, ReadAccess};
use crate::protect::Protected;
use crate::protocol::Setup;
use crate::proxy::allow::Allowlist;
use crate::proxy::connect;
use crate::proxy::serve::Proxy;
use crate::report::{Property, Status, Tier};
use crate::sandbox::{Inner, LocalSandbox, Settings};
use crate::scratch::Scratch;
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
    cwd: Option<PathBuf>,
    inherit: Inherit,
    env: Vec<EnvChange>,
    shell: Shell,
    timeout: Option<Duration>,
    grace: Duration,
    output_limit: Option<u64>,
    background: BackgroundPolicy,
    limits: Limits,
    confinement: Confinement,
    writable: Vec<PathBuf>,
    network: Network,
    unix_sockets: bool,
    git: GitAccess,
    read: ReadAccess,
    spool: Option<PathBuf>,
    enforcement: Enforcement,
    protect_host: bool,
    strongest: Tier,
    helper: Option<PathBuf>,
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
        self.env.push(EnvChange { name: name.into().into_vec(), value: Some(value.into().into_vec()) });
        self
    }

    /// Takes a variable away.
    pub fn env_remove(mut self, name: impl Into<OsString>) -> Self {
        self.env.push(EnvChange { name: name.into().into_vec(), value: None });
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

    /// The most bytes a command may write to its output streams together; it is ended at more. Unlimited by default, as
    /// memory is bounded by what is kept.
    pub fn output_limit(mut self, bytes: u64) -> Self {
        self.output_limit = Some(bytes);
        self
    }

    /// Keeps all that each command writes in two files of its own in this directory, which [`LocalExit`](crate::LocalExit)
    /// names; by default only what the caller keeps is kept. What background processes say later is not in them.
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

    /// Makes the sandbox: takes the snapshot of environment, shell and directory, starts and sets up the helper.
    pub fn build(self) -> Result<LocalSandbox, ConfigError> {
        let cwd = self.resolve_cwd()?;
        let shell = self.shell.resolve()?;
        let mut environment = self.environment()?;
        let allowlist = match &self.network {
            Network::Proxy(hosts) => Allowlist::parse(hosts)?,
            _ => Allowlist::default(),
        };
        let (policy, scratch) = self.policy(&cwd, &environment)?;
        if self.protect_host {
            // Refused only for bad arguments; the report tells what commands can reach.
            let _ = crate::sys::process::set_dumpable(false);
        }
        let chosen = self.limits.processes != Limits::default().processes;
        // Of the superuser it is not enforced; unasked for, it would count what the user runs elsewhere.
        let rlimit_processes = chosen && self.limits.processes.is_some() && !nix::unistd::geteuid().is_root();
        let require = policy.is_some() && self.enforcement == Enforcement::Require;
        let marks = Marks::new();
        let setup = Setup {
            protect_host: self.protect_host,
            limits: self.limits,
            groups: policy.is_some() || chosen || self.limits.memory.is_some(),
            rlimit_processes: rlimit_processes && policy.is_none(),
            mark: marks.of_warden(),
            policy,
        };
        let (helper, ready) = Helper::start(self.helper, marks, &setup)?;
        if require && let Some((property, status)) = ready.outcome.shortfall_but(!chosen) {
            return Err(ConfigError::Unenforceable { property, status: status.clone() });
        }
        let proxy = match ready.listener {
            Some(listener) => Some(Proxy::start(listener, allowlist.clone()).map_err(ConfigError::Helper)?),
            None => None,
        };
        if let Some(proxy) = &proxy {
            name_proxy(proxy.port(), &allowlist, &mut environment);
            if let Some(bash) = shell.bash().filter(|_| environment.get(b"GIT_SSH_COMMAND").is_none()) {
                environment.set("GIT_SSH_COMMAND", connect::git_ssh_command(bash, proxy.port()).as_bytes());
            }
        }
        let scratch = place_temporary(scratch, ready.outcome.tier, setup.policy.as_ref(), &mut environment);
        let mut per_process = self.limits;
        if !setup.rlimit_processes {
            per_process.processes = None;
        }
        let by_group = |status: &Status| matches!(status, Status::Enforced { by } if by.starts_with("cgroup"));
        if !ready.outcome.properties.get(&Property::MemoryLimit).is_some_and(by_group) {
            per_process.address_space = per_process.address_space.or(per_process.memory);
        }
        let reach = reach(setup.policy.as_ref(), &cwd)?;
        let confined = setup.policy.as_ref().filter(|policy| !policy.is_all_writable());
        let protected = match confined {
            Some(policy) => Protected::new(policy, ready.outcome.tier).map_err(ConfigError::Helper)?,
            None => Protected::default(),
        };
        let settings = Settings {
            cwd,
            environment,
            shell,
            timeout: self.timeout,
            grace: self.grace,
            output_limit: self.output_limit,
            spool: spool_directory(self.spool)?,
            kill_background: self.background == BackgroundPolicy::Kill,
            limits: per_process,
            policy: setup.policy,
            protected,
            outcome: ready.outcome,
            scratch,
            proxy,
        };
        Ok(LocalSandbox::new(Arc::new(Inner::new(settings, reach, helper))))
    }

    fn resolve_cwd(&self) -> Result<PathBuf, ConfigError> {
        let path = self.cwd.clone().unwrap_or_else(|| PathBuf::from("."));
        canonical_directory(&path).map_err(|source| ConfigError::Cwd { path, source })
    }

    fn environment(&self) -> Result<Environment, ConfigError> {
        let mut environment = Environment::snapshot(self.inherit);
        for change in &self.env {
            if !environment::is_valid(change) {
                return Err(ConfigError::Environment { name: change.name.clone() });
            }
            environment.change(change);
        }
        let removed = |name: &str| self.env.iter().rev().find(|change| change.name == name.as_bytes());
        let mut fill = |name: &str, value: &[u8]| {
            // What was taken away on purpose stays away; but without a path, bash would search the working directory.
            if name == "PATH" || removed(name).is_none_or(|change| change.value.is_some()) {
                environment.fill(name, value);
            }
        };
        fill("PATH", DEFAULT_PATH.as_bytes());
        fill("TERM", b"dumb");
        fill("LANG", b"C.UTF-8");
        if let Ok(Some(user)) = nix::unistd::User::from_uid(nix::unistd::getuid()) {
            fill("HOME", user.dir.as_os_str().as_bytes());
        }
        Ok(environment)
    }

    fn policy(&self, cwd: &Path, environment: &Environment) -> Result<(Option<Policy>, Option<Scratch>), ConfigError> {
        if self.confinement == Confinement::Off && matches!(self.network, Network::Auto | Network::Host) {
            return Ok((None, None));
        }
        let mut writable = Vec::new();
        if self.confinement == Confinement::WorkspaceWrite {
            writable.push(cwd.to_path_buf());
        }
        if self.confinement != Confinement::Off {
            for path in &self.writable {
                let real =
                    canonical_directory(path).map_err(|source| ConfigError::Writable { path: path.clone(), source })?;
                writable.push(real);
            }
        }
        if let Some(root) = writable.iter().find(|path| path.as_os_str() == "/") {
            // Everything is no workspace: what is secret or protected would lie in it.
            let source = nix::errno::Errno::EINVAL.into();
            return Err(ConfigError::Writable { path: root.clone(), source });
        }
        let scratch = Scratch::new().map_err(ConfigError::Helper)?;
        let policy = policy::resolve(&policy::Wishes {
            everything_writable: self.confinement == Confinement::Off,
            writable,
            cwd: cwd.to_path_buf(),
            homes: homes(environment),
            scratch: scratch.path().to_path_buf(),
            network: match &self.network {
                Network::Host => policy::NetworkPolicy::Host,
                Network::Auto | Network::None => policy::NetworkPolicy::None,
                Network::Proxy(_) => policy::NetworkPolicy::Proxy,
            },
            unix_sockets: self.unix_sockets,
            git: self.git,
            read: self.read,
            tier: self.strongest,
        });
        Ok((Some(policy), Some(scratch)))
    }
}

fn canonical_directory(path: &Path) -> std::io::Result<PathBuf> {
    let real = path.canonicalize()?;
    if !real.is_dir() {
        return Err(nix::errno::Errno::ENOTDIR.into());
    }
    nix::unistd::access(&real, nix::unistd::AccessFlags::X_OK)?;
    Ok(real)
}

/// Home directories whose secrets are hidden, canonical where they are there.
fn homes(environment: &Environment) -> Vec<PathBuf> {
    let named = environment.get(b"HOME").map(|home| PathBuf::from(OsString::from_vec(home.to_vec())));
    let own = std::env::var_os("HOME").map(PathBuf::from);
    let users = nix::unistd::User::from_uid(nix::unistd::getuid()).ok().flatten().map(|user| user.dir);
    let all = [named, own, users].into_iter().flatten().map(|home| home.canonicalize().unwrap_or(home));
    let mut homes: Vec<PathBuf> = all.filter(|home| home.as_os_str() != "/").collect();
    homes.sort();
    homes.dedup();
    homes
}

fn spool_directory(path: Option<PathBuf>) -> Result<Option<PathBuf>, ConfigError> {
    let Some(path) = path else { return Ok(None) };
    match canonical_directory(&path) {
        Ok(real) => Ok(Some(real)),
        Err(source) => Err(ConfigError::Spool { path, source }),
    }
}

/// The files that the sandbox's own operations reach: those of the workspace when commands are confined to it.
fn reach(policy: Option<&Policy>, cwd: &Path) -> Result<Reach, ConfigError> {
    let Some(policy) = policy.filter(|policy| !policy.is_all_writable()) else { return Ok(Reach::Host) };
    let open = |path: &[u8], writable| {
        Root::open(path, writable)
            .map_err(|source| ConfigError::Writable { path: crate::files::as_path(path).to_path_buf(), source })
    };
    let mut roots = policy.writable.iter().map(|path| open(path, true)).collect::<Result<Vec<_>, _>>()?;
    let cwd = cwd.as_os_str().as_bytes();
    if !policy.writable.iter().any(|path| path.as_slice() == cwd) {
        roots.push(open(cwd, false)?);
    }
    Ok(Reach::Beneath(roots))
}

/// Says to commands where temporary files go: the private `/tmp`, or a directory of the sandbox's own.
fn place_temporary(
    scratch: Option<Scratch>,
    tier: Tier,
    policy: Option<&Policy>,
    environment: &mut Environment,
) -> Option<Scratch> {
    let scratch = scratch?;
    if policy.is_none_or(Policy::is_all_writable) {
        return None;
    }
    let (place, kept) = match tier {
        Tier::Namespaces => (b"/tmp".to_vec(), None),
        _ => (scratch.path().as_os_str().as_bytes().to_vec(), Some(scratch)),
    };
    for name in ["TMPDIR", "TMP", "TEMP"] {
        if name == "TMPDIR" || environment.get(name.as_bytes()).is_some() {
            environment.set(name, &place);
        }
    }
    kept
}

/// Says to commands where the proxy is, in all the ways programs look for it.
fn name_proxy(port: u16, allowlist: &Allowlist, environment: &mut Environment) {
    const NAMES: [&str; 9] = [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "npm_config_proxy",
        "npm_config_https_proxy",
        "PIP_PROXY",
    ];
    let url = format!("http://127.0.0.1:{port}");
    for name in NAMES {
        environment.set(name, url.as_bytes());
    }
    // Servers of the sandbox's own are reached directly; what the list names of the host's goes through the proxy.
    let direct: Vec<&str> =
        ["localhost", "127.0.0.1", "::1"].into_iter().filter(|name| !allowlist.lists(name)).collect();
    for name in ["NO_PROXY", "no_proxy"] {
        environment.set(name, direct.join(",").as_bytes());
    }
    environment.set("NODE_USE_ENV_PROXY", b"1");
}
