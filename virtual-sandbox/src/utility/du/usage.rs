//! The walk that adds up what files take.

use super::settings::{Counted, Links, Settings, Time};
use crate::text::file_name::join;
use crate::text::human_size::BlockSize;
use crate::text::quoting::quote_always;
use crate::text::time::{Moment, gnu_format};
use crate::utility::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What has been counted.
#[derive(Clone, Copy, Debug)]
struct Sum {
    size: u64,
    latest: Timestamp,
}

impl Sum {
    const NOTHING: Sum = Sum { size: 0, latest: Timestamp { secs: i64::MIN, nanos: 0 } };

    fn add(&mut self, other: Sum) {
        self.size = self.size.saturating_add(other.size);
        self.latest = self.latest.max(other.latest);
    }
}

/// A directory that is being counted.
struct Level {
    path: Bytes,
    entries: Arc<[DirEntry]>,
    next: usize,
    /// The directory and the files in it.
    own: Sum,
    /// What its subdirectories hold.
    below: Sum,
}

/// Counts operands one after another.
pub(super) struct Usage {
    sys: Sys,
    settings: Settings,
    out: OutBuf,
    /// Files counted already, which are not counted again.
    seen: BTreeSet<(u64, u64)>,
    /// Files with one name may be met again too.
    several: bool,
    total: Sum,
    success: bool,
}

impl Usage {
    pub(super) fn new(sys: &Sys, settings: Settings, several: bool) -> Usage {
        let several = several || settings.links != Links::Counted;
        Usage {
            sys: sys.clone(),
            settings,
            out: OutBuf::by_lines(sys),
            seen: BTreeSet::new(),
            several,
            total: Sum::NOTHING,
            success: true,
        }
    }

    pub(super) async fn finish(mut self, with_total: bool) -> bool {
        if with_total {
            let total = self.total;
            self.put(total, b"total");
        }
        self.out.finish().await && self.success
    }

    /// Counts an operand and everything below it, with a stack of its own.
    pub(super) async fn count(&mut self, operand: &Bytes) {
        let mut levels: Vec<Level> = Vec::new();
        let Some(device) = self.visit(operand.clone(), None, &mut levels).await else { return };
        while let Some(level) = levels.last_mut() {
            if let Some(entry) = level.entries.get(level.next) {
                level.next += 1;
                let path = Bytes::from(join(&level.path, &entry.name));
                self.visit(path, Some(device), &mut levels).await;
                continue;
            }
            let Some(done) = levels.pop() else { break };
            self.leave(done, &mut levels).await;
        }
    }

    /// Looks at one file; a directory is put on the stack. Answers its device.
    async fn visit(&mut self, path: Bytes, device: Option<u64>, levels: &mut Vec<Level>) -> Option<u64> {
        if self.settings.is_excluded(&path) {
            return None;
        }
        let is_operand = device.is_none();
        let follows = match self.settings.links {
            Links::Followed => true,
            Links::FollowedOnCommandLine => is_operand,
            Links::Counted => false,
        };
        let found = if follows { self.sys.stat(path.clone()).await } else { self.sys.lstat(path.clone()).await };
        let stat = match found {
            Ok(stat) => stat,
            Err(errno) => {
                if follows && self.sys.lstat(path.clone()).await.is_ok_and(|stat| stat.is_symlink()) {
                    // No reason is given for a link that leads nowhere.
                    self.success = false;
                    let _ = self.out.flush().await;
                    self.sys.error([b"cannot access ", quote_always(&path).as_slice()].concat()).await;
                } else {
                    self.fail(b"cannot access ", &path, errno).await;
                }
                return None;
            }
        };
        if self.settings.one_file_system && device.is_some_and(|device| device != stat.dev) {
            return None;
        }
        let may_repeat = self.several || (!stat.is_directory() && stat.nlink > 1);
        if may_repeat && !self.settings.count_links && !self.seen.insert((stat.dev, stat.ino)) {
            return None;
        }
        let own = self.measure(&stat);
        if stat.is_directory() {
            // A cycle through links ends here even where links are counted often.
            let entries = match self.sys.read_dir(path.clone()).await {
                Ok(entries) => entries,
                Err(errno) => {
                    self.fail(b"cannot read directory ", &path, errno).await;
                    Arc::from([])
                }
            };
            if levels.len() < MAX_DEPTH {
                levels.push(Level { path, entries, next: 0, own, below: Sum::NOTHING });
            }
            return Some(stat.dev);
        }
        if self.settings.all && levels.len() <= self.settings.max_depth || is_operand {
            self.put_above_threshold(own, &path);
        }
        match levels.last_mut() {
            Some(level) => level.own.add(own),
            None => self.total.add(own),
        }
        Some(stat.dev)
    }

    async fn leave(&mut self, done: Level, levels: &mut [Level]) {
        let mut whole = done.own;
        whole.add(done.below);
        if levels.len() <= self.settings.max_depth {
            let shown = if self.settings.separate { Sum { latest: whole.latest, ..done.own } } else { whole };
            self.put_above_threshold(shown, &done.path);
        }
        match levels.last_mut() {
            Some(level) => level.below.add(whole),
            None => self.total.add(whole),
        }
        self.sys.charge(1).await;
        // A failure to write shows at the end.
        let _ = self.out.flush_if_full().await;
    }

    fn measure(&self, stat: &Stat) -> Sum {
        let size = match self.settings.counted {
            Counted::Blocks => stat.blocks * 512,
            Counted::Bytes => stat.size,
            Counted::Inodes => 1,
        };
        let latest = match self.settings.time {
            None | Some(Time::Modification) => stat.mtime,
            Some(Time::Access) => stat.atime,
            Some(Time::Change) => stat.ctime,
        };
        Sum { size, latest }
    }

    fn put_above_threshold(&mut self, sum: Sum, path: &[u8]) {
        let threshold = self.settings.threshold;
        let is_shown =
            if threshold < 0 { sum.size <= threshold.unsigned_abs() } else { sum.size >= threshold.unsigned_abs() };
        if is_shown {
            self.put(sum, path);
        }
    }

    fn put(&mut self, sum: Sum, label: &[u8]) {
        let size = match (self.settings.counted, &self.settings.block_size) {
            (Counted::Inodes, BlockSize::Units(..)) => sum.size.to_string(),
            (_, block_size) => block_size.show(sum.size),
        };
        self.out.put(size.as_bytes());
        self.out.put(b"\t");
        if self.settings.time.is_some() {
            let moment = Moment::new(sum.latest.secs, sum.latest.nanos, self.settings.zone.clone());
            self.out.put(&gnu_format(&self.settings.time_format, &moment));
            self.out.put(b"\t");
        }
        self.out.put(label);
        self.out.put(&[self.settings.end_of_line]);
    }

    async fn fail(&mut self, what: &[u8], path: &[u8], errno: Errno) {
        self.success = false;
        // A failed write shows when the buffer is finished.
        let _ = self.out.flush().await;
        self.sys.complain([what, &quote_always(path)].concat(), errno).await;
    }
}

/// Directories below each other that are followed: path names are no longer than 4096 bytes.
const MAX_DEPTH: usize = 4096;
