//! `set -x`.  [bash manual "The Set Builtin"]

use super::frame::Frame;
use super::task::{Context, Flow, Next, ShellTask};
use crate::kernel::ExitStatus;
use crate::shell::expand;
use crate::shell::options::ShellOption;
use crate::shell::variable::assign::{Assigned, AssignedValue, Key};
use crate::sys::Fd;
use bytes::Bytes;
use shell_parser::ast::{
    ArithText, Assignment, AssignmentValue, CommandId, CommandKind, For, Subscript, Unit, WordFacts, WordId,
};

impl ShellTask {
    /// Whether commands are traced.
    #[inline]
    pub(crate) fn is_tracing(&self) -> bool {
        self.state.is_on(ShellOption::XTRACE)
    }

    /// Writes one line of trace, after PS4.
    pub(crate) fn trace(&mut self, context: &mut Context<'_>, text: &[u8]) {
        let mut line = self.trace_prompt(context);
        line.extend_from_slice(text);
        line.push(b'\n');
        let fd = self.trace_fd();
        // Trace comes before what the command itself writes.
        let mut data = Bytes::from(line);
        while !data.is_empty() {
            match context.kernel.write(context.pid, fd, &data) {
                Ok(taken) => data = data.slice(taken.min(data.len())..),
                Err(_) => {
                    self.output.push(fd, &data);
                    break;
                }
            }
        }
    }

    /// `BASH_XTRACEFD`, or standard error.
    fn trace_fd(&self) -> Fd {
        let number = self.state.variables.scalar(b"BASH_XTRACEFD").and_then(|value| value.plain_int());
        number.and_then(|number| u32::try_from(number).ok()).map_or(Fd::STDERR, Fd)
    }

    /// Makes the prompt of the trace before a command starts, once, where PS4 holds substitutions: they are run like
    /// those of a word.
    pub(crate) fn prompt_before(&mut self, id: CommandId) -> Option<Flow> {
        if std::mem::take(&mut self.prompted) {
            return None;
        }
        self.trace_prompt = None;
        let ps4 = self.state.variables.scalar(b"PS4")?.to_bytes();
        if !ps4.contains(&b'`') && memchr::memmem::find(&ps4, b"$(").is_none() {
            return None;
        }
        self.push(Frame::TracePrompt(id, self.state.status));
        Some(Flow::Go(Next::Retry))
    }

    pub(crate) fn resume_trace_prompt(&mut self, context: &mut Context<'_>, id: CommandId, status: ExitStatus) -> Flow {
        let ps4 = self.state.variables.scalar(b"PS4").map(|value| value.to_bytes()).unwrap_or_default();
        let unit = self.unit.clone();
        self.state.line = unit.line(id);
        self.state.status = status;
        // What the prompt runs is not traced.
        self.state.options.set(ShellOption::XTRACE, false);
        self.push(Frame::TracePrompt(id, status));
        let expanded = self.attempt(context, &unit, WordFacts::SUBSTITUTION, |view| view.prompt(&ps4));
        self.state.options.set(ShellOption::XTRACE, true);
        match expanded {
            Ok(expanded) => {
                self.frames.pop();
                self.state.status = status;
                self.trace_prompt = Some(expanded);
                self.prompted = true;
                Flow::Go(Next::Start(id))
            }
            Err(flow) => flow,
        }
    }

    /// PS4, expanded, its first character repeated once per level of indirection.
    fn trace_prompt(&mut self, context: &mut Context<'_>) -> Vec<u8> {
        let ps4 = self.state.variables.scalar(b"PS4").map(|value| value.to_bytes());
        let ps4 = ps4.unwrap_or_default();
        let expanded = if let Some(made) = &self.trace_prompt {
            made.to_vec()
        } else if ps4.iter().any(|byte| matches!(byte, b'$' | b'`' | b'\\')) {
            self.expand_prompt(context, &ps4)
        } else {
            ps4.to_vec()
        };
        let levels = self.frames.iter().filter(|frame| frame.indirects()).count();
        let width = match expanded.first() {
            Some(byte) if *byte < 0x80 => 1,
            Some(_) => std::str::from_utf8(&expanded).map_or(1, |text| text.chars().next().map_or(1, char::len_utf8)),
            None => return expanded,
        };
        let first = expanded.get(..width).unwrap_or_default().to_vec();
        let mut prompt = Vec::with_capacity(expanded.len() + levels);
        for _ in 0..levels + self.state.subshell_indirection as usize {
            prompt.extend_from_slice(&first);
        }
        prompt.extend_from_slice(&expanded);
        prompt
    }

    /// Expands PS4; one that holds a substitution stays as it is.
    fn expand_prompt(&mut self, context: &mut Context<'_>, text: &[u8]) -> Vec<u8> {
        let memo = std::mem::take(&mut self.memo);
        let expanded = self.with_view(context, |view| view.prompt(text));
        self.memo = memo;
        expanded.map_or_else(|_| text.to_vec(), |bytes| bytes.to_vec())
    }

    /// A command's words. Lists among the arguments of a declaration come before it as assignments of their own;
    /// the values of `export` and `readonly` after it.
    pub(crate) fn trace_fields(&mut self, context: &mut Context<'_>, fields: &[Bytes], declared: &[(usize, Assigned)]) {
        let mut lines = Vec::new();
        let mut text = Vec::new();
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                text.push(b' ');
            }
            match declared.iter().find(|(index, _)| *index == at) {
                Some((_, assigned)) if matches!(assigned.value, AssignedValue::Array(_)) => {
                    self.trace(context, &list_text(assigned));
                    text.extend_from_slice(&quoted(field));
                }
                Some((_, assigned)) => {
                    let mut word = assignment_name(assigned);
                    if let AssignedValue::Scalar(value) = &assigned.value {
                        word.extend_from_slice(&value.to_bytes());
                        lines.push(assigned);
                    }
                    text.extend_from_slice(&quoted(&word));
                }
                None => text.extend_from_slice(&quoted(field)),
            }
        }
        self.trace(context, &text);
        if fields.first().is_some_and(|name| matches!(name.as_ref(), b"export" | b"readonly")) {
            for assigned in lines {
                self.trace_assignment(context, assigned);
            }
        }
    }

    /// An assignment of a string; a subscript is shown as it is written.
    pub(crate) fn trace_element(
        &mut self,
        context: &mut Context<'_>,
        unit: &Unit,
        assignment: &Assignment,
        assigned: &Assigned,
    ) {
        let Some(Subscript::Index(text)) = assignment.subscript else {
            return self.trace_assignment(context, assigned);
        };
        let written = Bytes::copy_from_slice(unit.text(unit.word(text.word).span));
        self.trace_assignment(context, &Assigned { subscript: Some(Key::Text(written)), ..assigned.clone() });
    }

    pub(crate) fn trace_assignment(&mut self, context: &mut Context<'_>, assigned: &Assigned) {
        let text = match &assigned.value {
            AssignedValue::Scalar(value) => {
                let mut text = assignment_name(assigned);
                let value = value.to_bytes();
                if !value.is_empty() {
                    text.extend_from_slice(&quoted(&value));
                }
                text
            }
            AssignedValue::Array(_) => list_text(assigned),
        };
        self.trace(context, &text);
    }

    /// An assignment of a list is shown as it is written.
    pub(crate) fn trace_list(&mut self, context: &mut Context<'_>, unit: &Unit, assignment: &Assignment) {
        let AssignmentValue::Array(elements) = assignment.value else { return };
        let mut text = assignment.name.to_vec();
        text.extend_from_slice(if assignment.append { b"+=(" } else { b"=(" });
        for (at, element) in unit.elements(elements).iter().enumerate() {
            if at > 0 {
                text.push(b' ');
            }
            text.extend_from_slice(unit.text(element.span));
        }
        text.push(b')');
        self.trace(context, &text);
    }

    pub(crate) fn trace_arith(&mut self, context: &mut Context<'_>, unit: &Unit, text: ArithText) -> Result<(), Flow> {
        let facts = unit.word(text.word).facts;
        let expanded = self.attempt(context, unit, facts, |view| expand::expand_text(unit, text.word, view))?;
        let mut line = b"(( ".to_vec();
        line.extend_from_slice(&expanded);
        line.extend_from_slice(b" ))");
        self.trace(context, &line);
        Ok(())
    }

    pub(crate) fn trace_for(&mut self, context: &mut Context<'_>, command: CommandId) {
        let unit = self.unit.clone();
        let line = match &unit.command(command).kind {
            CommandKind::For(clause) => self.loop_header(b"for ", clause),
            CommandKind::Select(clause) => self.loop_header(b"select ", clause),
            _ => return,
        };
        self.trace(context, &line);
    }

    /// `for NAME in WORDS`, as trace and `BASH_COMMAND` show it.
    pub(crate) fn loop_header(&self, keyword: &[u8], clause: &For) -> Vec<u8> {
        let unit = &self.unit;
        let mut line = keyword.to_vec();
        line.extend_from_slice(&clause.name);
        line.extend_from_slice(b" in ");
        match clause.words {
            Some(words) => {
                for (at, word) in words.iter().enumerate() {
                    if at > 0 {
                        line.push(b' ');
                    }
                    line.extend_from_slice(unit.text(unit.word(word).span));
                }
            }
            None => line.extend_from_slice(b"\"$@\""),
        }
        line
    }

    pub(crate) fn trace_case(&mut self, context: &mut Context<'_>, unit: &Unit, word: WordId, _value: &[u8]) {
        let mut line = b"case ".to_vec();
        line.extend_from_slice(unit.text(unit.word(word).span));
        line.extend_from_slice(b" in");
        self.trace(context, &line);
    }
}

/// `name=`, `name[subscript]+=`.
fn assignment_name(assigned: &Assigned) -> Vec<u8> {
    let mut text = assigned.name.to_vec();
    match &assigned.subscript {
        Some(Key::Index(index)) => text.extend_from_slice(format!("[{index}]").as_bytes()),
        Some(Key::Text(key)) => {
            text.push(b'[');
            text.extend_from_slice(key);
            text.push(b']');
        }
        None => {}
    }
    text.extend_from_slice(if assigned.append { b"+=" } else { b"=" });
    text
}

/// The assignment of an expanded list, every key and value in quotes.
fn list_text(assigned: &Assigned) -> Vec<u8> {
    let mut text = assignment_name(assigned);
    let AssignedValue::Array(elements) = &assigned.value else { return text };
    text.push(b'(');
    for (at, element) in elements.iter().enumerate() {
        if at > 0 {
            text.push(b' ');
        }
        let key = match &element.subscript {
            Some(Key::Text(key)) => Some(key.clone()),
            Some(Key::Index(index)) => Some(Bytes::from(index.to_string())),
            None => None,
        };
        if let Some(key) = key {
            text.push(b'[');
            expand::quote::single_quoted(&key, &mut text);
            text.extend_from_slice(b"]=");
        }
        expand::quote::single_quoted(&element.value.to_bytes(), &mut text);
    }
    text.push(b')');
    text
}

/// A word as trace shows it: quoted where that is needed to read it back.
fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    expand::quote::as_argument(text, &mut out);
    out
}

impl super::frame::Frame {
    /// Whether commands run by this frame are traced one level deeper.
    fn indirects(&self) -> bool {
        matches!(self, Frame::Source(source) if matches!(source.kind, super::source::SourceKind::Eval | super::source::SourceKind::Dot | super::source::SourceKind::Trap))
    }
}
