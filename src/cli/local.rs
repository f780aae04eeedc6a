//! `sandshell local`: runs a script on this host, confined as far as asked.

mod command;
#[cfg_attr(windows, path = "local/console/windows.rs")]
mod console;
mod file;
mod input;
mod interruptions;
mod options;
mod report;
mod terminal;

use std::ffi::OsString;
use std::future::Future;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use local_sandbox::{ConfigError, ExecError};
use sandbox::SandboxError;

use super::{complain, exit_status};

/// The status when nothing was run: the sandbox could not be made, or the shell not be started.
const NOT_RUN: u8 = 125;
/// 128 and SIGPIPE: nobody reads our output any more.
const BROKEN_PIPE: u8 = 141;
/// What [`Failure::Io`] says of our output.
const OUTPUT: &str = "output";

/// The arguments of `sandshell local`.
#[derive(Debug, Args)]
#[command(after_help = "File operations: sandshell local [OPTIONS] file read|write|stat|ls|rm|mv PATH…")]
pub struct Arguments {
    /// The script to run; the first ARG is its $0, the others $1 and on.
    #[arg(short = 'c', value_name = "SCRIPT", allow_hyphen_values = true)]
    script: Option<OsString>,
    /// The directory to run in; must exist.
    #[arg(long, value_name = "DIR")]
    cwd: Option<PathBuf>,
    /// Sets a variable over the inherited ones; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    env: Vec<OsString>,
    /// Takes a variable away; may be repeated.
    #[arg(long, value_name = "NAME")]
    unset: Vec<OsString>,
    /// Inherits no variable of this process.
    #[arg(long)]
    clear_env: bool,
    /// The shell; the first bash on PATH, else sh.
    #[arg(long, value_name = "PATH")]
    shell: Option<PathBuf>,
    /// Ends the script with status 124 after this time: 1.5, 200ms, 10s, 2m, 1h.
    #[arg(long, value_name = "DURATION", value_parser = options::duration)]
    timeout: Option<Duration>,
    /// The time between TERM and KILL.
    #[arg(long, value_name = "DURATION", value_parser = options::duration, default_value = "2s")]
    grace: Duration,
    /// Keeps this much of each output stream, half from its start and half from its end: 4096, 64K, 1M.
    #[arg(long, value_name = "BYTES", value_parser = options::amount)]
    max_output: Option<u64>,
    /// Also keeps all of the output, in two new files in this directory, which --json names.
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
    /// How commands are confined.
    #[arg(long, value_enum, value_name = "MODE", default_value = "off")]
    confine: Confine,
    /// One more directory that confined commands may write; may be repeated.
    #[arg(long, value_name = "DIR")]
    writable: Vec<PathBuf>,
    /// host, none, or allow=HOST[,HOST…]; the host's when unconfined, else none.
    #[arg(long, value_name = "NETWORK", value_parser = options::network)]
    network: Option<local_sandbox::Network>,
    /// What confined commands may read of the host: all that is not secret, or minimal.
    #[arg(long, value_enum, value_name = "WHAT", default_value = "host")]
    read: Read,
    /// What confined commands may do to git repositories: commit, read-only, or full.
    #[arg(long, value_enum, value_name = "ACCESS", default_value = "commit")]
    git: Git,
    /// How missing protected files (.vscode, .envrc, git hooks) are kept from being made: empty placeholders, in the
    /// real directory too, until the sandbox ends; or removed when the script ends.
    #[arg(long, value_enum, value_name = "HOW", default_value = "mask")]
    missing: Missing,
    /// A limit: core, nofile, fsize, cpu (seconds), as, pids, memory; may be repeated.
    #[arg(long, value_name = "NAME=VALUE", value_parser = options::limit)]
    limit: Vec<options::Limit>,
    /// Fails unless everything asked for is enforced (the default).
    #[arg(long, conflicts_with = "best_effort")]
    require: bool,
    /// Enforces what this machine can, and warns of the rest.
    #[arg(long)]
    best_effort: bool,
    /// What becomes of processes that outlive the script: they go on until this program ends, or end with the script.
    #[arg(long, value_enum, value_name = "WHAT", default_value = "keep")]
    background: Background,
    /// Where standard input comes from, - for our own; without it there is none.
    #[arg(long, value_name = "FILE")]
    stdin: Option<PathBuf>,
    /// Prints one JSON object instead of the output.
    #[arg(long)]
    json: bool,
    /// Runs the script, or an interactive shell, on a terminal.
    #[arg(long, conflicts_with_all = ["json", "stdin", "max_output", "spool"])]
    pty: bool,
    /// The terminal's size; that of our own, else 24x80.
    #[arg(long, value_name = "ROWSxCOLUMNS", value_parser = options::size, requires = "pty")]
    size: Option<sandbox::TerminalSize>,
    /// Prints what this machine can enforce.
    #[arg(long, conflicts_with_all = ["script", "pty"])]
    report: bool,
    /// $0, $1 and on; or a file operation.
    #[arg(trailing_var_arg = true, value_name = "ARG", action = ArgAction::Append)]
    words: Vec<OsString>,
}

/// `--confine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Confine {
    /// The rights of the calling user.
    Off,
    /// Nothing but temporary files can be written.
    ReadOnly,
    /// The working directory and the writable directories can be written.
    WorkspaceWrite,
}

/// `--read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Read {
    /// All that is not secret.
    Host,
    /// The system and toolchains.
    Minimal,
}

/// `--git`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Git {
    /// Commit, but not change hooks and configuration.
    Commit,
    /// Read.
    ReadOnly,
    /// Anything.
    Full,
}

/// `--missing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Missing {
    /// They cannot be made: placeholders lie in their place.
    Mask,
    /// What is made is removed.
    Remove,
}

/// `--background`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Background {
    /// They go on until this program ends.
    Keep,
    /// They end with the script.
    Kill,
}

/// Why nothing, or not all, was done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Exec(#[from] ExecError),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("{0}")]
    Usage(String),
    #[error("{what}: {source}")]
    Io { what: String, source: std::io::Error },
}

impl Failure {
    /// One word for programs.
    fn kind(&self) -> &'static str {
        match self {
            Failure::Config(ConfigError::Cwd { .. }) | Failure::Exec(ExecError::Cwd { .. }) => "cwd",
            Failure::Config(ConfigError::Confinement { .. }) | Failure::Exec(ExecError::Confinement { .. }) => {
                "confinement"
            }
            Failure::Config(ConfigError::Unenforceable { .. }) => "unenforceable",
            Failure::Config(_) => "config",
            Failure::Exec(ExecError::InvalidCommand { .. }) => "invalid_command",
            Failure::Exec(ExecError::TooBig) => "too_big",
            Failure::Exec(ExecError::Spawn { .. }) => "spawn",
            Failure::Exec(ExecError::Resources(_)) => "resources",
            Failure::Exec(ExecError::HelperDied) => "helper_died",
            Failure::Exec(_) => "exec",
            Failure::Sandbox(SandboxError::NotStarted { .. }) => "spawn",
            Failure::Sandbox(_) => "file",
            Failure::Usage(_) => "usage",
            Failure::Io { .. } => "io",
        }
    }

    /// Says it: a line on standard error, and an object on standard output when that is what is read there.
    fn tell(&self, json: bool) -> ExitCode {
        if let Failure::Io { what, source } = self
            && what == OUTPUT
            && source.kind() == ErrorKind::BrokenPipe
        {
            return ExitCode::from(BROKEN_PIPE);
        }
        complain(format_args!("sandshell local: {self}"));
        if json {
            let object = serde_json::json!({ "error": { "kind": self.kind(), "message": self.to_string() } });
            // It is on standard error already.
            let _ = print(format!("{object}\n").as_bytes());
        }
        match self {
            Failure::Usage(_) => ExitCode::from(2),
            Failure::Sandbox(error) if !matches!(error, SandboxError::NotStarted { .. }) => ExitCode::from(1),
            _ => ExitCode::from(NOT_RUN),
        }
    }
}

/// Writes to standard output.
fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(unwritable)
}

fn unwritable(source: std::io::Error) -> Failure {
    Failure::Io { what: OUTPUT.to_owned(), source }
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    let json = arguments.json;
    match dispatch(arguments) {
        Ok(status) => exit_status(status),
        Err(failure) => failure.tell(json),
    }
}

fn dispatch(arguments: Arguments) -> Result<i32, Failure> {
    if arguments.report {
        return block_on(report::run(arguments));
    }
    if arguments.script.is_none() && arguments.words.first().is_some_and(|word| word == "file") {
        return block_on(file::run(arguments));
    }
    if arguments.pty {
        return block_on(terminal::run(arguments));
    }
    if arguments.script.is_none() {
        return Err(Failure::Usage("nothing to run: give -c SCRIPT, or file OPERATION PATH, or --report".to_owned()));
    }
    block_on(command::run(arguments))
}

/// Runs to the end on a runtime that does not wait for reads and writes that nobody awaits any more.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| Failure::Io { what: "runtime".to_owned(), source })?;
    let result = runtime.block_on(work);
    runtime.shutdown_background();
    result
}
