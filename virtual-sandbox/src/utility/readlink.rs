//! `readlink` - print the value of a symbolic link or a canonical file name.  [GNU coreutils "readlink invocation"]

use crate::text::quoting::quote_if_needed;
use crate::utility::canonical::{Missing, canonicalize};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "readlink",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(readlink(sys, inv)),
    doc: "print resolved symbolic links or canonical file names",
};

options! {
    OPTIONS: "[OPTION]... FILE...", Permute, 1;
    CANONICALIZE = 'f', "canonicalize", No, "follow every symlink; all but the last component must exist";
    EXISTING = 'e', "canonicalize-existing", No, "follow every symlink; all components must exist";
    MISSING = 'm', "canonicalize-missing", No, "follow every symlink, without requirements on existence";
    NO_NEWLINE = 'n', "no-newline", No, "do not output the trailing delimiter";
    QUIET   = 'q', "quiet", No, "suppress most error messages (on by default)";
    SILENT  = 's', "silent", No, "suppress most error messages (on by default)";
    VERBOSE = 'v', "verbose", No, "report error messages";
    ZERO    = 'z', "zero", No, "end each output line with NUL, not newline";
}

async fn readlink(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let operands = parsed.operands();
    if operands.is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let missing = match parsed.last_of(&[CANONICALIZE, EXISTING, MISSING]) {
        Some(CANONICALIZE) => Some(Missing::Last),
        Some(EXISTING) => Some(Missing::None),
        Some(_) => Some(Missing::All),
        None => None,
    };
    let mut no_newline = parsed.has(NO_NEWLINE);
    if no_newline && operands.len() > 1 {
        sys.error("ignoring --no-newline with multiple arguments").await;
        no_newline = false;
    }
    let verbose = parsed.last_of(&[QUIET, SILENT, VERBOSE]) == Some(VERBOSE);
    let delimiter: &[u8] = match (no_newline, parsed.has(ZERO)) {
        (true, _) => b"",
        (false, true) => b"\0",
        (false, false) => b"\n",
    };
    let mut out = OutBuf::stdout(&sys);
    let mut success = true;
    for operand in operands {
        let value = match missing {
            Some(missing) => canonicalize(&sys, operand, missing, true).await,
            None => sys.read_link(operand.clone()).await,
        };
        match value {
            Ok(value) => {
                out.put(&value);
                out.put(delimiter);
            }
            Err(errno) => {
                success = false;
                if verbose {
                    sys.complain(quote_if_needed(operand), errno).await;
                }
            }
        }
    }
    ExitStatus::from(out.finish().await && success)
}
