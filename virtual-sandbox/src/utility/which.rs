//! `which` - locate a command.  [debianutils which(1)]

use crate::text::file_name::join;
use crate::utility::OptionError;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "which",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(which(sys, inv)),
    doc: "locate a command",
};

options! {
    OPTIONS: "[OPTION]... COMMAND...", StopAtOperand, 2;
    ALL = 'a', "", No, "print all matching pathnames of each argument";
}

async fn which(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        // The real one is a script that uses getopts, which has these words.
        Err(OptionError::Usage(message, status)) => {
            // To getopts a long option is an option `-`.
            let option = if message.contains(&b' ') && message.starts_with(b"invalid option -- '") {
                message.iter().rev().nth(1).copied().unwrap_or(b'-')
            } else {
                b'-'
            };
            return refuse(&sys, option, ExitStatus(status)).await;
        }
        Err(_) => return refuse(&sys, b'-', ExitStatus(OPTIONS.failure)).await,
    };
    let path = invocation.env_var(b"PATH").unwrap_or_default();
    let mut out = OutBuf::stdout(&sys);
    let mut all_found = !parsed.operands().is_empty();
    for command in parsed.operands() {
        let mut found = false;
        if command.contains(&b'/') {
            found = is_program(&sys, command).await;
            if found {
                out.put(&[command.as_ref(), b"\n"].concat());
            }
        } else {
            for directory in path.split(|byte| *byte == b':') {
                let directory = if directory.is_empty() { b"." } else { directory };
                let candidate = join(directory, command);
                if is_program(&sys, &candidate).await {
                    found = true;
                    out.put(&[candidate.as_slice(), b"\n"].concat());
                    if !parsed.has(ALL) {
                        break;
                    }
                }
            }
        }
        all_found &= found;
    }
    ExitStatus::from(out.finish().await && all_found)
}

/// The words of dash's getopts, and the usage line of a script that knows its own path.
async fn refuse(sys: &Sys, option: u8, status: ExitStatus) -> ExitStatus {
    sys.write_error([b"Illegal option -", [option].as_slice(), b"\n"].concat()).await;
    let mut out = OutBuf::stdout(sys);
    out.put(b"Usage: /usr/bin/which [-a] args\n");
    out.finish().await;
    status
}

async fn is_program(sys: &Sys, path: &[u8]) -> bool {
    let is_file = sys.stat(path.to_vec()).await.is_ok_and(|stat| stat.is_regular());
    is_file && sys.access(path.to_vec(), 1).await.is_ok()
}
