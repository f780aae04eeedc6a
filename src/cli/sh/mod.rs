//! `sandshell sh`: runs a bash script in a fresh in-memory machine.

mod analyze;
mod completion;
mod editor;
mod invocation;
mod machine;
mod prompt;
mod script;
pub(in crate::cli) mod settings;
#[cfg_attr(windows, path = "typed/windows.rs")]
mod typed;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use invocation::{Invocation, Source};
use script::Refused;

/// Runs it; the status is the script's, 2 when the arguments make no sense.
pub fn run(arguments: Vec<OsString>) -> ExitCode {
    match Invocation::parse(arguments) {
        Ok(invocation) => execute(invocation),
        Err(stop) => stop.report(),
    }
}

fn execute(invocation: Invocation) -> ExitCode {
    if invocation.settings.analyze {
        return analyze::run(&invocation).unwrap_or_else(Refused::report);
    }
    let sandbox = match machine::build(&invocation.settings) {
        Ok(sandbox) => sandbox,
        Err(error) => return Refused::cannot_run(error.to_string()).report(),
    };
    if is_interactive(&invocation) {
        return prompt::run(&sandbox, &invocation).unwrap_or_else(Refused::report);
    }
    match script::block_on(script::run(&sandbox, &invocation)) {
        Ok(Ok(code)) => code,
        Ok(Err(refused)) => refused.report(),
        Err(error) => Refused::cannot_run(error.to_string()).report(),
    }
}

/// Whether there is somebody to prompt: no script, and a terminal on both sides or `-i`.
fn is_interactive(invocation: &Invocation) -> bool {
    let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    invocation.source == Source::Input && !invocation.settings.json && (terminal || invocation.interactive)
}
