//! `mv` - move or rename files.  [POSIX mv; GNU coreutils "mv invocation"]

use crate::text::file_name::strip_trailing_slashes;
use crate::utility::copy::{Copier, CopyOptions, Destination, Overwrite, find_destination};
use crate::utility::prelude::*;
use crate::utility::rm::remove_quietly;
use crate::utility::{Backup, OptionError};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "mv",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(mv(sys, inv)),
    doc: "move or rename files",
};

options! {
    OPTIONS: "[OPTION]... [-T] SOURCE DEST\n[OPTION]... SOURCE... DIRECTORY\n[OPTION]... -t DIRECTORY SOURCE...", Permute, 1;
    BACKUP    = ' ', "backup", Optional("CONTROL"), "make a backup of each existing destination file";
    CONTEXT   = 'Z', "context", No, "set the default SELinux security context (there is none here)";
    FORCE     = 'f', "force", No, "do not prompt before overwriting";
    INTERACTIVE = 'i', "interactive", No, "prompt before overwrite";
    NO_CLOBBER = 'n', "no-clobber", No, "do not overwrite an existing file";
    NO_TARGET_DIRECTORY = 'T', "no-target-directory", No, "treat DEST as a normal file";
    STRIP     = ' ', "strip-trailing-slashes", No, "remove any trailing slashes from each SOURCE argument";
    SUFFIX    = 'S', "suffix", Required("SUFFIX"), "override the usual backup suffix";
    TARGET_DIRECTORY = 't', "target-directory", Required("DIRECTORY"), "move all SOURCE arguments into DIRECTORY";
    UPDATE    = 'u', "update", No, "move only when the SOURCE file is newer or the destination is missing";
    VERBOSE   = 'v', "verbose", No, "explain what is being done";
    BACKUP_B  = 'b', "", No, "like --backup but does not accept an argument";
}

async fn mv(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let directory = parsed.value(TARGET_DIRECTORY);
    let found = find_destination(&sys, parsed.operands(), directory, parsed.has(NO_TARGET_DIRECTORY)).await;
    let (sources, destination) = match found {
        Ok(found) => found,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let mut options = CopyOptions::new(true);
    options.overwrite = match parsed.last_of(&[FORCE, INTERACTIVE, NO_CLOBBER]) {
        Some(FORCE) => Overwrite::Always,
        Some(INTERACTIVE) => Overwrite::Ask,
        Some(_) => Overwrite::Never,
        None => Overwrite::Default,
    };
    options.update = parsed.has(UPDATE) && options.overwrite != Overwrite::Never;
    options.verbose = parsed.has(VERBOSE);
    let wants_backup = parsed.has(BACKUP) || parsed.has(BACKUP_B) || parsed.has(SUFFIX);
    if wants_backup && options.overwrite == Overwrite::Never {
        let message = b"options --backup and --no-clobber are mutually exclusive".to_vec();
        return OptionError::Usage(message, 1).report(&sys).await;
    }
    match Backup::from_options(&invocation, wants_backup, parsed.value(BACKUP), parsed.value(SUFFIX)) {
        Ok(backup) => options.backup = backup,
        Err(error) => return error.report(&sys).await,
    }
    let mut copier = Copier::new(&sys, options, sources.len() > 1).await;
    let mut success = true;
    for source in sources {
        let source = if parsed.has(STRIP) { source.slice_ref(strip_trailing_slashes(source)) } else { source.clone() };
        let path = match &destination {
            Destination::Directory(directory) => {
                Bytes::from(crate::text::file_name::join(directory, crate::text::file_name::base_name(&source)))
            }
            Destination::File(file) => file.clone(),
        };
        let moved = copier.copy(&source, &path).await;
        success &= moved;
        if moved && copier.take_copied_across() {
            // The copy stands on another file system now; the source goes.
            success &= remove_quietly(&sys, &source, parsed.has(VERBOSE)).await;
        }
    }
    ExitStatus::from(copier.finish().await && success)
}
