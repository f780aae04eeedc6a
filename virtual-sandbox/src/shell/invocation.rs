//! How a shell is invoked: bash's own arguments.  [bash manual "Invoking Bash"]

use super::call_stack::CallKind;
use super::exec::{Divert, Next, Script, ShellTask};
use super::options::{Options, ShellOption};
use super::state::{Mode, ShellState};
use super::variable::{Attributes, special};
use crate::kernel::{Disposition, ExitStatus, Kernel, Pid, Signal};
use crate::utility::Invocation;
use crate::vfs::OpenFlags;
use bytes::Bytes;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Arguments of a shell, read.
#[derive(Clone, Debug, Default)]
pub struct ShellInvocation {
    /// Options turned on and off, in order.
    pub options: Vec<(ShellOption, bool)>,
    /// `-i`, `-s`, `-c`, `-l`.
    pub mode: Mode,
    /// What follows the options.
    pub operands: Vec<Bytes>,
}

/// Arguments that bash refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// An option it does not know; the text with its dashes.
    #[error("{0}: invalid option")]
    Option(String),
    /// A name after `-o` or `-O` that is none.
    #[error("{0}: invalid option name")]
    Name(String),
    /// `-c` without a string, `-o` without a name.
    #[error("{0}: option requires an argument")]
    Argument(String),
    /// `--version`: no error, but nothing else happens.
    #[error("GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)")]
    Version,
}

impl ShellInvocation {
    /// Reads the arguments after `argv[0]`.
    pub fn parse(arguments: &[Bytes]) -> Result<Self, InvocationError> {
        let mut parsed = ShellInvocation::default();
        let mut rest = arguments.iter();
        let mut command = false;
        while let Some(argument) = rest.as_slice().first() {
            let text = String::from_utf8_lossy(argument).into_owned();
            if argument.as_ref() == b"--" || argument.as_ref() == b"-" {
                rest.next();
                break;
            }
            let on = match argument.first() {
                Some(b'-') if argument.len() > 1 => true,
                Some(b'+') if argument.len() > 1 => false,
                _ => break,
            };
            rest.next();
            if let Some(long) = argument.strip_prefix(b"--") {
                parsed.long_option(long, &text, &mut rest)?;
                continue;
            }
            for letter in argument.iter().skip(1) {
                match letter {
                    b'c' => command = true,
                    b's' => parsed.mode.standard_input = true,
                    b'i' => parsed.mode.interactive = true,
                    b'l' => parsed.mode.login = true,
                    b'D' => {}
                    b'o' | b'O' => {
                        let Some(name) = rest.next() else {
                            return Err(InvocationError::Argument(text));
                        };
                        let found = if *letter == b'o' {
                            ShellOption::set_by_name(name)
                        } else {
                            ShellOption::shopt_by_name(name)
                        };
                        match found {
                            Some(option) => parsed.options.push((option, on)),
                            None => return Err(InvocationError::Name(String::from_utf8_lossy(name).into_owned())),
                        }
                    }
                    letter => match ShellOption::by_letter(*letter) {
                        Some(option) => parsed.options.push((option, on)),
                        None => {
                            return Err(InvocationError::Option(format!(
                                "{}{}",
                                if on { '-' } else { '+' },
                                *letter as char
                            )));
                        }
                    },
                }
            }
        }
        parsed.operands = rest.cloned().collect();
        if command {
            if parsed.operands.is_empty() {
                return Err(InvocationError::Argument("-c".to_owned()));
            }
            parsed.mode.command_string = true;
        } else if parsed.operands.is_empty() {
            parsed.mode.standard_input = true;
        }
        Ok(parsed)
    }

    fn long_option<'a>(
        &mut self,
        name: &[u8],
        text: &str,
        rest: &mut impl Iterator<Item = &'a Bytes>,
    ) -> Result<(), InvocationError> {
        match name {
            b"version" => return Err(InvocationError::Version),
            b"posix" => self.options.push((ShellOption::POSIX, true)),
            b"login" => self.mode.login = true,
            b"verbose" => self.options.push((ShellOption::VERBOSE, true)),
            b"norc" | b"noprofile" | b"noediting" | b"restricted" => {}
            b"rcfile" | b"init-file" => {
                rest.next();
            }
            _ => return Err(InvocationError::Option(text.to_owned())),
        }
        Ok(())
    }
}

impl ShellTask {
    /// A shell for a program started as `bash` or `sh` within the machine.
    pub(crate) fn from_invocation(kernel: &mut Kernel, pid: Pid, invocation: &Invocation) -> ShellTask {
        let state = fresh_state(invocation.env());
        let mut task = ShellTask::new(state);
        let name = invocation.argv().first().cloned().unwrap_or(Bytes::from_static(b"bash"));
        task.state.name = name.clone();
        task.begin(kernel, pid);
        task.import_functions(invocation.env());
        match ShellInvocation::parse(invocation.arguments()) {
            Ok(parsed) => task.apply(kernel, pid, &name, parsed),
            Err(error) => task.refuse(&error),
        }
        task
    }

    /// A shell with a prepared state that runs a script. `$0` is `name`.
    pub fn with_script(
        kernel: &mut Kernel,
        pid: Pid,
        state: ShellState,
        name: Bytes,
        arguments: Vec<Bytes>,
        script: Script,
    ) -> ShellTask {
        let mut task = ShellTask::new(state);
        task.state.name = name;
        task.state.positional = Arc::from(arguments);
        task.state.script_arguments = task.state.positional.clone();
        task.state.mode.command_string = matches!(script, Script::String(_));
        task.begin(kernel, pid);
        if let Script::String(text) = &script {
            task.state.execution_string = Some(text.clone());
        }
        task.push_script(script);
        task
    }

    /// `bash -c SCRIPT NAME ARGUMENT…` with this environment.
    pub fn command(
        kernel: &mut Kernel,
        pid: Pid,
        env: &Arc<[Bytes]>,
        name: Bytes,
        arguments: Vec<Bytes>,
        script: Bytes,
    ) -> ShellTask {
        let state = template(env, Options::default());
        let mut task = ShellTask::with_script(kernel, pid, state, name, arguments, Script::String(script));
        task.import_functions(env);
        task
    }

    /// A shell that waits for commands ([`ShellTask::submit`]) and stays when they are done.
    pub fn session(kernel: &mut Kernel, pid: Pid, state: ShellState, interactive: bool) -> ShellTask {
        let mut task = ShellTask::new(state);
        task.session = true;
        task.state.mode.interactive = interactive;
        task.begin(kernel, pid);
        task
    }

    /// Gives a session's shell commands to run.
    pub fn submit(&mut self, script: Bytes) {
        self.push_script(Script::String(script));
    }

    /// Puts a command at the end of the history list.
    pub fn remember(&mut self, command: Bytes) {
        Arc::make_mut(&mut self.state.history).push(command);
    }

    /// Whether a session's commands are done.
    pub fn is_idle(&self) -> bool {
        self.session && self.frames.is_empty()
    }

    /// Gives up the commands that a session's shell runs, with this status.
    pub fn give_up(&mut self, status: ExitStatus) {
        if !self.frames.is_empty() {
            self.next = Next::Divert(Divert::Line(status));
        }
    }

    /// The state, for the host: prompts, completion.
    pub fn state(&self) -> &ShellState {
        &self.state
    }

    /// The state, to change.
    pub fn state_mut(&mut self) -> &mut ShellState {
        &mut self.state
    }

    /// What a new process's shell knows of itself.
    fn begin(&mut self, kernel: &mut Kernel, pid: Pid) {
        self.state.shell_pid = pid;
        self.state.parent_pid = kernel.process(pid).map_or(Pid(0), |process| process.ppid);
        self.state.started = kernel.clock.now();
        self.state.variables.random.seed(kernel.entropy.number() as u32);
        let cwd = kernel.getcwd(pid).unwrap_or(Bytes::from_static(b"/"));
        self.state.cwd = cwd.clone();
        let variables = &mut self.state.variables;
        if variables.scalar(b"PWD").is_none_or(|old| old.to_bytes() != cwd) {
            variables.set_exported(b"PWD", cwd);
        }
        let level = variables.scalar(b"SHLVL").and_then(|level| level.plain_int()).unwrap_or(0);
        variables.set_exported(b"SHLVL", level + 1);
        variables.set(b"PPID", i64::from(self.state.parent_pid.0));
        let fixed = Attributes::READONLY.with(Attributes::INTEGER);
        self.state.variables.set_attributes(b"PPID", fixed, Attributes::NONE);
    }

    /// Options, operands and the script.
    fn apply(&mut self, kernel: &mut Kernel, pid: Pid, name: &Bytes, parsed: ShellInvocation) {
        let posix = name.rsplit(|byte| *byte == b'/').next() == Some(b"sh");
        if posix {
            self.set_option(ShellOption::POSIX, true);
        }
        self.state.mode = parsed.mode;
        self.set_option(ShellOption::LOGIN_SHELL, parsed.mode.login);
        if parsed.mode.interactive {
            for option in [ShellOption::EXPAND_ALIASES, ShellOption::HISTEXPAND, ShellOption::HISTORY] {
                self.set_option(option, true);
            }
        }
        for (option, on) in parsed.options {
            self.set_option(option, on);
        }
        let mut operands = parsed.operands.into_iter();
        if parsed.mode.command_string {
            let text = operands.next().unwrap_or_default();
            if let Some(zero) = operands.next() {
                self.state.name = zero;
            }
            self.state.positional = operands.collect();
            self.state.script_arguments = self.state.positional.clone();
            self.state.execution_string = Some(text.clone());
            self.push_script(Script::String(text));
        } else if parsed.mode.standard_input {
            self.state.positional = operands.collect();
            self.state.script_arguments = self.state.positional.clone();
            self.push_script(Script::Input);
        } else {
            let file = operands.next().unwrap_or_default();
            self.state.positional = operands.collect();
            self.state.script_arguments = self.state.positional.clone();
            self.load_script_file(kernel, pid, file);
        }
    }

    fn load_script_file(&mut self, kernel: &mut Kernel, pid: Pid, file: Bytes) {
        let opened = kernel.open(pid, &file, OpenFlags::READ, 0);
        let path = match opened {
            Ok(fd) => Ok(fd),
            Err(error) if !file.contains(&b'/') => {
                // A script without a slash is searched for in PATH too.
                let path = self.state.variables.scalar(b"PATH").map(|path| path.to_bytes()).unwrap_or_default();
                crate::machine::image::search(kernel, pid, &path, &file)
                    .map_err(|_| error)
                    .and_then(|found| kernel.open(pid, &found, OpenFlags::READ, 0))
            }
            Err(error) => Err(error),
        };
        let shell = self.state.name.clone();
        self.state.name = file.clone();
        let read = path.map_err(crate::errno::Errno::from).and_then(|fd| {
            let mut text = Vec::new();
            loop {
                let chunk = kernel.read(pid, fd, crate::sys::CHUNK).map_err(crate::errno::Errno::from);
                match chunk {
                    Ok(chunk) if chunk.is_empty() => break,
                    Ok(chunk) => text.extend_from_slice(&chunk),
                    Err(errno) => {
                        let _ = kernel.close(pid, fd);
                        return Err(errno);
                    }
                }
            }
            let _ = kernel.close(pid, fd);
            Ok(text)
        });
        match read {
            Ok(text) => {
                self.state.calls.push(CallKind::Script, Bytes::from_static(b"main"), file, 0);
                self.push_script(Script::File(Bytes::from(text)));
            }
            Err(errno) => {
                let message = [&shell[..], b": ", &file[..], b": ", errno.message().as_bytes(), b"\n"].concat();
                self.output.push(crate::sys::Fd::STDERR, &message);
                let status = if errno == crate::errno::Errno::ENOENT { 127 } else { 126 };
                self.state.status = crate::kernel::ExitStatus(status);
            }
        }
    }

    fn refuse(&mut self, error: &InvocationError) {
        if *error == InvocationError::Version {
            self.output.push(crate::sys::Fd::STDOUT, format!("{error}\n").as_bytes());
            return;
        }
        let mut message = self.state.name.to_vec();
        message.extend_from_slice(format!(": {error}\n").as_bytes());
        if matches!(error, InvocationError::Option(_)) {
            message.extend_from_slice(
                b"Usage:\tbash [GNU long option] [option] ...\n\tbash [GNU long option] [option] script-file ...\n",
            );
        }
        self.output.push(crate::sys::Fd::STDERR, &message);
        self.state.status = crate::kernel::ExitStatus::USAGE;
    }

    /// Functions that an outer shell has exported: `BASH_FUNC_name%%=() { …; }`.
    fn import_functions(&mut self, env: &[Bytes]) {
        for entry in env {
            let Some(rest) = entry.strip_prefix(b"BASH_FUNC_") else { continue };
            let Some(at) = memchr::memmem::find(rest, b"%%=") else { continue };
            let (name, body) = (rest.get(..at).unwrap_or_default(), rest.get(at + 3..).unwrap_or_default());
            if !body.starts_with(b"() {") {
                continue;
            }
            let source = [name, b" ", body].concat();
            let Ok(units) = shell_parser::parse_all(source, &shell_parser::Options::default()) else { continue };
            let [unit] = units.as_slice() else { continue };
            let id = unit.root();
            if let shell_parser::ast::CommandKind::Function(function) = &unit.command(id).kind {
                let before = std::mem::replace(&mut self.unit, unit.clone());
                self.define_function(id, function);
                self.unit = before;
                if let Some(defined) = self.state.functions.get(&function.name) {
                    let exported = super::function::Function { exported: true, ..(**defined).clone() };
                    self.state.functions.insert_mut(function.name.clone(), Arc::new(exported));
                }
            }
        }
    }
}

/// The state of a shell whose environment is `env`. That of the environment asked for last is kept: thousands of
/// sandboxes have the same.
pub fn template(env: &Arc<[Bytes]>, options: Options) -> ShellState {
    static LAST: Mutex<Option<(Arc<[Bytes]>, ShellState)>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let mut state = match &*last {
        Some((same, state)) if Arc::ptr_eq(same, env) || same == env => state.clone(),
        _ => {
            let state = fresh_state(env);
            *last = Some((Arc::clone(env), state.clone()));
            state
        }
    };
    state.options = options;
    state
}

/// The state of a shell that starts with `env`. What every shell starts with is made once and shared.
fn fresh_state(env: &[Bytes]) -> ShellState {
    static COMMON: OnceLock<ShellState> = OnceLock::new();
    let common = COMMON.get_or_init(|| {
        let mut state = ShellState::new();
        special::declare_specials(&mut state.variables);
        set_defaults(&mut state);
        state
    });
    let mut state = common.clone();
    // These do not begin with what the environment says.
    let own: [&[u8]; 4] = [b"IFS=", b"OPTIND=", b"UID=", b"EUID="];
    let imported = |entry: &&[u8]| !own.iter().any(|name| entry.starts_with(name));
    state.variables.import_environment(env.iter().map(Bytes::as_ref).filter(imported));
    state
}

/// Variables that bash itself sets.
pub(super) fn set_defaults(state: &mut ShellState) {
    let variables = &mut state.variables;
    let unset = |variables: &super::variable::Variables, name: &[u8]| variables.get(name).is_none();
    for (name, value) in [
        (&b"BASH"[..], &b"/usr/bin/bash"[..]),
        (b"BASH_VERSION", b"5.2.15(1)-release"),
        (b"HOSTTYPE", b"x86_64"),
        (b"OSTYPE", b"linux-gnu"),
        (b"MACHTYPE", b"x86_64-pc-linux-gnu"),
        (b"HOSTNAME", b"sandshell"),
        (b"IFS", b" \t\n"),
        (b"OPTIND", b"1"),
        (b"PS4", b"+ "),
    ] {
        if unset(variables, name) || matches!(name, b"IFS" | b"OPTIND") {
            variables.set(name, Bytes::copy_from_slice(value));
        }
    }
    if unset(variables, b"PATH") {
        variables.set(b"PATH", Bytes::from_static(crate::machine::DEFAULT_PATH));
    }
    let version: [&[u8]; 6] = [b"5", b"2", b"15", b"1", b"release", b"x86_64-pc-linux-gnu"];
    let elements = version.iter().map(|text| super::variable::Scalar::from(Bytes::copy_from_slice(text)));
    variables.set_value(b"BASH_VERSINFO", super::variable::Value::array(elements));
    variables.set_attributes(b"BASH_VERSINFO", Attributes::READONLY, Attributes::NONE);
    for (name, id) in [(&b"UID"[..], 1000_i64), (b"EUID", 1000)] {
        variables.set(name, id);
        variables.set_attributes(name, Attributes::READONLY.with(Attributes::INTEGER), Attributes::NONE);
    }
    variables.set(b"OPTERR", 1_i64);
}

/// Ignores the signals that an interactive shell ignores.
pub fn ignore_for_interactive(kernel: &mut Kernel, pid: Pid) {
    for signal in [Signal::TERM, Signal::QUIT, Signal::TSTP, Signal::TTIN, Signal::TTOU] {
        let _ = kernel.set_disposition(pid, signal, Disposition::Ignore);
    }
}
