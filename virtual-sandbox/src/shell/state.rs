//! The state of a shell: what a subshell gets a copy of. Every large part is shared until it is changed.

use super::account::Account;
use super::call_stack::CallStack;
use super::function::Functions;
use super::job::Jobs;
use super::options::{Options, ShellOption};
use super::trap::Traps;
use super::variable::Variables;
use crate::kernel::{ExitStatus, Pid};
use bytes::Bytes;
use smallvec::SmallVec;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How the shell was started.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mode {
    /// `-i`: an interactive shell.
    pub interactive: bool,
    /// `-c`: commands from a string.
    pub command_string: bool,
    /// `-s` or no operand: commands from standard input.
    pub standard_input: bool,
    /// `-l`: a login shell.
    pub login: bool,
}

/// The state of a shell.
#[derive(Clone)]
pub struct ShellState {
    /// Variables.
    pub variables: Variables,
    /// What it holds in memory beside variables.
    pub account: Account,
    /// Functions.
    pub functions: Functions,
    /// Aliases.
    pub aliases: Arc<BTreeMap<Bytes, Bytes>>,
    /// Options.
    pub options: Options,
    /// `$1`, `$2`, …
    pub positional: Arc<[Bytes]>,
    /// `$0`.
    pub name: Bytes,
    /// How it was started.
    pub mode: Mode,
    /// `$?`.
    pub status: ExitStatus,
    /// `PIPESTATUS`.
    pub pipe_status: SmallVec<[u8; 4]>,
    /// The status of the last command substitution of the command being expanded.
    pub substitution_status: Option<ExitStatus>,
    /// `$_`.
    pub last_argument: Bytes,
    /// `$!`.
    pub last_background: Option<Pid>,
    /// `$$`.
    pub shell_pid: Pid,
    /// `$PPID`.
    pub parent_pid: Pid,
    /// The line of the command being executed.
    pub line: u32,
    /// `BASH_COMMAND`: the unit and command being executed are rendered when asked.
    pub command_text: Option<Bytes>,
    /// The logical working directory.
    pub cwd: Bytes,
    /// Traps.
    pub traps: Arc<Traps>,
    /// Jobs.
    pub jobs: Arc<Jobs>,
    /// The directory stack below the working directory.
    pub directories: Arc<Vec<Bytes>>,
    /// Command search results: the `hash` table.
    pub hashed: Arc<BTreeMap<Bytes, (Bytes, u32)>>,
    /// Builtins that `enable -n` has disabled.
    pub disabled: Arc<Vec<&'static str>>,
    /// Calls under way.
    pub calls: CallStack,
    /// `BASH_SUBSHELL`.
    pub subshell_level: u32,
    /// Levels of command substitution, which `set -x` shows.
    pub subshell_indirection: u32,
    /// The positional parameters that the shell was started with, for `BASH_ARGV`.
    pub script_arguments: Arc<[Bytes]>,
    /// What `complete` has been told, by command.
    pub completions: Arc<BTreeMap<Bytes, super::completion::Completion>>,
    /// The history list, as far as `history` has filled it.
    pub history: Arc<Vec<Bytes>>,
    /// How many commands have been read from the script or standard input, for `\\#` in prompts.
    pub command_number: u64,
    /// Whether this process is a pipeline's stage made of one simple command: its ERR trap does not act for that.
    pub simple_stage: bool,
    /// How many loops enclose the command in this function.
    pub loop_depth: u32,
    /// Whether failure is being tested around this subshell, so that `set -e` is without effect.
    pub errexit_suppressed: bool,
    /// Where `getopts` stands within a word of options.
    pub getopts_offset: u32,
    /// When the shell was started, for `SECONDS`.
    pub started: u64,
    /// The text of the command string, for `BASH_EXECUTION_STRING`.
    pub execution_string: Option<Bytes>,
}

impl ShellState {
    /// The state of a new shell without variables.
    pub fn new() -> Self {
        ShellState {
            variables: Variables::default(),
            account: Account::default(),
            functions: Functions::default(),
            aliases: Arc::default(),
            options: Options::default(),
            positional: Arc::from([]),
            name: Bytes::from_static(b"bash"),
            mode: Mode::default(),
            status: ExitStatus::SUCCESS,
            pipe_status: SmallVec::from_slice(&[0]),
            substitution_status: None,
            last_argument: Bytes::new(),
            last_background: None,
            shell_pid: Pid(0),
            parent_pid: Pid(0),
            line: 0,
            command_text: None,
            cwd: Bytes::from_static(b"/"),
            traps: Arc::default(),
            jobs: Arc::default(),
            directories: Arc::default(),
            hashed: Arc::default(),
            disabled: Arc::default(),
            calls: CallStack::default(),
            subshell_level: 0,
            subshell_indirection: 0,
            script_arguments: Arc::default(),
            completions: Arc::default(),
            history: Arc::default(),
            command_number: 0,
            simple_stage: false,
            loop_depth: 0,
            errexit_suppressed: false,
            getopts_offset: 0,
            started: 0,
            execution_string: None,
        }
    }

    /// Whether an option is on.
    #[inline]
    pub fn is_on(&self, option: ShellOption) -> bool {
        self.options.is_on(option)
    }

    /// Notes the last argument of a command, for `$_`.
    #[inline]
    pub fn last_argument_from(&mut self, fields: &[Bytes]) {
        if let Some(last) = fields.last() {
            self.last_argument = last.clone();
        }
    }

    /// `$-`.
    pub fn option_letters(&self) -> Vec<u8> {
        self.options.letters(self.mode.interactive, self.mode.command_string, self.mode.standard_input)
    }

    /// The beginning of an error message: `bash: line 3: `; an interactive shell leaves the line out. Messages of
    /// sourced files and functions name their file (bash manual "Invoking Bash").
    pub fn error_prefix(&self) -> Vec<u8> {
        if self.mode.interactive {
            let mut prefix = self.name.to_vec();
            prefix.extend_from_slice(b": ");
            return prefix;
        }
        let mut prefix = self.error_name().to_vec();
        prefix.extend_from_slice(format!(": line {}: ", self.line).as_bytes());
        prefix
    }

    /// Who an error message is from.
    pub fn error_name(&self) -> &Bytes {
        match self.calls.top() {
            Some(call) if !call.source.is_empty() => &call.source,
            _ => &self.name,
        }
    }
}

impl Default for ShellState {
    fn default() -> Self {
        ShellState::new()
    }
}
