//! `date` - print or set the system date and time.  [POSIX date; GNU coreutils "date invocation"]

use super::options::OptionError;
use crate::text::quoting::{quote, quote_if_needed};
use crate::text::time::{Moment, Zone, gnu_format, parse_date};
use crate::utility::choice::choose;
use crate::utility::operand::open_operand;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "date",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(date(sys, inv)),
    doc: "print or set the system date and time",
};

options! {
    OPTIONS: "[OPTION]... [+FORMAT]\n[-u|--utc|--universal] [MMDDhhmm[[CC]YY][.ss]]", Permute, 1;
    DATE      = 'd', "date", Required("STRING"), "display time described by STRING, not 'now'";
    DEBUG     = ' ', "debug", No, "annotate the parsed date, and warn about questionable usage to stderr";
    FILE      = 'f', "file", Required("DATEFILE"), "like --date; once for each line of DATEFILE";
    ISO       = 'I', "iso-8601", Optional("FMT"), "output date/time in ISO 8601 format";
    REFERENCE = 'r', "reference", Required("FILE"), "display the last modification time of FILE";
    RESOLUTION = ' ', "resolution", No, "output the available resolution of timestamps";
    RFC_EMAIL = 'R', "rfc-email", No, "output date and time in RFC 5322 format";
    RFC_822   = ' ', "rfc-822", No, "as --rfc-email";
    RFC_2822  = ' ', "rfc-2822", No, "as --rfc-email";
    RFC_3339  = ' ', "rfc-3339", Required("FMT"), "output date/time in RFC 3339 format";
    SET       = 's', "set", Required("STRING"), "set time described by STRING";
    UCT       = ' ', "uct", No, "as --utc";
    UTC       = 'u', "utc", No, "print or set Coordinated Universal Time (UTC)";
    UNIVERSAL = ' ', "universal", No, "as --utc";
}

/// Formats of `-I`.
const ISO_FORMATS: [(&str, &str); 5] = [
    ("hours", "%Y-%m-%dT%H%:z"),
    ("minutes", "%Y-%m-%dT%H:%M%:z"),
    ("date", "%Y-%m-%d"),
    ("seconds", "%Y-%m-%dT%H:%M:%S%:z"),
    ("ns", "%Y-%m-%dT%H:%M:%S,%N%:z"),
];

/// Formats of `--rfc-3339`.
const RFC_3339_FORMATS: [(&str, &str); 3] =
    [("date", "%Y-%m-%d"), ("seconds", "%Y-%m-%d %H:%M:%S%:z"), ("ns", "%Y-%m-%d %H:%M:%S.%N%:z")];

/// The format without any request, in the C locale.
const DEFAULT_FORMAT: &str = "%a %b %e %H:%M:%S %Z %Y";
const EMAIL_FORMAT: &str = "%a, %d %b %Y %H:%M:%S %z";

/// Which time is shown.
enum Source {
    Now,
    Text(Bytes),
    Lines(Bytes),
    FileTime(Bytes),
    Resolution,
}

struct Request {
    source: Source,
    set: bool,
    zone: Zone,
    format: Option<Vec<u8>>,
}

async fn date(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let request = match request(&parsed, &invocation) {
        Ok(request) => request,
        Err(Problem::Usage(error)) => return error.report(&sys).await,
        Err(Problem::Message(message)) => {
            sys.error(message).await;
            return ExitStatus::FAILURE;
        }
    };
    let format = request.format.clone().unwrap_or_else(|| DEFAULT_FORMAT.into());
    let mut out = OutBuf::stdout(&sys);
    let found = match &request.source {
        Source::Now => Ok(sys.now().await),
        Source::Resolution => Ok(Timestamp::new(0, 1)),
        Source::FileTime(file) => match sys.stat(file.clone()).await {
            Ok(stat) => Ok(stat.mtime),
            Err(errno) => {
                sys.complain(quote_if_needed(file), errno).await;
                return ExitStatus::FAILURE;
            }
        },
        Source::Text(text) => parse_date(text, sys.now().await, &request.zone).ok_or_else(|| invalid_date(text)),
        Source::Lines(file) => return each_line(&sys, file, &request.zone, &format).await,
    };
    let time = match found {
        Ok(time) => time,
        Err(message) => {
            sys.error(message).await;
            return ExitStatus::FAILURE;
        }
    };
    let mut status = ExitStatus::SUCCESS;
    if request.set {
        // The machine's clock belongs to its host: nobody may set it.
        sys.complain("cannot set date", Errno::EPERM).await;
        status = ExitStatus::FAILURE;
    }
    out.put(&gnu_format(&format, &Moment::new(time.secs, time.nanos, request.zone.clone())));
    out.put(b"\n");
    if out.finish().await { status } else { ExitStatus::FAILURE }
}

fn invalid_date(text: &[u8]) -> Vec<u8> {
    [b"invalid date ".as_slice(), &quote(text)].concat()
}

/// `-f`: each line on its own; a bad one does not end the others.
async fn each_line(sys: &Sys, file: &Bytes, zone: &Zone, format: &[u8]) -> ExitStatus {
    let fd = match open_operand(sys, file).await {
        Ok(fd) => fd,
        Err(errno) => {
            sys.complain(quote_if_needed(file), errno).await;
            return ExitStatus::FAILURE;
        }
    };
    let mut lines = Records::lines(sys, fd);
    let mut out = OutBuf::stdout(sys);
    let mut success = true;
    loop {
        let line = match lines.next().await {
            Ok(Some(record)) => record.bytes,
            Ok(None) => break,
            Err(errno) => {
                sys.complain(quote_if_needed(file), errno).await;
                success = false;
                break;
            }
        };
        match parse_date(&line, sys.now().await, zone) {
            Some(time) => {
                out.put(&gnu_format(format, &Moment::new(time.secs, time.nanos, zone.clone())));
                if out.write(b"\n").await.is_err() {
                    break;
                }
            }
            None => {
                // The message follows what was printed before it; a write error shows at the end.
                let _ = out.flush().await;
                sys.error(invalid_date(&line)).await;
                success = false;
            }
        }
    }
    (out.finish().await && success).into()
}

enum Problem {
    Usage(OptionError),
    Message(Vec<u8>),
}

fn request(parsed: &super::Parsed, invocation: &Invocation) -> Result<Request, Problem> {
    let utc = parsed.has(UTC) || parsed.has(UNIVERSAL) || parsed.has(UCT);
    let zone = if utc { Zone::utc() } else { Zone::from_variable(invocation.env_var(b"TZ").as_deref()) };
    let mut format: Option<Vec<u8>> = None;
    let mut set_format = |chosen: &str| match format.replace(chosen.into()) {
        Some(_) => Err(Problem::Message(b"multiple output formats specified".to_vec())),
        None => Ok(()),
    };
    for (option, value) in parsed.in_order() {
        match (*option, value) {
            (ISO, None) => set_format("%Y-%m-%d")?,
            (ISO, Some(word)) => set_format(choose("--iso-8601", word, &ISO_FORMATS, 1).map_err(Problem::Usage)?)?,
            (RFC_3339, Some(word)) => {
                set_format(choose("--rfc-3339", word, &RFC_3339_FORMATS, 1).map_err(Problem::Usage)?)?;
            }
            (RFC_EMAIL | RFC_822 | RFC_2822, _) => set_format(EMAIL_FORMAT)?,
            _ => {}
        }
    }
    let sources: Vec<Source> = [
        parsed.value(DATE).cloned().map(Source::Text),
        parsed.value(FILE).cloned().map(Source::Lines),
        parsed.value(REFERENCE).cloned().map(Source::FileTime),
        parsed.has(RESOLUTION).then_some(Source::Resolution),
    ]
    .into_iter()
    .flatten()
    .collect();
    let usage = |message: &[u8]| Problem::Usage(OptionError::Usage(message.to_vec(), 1));
    if sources.len() > 1 {
        return Err(usage(b"the options to specify dates for printing are mutually exclusive"));
    }
    if !sources.is_empty() && parsed.has(SET) {
        return Err(usage(b"the options to print and set the time may not be used together"));
    }
    let mut source = sources.into_iter().next().unwrap_or(Source::Now);
    let mut set = false;
    if let Some(text) = parsed.value(SET) {
        source = Source::Text(text.clone());
        set = true;
    }
    match parsed.operands() {
        [] => {}
        [_, extra, ..] => return Err(usage(&[b"extra operand ".as_slice(), &quote(extra)].concat())),
        [only] => match only.strip_prefix(b"+") {
            Some(text) if format.is_none() => format = Some(text.to_vec()),
            Some(_) => return Err(Problem::Message(b"multiple output formats specified".to_vec())),
            None if set || !matches!(source, Source::Now) => {
                let rest = b" lacks a leading '+';\nwhen using an option to specify date(s), any non-option\n\
                             argument must be a format string beginning with '+'";
                return Err(usage(&[b"the argument ".as_slice(), &quote(only), rest].concat()));
            }
            None => {
                source = Source::Text(stamp(only).ok_or_else(|| Problem::Message(invalid_date(only)))?);
                set = true;
            }
        },
    }
    if matches!(source, Source::Resolution) && format.is_none() {
        format = Some(b"%s.%N".to_vec());
    }
    Ok(Request { source, set, zone, format })
}

/// The POSIX operand `MMDDhhmm[[CC]YY][.ss]`, as a date the parser reads.
fn stamp(text: &[u8]) -> Option<Bytes> {
    let (digits, seconds) = match memchr::memchr(b'.', text) {
        Some(point) => (text.get(..point)?, text.get(point + 1..)?),
        None => (text, b"00".as_slice()),
    };
    if ![8, 10, 12].contains(&digits.len())
        || seconds.len() != 2
        || !digits.iter().chain(seconds).all(u8::is_ascii_digit)
    {
        return None;
    }
    let text = |range: std::ops::Range<usize>| digits.get(range).and_then(|piece| std::str::from_utf8(piece).ok());
    let seconds = std::str::from_utf8(seconds).ok()?;
    let time = format!("{}:{}:{seconds}", text(4..6)?, text(6..8)?);
    let date = match digits.len() {
        8 => format!("{}/{}", text(0..2)?, text(2..4)?),
        10 => format!("{}/{}/{}", text(0..2)?, text(2..4)?, text(8..10)?),
        _ => format!("{}-{}-{}", text(8..12)?, text(0..2)?, text(2..4)?),
    };
    Some(Bytes::from(format!("{date} {time}")))
}
