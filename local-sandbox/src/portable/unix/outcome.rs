//! What macOS enforces of what was asked, and how the commands of a sandbox are started for it.

use std::io;
use std::sync::Arc;

use super::launch::{Launcher, SANDBOX_EXEC};
use super::limits;
use super::watcher::Watcher;
use crate::builder::{Enforcement, LocalSandboxBuilder};
use crate::error::ConfigError;
use crate::limits::Limits;
use crate::policy::{NetworkPolicy, Policy};
use crate::report::{Outcome, Property, Status, Tier};

/// Finds out what can be enforced, by trying.
pub fn prepare(
    options: &LocalSandboxBuilder,
    policy: Option<&Policy>,
    proxy_port: Option<u16>,
) -> Result<(Launcher, Outcome), ConfigError> {
    let mut outcome = Outcome::default();
    if let Some(what) = limits::unsupported(&options.limits) {
        if options.enforcement == Enforcement::Require {
            return Err(ConfigError::Unsupported(what));
        }
        outcome.fallbacks.push(format!("{what} is not supported on this platform"));
    }
    let chosen = options.limits.processes != Limits::default().processes;
    // Of the superuser it is not enforced; unasked for, it would count what the user runs elsewhere.
    let counts = chosen && options.limits.processes.is_some() && !nix::unistd::geteuid().is_root();
    outcome.set(Property::PidsLimit, pids_limit(options.limits.processes, counts));
    if options.limits.memory.is_some() {
        outcome.set(Property::MemoryLimit, Status::unavailable("no limit on memory", 0));
    }
    let watcher = Watcher::start();
    outcome.set(
        Property::ProcessTreeKill,
        Status::partial("by session and descent: what made a session of its own and lost its parent goes on"),
    );
    outcome.set(
        Property::HostCrashCleanup,
        match &watcher {
            Ok(_) => Status::partial("by a watching process: what left its command's process group goes on"),
            Err(error) => Status::unavailable("watching process", error.raw_os_error().unwrap_or(0)),
        },
    );
    let mut profile = None;
    match policy {
        None if options.protect_host => {
            outcome.set(
                Property::HostEnviron,
                Status::unavailable("processes of one user see each other's environment", 0),
            );
        }
        None => {}
        Some(policy) => {
            let text = profile_text(policy, proxy_port)?;
            let tried = if options.strongest >= Tier::Seatbelt {
                try_out(&text)
            } else {
                Err(io::ErrorKind::Unsupported.into())
            };
            tell_confinement(&mut outcome, policy, tried.as_ref().err());
            if tried.is_ok() {
                outcome.tier = Tier::Seatbelt;
                profile = Some(text);
            }
        }
    }
    let limits = limits::prelude(&options.limits, counts);
    Ok((Launcher { profile, limits, watcher: watcher.ok().map(Arc::new) }, outcome))
}

fn pids_limit(limit: Option<u64>, counts: bool) -> Status {
    match limit {
        None => Status::NotRequested,
        Some(_) if counts => Status::partial("RLIMIT_NPROC: all processes of the user count"),
        Some(_) => Status::unavailable("no limit on the processes of one command", 0),
    }
}

/// Says of every property of a confinement that it is the profile's, or why it is not.
fn tell_confinement(outcome: &mut Outcome, policy: &Policy, failure: Option<&io::Error>) {
    let status = || match failure {
        None => Status::by("sandbox-exec"),
        Some(error) => Status::unavailable(SANDBOX_EXEC, error.raw_os_error().unwrap_or(0)),
    };
    if !policy.is_all_writable() {
        let files = [Property::FsRead, Property::FsWrite, Property::FsMetadata, Property::ProtectedFiles];
        for property in files {
            outcome.set(property, status());
        }
    }
    if policy.network != NetworkPolicy::Host {
        outcome.set(Property::Network, status());
        outcome.set(Property::UnixSockets, if policy.unix_sockets { Status::NotRequested } else { status() });
    }
    outcome.set(Property::HostEnviron, status());
    outcome.set(Property::HostSignals, status());
}

#[cfg(any(target_os = "macos", test))]
fn profile_text(policy: &Policy, proxy_port: Option<u16>) -> Result<String, ConfigError> {
    crate::portable::profile::profile(policy, proxy_port).ok_or_else(|| ConfigError::Confinement {
        stage: "profile: a path is no text".to_owned(),
        errno: nix::errno::Errno::EILSEQ as i32,
    })
}

#[cfg(not(any(target_os = "macos", test)))]
fn profile_text(_: &Policy, _: Option<u16>) -> Result<String, ConfigError> {
    Err(ConfigError::Unsupported("confinement"))
}

/// Runs something harmless under the profile.
fn try_out(profile: &str) -> io::Result<()> {
    let run = std::process::Command::new(SANDBOX_EXEC)
        .args(["-p", profile, "/usr/bin/true"])
        .env_clear()
        .current_dir("/")
        .stdin(std::process::Stdio::null())
        .output()?;
    if run.status.success() { Ok(()) } else { Err(io::Error::other(String::from_utf8_lossy(&run.stderr).into_owned())) }
}
