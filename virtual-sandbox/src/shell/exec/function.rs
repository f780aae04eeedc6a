//! Function definitions and calls.  [POSIX 2.9.5; bash manual "Shell Functions"]

use super::frame::{Frame, FunctionFrame};
use super::task::{Context, Flow, Next, ShellTask};
use super::weight::weight_of;
use crate::kernel::ExitStatus;
use crate::shell::builtin;
use crate::shell::call_stack::CallKind;
use crate::shell::function::Function;
use crate::shell::options::ShellOption;
use crate::shell::variable::{ScopeKind, is_name};
use bytes::Bytes;
use shell_parser::ast;
use shell_parser::ast::CommandId;
use std::sync::Arc;

impl ShellTask {
    pub(crate) fn define_function(&mut self, id: CommandId, function: &ast::Function) -> Flow {
        if let Some(flow) = self.refuse_name(id, &function.name) {
            return flow;
        }
        if self.state.functions.get(&function.name).is_some_and(|old| old.readonly) {
            self.state.line = self.unit.line(id);
            self.error(&[&function.name[..], b": readonly function"].concat());
            return self.done(ExitStatus::FAILURE);
        }
        let source = match self.state.calls.top() {
            Some(call) if call.kind != CallKind::Function || !call.source.is_empty() => call.source.clone(),
            None if self.state.mode.standard_input && !self.state.mode.interactive => Bytes::from_static(b"main"),
            _ => Bytes::from_static(b"environment"),
        };
        let definition = Function {
            name: function.name.clone(),
            unit: self.unit.clone(),
            definition: id,
            body: function.body,
            source,
            line: self.unit.line(id),
            exported: false,
            readonly: false,
            traced: false,
        };
        self.state.note_definition(self.unit.source().len());
        self.state.functions.insert_mut(function.name.clone(), Arc::new(definition));
        self.done(ExitStatus::SUCCESS)
    }

    /// A name that no function can have: one with quotes or expansions, and in POSIX mode one that is no identifier or a
    /// special builtin's, which ends a shell.
    fn refuse_name(&mut self, id: CommandId, name: &Bytes) -> Option<Flow> {
        let written = name.iter().any(|byte| matches!(byte, b'\'' | b'"' | b'\\' | b'$' | b'`'));
        let posix = self.state.is_on(ShellOption::POSIX);
        let special = posix && builtin::find(name).is_some_and(|row| row.special);
        let problem: &[u8] = match () {
            () if special => b"': is a special builtin",
            () if written || (posix && !is_name(name)) => b"': not a valid identifier",
            () => return None,
        };
        self.state.line = self.unit.line(id);
        self.error(&[b"`", &name[..], problem].concat());
        let exits = posix && !self.state.mode.interactive;
        Some(if exits {
            Flow::Go(Next::Divert(super::Divert::Exit(ExitStatus::USAGE)))
        } else {
            self.done(ExitStatus::FAILURE)
        })
    }

    /// Calls a function; `fields` are its name and arguments.
    pub(crate) fn call_function(
        &mut self,
        context: &mut Context<'_>,
        function: &Arc<Function>,
        fields: Vec<Bytes>,
    ) -> Flow {
        let depth = self.state.calls.depth();
        let nest = self.state.variables.scalar(b"FUNCNEST").and_then(|value| value.plain_int()).unwrap_or(0);
        let limit = context.kernel.limits.call_depth;
        let exceeded = if nest > 0 && i64::from(self.state.calls.function_depth()) >= nest {
            Some(nest)
        } else if depth >= limit {
            Some(i64::from(limit))
        } else {
            None
        };
        if let Some(limit) = exceeded {
            let message = format!(": maximum function nesting level exceeded ({limit})");
            self.error(&[&function.name[..], message.as_bytes()].concat());
            let divert = Some(super::Divert::Line(ExitStatus::FAILURE));
            return match self.flush_then(context, ExitStatus::FAILURE, divert) {
                Ok(status) => {
                    self.state.status = status;
                    Flow::Go(Next::Divert(super::Divert::Line(status)))
                }
                Err(flow) => flow,
            };
        }
        self.state.last_argument_from(&fields);
        self.state.variables.push_scope(ScopeKind::Function);
        let line = self.state.line;
        self.state.calls.push(CallKind::Function, function.name.clone(), function.source.clone(), line);
        self.weigh(context, weight_of(&fields));
        let arguments: Arc<[Bytes]> = fields.into_iter().skip(1).collect();
        let positional = std::mem::replace(&mut self.state.positional, arguments);
        if self.state.is_on(crate::shell::options::ShellOption::EXTDEBUG) {
            self.state.calls.note_arguments(self.state.positional.clone());
        }
        let unit = std::mem::replace(&mut self.unit, function.unit.clone());
        let loop_depth = std::mem::take(&mut self.state.loop_depth);
        let getopts_offset = self.state.getopts_offset;
        let hidden = self.hide_traps(function.traced);
        let frame = FunctionFrame {
            unit,
            positional,
            loop_depth,
            line,
            getopts_offset,
            options: None,
            returned: None,
            last_argument: self.state.last_argument.clone(),
            hidden,
        };
        self.push(Frame::Function(Box::new(frame)));
        Flow::Go(Next::Start(function.body))
    }

    /// The body has ended.
    pub(crate) fn resume_function(&mut self, frame: FunctionFrame) -> Flow {
        let status = self.state.status;
        self.return_from_function(frame, status)
    }

    /// Ends a call with a status; the RETURN trap still sees the status of the last command.
    pub(crate) fn return_from_function(&mut self, frame: FunctionFrame, status: ExitStatus) -> Flow {
        if let Some(flow) = self.return_trap(&frame, status) {
            return flow;
        }
        let status = frame.returned.unwrap_or(status);
        self.leave_function(frame);
        self.state.pipe_status.clear();
        self.complete(status)
    }

    /// Restores what the call has changed.
    pub(crate) fn leave_function(&mut self, frame: FunctionFrame) {
        self.state.variables.pop_scope();
        self.note_variable(b"L");
        self.state.calls.pop();
        self.state.positional = frame.positional;
        self.state.loop_depth = frame.loop_depth;
        self.state.line = frame.line;
        self.state.last_argument = frame.last_argument;
        self.state.getopts_offset = frame.getopts_offset;
        if let Some(options) = frame.options {
            self.state.options = options;
        }
        self.unhide_traps(frame.hidden);
        self.unit = frame.unit;
    }
}
