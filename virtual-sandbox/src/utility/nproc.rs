//! `nproc` - print the number of processing units available.  [GNU coreutils "nproc invocation"]

use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "nproc",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(nproc(sys, inv)),
    doc: "print the number of processing units available",
};

options! {
    OPTIONS: "[OPTION]...", Permute, 1;
    ALL    = ' ', "all", No, "print the number of installed processors";
    IGNORE = ' ', "ignore", Required("N"), "if possible, exclude N processing units";
}

async fn nproc(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if let Some(extra) = parsed.operands().first() {
        sys.error([b"extra operand ".as_slice(), &quote(extra)].concat()).await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    if let Some(text) = parsed.value(IGNORE)
        && (text.is_empty() || !text.iter().all(u8::is_ascii_digit))
    {
        sys.error([b"invalid number: ".as_slice(), &quote(text)].concat()).await;
        return ExitStatus::FAILURE;
    }
    // The machine has one processor: whatever is excluded, at least one is left.
    let mut out = OutBuf::stdout(&sys);
    out.put(b"1\n");
    out.finish().await.into()
}
