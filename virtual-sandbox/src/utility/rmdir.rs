//! `rmdir` - remove empty directories.  [POSIX rmdir; GNU coreutils "rmdir invocation"]

use crate::text::file_name::strip_trailing_slashes;
use crate::text::quoting::quote_always;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "rmdir",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(rmdir(sys, inv)),
    doc: "remove empty directories",
};

options! {
    OPTIONS: "[OPTION]... DIRECTORY...", Permute, 1;
    IGNORE  = ' ', "ignore-fail-on-non-empty", No, "ignore each failure that is solely because a directory is non-empty";
    PARENTS = 'p', "parents", No, "remove DIRECTORY and its ancestors";
    VERBOSE = 'v', "verbose", No, "output a diagnostic for every directory processed";
}

async fn rmdir(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let (ignore, verbose) = (parsed.has(IGNORE), parsed.has(VERBOSE));
    let mut success = true;
    for operand in parsed.operands() {
        let removed = remove(&sys, operand, "failed to remove ", ignore, verbose).await;
        success &= removed != Removed::Failed;
        if parsed.has(PARENTS) && removed == Removed::Yes {
            success &= remove_ancestors(&sys, operand, ignore, verbose).await;
        }
    }
    success.into()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Removed {
    Yes,
    /// It is not empty, and that is to be ignored.
    Ignored,
    Failed,
}

async fn remove(sys: &Sys, path: &Bytes, problem: &str, ignore: bool, verbose: bool) -> Removed {
    if verbose {
        let line = [sys.name(), b": removing directory, ".as_slice(), &quote_always(path), b"\n"].concat();
        // A failure to write shows in the status of the operands that follow; rmdir itself goes on.
        let _ = sys.write_all(Fd::STDOUT, Bytes::from(line)).await;
    }
    let Err(errno) = sys.rmdir(path.clone()).await else { return Removed::Yes };
    if ignore && is_not_empty(sys, path, errno).await {
        return Removed::Ignored;
    }
    let mut message = [problem.as_bytes(), &quote_always(path)].concat();
    if errno == Errno::ENOTDIR && path.ends_with(b"/") {
        let link = Bytes::copy_from_slice(strip_trailing_slashes(path));
        if sys.lstat(link).await.is_ok_and(|stat| stat.is_symlink()) {
            message.extend_from_slice(b": Symbolic link not followed");
            sys.error(message).await;
            return Removed::Failed;
        }
    }
    sys.complain(message, errno).await;
    Removed::Failed
}

/// Whether the failure comes from what the directory holds, or might as well: permission is refused before Linux looks.
async fn is_not_empty(sys: &Sys, path: &Bytes, errno: Errno) -> bool {
    match errno {
        Errno::ENOTEMPTY | Errno::EEXIST => true,
        Errno::EACCES | Errno::EPERM | Errno::EROFS | Errno::EBUSY => {
            sys.read_dir(path.clone()).await.is_ok_and(|entries| !entries.is_empty())
        }
        _ => false,
    }
}

async fn remove_ancestors(sys: &Sys, path: &Bytes, ignore: bool, verbose: bool) -> bool {
    let mut rest = strip_trailing_slashes(path);
    while let Some(slash) = rest.iter().rposition(|byte| *byte == b'/') {
        let parent = strip_trailing_slashes(rest.get(..slash).unwrap_or_default());
        if parent.is_empty() || parent == b"/" {
            break;
        }
        match remove(sys, &path.slice_ref(parent), "failed to remove directory ", ignore, verbose).await {
            Removed::Yes => rest = parent,
            Removed::Ignored => break,
            Removed::Failed => return false,
        }
    }
    true
}
