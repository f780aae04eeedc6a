//! The command line of `grep`.

use super::color::Colors;
use crate::text::fnmatch::{FnmatchFlags, Pattern};
use crate::utility::choice::{WHEN, When, choose};
use crate::utility::prelude::*;
use crate::utility::{OptionError, Parsed};

options! {
    OPTIONS: "[OPTION]... PATTERNS [FILE]...", Permute, 2;
    BASIC = 'G', "basic-regexp", No, "PATTERNS are basic regular expressions";
    EXTENDED = 'E', "extended-regexp", No, "PATTERNS are extended regular expressions";
    FIXED = 'F', "fixed-strings", No, "PATTERNS are strings";
    PERL = 'P', "perl-regexp", No, "PATTERNS are Perl regular expressions";
    AFTER = 'A', "after-context", Required("NUM"), "print NUM lines after";
    BEFORE = 'B', "before-context", Required("NUM"), "print NUM lines before";
    BINARY_FILES = ' ', "binary-files", Required("TYPE"), "take binary files as TYPE: binary, text or without-match";
    BYTE_OFFSET = 'b', "byte-offset", No, "print the offset in bytes before each line";
    CONTEXT = 'C', "context", Required("NUM"), "print NUM lines before and after";
    COLOR = ' ', "color", Optional("WHEN"), "mark what matches: always, never or auto";
    COLOUR = ' ', "colour", Optional("WHEN"), "as --color";
    COUNT = 'c', "count", No, "print only how many lines are selected in each file";
    DEVICES = 'D', "devices", Required("ACTION"), "what to do with devices, FIFOs and sockets: read or skip";
    DIRECTORIES = 'd', "directories", Required("ACTION"), "what to do with directories: read, recurse or skip";
    EXCLUDE = ' ', "exclude", Required("GLOB"), "skip files that match GLOB";
    EXCLUDE_FROM = ' ', "exclude-from", Required("FILE"), "skip files that match a pattern of FILE";
    EXCLUDE_DIR = ' ', "exclude-dir", Required("GLOB"), "skip directories that match GLOB";
    FILE = 'f', "file", Required("FILE"), "take PATTERNS from FILE";
    FILES_WITH_MATCHES = 'l', "files-with-matches", No, "print only names of files with selected lines";
    FILES_WITHOUT_MATCH = 'L', "files-without-match", No, "print only names of files without selected lines";
    GROUP_SEPARATOR = ' ', "group-separator", Required("SEP"), "print SEP between groups of lines with context";
    INCLUDE = ' ', "include", Required("GLOB"), "search only files that match GLOB";
    IGNORE_CASE = 'i', "ignore-case", No, "upper and lower case are equal";
    NO_IGNORE_CASE = ' ', "no-ignore-case", No, "upper and lower case differ (default)";
    INITIAL_TAB = 'T', "initial-tab", No, "put the text of lines behind a tab";
    LABEL = ' ', "label", Required("LABEL"), "the name shown for standard input";
    LINE_BUFFERED = ' ', "line-buffered", No, "write each line at once";
    LINE_NUMBER = 'n', "line-number", No, "print the number before each line";
    LINE = 'x', "line-regexp", No, "match whole lines only";
    MAX_COUNT = 'm', "max-count", Required("NUM"), "stop after NUM selected lines";
    NO_FILENAME = 'h', "no-filename", No, "do not print names of files";
    NO_GROUP_SEPARATOR = ' ', "no-group-separator", No, "print nothing between groups of lines with context";
    NO_MESSAGES = 's', "no-messages", No, "no messages about files that cannot be read";
    NULL = 'Z', "null", No, "print a NUL byte after the name of a file";
    NULL_DATA = 'z', "null-data", No, "lines end in a NUL byte, not in a newline";
    ONLY_MATCHING = 'o', "only-matching", No, "print the nonempty parts of lines that match, one a line";
    QUIET = 'q', "quiet", No, "print nothing";
    RECURSIVE = 'r', "recursive", No, "as --directories=recurse";
    DEREFERENCE = 'R', "dereference-recursive", No, "as -r, and follow all symbolic links";
    REGEXP = 'e', "regexp", Required("PATTERNS"), "use PATTERNS for matching";
    INVERT = 'v', "invert-match", No, "select the lines that do not match";
    SILENT = ' ', "silent", No, "as --quiet";
    TEXT = 'a', "text", No, "as --binary-files=text";
    BINARY = 'U', "binary", No, "no effect here";
    UNIX_OFFSETS = 'u', "unix-byte-offsets", No, "no effect (obsolete)";
    WITH_FILENAME = 'H', "with-filename", No, "print the name of the file before each line";
    WORD = 'w', "word-regexp", No, "match whole words only";
    IGNORE_CASE_Y = 'y', "", No, "as -i (obsolete)";
    VERSION = 'V', "", No, "output version information and exit";
    WITHOUT_MATCH = 'I', "", No, "as --binary-files=without-match";
    DIGIT_0 = '0', "", No, "-NUM is --context=NUM";
    DIGIT_1 = '1', "", No, "";
    DIGIT_2 = '2', "", No, "";
    DIGIT_3 = '3', "", No, "";
    DIGIT_4 = '4', "", No, "";
    DIGIT_5 = '5', "", No, "";
    DIGIT_6 = '6', "", No, "";
    DIGIT_7 = '7', "", No, "";
    DIGIT_8 = '8', "", No, "";
    DIGIT_9 = '9', "", No, "";
}

/// How patterns are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavor {
    Basic,
    Extended,
    Fixed,
    Perl,
}

/// What a file with bytes that are no text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binary {
    /// A match in it is reported, not shown.
    Report,
    /// Text.
    Text,
    /// Without matches.
    WithoutMatch,
}

/// What is done with a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Directories {
    Read,
    Recurse,
    Skip,
}

/// What is printed for a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Report {
    /// The selected lines.
    Lines,
    /// The number of selected lines.
    Count,
    /// The name if a line is selected.
    NamesWith,
    /// The name if no line is selected.
    NamesWithout,
    /// Nothing.
    Nothing,
}

/// What the names of files must match to be searched.
#[derive(Debug)]
pub(super) struct NameRule {
    pub pattern: Pattern,
    pub include: bool,
}

/// The command line, read.
#[derive(Debug)]
pub(super) struct Settings {
    pub flavor: Flavor,
    /// Each line is a pattern; `None`: nothing matches.
    pub patterns: Option<Vec<u8>>,
    pub icase: bool,
    pub word: bool,
    pub line: bool,
    pub eol: u8,
    pub no_messages: bool,
    pub invert: bool,
    /// `None`: no limit.
    pub max_count: Option<u64>,
    pub byte_offset: bool,
    pub line_number: bool,
    pub line_buffered: bool,
    pub with_filename: bool,
    pub label: Bytes,
    pub only_matching: bool,
    pub report: Report,
    pub quiet: bool,
    pub binary: Binary,
    pub directories: Directories,
    pub skip_devices: Option<bool>,
    pub dereference: bool,
    pub name_rules: Vec<NameRule>,
    pub directory_rules: Vec<Pattern>,
    pub initial_tab: bool,
    pub null: bool,
    pub before: u64,
    pub after: u64,
    pub separator: Option<Bytes>,
    pub colors: Option<Colors>,
    pub files: Vec<Bytes>,
}

/// A command line that cannot be carried out.
pub(super) enum Refusal {
    /// Wrong usage, for the option parser to report.
    Option(OptionError),
    /// A message, with nothing after it.
    Message(Vec<u8>),
    /// The usage lines only.
    Usage,
    /// A file that cannot be read.
    File(Bytes, Errno),
}

impl Refusal {
    /// Reports it; answers the exit status.
    pub(super) async fn report(self, sys: &Sys) -> ExitStatus {
        match self {
            Refusal::Option(OptionError::Usage(message, status)) => {
                sys.error(message).await;
                usage(sys).await;
                return ExitStatus(status);
            }
            Refusal::Option(other) => return other.report(sys).await,
            Refusal::Message(message) => sys.error(message).await,
            Refusal::Usage => usage(sys).await,
            Refusal::File(name, errno) => sys.complain(name, errno).await,
        }
        ExitStatus(2)
    }
}

async fn usage(sys: &Sys) {
    let name = sys.name().clone();
    sys.write_error([b"Usage: ", name.as_ref(), b" [OPTION]... PATTERNS [FILE]...\n"].concat()).await;
    try_help(sys).await;
}

impl Settings {
    /// Reads the command line; `flavor` is what the name of the program says.
    pub(super) async fn new(sys: &Sys, invocation: &Invocation, flavor: Flavor) -> Result<Settings, Refusal> {
        let parsed = OPTIONS.parse(invocation).map_err(Refusal::Option)?;
        if parsed.has(VERSION) {
            return Err(Refusal::Option(OptionError::Version(OPTIONS.failure)));
        }
        if parsed.has(UNIX_OFFSETS) {
            sys.error("warning: --unix-byte-offsets (-u) is obsolete").await;
        }
        let (before, after) = context(&parsed)?;
        let mut operands = parsed.operands().to_vec();
        let directories = directories(&parsed)?;
        let skip_devices = match parsed.value(DEVICES).map(|v| v.as_ref()) {
            None => None,
            Some(b"read") => Some(false),
            Some(b"skip") => Some(true),
            Some(_) => return Err(Refusal::Message(b"unknown devices method".to_vec())),
        };
        let flavor = matcher(&parsed, flavor)?;
        let binary = binary(&parsed)?;
        let max_count = parsed.value(MAX_COUNT).map(|text| max_count(text)).transpose()?.flatten();
        let color = when(&parsed)?;
        let patterns = match pattern_options(sys, &parsed).await? {
            Some(patterns) => patterns,
            None if operands.is_empty() => return Err(Refusal::Usage),
            None => Some(operands.remove(0).to_vec()),
        };
        let many = operands.len() > 1 || directories == Directories::Recurse;
        let names = parsed.last_of(&[WITH_FILENAME, NO_FILENAME]);
        let with_filename = names.map_or(many, |id| id == WITH_FILENAME);
        let quiet = parsed.has(QUIET) || parsed.has(SILENT);
        let context_color = match color {
            When::Always => true,
            When::Never => false,
            When::Terminal => {
                let term = invocation.env_var(b"TERM");
                sys.is_terminal(Fd::STDOUT).await && term.is_some_and(|term| term.as_ref() != b"dumb")
            }
        };
        let mut settings = Settings {
            flavor,
            patterns,
            icase: matches!(
                parsed.last_of(&[IGNORE_CASE, IGNORE_CASE_Y, NO_IGNORE_CASE]),
                Some(IGNORE_CASE | IGNORE_CASE_Y)
            ),
            word: parsed.has(WORD),
            line: parsed.has(LINE),
            eol: if parsed.has(NULL_DATA) { 0 } else { b'\n' },
            no_messages: parsed.has(NO_MESSAGES),
            invert: parsed.has(INVERT),
            max_count,
            byte_offset: parsed.has(BYTE_OFFSET),
            line_number: parsed.has(LINE_NUMBER),
            line_buffered: parsed.has(LINE_BUFFERED),
            with_filename,
            label: parsed.value(LABEL).cloned().unwrap_or_else(|| Bytes::from_static(b"(standard input)")),
            only_matching: parsed.has(ONLY_MATCHING),
            report: report(&parsed, quiet),
            quiet,
            binary,
            directories,
            skip_devices,
            dereference: parsed.last_of(&[RECURSIVE, DEREFERENCE]) == Some(DEREFERENCE),
            name_rules: Vec::new(),
            directory_rules: Vec::new(),
            initial_tab: parsed.has(INITIAL_TAB),
            null: parsed.has(NULL),
            before,
            after,
            separator: separator(&parsed),
            colors: None,
            files: operands,
        };
        if context_color {
            settings.colors = Some(colors(sys, invocation).await);
        }
        settings.read_name_rules(sys, &parsed).await?;
        Ok(settings)
    }

    async fn read_name_rules(&mut self, sys: &Sys, parsed: &Parsed) -> Result<(), Refusal> {
        let pattern = |text: &[u8]| Pattern::new(text, FnmatchFlags::default());
        for (id, value) in parsed.in_order() {
            let Some(value) = value else { continue };
            match *id {
                INCLUDE | EXCLUDE => {
                    self.name_rules.push(NameRule { pattern: pattern(value), include: *id == INCLUDE });
                }
                EXCLUDE_FROM => {
                    let text = read_file(sys, value).await?;
                    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
                    self.name_rules.extend(lines.map(|line| NameRule { pattern: pattern(line), include: false }));
                }
                EXCLUDE_DIR => {
                    let kept = value.iter().rposition(|byte| *byte != b'/').map_or(value.len().min(1), |last| last + 1);
                    self.directory_rules.push(pattern(value.get(..kept).unwrap_or_default()));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn matcher(parsed: &Parsed, by_name: Flavor) -> Result<Flavor, Refusal> {
    let mut chosen = (by_name != Flavor::Basic).then_some(by_name);
    for (id, _) in parsed.in_order() {
        let flavor = match *id {
            EXTENDED => Flavor::Extended,
            FIXED => Flavor::Fixed,
            BASIC => Flavor::Basic,
            PERL => Flavor::Perl,
            _ => continue,
        };
        if chosen.is_some_and(|chosen| chosen != flavor) {
            return Err(Refusal::Message(b"conflicting matchers specified".to_vec()));
        }
        chosen = Some(flavor);
    }
    Ok(chosen.unwrap_or(Flavor::Basic))
}

fn report(parsed: &Parsed, quiet: bool) -> Report {
    match parsed.last_of(&[FILES_WITH_MATCHES, FILES_WITHOUT_MATCH]) {
        _ if quiet => Report::Nothing,
        Some(FILES_WITH_MATCHES) => Report::NamesWith,
        Some(_) => Report::NamesWithout,
        None if parsed.has(COUNT) => Report::Count,
        None => Report::Lines,
    }
}

fn binary(parsed: &Parsed) -> Result<Binary, Refusal> {
    let mut binary = Binary::Report;
    for (id, value) in parsed.in_order() {
        binary = match (*id, value.as_deref()) {
            (TEXT, _) | (BINARY_FILES, Some(b"text")) => Binary::Text,
            (WITHOUT_MATCH, _) | (BINARY_FILES, Some(b"without-match")) => Binary::WithoutMatch,
            (BINARY_FILES, Some(b"binary")) => Binary::Report,
            (BINARY_FILES, _) => return Err(Refusal::Message(b"unknown binary-files type".to_vec())),
            _ => binary,
        };
    }
    Ok(binary)
}

fn directories(parsed: &Parsed) -> Result<Directories, Refusal> {
    let words = [("read", Directories::Read), ("recurse", Directories::Recurse), ("skip", Directories::Skip)];
    let mut directories = Directories::Read;
    for (id, value) in parsed.in_order() {
        directories = match (*id, value) {
            (RECURSIVE | DEREFERENCE, _) => Directories::Recurse,
            (DIRECTORIES, Some(value)) => choose("--directories", value, &words, 1).map_err(Refusal::Option)?,
            _ => directories,
        };
    }
    Ok(directories)
}

fn when(parsed: &Parsed) -> Result<When, Refusal> {
    let Some(id) = parsed.last_of(&[COLOR, COLOUR]) else { return Ok(When::Never) };
    let Some(word) = parsed.value(id) else { return Ok(When::Terminal) };
    let found = WHEN.iter().find(|(name, _)| name.as_bytes() == word.as_ref()).map(|(_, when)| *when);
    found.ok_or(Refusal::Option(OptionError::Help(OPTIONS.synopsis, OPTIONS.specs, OPTIONS.failure)))
}

/// The colours of the environment; `GREP_COLOR` is the old way to set that of matches.
async fn colors(sys: &Sys, invocation: &Invocation) -> Colors {
    let old = invocation.env_var(b"GREP_COLOR").filter(|color| !color.is_empty());
    if let Some(color) = &old {
        let parts = [b"warning: GREP_COLOR='".as_slice(), color, b"' is deprecated; use GREP_COLORS='mt=", color, b"'"];
        sys.error(parts.concat()).await;
    }
    Colors::new(old.as_deref(), invocation.env_var(b"GREP_COLORS").as_deref())
}

/// A negative count is no limit.
fn max_count(text: &[u8]) -> Result<Option<u64>, Refusal> {
    let invalid = || Refusal::Message(b"invalid max count".to_vec());
    let text = std::str::from_utf8(text).map_err(|_| invalid())?.trim_start();
    match text.strip_prefix('-') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(None),
        Some(_) => Err(invalid()),
        None => number(text.trim_start_matches('+').as_bytes()).map(Some).ok_or_else(invalid),
    }
}

/// Decimal digits with an optional multiplier; too much is as much as there is.
fn number(text: &[u8]) -> Option<u64> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, suffix) = text.split_at_checked(digits)?;
    if digits.is_empty() {
        return None;
    }
    let value = digits.iter().fold(0u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
    let factor: u64 = match suffix {
        b"" => 1,
        b"k" | b"K" => 1 << 10,
        b"m" | b"M" => 1 << 20,
        b"G" => 1 << 30,
        _ => return None,
    };
    Some(value.saturating_mul(factor))
}

/// The lines of context before and after.
fn context(parsed: &Parsed) -> Result<(u64, u64), Refusal> {
    let (mut before, mut after, mut both) = (None, None, None);
    let mut in_digits = false;
    for (id, value) in parsed.in_order() {
        if let Some(digit) = id.0.checked_sub(DIGIT_0.0).filter(|digit| *digit < 10) {
            let so_far = if in_digits { both.unwrap_or(0u64) } else { 0 };
            both = Some(so_far.saturating_mul(10).saturating_add(u64::from(digit)));
            in_digits = true;
            continue;
        }
        in_digits = false;
        let place = match *id {
            BEFORE => &mut before,
            AFTER => &mut after,
            CONTEXT => &mut both,
            _ => continue,
        };
        let text = value.as_deref().unwrap_or_default();
        let invalid = || Refusal::Message([text, b": invalid context length argument"].concat());
        *place = Some(number(text).ok_or_else(invalid)?);
    }
    Ok((before.or(both).unwrap_or(0), after.or(both).unwrap_or(0)))
}

fn separator(parsed: &Parsed) -> Option<Bytes> {
    let asked = parsed.has(BEFORE) || parsed.has(AFTER) || parsed.has(CONTEXT);
    let digits = parsed.in_order().iter().any(|(id, _)| id.0 >= DIGIT_0.0 && id.0 <= DIGIT_9.0);
    match parsed.last_of(&[GROUP_SEPARATOR, NO_GROUP_SEPARATOR]) {
        _ if !asked && !digits => None,
        None => Some(Bytes::from_static(b"--")),
        Some(NO_GROUP_SEPARATOR) => None,
        Some(_) => parsed.value(GROUP_SEPARATOR).cloned(),
    }
}

/// The patterns of `-e` and `-f`. Outer `None`: neither was given; inner: they hold no pattern at all.
async fn pattern_options(sys: &Sys, parsed: &Parsed) -> Result<Option<Option<Vec<u8>>>, Refusal> {
    let mut patterns: Option<Option<Vec<u8>>> = None;
    for (id, value) in parsed.in_order() {
        let text = match (*id, value) {
            (REGEXP, Some(value)) => Some(value.to_vec()),
            (FILE, Some(name)) => {
                let mut text = read_file(sys, name).await?;
                if text.last() == Some(&b'\n') {
                    text.pop();
                    Some(text)
                } else if text.is_empty() {
                    None
                } else {
                    Some(text)
                }
            }
            _ => continue,
        };
        let all = patterns.get_or_insert(None);
        match (all.as_mut(), text) {
            (Some(all), Some(text)) => {
                all.push(b'\n');
                all.extend_from_slice(&text);
            }
            (None, Some(text)) => *all = Some(text),
            (_, None) => {}
        }
    }
    Ok(patterns)
}

async fn read_file(sys: &Sys, name: &Bytes) -> Result<Vec<u8>, Refusal> {
    let refuse = |errno| Refusal::File(name.clone(), errno);
    if name.as_ref() == b"-" {
        return sys.read_to_end(Fd::STDIN).await.map_err(refuse);
    }
    let fd = sys.open_read(name.clone()).await.map_err(refuse)?;
    let text = sys.read_to_end(fd).await;
    sys.close(fd).await.map_err(refuse)?;
    text.map_err(refuse)
}
