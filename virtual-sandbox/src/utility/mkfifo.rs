//! `mkfifo` - make FIFOs.  [POSIX mkfifo; GNU coreutils "mkfifo invocation"]

use crate::text::mode::ModeChange;
use crate::text::quoting::quote_always;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility =
    Utility { name: "mkfifo", options: Some(&OPTIONS), run: |sys, inv| Box::pin(mkfifo(sys, inv)), doc: "make FIFOs" };

options! {
    OPTIONS: "[OPTION]... NAME...", Permute, 1;
    MODE = 'm', "mode", Required("MODE"), "set file permission bits to MODE, not a=rw - umask";
}

async fn mkfifo(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let mut mode = None;
    if let Some(text) = parsed.value(MODE) {
        let Some(change) = ModeChange::parse(text) else {
            sys.error("invalid mode").await;
            return ExitStatus::FAILURE;
        };
        mode = Some(change.apply(0o666, false, sys.umask(None).await).mode & 0o777);
    }
    let mut success = true;
    for name in parsed.operands() {
        let mut made = sys.mkfifo(name.clone(), 0o666).await;
        if let (Ok(()), Some(mode)) = (made, mode) {
            made = sys.chmod(name.clone(), mode).await;
        }
        if let Err(errno) = made {
            sys.complain([b"cannot create fifo ".as_slice(), &quote_always(name)].concat(), errno).await;
            success = false;
        }
    }
    success.into()
}
