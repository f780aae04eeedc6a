//! Setting up what the host asked for, once, before the first command: the strongest tier that this machine lets us have.

use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::ForkResult;

use super::cgroup::{self, Groups};
use super::guard::answer;
use super::supervisor::Confinement;
use super::{rules, view};
use crate::linux::placeholders::Placeholders;
use crate::linux::protocol::{Setup, SetupReply};
use crate::linux::sys::seccomp::Sockets;
use crate::linux::sys::{capability, landlock, namespace, process, seccomp};
use crate::policy::{Cover, NetworkPolicy, Policy};
use crate::report::{Outcome, Property, Status, Tier};

/// The user and group commands have in a user namespace. Not 0, with which archives' owners would be restored in vain.
const INSIDE_ID: u32 = 1000;

/// Wardens beside the supervisors: one, and inside of namespaces that which waits outside.
const HELPERS: u64 = 1;
const HELPERS_INSIDE: u64 = 2;

/// How the warden goes on.
pub enum Role {
    /// It serves, with this for every command; the groups are left at the end.
    Serve(Confinement, Groups),
    /// It has ended its purpose: what was set up has come and gone in another process, or nothing was.
    Done,
}

type Failure = (&'static str, Errno);

/// Applies the setup and tells the host.
pub fn apply(setup: &Setup, socket: &mut OwnedFd) -> io::Result<Role> {
    let mut outcome = Outcome::default();
    let groups = join_groups(setup, &mut outcome);
    if let Some(policy) = setup.policy.as_ref().filter(|policy| policy.tier == Tier::Namespaces) {
        let mut placeholders = Placeholders::make(policy);
        let attempt = in_namespaces(setup, policy, &mut placeholders, &outcome, &groups, socket);
        if let Ok(Attempt::Serve(confinement)) = attempt {
            return Ok(Role::Serve(confinement, Groups::default()));
        }
        placeholders.remove();
        match attempt? {
            Attempt::Failed(reason) => {
                outcome.userns = Status::unavailable(&reason, 0);
                outcome.fallbacks.push(format!("namespaces: {reason}"));
            }
            Attempt::Serve(_) | Attempt::Ended => {
                groups.leave();
                return Ok(Role::Done);
            }
        }
    }
    let process_bound = groups.process_bound(HELPERS);
    let mut confinement = Confinement { memory_kills: groups.kills.clone(), process_bound, ..Confinement::default() };
    watch_processes(setup, &groups, &mut outcome, &mut confinement);
    let done = match &setup.policy {
        Some(policy) => without_namespaces(policy, &mut outcome, &mut confinement),
        None => protect_host(setup, &mut outcome),
    };
    always(&mut outcome);
    if let Err((stage, errno)) = done {
        answer(socket, &SetupReply::Failed { stage: stage.to_owned(), errno: errno as i32 }, &[])?;
        groups.leave();
        return Ok(Role::Done);
    }
    answer(socket, &SetupReply::Ready(outcome), &[])?;
    Ok(Role::Serve(confinement, groups))
}

/// What supervisors do without being asked.
fn always(outcome: &mut Outcome) {
    outcome.set(Property::ProcessTreeKill, Status::by("subreaper"));
    outcome.set(Property::HostCrashCleanup, Status::by("end of the host's socket"));
}

fn join_groups(setup: &Setup, outcome: &mut Outcome) -> Groups {
    let none = |limit: Option<u64>| if limit.is_none() { Some(Status::NotRequested) } else { None };
    let (groups, failure) = if setup.groups { cgroup::enter(&setup.limits) } else { (Groups::default(), None) };
    let by = |kind: &str| Status::by(kind);
    let pids = groups.processes.map(by).or(none(setup.limits.processes));
    let memory = groups.memory.map(by).or(none(setup.limits.memory));
    outcome.set(Property::PidsLimit, pids.unwrap_or_else(|| Status::partial("counted every 50 ms")));
    // Not of the sandbox as a whole, which the words say; the number of processes is bound as well.
    let each = Status::by("RLIMIT_AS of each process");
    outcome.set(Property::MemoryLimit, memory.unwrap_or(each));
    if let Some(error) = failure {
        outcome.fallbacks.push(format!("control groups: {error}"));
    }
    groups
}

/// Counts processes by hand where no group does.
fn watch_processes(setup: &Setup, groups: &Groups, outcome: &mut Outcome, confinement: &mut Confinement) {
    if groups.processes.is_some() {
        return;
    }
    confinement.watched_processes = setup.limits.processes.and_then(|limit| usize::try_from(limit).ok());
    if confinement.watched_processes.is_some() && setup.rlimit_processes {
        outcome.set(Property::PidsLimit, Status::by("RLIMIT_NPROC, which counts the user's processes"));
    }
}

/// Takes the capabilities that open the host from every command, and closes the helpers to them.
fn protect_host(setup: &Setup, outcome: &mut Outcome) -> Result<(), Failure> {
    if !setup.protect_host {
        outcome.set(Property::HostEnviron, Status::NotRequested);
        return Ok(());
    }
    if capability::has_any() {
        capability::drop_listed(&capability::HOST_REACHING).map_err(|errno| ("drop capabilities", errno))?;
        outcome.tier = outcome.tier.max(Tier::Capabilities);
        outcome.set(Property::HostEnviron, Status::by("dropped capabilities and an undumpable host"));
    } else {
        outcome.set(Property::HostEnviron, Status::by("an undumpable host"));
    }
    // Commands must not trace or read the supervisor either; exec makes them dumpable again.
    process::set_dumpable(false).map_err(|errno| ("protect the helper", errno))
}

/// How an attempt at namespaces went.
enum Attempt {
    /// This is the process inside; it serves.
    Serve(Confinement),
    /// The process inside has served and ended.
    Ended,
    /// It could not be set up.
    Failed(String),
}

/// Forks into namespaces and waits for the end of the process inside.
fn in_namespaces(
    setup: &Setup,
    policy: &Policy,
    placeholders: &mut Placeholders,
    outcome: &Outcome,
    groups: &Groups,
    socket: &mut OwnedFd,
) -> io::Result<Attempt> {
    let (mut failures, mut report) = io::pipe()?;
    let user = (nix::unistd::getuid().as_raw(), nix::unistd::getgid().as_raw());
    match namespace::fork_into(policy.network != NetworkPolicy::Host) {
        Err(errno) => Ok(Attempt::Failed(format!("clone: {errno}"))),
        Ok(ForkResult::Child) => {
            drop(failures);
            let mut outcome = outcome.clone();
            outcome.set(Property::ProtectedFiles, describe_protected(policy, placeholders));
            // The process outside holds them, and removes them at the end.
            placeholders.let_go();
            match set_up_inside(setup, policy, user, &mut outcome, socket) {
                Ok(confinement) => {
                    let memory_kills = groups.kills.clone();
                    let process_bound = groups.process_bound(HELPERS_INSIDE);
                    Ok(Attempt::Serve(Confinement { memory_kills, process_bound, ..confinement }))
                }
                Err((stage, errno)) => {
                    let _ = write!(report, "{stage}: {errno}");
                    process::exit_now(1)
                }
            }
        }
        Ok(ForkResult::Parent { child }) => {
            drop(report);
            let mut reason = String::new();
            // Ends when the process inside has closed it, ready or not.
            failures.read_to_string(&mut reason)?;
            if reason.is_empty() {
                // The process inside alone holds the host's socket, so that its end is seen by the host.
                process::give_away(socket)?;
                let _ = nix::sys::wait::waitpid(child, None);
                return Ok(Attempt::Ended);
            }
            let _ = nix::sys::wait::waitpid(child, None);
            Ok(Attempt::Failed(reason))
        }
    }
}

fn set_up_inside(
    setup: &Setup,
    policy: &Policy,
    user: (u32, u32),
    outcome: &mut Outcome,
    socket: &OwnedFd,
) -> Result<Confinement, Failure> {
    map_user(user)?;
    view::build(policy, setup.limits.memory)?;
    let mut listener = None;
    if policy.network != NetworkPolicy::Host {
        namespace::raise_loopback().map_err(|errno| ("raise the loopback device", errno))?;
        if policy.network == NetworkPolicy::Proxy {
            let bound = TcpListener::bind(("127.0.0.1", 0));
            listener = Some(bound.map_err(|error| ("listen for the proxy", errno_of(&error)))?);
        }
    }
    process::become_subreaper().map_err(|errno| ("become subreaper", errno))?;
    capability::drop_all().map_err(|errno| ("drop capabilities", errno))?;
    process::set_dumpable(false).map_err(|errno| ("protect the helper", errno))?;
    process::forbid_new_privileges().map_err(|errno| ("forbid new privileges", errno))?;
    let sockets =
        Sockets { internet: true, netlink: true, unix: policy.network == NetworkPolicy::Host || policy.unix_sockets };
    seccomp::restrict(sockets).map_err(|errno| ("filter system calls", errno))?;
    describe_namespaces(policy, sockets, user, outcome);
    let mut confinement = Confinement::default();
    if !matches!(outcome.properties.get(&Property::PidsLimit), Some(Status::Enforced { .. })) {
        confinement.watched_processes = setup.limits.processes.and_then(|limit| usize::try_from(limit).ok());
        if user.0 != 0 && confinement.watched_processes.is_some() {
            confinement.process_limit = setup.limits.processes;
            outcome.set(Property::PidsLimit, Status::by("RLIMIT_NPROC in the sandbox's user namespace"));
        }
    }
    let rights: Vec<_> = listener.iter().map(AsFd::as_fd).collect();
    answer(socket, &SetupReply::Ready(outcome.clone()), &rights).map_err(|error| ("answer", errno_of(&error)))?;
    Ok(confinement)
}

fn errno_of(error: &io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

/// Makes the host's user known inside, under a number that is not the superuser's.
fn map_user((user, group): (u32, u32)) -> Result<(), Failure> {
    let write = |path: &str, text: String| fs::write(path, text).map_err(|error| ("map the user", errno_of(&error)));
    write("/proc/self/setgroups", "deny".to_owned())?;
    write("/proc/self/uid_map", format!("{INSIDE_ID} {user} 1\n"))?;
    write("/proc/self/gid_map", format!("{INSIDE_ID} {group} 1\n"))
}

/// How far protected files stay as they are where they can be mounts.
fn describe_protected(policy: &Policy, placeholders: &Placeholders) -> Status {
    if policy.protected.is_empty() {
        return Status::NotRequested;
    }
    let removed = "what is made in the place of missing ones is removed after each command";
    let full = |errno: Errno| matches!(errno, Errno::ENOSPC | Errno::EDQUOT);
    if let Some((path, errno)) = placeholders.failure().filter(|(_, errno)| !full(*errno)) {
        let left = "can be made, and is removed after each command: no placeholder";
        return Status::partial(&format!("{} {left}: {errno}", path.display()));
    }
    let masked = policy.protected.iter().any(|protected| protected.cover != Cover::None);
    let mut by = if placeholders.failure().is_some() {
        // A sandbox is not the less needed where room has to be made.
        format!("read-only mounts; no room for placeholders: {removed}")
    } else if masked {
        "read-only mounts, on placeholders where something is missing".to_owned()
    } else {
        format!("read-only mounts; {removed}")
    };
    if policy.unsearched {
        by.push_str("; not all subdirectories were searched for repositories");
    }
    Status::Enforced { by }
}

fn describe_namespaces(policy: &Policy, sockets: Sockets, user: (u32, u32), outcome: &mut Outcome) {
    outcome.tier = Tier::Namespaces;
    outcome.uid_mapping = Some(format!("{INSIDE_ID}:{}", user.0));
    outcome.userns = Status::by("user namespace");
    outcome.landlock_abi = landlock::abi().ok();
    outcome.landlock_errata = landlock::errata().ok();
    let files = if policy.is_all_writable() { Status::NotRequested } else { Status::by("mount namespace") };
    for property in [Property::FsRead, Property::FsWrite, Property::FsMetadata] {
        outcome.set(property, files.clone());
    }
    outcome.set(
        Property::Network,
        match policy.network {
            NetworkPolicy::Host => Status::NotRequested,
            NetworkPolicy::None => Status::by("network namespace"),
            NetworkPolicy::Proxy => Status::by("network namespace and allowlist proxy"),
        },
    );
    outcome.set(
        Property::UnixSockets,
        match (policy.network, sockets.unix) {
            (NetworkPolicy::Host, _) | (_, true) => Status::NotRequested,
            (_, false) => Status::by("seccomp"),
        },
    );
    outcome.set(Property::Vsock, Status::by("seccomp"));
    outcome.set(Property::Seccomp, Status::by("seccomp"));
    outcome.set(Property::NoNewPrivs, Status::by("prctl"));
    outcome.set(Property::HostEnviron, Status::by("process and user namespaces"));
    outcome.set(Property::HostSignals, Status::by("process namespace"));
    outcome.set(Property::ProcessTreeKill, Status::by("subreaper and process namespace"));
    outcome.set(Property::HostCrashCleanup, Status::by("end of the host's socket and process namespace"));
}

/// Landlock where the kernel has it, else capabilities alone.
fn without_namespaces(policy: &Policy, outcome: &mut Outcome, confinement: &mut Confinement) -> Result<(), Failure> {
    let superuser = nix::unistd::geteuid().is_root();
    let abi = if policy.tier >= Tier::Landlock { landlock::abi() } else { Err(Errno::ENOTSUP) };
    if superuser || capability::has_any() {
        capability::drop_all().map_err(|errno| ("drop capabilities", errno))?;
    }
    process::set_dumpable(false).map_err(|errno| ("protect the helper", errno))?;
    process::forbid_new_privileges().map_err(|errno| ("forbid new privileges", errno))?;
    outcome.tier = Tier::Capabilities;
    outcome.set(Property::NoNewPrivs, Status::by("prctl"));
    let environ = if superuser { "dropped capabilities and an undumpable host" } else { "an undumpable host" };
    outcome.set(Property::HostEnviron, Status::by(environ));
    match abi {
        Ok(abi) => {
            let ruleset = rules::build(policy, abi).map_err(|errno| ("build the Landlock ruleset", errno))?;
            outcome.tier = Tier::Landlock;
            outcome.landlock_abi = Some(abi);
            outcome.landlock_errata = landlock::errata().ok();
            confinement.ruleset = (!policy.is_all_writable() || abi >= 6).then_some(ruleset);
            describe_landlock(policy, abi, outcome);
        }
        Err(errno) => {
            outcome.fallbacks.push(format!("Landlock: {errno}"));
            for property in [Property::FsRead, Property::FsWrite, Property::FsMetadata, Property::HostSignals] {
                outcome.set(property, Status::unavailable("landlock", errno as i32));
            }
        }
    }
    let sockets = match policy.network {
        NetworkPolicy::Host => Sockets { internet: true, unix: true, netlink: true },
        _ => Sockets { internet: false, unix: policy.unix_sockets, netlink: false },
    };
    let filtered = seccomp::restrict(sockets);
    describe_filter(policy, sockets, filtered, outcome);
    Ok(())
}

fn describe_landlock(policy: &Policy, abi: i32, outcome: &mut Outcome) {
    if policy.is_all_writable() {
        for property in [Property::FsRead, Property::FsWrite, Property::FsMetadata] {
            outcome.set(property, Status::NotRequested);
        }
    } else {
        outcome.set(
            Property::FsRead,
            Status::partial(
                "landlock: names beside what is hidden can be listed, and nothing in writable trees is hidden",
            ),
        );
        outcome.set(
            Property::FsWrite,
            if abi >= 3 { Status::by("landlock") } else { Status::partial("landlock: files can be truncated") },
        );
        outcome.set(Property::FsMetadata, Status::partial("landlock: modes, owners and times can be changed"));
    }
    if !policy.protected.is_empty() {
        outcome.set(
            Property::ProtectedFiles,
            Status::partial("landlock: changes are told after each command, and what is made anew is removed"),
        );
    }
    outcome.set(
        Property::HostSignals,
        if abi >= 6 { Status::by("landlock") } else { Status::unavailable("landlock without scopes", 0) },
    );
}

fn describe_filter(policy: &Policy, sockets: Sockets, filtered: nix::Result<()>, outcome: &mut Outcome) {
    let by_filter = match filtered {
        Ok(()) => Status::by("seccomp"),
        Err(errno) => Status::unavailable("seccomp", errno as i32),
    };
    outcome.set(Property::Seccomp, by_filter.clone());
    outcome.set(Property::Vsock, by_filter.clone());
    outcome.set(
        Property::Network,
        match policy.network {
            NetworkPolicy::Host => Status::NotRequested,
            NetworkPolicy::None => by_filter.clone(),
            NetworkPolicy::Proxy => Status::unavailable("a proxy needs a network namespace", 0),
        },
    );
    let open = policy.network == NetworkPolicy::Host || sockets.unix;
    outcome.set(Property::UnixSockets, if open { Status::NotRequested } else { by_filter });
}
