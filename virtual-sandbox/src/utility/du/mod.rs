//! `du` - estimate file space usage.  [POSIX du; GNU coreutils "du invocation"]

mod settings;
mod usage;

use crate::text::quoting::{quote, quote_always};
use crate::utility::prelude::*;
use settings::Settings;
use usage::Usage;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "du",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(du(sys, inv)),
    doc: "estimate file space usage",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...\n[OPTION]... --files0-from=F", Permute, 1;
    ALL       = 'a', "all", No, "write counts for all files, not just directories";
    APPARENT  = ' ', "apparent-size", No, "print apparent sizes rather than device usage";
    BLOCK_SIZE = 'B', "block-size", Required("SIZE"), "scale sizes by SIZE before printing them";
    BYTES     = 'b', "bytes", No, "equivalent to '--apparent-size --block-size=1'";
    COUNT_LINKS = 'l', "count-links", No, "count sizes many times if hard linked";
    DEREFERENCE = 'L', "dereference", No, "dereference all symbolic links";
    DEREFERENCE_ARGS = 'D', "dereference-args", No, "dereference only symlinks that are listed on the command line";
    EXCLUDE   = ' ', "exclude", Required("PATTERN"), "exclude files that match PATTERN";
    EXCLUDE_FROM = 'X', "exclude-from", Required("FILE"), "exclude files that match any pattern in FILE";
    FILES0_FROM = ' ', "files0-from", Required("F"), "summarize the NUL-terminated file names specified in file F";
    HUMAN     = 'h', "human-readable", No, "print sizes in human readable format (e.g., 1K 234M 2G)";
    INODES    = ' ', "inodes", No, "list inode usage information instead of block usage";
    SI        = ' ', "si", No, "like -h, but use powers of 1000 not 1024";
    MAX_DEPTH = 'd', "max-depth", Required("N"), "print the total for a directory only if it is N or fewer levels down";
    NULL      = '0', "null", No, "end each output line with NUL, not newline";
    NO_DEREFERENCE = 'P', "no-dereference", No, "don't follow any symbolic links (this is the default)";
    ONE_FILE_SYSTEM = 'x', "one-file-system", No, "skip directories on different file systems";
    SEPARATE  = 'S', "separate-dirs", No, "for directories do not include size of subdirectories";
    SUMMARIZE = 's', "summarize", No, "display only a total for each argument";
    TOTAL     = 'c', "total", No, "produce a grand total";
    THRESHOLD = 't', "threshold", Required("SIZE"), "exclude entries smaller than SIZE, or greater if negative";
    TIME      = ' ', "time", Optional("WORD"), "show time of the last modification of any file, or WORD: atime, ctime";
    TIME_STYLE = ' ', "time-style", Required("STYLE"), "show times using STYLE: full-iso, long-iso, iso, or +FORMAT";
    DEREFERENCE_ARGS_H = 'H', "", No, "equivalent to --dereference-args (-D)";
    KIBIBYTES = 'k', "", No, "like --block-size=1K";
    MEBIBYTES = 'm', "", No, "like --block-size=1M";
}

async fn du(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let settings = match Settings::new(&sys, &parsed, &invocation).await {
        Ok(settings) => settings,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let mut success = true;
    let mut operands = parsed.operands().to_vec();
    if let Some(list) = parsed.value(FILES0_FROM) {
        if let Some(extra) = operands.first() {
            sys.error([b"extra operand ", quote(extra).as_slice()].concat()).await;
            sys.write_error("file operands cannot be combined with --files0-from\n").await;
            try_help(&sys).await;
            return ExitStatus::FAILURE;
        }
        match listed_names(&sys, list, &mut success).await {
            Ok(names) => operands = names,
            Err(status) => return status,
        }
    } else if operands.is_empty() {
        operands.push(Bytes::from_static(b"."));
    }
    let several = operands.len() > 1 || parsed.has(FILES0_FROM);
    let mut usage = Usage::new(&sys, settings, several);
    for operand in &operands {
        if operand.is_empty() {
            sys.error("invalid zero-length file name").await;
            success = false;
            continue;
        }
        usage.count(operand).await;
    }
    ExitStatus::from(usage.finish(parsed.has(TOTAL)).await && success)
}

/// The names in the list of `--files0-from`; `-` is standard input.
async fn listed_names(sys: &Sys, list: &Bytes, success: &mut bool) -> Result<Vec<Bytes>, ExitStatus> {
    let fd = if list.as_ref() == b"-" {
        Fd::STDIN
    } else {
        match sys.open_read(list.clone()).await {
            Ok(fd) => fd,
            Err(errno) => {
                let message = [b"cannot open ", quote_always(list).as_slice(), b" for reading"].concat();
                sys.complain(message, errno).await;
                return Err(ExitStatus::FAILURE);
            }
        }
    };
    let mut records = Records::new(sys, fd, 0);
    let mut names = Vec::new();
    let mut number = 0;
    loop {
        match records.next().await {
            Ok(Some(record)) => {
                number += 1;
                if record.bytes.is_empty() {
                    let place = format!(":{number}: invalid zero-length file name");
                    let file = crate::text::quoting::quote_if_needed(list);
                    sys.error([file.as_slice(), place.as_bytes()].concat()).await;
                    *success = false;
                } else {
                    names.push(record.bytes);
                }
            }
            Ok(None) => return Ok(names),
            Err(errno) => {
                let file = crate::text::quoting::quote_if_needed(list);
                sys.complain([file.as_slice(), b": read error"].concat(), errno).await;
                return Err(ExitStatus::FAILURE);
            }
        }
    }
}
