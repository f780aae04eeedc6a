//! Sorting, merging and checking.

use super::numeric::small_integer;
use super::order::{compare, compare_after_first, compare_from_first};
use super::settings::{Mode, Settings, TROUBLE};
use crate::text::quoting::quote_if_needed;
use crate::utility::prelude::*;
use std::cmp::Ordering;

/// Where results go: standard output at once, a file at the end, since it may be one of the inputs.
enum Sink {
    Stdout(OutBuf),
    File(Bytes, Vec<u8>),
}

/// What went wrong, as a message.
struct Trouble(Vec<u8>);

fn trouble(what: &str, name: &[u8], errno: Errno) -> Trouble {
    Trouble([what.as_bytes(), b": ", &quote_if_needed(name), b": ", errno.message().as_bytes()].concat())
}

/// Runs `sort`.
pub(super) async fn sort(sys: Sys, invocation: Invocation) -> ExitStatus {
    let settings = match Settings::new(&sys, &invocation).await {
        Ok(settings) => settings,
        Err(refusal) => return refusal.report(&sys).await,
    };
    let result = match settings.mode {
        Mode::Check | Mode::CheckQuietly => check(&sys, &settings).await,
        Mode::Sort | Mode::Merge => write_sorted(&sys, &settings).await,
    };
    match result {
        Ok(status) => status,
        Err(Trouble(message)) => {
            sys.error(message).await;
            TROUBLE
        }
    }
}

async fn write_sorted(sys: &Sys, settings: &Settings) -> Result<ExitStatus, Trouble> {
    for file in settings.files.iter().filter(|file| file.as_ref() != b"-") {
        sys.access(file.clone(), 4).await.map_err(|errno| trouble("cannot read", file, errno))?;
    }
    let mut sink = match &settings.output {
        None => Sink::Stdout(OutBuf::stdout(sys)),
        Some(name) => {
            // Fails early where the file cannot be written, but leaves its content for reading.
            let flags = OpenFlags::WRITE.union(OpenFlags::CREATE);
            let opened = sys.open(name.clone(), flags, 0o666).await;
            let fd = opened.map_err(|errno| trouble("open failed", name, errno))?;
            sys.close(fd).await.map_err(|errno| trouble("close failed", name, errno))?;
            Sink::File(name.clone(), Vec::new())
        }
    };
    match settings.mode {
        Mode::Merge => merge(sys, settings, &mut sink).await?,
        _ => sort_all(sys, settings, &mut sink).await?,
    }
    match sink {
        Sink::Stdout(out) => Ok(if out.finish().await { ExitStatus::SUCCESS } else { TROUBLE }),
        Sink::File(name, text) => {
            let fd = sys.create(name.clone()).await.map_err(|errno| trouble("open failed", &name, errno))?;
            let written = sys.write_all(fd, Bytes::from(text)).await;
            written.map_err(|errno| trouble("write failed", &name, errno))?;
            sys.close(fd).await.map_err(|errno| trouble("close failed", &name, errno))?;
            Ok(ExitStatus::SUCCESS)
        }
    }
}

impl Sink {
    async fn line(&mut self, line: &[u8], end: u8) -> Result<(), Trouble> {
        match self {
            Sink::Stdout(out) => {
                out.put(line);
                out.put(&[end]);
                out.flush_if_full().await.map_err(|errno| trouble("write failed", b"standard output", errno))
            }
            Sink::File(_, text) => {
                text.extend_from_slice(line);
                text.push(end);
                Ok(())
            }
        }
    }
}

/// A line by its place in the text, its first key, and that as a number if it is a simple one.
struct Line {
    start: usize,
    end: usize,
    key_start: usize,
    key_end: usize,
    number: Option<i64>,
}

async fn sort_all(sys: &Sys, settings: &Settings, sink: &mut Sink) -> Result<(), Trouble> {
    let text = read_all(sys, settings).await?;
    let mut lines = split(settings, &text);
    let count = lines.len() as u64;
    sys.charge(count * u64::from(count.max(2).ilog2()) / 4 + text.len() as u64 / 64).await;
    match settings.keys.first() {
        None if !settings.reverse => lines.sort_unstable_by(|a, b| whole(&text, a).cmp(whole(&text, b))),
        None => lines.sort_unstable_by(|a, b| whole(&text, b).cmp(whole(&text, a))),
        Some(key) => lines.sort_by(|a, b| match (a.number, b.number) {
            (Some(left), Some(right)) => {
                let first = left.cmp(&right);
                let first = if key.ordering.reverse { first.reverse() } else { first };
                first.then_with(|| compare_after_first(settings, whole(&text, a), whole(&text, b)))
            }
            _ => {
                let key_of = |line: &Line| text.get(line.key_start..line.key_end).unwrap_or_default();
                compare_from_first(settings, key, (whole(&text, a), key_of(a)), (whole(&text, b), key_of(b)))
            }
        }),
    }
    let mut last: Option<&Line> = None;
    for line in &lines {
        if settings.unique
            && last.is_some_and(|last| compare(settings, whole(&text, last), whole(&text, line)) == Ordering::Equal)
        {
            continue;
        }
        sink.line(whole(&text, line), settings.end).await?;
        last = Some(line);
    }
    Ok(())
}

fn whole<'t>(text: &'t [u8], line: &Line) -> &'t [u8] {
    text.get(line.start..line.end).unwrap_or_default()
}

fn split(settings: &Settings, text: &[u8]) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    let ends =
        memchr::memchr_iter(settings.end, text).chain((text.last() != Some(&settings.end)).then_some(text.len()));
    for end in ends.filter(|_| !text.is_empty()) {
        let mut line = Line { start, end, key_start: start, key_end: end, number: None };
        if let Some(key) = settings.keys.first() {
            let bytes = text.get(start..end).unwrap_or_default();
            let (key_start, key_end) = key.range(bytes, settings.tab);
            if key.ordering.numeric {
                line.number = small_integer(bytes.get(key_start..key_end).unwrap_or_default());
            }
            line.key_start = start + key_start;
            line.key_end = start + key_end;
        }
        lines.push(line);
        start = end + 1;
    }
    lines
}

/// All files, each ending in an end of line.
async fn read_all(sys: &Sys, settings: &Settings) -> Result<Vec<u8>, Trouble> {
    let mut text = Vec::new();
    for name in &settings.files {
        let fd = open(sys, name).await?;
        loop {
            match sys.read_chunk(fd).await {
                Ok(Some(chunk)) => {
                    text.extend_from_slice(&chunk);
                    sys.hold(text.len());
                }
                Ok(None) => break,
                Err(errno) => return Err(trouble("read failed", name, errno)),
            }
        }
        if text.last().is_some_and(|byte| *byte != settings.end) {
            text.push(settings.end);
        }
        close(sys, fd, name).await?;
    }
    Ok(text)
}

async fn open(sys: &Sys, name: &Bytes) -> Result<Fd, Trouble> {
    if name.as_ref() == b"-" {
        return Ok(Fd::STDIN);
    }
    sys.open_read(name.clone()).await.map_err(|errno| trouble("open failed", name, errno))
}

async fn close(sys: &Sys, fd: Fd, name: &[u8]) -> Result<(), Trouble> {
    if fd == Fd::STDIN {
        return Ok(());
    }
    sys.close(fd).await.map_err(|errno| trouble("close failed", name, errno))
}

/// Merges sorted files: of the next lines of all, the least is written; of equal ones, that of the first file.
async fn merge(sys: &Sys, settings: &Settings, sink: &mut Sink) -> Result<(), Trouble> {
    let mut inputs = Vec::new();
    for name in &settings.files {
        let fd = open(sys, name).await?;
        let mut records = Records::new(sys, fd, settings.end);
        if let Some(line) = next(&mut records, name).await? {
            inputs.push((name, records, line));
        }
    }
    let mut last: Option<Bytes> = None;
    let mut steps = 0u64;
    while !inputs.is_empty() {
        let mut least = 0;
        for at in 1..inputs.len() {
            if let (Some((_, _, line)), Some((_, _, best))) = (inputs.get(at), inputs.get(least))
                && compare(settings, line, best) == Ordering::Less
            {
                least = at;
            }
        }
        steps += inputs.len() as u64;
        if steps > 1024 {
            sys.charge(std::mem::take(&mut steps)).await;
        }
        let Some((name, records, line)) = inputs.get_mut(least) else { break };
        let following = next(records, name).await?;
        let line = match following {
            Some(following) => std::mem::replace(line, following),
            None => inputs.remove(least).2,
        };
        if settings.unique && last.as_ref().is_some_and(|last| compare(settings, last, &line) == Ordering::Equal) {
            continue;
        }
        sink.line(&line, settings.end).await?;
        last = Some(line);
    }
    Ok(())
}

async fn next(records: &mut Records, name: &[u8]) -> Result<Option<Bytes>, Trouble> {
    let record = records.next().await.map_err(|errno| trouble("read failed", name, errno))?;
    Ok(record.map(|record| record.bytes))
}

/// Checks that each line is not before the one above it; with `-u` that it is behind it.
async fn check(sys: &Sys, settings: &Settings) -> Result<ExitStatus, Trouble> {
    let Some(name) = settings.files.first() else { return Ok(ExitStatus::SUCCESS) };
    let fd = open(sys, name).await?;
    let mut records = Records::new(sys, fd, settings.end);
    let mut above: Option<Bytes> = None;
    let mut number = 0u64;
    while let Some(line) = next(&mut records, name).await? {
        number += 1;
        if number.is_multiple_of(256) {
            sys.charge(256).await;
        }
        if let Some(above) = &above {
            let found = compare(settings, above, &line);
            if found == Ordering::Greater || settings.unique && found == Ordering::Equal {
                if settings.mode == Mode::Check {
                    let place = format!(":{number}: disorder: ");
                    sys.error([quote_if_needed(name).as_slice(), place.as_bytes(), &line].concat()).await;
                }
                return Ok(ExitStatus::FAILURE);
            }
        }
        above = Some(line);
    }
    Ok(ExitStatus::SUCCESS)
}
