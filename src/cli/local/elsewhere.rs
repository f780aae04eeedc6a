//! `sandshell local` on platforms that have no local sandbox.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Args;

use super::complain;

/// The arguments, none of which means anything here.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A command, which is not run.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    words: Vec<OsString>,
}

/// Says that there is no local sandbox.
pub fn run(arguments: Arguments) -> ExitCode {
    let error = local_sandbox::LocalSandbox::builder().build().err();
    let reason = error.map(|error| error.to_string()).unwrap_or_default();
    complain(format_args!("sandshell local: {reason}; not run: {} words", arguments.words.len()));
    ExitCode::from(125)
}
