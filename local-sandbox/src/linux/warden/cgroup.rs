//! A control group of the sandbox's own, where this user may make one: it counts processes and memory exactly.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::limits::Limits;

/// The groups a sandbox is in; removed when it has ended.
#[derive(Debug, Default)]
pub struct Groups {
    made: Vec<PathBuf>,
    /// What counts processes, if a group does.
    pub processes: Option<&'static str>,
    /// The file with the bound on processes, which counts the helpers as well.
    bound: Option<(File, u64)>,
    /// What counts memory, if a group does.
    pub memory: Option<&'static str>,
    /// Where the group tells how many processes it killed for memory.
    pub kills: Option<PathBuf>,
}

/// How many processes a group has killed for memory, from the file that tells it.
pub fn memory_kills(file: &Path) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// Names of our groups, so that left-overs of a killed warden can be told and removed.
const PREFIX: &str = "sandshell-";

/// The file that moves a thread, in a hierarchy of its own. Of a process with one thread it is the same, and while a whole
/// process is moved the kernel waits for every fork and exec of the machine, ten milliseconds of them.
const THREADS: &str = "tasks";
/// The file that moves a process.
const PROCESSES: &str = "cgroup.procs";

/// One controller: in the unified hierarchy, or one of its own.
struct Controller {
    directory: PathBuf,
    kind: &'static str,
}

impl Controller {
    fn members(&self) -> &'static str {
        if self.kind == "cgroup v2" { PROCESSES } else { THREADS }
    }
}

/// Makes groups for the limits that have values and puts this process into them.
pub fn enter(limits: &Limits) -> (Groups, Option<io::Error>) {
    let mut groups = Groups::default();
    let mut failure = None;
    if let Some(processes) = limits.processes {
        let made = find("pids").and_then(|found| {
            groups.make(&found, &[])?;
            let file = OpenOptions::new().write(true).open(groups.last().join("pids.max"))?;
            groups.bound = Some((file, processes));
            groups.process_bound(1).map_or(Ok(()), |bound| bound.leave_room(1))?;
            Ok(found.kind)
        });
        match made {
            Ok(kind) => groups.processes = Some(kind),
            Err(error) => failure = Some(error),
        }
    }
    if let Some(memory) = limits.memory {
        let value = memory.to_string();
        let made = find("memory").and_then(|found| {
            let (limit, swap) = if found.kind == "cgroup v2" {
                ("memory.max", ("memory.swap.max", "0"))
            } else {
                ("memory.limit_in_bytes", ("memory.memsw.limit_in_bytes", value.as_str()))
            };
            groups.make(&found, &[(limit, &value)])?;
            // Without swap accounting there is nothing to forbid.
            let _ = fs::write(groups.last().join(swap.0), swap.1);
            let events = if found.kind == "cgroup v2" { "memory.events" } else { "memory.oom_control" };
            groups.kills = Some(groups.last().join(events));
            Ok(found.kind)
        });
        match made {
            Ok(kind) => groups.memory = Some(kind),
            Err(error) => failure = Some(error),
        }
    }
    (groups, failure)
}

/// The bound on the processes of the commands alone, which the kernel has together with the helpers.
#[derive(Debug)]
pub struct ProcessBound {
    file: File,
    commands: u64,
    wardens: u64,
}

impl ProcessBound {
    /// Leaves room for this many supervisors beside the commands.
    pub fn leave_room(&self, supervisors: usize) -> io::Result<()> {
        // More than any kernel numbers.
        const NUMBERS_MAX: u64 = 1 << 22;
        let helpers = self.wardens.saturating_add(u64::try_from(supervisors).unwrap_or(u64::MAX));
        let bound = self.commands.saturating_add(helpers);
        let text = if bound > NUMBERS_MAX { "max".to_owned() } else { bound.to_string() };
        self.file.write_all_at(text.as_bytes(), 0)
    }
}

impl Groups {
    /// The bound on processes, for a warden that is one of so many.
    pub fn process_bound(&self, wardens: u64) -> Option<ProcessBound> {
        let (file, commands) = self.bound.as_ref()?;
        Some(ProcessBound { file: file.try_clone().ok()?, commands: *commands, wardens })
    }

    fn last(&self) -> PathBuf {
        self.made.last().cloned().unwrap_or_default()
    }

    fn make(&mut self, controller: &Controller, settings: &[(&str, &str)]) -> io::Result<()> {
        sweep(&controller.directory);
        let group = controller.directory.join(format!("{PREFIX}{}", std::process::id()));
        match fs::create_dir(&group) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !self.made.contains(&group) {
            self.made.push(group.clone());
        }
        for (name, value) in settings {
            fs::write(group.join(name), value)?;
        }
        fs::write(group.join(controller.members()), "0")
    }

    /// Leaves and removes the groups; only when nothing else is in them.
    pub fn leave(&self) {
        for group in &self.made {
            if let Some(parent) = group.parent() {
                let members = if group.join(THREADS).exists() { THREADS } else { PROCESSES };
                let _ = fs::write(parent.join(members), "0");
            }
            let _ = fs::remove_dir(group);
        }
    }
}

/// Removes groups of wardens that were killed: those without processes let themselves be removed.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.parse::<u32>().ok());
        if owner.is_some_and(|pid| !Path::new("/proc").join(pid.to_string()).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}

/// The directory of this process's group under a controller, where a child group can be made.
fn find(controller: &str) -> io::Result<Controller> {
    let membership = fs::read_to_string("/proc/self/cgroup")?;
    let missing = || io::Error::from(io::ErrorKind::NotFound);
    for line in membership.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(names), Some(path)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let relative = path.trim_start_matches('/');
        if names.split(',').any(|name| name == controller) {
            return Ok(Controller {
                directory: Path::new("/sys/fs/cgroup").join(controller).join(relative),
                kind: "cgroup v1",
            });
        }
        if names.is_empty() {
            for root in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
                let directory = Path::new(root).join(relative);
                let offered = fs::read_to_string(directory.join("cgroup.subtree_control")).unwrap_or_default();
                if offered.split_ascii_whitespace().any(|name| name == controller) {
                    return Ok(Controller { directory, kind: "cgroup v2" });
                }
            }
        }
    }
    Err(missing())
}
