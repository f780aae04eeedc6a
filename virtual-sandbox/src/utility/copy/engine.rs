//! The walk that copies or moves one operand.

use super::existing::Way;
use super::identity::same_name;
use super::{CopyOptions, Dereference, Making};
use crate::errno::Errno;
use crate::sys::{Fd, Sys};
use crate::text::file_name::{base_name, dir_name, join, strip_trailing_slashes};
use crate::text::quoting::{quote_always, quote_if_needed};
use crate::utility::{Backup, Confirm, OutBuf};
use crate::vfs::{DirEntry, FileKind, Follow, Stat};
use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Copies operands one after another and remembers what it made.
pub(in crate::utility) struct Copier {
    pub(super) sys: Sys,
    pub(super) options: CopyOptions,
    pub(super) out: OutBuf,
    pub(super) confirm: Confirm,
    pub(super) umask: u32,
    pub(super) is_root: bool,
    pub(super) stdin_is_terminal: bool,
    /// Where each file with several names was copied to, and the first directory made for each operand.
    copied: BTreeMap<(u64, u64), Bytes>,
    /// Files made for operands; they are not overwritten by a later operand.
    created: Vec<(u64, u64)>,
    /// Operands seen, to warn about those named twice.
    operands: BTreeMap<(u64, u64), Vec<Bytes>>,
    several: bool,
    made_directory: bool,
    /// The last operand moved was copied to another file system.
    across: bool,
    /// A directory was met that this very copy made: there is no point in going on.
    met_itself: bool,
    failed: bool,
}

/// Something failed, and that has been said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Failed;

/// One file to copy.
pub(super) struct Item {
    pub(super) source: Bytes,
    pub(super) path: Bytes,
    pub(super) is_operand: bool,
    /// Nothing stands at `path`: its directory was just made.
    pub(super) is_new: bool,
}

/// A directory under way.
struct Level {
    item: Item,
    stat: Stat,
    entries: Arc<[DirEntry]>,
    next: usize,
    created: bool,
}

/// What became of an item.
enum Next {
    Done,
    Enter(Box<Level>),
}

impl Copier {
    pub(in crate::utility) async fn new(sys: &Sys, options: CopyOptions, several: bool) -> Copier {
        Copier {
            umask: sys.umask(None).await,
            is_root: sys.identity().await.uid == 0,
            stdin_is_terminal: sys.is_terminal(Fd::STDIN).await,
            sys: sys.clone(),
            options,
            out: OutBuf::stdout(sys),
            confirm: Confirm::new(sys),
            copied: BTreeMap::new(),
            created: Vec::new(),
            operands: BTreeMap::new(),
            several,
            made_directory: false,
            across: false,
            met_itself: false,
            failed: false,
        }
    }

    /// Copies or moves one operand; whether all went well.
    pub(in crate::utility) async fn copy(&mut self, source: &Bytes, path: &Bytes) -> bool {
        self.made_directory = false;
        self.met_itself = false;
        let failed_before = std::mem::replace(&mut self.failed, false);
        let (top_source, top_path) = (source.clone(), path.clone());
        let item = Item { source: source.clone(), path: path.clone(), is_operand: true, is_new: false };
        let mut levels: Vec<Level> = Vec::new();
        let mut next = self.step(item, &levels, (&top_source, &top_path)).await;
        loop {
            match next {
                Ok(Next::Enter(level)) => levels.push(*level),
                Ok(Next::Done) | Err(Failed) => {}
            }
            if self.met_itself {
                while let Some(level) = levels.pop() {
                    self.leave(&level).await;
                }
            }
            let Some(level) = levels.last_mut() else { break };
            let Some(entry) = level.entries.get(level.next) else {
                let Some(done) = levels.pop() else { break };
                self.leave(&done).await;
                next = Ok(Next::Done);
                continue;
            };
            level.next += 1;
            let item = Item {
                source: Bytes::from(join(&level.item.source, &entry.name)),
                path: Bytes::from(join(&level.item.path, &entry.name)),
                is_operand: false,
                is_new: level.created,
            };
            next = self.step(item, &levels, (&top_source, &top_path)).await;
        }
        let success = !self.failed;
        self.failed |= failed_before;
        success
    }

    /// Copies one operand to what becomes its backup.
    pub(in crate::utility) async fn copy_without_backup(&mut self, source: &Bytes, path: &Bytes) -> bool {
        let backup = std::mem::replace(&mut self.options.backup, Backup::none());
        let success = self.copy(source, path).await;
        self.options.backup = backup;
        success
    }

    /// Whether the last operand had to be copied to another file system, so that its source is still there.
    pub(in crate::utility) fn take_copied_across(&mut self) -> bool {
        std::mem::take(&mut self.across)
    }

    /// Writes what is left of the output; whether all went well.
    pub(in crate::utility) async fn finish(self) -> bool {
        self.out.finish().await && !self.failed
    }

    pub(super) async fn flush(&mut self) {
        // A failure to write shows at the end.
        let _ = self.out.flush().await;
    }

    pub(super) async fn fail<T>(&mut self, message: Vec<u8>) -> Result<T, Failed> {
        self.failed = true;
        self.sys.error(message).await;
        Err(Failed)
    }

    pub(super) async fn fail_with<T>(&mut self, message: Vec<u8>, errno: Errno) -> Result<T, Failed> {
        self.failed = true;
        self.sys.complain(message, errno).await;
        Err(Failed)
    }

    pub(super) fn was_created(&self, stat: &Stat) -> bool {
        self.several && self.created.contains(&key(stat))
    }

    async fn step(&mut self, item: Item, levels: &[Level], top: (&Bytes, &Bytes)) -> Result<Next, Failed> {
        let follows = match self.options.dereference {
            Dereference::Always => true,
            Dereference::CommandLine => item.is_operand,
            Dereference::Never => false,
        };
        let found =
            if follows { self.sys.stat(item.source.clone()).await } else { self.sys.lstat(item.source.clone()).await };
        let stat = match found {
            Ok(stat) => stat,
            Err(errno) => {
                return self.fail_with([b"cannot stat ", quote_always(&item.source).as_slice()].concat(), errno).await;
            }
        };
        if stat.is_directory() && !self.options.recursive {
            let message = [b"-r not specified; omitting directory ", quote_always(&item.source).as_slice()].concat();
            return self.fail(message).await;
        }
        if item.is_operand && self.is_named_twice(&item.source, &stat).await {
            return Ok(Next::Done);
        }
        let mut backup = None;
        let mut is_new = item.is_new;
        if !is_new {
            let uses_lstat = self.options.moving
                || self.options.making != Making::Copy
                || self.options.backup.is_on()
                || self.options.remove_first
                || (!stat.is_regular() && (!self.copies_as_regular() || stat.is_directory() || stat.is_symlink()));
            let existing = if uses_lstat {
                self.sys.lstat(item.path.clone()).await
            } else {
                self.sys.stat(item.path.clone()).await
            };
            match existing {
                Ok(existing) => match self.clear_existing(&item, &stat, &existing).await? {
                    Way::Skip => return Ok(Next::Done),
                    Way::Over => {}
                    Way::Clear(name) => (is_new, backup) = (true, name),
                },
                Err(Errno::ENOENT) => is_new = true,
                Err(Errno::ENOTDIR) if self.options.moving || item.path.ends_with(b"/") => is_new = true,
                // The link is removed when it turns out that it cannot be opened.
                Err(Errno::ELOOP) if self.options.force => {}
                Err(errno) => {
                    return self
                        .fail_with([b"cannot stat ", quote_always(&item.path).as_slice()].concat(), errno)
                        .await;
                }
            }
        }
        let path = item.path.clone();
        let made = self.make(item, stat, is_new, &backup, levels, top).await;
        if let (Err(Failed), Some(backup)) = (&made, backup) {
            // The old file gets its name back; what went wrong has been said.
            let _ = self.sys.rename(backup, path).await;
        }
        made
    }

    async fn make(
        &mut self,
        item: Item,
        stat: Stat,
        is_new: bool,
        backup: &Option<Bytes>,
        levels: &[Level],
        top: (&Bytes, &Bytes),
    ) -> Result<Next, Failed> {
        if self.options.verbose && !self.options.moving && !stat.is_directory() {
            self.say(b"", &item, backup.as_deref());
        }
        if let Some(earlier) = self.earlier_copy(&item, &stat) {
            if stat.is_directory() {
                return self.refuse_directory_again(&item, &earlier, top).await;
            }
            if self.options.moving && self.sys.rename(item.source.clone(), item.path.clone()).await.is_ok() {
                return Ok(Next::Done);
            }
            return self.link_again(&item, &earlier, is_new).await;
        }
        if self.options.moving && item.is_operand {
            if self.rename(&item, &stat, is_new, backup.as_deref()).await? {
                return Ok(Next::Done);
            }
            self.across = true;
            return self.make_anew(item, stat, true, levels).await;
        }
        self.make_anew(item, stat, is_new, levels).await
    }

    async fn make_anew(&mut self, item: Item, stat: Stat, is_new: bool, levels: &[Level]) -> Result<Next, Failed> {
        if stat.is_directory() {
            return self.enter(item, stat, is_new, levels).await;
        }
        let mut is_new = is_new;
        match self.options.making {
            Making::SymbolicLink => self.make_symbolic_link(&item).await?,
            Making::HardLink => self.make_hard_link(&item, is_new).await?,
            Making::Copy if stat.is_regular() || (self.copies_as_regular() && !stat.is_symlink()) => {
                self.copy_content(&item.source, &stat, &item.path, &mut is_new).await?;
            }
            Making::Copy => self.make_special(&item, &stat).await?,
        }
        if item.is_operand
            && self.several
            && let Ok(made) = self.sys.lstat(item.path.clone()).await
        {
            self.created.push(key(&made));
        }
        if self.options.making == Making::Copy {
            self.copy_attributes(&stat, &item.path, is_new).await?;
        }
        Ok(Next::Done)
    }

    fn copies_as_regular(&self) -> bool {
        !self.options.recursive || self.options.copy_contents
    }

    /// Warns about an operand that was named before.
    async fn is_named_twice(&mut self, source: &Bytes, stat: &Stat) -> bool {
        if !self.several || stat.is_directory() || self.options.backup.is_on() {
            return false;
        }
        let names = self.operands.get(&key(stat)).cloned().unwrap_or_default();
        for name in &names {
            if same_name(&self.sys, name, source).await {
                let shown = quote_always(source);
                self.sys
                    .error([b"warning: source file ", shown.as_slice(), b" specified more than once"].concat())
                    .await;
                return true;
            }
        }
        self.operands.entry(key(stat)).or_default().push(source.clone());
        false
    }

    fn earlier_copy(&mut self, item: &Item, stat: &Stat) -> Option<Bytes> {
        let tracks = if stat.is_directory() {
            self.options.recursive
        } else {
            let shared = stat.nlink > 1 || self.options.dereference != Dereference::Never;
            self.options.preserve_links && self.options.making == Making::Copy && shared
        };
        if !tracks {
            return None;
        }
        let found = self.copied.get(&key(stat)).cloned();
        if found.is_none() && (item.is_operand || !stat.is_directory()) {
            self.copied.insert(key(stat), item.path.clone());
        }
        found
    }

    async fn refuse_directory_again(
        &mut self,
        item: &Item,
        earlier: &Bytes,
        top: (&Bytes, &Bytes),
    ) -> Result<Next, Failed> {
        if same_name(&self.sys, &item.source, earlier).await {
            self.met_itself = true;
            let (from, to) = (quote_always(top.0), quote_always(top.1));
            let verb: &[u8] = if self.options.moving { b"cannot move " } else { b"cannot copy a directory, " };
            let into: &[u8] = if self.options.moving { b" to a subdirectory of itself, " } else { b", into itself, " };
            return self.fail([verb, &from, into, &to].concat()).await;
        }
        if same_name(&self.sys, &item.path, earlier).await {
            let shown = quote_always(&item.source);
            self.sys
                .error([b"warning: source directory ", shown.as_slice(), b" specified more than once"].concat())
                .await;
            return Ok(Next::Done);
        }
        if item.is_operand || self.options.dereference == Dereference::Always {
            // Only hard links to one directory, or links that are followed, come here: the copy is made again.
            let stat = self.sys.stat(item.source.clone()).await.map_err(|_| Failed)?;
            let again =
                Item { source: item.source.clone(), path: item.path.clone(), is_operand: false, is_new: item.is_new };
            let is_new = self.sys.lstat(item.path.clone()).await.is_err();
            return self.enter(again, stat, is_new, &[]).await;
        }
        let (to, from) = (quote_always(&item.path), quote_always(earlier));
        self.fail([b"will not create hard link ", to.as_slice(), b" to directory ", &from].concat()).await
    }

    async fn link_again(&mut self, item: &Item, earlier: &Bytes, is_new: bool) -> Result<Next, Failed> {
        if !is_new {
            // What stands there is replaced by the link.
            let _ = self.sys.unlink(item.path.clone()).await;
        }
        match self.sys.link(earlier.clone(), item.path.clone(), Follow::No).await {
            Ok(()) => Ok(Next::Done),
            Err(errno) => {
                let (to, from) = (quote_always(&item.path), quote_always(earlier));
                self.fail_with([b"cannot create hard link ", to.as_slice(), b" to ", &from].concat(), errno).await
            }
        }
    }

    /// rename(2), where moving is that simple; false when the file must be copied to another file system.
    async fn rename(&mut self, item: &Item, stat: &Stat, is_new: bool, backup: Option<&[u8]>) -> Result<bool, Failed> {
        let (from, to) = (quote_always(&item.source), quote_always(&item.path));
        let errno = match self.sys.rename(item.source.clone(), item.path.clone()).await {
            Ok(()) => {
                if self.options.verbose {
                    self.say(b"renamed ", item, backup);
                }
                if self.several {
                    self.created.push(key(stat));
                }
                return Ok(true);
            }
            Err(errno) => errno,
        };
        match errno {
            Errno::EXDEV => {}
            Errno::EINVAL => {
                return self
                    .fail([b"cannot move ", from.as_slice(), b" to a subdirectory of itself, ", &to].concat())
                    .await;
            }
            _ => return self.fail_with([b"cannot move ", from.as_slice(), b" to ", &to].concat(), errno).await,
        }
        if !is_new {
            let removed = if stat.is_directory() {
                self.sys.rmdir(item.path.clone()).await
            } else {
                self.sys.unlink(item.path.clone()).await
            };
            if let Err(errno) = removed {
                let rest = b"; unable to remove target".as_slice();
                let message = [b"inter-device move failed: ", from.as_slice(), b" to ", &to, rest].concat();
                return self.fail_with(message, errno).await;
            }
        }
        if self.options.verbose && !stat.is_directory() {
            self.say(b"copied ", item, backup);
        }
        Ok(false)
    }

    async fn enter(&mut self, item: Item, stat: Stat, is_new: bool, levels: &[Level]) -> Result<Next, Failed> {
        if levels.iter().any(|level| level.stat.is_same_file(&stat)) {
            let shown = quote_always(&item.source);
            return self.fail([b"cannot copy cyclic symbolic link ", shown.as_slice()].concat()).await;
        }
        if is_new {
            let path = Bytes::copy_from_slice(strip_trailing_slashes(&item.path));
            let mode = if self.options.preserve_ownership { stat.mode & 0o700 } else { stat.mode & 0o777 };
            if let Err(errno) = self.sys.mkdir(path.clone(), mode | 0o700).await {
                return self
                    .fail_with([b"cannot create directory ", quote_always(&item.path).as_slice()].concat(), errno)
                    .await;
            }
            if self.umask & 0o700 != 0 {
                // The owner must be able to fill it; the mode is set when that is done.
                let _ = self.sys.chmod(path.clone(), mode | 0o700).await;
            }
            if !self.made_directory {
                self.made_directory = true;
                if let Ok(made) = self.sys.lstat(path).await {
                    self.copied.insert(key(&made), item.path.clone());
                }
            }
            if self.options.verbose {
                if self.options.moving {
                    self.out.put(&[b"created directory ", quote_always(&item.path).as_slice(), b"\n"].concat());
                } else {
                    self.say(b"", &item, None);
                }
            }
        }
        let other_device = levels.first().is_some_and(|top| top.stat.dev != stat.dev);
        if self.options.one_file_system && other_device {
            return Ok(Next::Enter(Box::new(Level { item, stat, entries: Arc::from([]), next: 0, created: is_new })));
        }
        match self.sys.read_dir(item.source.clone()).await {
            Ok(entries) => {
                // What this copy made itself comes last, so that the rest is copied before that is refused.
                let mut sorted = entries.to_vec();
                sorted.sort_by_key(|entry| self.copied.contains_key(&(stat.dev, entry.ino)));
                let entries = Arc::from(sorted);
                Ok(Next::Enter(Box::new(Level { item, stat, entries, next: 0, created: is_new })))
            }
            Err(errno) => {
                self.fail_with([b"cannot access ", quote_always(&item.source).as_slice()].concat(), errno).await
            }
        }
    }

    /// A directory's attributes are set when it has been filled.
    async fn leave(&mut self, level: &Level) {
        let keeps = self.options.preserve_mode || self.options.preserve_timestamps || self.options.preserve_ownership;
        if level.created || keeps {
            // What failed has been said.
            let _ = self.copy_attributes(&level.stat, &level.item.path, level.created).await;
        }
    }

    async fn make_symbolic_link(&mut self, item: &Item) -> Result<(), Failed> {
        let in_current = !item.source.starts_with(b"/") && dir_name(&item.path) != b".";
        if in_current && !self.is_current_directory(dir_name(&item.path)).await {
            let problem = b": can make relative symbolic links only in current directory";
            return self.fail([quote_if_needed(&item.path).as_slice(), problem].concat()).await;
        }
        let mut made = self.sys.symlink(item.source.clone(), item.path.clone()).await;
        if made == Err(Errno::EEXIST) && self.options.force {
            // Whether it is gone shows in the second attempt.
            let _ = self.sys.unlink(item.path.clone()).await;
            made = self.sys.symlink(item.source.clone(), item.path.clone()).await;
        }
        match made {
            Ok(()) => Ok(()),
            Err(errno) => {
                let (to, from) = (quote_always(&item.path), quote_always(&item.source));
                self.fail_with([b"cannot create symbolic link ", to.as_slice(), b" to ", &from].concat(), errno).await
            }
        }
    }

    async fn is_current_directory(&self, path: &[u8]) -> bool {
        let both = (self.sys.stat(".").await, self.sys.stat(path.to_vec()).await);
        matches!(both, (Ok(here), Ok(there)) if here.is_same_file(&there))
    }

    async fn make_hard_link(&mut self, item: &Item, is_new: bool) -> Result<(), Failed> {
        let follow = if self.options.dereference == Dereference::Never { Follow::No } else { Follow::Yes };
        if !is_new && self.options.force {
            // Whether it is gone shows in the attempt that follows.
            let _ = self.sys.unlink(item.path.clone()).await;
        }
        match self.sys.link(item.source.clone(), item.path.clone(), follow).await {
            Ok(()) => Ok(()),
            Err(errno) => {
                let (to, from) = (quote_always(&item.path), quote_always(&item.source));
                self.fail_with([b"cannot create hard link ", to.as_slice(), b" to ", &from].concat(), errno).await
            }
        }
    }

    /// A symbolic link, a FIFO, or what cannot be made.
    async fn make_special(&mut self, item: &Item, stat: &Stat) -> Result<(), Failed> {
        let shown = quote_always(&item.path);
        match stat.kind {
            FileKind::Symlink => {
                let target = match self.sys.read_link(item.source.clone()).await {
                    Ok(target) => target,
                    Err(errno) => {
                        let message = [b"cannot read symbolic link ", quote_always(&item.source).as_slice()].concat();
                        return self.fail_with(message, errno).await;
                    }
                };
                match self.sys.symlink(target, item.path.clone()).await {
                    Ok(()) => Ok(()),
                    Err(errno) => {
                        self.fail_with([b"cannot create symbolic link ", shown.as_slice()].concat(), errno).await
                    }
                }
            }
            FileKind::Fifo => match self.sys.mkfifo(item.path.clone(), stat.mode & 0o777).await {
                Ok(()) => Ok(()),
                Err(errno) => self.fail_with([b"cannot create fifo ", shown.as_slice()].concat(), errno).await,
            },
            // The machine has no mknod(2); Linux refuses it to ordinary users too.
            _ => self.fail_with([b"cannot create special file ", shown.as_slice()].concat(), Errno::EPERM).await,
        }
    }

    fn say(&mut self, what: &[u8], item: &Item, backup: Option<&[u8]>) {
        let (from, to) = (quote_always(&item.source), quote_always(&item.path));
        self.out.put(&[what, &from, b" -> ", &to].concat());
        if let Some(backup) = backup {
            self.out.put(&[b" (backup: ", quote_always(backup).as_slice(), b")"].concat());
        }
        self.out.put(b"\n");
    }

    /// The path below `directory` that `source` is copied to.
    pub(in crate::utility) fn path_in(directory: &[u8], source: &[u8]) -> Bytes {
        match base_name(source) {
            // The content of the directory goes into the target itself.
            b".." => Bytes::copy_from_slice(directory),
            name => Bytes::from(join(directory, name)),
        }
    }
}

fn key(stat: &Stat) -> (u64, u64) {
    (stat.dev, stat.ino)
}
