//! Command and process substitution.  [POSIX 2.6.3; bash manual "Command Substitution", "Process Substitution"]

use super::frame::Frame;
use super::task::{Context, Flow, Next, ShellTask};
use super::view::Memo;
use crate::kernel::{ExitStatus, Fault, Pid, SAVED_FD, WaitStatus};
use crate::machine::Program;
use crate::shell::expand::{self, Substituted};
use crate::shell::options::ShellOption;
use crate::sys::{CHUNK, Fd, WaitTarget};
use crate::vfs::OpenFlags;
use bytes::Bytes;
use shell_parser::Unit;
use shell_parser::ast::{Direction, SubstitutionId, WordId};

/// A command substitution whose output is being read.
#[derive(Clone)]
pub(crate) struct SubstitutionFrame {
    pid: Pid,
    /// The reading end, until the end of the output.
    read: Option<Fd>,
    output: Vec<u8>,
    /// Results of the word's substitutions before this one.
    memo: Memo,
}

/// `$(< file)`: the file being copied to standard output.
#[derive(Clone)]
pub(crate) struct ReadFileFrame {
    word: WordId,
    file: Option<Fd>,
    chunk: Bytes,
}

impl ShellTask {
    /// Starts a command substitution; its frame reads the output.
    pub(crate) fn start_substitution(&mut self, context: &mut Context<'_>, unit: &Unit, id: SubstitutionId) -> Flow {
        let (pid, mut task) = match self.fork(context) {
            Ok(forked) => forked,
            Err(flow) => return flow,
        };
        let (kernel, me) = (&mut *context.kernel, context.pid);
        let piped = kernel.pipe(me, SAVED_FD).and_then(|(read, write)| {
            kernel.copy_fd(me, write, pid, Fd::STDOUT)?;
            kernel.close(me, write)?;
            Ok(read)
        });
        let read = match piped {
            Ok(read) => read,
            Err(errno) => {
                kernel.exit(pid, WaitStatus::Exited(ExitStatus::FAILURE));
                self.error(&[b"cannot make pipe for command substitution: ", errno.message().as_bytes()].concat());
                return self.done(ExitStatus::FAILURE);
            }
        };
        task.state.subshell_indirection += 1;
        let inherits = task.state.is_on(ShellOption::INHERIT_ERREXIT) || task.state.is_on(ShellOption::POSIX);
        if !inherits {
            task.state.options.set(ShellOption::ERREXIT, false);
        }
        let substitution = unit.substitution(id);
        match (substitution.read_file, substitution.body) {
            (Some(word), _) => {
                task.push(Frame::ReadFile(Box::new(ReadFileFrame { word, file: None, chunk: Bytes::new() })));
                task.next = Next::Retry;
                context.born.push((pid, Program::Shell(task)));
            }
            (None, body) => {
                if let Some(error) = &substitution.error {
                    task.push(Frame::Source(super::source::SourceFrame::failed((**error).clone())));
                }
                match body {
                    Some(body) => Self::launch_substitution(context, pid, task, body),
                    None => {
                        task.state.status = ExitStatus::SUCCESS;
                        task.next = Next::Done;
                        context.born.push((pid, Program::Shell(task)));
                    }
                }
            }
        }
        let memo = std::mem::take(&mut self.memo);
        self.push(Frame::Substitution(Box::new(SubstitutionFrame { pid, read: Some(read), output: Vec::new(), memo })));
        // The frame itself waits, so that the writer finds a reader to wake.
        Flow::Go(Next::Retry)
    }

    /// Reads the output to its end, waits for the process, and has the word expanded again.
    pub(crate) fn resume_substitution(&mut self, context: &mut Context<'_>, mut frame: Box<SubstitutionFrame>) -> Flow {
        while let Some(read) = frame.read {
            match context.kernel.read(context.pid, read, CHUNK) {
                Ok(chunk) if !chunk.is_empty() => {
                    frame.output.extend_from_slice(&chunk);
                    context.kernel.check_memory(frame.output.len() as u64);
                    if context.kernel.usage.exceeded.is_some() {
                        self.push(Frame::Substitution(frame));
                        return Flow::Block;
                    }
                }
                Err(Fault::Block) => {
                    self.push(Frame::Substitution(frame));
                    return Flow::Block;
                }
                _ => {
                    let _ = context.kernel.close(context.pid, read);
                    frame.read = None;
                }
            }
        }
        let status = match context.kernel.poll_wait(context.pid, WaitTarget::Process(frame.pid), false) {
            Ok(Some((_, status))) => status.shell_status(),
            Ok(None) => {
                self.push(Frame::Substitution(frame));
                return Flow::Block;
            }
            Err(_) => ExitStatus::NOT_FOUND,
        };
        let result = Substituted::new(Bytes::from(frame.output));
        if result.had_null {
            self.error(b"warning: command substitution: ignored null byte in input");
        }
        self.memo = frame.memo;
        self.memo.add(result.text, Some(status));
        self.state.substitution_status = Some(status);
        Flow::Go(Next::Retry)
    }

    pub(crate) fn abandon_substitution(&mut self, context: &mut Context<'_>, frame: SubstitutionFrame) {
        if let Some(read) = frame.read {
            let _ = context.kernel.close(context.pid, read);
        }
    }

    /// Copies the file of `$(< file)` to standard output.
    pub(crate) fn resume_read_file(&mut self, context: &mut Context<'_>, mut frame: Box<ReadFileFrame>) -> Flow {
        let unit = self.unit.clone();
        let depth = self.frames.len();
        if frame.file.is_none() {
            let facts = unit.word(frame.word).facts;
            let path = match self.attempt(context, &unit, facts, |view| expand::expand_text(&unit, frame.word, view)) {
                Ok(path) => path,
                Err(flow) => return self.retry_below(depth, Frame::ReadFile(frame), flow),
            };
            match context.kernel.open(context.pid, &path, OpenFlags::READ, 0) {
                Ok(fd) => frame.file = Some(fd),
                Err(Fault::Block) => {
                    self.push(Frame::ReadFile(frame));
                    return Flow::Block;
                }
                Err(Fault::Errno(errno)) => {
                    self.error(&[&path[..], b": ", errno.message().as_bytes()].concat());
                    let status = self.flush(context, ExitStatus::FAILURE);
                    return self.ran(status);
                }
            }
        }
        loop {
            let moved = if frame.chunk.is_empty() {
                let file = frame.file.unwrap_or(Fd::STDIN);
                context.kernel.read(context.pid, file, CHUNK).map(|chunk| {
                    frame.chunk = chunk;
                    !frame.chunk.is_empty()
                })
            } else {
                context.kernel.write(context.pid, Fd::STDOUT, &frame.chunk).map(|taken| {
                    frame.chunk = frame.chunk.slice(taken.min(frame.chunk.len())..);
                    true
                })
            };
            match moved {
                Ok(true) => {}
                Ok(false) => return self.done(ExitStatus::SUCCESS),
                Err(Fault::Block) => {
                    self.push(Frame::ReadFile(frame));
                    return Flow::Block;
                }
                Err(Fault::Errno(_)) => return self.done(ExitStatus::FAILURE),
            }
        }
    }

    /// Starts a process substitution; the path under which the command finds it.
    pub(crate) fn start_process_substitution(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        direction: Direction,
        id: SubstitutionId,
    ) -> Result<Bytes, Flow> {
        let (pid, mut task) = self.fork(context)?;
        let (kernel, me) = (&mut *context.kernel, context.pid);
        let opened = kernel.pipe(me, SAVED_FD).and_then(|(read, write)| {
            let (ours, theirs, their_fd) = match direction {
                Direction::Read => (read, write, Fd::STDOUT),
                Direction::Write => (write, read, Fd::STDIN),
            };
            kernel.copy_fd(me, theirs, pid, their_fd)?;
            kernel.close(me, theirs)?;
            // bash counts down from 63.
            let mut place = Fd(63);
            while place.0 > 10 && kernel.is_open(me, place) {
                place.0 -= 1;
            }
            kernel.restore_fd(me, ours, place)?;
            Ok(place)
        });
        let place = match opened {
            Ok(place) => place,
            Err(errno) => {
                kernel.exit(pid, WaitStatus::Exited(ExitStatus::FAILURE));
                self.error(&[b"cannot make pipe for process substitution: ", errno.message().as_bytes()].concat());
                return Err(self.done(ExitStatus::FAILURE));
            }
        };
        task.state.errexit_suppressed = false;
        task.state.subshell_indirection += 1;
        match unit.substitution(id).body {
            Some(body) => Self::launch_substitution(context, pid, task, body),
            None => context.born.push((pid, Program::Shell(task))),
        }
        self.substitutions.push(place);
        self.state.last_background = Some(pid);
        std::sync::Arc::make_mut(&mut self.state.jobs).hidden.push(pid);
        Ok(Bytes::from(format!("/dev/fd/{}", place.0)))
    }
}
