//! `sync` - synchronize cached writes to storage.  [POSIX.1-2024 sync; GNU coreutils "sync invocation"]
//!
//! Files of this machine are nowhere but where they are written: there is nothing to wait for, only files to be found.

use crate::text::quoting::quote_always;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "sync",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(sync(sys, inv)),
    doc: "synchronize cached writes to storage",
};

options! {
    OPTIONS: "[OPTION] [FILE]...", Permute, 1;
    DATA        = 'd', "data", No, "sync only file data, no unneeded metadata";
    FILE_SYSTEM = 'f', "file-system", No, "sync the file systems that contain the files";
}

async fn sync(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let problem = match (parsed.has(DATA), parsed.has(FILE_SYSTEM)) {
        (true, true) => Some("cannot specify both --data and --file-system"),
        (true, false) if parsed.operands().is_empty() => Some("--data needs at least one argument"),
        _ => None,
    };
    if let Some(problem) = problem {
        sys.error(problem).await;
        return ExitStatus::FAILURE;
    }
    let mut success = true;
    for file in parsed.operands() {
        if let Err((what, errno)) = sync_file(&sys, file, parsed.has(FILE_SYSTEM)).await {
            sys.complain([what.as_bytes(), &quote_always(file)].concat(), errno).await;
            success = false;
        }
    }
    success.into()
}

/// Checks what open(2), for reading or else for writing, and fsync(2) would say.
async fn sync_file(sys: &Sys, file: &Bytes, whole_file_system: bool) -> Result<(), (&'static str, Errno)> {
    let opening = |errno| ("error opening ", errno);
    let stat = sys.stat(file.clone()).await.map_err(opening)?;
    if let Err(errno) = sys.access(file.clone(), 4).await {
        sys.access(file.clone(), 2).await.map_err(|_| opening(errno))?;
    }
    match stat.kind {
        FileKind::Regular | FileKind::Directory => Ok(()),
        _ if whole_file_system => Ok(()),
        _ => Err(("error syncing ", Errno::EINVAL)),
    }
}
