//! `printf` - format and print operands.  [POSIX printf; GNU coreutils "printf invocation"]

use super::options::OptionError;
use crate::text::printf::{Dialect, PrintfTimes, printf as format};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "printf",
    options: None,
    run: |sys, inv| Box::pin(printf(sys, inv)),
    doc: "format and print operands",
};

async fn printf(sys: Sys, invocation: Invocation) -> ExitStatus {
    let mut arguments = invocation.arguments();
    match arguments {
        [only] if only.as_ref() == b"--help" => {
            return OptionError::Help("FORMAT [ARGUMENT]...\nOPTION", &[], 1).report(&sys).await;
        }
        [only] if only.as_ref() == b"--version" => return OptionError::Version(1).report(&sys).await,
        [first, rest @ ..] if first.as_ref() == b"--" => arguments = rest,
        _ => {}
    }
    let Some((template, operands)) = arguments.split_first() else {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    };
    let printed = format(template, operands, Dialect::Coreutils, &PrintfTimes::default());
    let out = Bytes::from(printed.out);
    let mut held = sys.account();
    held.set(out.len());
    let mut written = 0;
    let mut failed = false;
    for (before, message) in printed.messages {
        failed |= sys.write_all(Fd::STDOUT, out.slice(written..before.max(written))).await.is_err();
        written = before.max(written);
        sys.error(message).await;
    }
    if let Err(errno) = sys.write_all(Fd::STDOUT, out.slice(written..)).await {
        sys.complain("write error", errno).await;
        failed = true;
    }
    if failed { ExitStatus::FAILURE } else { ExitStatus(printed.status) }
}
