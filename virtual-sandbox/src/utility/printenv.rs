//! `printenv` - print all or part of the environment.  [GNU coreutils "printenv invocation"]

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "printenv",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(printenv(sys, inv)),
    doc: "print all or part of the environment",
};

options! {
    OPTIONS: "[OPTION]... [VARIABLE]...", StopAtOperand, 2;
    NULL = '0', "null", No, "end each output line with NUL, not newline";
}

async fn printenv(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let end = [if parsed.has(NULL) { 0 } else { b'\n' }];
    let mut out = OutBuf::stdout(&sys);
    let mut all_found = true;
    if parsed.operands().is_empty() {
        for entry in invocation.env().iter() {
            out.put(entry);
            out.put(&end);
        }
    }
    for name in parsed.operands() {
        match invocation.env_var(name).filter(|_| !name.contains(&b'=')) {
            Some(value) => {
                out.put(&value);
                out.put(&end);
            }
            None => all_found = false,
        }
    }
    if out.finish().await { all_found.into() } else { ExitStatus::USAGE }
}
