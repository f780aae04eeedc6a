//! `echo` - print operands.  [POSIX echo; GNU coreutils "echo invocation"]

use super::options::OptionError;
use crate::text::echo::{EchoDialect, echo as render, escaped};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility =
    Utility { name: "echo", options: None, run: |sys, inv| Box::pin(echo(sys, inv)), doc: "print operands" };

async fn echo(sys: Sys, invocation: Invocation) -> ExitStatus {
    let arguments = invocation.arguments();
    let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
    // --help and --version count only when alone.
    match arguments {
        [only] if !posixly && only.as_ref() == b"--help" => {
            return OptionError::Help("[SHORT-OPTION]... [STRING]...\nLONG-OPTION", &[], 1).report(&sys).await;
        }
        [only] if !posixly && only.as_ref() == b"--version" => return OptionError::Version(1).report(&sys).await,
        _ => {}
    }
    // "If the POSIXLY_CORRECT environment variable is set, … options are recognized only if the first is -n", and
    // escapes are expanded.
    let text = match arguments.first() {
        first if posixly && first.is_none_or(|first| first.as_ref() != b"-n") => {
            escaped(arguments, EchoDialect::Coreutils)
        }
        _ => render(arguments, EchoDialect::Coreutils, posixly),
    };
    let mut out = OutBuf::stdout(&sys);
    out.put(&text);
    out.finish().await.into()
}
