//! `chmod` - change file mode bits.  [POSIX chmod; GNU coreutils "chmod invocation"]

use crate::text::file_name::join;
use crate::text::mode::{ModeChange, permission_string};
use crate::text::quoting::{quote, quote_always, quote_if_needed};
use crate::utility::OptionError;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "chmod",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(chmod(sys, inv)),
    doc: "change file mode bits",
};

options! {
    OPTIONS: "[OPTION]... MODE[,MODE]... FILE...\n[OPTION]... OCTAL-MODE FILE...\n[OPTION]... --reference=RFILE FILE...", Permute, 1;
    CHANGES   = 'c', "changes", No, "like verbose but report only when a change is made";
    RECURSIVE = 'R', "recursive", No, "change files and directories recursively";
    NO_PRESERVE_ROOT = ' ', "no-preserve-root", No, "do not treat '/' specially (the default)";
    PRESERVE_ROOT = ' ', "preserve-root", No, "fail to operate recursively on '/'";
    QUIET     = ' ', "quiet", No, "suppress most error messages";
    REFERENCE = ' ', "reference", Required("RFILE"), "use RFILE's mode instead of MODE values";
    SILENT    = 'f', "silent", No, "suppress most error messages";
    VERBOSE   = 'v', "verbose", No, "output a diagnostic for every file processed";
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Report {
    None,
    Changes,
    All,
}

struct Changing {
    sys: Sys,
    out: OutBuf,
    change: ModeChange,
    umask: u32,
    report: Report,
    silent: bool,
    recursive: bool,
    /// MODE was given as an option such as `-w`, where the umask may surprise.
    surprising: bool,
    success: bool,
}

async fn chmod(sys: Sys, invocation: Invocation) -> ExitStatus {
    let (arguments, mode_options) = split_mode_options(invocation.arguments());
    let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
    let parsed = match OPTIONS.parse_arguments(&arguments, posixly) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut operands = parsed.operands();
    let reference = parsed.value(REFERENCE);
    let mut mode = mode_options.clone();
    if reference.is_some() && mode.is_some() {
        return usage(&sys, b"cannot combine mode and --reference options".to_vec()).await;
    }
    if reference.is_none() && mode.is_none() {
        mode = operands.first().map(|mode| mode.to_vec());
        operands = operands.get(1..).unwrap_or_default();
    }
    if operands.is_empty() {
        let message = match &mode {
            Some(mode) if mode_options.is_none() => [b"missing operand after ", quote(mode).as_slice()].concat(),
            _ => b"missing operand".to_vec(),
        };
        return usage(&sys, message).await;
    }
    let change = match (reference, &mode) {
        (Some(file), _) => match sys.stat(file.clone()).await {
            Ok(stat) => ModeChange::exactly(stat.mode),
            Err(errno) => {
                let message = [b"failed to get attributes of ", quote_always(file).as_slice()].concat();
                sys.complain(message, errno).await;
                return ExitStatus::FAILURE;
            }
        },
        (None, mode) => {
            let mode = mode.as_deref().unwrap_or_default();
            match ModeChange::parse(mode) {
                Some(change) => change,
                None => return usage(&sys, [b"invalid mode: ", quote(mode).as_slice()].concat()).await,
            }
        }
    };
    let root = match parsed.last_of(&[PRESERVE_ROOT, NO_PRESERVE_ROOT]) {
        Some(PRESERVE_ROOT) if parsed.has(RECURSIVE) => sys.lstat("/").await.ok(),
        _ => None,
    };
    let mut changing = Changing {
        out: OutBuf::stdout(&sys),
        umask: sys.umask(None).await,
        change,
        report: match parsed.last_of(&[CHANGES, VERBOSE]) {
            Some(CHANGES) => Report::Changes,
            Some(_) => Report::All,
            None => Report::None,
        },
        silent: parsed.has(SILENT) || parsed.has(QUIET),
        recursive: parsed.has(RECURSIVE),
        surprising: mode_options.is_some(),
        success: true,
        sys,
    };
    for operand in operands {
        changing.operand(operand, root).await;
    }
    let written = changing.out.finish().await;
    ExitStatus::from(written && changing.success)
}

async fn usage(sys: &Sys, message: Vec<u8>) -> ExitStatus {
    OptionError::Usage(message, 1).report(sys).await
}

/// Takes arguments such as `-w` and `-rwx`, which are modes, from the options; several are joined by commas.
fn split_mode_options(arguments: &[Bytes]) -> (Vec<Bytes>, Option<Vec<u8>>) {
    let mut kept = Vec::new();
    let mut mode: Option<Vec<u8>> = None;
    let mut options_ended = false;
    for argument in arguments {
        options_ended |= argument.as_ref() == b"--";
        let is_mode = argument.first() == Some(&b'-')
            && argument.get(1).is_some_and(|byte| b"rwxXstugoa,+=01234567".contains(byte));
        if options_ended || !is_mode {
            kept.push(argument.clone());
            continue;
        }
        match &mut mode {
            Some(mode) => {
                mode.push(b',');
                mode.extend_from_slice(argument);
            }
            None => mode = Some(argument.to_vec()),
        }
    }
    (kept, mode)
}

impl Changing {
    async fn operand(&mut self, operand: &Bytes, root: Option<Stat>) {
        let stat = match self.sys.stat(operand.clone()).await {
            Ok(stat) => stat,
            Err(errno) => {
                let is_link = self.sys.lstat(operand.clone()).await.is_ok_and(|stat| stat.is_symlink());
                let shown = quote_always(operand);
                if is_link && errno == Errno::ENOENT {
                    self.fail([b"cannot operate on dangling symlink ", shown.as_slice()].concat(), None).await;
                } else {
                    self.fail([b"cannot access ", shown.as_slice()].concat(), Some(errno)).await;
                }
                if self.report == Report::All {
                    self.out.put(&[shown.as_slice(), b" could not be accessed\n"].concat());
                }
                return;
            }
        };
        if root.is_some_and(|root| root.is_same_file(&stat)) {
            let same: &[u8] = if operand.as_ref() == b"/" { b"" } else { b" (same as '/')" };
            let message =
                [b"it is dangerous to operate recursively on ", quote_always(operand).as_slice(), same].concat();
            self.success = false;
            self.sys.error(message).await;
            self.sys.error("use --no-preserve-root to override this failsafe").await;
            return;
        }
        if self.recursive && stat.is_directory() {
            self.tree(operand.clone(), stat).await;
        } else {
            self.file(operand, &stat).await;
        }
    }

    /// Changes a directory and then what is below it; symbolic links below are left alone.
    async fn tree(&mut self, top: Bytes, stat: Stat) {
        let mut pending = vec![(top, stat)];
        while let Some((path, stat)) = pending.pop() {
            if stat.is_symlink() {
                if self.report == Report::All {
                    let shown = quote_always(&path);
                    let line: [&[u8]; 3] = [b"neither symbolic link ", &shown, b" nor referent has been changed\n"];
                    self.out.put(&line.concat());
                }
                continue;
            }
            self.file(&path, &stat).await;
            if !stat.is_directory() {
                continue;
            }
            let entries = match self.sys.read_dir(path.clone()).await {
                Ok(entries) => entries,
                Err(errno) => {
                    self.fail([b"cannot read directory ", quote_always(&path).as_slice()].concat(), Some(errno)).await;
                    continue;
                }
            };
            let at = pending.len();
            for entry in entries.iter() {
                let below = Bytes::from(join(&path, &entry.name));
                match self.sys.lstat(below.clone()).await {
                    Ok(stat) => pending.insert(at, (below, stat)),
                    Err(errno) => {
                        self.fail([b"cannot access ", quote_always(&below).as_slice()].concat(), Some(errno)).await;
                    }
                }
            }
        }
    }

    async fn file(&mut self, path: &Bytes, stat: &Stat) {
        let new = self.change.apply(stat.mode, stat.is_directory(), self.umask).mode;
        let shown = quote_always(path);
        if let Err(errno) = self.sys.chmod(path.clone(), new).await {
            self.fail([b"changing permissions of ", shown.as_slice()].concat(), Some(errno)).await;
            if self.report == Report::All {
                let modes = format!(" from {} to {}\n", described(stat.mode), described(new));
                self.out.put(&[b"failed to change mode of ", shown.as_slice(), modes.as_bytes()].concat());
            }
            return;
        }
        if self.report != Report::None && new != stat.mode {
            let modes = format!(" changed from {} to {}\n", described(stat.mode), described(new));
            self.out.put(&[b"mode of ", shown.as_slice(), modes.as_bytes()].concat());
        } else if self.report == Report::All {
            let modes = format!(" retained as {}\n", described(new));
            self.out.put(&[b"mode of ", shown.as_slice(), modes.as_bytes()].concat());
        }
        // A failure to write shows at the end.
        let _ = self.out.flush_if_full().await;
        let naive = self.change.apply(stat.mode, stat.is_directory(), 0).mode;
        if self.surprising && new & !naive != 0 {
            let text = format!(": new permissions are {}, not {}", permission_string(new), permission_string(naive));
            self.success = false;
            let _ = self.out.flush().await;
            self.sys.error([quote_if_needed(path).as_slice(), text.as_bytes()].concat()).await;
        }
    }

    async fn fail(&mut self, message: Vec<u8>, errno: Option<Errno>) {
        self.success = false;
        if self.silent {
            return;
        }
        // A failed write shows when the buffer is finished.
        let _ = self.out.flush().await;
        match errno {
            Some(errno) => self.sys.complain(message, errno).await,
            None => self.sys.error(message).await,
        }
    }
}

fn described(mode: u32) -> String {
    format!("{mode:04o} ({})", permission_string(mode))
}
