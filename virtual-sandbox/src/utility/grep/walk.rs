//! The files `grep` searches: operands, standard input, directories with all below them.

use super::line::{LineWriter, Role};
use super::pattern::{PatternError, Patterns};
use super::search::{SearchError, search};
use super::settings::{Binary, Directories, Flavor, Report, Settings};
use crate::utility::prelude::*;

/// How deep directories may nest.
const MAX_DEPTH: usize = 1024;

/// Runs `grep`; exit status 0: a line was selected, 1: none, 2: an error.
pub(super) async fn grep(sys: Sys, invocation: Invocation, flavor: Flavor) -> ExitStatus {
    let settings = match Settings::new(&sys, &invocation, flavor).await {
        Ok(settings) => settings,
        Err(refusal) => return refusal.report(&sys).await,
    };
    let patterns = match Patterns::new(&settings) {
        Ok((patterns, warnings)) => {
            for warning in warnings {
                sys.error(format!("warning: {warning}")).await;
            }
            patterns
        }
        Err(PatternError(message)) => {
            sys.error(message).await;
            return ExitStatus(2);
        }
    };
    if settings.max_count == Some(0) && settings.report != Report::NamesWithout {
        return ExitStatus::FAILURE;
    }
    let out = OutBuf::stdout(&sys).line_buffered(settings.line_buffered);
    let output = sys.fstat(Fd::STDOUT).await.ok().filter(Stat::is_regular);
    let walk = Walk {
        sys,
        settings: &settings,
        patterns,
        out,
        output,
        any_selected: false,
        failed: false,
        any_written: false,
    };
    walk.all().await
}

struct Walk<'w> {
    sys: Sys,
    settings: &'w Settings,
    patterns: Patterns,
    out: OutBuf,
    /// Standard output, if it is a file.
    output: Option<Stat>,
    any_selected: bool,
    failed: bool,
    any_written: bool,
}

/// A directory or file still to be visited.
struct Visit {
    path: Bytes,
    depth: usize,
    /// The directories above, to notice a cycle of symbolic links.
    above: Vec<(u64, u64)>,
}

impl Walk<'_> {
    async fn all(mut self) -> ExitStatus {
        let settings = self.settings;
        if settings.files.is_empty() {
            match settings.directories {
                Directories::Recurse => self.directory(Bytes::from_static(b"."), true).await,
                _ => self.operand(&Bytes::from_static(b"-")).await,
            }
        }
        for file in &settings.files {
            if self.decided() {
                break;
            }
            self.operand(file).await;
        }
        let selected = self.any_selected;
        let failed = self.failed;
        let written = self.out.finish().await;
        match (selected, failed || !written) {
            (true, _) if settings.quiet => ExitStatus::SUCCESS,
            (_, true) => ExitStatus(2),
            (true, false) => ExitStatus::SUCCESS,
            (false, false) => ExitStatus::FAILURE,
        }
    }

    /// With `-q` the first selected line ends everything.
    fn decided(&self) -> bool {
        self.settings.quiet && self.any_selected
    }

    async fn complain(&mut self, name: &[u8], errno: Errno) {
        self.failed = true;
        if !self.settings.no_messages {
            self.flush().await;
            self.sys.complain(name, errno).await;
        }
    }

    /// Writes what is buffered, so that messages come in order.
    async fn flush(&mut self) {
        if self.out.flush().await.is_err() {
            self.failed = true;
        }
    }

    async fn operand(&mut self, path: &Bytes) {
        if path.as_ref() == b"-" {
            let label = self.settings.label.clone();
            if self.settings.skip_devices == Some(true) && !self.is_plain(Fd::STDIN).await {
                return;
            }
            return self.file(Fd::STDIN, &label).await;
        }
        match self.sys.stat(path.clone()).await {
            Ok(stat) if stat.is_directory() && self.settings.directories == Directories::Recurse => {
                if !self.wanted_directory(path) {
                    return;
                }
                self.directory(path.clone(), false).await;
            }
            Ok(stat) if stat.is_directory() && self.settings.directories == Directories::Skip => {}
            Ok(stat) if is_device(stat.kind) && self.settings.skip_devices == Some(true) => {}
            _ if !self.wanted_operand(path) => {}
            Ok(_) => self.path(path).await,
            Err(errno) => self.complain(path, errno).await,
        }
    }

    async fn is_plain(&self, fd: Fd) -> bool {
        self.sys.fstat(fd).await.is_ok_and(|stat| !is_device(stat.kind))
    }

    /// Goes through a directory, files and directories in the order of their names. `bare`: names are shown without `./`.
    async fn directory(&mut self, path: Bytes, bare: bool) {
        let mut pending = vec![Visit { path, depth: 0, above: Vec::new() }];
        let mut top = true;
        while let Some(mut visit) = pending.pop() {
            if self.decided() {
                return;
            }
            self.sys.charge(1).await;
            let shown = visit.path.clone();
            let stat = match if top || self.settings.dereference {
                self.sys.stat(shown.clone()).await
            } else {
                self.sys.lstat(shown.clone()).await
            } {
                Ok(stat) => stat,
                Err(errno) => {
                    self.complain(&shown, errno).await;
                    continue;
                }
            };
            top = false;
            if !stat.is_directory() {
                if visit.depth > 0 && !self.wanted_name(&shown) {
                    continue;
                }
                let skipped = stat.is_symlink() || is_device(stat.kind) && self.settings.skip_devices != Some(false);
                if !skipped {
                    self.path(&shown).await;
                }
                continue;
            }
            if visit.depth > 0 && !self.wanted_directory(base_name(&shown)) {
                continue;
            }
            if visit.above.contains(&(stat.dev, stat.ino)) {
                self.failed = true;
                self.flush().await;
                self.sys.error([b"warning: ", shown.as_ref(), b": recursive directory loop"].concat()).await;
                continue;
            }
            if visit.depth >= MAX_DEPTH {
                self.complain(&shown, Errno::ENAMETOOLONG).await;
                continue;
            }
            visit.above.push((stat.dev, stat.ino));
            match self.sys.read_dir(shown.clone()).await {
                Ok(entries) => {
                    for entry in entries.iter().rev() {
                        let path = match visit.depth == 0 && bare {
                            true => entry.name.clone(),
                            false => join(&shown, &entry.name),
                        };
                        pending.push(Visit { path, depth: visit.depth + 1, above: visit.above.clone() });
                    }
                }
                Err(errno) => self.complain(&shown, errno).await,
            }
        }
    }

    /// An operand is tested as it is written, and by what stands behind each slash.
    fn wanted_operand(&self, path: &[u8]) -> bool {
        let tails = || {
            std::iter::once(path)
                .chain(memchr::memchr_iter(b'/', path).map(|slash| path.get(slash + 1..).unwrap_or_default()))
                .filter(|tail| !tail.is_empty())
        };
        self.wanted(|pattern| tails().any(|tail| pattern.matches(tail)))
    }

    fn wanted_name(&self, path: &[u8]) -> bool {
        let name = base_name(path);
        self.wanted(|pattern| pattern.matches(name) || pattern.matches(path))
    }

    /// The last rule that matches decides; without one, the first rule does: a file is left out if that includes.
    fn wanted(&self, matches: impl Fn(&crate::text::fnmatch::Pattern) -> bool) -> bool {
        let rules = &self.settings.name_rules;
        match rules.iter().rev().find(|rule| matches(&rule.pattern)) {
            Some(rule) => rule.include,
            None => !rules.first().is_some_and(|rule| rule.include),
        }
    }

    fn wanted_directory(&self, name: &[u8]) -> bool {
        let kept = name.iter().rposition(|byte| *byte != b'/').map_or(name.len().min(1), |last| last + 1);
        let name = name.get(..kept).unwrap_or_default();
        !self.settings.directory_rules.iter().any(|pattern| pattern.matches(name))
    }

    async fn path(&mut self, path: &Bytes) {
        match self.sys.open_read(path.clone()).await {
            Ok(fd) => {
                self.file(fd, path).await;
                // Nothing was written to it.
                let _ = self.sys.close(fd).await;
            }
            Err(errno) => self.complain(path, errno).await,
        }
    }

    async fn file(&mut self, fd: Fd, name: &Bytes) {
        let settings = self.settings;
        if self.is_output(fd).await {
            self.failed = true;
            if !settings.no_messages {
                self.flush().await;
                self.sys.error([name.as_ref(), b": input file is also the output"].concat()).await;
            }
            return;
        }
        let found = search(&self.sys, settings, &self.patterns, name, fd, &mut self.out, &mut self.any_written).await;
        let outcome = match found {
            Ok(outcome) => outcome,
            Err(SearchError::Read(errno)) => return self.complain(name, errno).await,
            Err(SearchError::Write(errno)) => {
                self.failed = true;
                return self.sys.complain("write error", errno).await;
            }
            Err(SearchError::Pattern(PatternError(message))) => {
                self.failed = true;
                return self.sys.error([name.as_ref(), b": ", message.as_slice()].concat()).await;
            }
        };
        self.any_selected |= outcome.selected > 0;
        if let Some(offset) = outcome.left_at
            && fd == Fd::STDIN
            && !settings.quiet
        {
            // As POSIX asks of a utility that stops early; a pipe cannot be put back.
            let _ = self.sys.seek(fd, Whence::Start, offset as i64).await;
        }
        self.report(name, outcome.selected);
        if outcome.binary_match && settings.binary == Binary::Report {
            self.flush().await;
            self.sys.error([name.as_ref(), b": binary file matches"].concat()).await;
        }
        if self.out.flush_if_full().await.is_err() {
            self.failed = true;
        }
    }

    fn report(&mut self, name: &[u8], selected: u64) {
        let settings = self.settings;
        let writer =
            LineWriter { settings, patterns: &self.patterns, file_name: name, is_text: None, encoding_error: false };
        let out = self.out.buffer();
        match settings.report {
            Report::Count => {
                if settings.with_filename {
                    writer.file_name(out);
                    if settings.null { out.push(0) } else { writer.separator(Role::Selected, out) }
                }
                out.extend_from_slice(itoa::Buffer::new().format(selected).as_bytes());
                out.push(b'\n');
            }
            Report::NamesWith | Report::NamesWithout => {
                if (selected > 0) == (settings.report == Report::NamesWith) {
                    writer.file_name(out);
                    out.push(if settings.null { 0 } else { b'\n' });
                }
            }
            Report::Lines | Report::Nothing => {}
        }
    }

    /// True if reading the file would read what is written.
    async fn is_output(&self, fd: Fd) -> bool {
        let Some(output) = &self.output else { return false };
        let settings = self.settings;
        let bounded = settings.max_count.is_some_and(|max| max <= 1);
        if settings.report != Report::Lines || bounded {
            return false;
        }
        self.sys.fstat(fd).await.is_ok_and(|stat| stat.is_same_file(output))
    }
}

fn is_device(kind: FileKind) -> bool {
    matches!(kind, FileKind::Fifo | FileKind::CharDevice | FileKind::BlockDevice | FileKind::Socket)
}

fn base_name(path: &[u8]) -> &[u8] {
    memchr::memrchr(b'/', path).and_then(|slash| path.get(slash + 1..)).unwrap_or(path)
}

fn join(directory: &[u8], name: &[u8]) -> Bytes {
    let mut path = directory.to_vec();
    if path.last() != Some(&b'/') {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    Bytes::from(path)
}
