//! `cp` - copy files and directories.  [POSIX cp; GNU coreutils "cp invocation"]

use crate::text::file_name::strip_trailing_slashes;
use crate::utility::choice::choose;
use crate::utility::copy::{
    Copier, CopyOptions, Dereference, Destination, Making, Overwrite, Sparse, copy_below, find_destination,
};
use crate::utility::prelude::*;
use crate::utility::refusal::Refusal;
use crate::utility::{Backup, Parsed};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "cp",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(cp(sys, inv)),
    doc: "copy files and directories",
};

options! {
    OPTIONS: "[OPTION]... [-T] SOURCE DEST\n[OPTION]... SOURCE... DIRECTORY\n[OPTION]... -t DIRECTORY SOURCE...", Permute, 1;
    ARCHIVE   = 'a', "archive", No, "same as -dR --preserve=all";
    ATTRIBUTES_ONLY = ' ', "attributes-only", No, "don't copy the file data, just the attributes";
    BACKUP    = ' ', "backup", Optional("CONTROL"), "make a backup of each existing destination file";
    COPY_CONTENTS = ' ', "copy-contents", No, "copy contents of special files when recursive";
    DEREFERENCE = 'L', "dereference", No, "always follow symbolic links in SOURCE";
    FORCE     = 'f', "force", No, "if an existing destination file cannot be opened, remove it and try again";
    INTERACTIVE = 'i', "interactive", No, "prompt before overwrite (overrides a previous -n option)";
    LINK      = 'l', "link", No, "hard link files instead of copying";
    NO_CLOBBER = 'n', "no-clobber", No, "do not overwrite an existing file (overrides a previous -i option)";
    NO_DEREFERENCE = 'P', "no-dereference", No, "never follow symbolic links in SOURCE";
    NO_PRESERVE = ' ', "no-preserve", Required("ATTR_LIST"), "don't preserve the specified attributes";
    NO_TARGET_DIRECTORY = 'T', "no-target-directory", No, "treat DEST as a normal file";
    ONE_FILE_SYSTEM = 'x', "one-file-system", No, "stay on this file system";
    PARENTS   = ' ', "parents", No, "use full source file name under DIRECTORY";
    PRESERVE  = ' ', "preserve", Optional("ATTR_LIST"), "preserve the specified attributes";
    RECURSIVE = 'r', "recursive", No, "copy directories recursively";
    REMOVE_DESTINATION = ' ', "remove-destination", No, "remove each existing destination file before opening it";
    SPARSE    = ' ', "sparse", Required("WHEN"), "control creation of sparse files";
    REFLINK   = ' ', "reflink", Optional("WHEN"), "control clone/CoW copies";
    STRIP     = ' ', "strip-trailing-slashes", No, "remove any trailing slashes from each SOURCE argument";
    SUFFIX    = 'S', "suffix", Required("SUFFIX"), "override the usual backup suffix";
    SYMBOLIC_LINK = 's', "symbolic-link", No, "make symbolic links instead of copying";
    TARGET_DIRECTORY = 't', "target-directory", Required("DIRECTORY"), "copy all SOURCE arguments into DIRECTORY";
    UPDATE    = 'u', "update", No, "copy only when the SOURCE file is newer or the destination is missing";
    VERBOSE   = 'v', "verbose", No, "explain what is being done";
    CONTEXT   = ' ', "context", Optional("CTX"), "like -Z, or set the SELinux or SMACK security context to CTX";
    BACKUP_B  = 'b', "", No, "like --backup but does not accept an argument";
    LINKS_AS_LINKS = 'd', "", No, "same as --no-dereference --preserve=links";
    COMMAND_LINE = 'H', "", No, "follow command-line symbolic links in SOURCE";
    PRESERVE_P = 'p', "", No, "same as --preserve=mode,ownership,timestamps";
    RECURSIVE_UPPER = 'R', "", No, "copy directories recursively";
    DEFAULT_CONTEXT = 'Z', "", No, "set the default SELinux security context (there is none here)";
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Attribute {
    Mode,
    Timestamps,
    Ownership,
    Links,
    Context,
    ExtendedAttributes,
    All,
}

const ATTRIBUTES: [(&str, Attribute); 7] = [
    ("mode", Attribute::Mode),
    ("timestamps", Attribute::Timestamps),
    ("ownership", Attribute::Ownership),
    ("links", Attribute::Links),
    ("context", Attribute::Context),
    ("xattr", Attribute::ExtendedAttributes),
    ("all", Attribute::All),
];

const SPARSE_WORDS: [(&str, Sparse); 3] =
    [("never", Sparse::Never), ("auto", Sparse::Auto), ("always", Sparse::Always)];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reflink {
    Auto,
    Always,
    Never,
}

const REFLINK_WORDS: [(&str, Reflink); 3] =
    [("auto", Reflink::Auto), ("always", Reflink::Always), ("never", Reflink::Never)];

async fn cp(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.value(CONTEXT).is_some() {
        sys.error("warning: ignoring --context; it requires an SELinux-enabled kernel").await;
    }
    let options = match options(&parsed, &invocation) {
        Ok(options) => options,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let directory = parsed.value(TARGET_DIRECTORY);
    let found = find_destination(&sys, parsed.operands(), directory, parsed.has(NO_TARGET_DIRECTORY)).await;
    let (sources, destination) = match found {
        Ok(found) => found,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    if parsed.has(PARENTS) && matches!(destination, Destination::File(_)) {
        let refusal = Refusal::usage(b"with --parents, the destination must be a directory".to_vec());
        return refusal.report(&sys, ExitStatus::FAILURE).await;
    }
    copy_all(&sys, &parsed, options, sources, destination).await
}

async fn copy_all(
    sys: &Sys,
    parsed: &Parsed,
    options: CopyOptions,
    sources: &[Bytes],
    destination: Destination,
) -> ExitStatus {
    let (force, backup) = (options.force, options.backup.clone());
    let mut copier = Copier::new(sys, options, sources.len() > 1).await;
    let mut success = true;
    for source in sources {
        // Only for sources that go into a directory, as the real tool does.
        let strips = parsed.has(STRIP) && matches!(destination, Destination::Directory(_));
        let source = if strips { source.slice_ref(strip_trailing_slashes(source)) } else { source.clone() };
        success &= match &destination {
            Destination::Directory(directory) if parsed.has(PARENTS) => {
                copy_below(&mut copier, &source, directory).await
            }
            Destination::Directory(directory) => copier.copy(&source, &Copier::path_in(directory, &source)).await,
            Destination::File(file) => {
                let is_file = sys.lstat(file.clone()).await.is_ok_and(|stat| stat.is_regular());
                if force && backup.is_on() && source == *file && is_file {
                    // "cp makes a backup of SOURCE when the force and backup options are given and SOURCE and DEST
                    // are the same name for an existing, regular file."
                    let name = backup.name_for(sys, file).await;
                    copier.copy_without_backup(&source, &name).await
                } else {
                    copier.copy(&source, file).await
                }
            }
        };
    }
    ExitStatus::from(copier.finish().await && success)
}

fn options(parsed: &Parsed, invocation: &Invocation) -> Result<CopyOptions, Refusal> {
    let mut options = CopyOptions::new(false);
    let mut dereference = None;
    let mut reflink = Reflink::Auto;
    for (id, value) in parsed.in_order() {
        let value = value.as_deref();
        match *id {
            ARCHIVE => {
                dereference = Some(Dereference::Never);
                options.recursive = true;
                preserve(&mut options, Attribute::All, true);
            }
            LINKS_AS_LINKS => {
                dereference = Some(Dereference::Never);
                options.preserve_links = true;
            }
            COMMAND_LINE => dereference = Some(Dereference::CommandLine),
            DEREFERENCE => dereference = Some(Dereference::Always),
            NO_DEREFERENCE => dereference = Some(Dereference::Never),
            INTERACTIVE => options.overwrite = Overwrite::Ask,
            NO_CLOBBER => options.overwrite = Overwrite::Never,
            PRESERVE_P => preserve_list(&mut options, None, true)?,
            PRESERVE => preserve_list(&mut options, value, true)?,
            NO_PRESERVE => preserve_list(&mut options, value, false)?,
            SPARSE => {
                let word = value.unwrap_or_default();
                options.sparse = choose("--sparse", word, &SPARSE_WORDS, 1).map_err(Refusal::Usage)?;
            }
            REFLINK => {
                reflink = match value {
                    Some(word) => choose("--reflink", word, &REFLINK_WORDS, 1).map_err(Refusal::Usage)?,
                    None => Reflink::Always,
                }
            }
            _ => {}
        }
    }
    options.recursive |= parsed.has(RECURSIVE) || parsed.has(RECURSIVE_UPPER);
    options.attributes_only = parsed.has(ATTRIBUTES_ONLY);
    options.copy_contents = parsed.has(COPY_CONTENTS);
    options.force = parsed.has(FORCE);
    options.remove_first = parsed.has(REMOVE_DESTINATION);
    options.update = parsed.has(UPDATE) && options.overwrite != Overwrite::Never;
    options.one_file_system = parsed.has(ONE_FILE_SYSTEM);
    options.verbose = parsed.has(VERBOSE);
    options.making = match (parsed.has(LINK), parsed.has(SYMBOLIC_LINK)) {
        (true, true) => return Err(Refusal::usage(b"cannot make both hard and symbolic links".to_vec())),
        (true, false) => Making::HardLink,
        (false, true) => Making::SymbolicLink,
        (false, false) => Making::Copy,
    };
    let wants_backup = parsed.has(BACKUP) || parsed.has(BACKUP_B) || parsed.has(SUFFIX);
    if wants_backup && options.overwrite == Overwrite::Never {
        return Err(Refusal::usage(b"options --backup and --no-clobber are mutually exclusive".to_vec()));
    }
    if reflink == Reflink::Always && options.sparse != Sparse::Auto {
        return Err(Refusal::usage(b"--reflink can be used only with --sparse=auto".to_vec()));
    }
    options.backup = Backup::from_options(invocation, wants_backup, parsed.value(BACKUP), parsed.value(SUFFIX))
        .map_err(Refusal::Usage)?;
    let follows_by_default = !options.recursive || options.making == Making::HardLink;
    let default = if follows_by_default { Dereference::Always } else { Dereference::Never };
    options.dereference = dereference.unwrap_or(default);
    Ok(options)
}

/// `--preserve` without a list means mode, ownership and timestamps.
fn preserve_list(options: &mut CopyOptions, list: Option<&[u8]>, on: bool) -> Result<(), Refusal> {
    let Some(list) = list else {
        for attribute in [Attribute::Mode, Attribute::Ownership, Attribute::Timestamps] {
            preserve(options, attribute, on);
        }
        return Ok(());
    };
    let option = if on { "--preserve" } else { "--no-preserve" };
    for word in list.split(|byte| *byte == b',') {
        let attribute = choose(option, word, &ATTRIBUTES, 1).map_err(Refusal::Usage)?;
        if on && attribute == Attribute::Context {
            let message = b"cannot preserve security context without an SELinux-enabled kernel".to_vec();
            return Err(Refusal::Message(message));
        }
        preserve(options, attribute, on);
    }
    Ok(())
}

fn preserve(options: &mut CopyOptions, attribute: Attribute, on: bool) {
    match attribute {
        Attribute::Mode => (options.preserve_mode, options.default_mode) = (on, !on),
        Attribute::Timestamps => options.preserve_timestamps = on,
        Attribute::Ownership => options.preserve_ownership = on,
        Attribute::Links => options.preserve_links = on,
        // The machine's files have neither.
        Attribute::Context | Attribute::ExtendedAttributes => {}
        Attribute::All => {
            (options.preserve_mode, options.default_mode) = (on, !on);
            options.preserve_timestamps = on;
            options.preserve_ownership = on;
            options.preserve_links = on;
        }
    }
}
