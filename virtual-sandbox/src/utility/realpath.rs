//! `realpath` - print the resolved path.  [GNU coreutils "realpath invocation"]

use crate::text::quoting::quote_if_needed;
use crate::utility::canonical::{Missing, canonicalize, relative_path};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "realpath",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(realpath(sys, inv)),
    doc: "print the resolved path",
};

options! {
    OPTIONS: "[OPTION]... FILE...", Permute, 1;
    EXISTING = 'e', "canonicalize-existing", No, "all components of the path must exist";
    MISSING  = 'm', "canonicalize-missing", No, "no path components need exist or be a directory";
    RELATIVE_TO   = ' ', "relative-to", Required("DIR"), "print the resolved path relative to DIR";
    RELATIVE_BASE = ' ', "relative-base", Required("DIR"), "print absolute paths unless paths below DIR";
    QUIET    = 'q', "quiet", No, "suppress most error messages";
    STRIP    = 's', "strip", No, "don't expand symlinks";
    NO_SYMLINKS = ' ', "no-symlinks", No, "don't expand symlinks";
    ZERO     = 'z', "zero", No, "end each output line with NUL, not newline";
    LOGICAL  = 'L', "logical", No, "resolve '..' components before symlinks";
    PHYSICAL = 'P', "physical", No, "resolve symlinks as encountered (default)";
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Symlinks {
    Followed,
    FollowedAfterDotDot,
    Kept,
}

struct Resolver {
    sys: Sys,
    missing: Missing,
    symlinks: Symlinks,
}

impl Resolver {
    async fn resolve(&self, name: &[u8]) -> Result<Bytes, Errno> {
        match self.symlinks {
            Symlinks::Followed => canonicalize(&self.sys, name, self.missing, true).await,
            Symlinks::Kept => canonicalize(&self.sys, name, self.missing, false).await,
            Symlinks::FollowedAfterDotDot => {
                let logical = canonicalize(&self.sys, name, self.missing, false).await?;
                canonicalize(&self.sys, &logical, self.missing, true).await
            }
        }
    }

    /// Resolves the argument of `--relative-to` or `--relative-base`: a directory, where files must exist.
    async fn resolve_directory(&self, name: &Bytes) -> Result<Bytes, Errno> {
        let resolved = self.resolve(name).await?;
        if self.missing == Missing::None && !self.sys.stat(resolved.clone()).await?.is_directory() {
            return Err(Errno::ENOTDIR);
        }
        Ok(resolved)
    }
}

async fn realpath(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let resolver = Resolver {
        sys: sys.clone(),
        missing: match parsed.last_of(&[EXISTING, MISSING]) {
            Some(EXISTING) => Missing::None,
            Some(_) => Missing::All,
            None => Missing::Last,
        },
        symlinks: match parsed.last_of(&[LOGICAL, PHYSICAL, STRIP, NO_SYMLINKS]) {
            Some(LOGICAL) => Symlinks::FollowedAfterDotDot,
            Some(STRIP | NO_SYMLINKS) => Symlinks::Kept,
            _ => Symlinks::Followed,
        },
    };
    let relative_base = parsed.value(RELATIVE_BASE);
    let mut to = None;
    if let Some(name) = parsed.value(RELATIVE_TO).or(relative_base) {
        match resolver.resolve_directory(name).await {
            Ok(resolved) => to = Some(resolved),
            Err(errno) => return refuse(&sys, name, errno).await,
        }
    }
    let mut base = None;
    if let Some(name) = relative_base {
        match resolver.resolve_directory(name).await {
            // "--relative-to is a no-op if it does not have --relative-base as a prefix."
            Ok(resolved) if to.as_deref().is_some_and(|to| is_below(&resolved, to)) => base = Some(resolved),
            Ok(_) => base = to.take(),
            Err(errno) => return refuse(&sys, name, errno).await,
        }
    }
    let delimiter: &[u8] = if parsed.has(ZERO) { b"\0" } else { b"\n" };
    let mut out = OutBuf::stdout(&sys);
    let mut success = true;
    for operand in parsed.operands() {
        match resolver.resolve(operand).await {
            Ok(resolved) => {
                let is_inside = base.as_deref().is_none_or(|base| is_below(base, &resolved));
                match &to {
                    Some(to) if is_inside => out.put(&relative_path(&resolved, to)),
                    _ => out.put(&resolved),
                }
                out.put(delimiter);
            }
            Err(errno) => {
                success = false;
                if !parsed.has(QUIET) {
                    sys.complain(quote_if_needed(operand), errno).await;
                }
            }
        }
    }
    ExitStatus::from(out.finish().await && success)
}

async fn refuse(sys: &Sys, name: &[u8], errno: Errno) -> ExitStatus {
    sys.complain(quote_if_needed(name), errno).await;
    ExitStatus::FAILURE
}

/// Whether `path` is `directory` or below it.
fn is_below(directory: &[u8], path: &[u8]) -> bool {
    let directory = if directory == b"/" { b"".as_slice() } else { directory };
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
}
