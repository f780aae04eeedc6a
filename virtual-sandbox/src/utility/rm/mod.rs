//! `rm` - remove files and directories.  [POSIX rm; GNU coreutils "rm invocation"]

mod removal;

use crate::text::quoting::quote_always;
use crate::utility::Confirm;
use crate::utility::choice::choose;
use crate::utility::prelude::*;
use crate::utility::{OptionError, Parsed, Refusal};
use removal::Removal;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "rm",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(rm(sys, inv)),
    doc: "remove files and directories",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    FORCE     = 'f', "force", No, "ignore nonexistent files and arguments, never prompt";
    INTERACTIVE = ' ', "interactive", Optional("WHEN"), "prompt according to WHEN: never, once (-I), or always (-i)";
    ONE_FILE_SYSTEM = ' ', "one-file-system", No, "when removing a hierarchy recursively, skip other file systems";
    NO_PRESERVE_ROOT = ' ', "no-preserve-root", No, "do not treat '/' specially";
    PRESERVE_ROOT = ' ', "preserve-root", Optional("all"), "do not remove '/' (default); with 'all', nor any mount point";
    RECURSIVE = 'r', "recursive", No, "remove directories and their contents recursively";
    DIRECTORY = 'd', "dir", No, "remove empty directories";
    VERBOSE   = 'v', "verbose", No, "explain what is being done";
    ASK_EACH  = 'i', "", No, "prompt before every removal";
    ASK_ONCE  = 'I', "", No, "prompt once before removing more than three files, or when removing recursively";
    RECURSIVE_UPPER = 'R', "", No, "same as -r";
}

/// When the user is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Interactive {
    /// Not said: before a write-protected file, when standard input is a terminal.
    WriteProtected,
    /// `-f`.
    Never,
    /// `-I`.
    Once,
    /// `-i`.
    Always,
}

const WHEN: [(&str, Interactive); 6] = [
    ("never", Interactive::Never),
    ("no", Interactive::Never),
    ("none", Interactive::Never),
    ("once", Interactive::Once),
    ("always", Interactive::Always),
    ("yes", Interactive::Always),
];

/// What the command line asks for.
#[derive(Clone, Copy, Debug)]
struct Options {
    interactive: Interactive,
    /// Missing files are no failure (`-f`).
    ignore_missing: bool,
    recursive: bool,
    empty_directories: bool,
    one_file_system: bool,
    preserve_root: bool,
    preserve_mount_points: bool,
    verbose: bool,
}

async fn rm(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(OptionError::Usage(message, status)) => {
            sys.error(message).await;
            suggest_dot_slash(&sys, &invocation).await;
            try_help(&sys).await;
            return ExitStatus(status);
        }
        Err(error) => return error.report(&sys).await,
    };
    if is_root_option_abbreviated(&parsed, &invocation) {
        sys.error("you may not abbreviate the --no-preserve-root option").await;
        return ExitStatus::FAILURE;
    }
    let options = match options(&parsed) {
        Ok(options) => options,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let operands = parsed.operands();
    if operands.is_empty() {
        if options.ignore_missing {
            return ExitStatus::SUCCESS;
        }
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let mut confirm = Confirm::new(&sys);
    if options.interactive == Interactive::Once && (options.recursive || operands.len() > 3) {
        let noun = if operands.len() == 1 { "argument" } else { "arguments" };
        let how = if options.recursive { " recursively" } else { "" };
        let question = format!("remove {} {noun}{how}? ", operands.len());
        if !confirm.ask(question.as_bytes()).await {
            return ExitStatus::SUCCESS;
        }
    }
    let mut removal = Removal::new(&sys, options, confirm).await;
    for operand in operands {
        removal.remove(operand).await;
    }
    removal.finish().await
}

fn options(parsed: &Parsed) -> Result<Options, Refusal> {
    let mut options = Options {
        interactive: Interactive::WriteProtected,
        ignore_missing: false,
        recursive: false,
        empty_directories: parsed.has(DIRECTORY),
        one_file_system: parsed.has(ONE_FILE_SYSTEM),
        preserve_root: true,
        preserve_mount_points: false,
        verbose: parsed.has(VERBOSE),
    };
    for (id, value) in parsed.in_order() {
        match *id {
            FORCE => (options.interactive, options.ignore_missing) = (Interactive::Never, true),
            ASK_EACH => (options.interactive, options.ignore_missing) = (Interactive::Always, false),
            ASK_ONCE => (options.interactive, options.ignore_missing) = (Interactive::Once, false),
            INTERACTIVE => {
                options.interactive = match value {
                    Some(when) => choose("--interactive", when, &WHEN, 1).map_err(Refusal::Usage)?,
                    None => Interactive::Always,
                };
                // `--interactive=never` asks nothing, but a missing file is still a failure.
                options.ignore_missing &= options.interactive == Interactive::Never;
            }
            RECURSIVE | RECURSIVE_UPPER => options.recursive = true,
            NO_PRESERVE_ROOT => options.preserve_root = false,
            PRESERVE_ROOT => match value {
                Some(all) if all.as_ref() == b"all" => options.preserve_mount_points = true,
                Some(other) => {
                    let message = [b"unrecognized --preserve-root argument: ", quote_always(other).as_slice()].concat();
                    return Err(Refusal::Message(message));
                }
                None => options.preserve_root = true,
            },
            _ => {}
        }
    }
    Ok(options)
}

/// "--no-preserve-root … You may not abbreviate this option": too dangerous to be given by accident.
fn is_root_option_abbreviated(parsed: &Parsed, invocation: &Invocation) -> bool {
    parsed.has(NO_PRESERVE_ROOT)
        && !invocation.arguments().iter().any(|argument| argument.as_ref() == b"--no-preserve-root")
}

/// After a usage error: an argument that looks like options may have been meant as a file.
async fn suggest_dot_slash(sys: &Sys, invocation: &Invocation) {
    for argument in invocation.arguments() {
        let is_option_like = argument.len() > 1 && argument.starts_with(b"-");
        if is_option_like && sys.lstat(argument.clone()).await.is_ok() {
            let dotted = [b"./", argument.as_ref()].concat();
            let file = crate::text::quoting::quote_name(&dotted, crate::text::quoting::QuotingStyle::ShellEscape, b"");
            let line =
                [b"Try '", sys.name().as_ref(), b" ", &file, b"' to remove the file ", &quote_always(argument), b".\n"];
            sys.write_error(line.concat()).await;
            return;
        }
    }
}

/// Removes a file or a whole tree without questions, as `mv` does after it copied to another file system.
pub(super) async fn remove_quietly(sys: &Sys, path: &Bytes, verbose: bool) -> bool {
    let options = Options {
        interactive: Interactive::Never,
        ignore_missing: false,
        recursive: true,
        empty_directories: false,
        one_file_system: false,
        preserve_root: true,
        preserve_mount_points: false,
        verbose,
    };
    let mut removal = Removal::new(sys, options, Confirm::new(sys)).await;
    removal.remove(path).await;
    removal.finish().await.is_success()
}
