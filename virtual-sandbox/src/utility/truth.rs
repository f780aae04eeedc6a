//! `true`, `false` - do nothing, successfully or not.  [POSIX true, false; GNU coreutils "true invocation"]

use super::options::OptionError;
use crate::utility::prelude::*;

/// The registry row of `true`.
pub const TRUE: Utility = Utility {
    name: "true",
    options: None,
    run: |sys, inv| Box::pin(end(sys, inv, ExitStatus::SUCCESS)),
    doc: "do nothing, successfully",
};

/// The registry row of `false`.
pub const FALSE: Utility = Utility {
    name: "false",
    options: None,
    run: |sys, inv| Box::pin(end(sys, inv, ExitStatus::FAILURE)),
    doc: "do nothing, unsuccessfully",
};

async fn end(sys: Sys, invocation: Invocation, status: ExitStatus) -> ExitStatus {
    // --help and --version count only when alone; `false --help` prints, and fails all the same.
    let request = match invocation.arguments() {
        [only] if only.as_ref() == b"--help" => {
            OptionError::Help("[ignored command line arguments]", &[], ExitStatus::FAILURE.0)
        }
        [only] if only.as_ref() == b"--version" => OptionError::Version(ExitStatus::FAILURE.0),
        _ => return status,
    };
    match request.report(&sys).await {
        ExitStatus::SUCCESS => status,
        failed => failed,
    }
}
