//! What `ls` knows about a file.

use super::settings::Format;
use super::settings::{Indicator, Links, Settings, Sort, Time};
use crate::errno::Errno;
use crate::sys::Sys;
use crate::text::file_name::{dir_name, join};
use crate::vfs::{FileKind, Stat, Timestamp};
use bytes::Bytes;

/// One file that is listed.
pub(super) struct Entry {
    /// As it is shown, before quoting.
    pub(super) name: Bytes,
    /// How it is reached.
    pub(super) path: Bytes,
    /// Its type where that is known.
    pub(super) kind: Option<FileKind>,
    /// Its attributes, where they were needed and could be had.
    pub(super) stat: Option<Stat>,
    /// The attributes were needed and could not be had.
    pub(super) failed: bool,
    /// What a symbolic link holds.
    pub(super) target: Option<Bytes>,
    /// What a symbolic link leads to.
    pub(super) referent: Option<Stat>,
}

impl Entry {
    /// An entry without attributes.
    pub(super) fn bare(name: Bytes, path: Bytes, kind: FileKind) -> Entry {
        Entry { name, path, kind: Some(kind), stat: None, failed: false, target: None, referent: None }
    }

    /// The entry of an operand or of a directory's entry whose attributes are needed.
    pub(super) async fn read(
        sys: &Sys,
        settings: &Settings,
        name: Bytes,
        path: Bytes,
        is_operand: bool,
    ) -> Result<Entry, Errno> {
        let stat = match settings.links {
            Links::Followed => sys.stat(path.clone()).await?,
            Links::FollowedOnCommandLine if is_operand => sys.stat(path.clone()).await?,
            Links::FollowedToDirectories if is_operand => match sys.stat(path.clone()).await {
                Ok(stat) if stat.is_directory() => stat,
                Err(Errno::ELOOP) => return Err(Errno::ELOOP),
                _ => sys.lstat(path.clone()).await?,
            },
            _ => sys.lstat(path.clone()).await?,
        };
        let mut entry =
            Entry { name, path, kind: Some(stat.kind), stat: Some(stat), failed: false, target: None, referent: None };
        let shows_target = settings.format == Format::Long;
        let looks_through = shows_target || settings.colors.as_ref().is_some_and(|colors| colors.need_referents());
        if stat.is_symlink() && looks_through {
            if shows_target {
                entry.target = sys.read_link(entry.path.clone()).await.ok();
            }
            entry.referent = entry.read_referent(sys).await;
        }
        if stat.is_symlink() && settings.directories_first && entry.referent.is_none() {
            entry.referent = sys.stat(entry.path.clone()).await.ok();
        }
        Ok(entry)
    }

    async fn read_referent(&self, sys: &Sys) -> Option<Stat> {
        let Some(target) = &self.target else { return sys.stat(self.path.clone()).await.ok() };
        let path = if target.starts_with(b"/") { target.to_vec() } else { join(dir_name(&self.path), target) };
        sys.stat(path).await.ok()
    }

    /// Whether it counts as a directory for `--group-directories-first`.
    pub(super) fn leads_to_directory(&self) -> bool {
        self.kind == Some(FileKind::Directory) || self.referent.is_some_and(|stat| stat.is_directory())
    }

    pub(super) fn is_directory(&self) -> bool {
        self.kind == Some(FileKind::Directory)
    }

    pub(super) fn size(&self) -> u64 {
        self.stat.map_or(0, |stat| stat.size)
    }

    pub(super) fn time(&self, which: Time) -> Timestamp {
        let Some(stat) = &self.stat else { return Timestamp::default() };
        match which {
            Time::Modification => stat.mtime,
            Time::Change => stat.ctime,
            Time::Access => stat.atime,
            Time::Birth => stat.btime,
        }
    }
}

impl Settings {
    /// Whether listing a directory needs more of each entry than its name and type.
    pub(super) fn needs_attributes(&self) -> bool {
        self.format == Format::Long
            || matches!(self.sort, Sort::Size | Sort::Time)
            || self.inode
            || self.blocks
            || self.indicator == Indicator::Classify
            || self.colors.is_some()
            || (self.links == Links::Followed && (self.recursive || self.indicator != Indicator::None))
            || self.directories_first
    }
}
