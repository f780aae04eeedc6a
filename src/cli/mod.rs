//! The command line: one file or directory for each subcommand.

mod json;
mod local;
mod names;
mod sh;

use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A place for an AI agent to run commands.
#[derive(Debug, Parser)]
#[command(name = "sandshell", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs a bash script in a fresh in-memory machine.
    #[command(disable_help_flag = true)]
    Sh {
        /// Arguments as bash takes them, and options of our own; see `sandshell sh --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs a command on this host, confined.
    Local(Box<local::Arguments>),
}

/// Runs the program; the exit status is that of the script.
pub fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Sh { arguments } => sh::run(arguments),
        Command::Local(arguments) => local::run(*arguments),
    }
}

/// The status as the system takes it: its low eight bits.
fn exit_status(code: i32) -> ExitCode {
    ExitCode::from((code & 0xff) as u8)
}

/// A line on standard error. Where it cannot be written there is nobody to tell.
fn complain(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Text on standard output, for those who still read it.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
