//! What the options and the environment of `du` ask for.

use super::*;
use crate::text::fnmatch::{FnmatchFlags, Pattern};
use crate::text::human_size::{BlockSize, SizeError, parse_size};
use crate::text::quoting::quote_if_needed;
use crate::text::time::Zone;
use crate::utility::choice::choose;
use crate::utility::{OptionError, Parsed, Refusal};

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Counted {
    Blocks,
    Bytes,
    Inodes,
}

/// Which time is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Time {
    Modification,
    Access,
    Change,
}

/// Which symbolic links are followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Links {
    Counted,
    FollowedOnCommandLine,
    Followed,
}

/// All settings.
pub(super) struct Settings {
    pub(super) counted: Counted,
    pub(super) block_size: BlockSize,
    pub(super) all: bool,
    pub(super) max_depth: usize,
    pub(super) links: Links,
    pub(super) count_links: bool,
    pub(super) separate: bool,
    pub(super) one_file_system: bool,
    pub(super) end_of_line: u8,
    pub(super) threshold: i64,
    pub(super) time: Option<Time>,
    pub(super) time_format: Vec<u8>,
    pub(super) zone: Zone,
    pub(super) excluded: Vec<Pattern>,
}

const TIMES: [(&str, Time); 5] = [
    ("atime", Time::Access),
    ("access", Time::Access),
    ("use", Time::Access),
    ("ctime", Time::Change),
    ("status", Time::Change),
];

const STYLES: [(&str, &str); 3] =
    [("full-iso", "%Y-%m-%d %H:%M:%S.%N %z"), ("long-iso", "%Y-%m-%d %H:%M"), ("iso", "%Y-%m-%d")];

impl Settings {
    pub(super) async fn new(sys: &Sys, parsed: &Parsed, invocation: &Invocation) -> Result<Settings, Refusal> {
        let mut block_size = default_block_size(invocation);
        // Messages name the option as it was written.
        let is_long = |prefix: &[u8]| invocation.arguments().iter().any(|argument| argument.starts_with(prefix));
        let size_option = if is_long(b"--bl") { "--block-size" } else { "-B" };
        let threshold_option = if is_long(b"--th") { "--threshold" } else { "-t" };
        let mut bytes = parsed.has(APPARENT);
        let mut max_depth = None;
        let mut threshold = 0;
        let mut time = None;
        let mut excluded = Vec::new();
        for (id, value) in parsed.in_order() {
            let word = value.as_deref().unwrap_or_default();
            match *id {
                BLOCK_SIZE => block_size = BlockSize::parse(word).map_err(|e| size_error(e, size_option, word))?,
                BYTES => (bytes, block_size) = (true, BlockSize::units(1)),
                HUMAN => block_size = BlockSize::Human,
                SI => block_size = BlockSize::HumanSi,
                KIBIBYTES => block_size = BlockSize::units(1024),
                MEBIBYTES => block_size = BlockSize::units(1 << 20),
                MAX_DEPTH => match std::str::from_utf8(word).ok().and_then(|word| word.parse::<usize>().ok()) {
                    Some(depth) => max_depth = Some(depth),
                    None => return Err(usage([b"invalid maximum depth ", quote(word).as_slice()].concat())),
                },
                THRESHOLD => threshold = parse_threshold(word, threshold_option)?,
                TIME => {
                    time = Some(match value {
                        Some(word) => choose("--time", word, &TIMES, 1).map_err(Refusal::Usage)?,
                        None => Time::Modification,
                    });
                }
                EXCLUDE => excluded.push(Pattern::new(word, FnmatchFlags::default())),
                EXCLUDE_FROM => excluded.extend(patterns_of(sys, word).await?),
                _ => {}
            }
        }
        let summarize = parsed.has(SUMMARIZE);
        if parsed.has(ALL) && summarize {
            return Err(usage(b"cannot both summarize and show all entries".to_vec()));
        }
        if summarize && max_depth == Some(0) {
            sys.error("warning: summarizing is the same as using --max-depth=0").await;
        }
        if let Some(depth) = max_depth.filter(|depth| summarize && *depth != 0) {
            return Err(usage(format!("warning: summarizing conflicts with --max-depth={depth}").into_bytes()));
        }
        let counted = match (parsed.has(INODES), bytes) {
            (true, _) => Counted::Inodes,
            (false, true) => Counted::Bytes,
            (false, false) => Counted::Blocks,
        };
        if parsed.has(INODES) && bytes {
            sys.error("warning: options --apparent-size and -b are ineffective with --inodes").await;
        }
        let links = match parsed.last_of(&[DEREFERENCE, DEREFERENCE_ARGS, DEREFERENCE_ARGS_H, NO_DEREFERENCE]) {
            Some(DEREFERENCE) => Links::Followed,
            Some(DEREFERENCE_ARGS | DEREFERENCE_ARGS_H) => Links::FollowedOnCommandLine,
            _ => Links::Counted,
        };
        let time_format = if time.is_some() { time_format(parsed, invocation)? } else { Vec::new() };
        Ok(Settings {
            counted,
            block_size,
            all: parsed.has(ALL),
            max_depth: if summarize { 0 } else { max_depth.unwrap_or(usize::MAX) },
            links,
            count_links: parsed.has(COUNT_LINKS),
            separate: parsed.has(SEPARATE),
            one_file_system: parsed.has(ONE_FILE_SYSTEM),
            end_of_line: if parsed.has(NULL) { 0 } else { b'\n' },
            threshold,
            time,
            time_format,
            zone: Zone::from_variable(invocation.env_var(b"TZ").as_deref()),
            excluded,
        })
    }

    /// Whether a path is left out: it, or what follows one of its slashes, matches a pattern.
    pub(super) fn is_excluded(&self, path: &[u8]) -> bool {
        let tails = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(slash, _)| slash + 1);
        std::iter::once(0)
            .chain(tails)
            .filter_map(|start| path.get(start..))
            .any(|tail| self.excluded.iter().any(|pattern| pattern.matches(tail)))
    }
}

fn default_block_size(invocation: &Invocation) -> BlockSize {
    let default = if invocation.env_var(b"POSIXLY_CORRECT").is_some() { 512 } else { 1024 };
    let from_env = BlockSize::from_env(invocation, &["DU_BLOCK_SIZE", "BLOCK_SIZE", "BLOCKSIZE"]);
    from_env.unwrap_or(BlockSize::units(default))
}

fn usage(message: Vec<u8>) -> Refusal {
    Refusal::Usage(OptionError::Usage(message, 1))
}

fn size_error(error: SizeError, option: &str, argument: &[u8]) -> Refusal {
    Refusal::Message(error.message(option, argument))
}

/// A size with an optional sign; minus zero would exclude nothing and everything.
fn parse_threshold(text: &[u8], option: &str) -> Result<i64, Refusal> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix(b"+").unwrap_or(text)),
    };
    let size = parse_size(digits, b"kKmMGTPEZY0").map_err(|error| size_error(error, option, text))?;
    let size = i64::try_from(size).map_err(|_| size_error(SizeError::TooLarge, option, text))?;
    if negative && size == 0 {
        return Err(size_error(SizeError::Invalid, "--threshold", text));
    }
    Ok(if negative { -size } else { size })
}

async fn patterns_of(sys: &Sys, file: &[u8]) -> Result<Vec<Pattern>, Refusal> {
    let opened = if file == b"-" { Ok(Fd::STDIN) } else { sys.open_read(file.to_vec()).await };
    let content = match opened {
        Ok(fd) => sys.read_to_end(fd).await,
        Err(errno) => Err(errno),
    };
    let content = content
        .map_err(|errno| usage([quote_if_needed(file).as_slice(), b": ", errno.message().as_bytes()].concat()))?;
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    Ok(lines.map(|line| Pattern::new(line, FnmatchFlags::default())).collect())
}

fn time_format(parsed: &Parsed, invocation: &Invocation) -> Result<Vec<u8>, Refusal> {
    let style = match parsed.value(TIME_STYLE).cloned() {
        Some(style) => Some(style),
        // The environment's style may be one that only ls knows.
        None => invocation.env_var(b"TIME_STYLE").filter(|style| style.as_ref() != b"locale"),
    };
    let Some(style) = style else { return Ok(b"%Y-%m-%d %H:%M".to_vec()) };
    let style = style.strip_prefix(b"posix-").unwrap_or(&style);
    if let Some(format) = style.strip_prefix(b"+") {
        return Ok(format.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec());
    }
    let format = choose("time style", style, &STYLES, 1).map_err(Refusal::Usage)?;
    Ok(format.as_bytes().to_vec())
}
