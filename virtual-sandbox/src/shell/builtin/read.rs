//! `read`.  [POSIX read; bash manual "Bash Builtin Commands"]

use super::control::number;
use crate::kernel::{ExitStatus, Fault, SECOND};
use crate::shell::exec::{Context, Flow, Frame, Ran, ShellTask};
use crate::shell::expand::{self, Severity, Stop, World};
use crate::shell::variable::assign::{self, Assigned, AssignedElement, AssignedValue};
use crate::shell::variable::is_name;
use crate::sys::Fd;
use bytes::Bytes;

const USAGE: &str =
    "read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N nchars] [-p prompt] [-t timeout] [-u fd] [name ...]";

/// `read` under way: what it asks for, and what it has read.
#[derive(Clone)]
pub(crate) struct ReadFrame {
    names: Vec<Bytes>,
    array: Option<Bytes>,
    delimiter: u8,
    raw: bool,
    /// The most characters, and whether delimiters count among them (`-N`).
    limit: Option<(usize, bool)>,
    /// Nanoseconds.
    timeout: Option<u64>,
    fd: Fd,
    /// Bytes of the line so far, with backslashes where they quote.
    line: Vec<u8>,
}

pub(crate) fn read(shell: &mut ShellTask, context: &mut Context<'_>, fields: &[Bytes]) -> Ran {
    let letters = match shell.letters(fields, b"ersa:d:i:n:N:p:t:u:", USAGE) {
        Ok(letters) => letters,
        Err(ran) => return ran,
    };
    let mut frame = ReadFrame {
        names: fields.get(letters.operands..).unwrap_or_default().to_vec(),
        array: letters.value(b'a').cloned(),
        delimiter: letters.value(b'd').map_or(b'\n', |text| text.first().copied().unwrap_or(0)),
        raw: letters.has(b'r'),
        limit: None,
        timeout: None,
        fd: Fd::STDIN,
        line: Vec::new(),
    };
    for (letter, value) in &letters.given {
        let Some(value) = value else { continue };
        let refused = match letter {
            b'n' | b'N' => match number(value).and_then(|count| usize::try_from(count).ok()) {
                Some(count) => {
                    frame.limit = Some((count, *letter == b'N'));
                    None
                }
                None => Some(": invalid number"),
            },
            b't' => match seconds(value) {
                Some(nanoseconds) => {
                    frame.timeout = Some(nanoseconds);
                    None
                }
                None => Some(": invalid timeout specification"),
            },
            b'u' => match number(value).and_then(|fd| u32::try_from(fd).ok()) {
                Some(fd) if !context.kernel.is_open(context.pid, Fd(fd)) => {
                    Some(": invalid file descriptor: Bad file descriptor")
                }
                Some(fd) => {
                    frame.fd = Fd(fd);
                    None
                }
                None => Some(": invalid file descriptor specification"),
            },
            _ => None,
        };
        if let Some(refused) = refused {
            shell.builtin_error(b"read", &[&value[..], refused.as_bytes()].concat());
            return Ok(ExitStatus::FAILURE);
        }
    }
    if let Some(bad) = frame.names.iter().find(|name| assign::parse_name(name).is_none()) {
        let message = [b"`", &bad[..], b"': not a valid identifier"].concat();
        shell.builtin_error(b"read", &message);
        return Ok(ExitStatus::FAILURE);
    }
    if let Some(array) = frame.array.as_ref().filter(|array| !is_name(array)) {
        let message = [b"`", &array[..], b"': not a valid identifier"].concat();
        shell.builtin_error(b"read", &message);
        return Ok(ExitStatus::FAILURE);
    }
    if frame.timeout == Some(0) {
        return Ok(match context.kernel.input_ready(context.pid, frame.fd) {
            Ok(ready) => ExitStatus::from(ready),
            Err(_) => ExitStatus::FAILURE,
        });
    }
    if let Some(prompt) = letters.value(b'p')
        && context.kernel.is_terminal(context.pid, frame.fd)
    {
        shell.output.push(Fd::STDERR, prompt);
    }
    shell.flush(context, ExitStatus::SUCCESS)?;
    shell.advance_read(context, Box::new(frame))
}

/// Seconds with an optional fraction, in nanoseconds.
fn seconds(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !(whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())) || text.is_empty() {
        return None;
    }
    // A number of seconds that is too large waits for ever, as good as.
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().unwrap_or(u64::MAX) };
    let fraction: u64 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(whole.saturating_mul(SECOND).saturating_add(fraction).min(1 << 62))
}

impl ReadFrame {
    /// How many bytes may be read at once: characters are counted one by one.
    fn characters(&self) -> usize {
        let mut count = 0;
        let mut bytes = self.line.as_slice();
        while let Some((first, rest)) = bytes.split_first() {
            if !self.raw && *first == b'\\' {
                // Neither a backslash is a character nor a line that goes on.
                bytes = rest.strip_prefix(b"\n").unwrap_or(rest);
                continue;
            }
            let length = crate::shell::pattern::char_length(bytes);
            bytes = bytes.get(length..).unwrap_or_default();
            count += 1;
        }
        count
    }

    /// Whether the line ends within a character.
    fn incomplete(&self) -> bool {
        let tail = self.line.len().saturating_sub(3);
        let start = self.line.iter().rposition(|byte| byte & 0xC0 == 0xC0);
        match start.filter(|start| *start >= tail) {
            Some(start) => {
                let wanted = match self.line.get(start) {
                    Some(byte) if byte & 0xE0 == 0xC0 => 2,
                    Some(byte) if byte & 0xF0 == 0xE0 => 3,
                    Some(byte) if byte & 0xF8 == 0xF0 => 4,
                    _ => 1,
                };
                self.line.len() - start < wanted
            }
            None => false,
        }
    }
}

/// How reading ended.
enum Ended {
    Delimiter,
    EndOfFile,
    Timeout,
    Full,
    Error,
}

impl ShellTask {
    pub(crate) fn resume_read(&mut self, context: &mut Context<'_>, frame: Box<ReadFrame>) -> Flow {
        match self.advance_read(context, frame) {
            Ok(status) => match self.flush(context, status) {
                Ok(status) => self.complete(status),
                Err(flow) => flow,
            },
            Err(flow) => flow,
        }
    }

    pub(crate) fn abandon_read(&mut self, context: &mut Context<'_>, _frame: ReadFrame) {
        context.kernel.clear_deadline(context.pid);
    }

    fn advance_read(&mut self, context: &mut Context<'_>, mut frame: Box<ReadFrame>) -> Ran {
        let ended = loop {
            if let Some((limit, _)) = frame.limit
                && frame.characters() >= limit
                && !frame.incomplete()
            {
                break Ended::Full;
            }
            let exact = frame.limit.is_some_and(|(_, exact)| exact);
            let max = if frame.limit.is_some() { 1 } else { usize::MAX };
            let delimiter = if exact { None } else { Some(frame.delimiter) };
            let before = frame.line.len();
            let read = match delimiter {
                Some(delimiter) => context.kernel.read_until(context.pid, frame.fd, delimiter, max, &mut frame.line),
                None => context.kernel.read(context.pid, frame.fd, 1).map(|byte| {
                    frame.line.extend_from_slice(&byte);
                    false
                }),
            };
            match read {
                Ok(true) => {
                    frame.line.pop();
                    // A backslash before the delimiter: the line goes on.
                    if !frame.raw && ends_in_open_backslash(&frame.line) {
                        if frame.delimiter == b'\n' {
                            frame.line.pop();
                        } else {
                            frame.line.push(frame.delimiter);
                        }
                        continue;
                    }
                    break Ended::Delimiter;
                }
                // With a limit, bytes are read one at a time: an empty read is the end of the file.
                Ok(false) if frame.limit.is_some() && frame.line.len() > before => continue,
                Ok(false) => break Ended::EndOfFile,
                Err(Fault::Block) => {
                    context.kernel.check_memory(frame.line.len() as u64);
                    if let Some(timeout) = frame.timeout
                        && context.kernel.deadline_passed(context.pid, timeout)
                    {
                        break Ended::Timeout;
                    }
                    self.push(Frame::Read(frame));
                    return Err(Flow::Block);
                }
                Err(Fault::Errno(errno)) => {
                    let message = format!("read error: {}: {}", frame.fd.0, errno.message());
                    self.builtin_error(b"read", message.as_bytes());
                    break Ended::Error;
                }
            }
        };
        context.kernel.clear_deadline(context.pid);
        self.finish_read(context, &mut frame, &ended)
    }

    fn finish_read(&mut self, context: &mut Context<'_>, frame: &mut ReadFrame, ended: &Ended) -> Ran {
        let status = match ended {
            Ended::Delimiter | Ended::Full => ExitStatus::SUCCESS,
            Ended::EndOfFile => ExitStatus::FAILURE,
            Ended::Timeout => ExitStatus(142),
            Ended::Error => return Ok(ExitStatus::FAILURE),
        };
        let (text, quoted) = unquote(std::mem::take(&mut frame.line), frame.raw);
        let result = self.with_view(context, |view| store(view, frame, &text, &quoted));
        match result {
            Ok(()) => Ok(status),
            Err(Stop::Error(error)) if error.severity == Severity::Top => Err(self.fail(context, Stop::Error(error))),
            Err(Stop::Error(error)) => {
                self.error(&error.message);
                Ok(ExitStatus::FAILURE)
            }
            Err(_) => Ok(ExitStatus::FAILURE),
        }
    }
}

fn ends_in_open_backslash(line: &[u8]) -> bool {
    line.iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1
}

/// Takes backslashes away and tells which bytes they quoted; NUL bytes are dropped, as bash does.
fn unquote(line: Vec<u8>, raw: bool) -> (Vec<u8>, Vec<bool>) {
    if memchr::memchr2(0, if raw { 0 } else { b'\\' }, &line).is_none() {
        return (line, Vec::new());
    }
    let mut text = Vec::with_capacity(line.len());
    let mut quoted = Vec::new();
    let mut bytes = line.iter().copied();
    if raw {
        text.extend(bytes.filter(|byte| *byte != 0));
        return (text, quoted);
    }
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => {
                // A line that goes on, where the newline is not the delimiter.
                if let Some(next) = bytes.next().filter(|next| *next != b'\n') {
                    text.push(next);
                    quoted.resize(text.len() - 1, false);
                    quoted.push(true);
                }
            }
            0 => {}
            byte => text.push(byte),
        }
    }
    (text, quoted)
}

/// Splits the line and assigns its fields.
fn store<W: World>(world: &mut W, frame: &ReadFrame, text: &[u8], quoted: &[bool]) -> Result<(), Stop> {
    let exact = frame.limit.is_some_and(|(_, exact)| exact);
    if let Some(array) = &frame.array {
        let fields = expand::split_read(world, text, quoted, usize::MAX);
        let elements = fields
            .into_iter()
            .map(|value| AssignedElement { subscript: None, append: false, value: value.into() })
            .collect();
        let assigned =
            Assigned { name: array.clone(), subscript: None, append: false, value: AssignedValue::Array(elements) };
        return assign::perform(world, assigned);
    }
    if frame.names.is_empty() {
        return assign::assign_scalar(world, &Bytes::from_static(b"REPLY"), Bytes::copy_from_slice(text).into());
    }
    let mut fields = if exact {
        vec![Bytes::copy_from_slice(text)]
    } else {
        expand::split_read(world, text, quoted, frame.names.len())
    }
    .into_iter();
    for name in &frame.names {
        let value = fields.next().unwrap_or_default();
        match assign::parse_name(name) {
            Some((base, None)) => assign::assign_scalar(world, &base, value.into())?,
            Some((base, subscript)) => {
                let value = AssignedValue::Scalar(value.into());
                assign::perform(world, Assigned { name: base, subscript, append: false, value })?;
            }
            None => {}
        }
    }
    Ok(())
}
