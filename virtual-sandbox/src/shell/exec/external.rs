//! Programs: forked, searched for, executed.  [POSIX 2.9.1.6 Non-built-in Utility Execution]

use super::frame::Frame;
use super::simple::SimpleFrame;
use super::task::{Context, Flow, Next, ShellTask};
use crate::errno::Errno;
use crate::kernel::ExitStatus;
use crate::machine::{Program, image};
use crate::shell::options::ShellOption;
use crate::shell::variable::Attributes;
use crate::text::locale;
use crate::vfs::{FileKind, Follow};
use bytes::Bytes;
use shell_parser::quote::{ansi_c_quoted, needs_ansi_c};
use std::sync::Arc;

impl ShellTask {
    /// Whether this process is about to end with its command, so that a program may take its place.
    pub(crate) fn may_be_replaced(&self) -> bool {
        self.last_command_replaces
            && self.frames.is_empty()
            && self.state.traps.command(crate::shell::trap::Condition::Exit).is_none()
    }

    /// Forks a child that goes on with the command's redirections and runs it.
    pub(crate) fn fork_program(&mut self, context: &mut Context<'_>, frame: &mut SimpleFrame) -> Flow {
        if let Some(name) = frame.fields.first() {
            self.remember_program(context, name, frame.scope);
        }
        let (pid, mut task) = match self.fork(context) {
            Ok(forked) => forked,
            Err(flow) => {
                self.abandon_simple(context, frame.clone());
                return flow;
            }
        };
        // The child does what is left of the command; here, what was done for it is undone.
        task.state.subshell_level -= 1;
        task.frames.push(Frame::Simple(Box::new(frame.for_child())));
        task.next = Next::Retry;
        context.born.push((pid, Program::Shell(task)));
        if self.state.traps.command(crate::shell::trap::Condition::Debug).is_none() {
            self.state.command_text = None;
        }
        self.state.last_argument_from(&frame.fields);
        self.abandon_simple(context, std::mem::replace(frame, SimpleFrame::program(frame.command, Vec::new())));
        self.push(Frame::Child { pid, subshell: None });
        Flow::Block
    }

    /// Runs a program that a builtin has named, in a child or in place of this process.
    pub(crate) fn fork_fields(&mut self, context: &mut Context<'_>, path: Option<Bytes>, fields: Vec<Bytes>) -> Flow {
        if let (Some(path), Some(name)) = (path, fields.first()) {
            Arc::make_mut(&mut self.state.hashed).insert(name.clone(), (path, 0));
        }
        let (pid, mut task) = match self.fork(context) {
            Ok(forked) => forked,
            Err(flow) => return flow,
        };
        task.state.subshell_level -= 1;
        task.push(Frame::Program(fields));
        task.next = Next::Retry;
        context.born.push((pid, Program::Shell(task)));
        self.push(Frame::Child { pid, subshell: None });
        Flow::Block
    }

    /// Replaces this process by a program; says what is wrong when it cannot be run.
    pub(crate) fn exec_program(&mut self, context: &mut Context<'_>, fields: Vec<Bytes>) -> Flow {
        let name = fields.first().cloned().unwrap_or_default();
        if let Some(handler) = self.not_found_handler(context, &name) {
            let name = handler.name.clone();
            return self.call_function(context, &handler, std::iter::once(name).chain(fields).collect());
        }
        match self.load_program(context, &name, &fields) {
            Ok(program) => Flow::Replace(Box::new(program)),
            Err(status) => {
                let status = match self.flush(context, status) {
                    Ok(status) => status,
                    Err(flow) => return flow,
                };
                self.state.status = status;
                Flow::Go(Next::Done)
            }
        }
    }

    /// `command_not_found_handle`, where it is defined and the command is not found.  [bash manual "Command Search and
    /// Execution"]
    fn not_found_handler(
        &mut self,
        context: &mut Context<'_>,
        name: &Bytes,
    ) -> Option<Arc<crate::shell::function::Function>> {
        let handler = self.state.functions.get(&b"command_not_found_handle"[..]).cloned()?;
        self.find_program(context, name).is_none().then_some(handler)
    }

    /// Loads the program that a command names; an error has been said and is a status.
    pub(crate) fn load_program(
        &mut self,
        context: &mut Context<'_>,
        name: &Bytes,
        fields: &[Bytes],
    ) -> Result<Program, ExitStatus> {
        let path = match self.find_program(context, name) {
            Some(path) => path,
            None => return Err(self.not_found(name)),
        };
        let env = with_path(&self.environment(), &path);
        match image::load(context.kernel, context.pid, &path, fields.to_vec(), env.clone()) {
            Ok(image) => Ok(image::become_image(context.kernel, context.pid, image)),
            Err(Errno::ENOEXEC) => self.load_script(context, &path, fields, env),
            Err(errno) => Err(self.not_executable(context, &path, errno)),
        }
    }

    /// A file without `#!` is a script of this shell.
    fn load_script(
        &mut self,
        context: &mut Context<'_>,
        path: &Bytes,
        fields: &[Bytes],
        env: Arc<[Bytes]>,
    ) -> Result<Program, ExitStatus> {
        if self.is_binary(context, path) {
            self.error(&[&path[..], b": cannot execute binary file: Exec format error"].concat());
            return Err(ExitStatus::NOT_EXECUTABLE);
        }
        let mut argv = vec![Bytes::from_static(b"bash"), path.clone()];
        argv.extend(fields.iter().skip(1).cloned());
        match image::load(context.kernel, context.pid, b"/usr/bin/bash", argv, env) {
            Ok(image) => Ok(image::become_image(context.kernel, context.pid, image)),
            Err(errno) => Err(self.not_executable(context, path, errno)),
        }
    }

    /// Whether the first line holds a NUL byte: bash's test for a binary file.
    fn is_binary(&self, context: &mut Context<'_>, path: &[u8]) -> bool {
        let Ok(fd) = context.kernel.open(context.pid, path, crate::vfs::OpenFlags::READ, 0) else { return false };
        let start = context.kernel.read(context.pid, fd, 80).unwrap_or_default();
        let _ = context.kernel.close(context.pid, fd);
        start.starts_with(b"\x7fELF") || start.split(|byte| *byte == b'\n').next().is_some_and(|line| line.contains(&0))
    }

    /// Puts a program in the hash table, so that its search is made once.
    fn remember_program(&mut self, context: &Context<'_>, name: &Bytes, temporary: bool) {
        if name.contains(&b'/') || name.is_empty() || !self.state.is_on(ShellOption::HASHALL) {
            return;
        }
        if self.state.hashed.contains_key(name) {
            if let Some(entry) = Arc::make_mut(&mut self.state.hashed).get_mut(name) {
                entry.1 += 1;
            }
            return;
        }
        let Some(path) = self.state.variables.scalar(b"PATH").map(|path| path.to_bytes()) else { return };
        // A PATH of the command's own is not what the table is for.
        if !temporary && let Ok(found) = image::search(context.kernel, context.pid, &path, name) {
            Arc::make_mut(&mut self.state.hashed).insert(name.clone(), (found, 1));
        }
    }

    /// Where the program called `name` is: the name itself when it has a slash, else the first in `PATH`.
    pub(crate) fn find_program(&mut self, context: &mut Context<'_>, name: &Bytes) -> Option<Bytes> {
        if name.contains(&b'/') {
            return Some(name.clone());
        }
        if name.is_empty() {
            return None;
        }
        let temporary =
            self.state.variables.get(b"PATH").is_some_and(|path| path.attributes().has(Attributes::TEMPORARY));
        if let Some((path, _)) = self.state.hashed.get(name).filter(|_| !temporary)
            && context.kernel.stat(context.pid, path, Follow::Yes).is_ok()
        {
            return Some(path.clone());
        }
        let path = self.state.variables.scalar(b"PATH").map(|path| path.to_bytes())?;
        self.search(context, &path, name)
    }

    /// The first file called `name` in `path` that can be executed, or else the first that is there.
    pub(crate) fn search(&self, context: &Context<'_>, path: &[u8], name: &[u8]) -> Option<Bytes> {
        match image::search(context.kernel, context.pid, path, name) {
            Ok(found) => Some(found),
            Err(Errno::EACCES) => path.split(|byte| *byte == b':').find_map(|directory| {
                let candidate = [directory, b"/", name].concat();
                let stat = context.kernel.stat(context.pid, &candidate, Follow::Yes).ok()?;
                (stat.kind == FileKind::Regular).then(|| Bytes::from(candidate))
            }),
            Err(_) => None,
        }
    }

    fn not_found(&mut self, name: &[u8]) -> ExitStatus {
        let characters = locale::characters();
        let shown = if needs_ansi_c(name, characters) { ansi_c_quoted(name, characters) } else { name.to_vec() };
        // With nothing in PATH, a name stands for a file in the working directory.
        let empty = self.state.variables.scalar(b"PATH").is_none_or(|path| path.is_empty()) && !name.is_empty();
        let problem: &[u8] = if empty { b": No such file or directory" } else { b": command not found" };
        self.error(&[&shown, problem].concat());
        ExitStatus::NOT_FOUND
    }

    fn not_executable(&mut self, context: &Context<'_>, path: &[u8], errno: Errno) -> ExitStatus {
        let directory = context.kernel.stat(context.pid, path, Follow::Yes).is_ok_and(|stat| stat.is_directory());
        let reason = if directory { Errno::EISDIR } else { errno };
        if errno == Errno::ENOENT && context.kernel.stat(context.pid, path, Follow::Yes).is_ok() {
            // The interpreter is what is missing.
            self.error(&[path, b": cannot execute: required file not found"].concat());
            return ExitStatus::NOT_FOUND;
        }
        self.error(&[path, b": ", reason.message().as_bytes()].concat());
        if errno == Errno::ENOENT { ExitStatus::NOT_FOUND } else { ExitStatus::NOT_EXECUTABLE }
    }

    /// The environment of programs: exported variables and functions.
    pub(crate) fn environment(&mut self) -> Arc<[Bytes]> {
        let variables = self.state.variables.environment();
        let mut exported: Vec<(&Bytes, &Arc<crate::shell::function::Function>)> =
            self.state.functions.iter().filter(|(_, function)| function.exported).collect();
        if exported.is_empty() {
            return variables;
        }
        exported.sort_unstable_by(|a, b| a.0.cmp(b.0));
        let mut all = variables.to_vec();
        for (name, function) in exported {
            let mut text = b"BASH_FUNC_".to_vec();
            text.extend_from_slice(name);
            text.extend_from_slice(b"%%=");
            text.extend_from_slice(&shell_parser::print::exported_function(&function.unit, function.body));
            all.push(Bytes::from(text));
        }
        Arc::from(all)
    }

    /// `exec command`.
    pub(crate) fn exec_builtin(&mut self, context: &mut Context<'_>, program: Bytes, fields: &[Bytes]) -> Flow {
        if !program.contains(&b'/') && self.find_program(context, &program).is_none() {
            self.builtin_error(b"exec", &[&program[..], b": not found"].concat());
            return self.exec_failed(context, ExitStatus::NOT_FOUND);
        }
        // bash makes the path absolute.
        let program = if program.contains(&b'/') && !program.starts_with(b"/") {
            let directory = context.kernel.getcwd(context.pid).unwrap_or_default();
            let below = program.strip_prefix(b"./").unwrap_or(&program);
            let joint: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
            Bytes::from([&directory[..], joint, below].concat())
        } else {
            program
        };
        match self.load_program(context, &program, fields) {
            Ok(program) => Flow::Replace(Box::new(program)),
            Err(status) => {
                let reason = match context.kernel.stat(context.pid, &program, Follow::Yes) {
                    Ok(stat) if stat.is_directory() => Errno::EISDIR,
                    _ if status == ExitStatus::NOT_FOUND => return self.exec_failed(context, status),
                    Ok(_) => Errno::EACCES,
                    Err(errno) => errno,
                };
                let reason = reason.message().as_bytes();
                self.builtin_error(b"exec", &[&program[..], b": cannot execute: ", reason].concat());
                self.exec_failed(context, status)
            }
        }
    }

    /// `exec` could not run its command: a shell that is not interactive ends.
    fn exec_failed(&mut self, context: &mut Context<'_>, status: ExitStatus) -> Flow {
        let stays = self.state.mode.interactive || self.state.is_on(ShellOption::EXECFAIL);
        let divert = (!stays).then_some(super::Divert::Exit(status));
        match (self.flush_then(context, status, divert), divert) {
            (Ok(_), Some(divert)) => Flow::Go(Next::Divert(divert)),
            (Ok(status), None) => self.done(status),
            (Err(flow), _) => flow,
        }
    }
}

/// The environment with `_`, the program's own path.
fn with_path(environment: &[Bytes], path: &[u8]) -> Arc<[Bytes]> {
    // `exec -c` leaves it empty.
    if environment.is_empty() {
        return Arc::default();
    }
    let kept = environment.iter().filter(|entry| !entry.starts_with(b"_="));
    kept.cloned().chain(std::iter::once(Bytes::from([b"_=", path].concat()))).collect()
}
