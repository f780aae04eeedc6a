//! `ls` - list directory contents.  [POSIX ls; GNU coreutils "ls invocation"]

mod color;
mod columns;
mod entry;
mod listing;
mod long;
mod name;
mod order;
mod settings;
mod time_style;

use crate::utility::prelude::*;
use listing::Listing;
use settings::Settings;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "ls",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(ls(sys, inv)),
    doc: "list directory contents",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 2;
    ALL       = 'a', "all", No, "do not ignore entries starting with .";
    ESCAPE    = 'b', "escape", No, "print C-style escapes for nongraphic characters";
    DIRECTORY = 'd', "directory", No, "list directories themselves, not their contents";
    DIRED     = 'D', "dired", No, "generate output designed for Emacs' dired mode";
    FULL_TIME = ' ', "full-time", No, "like -l --time-style=full-iso";
    GROUP_DIRECTORIES = ' ', "group-directories-first", No, "group directories before files";
    HUMAN     = 'h', "human-readable", No, "with -l and -s, print sizes like 1K 234M 2G etc.";
    INODE     = 'i', "inode", No, "print the index number of each file";
    KIBIBYTES = 'k', "kibibytes", No, "default to 1024-byte blocks for file system usage";
    NUMERIC   = 'n', "numeric-uid-gid", No, "like -l, but list numeric user and group IDs";
    NO_GROUP  = 'G', "no-group", No, "in a long listing, don't print group names";
    HIDE_CONTROL = 'q', "hide-control-chars", No, "print ? instead of nongraphic characters";
    REVERSE   = 'r', "reverse", No, "reverse order while sorting";
    BLOCKS    = 's', "size", No, "print the allocated size of each file, in blocks";
    WIDTH     = 'w', "width", Required("COLS"), "set output width to COLS.  0 means no limit";
    ALMOST_ALL = 'A', "almost-all", No, "do not list implied . and ..";
    IGNORE_BACKUPS = 'B', "ignore-backups", No, "do not list implied entries ending with ~";
    CLASSIFY  = 'F', "classify", Optional("WHEN"), "append indicator (one of */=>@|) to entries WHEN";
    FILE_TYPE = ' ', "file-type", No, "likewise, except do not append '*'";
    SI        = ' ', "si", No, "likewise, but use powers of 1000 not 1024";
    COMMAND_LINE = 'H', "dereference-command-line", No, "follow symbolic links listed on the command line";
    COMMAND_LINE_DIR = ' ', "dereference-command-line-symlink-to-dir", No, "follow those that point to a directory";
    HIDE      = ' ', "hide", Required("PATTERN"), "do not list implied entries matching shell PATTERN";
    IGNORE    = 'I', "ignore", Required("PATTERN"), "do not list implied entries matching shell PATTERN";
    INDICATOR_STYLE = ' ', "indicator-style", Required("WORD"), "append indicator: none, slash, file-type, classify";
    DEREFERENCE = 'L', "dereference", No, "show information for the file a symbolic link references";
    LITERAL   = 'N', "literal", No, "print entry names without quoting";
    QUOTE_NAME = 'Q', "quote-name", No, "enclose entry names in double quotes";
    QUOTING_STYLE = ' ', "quoting-style", Required("WORD"), "use quoting style WORD for entry names";
    RECURSIVE = 'R', "recursive", No, "list subdirectories recursively";
    FORMAT    = ' ', "format", Required("WORD"), "across -x, commas -m, long -l, single-column -1, vertical -C";
    SHOW_CONTROL = ' ', "show-control-chars", No, "show nongraphic characters as-is";
    SORT      = ' ', "sort", Required("WORD"), "sort by WORD: none, size, time, version, extension, width";
    TAB_SIZE  = 'T', "tabsize", Required("COLS"), "assume tab stops at each COLS instead of 8";
    TIME      = ' ', "time", Required("WORD"), "select which timestamp is shown and sorted by";
    TIME_STYLE = ' ', "time-style", Required("TIME_STYLE"), "time/date format with -l";
    ZERO      = ' ', "zero", No, "end each output line with NUL, not newline";
    COLOR     = ' ', "color", Optional("WHEN"), "color the output WHEN";
    HYPERLINK = ' ', "hyperlink", Optional("WHEN"), "hyperlink file names WHEN";
    BLOCK_SIZE = ' ', "block-size", Required("SIZE"), "with -l, scale sizes by SIZE when printing them";
    CONTEXT   = 'Z', "context", No, "print any security context of each file";
    AUTHOR    = ' ', "author", No, "with -l, print the author of each file";
    CTIME     = 'c', "", No, "with -lt: sort by, and show, ctime; with -l: show it; otherwise: sort by it";
    VERTICAL  = 'C', "", No, "list entries by columns";
    UNSORTED_ALL = 'f', "", No, "list all entries in directory order";
    NO_OWNER  = 'g', "", No, "like -l, but do not list owner";
    LONG      = 'l', "", No, "use a long listing format";
    COMMAS    = 'm', "", No, "fill width with a comma separated list of entries";
    NO_GROUP_LONG = 'o', "", No, "like -l, but do not list group information";
    SLASH     = 'p', "", No, "append / indicator to directories";
    BY_SIZE   = 'S', "", No, "sort by file size, largest first";
    BY_TIME   = 't', "", No, "sort by time, newest first; see --time";
    ATIME     = 'u', "", No, "with -lt: sort by, and show, access time; with -l: show it; otherwise: sort by it";
    UNSORTED  = 'U', "", No, "do not sort; list entries in directory order";
    BY_VERSION = 'v', "", No, "natural sort of (version) numbers within text";
    ACROSS    = 'x', "", No, "list entries by lines instead of by columns";
    BY_EXTENSION = 'X', "", No, "sort alphabetically by entry extension";
    SINGLE    = '1', "", No, "list one file per line";
}

/// "1 if minor problems (e.g., cannot access subdirectory)".
const MINOR: ExitStatus = ExitStatus(1);
/// "2 if serious trouble (e.g., cannot access command-line argument)".
const SERIOUS: ExitStatus = ExitStatus(2);

async fn ls(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let terminal = sys.is_terminal(Fd::STDOUT).await;
    let mut warnings = Vec::new();
    let settings = Settings::new(&parsed, &invocation, terminal, &mut warnings);
    for warning in warnings {
        sys.error(warning).await;
    }
    let settings = match settings {
        Ok(settings) => settings,
        Err(refusal) => return refusal.report(&sys, SERIOUS).await,
    };
    Listing::new(&sys, settings).await.list(parsed.operands()).await
}
