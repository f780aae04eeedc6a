//! `ln` - make links between files.  [POSIX ln; GNU coreutils "ln invocation"]

use crate::text::file_name::{base_name, dir_name, join};
use crate::text::quoting::{quote_always, quote_if_needed};
use crate::utility::canonical::{Missing, canonicalize, relative_path};
use crate::utility::prelude::*;
use crate::utility::refusal::Refusal;
use crate::utility::{Backup, BackupType, Confirm};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "ln",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(ln(sys, inv)),
    doc: "make links between files",
};

options! {
    OPTIONS: "[OPTION]... [-T] TARGET LINK_NAME\n[OPTION]... TARGET\n[OPTION]... TARGET... DIRECTORY\n[OPTION]... -t DIRECTORY TARGET...", Permute, 1;
    BACKUP    = ' ', "backup", Optional("CONTROL"), "make a backup of each existing destination file";
    DIRECTORY = 'd', "directory", No, "allow the superuser to attempt to hard link directories";
    NO_DEREFERENCE = 'n', "no-dereference", No, "treat LINK_NAME as a normal file if it is a symbolic link to a directory";
    NO_TARGET_DIRECTORY = 'T', "no-target-directory", No, "treat LINK_NAME as a normal file always";
    FORCE     = 'f', "force", No, "remove existing destination files";
    INTERACTIVE = 'i', "interactive", No, "prompt whether to remove destinations";
    SUFFIX    = 'S', "suffix", Required("SUFFIX"), "override the usual backup suffix";
    TARGET_DIRECTORY = 't', "target-directory", Required("DIRECTORY"), "specify the DIRECTORY in which to create the links";
    LOGICAL   = 'L', "logical", No, "dereference TARGETs that are symbolic links";
    PHYSICAL  = 'P', "physical", No, "make hard links directly to symbolic links";
    RELATIVE  = 'r', "relative", No, "with -s, create links relative to link location";
    SYMBOLIC  = 's', "symbolic", No, "make symbolic links instead of hard links";
    VERBOSE   = 'v', "verbose", No, "print name of each linked file";
    BACKUP_B  = 'b', "", No, "like --backup but does not accept an argument";
    DIRECTORY_F = 'F', "", No, "same as -d";
}

struct Linking {
    sys: Sys,
    out: OutBuf,
    confirm: Confirm,
    backup: Backup,
    symbolic: bool,
    relative: bool,
    follow: Follow,
    force: bool,
    interactive: bool,
    link_directories: bool,
    verbose: bool,
    /// Destinations made by this invocation, which are not overwritten again.
    created: Vec<Bytes>,
}

/// Where links go.
enum Destination {
    Directory(Bytes),
    File(Bytes),
}

async fn ln(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let wants_backup = parsed.has(BACKUP) || parsed.has(BACKUP_B) || parsed.has(SUFFIX);
    let backup = Backup::from_options(&invocation, wants_backup, parsed.value(BACKUP), parsed.value(SUFFIX));
    let last_force = parsed.last_of(&[FORCE, INTERACTIVE]);
    let mut linking = Linking {
        out: OutBuf::stdout(&sys),
        confirm: Confirm::new(&sys),
        backup: Backup::none(),
        symbolic: parsed.has(SYMBOLIC),
        relative: parsed.has(RELATIVE),
        follow: if parsed.last_of(&[LOGICAL, PHYSICAL]) == Some(LOGICAL) { Follow::Yes } else { Follow::No },
        force: last_force == Some(FORCE),
        interactive: last_force == Some(INTERACTIVE),
        link_directories: parsed.has(DIRECTORY) || parsed.has(DIRECTORY_F),
        verbose: parsed.has(VERBOSE),
        created: Vec::new(),
        sys: sys.clone(),
    };
    let mut operands = parsed.operands();
    let destination = linking
        .destination(
            &mut operands,
            parsed.value(TARGET_DIRECTORY),
            parsed.has(NO_TARGET_DIRECTORY),
            parsed.has(NO_DEREFERENCE),
        )
        .await;
    let destination = match destination {
        Ok(destination) => destination,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    match backup {
        Ok(backup) => linking.backup = backup,
        Err(error) => return error.report(&sys).await,
    }
    if linking.relative && !linking.symbolic {
        sys.error("cannot do --relative without --symbolic").await;
        return ExitStatus::FAILURE;
    }
    let mut success = true;
    for source in operands {
        let path = match &destination {
            Destination::Directory(directory) => Bytes::from(join(directory, base_name(source))),
            Destination::File(file) => file.clone(),
        };
        let is_one_of_several = matches!(destination, Destination::Directory(_)) && operands.len() > 1;
        success &= linking.link(source, &path, is_one_of_several).await;
    }
    ExitStatus::from(linking.out.finish().await && success)
}

impl Linking {
    async fn destination(
        &self,
        operands: &mut &[Bytes],
        directory: Option<&Bytes>,
        no_directory: bool,
        no_dereference: bool,
    ) -> Result<Destination, Refusal> {
        let Some((last, before)) = operands.split_last() else {
            return Err(Refusal::usage(b"missing file operand".to_vec()));
        };
        if no_directory {
            if directory.is_some() {
                let message = b"cannot combine --target-directory and --no-target-directory".to_vec();
                return Err(Refusal::Message(message));
            }
            return match operands.len() {
                1 => Err(Refusal::usage(
                    [b"missing destination file operand after ", quote_always(last).as_slice()].concat(),
                )),
                2 => {
                    *operands = before;
                    Ok(Destination::File(last.clone()))
                }
                _ => {
                    let extra = operands.get(2).map(|operand| quote_always(operand)).unwrap_or_default();
                    Err(Refusal::usage([b"extra operand ", extra.as_slice()].concat()))
                }
            };
        }
        if let Some(directory) = directory {
            return match self.sys.stat(directory.clone()).await {
                Ok(stat) if stat.is_directory() => Ok(Destination::Directory(directory.clone())),
                Ok(_) => {
                    let shown = quote_always(directory);
                    Err(Refusal::Message([b"target ", shown.as_slice(), b" is not a directory"].concat()))
                }
                Err(errno) => Err(Refusal::Message(problem(b"failed to access ", directory, errno))),
            };
        }
        if before.is_empty() {
            return Ok(Destination::Directory(Bytes::from_static(b".")));
        }
        let followed =
            if no_dereference { self.sys.lstat(last.clone()).await } else { self.sys.stat(last.clone()).await };
        let error = match followed {
            Ok(stat) if stat.is_directory() => {
                *operands = before;
                return Ok(Destination::Directory(last.clone()));
            }
            Ok(_) => Errno::ENOTDIR,
            Err(errno) => errno,
        };
        if operands.len() == 2 {
            *operands = before;
            return Ok(Destination::File(last.clone()));
        }
        Err(Refusal::Message(problem(b"target ", last, error)))
    }

    /// Makes one link; whether it went well.
    async fn link(&mut self, source: &Bytes, path: &Bytes, is_one_of_several: bool) -> bool {
        let source_stat = if self.symbolic {
            self.sys.stat(source.clone()).await.ok()
        } else {
            let found = match self.follow {
                Follow::Yes => self.sys.stat(source.clone()).await,
                Follow::No => self.sys.lstat(source.clone()).await,
            };
            match found {
                Ok(stat) if stat.is_directory() && !self.link_directories => {
                    let message =
                        [quote_if_needed(source).as_slice(), b": hard link not allowed for directory"].concat();
                    self.sys.error(message).await;
                    return false;
                }
                Ok(stat) => Some(stat),
                Err(errno) => {
                    self.sys.error(problem(b"failed to access ", source, errno)).await;
                    return false;
                }
            }
        };
        let target = if self.relative { self.relative_target(source, path).await } else { source.clone() };
        let mut backup = None;
        let replaces = self.force || self.interactive || self.backup.kind != BackupType::None;
        if replaces {
            match self.clear_way(source, source_stat, path, is_one_of_several).await {
                Ok(made) => backup = made,
                Err(Stop::Declined) => return true,
                Err(Stop::Failed) => return false,
            }
        }
        let made = if self.symbolic {
            self.sys.symlink(target.clone(), path.clone()).await
        } else {
            self.sys.link(source.clone(), path.clone(), self.follow).await
        };
        if let Err(errno) = made {
            self.report_failure(&target, path, errno).await;
            if let Some(backup) = backup {
                // The old file gets its name back; what went wrong has been said.
                let _ = self.sys.rename(backup, path.clone()).await;
            }
            return false;
        }
        if is_one_of_several {
            self.created.push(path.clone());
        }
        if self.verbose {
            if let Some(backup) = &backup {
                self.out.put(&[quote_always(backup).as_slice(), b" ~ "].concat());
            }
            let arrow: &[u8] = if self.symbolic { b" -> " } else { b" => " };
            self.out.put(&[quote_always(path).as_slice(), arrow, &quote_always(&target), b"\n"].concat());
            // A failure to write shows at the end.
            let _ = self.out.flush().await;
        }
        true
    }

    /// Removes or renames what stands at `path`; the name of the backup.
    async fn clear_way(
        &mut self,
        source: &Bytes,
        source_stat: Option<Stat>,
        path: &Bytes,
        is_one_of_several: bool,
    ) -> Result<Option<Bytes>, Stop> {
        let Ok(existing) = self.sys.lstat(path.clone()).await else { return Ok(None) };
        let refusal = if existing.is_directory() {
            Some([quote_if_needed(path).as_slice(), b": cannot overwrite directory"].concat())
        } else if is_one_of_several && self.created.contains(path) {
            let (shown, by) = (quote_always(path), quote_always(source));
            Some([b"will not overwrite just-created ", shown.as_slice(), b" with ", &by].concat())
        } else if self.is_same(source_stat, &existing, source, path) {
            let (from, to) = (quote_always(source), quote_always(path));
            Some([from.as_slice(), b" and ", &to, b" are the same file"].concat())
        } else {
            None
        };
        if let Some(message) = refusal {
            self.sys.error(message).await;
            return Err(Stop::Failed);
        }
        if self.interactive {
            // A failure to write shows at the end.
            let _ = self.out.flush().await;
            if !self.confirm.ask(&[b"replace ", quote_always(path).as_slice(), b"? "].concat()).await {
                return Err(Stop::Declined);
            }
        }
        let removed = if self.backup.is_on() {
            match self.backup.make(&self.sys, path).await {
                Ok(name) => return Ok(Some(name)),
                Err(errno) => Err(problem(b"cannot backup ", path, errno)),
            }
        } else if self.force || self.interactive {
            self.sys.unlink(path.clone()).await.map_err(|errno| problem(b"cannot remove ", path, errno))
        } else {
            Ok(())
        };
        match removed {
            Ok(()) => Ok(None),
            Err(message) => {
                self.sys.error(message).await;
                Err(Stop::Failed)
            }
        }
    }

    /// Whether the link would replace its own target: removing it first would lose the file.
    fn is_same(&self, source_stat: Option<Stat>, existing: &Stat, source: &[u8], path: &[u8]) -> bool {
        let Some(stat) = source_stat else { return false };
        let counts = !self.backup.is_on() || !self.symbolic;
        let same_name = base_name(source) == base_name(path) && dir_name(source) == dir_name(path);
        counts && stat.is_same_file(existing) && (stat.nlink == 1 || same_name)
    }

    async fn report_failure(&self, target: &[u8], path: &[u8], errno: Errno) {
        let shown = quote_always(path);
        let names_both = if self.symbolic {
            errno == Errno::ENAMETOOLONG || target.is_empty()
        } else {
            !matches!(errno, Errno::EMLINK | Errno::EDQUOT | Errno::EEXIST | Errno::ENOSPC | Errno::EROFS)
        };
        let message = match (self.symbolic, names_both) {
            (true, true) => {
                [b"failed to create symbolic link ", shown.as_slice(), b" -> ", &quote_always(target)].concat()
            }
            (true, false) => [b"failed to create symbolic link ", shown.as_slice()].concat(),
            (false, true) => {
                [b"failed to create hard link ", shown.as_slice(), b" => ", &quote_always(target)].concat()
            }
            (false, false) if errno == Errno::EMLINK => {
                [b"failed to create hard link to ", quote_always(target).as_slice()].concat()
            }
            (false, false) => [b"failed to create hard link ", shown.as_slice()].concat(),
        };
        self.sys.complain(message, errno).await;
    }

    /// The target as seen from the link's directory; the source itself where that cannot be told.
    async fn relative_target(&self, source: &Bytes, path: &Bytes) -> Bytes {
        let directory = canonicalize(&self.sys, dir_name(path), Missing::All, true).await;
        let target = canonicalize(&self.sys, source, Missing::All, true).await;
        match (directory, target) {
            (Ok(directory), Ok(target)) => Bytes::from(relative_path(&target, &directory)),
            _ => source.clone(),
        }
    }
}

/// Why a link is not made.
enum Stop {
    Declined,
    Failed,
}

fn problem(text: &[u8], name: &[u8], errno: Errno) -> Vec<u8> {
    [text, &quote_always(name), b": ", errno.message().as_bytes()].concat()
}
