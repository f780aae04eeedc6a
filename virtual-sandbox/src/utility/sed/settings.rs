//! The command line of `sed`.

use crate::utility::prelude::*;
use crate::utility::{OptionError, Parsed};

options! {
    OPTIONS: "[OPTION]... {script-only-if-no-other-script} [input-file]...", Permute, 1;
    EXTENDED = 'E', "regexp-extended", No, "use extended regular expressions in the script";
    DEBUG = ' ', "debug", No, "annotate program execution";
    EXPRESSION = 'e', "expression", Required("script"), "add the script to the commands to be executed";
    FILE = 'f', "file", Required("script-file"), "add the contents of script-file to the commands to be executed";
    IN_PLACE = 'i', "in-place", Optional("SUFFIX"), "edit files in place (makes backup if SUFFIX supplied)";
    LINE_LENGTH = 'l', "line-length", Required("N"), "the line-wrap length of the `l' command";
    NULL_DATA = 'z', "null-data", No, "separate lines by NUL characters";
    ZERO_TERMINATED = ' ', "zero-terminated", No, "as -z";
    QUIET = 'n', "quiet", No, "suppress automatic printing of pattern space";
    POSIX = ' ', "posix", No, "disable all GNU extensions";
    SILENT = ' ', "silent", No, "as --quiet";
    SANDBOX = ' ', "sandbox", No, "operate in sandbox mode (disable e/r/w commands)";
    SEPARATE = 's', "separate", No, "consider files as separate rather than as a single continuous stream";
    UNBUFFERED = 'u', "unbuffered", No, "load minimal amounts of data and flush the output buffers more often";
    FOLLOW = ' ', "follow-symlinks", No, "follow symlinks when processing in place";
    EXTENDED_R = 'r', "", No, "as -E";
}

/// What a part of the script is, for messages about it.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The nth `-e` or the script operand.
    Expression(usize),
    /// A script file.
    File(Bytes),
}

/// The script as given: parts, each as if on lines of its own.
#[derive(Debug, Clone, Default)]
pub(super) struct ScriptText {
    /// The text of all parts, each followed by a newline.
    pub text: Vec<u8>,
    /// Where each part starts, how long it is, and what it is.
    pub parts: Vec<(usize, usize, Source)>,
}

impl ScriptText {
    fn add(&mut self, text: &[u8], source: Source) {
        if !self.parts.is_empty() {
            self.text.push(b'\n');
        }
        self.parts.push((self.text.len(), text.len(), source));
        self.text.extend_from_slice(text);
    }
}

/// The command line, read.
#[derive(Debug)]
pub(super) struct Settings {
    pub quiet: bool,
    pub debug: bool,
    pub follow: bool,
    /// Edit in place; with a suffix for backups, which may be empty.
    pub in_place: Option<Bytes>,
    pub line_length: usize,
    pub posix: bool,
    pub extended: bool,
    /// Each file is a stream by itself.
    pub separate: bool,
    pub sandbox: bool,
    pub unbuffered: bool,
    pub delimiter: u8,
    pub script: ScriptText,
    pub files: Vec<Bytes>,
}

/// The exit status when input cannot be opened.
pub(super) const BAD_INPUT: ExitStatus = ExitStatus(2);

/// The exit status of errors that end `sed` at once.
pub(super) const PANIC: ExitStatus = ExitStatus(4);

impl Settings {
    /// Reads the command line. The error is the exit status, its message written.
    pub(super) async fn new(sys: &Sys, invocation: &Invocation) -> Result<Settings, ExitStatus> {
        let parsed = match OPTIONS.parse(invocation) {
            Ok(parsed) => parsed,
            Err(OptionError::Usage(message, status)) => {
                sys.error(message).await;
                usage(sys).await;
                return Err(ExitStatus(status));
            }
            Err(other) => return Err(other.report(sys).await),
        };
        let mut files = parsed.operands().to_vec();
        let mut script = script(sys, &parsed).await?;
        if script.parts.is_empty() {
            if files.is_empty() {
                usage(sys).await;
                return Err(ExitStatus::FAILURE);
            }
            script.add(&files.remove(0), Source::Expression(1));
        }
        if files.is_empty() && parsed.has(IN_PLACE) {
            sys.error("no input files").await;
            return Err(PANIC);
        }
        if files.is_empty() {
            files.push(Bytes::from_static(b"-"));
        }
        let in_place = parsed.has(IN_PLACE).then(|| parsed.value(IN_PLACE).cloned().unwrap_or_default());
        let null = parsed.has(NULL_DATA) || parsed.has(ZERO_TERMINATED);
        Ok(Settings {
            quiet: parsed.has(QUIET) || parsed.has(SILENT),
            debug: parsed.has(DEBUG),
            follow: parsed.has(FOLLOW),
            separate: parsed.has(SEPARATE) || in_place.is_some(),
            in_place,
            line_length: parsed.value(LINE_LENGTH).map_or(70, |text| leading_number(text)),
            posix: parsed.has(POSIX) || invocation.env_var(b"POSIXLY_CORRECT").is_some(),
            extended: parsed.has(EXTENDED) || parsed.has(EXTENDED_R),
            sandbox: parsed.has(SANDBOX),
            unbuffered: parsed.has(UNBUFFERED),
            delimiter: if null { 0 } else { b'\n' },
            script,
            files,
        })
    }
}

/// Reads a number as atoi(3) does: `sed -l x` is `sed -l 0`.
fn leading_number(text: &[u8]) -> usize {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0usize, |n, digit| n.saturating_mul(10).saturating_add(usize::from(digit - b'0')))
}

async fn script(sys: &Sys, parsed: &Parsed) -> Result<ScriptText, ExitStatus> {
    let mut script = ScriptText::default();
    let mut expressions = 0;
    for (id, value) in parsed.in_order() {
        match (*id, value) {
            (EXPRESSION, Some(text)) => {
                expressions += 1;
                script.add(text, Source::Expression(expressions));
            }
            (FILE, Some(name)) => {
                let text = read_script(sys, name).await?;
                script.add(text.strip_suffix(b"\n").unwrap_or(&text), Source::File(name.clone()));
            }
            _ => {}
        }
    }
    Ok(script)
}

async fn read_script(sys: &Sys, name: &Bytes) -> Result<Vec<u8>, ExitStatus> {
    let opened = if name.as_ref() == b"-" { Ok(Fd::STDIN) } else { sys.open_read(name.clone()).await };
    let fd = match opened {
        Ok(fd) => fd,
        Err(errno) => {
            sys.complain([b"couldn't open file ", name.as_ref()].concat(), errno).await;
            return Err(PANIC);
        }
    };
    let text = sys.read_to_end(fd).await;
    if fd != Fd::STDIN {
        // Nothing was written to it.
        let _ = sys.close(fd).await;
    }
    match text {
        Ok(text) => Ok(text),
        Err(errno) => {
            sys.complain([b"read error on ", name.as_ref()].concat(), errno).await;
            Err(PANIC)
        }
    }
}

async fn usage(sys: &Sys) {
    let name = sys.name().clone();
    let line: [&[u8]; 3] = [b"Usage: ", &name, b" [OPTION]... {script-only-if-no-other-script} [input-file]...\n"];
    sys.write_error(line.concat()).await;
    try_help(sys).await;
}
