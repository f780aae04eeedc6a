//! What Windows enforces of what was asked, and how the commands of a sandbox are started for it.

use std::sync::Arc;

use super::launch::Launcher;
use super::sys::job::{Job, JobLimits};
use crate::builder::{Enforcement, LocalSandboxBuilder};
use crate::error::ConfigError;
use crate::limits::Limits;
use crate::policy::{NetworkPolicy, Policy};
use crate::report::{Outcome, Property, Status};

/// Makes the job that all commands are in, and says what holds.
pub fn prepare(
    options: &LocalSandboxBuilder,
    policy: Option<&Policy>,
    _: Option<u16>,
) -> Result<(Launcher, Outcome), ConfigError> {
    let mut outcome = Outcome::default();
    if let Some(what) = unsupported(&options.limits) {
        if options.enforcement == Enforcement::Require {
            return Err(ConfigError::Unsupported(what));
        }
        outcome.fallbacks.push(format!("{what} is not supported on this platform"));
    }
    let limits = JobLimits {
        processes: options.limits.processes,
        memory: options.limits.memory,
        process_memory: options.limits.address_space,
        process_time: options.limits.cpu_time,
    };
    let job = Job::new(&limits).map_err(ConfigError::Helper)?;
    let bound = |limit: Option<u64>| limit.map_or(Status::NotRequested, |_| Status::by("job object"));
    outcome.set(Property::PidsLimit, bound(limits.processes));
    outcome.set(Property::MemoryLimit, bound(limits.memory));
    outcome.set(Property::ProcessTreeKill, Status::by("job object"));
    outcome.set(Property::HostCrashCleanup, Status::by("job object, closed with the host"));
    if options.protect_host || policy.is_some() {
        outcome.set(Property::HostEnviron, Status::unavailable("processes of one user read each other's memory", 0));
    }
    if let Some(policy) = policy {
        tell_confinement(&mut outcome, policy);
    }
    Ok((Launcher { job: Arc::new(job) }, outcome))
}

/// There is no confinement; only the sandbox's own file operations keep to the workspace.
fn tell_confinement(outcome: &mut Outcome, policy: &Policy) {
    let none = || Status::unavailable("no confinement on Windows", 0);
    if !policy.is_all_writable() {
        for property in [Property::FsRead, Property::FsWrite, Property::FsMetadata, Property::ProtectedFiles] {
            outcome.set(property, none());
        }
    }
    if policy.network != NetworkPolicy::Host {
        outcome.set(Property::Network, none());
        outcome.set(Property::UnixSockets, none());
    }
    outcome.set(Property::HostSignals, none());
}

/// The first limit that was asked for and that Windows does not have. There are no core files.
fn unsupported(limits: &Limits) -> Option<&'static str> {
    match (limits.open_files, limits.file_size) {
        (Some(_), _) => Some("the limit on open files (nofile)"),
        (_, Some(_)) => Some("the limit on the size of files (fsize)"),
        _ => None,
    }
}
