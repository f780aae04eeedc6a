//! The main loop of `sed`: a cycle for each line, files edited in place, the outputs of `w`.

use super::address::RangeState;
use super::command::Script;
use super::execute::{Cycle, Pause};
use super::input::{Arrival, Input, InputProblem};
use super::output::Output;
use super::parse::{ParseFailure, parse};
use super::settings::{BAD_INPUT, PANIC, Settings};
use crate::sys::Held;
use crate::text::regex::{Captures, RegexError};
use crate::utility::prelude::*;

/// What ends `sed` at once.
pub(super) enum Failure {
    /// Standard output cannot be written.
    Write(Errno),
    /// An input file cannot be read.
    Input(InputProblem),
    /// A regular expression needs too much.
    Regex(RegexError),
    /// An empty regular expression, and none was used before.
    NoPreviousRegex,
    /// Something else, with the object.
    Other(Vec<u8>, Errno),
}

impl From<InputProblem> for Failure {
    fn from(problem: InputProblem) -> Self {
        Failure::Input(problem)
    }
}

impl From<RegexError> for Failure {
    fn from(error: RegexError) -> Self {
        Failure::Regex(error)
    }
}

/// What is written at the end of a cycle.
pub(super) enum Appended {
    Text(Bytes),
    File(Bytes),
    Line(Bytes),
}

/// The state of an edit.
pub(super) struct Editor<'e> {
    pub sys: Sys,
    pub settings: &'e Settings,
    pub script: &'e Script,
    pub input: Input,
    pub output: Output,
    /// The outputs of `w`: `None` stands for standard output.
    files: Vec<Option<Output>>,
    /// Files read line by line by `R`.
    line_files: Vec<(Bytes, Option<Records>)>,
    pub pattern: Vec<u8>,
    pub hold: Vec<u8>,
    /// Whether the current line had its end.
    pub terminated: bool,
    pub line_number: u64,
    pub quiet: bool,
    pub substituted: bool,
    pub last_regex: Option<usize>,
    /// The state of the range of each command.
    pub ranges: Vec<RangeState>,
    pub appended: Vec<Appended>,
    pub captures: Captures,
    pub scratch: Vec<u8>,
    /// The command to go on with; `None` between cycles.
    pub place: Option<usize>,
    /// Fuel used since others were let run.
    pub steps: u64,
    /// The pattern space and the hold space in memory.
    held: Held,
    status: ExitStatus,
}

/// Runs `sed`.
pub(super) async fn sed(sys: Sys, invocation: Invocation) -> ExitStatus {
    let settings = match Settings::new(&sys, &invocation).await {
        Ok(settings) => settings,
        Err(status) => return status,
    };
    if settings.debug {
        sys.error("--debug is not available here").await;
        return ExitStatus::FAILURE;
    }
    let script = match parse(&settings) {
        Ok(script) => script,
        Err(ParseFailure::Script(error)) => {
            sys.error(error.describe(&settings.script)).await;
            return ExitStatus::FAILURE;
        }
        Err(ParseFailure::MissingLabel(label)) => {
            sys.error([b"can't find label for jump to `".as_slice(), label.as_slice(), b"'"].concat()).await;
            return PANIC;
        }
    };
    let mut editor = Editor {
        input: Input::new(&sys, &settings),
        output: Output::new(&sys, Fd::STDOUT),
        files: Vec::new(),
        line_files: Vec::new(),
        pattern: Vec::new(),
        hold: Vec::new(),
        terminated: true,
        line_number: 0,
        quiet: settings.quiet || script.quiet,
        substituted: false,
        last_regex: None,
        ranges: script.commands.iter().map(|command| command.addresses.state).collect(),
        appended: Vec::new(),
        captures: Captures::default(),
        scratch: Vec::new(),
        place: None,
        steps: 0,
        held: sys.account(),
        status: ExitStatus::SUCCESS,
        sys: sys.clone(),
        settings: &settings,
        script: &script,
    };
    let ended = editor.all().await;
    let flushed = editor.flush_all().await;
    match ended.and_then(|status| flushed.map(|()| status)) {
        Ok(status) => status,
        Err(failure) => editor.report(failure).await,
    }
}

impl Editor<'_> {
    async fn all(&mut self) -> Result<ExitStatus, Failure> {
        self.open_outputs().await?;
        if !self.settings.separate {
            let quit = self.stream().await?;
            return Ok(quit.unwrap_or(self.status));
        }
        while self.input.open_next().await {
            self.complain().await;
            self.line_number = 0;
            for (state, command) in self.ranges.iter_mut().zip(&self.script.commands) {
                *state = command.addresses.state;
            }
            let quit = match self.settings.in_place.clone() {
                Some(suffix) => self.edit_in_place(&suffix).await?,
                None => self.stream().await?,
            };
            if let Some(status) = quit {
                return Ok(status);
            }
        }
        self.complain().await;
        Ok(self.status)
    }

    /// A cycle for each line; the exit status if the script quits.
    async fn stream(&mut self) -> Result<Option<ExitStatus>, Failure> {
        self.place = None;
        loop {
            let ended = match self.run()? {
                Pause::Line => {
                    let arrival = self.input.next().await;
                    self.complain().await;
                    match arrival? {
                        Arrival::Line(record) => self.take(&record, false),
                        Arrival::End => return Ok(None),
                    }
                    self.place = Some(0);
                    None
                }
                Pause::LookAhead => {
                    self.input.look_ahead().await?;
                    None
                }
                Pause::Command => self.wait_for_command().await?,
                Pause::Rest => {
                    self.rest().await?;
                    None
                }
                Pause::Cycle(cycle) => Some(cycle),
            };
            if let Some(cycle) = ended
                && let Some(status) = self.end_cycle(cycle).await?
            {
                return Ok(Some(status));
            }
        }
    }

    /// Lets others run, and writes what is to be written.
    async fn rest(&mut self) -> Result<(), Failure> {
        self.sys.charge(std::mem::take(&mut self.steps)).await;
        self.held.set(self.pattern.len() + self.hold.len());
        self.output.flush_if_full().await.map_err(Failure::Write)?;
        for file in self.files.iter_mut().flatten() {
            file.flush_if_full().await.map_err(Failure::Write)?;
        }
        Ok(())
    }

    /// What is done at the end of a cycle; the exit status if the script quits.
    async fn end_cycle(&mut self, cycle: Cycle) -> Result<Option<ExitStatus>, Failure> {
        self.place = None;
        let prints = matches!(cycle, Cycle::End | Cycle::Quit(_)) && !self.quiet;
        if prints {
            self.output.line(&self.pattern, self.terminated, self.settings.delimiter);
        }
        if !self.appended.is_empty() && !matches!(cycle, Cycle::QuitSilently(_)) {
            self.write_appended().await?;
        }
        if self.settings.unbuffered {
            self.output.flush().await.map_err(Failure::Write)?;
        }
        self.output.flush_if_full().await.map_err(Failure::Write)?;
        match cycle {
            Cycle::Quit(status) | Cycle::QuitSilently(status) => {
                self.give_back_input().await;
                return Ok(Some(if status == 0 { self.status } else { ExitStatus(status) }));
            }
            Cycle::Restart => self.place = Some(0),
            Cycle::End | Cycle::Deleted => {}
        }
        Ok(None)
    }

    /// POSIX: a utility that stops early leaves the rest of a seekable standard input to the next one.
    async fn give_back_input(&mut self) {
        let unread = self.input.unread();
        if unread > 0 && self.input.name.as_ref() == b"-" {
            // A pipe cannot be put back.
            let _ = self.sys.seek(Fd::STDIN, Whence::Current, -(unread as i64)).await;
        }
    }

    /// Makes a line the pattern space, or adds it to that.
    pub(super) fn take(&mut self, record: &Record, append: bool) {
        if append {
            self.pattern.push(self.settings.delimiter);
        } else {
            self.pattern.clear();
            self.substituted = false;
        }
        self.pattern.extend_from_slice(&record.bytes);
        self.took_line();
        self.terminated = record.terminated;
    }

    /// Takes account of a line that has become the pattern space or a part of it.
    pub(super) fn took_line(&mut self) {
        self.terminated = true;
        self.line_number += 1;
        self.steps += self.pattern.len() as u64 / 64;
    }

    /// Writes what `a`, `r` and `R` have queued.
    pub(super) async fn write_appended(&mut self) -> Result<(), Failure> {
        for appended in std::mem::take(&mut self.appended) {
            match appended {
                Appended::Text(text) => self.output.text().extend_from_slice(&text),
                Appended::Line(line) => self.output.line(&line, true, self.settings.delimiter),
                Appended::File(file) => self.append_file(&file).await?,
            }
        }
        Ok(())
    }

    async fn append_file(&mut self, file: &Bytes) -> Result<(), Failure> {
        self.flush_files().await?;
        let fd = if file.as_ref() == b"/dev/stdin" {
            Fd::STDIN
        } else {
            // POSIX: a file that cannot be read is as an empty one.
            match self.sys.open_read(file.clone()).await {
                Ok(fd) => fd,
                Err(_) => return Ok(()),
            }
        };
        while let Ok(Some(chunk)) = self.sys.read_chunk(fd).await {
            self.output.text().extend_from_slice(&chunk);
            self.output.flush_if_full().await.map_err(Failure::Write)?;
        }
        if fd != Fd::STDIN {
            // Nothing was written to it.
            let _ = self.sys.close(fd).await;
        }
        Ok(())
    }

    /// The next line of a file, for `R`.
    pub(super) async fn read_line_of(&mut self, file: &Bytes) -> Option<Record> {
        let known = self.line_files.iter().position(|(name, _)| name == file);
        let place = match known {
            Some(place) => place,
            None => {
                let fd =
                    if file.as_ref() == b"/dev/stdin" { Ok(Fd::STDIN) } else { self.sys.open_read(file.clone()).await };
                let records = fd.ok().map(|fd| Records::new(&self.sys, fd, self.settings.delimiter));
                self.line_files.push((file.clone(), records));
                self.line_files.len() - 1
            }
        };
        let (_, records) = self.line_files.get_mut(place)?;
        records.as_mut()?.next().await.ok().flatten()
    }

    async fn open_outputs(&mut self) -> Result<(), Failure> {
        for name in &self.script.outputs {
            let output = match name.as_ref() {
                b"/dev/stdout" => None,
                b"/dev/stderr" => Some(Output::new(&self.sys, Fd::STDERR)),
                _ => match self.sys.create(name.clone()).await {
                    Ok(fd) => Some(Output::new(&self.sys, fd)),
                    Err(errno) => return Err(Failure::Other([b"couldn't open file ", name.as_ref()].concat(), errno)),
                },
            };
            self.files.push(output);
        }
        Ok(())
    }

    /// Writes the pattern space, or its first line, to an output of `w`.
    pub(super) fn write_to(&mut self, output: usize, first_line: bool) {
        let delimiter = self.settings.delimiter;
        let end = if first_line { memchr::memchr(delimiter, &self.pattern) } else { None };
        let line = self.pattern.get(..end.unwrap_or(self.pattern.len())).unwrap_or_default();
        let terminated = end.is_some() || self.terminated;
        match self.files.get_mut(output) {
            Some(Some(file)) => file.line(line, terminated, delimiter),
            _ => self.output.line(line, terminated, delimiter),
        }
    }

    async fn flush_files(&mut self) -> Result<(), Failure> {
        for file in self.files.iter_mut().flatten() {
            file.flush().await.map_err(Failure::Write)?;
        }
        Ok(())
    }

    async fn flush_all(&mut self) -> Result<(), Failure> {
        self.output.flush().await.map_err(Failure::Write)?;
        self.flush_files().await
    }

    /// What a shell command writes.
    pub(super) async fn output_of(&mut self, command: Bytes) -> Result<Vec<u8>, Failure> {
        self.flush_all().await?;
        let failure = |errno| Failure::Other(b"error running command".to_vec(), errno);
        let (reading, writing) = self.sys.pipe().await.map_err(failure)?;
        let argv = vec![Bytes::from_static(b"sh"), Bytes::from_static(b"-c"), command];
        let mut request = SpawnRequest::new(argv);
        request.fds = vec![(Fd::STDOUT, Some(writing)), (reading, None), (writing, None)];
        let child = self.sys.spawn(request).await;
        self.sys.close(writing).await.map_err(failure)?;
        let child = child.map_err(failure)?;
        let output = self.sys.read_to_end(reading).await;
        self.sys.close(reading).await.map_err(failure)?;
        self.sys.wait(WaitTarget::Process(child)).await.map_err(failure)?;
        output.map_err(failure)
    }

    /// Edits the file opened last: what would be printed becomes its content.
    async fn edit_in_place(&mut self, suffix: &[u8]) -> Result<Option<ExitStatus>, Failure> {
        let name = self.input.opened_name();
        let target = if self.settings.follow { self.link_target(name.clone()).await } else { name.clone() };
        let couldnt = |errno| Failure::Other([b"couldn't edit ", name.as_ref()].concat(), errno);
        let stat = self.sys.stat(target.clone()).await.map_err(couldnt)?;
        let directory = memchr::memrchr(b'/', &target).map_or(0, |slash| slash + 1);
        let (temporary, fd) = self.temporary(target.get(..directory).unwrap_or_default(), stat.mode).await?;
        let standard = std::mem::replace(&mut self.output, Output::new(&self.sys, fd));
        let quit = match self.stream().await {
            Ok(quit) => self.output.flush().await.map(|()| quit).map_err(Failure::Write),
            Err(failure) => Err(failure),
        };
        self.output = standard;
        self.sys.close(fd).await.map_err(couldnt)?;
        let quit = match quit {
            Ok(quit) => quit,
            Err(failure) => {
                // The file stays as it was.
                let _ = self.sys.unlink(temporary).await;
                return Err(failure);
            }
        };
        if !suffix.is_empty() {
            let backup = backup_name(&target, suffix);
            self.sys.rename(target.clone(), backup).await.map_err(couldnt)?;
        }
        self.sys.rename(temporary, target).await.map_err(couldnt)?;
        Ok(quit)
    }

    /// Creates the file that will take the place of the edited one.
    async fn temporary(&mut self, directory: &[u8], mode: u32) -> Result<(Bytes, Fd), Failure> {
        loop {
            let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
            let random = self.sys.random(6).await;
            let name = random.iter().filter_map(|byte| letters.get(usize::from(*byte) % letters.len()));
            let mut path = [directory, b"sed"].concat();
            path.extend(name);
            let path = Bytes::from(path);
            let flags = OpenFlags::WRITE.union(OpenFlags::CREATE).union(OpenFlags::EXCLUSIVE);
            match self.sys.open(path.clone(), flags, 0o600).await {
                Ok(fd) => {
                    self.sys.chmod(path.clone(), mode).await.map_err(|e| Failure::Other(path.to_vec(), e))?;
                    return Ok((path, fd));
                }
                Err(Errno::EEXIST) => {}
                Err(errno) => {
                    return Err(Failure::Other([b"couldn't open temporary file ", path.as_ref()].concat(), errno));
                }
            }
        }
    }

    /// The file behind symbolic links.
    async fn link_target(&self, mut name: Bytes) -> Bytes {
        for _ in 0..40 {
            let Ok(target) = self.sys.read_link(name.clone()).await else { break };
            name = match memchr::memrchr(b'/', &name) {
                Some(slash) if !target.starts_with(b"/") => {
                    Bytes::from([name.get(..=slash).unwrap_or_default(), target.as_ref()].concat())
                }
                _ => target,
            };
        }
        name
    }

    /// Reports the files that could not be opened.
    async fn complain(&mut self) {
        for problem in std::mem::take(&mut self.input.problems) {
            match problem {
                InputProblem::Open(name, errno) | InputProblem::Read(name, errno) => {
                    self.sys.complain([b"can't read ", name.as_ref()].concat(), errno).await;
                    self.status = BAD_INPUT;
                }
                InputProblem::Edit(name, reason) => {
                    self.sys.error([b"couldn't edit ", name.as_ref(), b": ", reason.as_bytes()].concat()).await;
                    self.status = PANIC;
                }
            }
        }
    }

    async fn report(&mut self, failure: Failure) -> ExitStatus {
        match failure {
            Failure::Write(errno) => self.sys.complain("couldn't flush stdout", errno).await,
            Failure::Input(InputProblem::Read(name, errno) | InputProblem::Open(name, errno)) => {
                self.sys.complain([b"read error on ", name.as_ref()].concat(), errno).await;
            }
            Failure::Input(InputProblem::Edit(name, reason)) => {
                self.sys.error([b"couldn't edit ", name.as_ref(), b": ", reason.as_bytes()].concat()).await;
            }
            Failure::Regex(error) => self.sys.error(error.to_string()).await,
            Failure::NoPreviousRegex => {
                let number = self.settings.script.parts.len().max(1);
                self.sys.error(format!("-e expression #{number}, char 0: no previous regular expression")).await;
                return ExitStatus::FAILURE;
            }
            Failure::Other(object, errno) => self.sys.complain(object, errno).await,
        }
        PANIC
    }
}

/// The name of a backup: the suffix is added, or its `*` are the name of the file.
fn backup_name(path: &[u8], suffix: &[u8]) -> Bytes {
    let base_start = memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1);
    let (directory, base) = path.split_at(base_start);
    let mut name = Vec::new();
    if memchr::memchr(b'*', suffix).is_none() {
        name.extend_from_slice(base);
        name.extend_from_slice(suffix);
    } else {
        for byte in suffix {
            if *byte == b'*' { name.extend_from_slice(base) } else { name.push(*byte) }
        }
    }
    if memchr::memchr(b'/', &name).is_some() { Bytes::from(name) } else { Bytes::from([directory, &name].concat()) }
}
