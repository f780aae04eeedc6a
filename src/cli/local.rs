//! `sandshell local`: runs a command on this host, confined.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

/// The arguments of `sandshell local`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The command and its arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

/// Runs it.
pub fn run(arguments: Arguments) -> ExitCode {
    eprintln!("sandshell local: cannot run {:?} on this host yet", arguments.command);
    ExitCode::from(126)
}
