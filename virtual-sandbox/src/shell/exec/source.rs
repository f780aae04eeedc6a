//! Commands read from a text: the script, `-c`, standard input, `eval`, `.`, traps.

use super::divert::Divert;
use super::frame::Frame;
use super::task::{Context, Flow, Next, ShellTask};
use crate::kernel::{ExitStatus, Fault};
use crate::shell::options::ShellOption;
use crate::sys::Fd;
use bytes::Bytes;
use shell_parser::ast::Warning;
use shell_parser::{AliasLookup, Parser, SyntaxError, SyntaxErrorStatus, Unit};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where a shell's commands come from.
#[derive(Clone, Debug)]
pub enum Script {
    /// `-c`: a string.
    String(Bytes),
    /// A file's content.
    File(Bytes),
    /// Standard input, read line by line, so that commands share it.
    Input,
}

/// What kind of text is being run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum SourceKind {
    /// The shell's own script.
    Script,
    /// `-c` or a session's commands.
    String,
    /// Standard input.
    Input,
    /// `eval`.
    Eval,
    /// `.`.
    Dot,
    /// A trap's command.
    Trap,
    /// A syntax error to be said when it is reached.
    Failed,
}

/// A text under way.
#[derive(Clone)]
pub(crate) struct SourceFrame {
    pub(crate) kind: SourceKind,
    parser: Parser,
    /// The unit before the text, brought back at its end.
    unit: Option<Arc<Unit>>,
    /// `.` with arguments: the positional parameters before.
    positional: Option<Arc<[Bytes]>>,
    line: u32,
    failed: Option<Box<SyntaxError>>,
    ended: bool,
}

impl SourceFrame {
    fn new(kind: SourceKind, text: Bytes, first_line: u32) -> Self {
        let parser = Parser::at_line(text, first_line);
        SourceFrame { kind, parser, unit: None, positional: None, line: 0, failed: None, ended: false }
    }

    /// A text that is only a syntax error (of a backquoted substitution).
    pub(crate) fn failed(error: SyntaxError) -> Box<Self> {
        let mut frame = SourceFrame::new(SourceKind::Failed, Bytes::new(), 1);
        frame.failed = Some(Box::new(error));
        Box::new(frame)
    }
}

/// The shell's aliases for the parser.
struct Aliases<'a>(&'a BTreeMap<Bytes, Bytes>);

impl AliasLookup for Aliases<'_> {
    fn alias(&self, name: &[u8]) -> Option<&[u8]> {
        self.0.get(name).map(Bytes::as_ref)
    }
}

impl ShellTask {
    /// Runs the shell's own script from its start.
    pub(crate) fn push_script(&mut self, script: Script) {
        let frame = match script {
            Script::String(text) => SourceFrame::new(SourceKind::String, text, 1),
            Script::File(text) => SourceFrame::new(SourceKind::Script, text, 1),
            Script::Input => SourceFrame::new(SourceKind::Input, Bytes::new(), 1),
        };
        self.push(Frame::Source(Box::new(frame)));
        self.next = Next::Retry;
    }

    /// Runs a text as commands: `eval`, a trap. The flow leads to its status.
    pub(crate) fn run_text(&mut self, kind: SourceKind, text: Bytes) -> Flow {
        self.run_text_at(kind, text, self.state.line.max(1))
    }

    /// Runs a text whose first line has this number.
    pub(crate) fn run_text_at(&mut self, kind: SourceKind, text: Bytes, line: u32) -> Flow {
        let mut frame = SourceFrame::new(kind, text, line);
        frame.unit = Some(self.unit.clone());
        frame.line = self.state.line;
        // An empty text succeeds.
        self.state.status = if kind == SourceKind::Trap { self.state.status } else { ExitStatus::SUCCESS };
        self.push(Frame::Source(Box::new(frame)));
        Flow::Go(Next::Retry)
    }

    /// `.`: runs a file's content in this shell.
    pub(crate) fn run_file(&mut self, path: Bytes, text: Bytes, arguments: Option<Vec<Bytes>>) -> Flow {
        let mut frame = SourceFrame::new(SourceKind::Dot, text, 1);
        frame.unit = Some(self.unit.clone());
        frame.line = self.state.line;
        let given = arguments.is_some();
        if let Some(arguments) = arguments {
            frame.positional = Some(std::mem::replace(&mut self.state.positional, Arc::from(arguments)));
            self.positional_set = false;
        }
        let line = self.state.line;
        self.state.calls.push(crate::shell::call_stack::CallKind::Source, Bytes::from_static(b"source"), path, line);
        if given && self.state.is_on(ShellOption::EXTDEBUG) {
            self.state.calls.note_arguments(self.state.positional.clone());
        }
        self.state.status = ExitStatus::SUCCESS;
        self.push(Frame::Source(Box::new(frame)));
        Flow::Go(Next::Retry)
    }

    /// Reads and starts the next complete command of a text.
    pub(crate) fn resume_source(&mut self, context: &mut Context<'_>, mut frame: Box<SourceFrame>, done: bool) -> Flow {
        if done && frame.kind == SourceKind::String {
            self.notify_jobs(context);
        }
        if self.state.is_on(ShellOption::ONECMD) && done && frame.kind != SourceKind::Trap {
            return self.leave_source(frame);
        }
        if let Some(error) = frame.failed.take() {
            self.say_syntax_error(&error, frame.kind);
            return self.syntax_failed(context, frame, error.status);
        }
        loop {
            match self.parse_next(&mut frame.parser, frame.kind, frame.ended) {
                Ok(Some(unit)) => {
                    if self.state.is_on(ShellOption::VERBOSE) {
                        self.echo_source(&unit);
                        if let Err(flow) = self.flush(context, self.state.status) {
                            return flow;
                        }
                    }
                    if self.state.is_on(ShellOption::NOEXEC) && !self.state.mode.interactive {
                        continue;
                    }
                    let root = unit.root();
                    if matches!(frame.kind, SourceKind::Script | SourceKind::Input) {
                        self.state.command_number += 1;
                        self.keep_history(&unit);
                    }
                    self.warn_from(&unit);
                    self.unit = unit;
                    self.push(Frame::Source(frame));
                    return Flow::Go(Next::Start(root));
                }
                Ok(None) if frame.kind == SourceKind::Input && !frame.ended => {
                    match self.read_line(context, &mut frame) {
                        Ok(()) => {}
                        Err(flow) => {
                            self.push(Frame::Source(frame));
                            return flow;
                        }
                    }
                }
                Ok(None) => return self.leave_source(frame),
                Err(error) if error.is_incomplete() && frame.kind == SourceKind::Input && !frame.ended => {
                    match self.read_line(context, &mut frame) {
                        Ok(()) => {}
                        Err(flow) => {
                            self.push(Frame::Source(frame));
                            return flow;
                        }
                    }
                }
                Err(error) => {
                    self.say_syntax_error(&error, frame.kind);
                    return self.syntax_failed(context, frame, error.status);
                }
            }
        }
    }

    /// Puts a command on the history list after `set -o history`, its lines joined (`cmdhist`).
    fn keep_history(&mut self, unit: &Unit) {
        if !self.state.is_on(ShellOption::HISTORY) || self.state.mode.interactive {
            return;
        }
        let mut entry: Vec<u8> = Vec::new();
        for line in unit.source().split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()) {
            if !entry.is_empty() {
                let goes_on = [&b"do"[..], b"then", b"else", b"{", b"(", b";", b"|", b"&", b"in"];
                entry.extend_from_slice(if goes_on.iter().any(|end| entry.ends_with(end)) { b" " } else { b"; " });
            }
            entry.extend_from_slice(line);
        }
        Arc::make_mut(&mut self.state.history).push(Bytes::from(entry));
    }

    fn parse_next(&self, parser: &mut Parser, kind: SourceKind, ended: bool) -> Result<Option<Arc<Unit>>, SyntaxError> {
        let aliases = Aliases(&self.state.aliases);
        let options = shell_parser::Options {
            extglob: self.state.is_on(ShellOption::EXTGLOB),
            posix: self.state.is_on(ShellOption::POSIX),
            brace_expand: self.state.is_on(ShellOption::BRACEEXPAND),
            aliases: (self.state.is_on(ShellOption::EXPAND_ALIASES) && !self.state.aliases.is_empty())
                .then_some(&aliases as &dyn AliasLookup),
            final_input: kind != SourceKind::Input || ended,
            comments: !self.state.mode.interactive || self.state.is_on(ShellOption::INTERACTIVE_COMMENTS),
        };
        parser.next_complete_command(&options)
    }

    /// Warnings of the parser, such as a here-document without its end.
    fn warn_from(&mut self, unit: &Unit) {
        self.say_warnings(unit.warnings());
    }

    fn say_warnings(&mut self, warnings: &[Warning]) {
        for warning in warnings {
            let mut line = self.state.error_name().to_vec();
            line.extend_from_slice(format!(": line {}: warning: {}\n", warning.line, warning.text).as_bytes());
            self.output.push(Fd::STDERR, &line);
        }
    }

    /// Reads one more line of standard input.
    fn read_line(&mut self, context: &mut Context<'_>, frame: &mut SourceFrame) -> Result<(), Flow> {
        let mut line = std::mem::take(&mut self.input_line);
        let read = context.kernel.read_until(context.pid, Fd::STDIN, b'\n', usize::MAX, &mut line);
        match read {
            Err(Fault::Block) => {
                self.input_line = line;
                return Err(Flow::Block);
            }
            Ok(true) => {}
            _ => frame.ended = true,
        }
        if !line.is_empty() {
            frame.parser.feed(&line);
        }
        Ok(())
    }

    fn echo_source(&mut self, unit: &Unit) {
        let source = unit.source().to_vec();
        self.output.push(Fd::STDERR, &source);
    }

    fn say_syntax_error(&mut self, error: &SyntaxError, kind: SourceKind) {
        self.say_warnings(&error.warnings);
        let context: &[u8] = match kind {
            SourceKind::String if !self.session => b"-c",
            SourceKind::Eval => b"eval",
            SourceKind::Failed => b"command substitution",
            SourceKind::Trap => self.trap_name(),
            _ => b"",
        };
        let name = self.state.error_name().clone();
        let typed = self.state.mode.interactive && matches!(kind, SourceKind::String | SourceKind::Input);
        let message = if typed { error.prompt_message(&name) } else { error.message(&name, context) };
        self.output.push(Fd::STDERR, &message);
        self.state.line = error.line;
    }

    fn syntax_failed(&mut self, context: &mut Context<'_>, frame: Box<SourceFrame>, status: SyntaxErrorStatus) -> Flow {
        let kind = frame.kind;
        let number = match kind {
            SourceKind::String if status == SyntaxErrorStatus::Substitution => 127,
            SourceKind::Script | SourceKind::Input | SourceKind::String => status.after(i32::from(self.state.status.0)),
            _ => status.nested(),
        };
        let status = ExitStatus(u8::try_from(number).unwrap_or(2));
        self.state.status = status;
        let flushed = self.flush_then(context, status, None);
        if let Err(flow) = flushed {
            return flow;
        }
        match kind {
            // The rest of standard input is read on after the bad line, as bash does for scripts it reads so.
            SourceKind::Input if !frame.ended && self.state.mode.interactive => {
                self.push(Frame::Source(frame));
                Flow::Go(Next::Retry)
            }
            SourceKind::Script | SourceKind::Input | SourceKind::String | SourceKind::Failed => {
                if self.session {
                    return self.leave_source(frame);
                }
                Flow::Go(Next::Divert(Divert::Exit(status)))
            }
            _ => {
                self.restore_source(*frame);
                self.state.status = status;
                self.complete(status)
            }
        }
    }

    /// The text is at its end.
    fn leave_source(&mut self, frame: Box<SourceFrame>) -> Flow {
        let kind = frame.kind;
        self.restore_source(*frame);
        match kind {
            SourceKind::Eval | SourceKind::Dot => {
                let status = self.state.status;
                let flow = self.complete(status);
                match flow {
                    Flow::Go(next) if kind == SourceKind::Dot && !self.state.traps.set.is_empty() => {
                        self.run_trap(crate::shell::trap::Condition::Return, next)
                    }
                    flow => flow,
                }
            }
            _ => Flow::Go(Next::Done),
        }
    }

    fn restore_source(&mut self, frame: SourceFrame) {
        if let Some(unit) = frame.unit {
            self.unit = unit;
            self.state.line = frame.line;
        }
        // A `set` in the sourced file stays; its arguments do not.
        if let Some(positional) = frame.positional
            && !self.positional_set
        {
            self.state.positional = positional;
        }
        if frame.kind == SourceKind::Dot {
            self.state.calls.pop();
        }
    }

    /// Control leaves a text, or stops there.
    pub(crate) fn divert_from_source(&mut self, frame: Box<SourceFrame>, divert: Divert) -> Flow {
        match divert {
            // The line is dropped; the next one is read. A subshell ends.
            Divert::Line(status) if self.state.subshell_level == 0 || frame.kind != SourceKind::Trap => {
                self.state.status = status;
                self.state.loop_depth = 0;
                if self.state.subshell_level > 0 && matches!(frame.kind, SourceKind::Eval | SourceKind::Dot) {
                    self.restore_source(*frame);
                    return Flow::Go(Next::Divert(divert));
                }
                self.push(Frame::Source(frame));
                Flow::Go(Next::Retry)
            }
            Divert::Top(status)
                if self.state.subshell_level == 0 && matches!(frame.kind, SourceKind::Script | SourceKind::Input) =>
            {
                self.state.status = status;
                self.state.loop_depth = 0;
                self.push(Frame::Source(frame));
                Flow::Go(Next::Retry)
            }
            Divert::Return(status) if frame.kind == SourceKind::Dot => {
                self.state.status = status;
                self.leave_source(frame)
            }
            _ => {
                self.restore_source(*frame);
                Flow::Go(Next::Divert(divert))
            }
        }
    }
}
