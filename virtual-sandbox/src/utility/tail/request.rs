//! The command line of `tail`.

use crate::text::extended::Extended;
use crate::text::quoting::quote;
use crate::utility::choice::choose;
use crate::utility::head::{Headers, count, invalid_count};
use crate::utility::options::OptionError;
use crate::utility::prelude::*;

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    BYTES   = 'c', "bytes", Required("[+]NUM"), "output the last NUM bytes; or use -c +NUM to output starting with byte NUM";
    FOLLOW_LONG = ' ', "follow", Optional("{name|descriptor}"), "output appended data as the file grows";
    LINES   = 'n', "lines", Required("[+]NUM"), "output the last NUM lines; or use -n +NUM to start with line NUM";
    UNCHANGED = ' ', "max-unchanged-stats", Required("N"), "with --follow=name, reopen a FILE which has not changed size";
    PID     = ' ', "pid", Required("PID"), "with -f, terminate after process ID, PID dies";
    QUIET   = 'q', "quiet", No, "never output headers giving file names";
    RETRY   = ' ', "retry", No, "keep trying to open a file if it is inaccessible";
    SILENT  = ' ', "silent", No, "as --quiet";
    SLEEP   = 's', "sleep-interval", Required("N"), "with -f, sleep for approximately N seconds between iterations";
    VERBOSE = 'v', "verbose", No, "always output headers giving file names";
    ZERO    = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
    FOLLOW  = 'f', "", No, "output appended data as the file grows";
    FOLLOW_NAME = 'F', "", No, "same as --follow=name --retry";
    DIGIT_0 = '0', "", No, "";
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

/// Which part of a file is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    LastLines(u64),
    LastBytes(u64),
    /// From this line on, counted from 0.
    FromLine(u64),
    FromByte(u64),
}

/// What is followed when a file is renamed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Follow {
    Descriptor,
    Name,
}

const FOLLOWS: [(&str, Follow); 2] = [("descriptor", Follow::Descriptor), ("name", Follow::Name)];

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub part: Part,
    pub headers: Headers,
    pub delimiter: u8,
    pub follow: Option<Follow>,
    pub retry: bool,
    /// Between two looks at the files, in nanoseconds.
    pub interval: u64,
    pub pid: Option<u32>,
}

impl Request {
    /// Parses the command line: the request and the files. What is wrong has been reported.
    pub async fn parse(sys: &Sys, invocation: &Invocation) -> Result<(Request, Vec<Bytes>), ExitStatus> {
        let mut request = Request {
            part: Part::LastLines(10),
            headers: Headers::Several,
            delimiter: b'\n',
            follow: None,
            retry: false,
            interval: 1_000_000_000,
            pid: None,
        };
        if let Some(files) = obsolete(invocation.arguments(), &mut request) {
            return Ok((request, files));
        }
        let parsed = match OPTIONS.parse(invocation) {
            Ok(parsed) => parsed,
            Err(error) => {
                // A digit is refused where it stands, before what follows it in the same word.
                let digit = invocation.arguments().iter().find_map(|argument| match argument.as_ref() {
                    [b'-', digit @ b'0'..=b'9', ..] => Some(*digit),
                    _ => None,
                });
                return Err(match digit {
                    Some(digit) => {
                        sys.error(invalid_context(digit)).await;
                        ExitStatus::FAILURE
                    }
                    None => error.report(sys).await,
                });
            }
        };
        for (option, value) in parsed.in_order() {
            if let Err(problem) = request.set(*option, value.as_ref()) {
                return Err(match problem {
                    Problem::Usage(error) => error.report(sys).await,
                    Problem::Message(message) => {
                        sys.error(message).await;
                        ExitStatus::FAILURE
                    }
                });
            }
        }
        request.warn(sys).await;
        Ok((request, parsed.operands().to_vec()))
    }

    /// Options that have no effect are warned about.
    async fn warn(&mut self, sys: &Sys) {
        if self.retry {
            match self.follow {
                None => sys.error("warning: --retry ignored; --retry is useful only when following").await,
                Some(Follow::Descriptor) => sys.error("warning: --retry only effective for the initial open").await,
                Some(Follow::Name) => {}
            }
        }
        if self.pid.is_some() && self.follow.is_none() {
            sys.error("warning: PID ignored; --pid=PID is useful only when following").await;
        }
    }

    fn set(&mut self, option: crate::utility::OptionId, value: Option<&Bytes>) -> Result<(), Problem> {
        let text = value.map(AsRef::as_ref).unwrap_or_default();
        match option {
            BYTES => self.part = part(true, text).map_err(Problem::Message)?,
            LINES => self.part = part(false, text).map_err(Problem::Message)?,
            FOLLOW => self.follow = Some(Follow::Descriptor),
            FOLLOW_LONG if value.is_none() => self.follow = Some(Follow::Descriptor),
            FOLLOW_LONG => self.follow = Some(choose("--follow", text, &FOLLOWS, 1).map_err(Problem::Usage)?),
            FOLLOW_NAME => {
                self.follow = Some(Follow::Name);
                self.retry = true;
            }
            // How often a file that did not change is looked up again has no effect here: it is each time.
            UNCHANGED => {
                let what: &[u8] = b"invalid maximum number of unchanged stats between opens: ";
                decimal(text, what)?;
            }
            PID => self.pid = Some(decimal(text, b"invalid PID: ")?),
            QUIET | SILENT => self.headers = Headers::Never,
            RETRY => self.retry = true,
            SLEEP => self.interval = interval(text)?,
            VERBOSE => self.headers = Headers::Always,
            ZERO => self.delimiter = 0,
            digit => {
                let digit = b'0' + digit.0.saturating_sub(DIGIT_0.0) as u8;
                return Err(Problem::Message(invalid_context(digit)));
            }
        }
        Ok(())
    }
}

fn invalid_context(digit: u8) -> Vec<u8> {
    [b"option used in invalid context -- ".as_slice(), &[digit]].concat()
}

enum Problem {
    Message(Vec<u8>),
    Usage(OptionError),
}

fn decimal(text: &[u8], what: &[u8]) -> Result<u32, Problem> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u32>().ok());
    number.filter(|number| *number <= i32::MAX as u32).ok_or_else(|| Problem::Message([what, &quote(text)].concat()))
}

fn interval(text: &[u8]) -> Result<u64, Problem> {
    let parsed = Extended::parse(text);
    let valid = parsed.length > 0 && parsed.length == text.len() && !parsed.value.is_nan();
    if !valid || (parsed.value.negative && !parsed.value.is_zero()) {
        return Err(Problem::Message([b"invalid number of seconds: ".as_slice(), &quote(text)].concat()));
    }
    Ok(parsed.value.to_nanoseconds())
}

/// The option-argument of `-c` or `-n`: with `+` a place from the beginning, counted from 1.
fn part(bytes: bool, text: &[u8]) -> Result<Part, Vec<u8>> {
    let (from_start, number) = match text.split_first() {
        Some((b'+', number)) => (true, number),
        Some((b'-', number)) => (false, number),
        _ => (false, text),
    };
    let what = if bytes { "bytes" } else { "lines" };
    let shown = if from_start { text } else { number };
    let count = count(number).map_err(|error| invalid_count(what, shown, error))?;
    Ok(match (bytes, from_start) {
        (true, true) => Part::FromByte(count.saturating_sub(1)),
        (true, false) => Part::LastBytes(count),
        (false, true) => Part::FromLine(count.saturating_sub(1)),
        (false, false) => Part::LastLines(count),
    })
}

/// The obsolete `-NUM[bcl][f] [FILE]` and `+NUM…`: the files; `None` when the arguments are not of that form.
fn obsolete(arguments: &[Bytes], request: &mut Request) -> Option<Vec<Bytes>> {
    let (first, files) = match arguments {
        [first] => (first, vec![]),
        [first, second] if second.as_ref() == b"--" => (first, vec![]),
        [first, file] if !(file.starts_with(b"-") && file.len() > 1) => (first, vec![file.clone()]),
        [first, dashes, file] if dashes.as_ref() == b"--" => (first, vec![file.clone()]),
        _ => return None,
    };
    let (sign, rest) = first.split_first()?;
    let from_start = match sign {
        b'+' => true,
        b'-' => false,
        _ => return None,
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let (number, letters) = rest.split_at(digits);
    let (bytes, factor, letters) = match letters.split_first() {
        Some((b'b', letters)) => (true, 512, letters),
        Some((b'c', letters)) => (true, 1, letters),
        Some((b'l', letters)) => (false, 1, letters),
        _ => (false, 1, letters),
    };
    let follow = match letters {
        b"f" => Some(Follow::Descriptor),
        b"" => None,
        _ => return None,
    };
    let number: u64 = std::str::from_utf8(number).ok()?.parse().unwrap_or(u64::MAX);
    let count = number.saturating_mul(factor);
    request.follow = follow;
    request.part = match (bytes, from_start) {
        (true, true) => Part::FromByte(count.saturating_sub(1)),
        (true, false) => Part::LastBytes(count),
        (false, true) => Part::FromLine(count.saturating_sub(1)),
        (false, false) => Part::LastLines(count),
    };
    Some(files)
}
