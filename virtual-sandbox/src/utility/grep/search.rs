//! Searching one file: buffer by buffer, each a run of whole lines.

use super::line::{Line, LineWriter, Role};
use super::pattern::{PatternError, Patterns};
use super::settings::{Binary, Report, Settings};
use crate::utility::prelude::*;
use std::collections::VecDeque;

/// How a search ended.
pub(super) struct Outcome {
    /// The selected lines.
    pub selected: u64,
    /// A match lies in what is no text.
    pub binary_match: bool,
    /// Where the file was left, if before its end: behind the last selected line.
    pub left_at: Option<u64>,
}

/// Why a search failed.
pub(super) enum SearchError {
    Read(Errno),
    Write(Errno),
    Pattern(PatternError),
}

impl From<PatternError> for SearchError {
    fn from(error: PatternError) -> Self {
        SearchError::Pattern(error)
    }
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Flow {
    Continue,
    Stop,
}

struct Search<'s> {
    settings: &'s Settings,
    patterns: &'s Patterns,
    writer: LineWriter<'s>,
    /// Lines are written.
    shows_lines: bool,
    /// One selected line decides.
    first_decides: bool,
    selected: u64,
    /// The number of the lines before the current place, and its offset in the file.
    lines: u64,
    offset: u64,
    /// NUL bytes were seen, with this many lines selected before.
    nul_after: Option<u64>,
    /// Context lines still to be written.
    after: u64,
    /// The last lines that were not written, for context before.
    before: VecDeque<(Vec<u8>, u64, u64)>,
    /// The number of the last line written; 0: none.
    last_written: u64,
    wrote_any: bool,
    left_at: u64,
}

/// Searches the file open at `fd`; `any_written` is whether groups of lines were written before (and says so after).
pub(super) async fn search(
    sys: &Sys,
    settings: &Settings,
    patterns: &Patterns,
    file_name: &[u8],
    fd: Fd,
    out: &mut OutBuf,
    any_written: &mut bool,
) -> Result<Outcome, SearchError> {
    let writer = LineWriter { settings, patterns, file_name, is_text: None, encoding_error: false };
    let mut search = Search {
        settings,
        patterns,
        writer,
        shows_lines: settings.report == Report::Lines,
        first_decides: !matches!(settings.report, Report::Lines | Report::Count),
        selected: 0,
        lines: 0,
        offset: 0,
        nul_after: None,
        after: 0,
        before: VecDeque::new(),
        last_written: 0,
        wrote_any: *any_written,
        left_at: 0,
    };
    let stopped = search.run(sys, fd, out).await?;
    *any_written = search.wrote_any;
    let in_nul = search.nul_after.is_some_and(|before| before < search.selected);
    let shown = settings.report == Report::Lines && !settings.no_messages;
    Ok(Outcome {
        selected: search.selected,
        binary_match: settings.binary == Binary::Report && shown && (search.writer.encoding_error || in_nul),
        left_at: stopped.then_some(search.left_at),
    })
}

impl Search<'_> {
    /// Reads to the end, or until the search is decided: then true.
    async fn run(&mut self, sys: &Sys, fd: Fd, out: &mut OutBuf) -> Result<bool, SearchError> {
        let mut carry: Vec<u8> = Vec::new();
        let mut held = sys.account();
        loop {
            let Some(chunk) = sys.read_chunk(fd).await.map_err(SearchError::Read)? else { break };
            sys.charge(chunk.len() as u64 / 64 + 1).await;
            let mut chunk = chunk.as_ref();
            if self.note_nul(chunk) == Flow::Stop {
                return Ok(false);
            }
            if !carry.is_empty() {
                let Some(end) = self.first_line_end(chunk) else {
                    carry.extend_from_slice(chunk);
                    held.set(carry.len());
                    continue;
                };
                let (head, tail) = chunk.split_at(end);
                carry.extend_from_slice(head);
                let first = std::mem::take(&mut carry);
                if self.buffer(&first, out)? == Flow::Stop {
                    return Ok(true);
                }
                chunk = tail;
            }
            let whole = memchr::memrchr(self.settings.eol, chunk).map_or(0, |last| last + 1);
            let (whole, rest) = chunk.split_at(whole);
            carry.extend_from_slice(rest);
            held.set(carry.len());
            let flow = self.buffer(whole, out)?;
            out.flush_if_full().await.map_err(SearchError::Write)?;
            if self.settings.line_buffered {
                out.flush().await.map_err(SearchError::Write)?;
            }
            if flow == Flow::Stop {
                return Ok(true);
            }
        }
        let flow = self.buffer(&carry, out)?;
        out.flush_if_full().await.map_err(SearchError::Write)?;
        Ok(flow == Flow::Stop)
    }

    fn first_line_end(&self, chunk: &[u8]) -> Option<usize> {
        memchr::memchr(self.settings.eol, chunk).map(|end| end + 1)
    }

    /// The first NUL byte makes a file binary: from there on a match is reported, not shown.
    fn note_nul(&mut self, chunk: &[u8]) -> Flow {
        let watches = self.settings.eol != 0 && self.settings.binary != Binary::Text && self.nul_after.is_none();
        if !watches || memchr::memchr(0, chunk).is_none() {
            return Flow::Continue;
        }
        if self.settings.binary == Binary::WithoutMatch {
            self.selected = 0;
            return Flow::Stop;
        }
        self.nul_after = Some(self.selected);
        if self.settings.report != Report::Count {
            self.shows_lines = false;
            self.first_decides = true;
        }
        Flow::Continue
    }

    /// Searches a run of whole lines.
    fn buffer(&mut self, buffer: &[u8], out: &mut OutBuf) -> Result<Flow, SearchError> {
        if self.nul_after.is_none() {
            return self.lines_of(buffer, out);
        }
        // In a binary file a NUL byte ends a line too.
        let eol = self.settings.eol;
        let zapped: Vec<u8> = buffer.iter().map(|byte| if *byte == 0 { eol } else { *byte }).collect();
        self.lines_of(&zapped, out)
    }

    fn lines_of(&mut self, buffer: &[u8], out: &mut OutBuf) -> Result<Flow, SearchError> {
        self.writer.is_text = None;
        let mut at = 0;
        while at < buffer.len() {
            if self.settings.max_count.is_some_and(|max| self.selected >= max) {
                return self.trail(buffer, at, out);
            }
            let found = self.patterns.find_line(buffer, at)?;
            let (start, end) = found.unwrap_or((buffer.len(), buffer.len()));
            let next = buffer.len().min(end + 1);
            if !self.settings.invert {
                self.pass(buffer.get(at..start).unwrap_or_default(), out)?;
                if found.is_some() && self.select(buffer, (start, end), out)? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
                at = next;
                continue;
            }
            // All lines before the one that matches are selected.
            if self.selects_runs() {
                self.select_run(buffer.get(at..start).unwrap_or_default(), out);
                at = start;
            }
            while at < start {
                if self.settings.max_count.is_some_and(|max| self.selected >= max) {
                    return self.trail(buffer, at, out);
                }
                let rest = buffer.get(at..start).unwrap_or_default();
                let line_end = memchr::memchr(self.settings.eol, rest).map_or(start, |found| at + found);
                if self.select(buffer, (at, line_end), out)? == Flow::Stop {
                    return Ok(Flow::Stop);
                }
                at = start.min(line_end + 1);
            }
            self.pass(buffer.get(start..next).unwrap_or_default(), out)?;
            at = next;
        }
        Ok(Flow::Continue)
    }

    /// Whether selected lines that follow each other are treated as one piece: nothing but their text or their number counts.
    fn selects_runs(&self) -> bool {
        let settings = self.settings;
        let written = self.shows_lines && !self.writer.writes_plain_lines();
        !written && !self.first_decides && settings.max_count.is_none() && settings.after == 0 && settings.before == 0
    }

    /// Selects whole lines.
    fn select_run(&mut self, lines: &[u8], out: &mut OutBuf) {
        if lines.is_empty() {
            return;
        }
        let eol = self.settings.eol;
        let unended = lines.last() != Some(&eol);
        let count = memchr::memchr_iter(eol, lines).count() as u64 + u64::from(unended);
        self.selected += count;
        self.offset += lines.len() as u64;
        self.left_at = self.offset;
        if !self.shows_lines {
            return;
        }
        self.lines += count;
        self.wrote_any = true;
        self.last_written = self.lines;
        self.writer.plain_lines(lines, out.buffer());
    }

    /// The first line from `at` on that does not match.
    fn find_other(&self, buffer: &[u8], mut at: usize) -> Result<Option<(usize, usize)>, PatternError> {
        while at < buffer.len() {
            let matching = self.patterns.find_line(buffer, at)?;
            match matching {
                Some((start, end)) if start <= at => at = end + 1,
                _ => {
                    let rest = buffer.get(at..).unwrap_or_default();
                    let end = memchr::memchr(self.settings.eol, rest).map_or(buffer.len(), |found| at + found);
                    return Ok(Some((at, end)));
                }
            }
        }
        Ok(None)
    }

    /// The lines behind the last one that may be selected: context, up to the next that would be selected.
    fn trail(&mut self, buffer: &[u8], at: usize, out: &mut OutBuf) -> Result<Flow, SearchError> {
        if self.after == 0 || !self.shows_lines {
            return Ok(Flow::Stop);
        }
        let found = match self.settings.invert {
            false => self.patterns.find_line(buffer, at)?,
            true => self.find_other(buffer, at)?,
        };
        let end = found.map_or(buffer.len(), |(start, _)| start);
        self.pass(buffer.get(at..end).unwrap_or_default(), out)?;
        Ok(if found.is_some() || self.after == 0 { Flow::Stop } else { Flow::Continue })
    }

    /// Goes over lines that are not selected: some are context.
    fn pass(&mut self, mut lines: &[u8], out: &mut OutBuf) -> Result<(), SearchError> {
        while self.after > 0 && !lines.is_empty() && self.shows_lines {
            let end = memchr::memchr(self.settings.eol, lines).unwrap_or(lines.len());
            let text = lines.get(..end).unwrap_or_default();
            self.lines += 1;
            let line = Line { text, number: self.lines, offset: self.offset };
            self.writer.write(line, Role::Context, out.buffer())?;
            self.last_written = self.lines;
            self.after -= 1;
            let next = lines.len().min(end + 1);
            self.offset += next as u64;
            lines = lines.get(next..).unwrap_or_default();
        }
        if lines.is_empty() {
            return Ok(());
        }
        if self.shows_lines && self.settings.before > 0 {
            self.remember(lines);
            return Ok(());
        }
        if self.settings.line_number || self.settings.separator.is_some() {
            self.lines += memchr::memchr_iter(self.settings.eol, lines).count() as u64;
            self.lines += u64::from(lines.last() != Some(&self.settings.eol));
        }
        self.offset += lines.len() as u64;
        Ok(())
    }

    /// Keeps the last lines for context before.
    fn remember(&mut self, lines: &[u8]) {
        let count = usize::try_from(self.settings.before).unwrap_or(usize::MAX);
        let body = lines.strip_suffix(&[self.settings.eol]).unwrap_or(lines);
        let mut start = body.len();
        let mut kept = 0;
        while kept < count {
            kept += 1;
            match memchr::memrchr(self.settings.eol, body.get(..start).unwrap_or_default()) {
                Some(before) if kept < count => start = before,
                Some(before) => {
                    start = before + 1;
                    break;
                }
                None => {
                    start = 0;
                    break;
                }
            }
        }
        let (skipped, recent) = lines.split_at(start);
        self.lines += memchr::memchr_iter(self.settings.eol, skipped).count() as u64;
        self.offset += skipped.len() as u64;
        for text in recent.split_inclusive(|byte| *byte == self.settings.eol) {
            self.lines += 1;
            let line = text.strip_suffix(&[self.settings.eol]).unwrap_or(text);
            let entry = (line.to_vec(), self.lines, self.offset);
            self.before.push_back(entry);
            if self.before.len() > count {
                self.before.pop_front();
            }
            self.offset += text.len() as u64;
        }
    }

    /// Selects a line: counts it, and writes it if lines are shown.
    fn select(&mut self, buffer: &[u8], line: (usize, usize), out: &mut OutBuf) -> Result<Flow, SearchError> {
        let (start, end) = line;
        self.selected += 1;
        if self.shows_lines {
            self.show(buffer, start, end, out)?;
        } else if self.settings.line_number || self.settings.max_count.is_some() {
            self.lines += 1;
        }
        self.offset += (buffer.len().min(end + 1) - start) as u64;
        self.left_at = self.offset;
        Ok(if self.first_decides { Flow::Stop } else { Flow::Continue })
    }

    /// Writes a selected line, with the context before it.
    fn show(&mut self, buffer: &[u8], start: usize, end: usize, out: &mut OutBuf) -> Result<(), SearchError> {
        let number = self.lines + 1;
        let first = self.before.front().map_or(number, |(_, number, _)| *number);
        let gap = self.last_written + 1 < first || self.last_written == 0;
        if let Some(separator) = &self.settings.separator
            && self.wrote_any
            && gap
        {
            self.writer.separating(separator, out.buffer());
            out.buffer().push(b'\n');
        }
        for (text, number, offset) in std::mem::take(&mut self.before) {
            let line = Line { text: &text, number, offset };
            self.writer.write(line, Role::Context, out.buffer())?;
        }
        if self.writer.is_text.is_none() {
            self.writer.is_text = Some(self.settings.binary == Binary::Text || std::str::from_utf8(buffer).is_ok());
        }
        let text = buffer.get(start..end).unwrap_or_default();
        let line = Line { text, number, offset: self.offset };
        self.writer.write(line, Role::Selected, out.buffer())?;
        self.lines = number;
        self.last_written = number;
        self.wrote_any = true;
        self.after = self.settings.after;
        Ok(())
    }
}
