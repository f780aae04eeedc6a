//! `tty` - print the name of the terminal on standard input.  [POSIX tty; GNU coreutils "tty invocation"]

use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "tty",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(tty(sys, inv)),
    doc: "print the name of the terminal on standard input",
};

options! {
    OPTIONS: "[OPTION]...", Permute, 2;
    SILENT = 's', "silent", No, "print nothing, only return an exit status";
    QUIET  = ' ', "quiet", No, "as --silent";
}

/// "a write error occurs"
const WRITE_ERROR: ExitStatus = ExitStatus(3);

async fn tty(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if let Some(extra) = parsed.operands().first() {
        sys.error([b"extra operand ".as_slice(), &quote(extra)].concat()).await;
        try_help(&sys).await;
        return ExitStatus::USAGE;
    }
    let terminal = sys.is_terminal(Fd::STDIN).await;
    if parsed.has(SILENT) || parsed.has(QUIET) {
        return terminal.into();
    }
    let mut out = OutBuf::stdout(&sys);
    out.put(if terminal { b"/dev/tty\n" } else { b"not a tty\n" });
    if out.finish().await { terminal.into() } else { WRITE_ERROR }
}
