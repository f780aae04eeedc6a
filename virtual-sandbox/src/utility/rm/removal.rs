//! The removal of one operand: a walk that removes what it leaves.

use super::{Interactive, Options};
use crate::text::file_name::{base_name, is_dot_or_dot_dot, join};
use crate::text::quoting::quote_always;
use crate::utility::Confirm;
use crate::utility::file_type::describe;
use crate::utility::prelude::*;

/// Removes operands one after another.
pub(super) struct Removal {
    sys: Sys,
    options: Options,
    confirm: Confirm,
    out: OutBuf,
    root: Option<Stat>,
    stdin_is_terminal: bool,
    failed: bool,
}

/// A directory that is being emptied.
struct Level {
    path: Bytes,
    stat: Stat,
    entries: std::sync::Arc<[DirEntry]>,
    next: usize,
    /// Something below could not be removed, so that this directory is not tried.
    kept: bool,
}

/// What became of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Removed,
    /// The user said no; the directories above are still asked about.
    Declined,
    /// The directories above stay.
    Kept,
}

impl Removal {
    pub(super) async fn new(sys: &Sys, options: Options, confirm: Confirm) -> Removal {
        let root = if options.recursive && options.preserve_root { sys.lstat("/").await.ok() } else { None };
        let stdin_is_terminal = sys.is_terminal(Fd::STDIN).await;
        Removal { sys: sys.clone(), options, confirm, out: OutBuf::stdout(sys), root, stdin_is_terminal, failed: false }
    }

    pub(super) async fn finish(self) -> ExitStatus {
        let written = self.out.finish().await;
        ExitStatus::from(written && !self.failed)
    }

    pub(super) async fn remove(&mut self, operand: &Bytes) {
        if self.options.recursive && is_dot_or_dot_dot(base_name(operand)) && !base_name(operand).is_empty() {
            if self.sys.lstat(operand.clone()).await == Err(Errno::ENOENT) {
                return self.cannot(operand, Errno::ENOENT).await;
            }
            let shown = quote_always(operand);
            self.fail([b"refusing to remove '.' or '..' directory: skipping ", shown.as_slice()].concat()).await;
            return;
        }
        let stat = match self.sys.lstat(operand.clone()).await {
            Ok(stat) => stat,
            Err(_) => {
                // What unlink(2) says is more to the point: ENOTDIR for a dangling link with a slash.
                if let Err(errno) = self.sys.unlink(operand.clone()).await {
                    self.cannot(operand, errno).await;
                }
                return;
            }
        };
        // A trailing slash names the directory behind a link, but rm does not follow links.
        if stat.is_directory() && operand.ends_with(b"/") && self.is_link_with_slash(operand).await {
            self.cannot(operand, Errno::ENOTDIR).await;
            return;
        }
        if !stat.is_directory() {
            self.remove_file(operand, &stat).await;
            return;
        }
        if !self.options.recursive {
            self.remove_plain_directory(operand, &stat).await;
            return;
        }
        if self.root.is_some_and(|root| root.is_same_file(&stat)) {
            self.refuse_root(operand).await;
            return;
        }
        if self.options.preserve_mount_points && self.is_mount_point(operand, &stat).await {
            let shown = quote_always(operand);
            self.fail([b"skipping ", shown.as_slice(), b", since it's on a different device"].concat()).await;
            self.sys.error("and --preserve-root=all is in effect").await;
            return;
        }
        self.remove_tree(operand, stat).await;
    }

    async fn is_link_with_slash(&self, operand: &Bytes) -> bool {
        let stripped = crate::text::file_name::strip_trailing_slashes(operand);
        self.sys.lstat(operand.slice_ref(stripped)).await.is_ok_and(|stat| stat.is_symlink())
    }

    async fn is_mount_point(&self, path: &[u8], stat: &Stat) -> bool {
        self.sys.lstat(join(path, b"..")).await.is_ok_and(|parent| parent.dev != stat.dev)
    }

    async fn refuse_root(&mut self, operand: &[u8]) {
        let mut message = b"it is dangerous to operate recursively on ".to_vec();
        message.extend_from_slice(&quote_always(operand));
        if operand != b"/" {
            message.extend_from_slice(b" (same as '/')");
        }
        self.fail(message).await;
        self.sys.error("use --no-preserve-root to override this failsafe").await;
    }

    /// Walks the tree with a stack of its own, so that its depth costs no native stack.
    async fn remove_tree(&mut self, operand: &Bytes, stat: Stat) {
        let device = stat.dev;
        let mut levels = Vec::new();
        self.enter(operand.clone(), stat, &mut levels).await;
        while let Some(level) = levels.last_mut() {
            let Some(entry) = level.entries.get(level.next) else {
                let Some(done) = levels.pop() else { return };
                let outcome = self.leave(&done).await;
                keep(&mut levels, outcome);
                continue;
            };
            level.next += 1;
            let path = Bytes::from(join(&level.path, &entry.name));
            let stat = match self.sys.lstat(path.clone()).await {
                Ok(stat) => stat,
                Err(errno) => {
                    self.cannot(&path, errno).await;
                    keep(&mut levels, Outcome::Kept);
                    continue;
                }
            };
            if !stat.is_directory() {
                let outcome = self.remove_file(&path, &stat).await;
                keep(&mut levels, outcome);
            } else if self.options.one_file_system && stat.dev != device {
                let shown = quote_always(&path);
                self.fail([b"skipping ", shown.as_slice(), b", since it's on a different device"].concat()).await;
                keep(&mut levels, Outcome::Kept);
            } else {
                self.enter(path, stat, &mut levels).await;
            }
        }
    }

    /// Begins a directory: asks whether to descend, and lists it.
    async fn enter(&mut self, path: Bytes, stat: Stat, levels: &mut Vec<Level>) {
        let listed = self.sys.read_dir(path.clone()).await;
        let is_empty = listed.as_ref().is_ok_and(|entries| entries.is_empty());
        // An empty directory is asked about once only, when it is removed.
        if !is_empty && !self.may(&path, &stat, "descend into").await {
            keep(levels, Outcome::Kept);
            return;
        }
        match listed {
            Ok(entries) => levels.push(Level { path, stat, entries, next: 0, kept: false }),
            // A directory that cannot be read may be empty all the same; rmdir(2) tells.
            Err(errno) => {
                if self.sys.rmdir(path.clone()).await.is_ok() {
                    self.say_removed("removed directory ", &path).await;
                } else {
                    self.cannot(&path, errno).await;
                    keep(levels, Outcome::Kept);
                }
            }
        }
    }

    async fn leave(&mut self, level: &Level) -> Outcome {
        if level.kept {
            return Outcome::Kept;
        }
        if !self.may(&level.path, &level.stat, "remove").await {
            return Outcome::Declined;
        }
        self.remove_directory(&level.path).await
    }

    async fn remove_plain_directory(&mut self, path: &Bytes, stat: &Stat) {
        if !self.options.empty_directories {
            self.cannot(path, Errno::EISDIR).await;
            return;
        }
        let has_entries = self.sys.read_dir(path.clone()).await.is_ok_and(|entries| !entries.is_empty());
        if has_entries {
            self.cannot(path, Errno::ENOTEMPTY).await;
        } else if self.may(path, stat, "remove").await {
            self.remove_directory(path).await;
        }
    }

    async fn remove_directory(&mut self, path: &Bytes) -> Outcome {
        match self.sys.rmdir(path.clone()).await {
            Ok(()) => {
                self.say_removed("removed directory ", path).await;
                Outcome::Removed
            }
            Err(errno) => {
                self.cannot(path, errno).await;
                Outcome::Kept
            }
        }
    }

    async fn remove_file(&mut self, path: &Bytes, stat: &Stat) -> Outcome {
        if !self.may(path, stat, "remove").await {
            return Outcome::Declined;
        }
        match self.sys.unlink(path.clone()).await {
            Ok(()) => {
                self.say_removed("removed ", path).await;
                Outcome::Removed
            }
            Err(errno) => {
                self.cannot(path, errno).await;
                Outcome::Kept
            }
        }
    }

    /// Asks where asking is due; whether to go on.
    async fn may(&mut self, path: &Bytes, stat: &Stat, verb: &str) -> bool {
        let protected = self.is_write_protected(path, stat).await;
        let ask = match self.options.interactive {
            Interactive::Always => true,
            Interactive::Never => false,
            _ => protected && self.stdin_is_terminal,
        };
        if !ask {
            return true;
        }
        let protection = if protected { "write-protected " } else { "" };
        let question = format!("{verb} {protection}{} ", describe(stat));
        let question = [question.as_bytes(), &quote_always(path), b"? "].concat();
        self.confirm.ask(&question).await
    }

    async fn is_write_protected(&self, path: &Bytes, stat: &Stat) -> bool {
        let matters = self.options.interactive == Interactive::Always
            || (self.options.interactive != Interactive::Never && self.stdin_is_terminal);
        matters && !stat.is_symlink() && self.sys.access(path.clone(), 2).await == Err(Errno::EACCES)
    }

    async fn say_removed(&mut self, what: &str, path: &[u8]) {
        if self.options.verbose {
            self.out.put(what.as_bytes());
            self.out.put(&quote_always(path));
            self.out.put(b"\n");
            // Standard output may be the terminal that questions go to as well; it is written at once.
            let _ = self.out.flush().await;
        }
    }

    async fn cannot(&mut self, path: &[u8], errno: Errno) {
        if self.options.ignore_missing && matches!(errno, Errno::ENOENT | Errno::ENOTDIR) {
            return;
        }
        self.failed = true;
        self.sys.complain([b"cannot remove ", quote_always(path).as_slice()].concat(), errno).await;
    }

    async fn fail(&mut self, message: Vec<u8>) {
        self.failed = true;
        self.sys.error(message).await;
    }
}

fn keep(levels: &mut [Level], outcome: Outcome) {
    if outcome == Outcome::Kept
        && let Some(level) = levels.last_mut()
    {
        level.kept = true;
    }
}
