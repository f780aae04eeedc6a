//! Resource limits of a sandbox and of each of its processes.

use serde::{Deserialize, Serialize};

/// Limits; `None` is no limit of ours. The default is no core files and 1024 processes.
///
/// Each process is bound by `setrlimit(2)`; `processes` and `memory` bind the sandbox as a whole through a cgroup where one
/// can be made, else as the report says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Limits {
    /// Size of a core file, bytes (`RLIMIT_CORE`).
    pub core: Option<u64>,
    /// Open descriptors of a process (`RLIMIT_NOFILE`), never above the host's hard limit. Without a value a process
    /// starts with 4096 and may raise it to the host's.
    pub open_files: Option<u64>,
    /// Size of a file a process writes, bytes (`RLIMIT_FSIZE`); past it SIGXFSZ.
    pub file_size: Option<u64>,
    /// Processor time of a process, seconds (`RLIMIT_CPU`); past it SIGXCPU, then SIGKILL.
    pub cpu_time: Option<u64>,
    /// Address space of a process, bytes (`RLIMIT_AS`).
    pub address_space: Option<u64>,
    /// Processes and threads of the sandbox.
    pub processes: Option<u64>,
    /// Memory of the sandbox, bytes.
    pub memory: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            core: Some(0),
            open_files: None,
            file_size: None,
            cpu_time: None,
            address_space: None,
            processes: Some(1024),
            memory: None,
        }
    }
}

impl Limits {
    /// The names [`Limits::set`] knows.
    pub const NAMES: [&'static str; 7] = ["core", "nofile", "fsize", "cpu", "as", "pids", "memory"];

    /// Sets a limit by its name: `core nofile fsize cpu as pids memory`. `None` lifts it; `false` means no such name.
    pub fn set(&mut self, name: &str, value: Option<u64>) -> bool {
        let slot = match name {
            "core" => &mut self.core,
            "nofile" => &mut self.open_files,
            "fsize" => &mut self.file_size,
            "cpu" => &mut self.cpu_time,
            "as" => &mut self.address_space,
            "pids" => &mut self.processes,
            "memory" => &mut self.memory,
            _ => return false,
        };
        *slot = value;
        true
    }

    /// All values in the order of [`Limits::NAMES`].
    #[cfg(target_os = "linux")]
    pub(crate) fn values(&self) -> [Option<u64>; 7] {
        [self.core, self.open_files, self.file_size, self.cpu_time, self.address_space, self.processes, self.memory]
    }

    /// All values, to be set, in the order of [`Limits::NAMES`].
    #[cfg(target_os = "linux")]
    pub(crate) fn values_mut(&mut self) -> [&mut Option<u64>; 7] {
        [
            &mut self.core,
            &mut self.open_files,
            &mut self.file_size,
            &mut self.cpu_time,
            &mut self.address_space,
            &mut self.processes,
            &mut self.memory,
        ]
    }
}
