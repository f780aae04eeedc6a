//! What is enforced, property by property, and by what. Never more than was done.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How strongly commands are kept from the host: the mechanism of most properties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// Commands are as free as the host.
    #[default]
    None,
    /// Dropped capabilities and resource limits.
    Capabilities,
    /// Landlock and seccomp.
    Landlock,
    /// A profile for `sandbox-exec` of macOS.
    Seatbelt,
    /// User, mount, process, IPC and network namespaces, and seccomp.
    Namespaces,
}

/// A thing that can be asked to be enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Property {
    /// Only the readable paths can be read.
    FsRead,
    /// Only the writable paths can be written.
    FsWrite,
    /// Mode, owner and times change only below the writable paths.
    FsMetadata,
    /// Only the network asked for can be reached.
    Network,
    /// UNIX sockets of the host cannot be reached.
    UnixSockets,
    /// The hypervisor's sockets cannot be reached.
    Vsock,
    /// The host's environment and memory cannot be read.
    HostEnviron,
    /// The host cannot be signalled.
    HostSignals,
    /// Ending a command ends every descendant.
    ProcessTreeKill,
    /// The death of the host ends every descendant.
    HostCrashCleanup,
    /// The number of processes is bound.
    PidsLimit,
    /// The amount of memory is bound.
    MemoryLimit,
    /// Exec gains no privileges.
    NoNewPrivs,
    /// Dangerous system calls are refused.
    Seccomp,
    /// Protected files below the writable paths (git hooks and configuration, shell startup files) stay as they are.
    ProtectedFiles,
    /// The sandbox's own file operations reach only what commands do.
    FileOperations,
}

/// How far a property holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Status {
    /// It holds.
    Enforced {
        /// The mechanism.
        by: String,
    },
    /// It holds with exceptions.
    Partial {
        /// Which exceptions.
        why: String,
    },
    /// It was asked for and does not hold.
    Unavailable {
        /// What was tried.
        stage: String,
        /// The system's reason, 0 if there was none.
        errno: i32,
    },
    /// Nobody asked.
    #[default]
    NotRequested,
}

impl Status {
    /// Enforced, by `mechanism`.
    pub fn by(mechanism: &str) -> Status {
        Status::Enforced { by: mechanism.to_owned() }
    }

    /// Partial, with what does not hold.
    pub fn partial(why: &str) -> Status {
        Status::Partial { why: why.to_owned() }
    }

    /// Unavailable, with what was tried.
    pub fn unavailable(stage: &str, errno: i32) -> Status {
        Status::Unavailable { stage: stage.to_owned(), errno }
    }

    /// Whether it holds, or nobody asked.
    pub fn is_satisfied(&self) -> bool {
        matches!(self, Status::Enforced { .. } | Status::NotRequested)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Status::Enforced { by } => write!(f, "enforced ({by})"),
            Status::Partial { why } => write!(f, "partial ({why})"),
            Status::Unavailable { stage, errno: 0 } => write!(f, "unavailable ({stage})"),
            Status::Unavailable { stage, errno } => {
                write!(f, "unavailable ({stage}: {})", std::io::Error::from_raw_os_error(*errno))
            }
            Status::NotRequested => f.write_str("not requested"),
        }
    }
}

/// What the warden has set up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The strongest mechanism in use.
    pub tier: Tier,
    /// Every property asked about.
    pub properties: BTreeMap<Property, Status>,
    /// Landlock's ABI version, where it is in use or could be.
    pub landlock_abi: Option<i32>,
    /// Which of Landlock's known mistakes the kernel has mended, one bit each, where it tells.
    pub landlock_errata: Option<i32>,
    /// Whether commands are in a user namespace of their own. A means, which no option asks for.
    pub userns: Status,
    /// How users are mapped, in a user namespace: `inside:outside`.
    pub uid_mapping: Option<String>,
    /// Why stronger tiers were not used.
    pub fallbacks: Vec<String>,
}

impl Outcome {
    /// Notes how far a property holds.
    pub fn set(&mut self, property: Property, status: Status) {
        self.properties.insert(property, status);
    }

    /// The first property that was asked for and does not hold.
    pub fn shortfall(&self) -> Option<(Property, &Status)> {
        self.shortfall_but(false)
    }

    /// The same, where the number of processes was not asked for: its bound is a default, kept as well as can be.
    pub(crate) fn shortfall_but(&self, default_processes: bool) -> Option<(Property, &Status)> {
        let mut wanting = self.properties.iter().filter(|(_, status)| !status.is_satisfied());
        wanting
            .find(|(property, _)| !(default_processes && **property == Property::PidsLimit))
            .map(|(property, status)| (*property, status))
    }

    /// Names of all properties that hold, as `--json` shows them.
    pub fn enforced(&self) -> Vec<String> {
        let held = self.properties.iter().filter(|(_, status)| matches!(status, Status::Enforced { .. }));
        held.map(|(property, _)| property.to_string()).collect()
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Property::FsRead => "fs_read",
            Property::FsWrite => "fs_write",
            Property::FsMetadata => "fs_metadata",
            Property::Network => "network",
            Property::UnixSockets => "unix_sockets",
            Property::Vsock => "vsock",
            Property::HostEnviron => "host_environ",
            Property::HostSignals => "host_signals",
            Property::ProcessTreeKill => "process_tree_kill",
            Property::HostCrashCleanup => "host_crash_cleanup",
            Property::PidsLimit => "pids_limit",
            Property::MemoryLimit => "memory_limit",
            Property::NoNewPrivs => "no_new_privs",
            Property::Seccomp => "seccomp",
            Property::ProtectedFiles => "protected_files",
            Property::FileOperations => "file_operations",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tier = match self.tier {
            Tier::None => "none",
            Tier::Capabilities => "capabilities",
            Tier::Landlock => "landlock",
            Tier::Seatbelt => "seatbelt",
            Tier::Namespaces => "namespaces",
        };
        writeln!(f, "{:<20}{tier}", "tier")?;
        for (property, status) in &self.properties {
            writeln!(f, "{property:<20}{status}")?;
        }
        if let Some(abi) = self.landlock_abi {
            writeln!(f, "{:<20}{abi}", "landlock_abi")?;
        }
        if let Some(errata) = self.landlock_errata {
            writeln!(f, "{:<20}{errata:#x}", "errata")?;
        }
        writeln!(f, "{:<20}{}", "userns", self.userns)?;
        if let Some(mapping) = &self.uid_mapping {
            writeln!(f, "{:<20}{mapping}", "uid_mapping")?;
        }
        self.fallbacks.iter().try_for_each(|fallback| writeln!(f, "{:<20}{fallback}", "not used"))
    }
}
