//! `stat --file-system`: what the machine can say about its file systems.

use super::format::{Directive, Value};
use crate::errno::Errno;
use crate::sys::Sys;
use crate::utility::canonical::{Missing, canonicalize};
use bytes::Bytes;

/// The machine's memory in blocks of this size is the size of its file systems.
const BLOCK: u64 = 4096;

/// Attributes of a file system (statfs(2)).
pub(super) struct Status {
    name: &'static str,
    magic: u64,
    id: u64,
    blocks: u64,
    free: u64,
}

impl Status {
    pub(super) async fn of(sys: &Sys, path: &Bytes) -> Result<Status, Errno> {
        let stat = sys.stat(path.clone()).await?;
        let canonical = canonicalize(sys, path, Missing::Last, true).await.unwrap_or_default();
        let is_proc = canonical.as_ref() == b"/proc" || canonical.starts_with(b"/proc/");
        // linux/magic.h: TMPFS_MAGIC, PROC_SUPER_MAGIC.
        let (name, magic) = if is_proc { ("proc", 0x9fa0) } else { ("tmpfs", 0x0102_1994) };
        let memory = if is_proc { (0, 0) } else { memory(sys).await };
        Ok(Status { name, magic, id: stat.dev, blocks: memory.0 / BLOCK, free: memory.1 / BLOCK })
    }

    pub(super) fn value(&self, directive: &Directive, name: &[u8]) -> Value {
        match directive.letter {
            b'a' | b'f' => Value::Unsigned(self.free),
            b'b' => Value::Unsigned(self.blocks),
            // Files are limited by memory alone.
            b'c' => Value::Unsigned(self.blocks),
            b'd' => Value::Unsigned(self.free),
            b'i' => Value::Hexadecimal(self.id),
            b'l' => Value::Unsigned(255),
            b'n' => Value::Text(name.to_vec()),
            b's' | b'S' => Value::Unsigned(BLOCK),
            b't' => Value::Hexadecimal(self.magic),
            b'T' => Value::Text(self.name.as_bytes().to_vec()),
            _ => Value::Unknown,
        }
    }
}

/// Total and free memory in bytes, as `/proc/meminfo` tells.
async fn memory(sys: &Sys) -> (u64, u64) {
    let Ok(fd) = sys.open_read("/proc/meminfo").await else { return (0, 0) };
    let text = sys.read_to_end(fd).await.unwrap_or_default();
    // The descriptor is ours; closing it cannot fail in a way that matters.
    let _ = sys.close(fd).await;
    let text = String::from_utf8_lossy(&text);
    let kibibytes = |label: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(label))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    };
    (kibibytes("MemTotal:").unwrap_or(0) * 1024, kibibytes("MemFree:").unwrap_or(0) * 1024)
}
