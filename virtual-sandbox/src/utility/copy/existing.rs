//! What is done about a destination that exists already.

use super::engine::{Copier, Failed, Item};
use super::identity::{Sameness, compare};
use super::{Dereference, Making, Overwrite};
use crate::text::file_name::{base_name, is_dot_or_dot_dot};
use crate::text::mode::permission_string;
use crate::text::quoting::quote_always;
use crate::utility::BackupType;
use crate::vfs::Stat;
use bytes::Bytes;

/// How to go on.
pub(super) enum Way {
    /// The source is left alone.
    Skip,
    /// The destination is written over.
    Over,
    /// Nothing stands there any more; the name of a backup.
    Clear(Option<Bytes>),
}

impl Copier {
    /// Compares, asks, refuses, backs up or removes, in that order.
    pub(super) async fn clear_existing(&mut self, item: &Item, stat: &Stat, existing: &Stat) -> Result<Way, Failed> {
        let (source, path) = (&item.source, &item.path);
        let sameness = compare(&self.sys, &self.options, (source, stat), (path, existing)).await;
        if sameness == Sameness::Same {
            let (from, to) = (quote_always(source), quote_always(path));
            return self.fail([from.as_slice(), b" and ", &to, b" are the same file"].concat()).await;
        }
        if self.options.update && !stat.is_directory() && existing.mtime >= stat.mtime {
            return Ok(Way::Skip);
        }
        if (self.options.moving || !stat.is_directory()) && !self.may_overwrite(path, existing).await {
            return Ok(Way::Skip);
        }
        if sameness == Sameness::AlreadyDone {
            return Ok(Way::Skip);
        }
        self.refuse_kind(item, stat, existing).await?;
        if self.options.backup.is_on()
            && !is_dot_or_dot_dot(base_name(source))
            && (self.options.moving || !existing.is_directory())
        {
            return self.back_up(item).await;
        }
        if self.must_remove_first(stat, existing) {
            if let Err(errno) = self.sys.unlink(path.clone()).await {
                return self.fail_with([b"cannot remove ", quote_always(path).as_slice()].concat(), errno).await;
            }
            if self.options.verbose {
                self.out.put(&[b"removed ", quote_always(path).as_slice(), b"\n"].concat());
            }
            return Ok(Way::Clear(None));
        }
        Ok(Way::Over)
    }

    fn must_remove_first(&self, stat: &Stat, existing: &Stat) -> bool {
        let options = &self.options;
        if existing.is_directory() || options.moving {
            return false;
        }
        let copies = options.making == Making::Copy && !options.attributes_only;
        options.remove_first
            || (copies && options.preserve_links && existing.nlink > 1)
            || (copies && options.dereference == Dereference::Never && !stat.is_regular())
    }

    async fn may_overwrite(&mut self, path: &Bytes, existing: &Stat) -> bool {
        let asks = match self.options.overwrite {
            Overwrite::Never => return false,
            Overwrite::Always => return true,
            Overwrite::Ask => true,
            Overwrite::Default => {
                self.options.moving && self.stdin_is_terminal && self.is_protected(path, existing).await
            }
        };
        if !asks {
            return true;
        }
        let shown = quote_always(path);
        let question = if self.is_protected(path, existing).await {
            let modes = (existing.mode, permission_string(existing.mode));
            if self.options.moving || self.options.remove_first || self.options.force {
                let text = format!(", overriding mode {:04o} ({})? ", modes.0, modes.1);
                [b"replace ", shown.as_slice(), text.as_bytes()].concat()
            } else {
                let text = format!(" (mode {:04o}, {}); try anyway? ", modes.0, modes.1);
                [b"unwritable ", shown.as_slice(), text.as_bytes()].concat()
            }
        } else {
            [b"overwrite ", shown.as_slice(), b"? "].concat()
        };
        self.flush().await;
        self.confirm.ask(&question).await
    }

    async fn is_protected(&self, path: &Bytes, existing: &Stat) -> bool {
        !existing.is_symlink() && self.sys.access(path.clone(), 2).await.is_err()
    }

    /// Refuses to put a directory where a file is and the other way round, and to overwrite what was just made.
    async fn refuse_kind(&mut self, item: &Item, stat: &Stat, existing: &Stat) -> Result<(), Failed> {
        let (from, to) = (quote_always(&item.source), quote_always(&item.path));
        let moves_with_backup = self.options.moving && self.options.backup.is_on();
        if !existing.is_directory() {
            if stat.is_directory() && !moves_with_backup {
                let message = [b"cannot overwrite non-directory ", to.as_slice(), b" with directory ", &from].concat();
                return self.fail(message).await;
            }
            if item.is_operand && self.was_created(existing) {
                let message = [b"will not overwrite just-created ", to.as_slice(), b" with ", &from].concat();
                return self.fail(message).await;
            }
        } else if !stat.is_directory() && !moves_with_backup {
            return self.fail([b"cannot overwrite directory ", to.as_slice(), b" with non-directory"].concat()).await;
        }
        Ok(())
    }

    async fn back_up(&mut self, item: &Item) -> Result<Way, Failed> {
        let (source, path) = (&item.source, &item.path);
        let suffix = self.options.backup.suffix();
        let would_be = [path.as_ref(), suffix].concat();
        if self.options.backup.kind != BackupType::Numbered && would_be == source.as_ref() {
            let verb: &[u8] = if self.options.moving { b" not moved" } else { b" not copied" };
            let (to, from) = (quote_always(path), quote_always(source));
            let message = [b"backing up ", to.as_slice(), b" might destroy source;  ", &from, verb].concat();
            return self.fail(message).await;
        }
        match self.options.backup.make(&self.sys, path).await {
            Ok(name) => Ok(Way::Clear(Some(name))),
            Err(errno) => self.fail_with([b"cannot backup ", quote_always(path).as_slice()].concat(), errno).await,
        }
    }
}
