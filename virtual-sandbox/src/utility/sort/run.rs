//! Sorting, merging and checking.

use super::arrange::{arrange, overhead};
use super::order::compare;
use super::settings::{Mode, Settings, TROUBLE};
use crate::sys::Held;
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
        Err(refusal) => return refusal.report(&sys, TROUBLE).await,
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
        Sink::Stdout(mut out) => {
            let Err(errno) = out.flush().await else { return Ok(ExitStatus::SUCCESS) };
            sys.complain("fflush failed: 'standard output'", errno).await;
            // Closing standard output finds the error again, and no longer knows which.
            sys.error("write error").await;
            Ok(TROUBLE)
        }
        Sink::File(name, text) => {
            let fd = sys.create(name.clone()).await.map_err(|errno| trouble("open failed", &name, errno))?;
            let written = sys.write_all(fd, Bytes::from(text)).await;
            if let Err(errno) = written {
                sys.error(trouble("fflush failed", &name, errno).0).await;
                return Err(Trouble(b"write error".to_vec()));
            }
            sys.close(fd).await.map_err(|errno| trouble("close failed", &name, errno))?;
            Ok(ExitStatus::SUCCESS)
        }
    }
}

impl Sink {
    fn put(&mut self, line: &[u8], end: u8) {
        let text = match self {
            Sink::Stdout(out) => out.buffer(),
            Sink::File(_, text) => text,
        };
        text.extend_from_slice(line);
        text.push(end);
    }

    fn is_full(&self) -> bool {
        matches!(self, Sink::Stdout(out) if out.is_full())
    }

    async fn flush(&mut self) -> Result<(), Trouble> {
        match self {
            Sink::Stdout(out) => out.flush().await.map_err(|errno| trouble("write failed", b"standard output", errno)),
            Sink::File(..) => Ok(()),
        }
    }
}

async fn sort_all(sys: &Sys, settings: &Settings, sink: &mut Sink) -> Result<(), Trouble> {
    let mut held = sys.account();
    let text = read_all(sys, settings, &mut held).await?;
    let count = memchr::memchr_iter(settings.end, &text).count();
    // Keys that are made out of the text are about as long as it.
    let keys = if settings.keys.is_empty() { 0 } else { text.len() };
    held.set(text.len() + keys + overhead(count));
    let steps = count as u64 * u64::from(count.max(2).ilog2()) / 4;
    sys.charge(steps + text.len() as u64 / 64).await;
    let arranged = arrange(settings, &text);
    let mut last: Option<&[u8]> = None;
    for line in arranged.lines() {
        if settings.unique && last.is_some_and(|last| compare(settings, last, line) == Ordering::Equal) {
            continue;
        }
        sink.put(line, settings.end);
        if sink.is_full() {
            sink.flush().await?;
        }
        last = Some(line);
    }
    Ok(())
}

/// All files, each ending in an end of line.
async fn read_all(sys: &Sys, settings: &Settings, held: &mut Held) -> Result<Vec<u8>, Trouble> {
    let mut text = Vec::new();
    for name in &settings.files {
        let fd = open(sys, name).await?;
        loop {
            match sys.read_chunk(fd).await {
                Ok(Some(chunk)) => {
                    text.extend_from_slice(&chunk);
                    held.set(text.len());
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

/// A file that is merged: its next line.
struct Input<'n> {
    name: &'n Bytes,
    records: Records,
    line: Vec<u8>,
}

impl Input<'_> {
    /// Goes on to the next line if it has been read; false if not.
    fn advance_buffered(&mut self) -> bool {
        let Some(line) = self.records.buffered() else { return false };
        self.line.clear();
        self.line.extend_from_slice(line);
        true
    }

    /// Goes on to the next line; false at the end.
    async fn advance(&mut self) -> Result<bool, Trouble> {
        self.line.clear();
        let record = self.records.next().await.map_err(|errno| trouble("read failed", self.name, errno))?;
        self.line.extend_from_slice(record.as_ref().map(|record| record.bytes.as_ref()).unwrap_or_default());
        Ok(record.is_some())
    }
}

/// Merges sorted files: of the next lines of all, the least is written; of equal ones, that of the first file.
async fn merge(sys: &Sys, settings: &Settings, sink: &mut Sink) -> Result<(), Trouble> {
    let mut inputs = Vec::new();
    for name in &settings.files {
        let fd = open(sys, name).await?;
        let mut input = Input { name, records: Records::new(sys, fd, settings.end), line: Vec::new() };
        if input.advance().await? {
            inputs.push(input);
        }
    }
    let before = |inputs: &[Input<'_>], a: usize, b: usize| match (inputs.get(a), inputs.get(b)) {
        (Some(left), Some(right)) => compare(settings, &left.line, &right.line).then(a.cmp(&b)) == Ordering::Less,
        _ => false,
    };
    // The inputs by their next lines.
    let mut order: Vec<usize> = (0..inputs.len()).collect();
    order.sort_by(|a, b| if before(&inputs, *a, *b) { Ordering::Less } else { Ordering::Greater });
    let mut last: Option<Vec<u8>> = None;
    let mut steps = 0u64;
    while let Some(&least) = order.first() {
        let Some(input) = inputs.get_mut(least) else { break };
        let repeated = settings.unique
            && last.as_ref().is_some_and(|last| compare(settings, last, &input.line) == Ordering::Equal);
        if !repeated {
            sink.put(&input.line, settings.end);
            if settings.unique {
                last.get_or_insert_default().clone_from(&input.line);
            }
        }
        steps += 1 + input.line.len() as u64 / 64;
        let more = input.advance_buffered() || input.advance().await?;
        let others = order.get(1..).unwrap_or_default();
        let behind = others.partition_point(|other| before(&inputs, *other, least));
        if let Some(passed) = order.get_mut(..=behind) {
            passed.rotate_left(1);
        }
        if !more {
            order.retain(|other| *other != least);
        }
        if sink.is_full() {
            sink.flush().await?;
        }
        if steps > 1024 {
            sys.charge(std::mem::take(&mut steps)).await;
        }
    }
    Ok(())
}

/// Checks that each line is not before the one above it; with `-u` that it is behind it.
async fn check(sys: &Sys, settings: &Settings) -> Result<ExitStatus, Trouble> {
    let Some(name) = settings.files.first() else { return Ok(ExitStatus::SUCCESS) };
    let fd = open(sys, name).await?;
    let mut lines = Records::new(sys, fd, settings.end);
    let mut above: Option<Vec<u8>> = None;
    let mut number = 0u64;
    while let Some(block) = lines.block().await.map_err(|errno| trouble("read failed", name, errno))? {
        sys.charge(block.len() as u64 / 32).await;
        let mut before = above.as_deref();
        for line in records(&block, settings.end) {
            number += 1;
            let found = before.map_or(Ordering::Less, |before| compare(settings, before, line));
            if found == Ordering::Greater || settings.unique && found == Ordering::Equal {
                if settings.mode == Mode::Check {
                    let place = format!(":{number}: disorder: ");
                    sys.error([quote_if_needed(name).as_slice(), place.as_bytes(), line].concat()).await;
                }
                return Ok(ExitStatus::FAILURE);
            }
            before = Some(line);
        }
        above = before.map(<[u8]>::to_vec);
    }
    Ok(ExitStatus::SUCCESS)
}
