//! The `sandshell` program.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // The same image serves as the helper of local sandboxes.
    local_sandbox::init();
    cli::main()
}
