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
    OPTIONS: "[FILE]...", Permute, 2;
    ALL       = 'a', "all", No, "do not ignore entries starting with .";
    ALMOST_ALL = 'A', "almost-all", No, "do not list implied . and ..";
    AUTHOR    = ' ', "author", No, "with -l, print the author of each file";
    ESCAPE    = 'b', "escape", No, "print C-style escapes for nongraphic characters";
    BLOCK_SIZE = ' ', "block-size", Required("SIZE"), "with -l, scale sizes by SIZE when printing them";
    IGNORE_BACKUPS = 'B', "ignore-backups", No, "do not list implied entries ending with ~";
    CTIME     = 'c', "", No, "with -lt: sort by, and show, ctime; with -l: show it; otherwise: sort by it";
    VERTICAL  = 'C', "", No, "list entries by columns";
    COLOR     = ' ', "color", Optional("WHEN"), "color the output WHEN";
    DIRECTORY = 'd', "directory", No, "list directories themselves, not their contents";
    DIRED     = 'D', "dired", No, "generate output designed for Emacs' dired mode";
    UNSORTED_ALL = 'f', "", No, "list all entries in directory order";
    CLASSIFY  = 'F', "classify", Optional("WHEN"), "append indicator (one of */=>@|) to entries WHEN";
    FILE_TYPE = ' ', "file-type", No, "likewise, except do not append '*'";
    FORMAT    = ' ', "format", Required("WORD"), "across -x, commas -m, long -l, single-column -1, vertical -C";
    FULL_TIME = ' ', "full-time", No, "like -l --time-style=full-iso";
    NO_OWNER  = 'g', "", No, "like -l, but do not list owner";
    GROUP_DIRECTORIES = ' ', "group-directories-first", No, "group directories before files";
    NO_GROUP  = 'G', "no-group", No, "in a long listing, don't print group names";
    HUMAN     = 'h', "human-readable", No, "with -l and -s, print sizes like 1K 234M 2G etc.";
    SI        = ' ', "si", No, "likewise, but use powers of 1000 not 1024";
    COMMAND_LINE = 'H', "dereference-command-line", No, "follow symbolic links listed on the command line";
    COMMAND_LINE_DIR = ' ', "dereference-command-line-symlink-to-dir", No, "follow those that point to a directory";
    HIDE      = ' ', "hide", Required("PATTERN"), "do not list implied entries matching shell PATTERN";
    HYPERLINK = ' ', "hyperlink", Optional("WHEN"), "hyperlink file names WHEN";
    INDICATOR_STYLE = ' ', "indicator-style", Required("WORD"), "append indicator: none, slash, file-type, classify";
    INODE     = 'i', "inode", No, "print the index number of each file";
    IGNORE    = 'I', "ignore", Required("PATTERN"), "do not list implied entries matching shell PATTERN";
    KIBIBYTES = 'k', "kibibytes", No, "default to 1024-byte blocks for file system usage";
    LONG      = 'l', "", No, "use a long listing format";
    DEREFERENCE = 'L', "dereference", No, "show information for the file a symbolic link references";
    COMMAS    = 'm', "", No, "fill width with a comma separated list of entries";
    NUMERIC   = 'n', "numeric-uid-gid", No, "like -l, but list numeric user and group IDs";
    LITERAL   = 'N', "literal", No, "print entry names without quoting";
    NO_GROUP_LONG = 'o', "", No, "like -l, but do not list group information";
    SLASH     = 'p', "", No, "append / indicator to directories";
    HIDE_CONTROL = 'q', "hide-control-chars", No, "print ? instead of nongraphic characters";
    SHOW_CONTROL = ' ', "show-control-chars", No, "show nongraphic characters as-is";
    QUOTE_NAME = 'Q', "quote-name", No, "enclose entry names in double quotes";
    QUOTING_STYLE = ' ', "quoting-style", Required("WORD"), "use quoting style WORD for entry names";
    REVERSE   = 'r', "reverse", No, "reverse order while sorting";
    RECURSIVE = 'R', "recursive", No, "list subdirectories recursively";
    BLOCKS    = 's', "size", No, "print the allocated size of each file, in blocks";
    BY_SIZE   = 'S', "", No, "sort by file size, largest first";
    SORT      = ' ', "sort", Required("WORD"), "sort by WORD: none, size, time, version, extension, width";
    TIME      = ' ', "time", Required("WORD"), "select which timestamp is shown and sorted by";
    TIME_STYLE = ' ', "time-style", Required("TIME_STYLE"), "time/date format with -l";
    BY_TIME   = 't', "", No, "sort by time, newest first; see --time";
    TAB_SIZE  = 'T', "tabsize", Required("COLS"), "assume tab stops at each COLS instead of 8";
    ATIME     = 'u', "", No, "with -lt: sort by, and show, access time; with -l: show it; otherwise: sort by it";
    UNSORTED  = 'U', "", No, "do not sort; list entries in directory order";
    BY_VERSION = 'v', "", No, "natural sort of (version) numbers within text";
    WIDTH     = 'w', "width", Required("COLS"), "set output width to COLS.  0 means no limit";
    ACROSS    = 'x', "", No, "list entries by lines instead of by columns";
    BY_EXTENSION = 'X', "", No, "sort alphabetically by entry extension";
    CONTEXT   = 'Z', "context", No, "print any security context of each file";
    ZERO      = ' ', "zero", No, "end each output line with NUL, not newline";
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
        Err(settings::Refusal::Usage(error)) => return error.report(&sys).await,
        Err(settings::Refusal::Message(message)) => {
            sys.error(message).await;
            return SERIOUS;
        }
    };
    Listing::new(&sys, settings).await.list(parsed.operands()).await
}
