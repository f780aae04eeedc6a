//! What a machine may use, and what it has used.

/// Limits of a machine. Real work never meets the defaults; a hostile script does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Steps one execution may take: about one per command, and one per 64 bytes a utility looks at.
    pub fuel: u64,
    /// Bytes of files, variables, pipes and buffers. Files are given seven eighths of it at most.
    pub memory: u64,
    /// Files, directories and links in memory.
    pub files: u64,
    /// Processes at a time.
    pub processes: u32,
    /// Descriptors per process.
    pub descriptors: u32,
    /// Nested function calls, sourced files and evals per shell.
    pub call_depth: u32,
    /// Bytes of output one execution may write.
    pub output: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            fuel: 20_000_000_000,
            memory: 2 << 30,
            files: 1_000_000,
            processes: 4096,
            descriptors: 1024,
            call_depth: 10_000,
            output: 64 << 30,
        }
    }
}

impl Limits {
    /// Bytes that files may take: the rest is for processes, so that a full file system can be cleared.
    pub fn file_bytes(&self) -> u64 {
        self.memory - self.memory / 8
    }

    /// The names `--limit` and configuration know, with what they count.
    pub const NAMES: [(&'static str, &'static str); 7] = [
        ("fuel", "steps"),
        ("memory", "bytes"),
        ("files", "files"),
        ("processes", "processes"),
        ("descriptors", "descriptors per process"),
        ("call_depth", "nested calls"),
        ("output", "bytes of output"),
    ];

    /// Sets a limit by name; false when there is no such limit or the value does not fit.
    pub fn set(&mut self, name: &str, value: u64) -> bool {
        let small = u32::try_from(value).ok();
        match (name, small) {
            ("fuel", _) => self.fuel = value,
            ("memory", _) => self.memory = value,
            ("files", _) => self.files = value,
            ("output", _) => self.output = value,
            ("processes", Some(value)) => self.processes = value,
            ("descriptors", Some(value)) => self.descriptors = value,
            ("call_depth", Some(value)) => self.call_depth = value,
            _ => return false,
        }
        true
    }
}

/// A limit that was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("limit exceeded: {name} = {value}")]
pub struct LimitExceeded {
    /// The limit's name.
    pub name: &'static str,
    /// Its value.
    pub value: u64,
}

/// What a machine has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Steps taken.
    pub fuel: u64,
    /// Bytes held by shells' variables and buffers, as charged.
    pub memory: u64,
    /// The most bytes held at a time.
    pub peak_memory: u64,
    /// Processes started.
    pub processes: u64,
    /// The first limit that was met.
    pub exceeded: Option<LimitExceeded>,
}
