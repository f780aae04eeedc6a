//! Making the sandbox of Linux from its options.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use crate::builder::{BackgroundPolicy, Enforcement, LocalSandboxBuilder, Network};
use crate::environment::Environment;
use crate::error::ConfigError;
use crate::limits::Limits;
use crate::linux::beneath::{Reach, Root};
use crate::linux::file_threads::FileThreads;
use crate::linux::files::Files;
use crate::linux::host::helper::Helper;
use crate::linux::host::sweep::{self, Marks};
use crate::linux::protect::Protected;
use crate::linux::protocol::Setup;
use crate::linux::sandbox::{Inner, LocalSandbox, Settings};
use crate::linux::sys::landlock;
use crate::policy::Policy;
use crate::proxy::allow::Allowlist;
use crate::proxy::serve::Proxy;
use crate::proxy::{connect, variables};
use crate::report::{Outcome, Property, Status, Tier};
use crate::resolve;
use crate::scratch::Scratch;

/// How many times the default limit on processes an ordinary user's other processes may grow by.
const MARGIN: u64 = 2;

/// Makes the sandbox: takes the snapshot of environment, shell and directory, starts and sets up the helper.
pub fn build(options: LocalSandboxBuilder) -> Result<LocalSandbox, ConfigError> {
    let cwd = options.resolve_cwd()?;
    let shell = options.shell.resolve()?;
    let mut environment = options.environment()?;
    let allowlist = match &options.network {
        Network::Proxy(hosts) => Allowlist::parse(hosts)?,
        _ => Allowlist::default(),
    };
    let (policy, scratch) = options.policy(&cwd, &environment)?;
    if options.protect_host {
        // Refused only for bad arguments; the report tells what commands can reach.
        let _ = crate::linux::sys::process::set_dumpable(false);
    }
    let chosen = options.limits.processes != Limits::default().processes;
    // Of the superuser it is not enforced; unasked for, it would count what the user runs elsewhere.
    let rlimit_processes = chosen && options.limits.processes.is_some() && !nix::unistd::geteuid().is_root();
    let require = policy.is_some() && options.enforcement == Enforcement::Require;
    let marks = Marks::new();
    let setup = Setup {
        protect_host: options.protect_host,
        limits: options.limits,
        groups: policy.is_some() || options.limits.processes.is_some() || options.limits.memory.is_some(),
        rlimit_processes: rlimit_processes && policy.is_none(),
        mark: marks.of_warden(),
        policy,
    };
    let (helper, mut ready) = Helper::start(options.helper, marks, &setup)?;
    if require && let Some((property, status)) = ready.outcome.shortfall_but(!chosen) {
        return Err(ConfigError::Unenforceable { property, status: status.clone() });
    }
    let proxy = match ready.listener {
        Some(listener) => Some(Proxy::start(listener, allowlist.clone()).map_err(ConfigError::Helper)?),
        None => None,
    };
    if let Some(proxy) = &proxy {
        variables::set(proxy.port(), &allowlist, &mut environment);
        if let Some(bash) = shell.bash().filter(|_| environment.get(b"GIT_SSH_COMMAND").is_none()) {
            environment.set("GIT_SSH_COMMAND", connect::git_ssh_command(bash, proxy.port()).as_bytes());
        }
    }
    let scratch = place_temporary(scratch, ready.outcome.tier, setup.policy.as_ref(), &mut environment);
    let mut per_process = options.limits;
    if !setup.rlimit_processes {
        per_process.processes = None;
    }
    let by_group = |status: &Status| matches!(status, Status::Enforced { by } if by.starts_with("cgroup"));
    if !ready.outcome.properties.get(&Property::MemoryLimit).is_some_and(by_group) {
        per_process.address_space = per_process.address_space.or(per_process.memory);
    }
    let pids_by_group = ready.outcome.properties.get(&Property::PidsLimit).is_some_and(by_group);
    if !chosen && !pids_by_group && ready.outcome.tier < Tier::Namespaces && !nix::unistd::geteuid().is_root() {
        // The watcher cannot keep up with what forks without end. This can, and is no limit for anything else: it counts all
        // that the user runs, so that it has to be a wide one.
        let now = sweep::tasks_of(nix::unistd::getuid().as_raw());
        per_process.processes = options.limits.processes.map(|limit| now.saturating_add(limit.saturating_mul(MARGIN)));
    }
    let policy = setup.policy.map(Arc::new);
    let files = files(policy.as_ref(), &cwd, &mut ready.outcome)?;
    let confined = policy.as_deref().filter(|policy| !policy.is_all_writable());
    let protected = match confined {
        Some(policy) => Protected::new(policy, ready.outcome.tier).map_err(ConfigError::Helper)?,
        None => Protected::default(),
    };
    let settings = Settings {
        cwd,
        environment,
        names_terminal: options.env.iter().any(|change| change.name == b"TERM"),
        shell,
        timeout: options.timeout,
        grace: options.grace,
        output_limit: options.output_limit,
        spool: resolve::spool_directory(options.spool)?,
        kill_background: options.background == BackgroundPolicy::Kill,
        limits: per_process,
        policy,
        protected,
        outcome: ready.outcome,
        scratch,
        proxy,
    };
    Ok(LocalSandbox::new(Arc::new(Inner::new(settings, files, helper))))
}

/// Where the sandbox's own file operations run: on threads that are confined as well, if the kernel can.
fn files(policy: Option<&Arc<Policy>>, cwd: &Path, outcome: &mut Outcome) -> Result<Files, ConfigError> {
    let reach = Arc::new(reach(policy.map(AsRef::as_ref), cwd)?);
    let mut threads = None;
    if let Reach::Beneath(_) = reach.as_ref() {
        let by = match landlock::abi() {
            // The first version forbids renames from one directory to another whatever is allowed.
            Ok(1) => "opening beneath the directories alone; Landlock here is too old".to_owned(),
            Ok(abi) => {
                threads = Some(FileThreads::new(Arc::clone(&reach), abi));
                "opening beneath the directories, on threads with Landlock".to_owned()
            }
            Err(errno) => format!("opening beneath the directories alone; Landlock: {errno}"),
        };
        outcome.set(Property::FileOperations, Status::Enforced { by });
    }
    Ok(Files { reach, policy: policy.cloned(), threads })
}

/// The files that the sandbox's own operations reach: those of the workspace when commands are confined to it.
fn reach(policy: Option<&Policy>, cwd: &Path) -> Result<Reach, ConfigError> {
    let Some(policy) = policy.filter(|policy| !policy.is_all_writable()) else { return Ok(Reach::Host) };
    let open = |path: &[u8], writable| {
        Root::open(path, writable)
            .map_err(|source| ConfigError::Writable { path: crate::names::as_path(path).to_path_buf(), source })
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
