//! The command line of `xargs`.

use crate::utility::options::OptionError;
use crate::utility::prelude::*;

options! {
    OPTIONS: "[OPTION]... COMMAND [INITIAL-ARGS]...", StopAtOperand, 1;
    NULL        = '0', "null", No, "items are separated by a null, not whitespace";
    ARG_FILE    = 'a', "arg-file", Required("FILE"), "read arguments from FILE, not standard input";
    DELIMITER   = 'd', "delimiter", Required("CHARACTER"), "items in input stream are separated by CHARACTER";
    EOF         = 'e', "eof", Optional("END"), "equivalent to -E END if END is specified";
    REPLACE_OPT = 'i', "replace", Optional("R"), "replace R in INITIAL-ARGS with names read from standard input";
    LINES_OPT   = 'l', "max-lines", Optional("MAX-LINES"), "similar to -L but defaults to at most one non-blank input line";
    ARGS        = 'n', "max-args", Required("MAX-ARGS"), "use at most MAX-ARGS arguments per command line";
    OPEN_TTY    = 'o', "open-tty", No, "reopen stdin as /dev/tty in the child process";
    INTERACTIVE = 'p', "interactive", No, "prompt before running commands";
    NO_EMPTY    = 'r', "no-run-if-empty", No, "if there are no arguments, then do not run COMMAND";
    SIZE        = 's', "max-chars", Required("MAX-CHARS"), "limit length of command line to MAX-CHARS";
    VERBOSE     = 't', "verbose", No, "print commands before executing them";
    LIMITS      = ' ', "show-limits", No, "show limits on command-line length";
    EXIT        = 'x', "exit", No, "exit if the size (see -s) is exceeded";
    PROCS       = 'P', "max-procs", Required("MAX-PROCS"), "run at most MAX-PROCS processes at a time";
    SLOT        = ' ', "process-slot-var", Required("VAR"), "set environment variable VAR in child processes";
    END         = 'E', "", Required("END"), "set logical EOF string; if END occurs as a line of input, the rest is ignored";
    REPLACE     = 'I', "", Required("R"), "same as --replace=R";
    LINES       = 'L', "", Required("MAX-LINES"), "use at most MAX-LINES non-blank input lines per command line";
}

/// The machine's `ARG_MAX`, as Linux has it with the usual stack limit.
pub const ARG_MAX: usize = 2_097_152;
/// What POSIX wants left free of it.
pub const ARG_HEADROOM: usize = 2048;
/// How long command lines are made unless `-s` says otherwise.
const DEFAULT_SIZE: usize = 131_072;

/// What is asked for.
pub struct Request {
    /// The command and its initial arguments.
    pub initial: Vec<Bytes>,
    pub arg_file: Option<Bytes>,
    pub delimiter: Option<u8>,
    pub end_word: Option<Bytes>,
    pub replace: Option<Bytes>,
    pub max_lines: Option<u64>,
    pub max_args: Option<u64>,
    pub max_procs: u64,
    pub size: usize,
    pub interactive: bool,
    pub verbose: bool,
    pub no_run_if_empty: bool,
    pub exit_if_too_long: bool,
    pub open_terminal: bool,
    pub show_limits: bool,
    pub slot_variable: Option<Bytes>,
}

/// How many bytes the environment takes.
pub fn environment_size(invocation: &Invocation) -> usize {
    invocation.env().iter().map(|entry| entry.len() + 1).sum()
}

impl Request {
    /// Parses the command line; what is wrong has been reported.
    pub async fn parse(sys: &Sys, invocation: &Invocation) -> Result<Request, ExitStatus> {
        let parsed = match OPTIONS.parse(invocation) {
            Ok(parsed) => parsed,
            Err(error) => return Err(error.report(sys).await),
        };
        let mut request = Request {
            initial: parsed.operands().to_vec(),
            arg_file: parsed.value(ARG_FILE).cloned(),
            delimiter: None,
            end_word: None,
            replace: None,
            max_lines: None,
            max_args: None,
            max_procs: 1,
            size: DEFAULT_SIZE,
            interactive: parsed.has(INTERACTIVE),
            verbose: parsed.has(VERBOSE) || parsed.has(INTERACTIVE),
            no_run_if_empty: parsed.has(NO_EMPTY),
            exit_if_too_long: parsed.has(EXIT),
            open_terminal: parsed.has(OPEN_TTY),
            show_limits: parsed.has(LIMITS),
            slot_variable: parsed.value(SLOT).cloned(),
        };
        if request.slot_variable.as_ref().is_some_and(|name| name.contains(&b'=')) {
            sys.error("option --process-slot-var may not be set to a value which includes `='").await;
            return Err(ExitStatus::FAILURE);
        }
        if request.initial.is_empty() {
            request.initial.push(Bytes::from_static(b"echo"));
        }
        let most = ARG_MAX - ARG_HEADROOM;
        let most = most.saturating_sub(environment_size(invocation));
        for (option, value) in parsed.in_order() {
            let text = value.as_deref().unwrap_or_default();
            match *option {
                NULL => request.delimiter = Some(0),
                DELIMITER => request.delimiter = Some(delimiter(sys, text).await?),
                END | EOF => request.end_word = value.clone().filter(|word| !word.is_empty()),
                REPLACE | REPLACE_OPT => {
                    let pattern = value.clone().unwrap_or_else(|| Bytes::from_static(b"{}"));
                    request.set_replace(sys, pattern).await;
                }
                LINES => request.set_lines(sys, number(sys, text, 'L', 1, None).await?, "-L").await,
                LINES_OPT => {
                    let lines = if value.is_some() { number(sys, text, 'l', 1, None).await? } else { 1 };
                    request.set_lines(sys, lines, "--max-lines/-l").await;
                }
                ARGS => request.set_args(sys, number(sys, text, 'n', 1, None).await?).await,
                PROCS => request.max_procs = number(sys, text, 'P', 0, Some(i64::from(i32::MAX))).await?,
                SIZE => request.size = size(sys, text, most).await?,
                _ => {}
            }
        }
        Ok(request)
    }

    /// Bytes that the command and its initial arguments take.
    pub fn initial_size(&self) -> usize {
        self.initial.iter().map(|argument| argument.len() + 1).sum()
    }

    async fn set_replace(&mut self, sys: &Sys, pattern: Bytes) {
        const NAME: &str = "--replace/-I/-i";
        if self.max_args.take().is_some_and(|most| most != 1) {
            exclude(sys, "--max-args", NAME).await;
        }
        if self.max_lines.take().is_some() {
            exclude(sys, "--max-lines", NAME).await;
        }
        self.replace = Some(pattern);
        // -I implies -x.
        self.exit_if_too_long = true;
    }

    async fn set_lines(&mut self, sys: &Sys, lines: u64, name: &str) {
        if self.max_args.take().is_some() {
            exclude(sys, "--max-args", name).await;
        }
        if self.replace.take().is_some() {
            exclude(sys, "--replace", name).await;
        }
        self.max_lines = Some(lines);
        self.exit_if_too_long |= name != "-L";
    }

    async fn set_args(&mut self, sys: &Sys, most: u64) {
        const NAME: &str = "--max-args/-n";
        if self.max_lines.take().is_some() {
            exclude(sys, "--max-lines", NAME).await;
        }
        // One argument at a time is what -I does anyway.
        if most == 1 && self.replace.is_some() {
            return;
        }
        if self.replace.take().is_some() {
            exclude(sys, "--replace", NAME).await;
        }
        self.max_args = Some(most);
    }
}

async fn exclude(sys: &Sys, previous: &str, name: &str) {
    let message =
        format!("warning: options {previous} and {name} are mutually exclusive, ignoring previous {previous} value");
    sys.error(message).await;
}

fn integer(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok().and_then(|text| text.trim_start().parse().ok())
}

/// A number within bounds; otherwise the message, and a usage error.
async fn number(sys: &Sys, text: &[u8], option: char, least: i64, most: Option<i64>) -> Result<u64, ExitStatus> {
    let shown = String::from_utf8_lossy(text);
    let message = match integer(text) {
        None => format!("invalid number \"{shown}\" for -{option} option"),
        Some(value) if value < least => format!("value {shown} for -{option} option should be >= {least}"),
        Some(value) => match most.filter(|most| value > *most) {
            Some(most) => format!("value {shown} for -{option} option should be <= {most}"),
            None => return Ok(value.unsigned_abs()),
        },
    };
    Err(OptionError::Usage(message.into_bytes(), 1).report(sys).await)
}

/// The argument of `-s`: out of bounds is a warning, and the bound is taken.
async fn size(sys: &Sys, text: &[u8], most: usize) -> Result<usize, ExitStatus> {
    let shown = String::from_utf8_lossy(text);
    match integer(text) {
        None => {
            let message = format!("invalid number \"{shown}\" for -s option");
            Err(OptionError::Usage(message.into_bytes(), 1).report(sys).await)
        }
        Some(value) if value < 1 => {
            sys.error(format!("value {shown} for -s option should be >= 1")).await;
            Ok(1)
        }
        Some(value) if value.unsigned_abs() > most as u64 => {
            sys.error(format!("value {shown} for -s option should be <= {most}")).await;
            Ok(most)
        }
        Some(value) => Ok(value.unsigned_abs() as usize),
    }
}

/// The argument of `-d`: one character, or an escape sequence.
async fn delimiter(sys: &Sys, text: &[u8]) -> Result<u8, ExitStatus> {
    let shown = String::from_utf8_lossy(text);
    let message = match text {
        [byte] => return Ok(*byte),
        [b'\\', b'x', digits @ ..] => match coded(digits, 16) {
            Some(byte) => return Ok(byte),
            None => format!(
                "Invalid escape sequence {shown} in input delimiter specification; character values must not exceed ff."
            ),
        },
        [b'\\', digits @ ..] if digits.first().is_some_and(|digit| (b'0'..=b'7').contains(digit)) => {
            match coded(digits, 8) {
                Some(byte) => return Ok(byte),
                None => format!(
                    "Invalid escape sequence {shown} in input delimiter specification; character values must not exceed 377."
                ),
            }
        }
        [b'\\', letter] => match crate::text::echo::simple_escape(*letter).filter(|_| *letter != b'e') {
            Some(byte) => return Ok(byte),
            None => format!("Invalid escape sequence {shown} in input delimiter specification."),
        },
        [b'\\', ..] => format!("Invalid escape sequence {shown} in input delimiter specification."),
        _ => format!(
            "Invalid input delimiter specification {shown}: the delimiter must be either a single character or an escape \
             sequence starting with \\."
        ),
    };
    sys.error(message).await;
    Err(ExitStatus::FAILURE)
}

fn coded(digits: &[u8], base: u32) -> Option<u8> {
    let (value, rest) = crate::text::echo::digits(digits, base, 8)?;
    u8::try_from(value).ok().filter(|_| rest.is_empty())
}
