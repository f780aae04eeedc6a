//! One file that the walk has come to.

use super::Links;
use crate::errno::Errno;
use crate::sys::Sys;
use crate::text::file_name::strip_trailing_slashes;
use crate::vfs::{FileKind, Stat};
use bytes::Bytes;

/// A file, with what has been found out about it.
pub(super) struct Visit {
    pub(super) path: Bytes,
    /// How many bytes of the path are its starting point.
    pub(super) start: usize,
    pub(super) depth: usize,
    pub(super) kind: FileKind,
    /// The attributes tests see; read when they are first needed.
    stat: Option<Stat>,
    follow: bool,
}

impl Visit {
    /// A file that a directory names, whose attributes may be not needed.
    pub(super) fn named(path: Bytes, start: usize, depth: usize, kind: FileKind) -> Visit {
        Visit { path, start, depth, kind, stat: None, follow: false }
    }

    /// A file whose attributes are read at once, through a symbolic link where links are followed.
    pub(super) async fn read(sys: &Sys, links: Links, path: Bytes, start: usize, depth: usize) -> Result<Visit, Errno> {
        let follow = links == Links::Always || (links == Links::CommandLine && depth == 0);
        let stat = if follow {
            match sys.stat(path.clone()).await {
                // A link that leads nowhere is looked at itself.
                Err(Errno::ENOENT | Errno::ENOTDIR) => sys.lstat(path.clone()).await?,
                found => found?,
            }
        } else {
            sys.lstat(path.clone()).await?
        };
        Ok(Visit { path, start, depth, kind: stat.kind, stat: Some(stat), follow })
    }

    /// The attributes that tests see.
    pub(super) async fn stat(&mut self, sys: &Sys) -> Result<Stat, Errno> {
        if let Some(stat) = self.stat {
            return Ok(stat);
        }
        let stat = sys.lstat(self.path.clone()).await?;
        self.stat = Some(stat);
        Ok(stat)
    }

    /// Whether tests see what a symbolic link leads to.
    pub(super) fn is_followed(&self) -> bool {
        self.follow
    }

    /// What `-name` is matched against: the last component without slashes.
    pub(super) fn name(&self) -> &[u8] {
        crate::text::file_name::base_name(&self.path)
    }

    /// `%f`: the last component with the slashes after it.
    pub(super) fn name_with_slashes(&self) -> &[u8] {
        let stripped = strip_trailing_slashes(&self.path);
        let start = match stripped.iter().rposition(|byte| *byte == b'/') {
            Some(slash) if stripped.len() > 1 => slash + 1,
            _ => 0,
        };
        self.path.get(start..).unwrap_or_default()
    }

    /// `%h`: what stands before the last component; `.` where there is no slash, `d` for `d/`.
    pub(super) fn directory(&self) -> &[u8] {
        let stripped = strip_trailing_slashes(&self.path);
        match stripped.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => stripped.get(..slash).unwrap_or_default(),
            None => match self.path.iter().rposition(|byte| *byte == b'/') {
                Some(slash) => self.path.get(..slash).unwrap_or_default(),
                None => b".",
            },
        }
    }

    /// `%P`: the path below the starting point.
    pub(super) fn path_below_start(&self) -> &[u8] {
        if self.depth == 0 {
            return b"";
        }
        let rest = self.path.get(self.start..).unwrap_or_default();
        rest.strip_prefix(b"/").unwrap_or(rest)
    }
}
