//! `mkdir` - make directories.  [POSIX mkdir; GNU coreutils "mkdir invocation"]

use crate::text::file_name::strip_trailing_slashes;
use crate::text::mode::ModeChange;
use crate::text::quoting::{quote, quote_always};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "mkdir",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(mkdir(sys, inv)),
    doc: "make directories",
};

options! {
    OPTIONS: "[OPTION]... DIRECTORY...", Permute, 1;
    CONTEXT = ' ', "context", Optional("CTX"), "like -Z, or set the SELinux security context to CTX";
    MODE    = 'm', "mode", Required("MODE"), "set file mode (as in chmod), not a=rwx - umask";
    PARENTS = 'p', "parents", No, "no error if existing, make parent directories as needed";
    VERBOSE = 'v', "verbose", No, "print a message for each created directory";
    DEFAULT_CONTEXT = 'Z', "", No, "set the default SELinux security context (there is none here)";
}

struct Making {
    sys: Sys,
    /// The mode asked for, with the umask that counts for it.
    mode: Option<(ModeChange, u32)>,
    verbose: bool,
}

async fn mkdir(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    if parsed.value(CONTEXT).is_some() {
        sys.error("warning: ignoring --context; it requires an SELinux/SMACK-enabled kernel").await;
    }
    let mut making = Making { sys: sys.clone(), mode: None, verbose: parsed.has(VERBOSE) };
    if let Some(text) = parsed.value(MODE) {
        let Some(change) = ModeChange::parse(text) else {
            sys.error([b"invalid mode ", quote(text).as_slice()].concat()).await;
            return ExitStatus::FAILURE;
        };
        making.mode = Some((change, sys.umask(None).await));
    }
    let mut success = true;
    for operand in parsed.operands() {
        success &= if parsed.has(PARENTS) { making.with_parents(operand).await } else { making.one(operand).await };
    }
    success.into()
}

impl Making {
    async fn one(&self, path: &Bytes) -> bool {
        match self.sys.mkdir(path.clone(), 0o777).await {
            Ok(()) => self.created(path).await && self.set_mode(path).await,
            Err(errno) => self.refused(path, errno).await,
        }
    }

    /// Makes the missing leading directories, then the directory itself unless it is there.
    async fn with_parents(&self, path: &Bytes) -> bool {
        let stripped = strip_trailing_slashes(path);
        let ends = stripped
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(at, byte)| **byte == b'/' && stripped.get(at.wrapping_sub(1)) != Some(&b'/'));
        for (end, _) in ends {
            let parent = path.slice(..end);
            match self.sys.mkdir(parent.clone(), 0o777).await {
                Ok(()) => {
                    self.created(&parent).await;
                    if !self.let_owner_in(&parent).await {
                        return false;
                    }
                }
                Err(errno) => match self.sys.stat(parent.clone()).await {
                    Ok(stat) if stat.is_directory() => {}
                    Ok(_) => return self.refused(&parent, Errno::ENOTDIR).await,
                    Err(_) => return self.refused(&parent, errno).await,
                },
            }
        }
        match self.sys.mkdir(path.clone(), 0o777).await {
            Ok(()) => self.created(path).await && self.set_mode(path).await,
            Err(errno) => match self.sys.stat(path.clone()).await {
                Ok(stat) if stat.is_directory() => true,
                _ => self.refused(path, errno).await,
            },
        }
    }

    /// "The file permission bits of parents are set by the umask modified by `u+wx`."
    async fn let_owner_in(&self, parent: &Bytes) -> bool {
        let umask = self.sys.umask(None).await;
        if umask & 0o300 == 0 {
            return true;
        }
        let mode = (0o777 & !umask) | 0o300;
        match self.sys.chmod(parent.clone(), mode).await {
            Ok(()) => true,
            Err(errno) => self.refused(parent, errno).await,
        }
    }

    async fn created(&self, path: &[u8]) -> bool {
        if self.verbose {
            let line = [self.sys.name(), b": created directory ".as_slice(), &quote_always(path), b"\n"].concat();
            return self.sys.write_all(Fd::STDOUT, Bytes::from(line)).await.is_ok();
        }
        true
    }

    async fn set_mode(&self, path: &Bytes) -> bool {
        let Some((change, umask)) = &self.mode else { return true };
        // A directory may have inherited the set-group-ID bit, which a mode keeps unless it says otherwise.
        let inherited = self.sys.stat(path.clone()).await.map_or(0, |stat| stat.mode & 0o6000);
        let mode = change.apply(0o777 | inherited, true, *umask).mode;
        match self.sys.chmod(path.clone(), mode).await {
            Ok(()) => true,
            Err(errno) => {
                let message = [b"cannot set permissions ", quote(path).as_slice()].concat();
                self.sys.complain(message, errno).await;
                false
            }
        }
    }

    async fn refused(&self, path: &[u8], errno: Errno) -> bool {
        self.sys.complain([b"cannot create directory ", quote(path).as_slice()].concat(), errno).await;
        false
    }
}
