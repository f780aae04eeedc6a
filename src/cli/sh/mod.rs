//! `sandshell sh`: runs a bash script in a fresh in-memory machine.

mod completion;
mod editor;
mod invocation;
pub(in crate::cli) mod settings;

use std::ffi::OsString;
use std::process::ExitCode;

use invocation::Invocation;

/// Runs it; the status is the script's, 2 when the arguments make no sense.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    match Invocation::parse(arguments) {
        Ok(invocation) => execute(invocation),
        Err(stop) => stop.report(),
    }
}

fn execute(invocation: Invocation) -> ExitCode {
    eprintln!("sandshell sh: no machine to run {:?} yet", invocation.source);
    ExitCode::from(126)
}
