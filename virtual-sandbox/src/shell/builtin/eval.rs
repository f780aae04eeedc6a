//! `eval`, `.`, `command`, `builtin`, `exec`.

use crate::kernel::{ExitStatus, Fault};
use crate::shell::builtin;
use crate::shell::exec::weight_of;
use crate::shell::exec::{Context, Flow, Frame, Ran, ShellTask, SourceKind};
use crate::shell::options::ShellOption;
use crate::sys::Fd;
use crate::vfs::{FileKind, Follow, OpenFlags};
use bytes::Bytes;

pub(crate) fn eval(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let mut operands = fields.get(1..).unwrap_or_default();
    match operands.first() {
        Some(first) if first.as_ref() == b"--" => operands = operands.get(1..).unwrap_or_default(),
        Some(first) if first.len() > 1 && first.starts_with(b"-") => {
            let letter = first.get(1).copied().unwrap_or_default();
            return shell.invalid_option(b"eval", letter, "eval [arg ...]");
        }
        _ => {}
    }
    let text = operands.join(&b' ');
    if shell.nesting_exceeded(context) {
        return Ok(ExitStatus::FAILURE);
    }
    shell.weigh(context, text.len());
    Err(shell.run_text(SourceKind::Eval, Bytes::from(text)))
}

pub(crate) fn dot(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let name = fields.first().cloned().unwrap_or_default();
    let usage = format!("{} filename [arguments]", String::from_utf8_lossy(&name));
    let letters = match shell.letters(fields, b"", &usage) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let Some((file, arguments)) = operands.split_first() else {
        shell.builtin_error(&name, b"filename argument required");
        shell.usage_line(&name, &usage);
        return Ok(ExitStatus::USAGE);
    };
    if shell.nesting_exceeded(context) {
        return Ok(ExitStatus::FAILURE);
    }
    let path = source_path(shell, context, file);
    let stat = context.kernel.stat(context.pid, &path, Follow::Yes);
    if stat.as_ref().is_ok_and(|stat| stat.kind == FileKind::Directory) {
        shell.builtin_error(&name, &[&file[..], b": is a directory"].concat());
        return Ok(ExitStatus::FAILURE);
    }
    let opened = stat.and_then(|_| context.kernel.open(context.pid, &path, OpenFlags::READ, 0).map_err(Into::into));
    let fd = match opened {
        Ok(fd) => fd,
        Err(errno) => {
            shell.error(&[&file[..], b": ", errno.message().as_bytes()].concat());
            return Ok(ExitStatus::FAILURE);
        }
    };
    let arguments = (!arguments.is_empty()).then(|| arguments.to_vec());
    Err(shell.read_source(context, Box::new(DotFrame { fd, file: file.clone(), text: Vec::new(), arguments })))
}

/// `.` while it reads its file, which may be a pipe.
#[derive(Clone)]
pub(crate) struct DotFrame {
    fd: Fd,
    file: Bytes,
    text: Vec<u8>,
    arguments: Option<Vec<Bytes>>,
}

/// A file without a slash is searched for in `PATH`, then in the working directory.
fn source_path(shell: &ShellTask, context: &Context<'_>, file: &Bytes) -> Bytes {
    if file.contains(&b'/') || !shell.state.is_on(ShellOption::SOURCEPATH) {
        return file.clone();
    }
    let path = shell.state.variables.scalar(b"PATH").map(|path| path.to_bytes()).unwrap_or_default();
    for directory in path.split(|byte| *byte == b':') {
        let candidate = [directory, b"/", file].concat();
        if context.kernel.stat(context.pid, &candidate, Follow::Yes).is_ok_and(|stat| stat.kind == FileKind::Regular) {
            return Bytes::from(candidate);
        }
    }
    file.clone()
}

pub(crate) fn exec(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters =
        match shell.letters(fields, b"cla:", "exec [-cl] [-a name] [command [argument ...]] [redirection ...]") {
            Ok(letters) => letters,
            Err(ran) => return ran,
        };
    let mut command = fields.get(letters.operands..).unwrap_or_default().to_vec();
    if command.is_empty() {
        return Ok(ExitStatus::SUCCESS);
    }
    let mut zero = letters.value(b'a').cloned();
    if letters.has(b'l') {
        let name = zero.or_else(|| command.first().cloned()).unwrap_or_default();
        zero = Some(Bytes::from([b"-", &name[..]].concat()));
    }
    if letters.has(b'c') {
        shell.clear_environment();
    }
    let program = command.first().cloned();
    if let (Some(zero), Some(first)) = (zero, command.first_mut()) {
        *first = zero;
    }
    Err(shell.exec_builtin(context, program.unwrap_or_default(), &command))
}

const COMMAND_USAGE: &str = "command [-pVv] command [arg ...]";

pub(crate) fn command(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"pVv", COMMAND_USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    if operands.is_empty() {
        return Ok(ExitStatus::SUCCESS);
    }
    if letters.has(b'v') || letters.has(b'V') {
        return shell.describe_commands(context, operands, letters.has(b'V'));
    }
    run_without_functions(shell, context, operands, letters.has(b'p'), letters.operands)
}

/// Runs a builtin or program; functions are passed over.
fn run_without_functions(
    shell: &mut ShellTask,
    context: &mut Context<'_>,
    operands: &[Bytes],
    standard_path: bool,
    skipped: usize,
) -> Ran {
    let name = operands.first().cloned().unwrap_or_default();
    if let Some(row) = builtin::find(&name)
        && !shell.state.disabled.contains(&row.name)
    {
        for (at, _) in &mut shell.declared {
            *at = at.saturating_sub(skipped);
        }
        shell.name_output(row.name);
        return (row.run)(shell, context, operands);
    }
    Err(shell.start_program(context, operands.to_vec(), standard_path))
}

pub(crate) fn builtin(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"", "builtin [shell-builtin [arg ...]]") {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let operands = fields.get(letters.operands..).unwrap_or_default();
    let Some(name) = operands.first() else { return Ok(ExitStatus::SUCCESS) };
    let Some(row) = builtin::find(name) else {
        shell.builtin_error(b"builtin", &[&name[..], b": not a shell builtin"].concat());
        return Ok(ExitStatus::FAILURE);
    };
    for (at, _) in &mut shell.declared {
        *at = at.saturating_sub(letters.operands);
    }
    shell.name_output(row.name);
    (row.run)(shell, context, operands)
}

impl ShellTask {
    /// Reads a sourced file to its end, then runs it.
    pub(crate) fn read_source(&mut self, context: &mut Context<'_>, mut frame: Box<DotFrame>) -> Flow {
        loop {
            match context.kernel.read(context.pid, frame.fd, crate::sys::CHUNK) {
                Ok(chunk) if !chunk.is_empty() => {
                    frame.text.extend_from_slice(&chunk);
                    context.kernel.check_memory(frame.text.len() as u64);
                    if context.kernel.usage.exceeded.is_some() {
                        self.push(Frame::Dot(frame));
                        return Flow::Block;
                    }
                }
                Err(Fault::Block) => {
                    self.push(Frame::Dot(frame));
                    return Flow::Block;
                }
                _ => break,
            }
        }
        let _ = context.kernel.close(context.pid, frame.fd);
        let DotFrame { file, text, arguments, .. } = *frame;
        self.weigh(context, text.len() + arguments.as_deref().map_or(0, weight_of));
        self.run_file(file, Bytes::from(text), arguments)
    }

    /// Closes the file of a `.` that is given up.
    pub(crate) fn abandon_dot(&mut self, context: &mut Context<'_>, frame: &DotFrame) {
        let _ = context.kernel.close(context.pid, frame.fd);
    }

    /// Whether evals and sourced files nest deeper than the machine allows; it is said.
    fn nesting_exceeded(&mut self, context: &Context<'_>) -> bool {
        let limit = context.kernel.limits.call_depth;
        let exceeded = self.frames.len() as u64 > u64::from(limit) * 16 || self.state.calls.depth() >= limit;
        if exceeded {
            self.error(format!("maximum eval nesting level exceeded ({limit})").as_bytes());
        }
        exceeded
    }

    /// `exec -c`: programs get no environment.
    fn clear_environment(&mut self) {
        let names: Vec<Bytes> = self.state.variables.sorted().into_iter().map(|(name, _)| name.clone()).collect();
        for name in names {
            use crate::shell::variable::Attributes;
            if self.state.variables.get(&name).is_some_and(|variable| variable.attributes().has(Attributes::EXPORTED)) {
                self.state.variables.set_attributes(&name, Attributes::NONE, Attributes::EXPORTED);
            }
        }
    }

    /// Leads to the flow of a program started by a builtin.
    fn start_program(&mut self, context: &mut Context<'_>, fields: Vec<Bytes>, standard_path: bool) -> Flow {
        if standard_path
            && let Some(name) = fields.first()
            && !name.contains(&b'/')
            && let Some(path) = self.search(context, crate::machine::DEFAULT_PATH, name)
        {
            return self.fork_fields(context, Some(path), fields);
        }
        self.fork_fields(context, None, fields)
    }
}
