//! Pipelines. POSIX 2.9.2; bash manual "Pipelines".

use crate::ast::{
    Command, CommandKind, Duplicate, IdRange, NodeId, Pipeline, Redirection, RedirectionFd, RedirectionId,
    RedirectionKind, Time,
};
use crate::core::{Core, Parsed};
use crate::lex::reserved::Reserved;
use crate::span::Span;

impl Core<'_> {
    /// Reads a pipeline with the `!` and `time` before it.
    pub(crate) fn pipeline_command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        let start = self.input.offset();
        let line = self.input.line;
        let mut negate = false;
        let mut time = None;
        let mut prefixed = false;
        loop {
            self.expand_alias_here()?;
            match self.peek_reserved() {
                Some(Reserved::Not) => {
                    self.take_reserved();
                    negate = !negate;
                }
                Some(Reserved::Time) => {
                    self.take_reserved();
                    time = Some(self.time_options(time));
                }
                _ => break,
            }
            prefixed = true;
            self.skip_blanks();
        }
        let empty = prefixed && self.at_list_terminator();
        if !empty {
            let first = self.command()?;
            self.skip_blanks();
            if !prefixed && !self.at_pipe() {
                return Ok(first);
            }
            let mark = self.scratch.commands.len();
            self.scratch.commands.push(first);
            self.more_stages()?;
            let stages = self.flush_commands(mark);
            return Ok(self.command_from(start, line, CommandKind::Pipeline(Pipeline { negate, time, stages })));
        }
        let stages = IdRange::default();
        Ok(self.command_from(start, line, CommandKind::Pipeline(Pipeline { negate, time, stages })))
    }

    /// Reads `| command` as often as it comes.
    fn more_stages(&mut self) -> Parsed<()> {
        loop {
            self.skip_blanks();
            if !self.at_pipe() {
                return Ok(());
            }
            let at = self.input.offset();
            self.input.advance(1);
            if self.input.peek() == Some(b'&') {
                self.input.advance(1);
                self.pipe_standard_error(Span::new(at, self.input.end_offset()));
            }
            self.reserved_ok = true;
            self.skip_newlines()?;
            let stage = self.stage()?;
            self.scratch.commands.push(stage);
        }
    }

    /// Reads a command behind `|`, where `!` and `time` are out of place: bash refuses the one and runs the other as
    /// a command.
    fn stage(&mut self) -> Parsed<Command> {
        self.expand_alias_here()?;
        match self.peek_reserved() {
            Some(Reserved::Not) => Err(self.unexpected()),
            Some(Reserved::Time) => self.simple_command(),
            _ => self.command(),
        }
    }

    fn at_pipe(&self) -> bool {
        self.input.peek() == Some(b'|') && self.input.peek_at(1) != Some(b'|')
    }

    /// Adds the `2>&1` that `|&` means to the last stage.
    fn pipe_standard_error(&mut self, span: Span) {
        let redirection = Redirection {
            fd: RedirectionFd::Number(2),
            kind: RedirectionKind::DuplicateOutput(Duplicate::Number(1)),
            span,
            line: self.input.line,
            implied: true,
        };
        let Some(stage) = self.scratch.commands.last_mut() else { return };
        let mut all = self.unit.redirections(stage.redirections).to_vec();
        all.push(redirection);
        let from = self.unit.all_redirections.len();
        self.unit.all_redirections.extend(all);
        stage.redirections = IdRange::new(from, self.unit.all_redirections.len());
        debug_assert!(RedirectionId::from_index(from).index() == from);
    }

    /// Reads the options of `time`: `-p`, `--`.
    fn time_options(&mut self, before: Option<Time>) -> Time {
        let mut time = before.unwrap_or(Time::Default);
        self.skip_blanks();
        if self.word_here_is(b"-p") {
            self.input.advance(2);
            time = Time::Posix;
            self.skip_blanks();
        }
        if self.word_here_is(b"--") {
            self.input.advance(2);
        }
        time
    }

    /// Whether exactly this word stands at the cursor.
    fn word_here_is(&self, word: &[u8]) -> bool {
        self.input.starts_with(word) && self.input.peek_at(word.len()).is_none_or(crate::lex::class::is_metacharacter)
    }

    /// Whether a newline, `;` or the end of the input is at the cursor.
    fn at_list_terminator(&self) -> bool {
        match self.input.peek() {
            None | Some(b'\n') => true,
            Some(b';') => !matches!(self.input.peek_at(1), Some(b';' | b'&')),
            _ => false,
        }
    }
}
