//! `head` - output the first part of files.  [POSIX head; GNU coreutils "head invocation"]

use crate::text::human_size::{SizeError, parse_size};
use crate::text::quoting::{quote, quote_always};
use crate::utility::OptionError;
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;
use std::collections::VecDeque;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "head",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(head(sys, inv)),
    doc: "output the first part of files",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    BYTES   = 'c', "bytes", Required("[-]NUM"), "print the first NUM bytes of each file; with '-', all but the last NUM";
    LINES   = 'n', "lines", Required("[-]NUM"), "print the first NUM lines instead of the first 10; with '-', all but the last NUM";
    QUIET   = 'q', "quiet", No, "never print headers giving file names";
    SILENT  = ' ', "silent", No, "as --quiet";
    VERBOSE = 'v', "verbose", No, "always print headers giving file names";
    ZERO    = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
}

/// Suffixes of the counts of `head` and `tail`.
pub(super) const COUNT_SUFFIXES: &[u8] = b"bkKmMGTPEZY0";

/// How much of a file is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    FirstLines(u64),
    AllButLastLines(u64),
    FirstBytes(u64),
    AllButLastBytes(u64),
}

/// Whether file names are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Headers {
    /// With more than one file.
    Several,
    Never,
    Always,
}

#[derive(Clone, Copy)]
struct Request {
    part: Part,
    headers: Headers,
    delimiter: u8,
}

async fn head(sys: Sys, invocation: Invocation) -> ExitStatus {
    let mut request = Request { part: Part::FirstLines(10), headers: Headers::Several, delimiter: b'\n' };
    let mut arguments = invocation.arguments();
    if let Some((first, rest)) = arguments.split_first()
        && let [b'-', b'0'..=b'9', ..] = first.as_ref()
    {
        if let Err(message) = obsolete(first.get(1..).unwrap_or_default(), &mut request) {
            sys.error(message.text).await;
            if message.usage {
                try_help(&sys).await;
            }
            return ExitStatus::FAILURE;
        }
        arguments = rest;
    }
    let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
    let parsed = match OPTIONS.parse_arguments(arguments, posixly) {
        Ok(parsed) => parsed,
        // The obsolete -NUM stands first or not at all.
        Err(OptionError::Usage(message, status)) => {
            let digit =
                message.strip_prefix(b"invalid option -- '").and_then(<[u8]>::first).filter(|c| c.is_ascii_digit());
            let message = match digit {
                Some(digit) => [b"invalid trailing option -- ".as_slice(), &[*digit]].concat(),
                None => message,
            };
            return OptionError::Usage(message, status).report(&sys).await;
        }
        Err(error) => return error.report(&sys).await,
    };
    for (option, value) in parsed.in_order() {
        match (*option, value) {
            (QUIET | SILENT, _) => request.headers = Headers::Never,
            (VERBOSE, _) => request.headers = Headers::Always,
            (ZERO, _) => request.delimiter = 0,
            (option, Some(value)) => match part(option == BYTES, value) {
                Ok(part) => request.part = part,
                Err(message) => {
                    sys.error(message).await;
                    return ExitStatus::FAILURE;
                }
            },
            _ => {}
        }
    }
    let operands = or_stdin(parsed.operands());
    let headers = request.headers == Headers::Always || (request.headers == Headers::Several && operands.len() > 1);
    let mut out = OutBuf::stdout(&sys);
    let mut status = ExitStatus::SUCCESS;
    let mut first = true;
    for operand in &operands {
        let fd = match open_operand(&sys, operand).await {
            Ok(fd) => fd,
            Err(errno) => {
                flush_before_error(&mut out).await;
                let name = quote_always(operand);
                let message = [b"cannot open ".as_slice(), &name, b" for reading"].concat();
                sys.complain(message, errno).await;
                status = ExitStatus::FAILURE;
                continue;
            }
        };
        let shown = if fd == Fd::STDIN { b"standard input".as_slice() } else { operand };
        if headers {
            out.put(&header(shown, first));
            first = false;
        }
        let copied = copy(&sys, fd, request, &mut out).await;
        close_operand(&sys, fd).await;
        match copied {
            Ok(()) => {}
            Err(Failure::Read(errno)) => {
                flush_before_error(&mut out).await;
                sys.complain([b"error reading ".as_slice(), &quote_always(shown)].concat(), errno).await;
                status = ExitStatus::FAILURE;
            }
            Err(Failure::Write(errno)) => {
                sys.complain([b"error writing ".as_slice(), b"'standard output'"].concat(), errno).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    let closed = close_stdin(&sys, parsed.operands(), "-").await;
    if out.finish().await && closed { status } else { ExitStatus::FAILURE }
}

/// Messages of glibc's error(3) come after what was printed before; a write error shows again at the end.
async fn flush_before_error(out: &mut OutBuf) {
    let _ = out.flush().await;
}

/// `==> name <==`, after an empty line unless it is the first.
pub(super) fn header(name: &[u8], first: bool) -> Vec<u8> {
    [if first { b"==> ".as_slice() } else { b"\n==> " }, name, b" <==\n"].concat()
}

struct Refused {
    text: Vec<u8>,
    usage: bool,
}

/// The obsolete `-NUM[bkm][cqv]`: its text without the dash.
fn obsolete(text: &[u8], request: &mut Request) -> Result<(), Refused> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, letters) = text.split_at(digits);
    let mut bytes = false;
    let mut suffix: &[u8] = b"";
    for letter in letters {
        match letter {
            b'c' => {
                bytes = true;
                suffix = b"";
            }
            b'b' | b'k' | b'm' => {
                bytes = true;
                suffix = std::slice::from_ref(letter);
            }
            b'l' => bytes = false,
            b'q' => request.headers = Headers::Never,
            b'v' => request.headers = Headers::Always,
            b'z' => request.delimiter = 0,
            letter => {
                let text = [b"invalid trailing option -- ".as_slice(), &[*letter]].concat();
                return Err(Refused { text, usage: true });
            }
        }
    }
    let value = [number, suffix].concat();
    request.part = part(bytes, &value).map_err(|text| Refused { text, usage: false })?;
    Ok(())
}

/// The option-argument of `-c` or `-n`.
fn part(bytes: bool, text: &[u8]) -> Result<Part, Vec<u8>> {
    let (but_last, number) = match text.strip_prefix(b"-") {
        Some(number) => (true, number),
        None => (false, text),
    };
    let what = if bytes { "bytes" } else { "lines" };
    let count = count(number).map_err(|error| invalid_count(what, number, error))?;
    Ok(match (bytes, but_last) {
        (true, true) => Part::AllButLastBytes(count),
        (true, false) => Part::FirstBytes(count),
        (false, true) => Part::AllButLastLines(count),
        (false, false) => Part::FirstLines(count),
    })
}

/// A count with a suffix; white space and a plus sign may lead, as for strtoumax(3).
pub(super) fn count(text: &[u8]) -> Result<u64, SizeError> {
    let text = text.trim_ascii_start();
    parse_size(text.strip_prefix(b"+").unwrap_or(text), COUNT_SUFFIXES)
}

/// `invalid number of lines: ‘x’`, with the reason when it is too large.
pub(super) fn invalid_count(what: &str, text: &[u8], error: SizeError) -> Vec<u8> {
    let mut message = [b"invalid number of ", what.as_bytes(), b": ", quote(text).as_slice()].concat();
    if error == SizeError::TooLarge {
        message.extend_from_slice(b": ");
        message.extend_from_slice(Errno::EOVERFLOW.message().as_bytes());
    }
    message
}

enum Failure {
    Read(Errno),
    Write(Errno),
}

async fn copy(sys: &Sys, fd: Fd, request: Request, out: &mut OutBuf) -> Result<(), Failure> {
    match request.part {
        Part::FirstLines(count) => first_lines(sys, fd, count, request.delimiter, out).await,
        Part::FirstBytes(count) => first_bytes(sys, fd, count, out).await,
        Part::AllButLastLines(count) => all_but_last_lines(sys, fd, count, request.delimiter, out).await,
        Part::AllButLastBytes(count) => all_but_last_bytes(sys, fd, count, out).await,
    }
}

async fn first_lines(sys: &Sys, fd: Fd, count: u64, delimiter: u8, out: &mut OutBuf) -> Result<(), Failure> {
    let mut left = count;
    while left > 0 {
        let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? else { return Ok(()) };
        let end = memchr::memchr_iter(delimiter, &chunk).nth((left - 1).try_into().unwrap_or(usize::MAX));
        match end {
            Some(end) => {
                give_back(sys, fd, chunk.len() - (end + 1)).await;
                return out.write_chunk(chunk.slice(..=end)).await.map_err(Failure::Write);
            }
            None => left -= memchr::memchr_iter(delimiter, &chunk).count() as u64,
        }
        sys.charge(chunk.len() as u64 / 64).await;
        out.write_chunk(chunk).await.map_err(Failure::Write)?;
    }
    Ok(())
}

/// Moves the file offset back over what was read too far, so that whoever reads on finds it; a pipe has no offset.
async fn give_back(sys: &Sys, fd: Fd, unread: usize) {
    if unread > 0 {
        let _ = sys.seek(fd, Whence::Current, -(unread as i64)).await;
    }
}

async fn first_bytes(sys: &Sys, fd: Fd, count: u64, out: &mut OutBuf) -> Result<(), Failure> {
    let mut left = count;
    while left > 0 {
        let most = CHUNK.min(left.try_into().unwrap_or(CHUNK));
        let chunk = sys.read(fd, most).await.map_err(Failure::Read)?;
        if chunk.is_empty() {
            break;
        }
        left -= chunk.len() as u64;
        out.write_chunk(chunk).await.map_err(Failure::Write)?;
    }
    Ok(())
}

/// Holds back the chunks that have the last `count` lines so far.
async fn all_but_last_lines(sys: &Sys, fd: Fd, count: u64, delimiter: u8, out: &mut OutBuf) -> Result<(), Failure> {
    let mut held: VecDeque<(Bytes, u64)> = VecDeque::new();
    let mut lines = 0;
    while let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? {
        let inside = memchr::memchr_iter(delimiter, &chunk).count() as u64;
        sys.charge(chunk.len() as u64 / 64).await;
        lines += inside;
        held.push_back((chunk, inside));
        // The line after the last delimiter may turn out to be one more line, so one more is held than needed.
        while let Some((first, inside)) = held.front()
            && lines - inside > count
        {
            lines -= inside;
            out.write_chunk(first.clone()).await.map_err(Failure::Write)?;
            held.pop_front();
        }
    }
    if held.back().is_some_and(|(chunk, _)| chunk.last() != Some(&delimiter)) {
        lines += 1;
    }
    let mut wanted = lines.saturating_sub(count);
    for (chunk, inside) in held {
        if wanted == 0 {
            break;
        }
        let end = memchr::memchr_iter(delimiter, &chunk).nth((wanted - 1).try_into().unwrap_or(usize::MAX));
        let piece = end.map_or_else(|| chunk.clone(), |end| chunk.slice(..=end));
        wanted -= inside.min(wanted);
        out.write_chunk(piece).await.map_err(Failure::Write)?;
    }
    Ok(())
}

async fn all_but_last_bytes(sys: &Sys, fd: Fd, count: u64, out: &mut OutBuf) -> Result<(), Failure> {
    let mut held: VecDeque<Bytes> = VecDeque::new();
    let mut total = 0u64;
    while let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? {
        total += chunk.len() as u64;
        held.push_back(chunk);
        while let Some(first) = held.front()
            && total - first.len() as u64 >= count
        {
            total -= first.len() as u64;
            out.write_chunk(first.clone()).await.map_err(Failure::Write)?;
            held.pop_front();
        }
    }
    let mut wanted = total.saturating_sub(count);
    for chunk in held {
        let length = chunk.len().min(wanted.try_into().unwrap_or(usize::MAX));
        wanted -= length as u64;
        out.write_chunk(chunk.slice(..length)).await.map_err(Failure::Write)?;
    }
    Ok(())
}
