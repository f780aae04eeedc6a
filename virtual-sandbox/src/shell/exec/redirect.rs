//! Redirections.  [POSIX 2.7; bash manual "Redirections"]

use super::frame::{Cleanup, Frame};
use super::task::{Context, Flow, ShellTask};
use crate::errno::Errno;
use crate::kernel::{ExitStatus, Fault, SAVED_FD};
use crate::shell::expand::{self, Stop};
use crate::shell::options::ShellOption;
use crate::sys::Fd;
use crate::vfs::{FileKind, Follow, OpenFlags};
use bytes::Bytes;
use shell_parser::ast::{
    CommandId, Duplicate, HereDocument, Redirection, RedirectionFd, RedirectionId, RedirectionKind, Unit, WordId,
};
use smallvec::SmallVec;

/// How to undo redirections, latest last: the descriptor, and where its former entry is kept.
#[derive(Clone, Default, Debug)]
pub(crate) struct Undo {
    steps: SmallVec<[(Fd, Option<Fd>); 2]>,
}

impl Undo {
    pub(crate) fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// What a redirection does to descriptors.
enum Action {
    Open { fd: Fd, path: Bytes, flags: OpenFlags, also: Option<Fd> },
    Duplicate { fd: Fd, from: Fd, close: bool, shown: Option<Bytes> },
    Close(Fd),
    Text { fd: Fd, content: Bytes },
}

/// Which descriptor a redirection is for.
enum Target {
    Fd(Fd),
    /// `{name}`.
    Variable(Bytes),
}

impl ShellTask {
    /// Makes the redirections of a compound command, then starts it.
    pub(crate) fn start_redirected(&mut self, context: &mut Context<'_>, command: CommandId) -> Flow {
        self.resume_redirecting(context, command, 0, Box::default())
    }

    pub(crate) fn resume_redirecting(
        &mut self,
        context: &mut Context<'_>,
        command: CommandId,
        mut next: u32,
        mut undo: Box<Undo>,
    ) -> Flow {
        let unit = self.unit.clone();
        let redirections = unit.command(command).redirections;
        let depth = self.frames.len();
        self.state.line = unit.line(command);
        match self.make_redirections(context, &unit, redirections.iter(), &mut next, &mut undo) {
            Ok(()) => {
                let substitutions = std::mem::take(&mut self.substitutions);
                self.push(Frame::Cleanup(Box::new(Cleanup { undo: *undo, scope: false, substitutions })));
                self.start_unredirected(context, &unit, command)
            }
            Err(RedirectFailure::Flow(flow)) => {
                if self.frames.len() > depth || matches!(flow, Flow::Block) {
                    self.frames.insert(depth, Frame::Redirecting { command, next, undo });
                } else {
                    self.undo(context, *undo);
                }
                flow
            }
            Err(RedirectFailure::Failed) => {
                self.undo(context, *undo);
                match self.flush(context, ExitStatus::FAILURE) {
                    Ok(status) => self.complete(status),
                    Err(flow) => flow,
                }
            }
        }
    }

    /// Makes redirections from `next` on; each one made is noted in `undo`.
    pub(crate) fn make_redirections(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        redirections: impl Iterator<Item = RedirectionId>,
        next: &mut u32,
        undo: &mut Undo,
    ) -> Result<(), RedirectFailure> {
        for id in redirections.skip(*next as usize) {
            let redirection = unit.redirection(id);
            let (target, action) = self.plan(context, unit, redirection)?;
            self.perform(context, target, action, undo)?;
            *next += 1;
        }
        Ok(())
    }

    /// Expands a redirection's operand and tells what is to be done.
    fn plan(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        redirection: &Redirection,
    ) -> Result<(Target, Action), RedirectFailure> {
        let input = matches!(
            redirection.kind,
            RedirectionKind::Input(_)
                | RedirectionKind::ReadWrite(_)
                | RedirectionKind::HereDocument(_)
                | RedirectionKind::HereString(_)
                | RedirectionKind::DuplicateInput(_)
                | RedirectionKind::Close { input: true }
        );
        let target = match &redirection.fd {
            RedirectionFd::Default => Target::Fd(if input { Fd::STDIN } else { Fd::STDOUT }),
            RedirectionFd::Number(number) => Target::Fd(Fd(*number)),
            RedirectionFd::Variable(name) => Target::Variable(name.clone()),
        };
        let fd = match &target {
            Target::Fd(fd) => *fd,
            Target::Variable(_) => Fd(0),
        };
        let write = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let append = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::APPEND;
        let open = |path, flags, also| Action::Open { fd, path, flags, also };
        let action = match redirection.kind {
            RedirectionKind::Input(word) => open(self.redirection_word(context, unit, word)?, OpenFlags::READ, None),
            RedirectionKind::Output(word) => {
                let path = self.redirection_word(context, unit, word)?;
                self.check_clobber(context, &path)?;
                open(path, write, None)
            }
            RedirectionKind::Clobber(word) => open(self.redirection_word(context, unit, word)?, write, None),
            RedirectionKind::Append(word) => open(self.redirection_word(context, unit, word)?, append, None),
            RedirectionKind::ReadWrite(word) => {
                let path = self.redirection_word(context, unit, word)?;
                open(path, OpenFlags::READ_WRITE | OpenFlags::CREATE, None)
            }
            RedirectionKind::OutputBoth(word) => {
                let path = self.redirection_word(context, unit, word)?;
                self.check_clobber(context, &path)?;
                Action::Open { fd: Fd::STDOUT, path, flags: write, also: Some(Fd::STDERR) }
            }
            RedirectionKind::AppendBoth(word) => {
                let path = self.redirection_word(context, unit, word)?;
                Action::Open { fd: Fd::STDOUT, path, flags: append, also: Some(Fd::STDERR) }
            }
            RedirectionKind::DuplicateInput(duplicate) => self.plan_duplicate(context, unit, fd, duplicate, false)?,
            RedirectionKind::DuplicateOutput(duplicate) => {
                let plain = matches!(redirection.fd, RedirectionFd::Default);
                self.plan_duplicate(context, unit, fd, duplicate, plain)?
            }
            RedirectionKind::Close { .. } => return Ok(self.plan_close(target, fd)),
            RedirectionKind::HereDocument(id) => {
                let document = unit.here_document(id);
                let content = self.here_document(context, unit, document)?;
                if let Some((ended, began)) = document.unterminated {
                    self.warn_unterminated(began, ended, &document.delimiter);
                }
                Action::Text { fd, content }
            }
            RedirectionKind::HereString(word) => {
                let facts = unit.word(word).facts;
                let value = self.attempt(context, unit, facts, |view| expand::expand_text(unit, word, view))?;
                let mut content = value.to_vec();
                content.push(b'\n');
                Action::Text { fd, content: Bytes::from(content) }
            }
        };
        Ok((target, action))
    }

    fn here_document(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        document: &HereDocument,
    ) -> Result<Bytes, Flow> {
        let word = unit.word(document.body);
        if document.quoted {
            return Ok(document.text.clone());
        }
        self.attempt(context, unit, word.facts, |view| expand::expand_here_document(unit, document.body, view))
    }

    fn warn_unterminated(&mut self, began: u32, ended: u32, delimiter: &[u8]) {
        let mut line = self.state.error_name().to_vec();
        line.extend_from_slice(
            format!(": line {ended}: warning: here-document at line {began} delimited by end-of-file (wanted `")
                .as_bytes(),
        );
        line.extend_from_slice(delimiter);
        line.extend_from_slice(b"')\n");
        self.output.push(Fd::STDERR, &line);
    }

    /// `{name}>&-` closes the descriptor that the variable holds.
    fn plan_close(&mut self, target: Target, fd: Fd) -> (Target, Action) {
        if let Target::Variable(name) = &target {
            let held = self.state.variables.scalar(name).map(|value| value.to_bytes());
            let number = held.and_then(|text| std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()));
            let fd = Fd(number.unwrap_or(u32::MAX));
            return (Target::Fd(fd), Action::Close(fd));
        }
        (target, Action::Close(fd))
    }

    fn plan_duplicate(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        fd: Fd,
        duplicate: Duplicate,
        file_allowed: bool,
    ) -> Result<Action, RedirectFailure> {
        let word = match duplicate {
            Duplicate::Number(from) => return Ok(Action::Duplicate { fd, from: Fd(from), close: false, shown: None }),
            Duplicate::Move(from) => return Ok(Action::Duplicate { fd, from: Fd(from), close: true, shown: None }),
            Duplicate::Word(word) => word,
        };
        let text = self.redirection_word(context, unit, word)?;
        if text.as_ref() == b"-" {
            return Ok(Action::Close(fd));
        }
        let (digits, close) = match text.strip_suffix(b"-") {
            Some(digits) => (digits, true),
            None => (text.as_ref(), false),
        };
        let number = if digits.iter().all(u8::is_ascii_digit) {
            std::str::from_utf8(digits).ok().and_then(|text| text.parse::<u32>().ok())
        } else {
            None
        };
        match number {
            Some(from) => {
                let shown = Some(Bytes::copy_from_slice(unit.text(unit.word(word).span)));
                Ok(Action::Duplicate { fd, from: Fd(from), close, shown })
            }
            None if file_allowed && !text.is_empty() => {
                self.check_clobber(context, &text)?;
                let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
                Ok(Action::Open { fd: Fd::STDOUT, path: text, flags, also: Some(Fd::STDERR) })
            }
            None => {
                let source = unit.text(unit.word(word).span).to_vec();
                self.error(&[source.as_slice(), b": ambiguous redirect"].concat());
                Err(RedirectFailure::Failed)
            }
        }
    }

    /// Expands the operand of a redirection: it must give one field.
    fn redirection_word(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        word: WordId,
    ) -> Result<Bytes, RedirectFailure> {
        if let Some(literal) = unit.literal(word) {
            return Ok(literal.clone());
        }
        let facts = unit.word(word).facts;
        let mut fields = Vec::new();
        self.attempt(context, unit, facts, |view| expand::expand_word_into(unit, word, view, &mut fields))?;
        match (fields.len(), fields.pop()) {
            (1, Some(field)) => Ok(field),
            _ => {
                let source = unit.text(unit.word(word).span).to_vec();
                self.error(&[source.as_slice(), b": ambiguous redirect"].concat());
                Err(RedirectFailure::Failed)
            }
        }
    }

    /// `set -C`: `>` does not overwrite a regular file.
    fn check_clobber(&mut self, context: &Context<'_>, path: &[u8]) -> Result<(), RedirectFailure> {
        if self.state.is_on(ShellOption::NOCLOBBER)
            && let Ok(stat) = context.kernel.stat(context.pid, path, Follow::Yes)
            && stat.kind == FileKind::Regular
        {
            self.error(&[path, b": cannot overwrite existing file"].concat());
            return Err(RedirectFailure::Failed);
        }
        Ok(())
    }

    fn perform(
        &mut self,
        context: &mut Context<'_>,
        target: Target,
        action: Action,
        undo: &mut Undo,
    ) -> Result<(), RedirectFailure> {
        let (kernel, pid) = (&mut *context.kernel, context.pid);
        // A file is opened before what it replaces is put away, so that a FIFO can be waited for.
        let (fd, opened) = match &action {
            Action::Open { fd, path, flags, .. } => match kernel.open(pid, path, *flags, 0o666) {
                Ok(opened) => (*fd, Some(opened)),
                Err(Fault::Block) => return Err(RedirectFailure::Flow(Flow::Block)),
                Err(Fault::Errno(errno)) => return Err(self.redirect_error(path, errno)),
            },
            Action::Text { fd, content } => match kernel.open_text(pid, content.clone()) {
                Ok(opened) => (*fd, Some(opened)),
                Err(errno) => return Err(self.redirect_error(b"here-document", errno)),
            },
            Action::Duplicate { fd, from, shown, .. } => {
                if !kernel.is_open(pid, *from) {
                    let number = Bytes::from(from.0.to_string());
                    return Err(self.redirect_error(shown.as_ref().unwrap_or(&number), Errno::EBADF));
                }
                (*fd, None)
            }
            Action::Close(fd) => (*fd, None),
        };
        let fd = match target {
            Target::Fd(_) => fd,
            Target::Variable(name) => return self.perform_for_variable(context, name, &action, opened),
        };
        if fd.0 >= kernel.limits.descriptors && !matches!(action, Action::Close(_)) {
            return Err(self.redirect_error(fd.0.to_string().as_bytes(), Errno::EBADF));
        }
        // An opened file may have got the very descriptor that it is meant for, when that was closed.
        let in_place = opened == Some(fd);
        if in_place {
            undo.steps.push((fd, None));
        } else {
            let saved = kernel.save_fd(pid, fd, SAVED_FD);
            undo.steps.push((fd, saved));
        }
        let result = match (&action, opened) {
            (_, Some(opened)) if !in_place => kernel.move_fd(pid, opened, fd),
            (Action::Duplicate { from, close, .. }, _) => self.duplicate(context, fd, *from, *close, undo),
            _ => Ok(()),
        };
        if let Err(errno) = result {
            return Err(self.redirect_error(fd.0.to_string().as_bytes(), errno));
        }
        if let Action::Open { also: Some(also), .. } = action {
            let saved = context.kernel.save_fd(pid, also, SAVED_FD);
            undo.steps.push((also, saved));
            let _ = context.kernel.dup2(pid, fd, also);
        }
        Ok(())
    }

    fn duplicate(
        &mut self,
        context: &mut Context<'_>,
        fd: Fd,
        from: Fd,
        close: bool,
        undo: &mut Undo,
    ) -> Result<(), Errno> {
        let (kernel, pid) = (&mut *context.kernel, context.pid);
        // `2>&2`: the descriptor itself was put away; it comes back as it was.
        let source = if from == fd { undo.steps.last().and_then(|(_, saved)| *saved).unwrap_or(from) } else { from };
        kernel.dup2(pid, source, fd)?;
        if close && from != fd {
            let saved = kernel.save_fd(pid, from, SAVED_FD);
            undo.steps.push((from, saved));
        }
        Ok(())
    }

    /// `{name}>file`: the descriptor is chosen, from 10, and stays open after the command.
    fn perform_for_variable(
        &mut self,
        context: &mut Context<'_>,
        name: Bytes,
        action: &Action,
        opened: Option<Fd>,
    ) -> Result<(), RedirectFailure> {
        let (kernel, pid) = (&mut *context.kernel, context.pid);
        let from = match (action, opened) {
            (_, Some(opened)) => opened,
            (Action::Duplicate { from, .. }, None) => *from,
            _ => return Ok(()),
        };
        let result = kernel.dup_from(pid, from, Fd(10), false);
        if opened.is_some() || matches!(action, Action::Duplicate { close: true, .. }) {
            let _ = kernel.close(pid, from);
        }
        let fd = result.map_err(|errno| self.redirect_error(&name, errno))?;
        let assigned = self.with_view(context, |view| {
            let value = crate::shell::variable::Scalar::from(i64::from(fd.0));
            crate::shell::variable::assign::assign_scalar(view, &name, value)
        });
        match assigned {
            Ok(()) => Ok(()),
            Err(Stop::Error(error)) => {
                self.error(&error.message);
                let message = [&name[..], b": cannot assign fd to variable"].concat();
                self.error(&message);
                let _ = context.kernel.close(context.pid, fd);
                Err(RedirectFailure::Failed)
            }
            Err(stop) => Err(RedirectFailure::Flow(self.fail(context, stop))),
        }
    }

    fn redirect_error(&mut self, what: &[u8], errno: Errno) -> RedirectFailure {
        self.error(&[what, b": ", errno.message().as_bytes()].concat());
        RedirectFailure::Failed
    }

    /// Undoes redirections, latest first.
    pub(crate) fn undo(&mut self, context: &mut Context<'_>, undo: Undo) {
        let (kernel, pid) = (&mut *context.kernel, context.pid);
        for (fd, saved) in undo.steps.into_iter().rev() {
            match saved {
                Some(saved) => {
                    let _ = kernel.restore_fd(pid, saved, fd);
                }
                None => {
                    let _ = kernel.close(pid, fd);
                }
            }
        }
    }

    /// Makes redirections permanent (`exec`): only what was put away is closed.
    pub(crate) fn keep(&mut self, context: &mut Context<'_>, undo: Undo) {
        for (_, saved) in undo.steps {
            if let Some(saved) = saved {
                let _ = context.kernel.close(context.pid, saved);
            }
        }
    }

    /// Leaves a cleanup frame: redirections are undone, the temporary scope is left.
    pub(crate) fn pop_cleanup(&mut self, context: &mut Context<'_>) {
        if let Some(Frame::Cleanup(cleanup)) = self.frames.pop() {
            self.clean(context, *cleanup);
        }
    }

    pub(crate) fn clean(&mut self, context: &mut Context<'_>, cleanup: Cleanup) {
        self.undo(context, cleanup.undo);
        if cleanup.scope {
            self.state.variables.pop_scope();
            self.note_variable(b"L");
        }
        self.close_substitutions(context, cleanup.substitutions);
    }

    pub(crate) fn close_substitutions(&mut self, context: &mut Context<'_>, fds: SmallVec<[Fd; 2]>) {
        for fd in fds {
            let _ = context.kernel.close(context.pid, fd);
        }
    }
}

/// Why redirections were not made.
pub(crate) enum RedirectFailure {
    /// The command does not run; what is wrong has been said.
    Failed,
    /// It must wait, or an expansion failed.
    Flow(Flow),
}

impl From<Flow> for RedirectFailure {
    fn from(flow: Flow) -> Self {
        RedirectFailure::Flow(flow)
    }
}

impl Undo {
    /// Replaces `fd` by the entry at `by` of the same table; the undo that brings it back.
    pub(crate) fn replace(context: &mut Context<'_>, fd: Fd, by: Option<Fd>) -> Undo {
        let (kernel, pid) = (&mut *context.kernel, context.pid);
        let saved = kernel.save_fd(pid, fd, SAVED_FD);
        if let Some(by) = by {
            let _ = kernel.restore_fd(pid, by, fd);
        }
        Undo { steps: SmallVec::from_slice(&[(fd, saved)]) }
    }
}
