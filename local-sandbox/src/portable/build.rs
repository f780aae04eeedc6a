//! Making the portable sandbox from its options.

use std::io;
use std::sync::Arc;

use super::reach::Reach;
use super::sandbox::{Inner, LocalSandbox, Settings};
use super::system;
use crate::builder::{BackgroundPolicy, Enforcement, LocalSandboxBuilder, Network};
use crate::environment::Environment;
use crate::error::ConfigError;
use crate::policy::Policy;
use crate::proxy::allow::Allowlist;
use crate::proxy::serve::Proxy;
use crate::proxy::{connect, variables};
use crate::report::{Outcome, Property, Status, Tier};
use crate::resolve;
use crate::scratch::Scratch;

/// Makes the sandbox: takes the snapshot of environment, shell and directory, finds out what can be enforced.
pub fn build(options: LocalSandboxBuilder) -> Result<LocalSandbox, ConfigError> {
    let cwd = options.resolve_cwd()?;
    let shell = options.shell.resolve()?;
    let mut environment = options.environment()?;
    let (policy, scratch) = options.policy(&cwd, &environment)?;
    let proxy = match &options.network {
        Network::Proxy(hosts) => Some(serve(Allowlist::parse(hosts)?)?),
        _ => None,
    };
    let port = proxy.as_ref().map(|(proxy, _)| proxy.port());
    let (launcher, outcome) = system::outcome::prepare(&options, policy.as_ref(), port)?;
    if policy.is_some()
        && options.enforcement == Enforcement::Require
        && let Some((property, status)) = shortfall(&outcome)
    {
        return Err(ConfigError::Unenforceable { property, status: status.clone() });
    }
    if let Some((proxy, allowlist)) = &proxy {
        variables::set(proxy.port(), allowlist, &mut environment);
        if let Some(bash) = shell.bash().filter(|_| environment.get(b"GIT_SSH_COMMAND").is_none()) {
            environment.set("GIT_SSH_COMMAND", connect::git_ssh_command(bash, proxy.port()).as_bytes());
        }
    }
    let scratch = place_temporary(scratch, &outcome, policy.as_ref(), &mut environment);
    let reach = Reach::of(policy.as_ref(), &cwd).map_err(|(path, source)| ConfigError::Writable { path, source })?;
    let settings = Settings {
        cwd,
        environment,
        shell,
        timeout: options.timeout,
        grace: options.grace,
        output_limit: options.output_limit,
        spool: resolve::spool_directory(options.spool)?,
        kill_background: options.background == BackgroundPolicy::Kill,
        policy,
        outcome,
        scratch,
        proxy: proxy.map(|(proxy, _)| proxy),
    };
    Ok(LocalSandbox::new(Arc::new(Inner::new(settings, reach, launcher))))
}

/// Starts the proxy on the host's own loopback.
fn serve(allowlist: Allowlist) -> Result<(Proxy, Allowlist), ConfigError> {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0));
    let proxy = listener.and_then(|listener| Proxy::start(listener, allowlist.clone())).map_err(ConfigError::Helper)?;
    Ok((proxy, allowlist))
}

/// The first property of a confinement that does not hold. How a tree ends and how many processes it may have are told by
/// the report; no system here can do more about them, confined or not.
fn shortfall(outcome: &Outcome) -> Option<(Property, &Status)> {
    let told = [Property::ProcessTreeKill, Property::HostCrashCleanup, Property::PidsLimit];
    let mut wanting = outcome.properties.iter().filter(|(_, status)| !status.is_satisfied());
    wanting.find(|(property, _)| !told.contains(property)).map(|(property, status)| (*property, status))
}

/// Says to confined commands where temporary files go: a directory of the sandbox's own.
fn place_temporary(
    scratch: Option<Scratch>,
    outcome: &Outcome,
    policy: Option<&Policy>,
    environment: &mut Environment,
) -> Option<Scratch> {
    let scratch = scratch?;
    if outcome.tier == Tier::None || policy.is_none_or(Policy::is_all_writable) {
        return None;
    }
    let place = crate::names::of_path(scratch.path());
    for name in ["TMPDIR", "TMP", "TEMP"] {
        if name == "TMPDIR" || environment.get(name.as_bytes()).is_some() {
            environment.set(name, &place);
        }
    }
    Some(scratch)
}

/// Does nothing: this platform's sandbox has no helper. On Linux it makes the program its own.
pub fn init() {}

/// Takes variables out of what the system shows of this process's environment; fails, as this platform has no way to.
/// On Linux it does.
pub fn scrub_env(_: &[&str]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
