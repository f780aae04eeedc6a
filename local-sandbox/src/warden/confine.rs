//! Setting up what the host asked for, once, before the first command.

use std::io;
use std::os::fd::OwnedFd;

use super::guard::answer;
use super::supervisor::Confinement;
use crate::protocol::{Setup, SetupReply};
use crate::report::{Outcome, Property, Status, Tier};
use crate::sys::{capability, process};

/// Applies the setup and tells the host. `None` when it failed and the warden has no purpose.
pub fn apply(setup: &Setup, socket: &OwnedFd) -> io::Result<Option<Confinement>> {
    let mut outcome = Outcome::default();
    let mut confinement = Confinement::default();
    let protected = protect_host(setup, &mut outcome);
    limit(setup, &mut outcome, &mut confinement);
    always(&mut outcome);
    if let Err(errno) = protected {
        answer(socket, &SetupReply::Failed { stage: "drop capabilities".to_owned(), errno }, &[])?;
        return Ok(None);
    }
    answer(socket, &SetupReply::Ready(outcome), &[])?;
    Ok(Some(confinement))
}

/// What supervisors do without being asked.
fn always(outcome: &mut Outcome) {
    outcome.set(Property::ProcessTreeKill, Status::by("subreaper"));
    outcome.set(Property::HostCrashCleanup, Status::by("end of the host's socket"));
}

/// Takes the capabilities that open the host from every command, and closes the helpers to them.
fn protect_host(setup: &Setup, outcome: &mut Outcome) -> Result<(), i32> {
    if !setup.protect_host {
        outcome.set(Property::HostEnviron, Status::NotRequested);
        return Ok(());
    }
    let privileged = capability::has_any();
    if privileged {
        capability::drop_listed(&capability::HOST_REACHING).map_err(|errno| errno as i32)?;
        outcome.tier = outcome.tier.max(Tier::Capabilities);
        outcome.set(Property::HostEnviron, Status::by("dropped capabilities and an undumpable host"));
    } else {
        outcome.set(Property::HostEnviron, Status::by("an undumpable host"));
    }
    // Commands must not trace or read the supervisor either; exec makes them dumpable again.
    process::set_dumpable(false).map_err(|errno| errno as i32)
}

/// Binds processes and memory of the sandbox as a whole, as well as this machine can.
fn limit(setup: &Setup, outcome: &mut Outcome, confinement: &mut Confinement) {
    let pids = setup.limits.processes;
    let memory = setup.limits.memory;
    if pids.is_none() {
        outcome.set(Property::PidsLimit, Status::NotRequested);
    }
    if memory.is_none() {
        outcome.set(Property::MemoryLimit, Status::NotRequested);
    }
    if let Some(pids) = pids {
        confinement.watched_processes = usize::try_from(pids).ok();
        outcome.set(Property::PidsLimit, Status::partial("counted every 50 ms"));
    }
    if memory.is_some() {
        outcome.set(Property::MemoryLimit, Status::partial("address space of each process"));
    }
}
