//! `echo` - print operands.  [POSIX echo; GNU coreutils "echo invocation"]

use super::options::OptionError;
use crate::text::echo::{EchoDialect, echo as render};
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
            return OptionError::Help("[-neE] [STRING]...", &[]).report(&sys).await;
        }
        [only] if !posixly && only.as_ref() == b"--version" => return OptionError::Version.report(&sys).await,
        _ => {}
    }
    let mut out = OutBuf::stdout(&sys);
    out.put(&render(arguments, EchoDialect::Coreutils, false));
    out.finish().await.into()
}
