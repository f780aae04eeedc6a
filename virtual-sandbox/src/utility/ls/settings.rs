//! What the options and the environment of `ls` ask for.

use super::color::Colors;
use super::time_style::TimeStyle;
use super::*;
use crate::text::fnmatch::{FnmatchFlags, Pattern};
use crate::text::human_size::BlockSize;
use crate::text::quoting::{QuotingStyle, quote};
use crate::text::time::Zone;
use crate::utility::choice::{WHEN, When, choose};
use crate::utility::{OptionId, Parsed, Refusal};

/// How entries are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// `-l`.
    Long,
    /// `-1`.
    Single,
    /// `-C`.
    Vertical,
    /// `-x`.
    Across,
    /// `-m`.
    Commas,
}

/// What entries are sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sort {
    None,
    Name,
    Extension,
    Width,
    Size,
    Version,
    Time,
}

/// Which time is shown and sorted by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Time {
    Modification,
    Change,
    Access,
    Birth,
}

/// What is appended to names; in ascending order of detail.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Indicator {
    None,
    Slash,
    FileType,
    Classify,
}

/// Which symbolic links are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Links {
    Shown,
    FollowedToDirectories,
    FollowedOnCommandLine,
    Followed,
}

/// Which entries of a directory are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hidden {
    /// Not those that begin with a period.
    Left,
    /// All but `.` and `..`.
    Shown,
    /// All.
    ShownWithDots,
}

/// All settings.
pub(super) struct Settings {
    pub(super) format: Format,
    pub(super) sort: Sort,
    pub(super) reverse: bool,
    pub(super) directories_first: bool,
    pub(super) time: Time,
    pub(super) time_style: TimeStyle,
    pub(super) zone: Zone,
    pub(super) hidden: Hidden,
    pub(super) ignored: Vec<Pattern>,
    pub(super) hide: Vec<Pattern>,
    pub(super) links: Links,
    pub(super) directories_themselves: bool,
    pub(super) recursive: bool,
    pub(super) inode: bool,
    pub(super) blocks: bool,
    pub(super) block_size: BlockSize,
    pub(super) file_size: BlockSize,
    pub(super) owner: bool,
    pub(super) group: bool,
    pub(super) author: bool,
    pub(super) numeric_ids: bool,
    pub(super) context: bool,
    pub(super) indicator: Indicator,
    pub(super) quoting: QuotingStyle,
    pub(super) question_marks: bool,
    pub(super) colors: Option<Colors>,
    pub(super) hyperlink: bool,
    pub(super) dired: bool,
    pub(super) end_of_line: u8,
    /// Columns of a line; 0 for no limit.
    pub(super) width: usize,
    /// Columns between tab stops; 0 to use spaces.
    pub(super) tab_size: usize,
}

const FORMATS: [(&str, Format); 7] = [
    ("verbose", Format::Long),
    ("long", Format::Long),
    ("commas", Format::Commas),
    ("horizontal", Format::Across),
    ("across", Format::Across),
    ("vertical", Format::Vertical),
    ("single-column", Format::Single),
];

const SORTS: [(&str, Sort); 6] = [
    ("none", Sort::None),
    ("time", Sort::Time),
    ("size", Sort::Size),
    ("extension", Sort::Extension),
    ("version", Sort::Version),
    ("width", Sort::Width),
];

const TIMES: [(&str, Time); 7] = [
    ("atime", Time::Access),
    ("access", Time::Access),
    ("use", Time::Access),
    ("ctime", Time::Change),
    ("status", Time::Change),
    ("birth", Time::Birth),
    ("creation", Time::Birth),
];

const INDICATORS: [(&str, Indicator); 4] = [
    ("none", Indicator::None),
    ("slash", Indicator::Slash),
    ("file-type", Indicator::FileType),
    ("classify", Indicator::Classify),
];

/// What is said step by step on the command line, before it is put together.
struct Said {
    format: Option<Format>,
    sort: Option<Sort>,
    time: Option<Time>,
    hidden: Hidden,
    blocks: bool,
    color: bool,
    hyperlink: bool,
    indicator: Indicator,
    quoting: Option<QuotingStyle>,
    question_marks: Option<bool>,
    block_size: Option<BlockSize>,
    links: Option<Links>,
    owner: bool,
    group: bool,
    end_of_line: u8,
    time_style: Option<Bytes>,
}

impl Settings {
    pub(super) fn new(
        parsed: &Parsed,
        invocation: &Invocation,
        terminal: bool,
        warnings: &mut Vec<Vec<u8>>,
    ) -> Result<Settings, Refusal> {
        let said = Said::new(parsed, terminal)?;
        let default_format = if terminal { Format::Vertical } else { Format::Single };
        let format = said.format.unwrap_or(default_format);
        let sort = match (said.sort, said.time) {
            (Some(sort), _) => sort,
            (None, Some(_)) if format != Format::Long => Sort::Time,
            _ => Sort::Name,
        };
        let (block_size, file_size) = block_sizes(parsed, invocation, said.block_size);
        let default_quoting = if terminal { QuotingStyle::ShellEscape } else { QuotingStyle::Literal };
        let quoting = said.quoting.or_else(|| quoting_from_env(invocation, warnings)).unwrap_or(default_quoting);
        let immediate = parsed.has(DIRECTORY);
        let default_links = if immediate || said.indicator == Indicator::Classify || format == Format::Long {
            Links::Shown
        } else {
            Links::FollowedToDirectories
        };
        let style = said.time_style.clone().or_else(|| invocation.env_var(b"TIME_STYLE"));
        let time_style = match style {
            Some(style) if format == Format::Long => TimeStyle::parse(&style)?,
            _ => TimeStyle::default(),
        };
        let mut ignored = patterns(parsed, IGNORE);
        if parsed.has(IGNORE_BACKUPS) {
            ignored.extend([pattern(b"*~"), pattern(b".*~")]);
        }
        let colors = if said.color { Colors::from_env(invocation, warnings) } else { None };
        // The environment is asked only where lines are measured.
        let in_columns = matches!(format, Format::Vertical | Format::Across | Format::Commas);
        let measures = in_columns || colors.is_some();
        Ok(Settings {
            format,
            sort,
            reverse: parsed.has(REVERSE),
            directories_first: parsed.has(GROUP_DIRECTORIES),
            time: said.time.unwrap_or(Time::Modification),
            time_style,
            zone: Zone::from_variable(invocation.env_var(b"TZ").as_deref()),
            hidden: said.hidden,
            ignored,
            hide: patterns(parsed, HIDE),
            links: said.links.unwrap_or(default_links),
            directories_themselves: immediate,
            recursive: parsed.has(RECURSIVE) && !immediate,
            inode: parsed.has(INODE),
            blocks: said.blocks,
            block_size,
            file_size,
            owner: said.owner,
            group: said.group,
            author: parsed.has(AUTHOR),
            numeric_ids: parsed.has(NUMERIC),
            context: parsed.has(CONTEXT),
            indicator: said.indicator,
            quoting,
            question_marks: said.question_marks.unwrap_or(terminal && said.quoting.is_none()),
            hyperlink: said.hyperlink,
            dired: parsed.has(DIRED) && format == Format::Long && !said.hyperlink && said.end_of_line == b'\n',
            end_of_line: said.end_of_line,
            width: width(parsed, measures.then_some(invocation), warnings)?,
            tab_size: tab_size(parsed, measures.then_some(invocation), warnings)?,
            colors,
        })
    }
}

impl Said {
    fn new(parsed: &Parsed, terminal: bool) -> Result<Said, Refusal> {
        let mut said = Said {
            format: None,
            sort: None,
            time: None,
            hidden: Hidden::Left,
            blocks: false,
            color: false,
            hyperlink: false,
            indicator: Indicator::None,
            quoting: None,
            question_marks: None,
            block_size: None,
            links: None,
            owner: true,
            group: true,
            end_of_line: b'\n',
            time_style: None,
        };
        for (id, value) in parsed.in_order() {
            said.format_option(*id, value, terminal)?;
            said.order_option(*id, value)?;
            said.name_option(*id, value, terminal)?;
        }
        Ok(said)
    }

    fn format_option(&mut self, id: OptionId, value: &Option<Bytes>, terminal: bool) -> Result<(), Refusal> {
        let word = value.as_deref().unwrap_or_default();
        match id {
            LONG | NUMERIC => self.format = Some(Format::Long),
            NO_OWNER => (self.format, self.owner) = (Some(Format::Long), false),
            NO_GROUP_LONG => (self.format, self.group) = (Some(Format::Long), false),
            NO_GROUP => self.group = false,
            FULL_TIME => {
                self.format = Some(Format::Long);
                self.time_style = Some(Bytes::from_static(b"full-iso"));
            }
            // "-1 … is the default when standard output is not a terminal"; it does not undo -l.
            SINGLE if self.format != Some(Format::Long) => self.format = Some(Format::Single),
            VERTICAL => self.format = Some(Format::Vertical),
            ACROSS => self.format = Some(Format::Across),
            COMMAS => self.format = Some(Format::Commas),
            FORMAT => self.format = Some(choose("--format", word, &FORMATS, 1).map_err(Refusal::Usage)?),
            ZERO => {
                self.end_of_line = 0;
                if self.format != Some(Format::Long) {
                    self.format = Some(Format::Single);
                }
                self.color = false;
                self.question_marks = Some(false);
                self.quoting = Some(QuotingStyle::Literal);
            }
            UNSORTED_ALL => {
                self.hidden = Hidden::ShownWithDots;
                self.sort = Some(Sort::None);
                if self.format == Some(Format::Long) {
                    self.format = Some(if terminal { Format::Vertical } else { Format::Single });
                }
                self.blocks = false;
                self.color = false;
                self.hyperlink = false;
            }
            BLOCKS => self.blocks = true,
            HUMAN => self.block_size = Some(BlockSize::Human),
            SI => self.block_size = Some(BlockSize::HumanSi),
            BLOCK_SIZE => match BlockSize::parse(word) {
                Ok(size) => self.block_size = Some(size),
                Err(error) => return Err(Refusal::Message(error.message("--block-size", word))),
            },
            TIME_STYLE => self.time_style = value.clone(),
            _ => {}
        }
        Ok(())
    }

    fn order_option(&mut self, id: OptionId, value: &Option<Bytes>) -> Result<(), Refusal> {
        let word = value.as_deref().unwrap_or_default();
        match id {
            ALL => self.hidden = Hidden::ShownWithDots,
            ALMOST_ALL => self.hidden = Hidden::Shown,
            CTIME => self.time = Some(Time::Change),
            ATIME => self.time = Some(Time::Access),
            TIME => self.time = Some(choose("--time", word, &TIMES, 1).map_err(Refusal::Usage)?),
            BY_SIZE => self.sort = Some(Sort::Size),
            BY_TIME => self.sort = Some(Sort::Time),
            UNSORTED => self.sort = Some(Sort::None),
            BY_VERSION => self.sort = Some(Sort::Version),
            BY_EXTENSION => self.sort = Some(Sort::Extension),
            SORT => self.sort = Some(choose("--sort", word, &SORTS, 1).map_err(Refusal::Usage)?),
            COMMAND_LINE => self.links = Some(Links::FollowedOnCommandLine),
            COMMAND_LINE_DIR => self.links = Some(Links::FollowedToDirectories),
            DEREFERENCE => self.links = Some(Links::Followed),
            _ => {}
        }
        Ok(())
    }

    fn name_option(&mut self, id: OptionId, value: &Option<Bytes>, terminal: bool) -> Result<(), Refusal> {
        let word = value.as_deref().unwrap_or_default();
        let when = |option: &str| match value {
            Some(word) => match choose(option, word, &WHEN, 1).map_err(Refusal::Usage)? {
                When::Always => Ok(true),
                When::Never => Ok(false),
                When::Terminal => Ok(terminal),
            },
            None => Ok(true),
        };
        match id {
            COLOR => self.color = when("--color")?,
            HYPERLINK => self.hyperlink = when("--hyperlink")?,
            CLASSIFY if when("--classify")? => {
                self.indicator = Indicator::Classify;
            }
            FILE_TYPE => self.indicator = Indicator::FileType,
            SLASH => self.indicator = Indicator::Slash,
            INDICATOR_STYLE => {
                self.indicator = choose("--indicator-style", word, &INDICATORS, 1).map_err(Refusal::Usage)?;
            }
            ESCAPE => self.quoting = Some(QuotingStyle::Escape),
            LITERAL => self.quoting = Some(QuotingStyle::Literal),
            QUOTE_NAME => self.quoting = Some(QuotingStyle::C),
            QUOTING_STYLE => {
                self.quoting = Some(choose("--quoting-style", word, &QuotingStyle::NAMES, 1).map_err(Refusal::Usage)?);
            }
            HIDE_CONTROL => self.question_marks = Some(true),
            SHOW_CONTROL => self.question_marks = Some(false),
            _ => {}
        }
        Ok(())
    }
}

fn pattern(text: &[u8]) -> Pattern {
    Pattern::new(text, FnmatchFlags { period: true, ..FnmatchFlags::default() })
}

fn patterns(parsed: &Parsed, id: OptionId) -> Vec<Pattern> {
    parsed.values(id).map(|text| pattern(text)).collect()
}

/// The sizes of blocks (`-s`, totals) and of file sizes (`-l`).
fn block_sizes(parsed: &Parsed, invocation: &Invocation, said: Option<BlockSize>) -> (BlockSize, BlockSize) {
    if let Some(size) = said {
        return (size.clone(), size);
    }
    let file_size = BlockSize::from_env(invocation, &["LS_BLOCK_SIZE", "BLOCK_SIZE"]);
    let block_size = file_size.clone().or_else(|| BlockSize::from_env(invocation, &["BLOCKSIZE"]));
    let default = if invocation.env_var(b"POSIXLY_CORRECT").is_some() { 512 } else { 1024 };
    let block_size = if parsed.has(KIBIBYTES) { None } else { block_size };
    let default = if parsed.has(KIBIBYTES) { 1024 } else { default };
    (block_size.unwrap_or(BlockSize::units(default)), file_size.unwrap_or(BlockSize::units(1)))
}

fn quoting_from_env(invocation: &Invocation, warnings: &mut Vec<Vec<u8>>) -> Option<QuotingStyle> {
    let value = invocation.env_var(b"QUOTING_STYLE")?;
    let found = QuotingStyle::NAMES.iter().find(|(name, _)| name.as_bytes() == value.as_ref());
    if found.is_none() {
        let problem = b"ignoring invalid value of environment variable QUOTING_STYLE: ".as_slice();
        warnings.push([problem, &quote(&value)].concat());
    }
    found.map(|(_, style)| *style)
}

fn columns(text: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    match text.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => usize::from_str_radix(octal, 8).ok(),
        _ => text.parse().ok(),
    }
}

fn width(parsed: &Parsed, invocation: Option<&Invocation>, warnings: &mut Vec<Vec<u8>>) -> Result<usize, Refusal> {
    if let Some(text) = parsed.value(WIDTH) {
        return columns(text)
            .ok_or_else(|| Refusal::Message([b"invalid line width: ", quote(text).as_slice()].concat()));
    }
    let variable = |name: &[u8]| invocation.and_then(|invocation| invocation.env_var(name));
    if let Some(text) = variable(b"COLUMNS").filter(|text| !text.is_empty()) {
        if let Some(width) = columns(&text) {
            return Ok(width);
        }
        let problem = b"ignoring invalid width in environment variable COLUMNS: ".as_slice();
        warnings.push([problem, &quote(&text)].concat());
    }
    Ok(80)
}

fn tab_size(parsed: &Parsed, invocation: Option<&Invocation>, warnings: &mut Vec<Vec<u8>>) -> Result<usize, Refusal> {
    if let Some(text) = parsed.value(TAB_SIZE) {
        return columns(text).ok_or_else(|| Refusal::Message([b"invalid tab size: ", quote(text).as_slice()].concat()));
    }
    if let Some(text) = invocation.and_then(|invocation| invocation.env_var(b"TABSIZE")) {
        if let Some(size) = columns(&text) {
            return Ok(size);
        }
        let problem = b"ignoring invalid tab size in environment variable TABSIZE: ".as_slice();
        warnings.push([problem, &quote(&text)].concat());
    }
    Ok(8)
}
