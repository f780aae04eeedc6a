//! Pairing the lines of two sorted files.

use super::settings::{Check, Format, OutputField, Settings};
use crate::sys::Held;
use crate::text::quoting::quote_if_needed;
use crate::utility::operand::{close_operand, open_operand};
use crate::utility::prelude::*;
use std::cmp::Ordering;

/// Runs `join`.
pub(super) async fn join(sys: Sys, invocation: Invocation) -> ExitStatus {
    let settings = match Settings::new(&invocation) {
        Ok(settings) => settings,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let mut opened = Vec::new();
    for name in &settings.files {
        match open_operand(&sys, name).await {
            Ok(fd) => opened.push(fd),
            Err(errno) => {
                sys.complain(quote_if_needed(name), errno).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    let &[left, right] = opened.as_slice() else { return ExitStatus::FAILURE };
    if left == right {
        // GNU join 9.1 adds what errno happens to hold.
        sys.complain("both files cannot be standard input", Errno::ENOENT).await;
        return ExitStatus::FAILURE;
    }
    let mut join = Join {
        out: OutBuf::stdout(&sys),
        sides: [left, right].map(|fd| Side::new(Records::new(&sys, fd, settings.end))),
        unpaired: false,
        widths: None,
        held: 0,
        account: sys.account(),
        charged: 0,
        sys: sys.clone(),
        settings: &settings,
    };
    let result = join.run().await;
    let disorder = join.sides.iter().any(|side| side.disorder);
    close_operand(&sys, left).await;
    close_operand(&sys, right).await;
    let flushed = join.out.flush().await.map_err(Failure::Write);
    match result.and(flushed) {
        Ok(()) if disorder => sys.error("input is not in sorted order").await,
        Ok(()) => return ExitStatus::SUCCESS,
        Err(Failure::Read(errno)) => sys.complain("read error", errno).await,
        Err(Failure::Write(errno)) => sys.complain("write error", errno).await,
        Err(Failure::Disorder) => {}
    }
    ExitStatus::FAILURE
}

enum Failure {
    Read(Errno),
    Write(Errno),
    /// Lines are not sorted, which has been said.
    Disorder,
}

/// A line with the place of its join field.
#[derive(Clone, Default)]
struct Row {
    text: Bytes,
    key: (usize, usize),
}

impl Row {
    fn key(&self) -> &[u8] {
        self.text.get(self.key.0..self.key.1).unwrap_or_default()
    }
}

/// One of the files: the lines read whose fields are compared.
struct Side {
    records: Records,
    rows: Vec<Row>,
    /// The line read last, for the check of the order.
    previous: Option<Row>,
    line_number: u64,
    /// The line read last is out of order, which is still to be said.
    out_of_order: bool,
    disorder: bool,
}

impl Side {
    fn new(records: Records) -> Side {
        Side { records, rows: Vec::new(), previous: None, line_number: 0, out_of_order: false, disorder: false }
    }
}

struct Join<'s> {
    sys: Sys,
    settings: &'s Settings,
    out: OutBuf,
    sides: [Side; 2],
    /// A line without partner was seen.
    unpaired: bool,
    /// The numbers of fields of the first lines (`-o auto`).
    widths: Option<[usize; 2]>,
    /// Bytes of the lines of the current groups.
    held: usize,
    account: Held,
    charged: u64,
}

impl Join<'_> {
    async fn run(&mut self) -> Result<(), Failure> {
        self.read(0).await?;
        self.read(1).await?;
        if self.settings.format == Format::AsFirstLines {
            let separator = self.settings.separator;
            let width = |side: &Side| side.rows.first().map_or(0, |row| separator.fields(&row.text).count());
            let [left, right] = &self.sides;
            self.widths = Some([width(left), width(right)]);
        }
        if self.settings.header {
            self.header().await?;
        }
        while let [Some(left), Some(right)] = [0, 1].map(|side| self.first(side)) {
            match self.compare(left, right) {
                Ordering::Less => self.alone(0).await?,
                Ordering::Greater => self.alone(1).await?,
                Ordering::Equal => self.group().await?,
            }
        }
        let checks = self.settings.check != Check::Never;
        for side in 0..2 {
            self.rest(side, checks).await?;
        }
        Ok(())
    }

    fn first(&self, side: usize) -> Option<&Row> {
        self.sides.get(side).and_then(|side| side.rows.first())
    }

    fn compare(&self, left: &Row, right: &Row) -> Ordering {
        compare(self.settings.ignore_case, left, right)
    }

    /// Reads a line; false at the end of the file.
    async fn read(&mut self, side: usize) -> Result<bool, Failure> {
        if let Some(text) = self.sides.get_mut(side).and_then(|side| side.records.next_buffered())
            && !self.take(side, text)
        {
            return Ok(true);
        }
        // What seldom happens stays out of the way: it would make each call of this a large one.
        Box::pin(self.read_slowly(side)).await
    }

    async fn read_slowly(&mut self, side: usize) -> Result<bool, Failure> {
        let Some(state) = self.sides.get_mut(side) else { return Ok(false) };
        if !std::mem::take(&mut state.out_of_order) {
            let Some(record) = state.records.next().await.map_err(Failure::Read)? else { return Ok(false) };
            self.sys.charge(std::mem::take(&mut self.charged)).await;
            if !self.take(side, record.bytes) {
                return Ok(true);
            }
        }
        if let Some(state) = self.sides.get_mut(side) {
            state.out_of_order = false;
        }
        self.complain_of_order(side).await?;
        Ok(true)
    }

    /// Takes a line that was read; true if it is out of order, which is to be said.
    fn take(&mut self, side: usize, text: Bytes) -> bool {
        let row = row(text, self.settings, side);
        self.charged += 1 + row.text.len() as u64 / 64;
        let checks = match self.settings.check {
            Check::Always => true,
            Check::WhenUnpaired => self.unpaired,
            Check::Never => false,
        };
        let ignore_case = self.settings.ignore_case;
        let Some(state) = self.sides.get_mut(side) else { return false };
        state.line_number += 1;
        let before = state.previous.as_ref().filter(|_| checks && !state.disorder);
        let out_of_order = before.is_some_and(|before| compare(ignore_case, before, &row) == Ordering::Greater);
        if self.settings.check != Check::Never {
            state.previous = Some(row.clone());
        }
        state.rows.push(row);
        state.out_of_order = out_of_order;
        out_of_order
    }

    async fn complain_of_order(&mut self, side: usize) -> Result<(), Failure> {
        let (Some(state), Some(name)) = (self.sides.get_mut(side), self.settings.files.get(side)) else {
            return Ok(());
        };
        let place = format!(":{}: is not sorted: ", state.line_number);
        let text = state.rows.last().map(|row| row.text.clone()).unwrap_or_default();
        state.disorder = true;
        self.sys.error([name.as_ref(), place.as_bytes(), &text].concat()).await;
        if self.settings.check == Check::Always { Err(Failure::Disorder) } else { Ok(()) }
    }

    /// Replaces the lines of a side by its next one.
    async fn advance(&mut self, side: usize) -> Result<bool, Failure> {
        if let Some(state) = self.sides.get_mut(side) {
            state.rows.clear();
        }
        self.read(side).await
    }

    /// The first lines are names of fields: they are no part of the order.
    async fn header(&mut self) -> Result<(), Failure> {
        let names = [0, 1].map(|side| self.first(side).cloned());
        if names.iter().all(Option::is_none) {
            return Ok(());
        }
        self.print([names[0].as_ref(), names[1].as_ref()]);
        for (side, name) in names.iter().enumerate() {
            if let Some(state) = self.sides.get_mut(side) {
                state.previous = None;
            }
            if name.is_some() {
                self.advance(side).await?;
            }
        }
        self.flush().await
    }

    /// The first line of a side has no partner.
    async fn alone(&mut self, side: usize) -> Result<(), Failure> {
        self.print_alone(side);
        if self.out.is_full() {
            self.flush().await?;
        }
        self.advance(side).await?;
        self.unpaired = true;
        Ok(())
    }

    fn print_alone(&mut self, side: usize) {
        if self.settings.unpaired.get(side) == Some(&true)
            && let Some(row) = self.first(side).cloned()
        {
            self.print(if side == 0 { [Some(&row), None] } else { [None, Some(&row)] });
        }
    }

    /// Reads all lines of both sides that have the key of the first ones, and prints each pair.
    async fn group(&mut self) -> Result<(), Failure> {
        let mut behind = [false; 2];
        for (side, at_end) in behind.iter_mut().enumerate() {
            let Some(key) = self.first(1 - side).cloned() else { return Ok(()) };
            loop {
                if !self.read(side).await? {
                    *at_end = true;
                    break;
                }
                let Some(last) = self.sides.get(side).and_then(|side| side.rows.last()) else { break };
                let size = last.text.len();
                if self.compare(last, &key) != Ordering::Equal {
                    break;
                }
                self.held += size;
                if self.held > CHUNK {
                    self.account.set(self.held);
                }
            }
        }
        let [left, right] = [0, 1].map(|side| {
            let mut rows = self.sides.get_mut(side).map(|side| std::mem::take(&mut side.rows)).unwrap_or_default();
            let next = if behind[side] { None } else { rows.pop() };
            (rows, next)
        });
        if self.settings.pairs {
            for row in &left.0 {
                for partner in &right.0 {
                    self.print([Some(row), Some(partner)]);
                    if self.out.is_full() {
                        self.sys.charge(CHUNK as u64 / 16).await;
                        self.flush().await?;
                    }
                }
            }
        }
        for (side, (mut rows, next)) in [left, right].into_iter().enumerate() {
            rows.clear();
            rows.extend(next);
            if let Some(state) = self.sides.get_mut(side) {
                state.rows = rows;
            }
        }
        self.held = 0;
        self.account.set(0);
        Ok(())
    }

    /// What is left of a file when the other is at its end: lines without partner.
    async fn rest(&mut self, side: usize, checks: bool) -> Result<(), Failure> {
        let wanted = self.settings.unpaired.get(side) == Some(&true);
        if !(wanted || checks) || self.first(side).is_none() {
            return Ok(());
        }
        self.print_alone(side);
        // The other file has been read up to its end, so the order of this one counts if there was another line at all.
        self.unpaired |= self.sides.get(1 - side).is_some_and(|other| other.line_number > 0 && !other.rows.is_empty());
        while self.advance(side).await? {
            self.print_alone(side);
            self.flush().await?;
            if !wanted && self.sides.get(side).is_some_and(|side| side.disorder) {
                break;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        Box::pin(self.out.flush_if_full()).await.map_err(Failure::Write)
    }

    /// Prints a line made of two, or of one without partner.
    fn print(&mut self, rows: [Option<&Row>; 2]) {
        let settings = self.settings;
        let out = self.out.buffer();
        let key = rows[0].or(rows[1]).map(Row::key).unwrap_or_default();
        let between = settings.separator.in_output();
        if let Format::Fields(fields) = &settings.format {
            for (at, field) in fields.iter().enumerate() {
                if at > 0 {
                    out.push(between);
                }
                let text = match *field {
                    OutputField::Join => Some(key),
                    OutputField::Of(file, place) => {
                        let row = rows.get(file).copied().flatten();
                        row.and_then(|row| settings.separator.fields(&row.text).nth(place))
                    }
                };
                put_field(text.unwrap_or_default(), settings, out);
            }
        } else {
            put_field(key, settings, out);
            for (side, row) in rows.into_iter().enumerate() {
                let width = self.widths.and_then(|widths| widths.get(side).copied());
                put_others(row, side, width, settings, out);
            }
        }
        out.push(settings.end);
    }
}

/// Puts the fields of a line but that it is joined on; `width` of them where that is fixed.
fn put_others(row: Option<&Row>, side: usize, width: Option<usize>, settings: &Settings, out: &mut Vec<u8>) {
    let join = settings.join.get(side).copied().unwrap_or_default();
    let text = row.map(|row| row.text.as_ref()).unwrap_or_default();
    let mut count = 0;
    for field in settings.separator.fields(text).take(width.unwrap_or(usize::MAX)) {
        if count != join {
            out.push(settings.separator.in_output());
            put_field(field, settings, out);
        }
        count += 1;
    }
    for place in count..width.unwrap_or(0) {
        if place != join {
            out.push(settings.separator.in_output());
            put_field(b"", settings, out);
        }
    }
}

fn put_field(text: &[u8], settings: &Settings, out: &mut Vec<u8>) {
    out.extend_from_slice(if text.is_empty() { &settings.filler } else { text });
}

fn compare(ignore_case: bool, left: &Row, right: &Row) -> Ordering {
    if ignore_case {
        let fold = |row| Row::key(row).iter().map(u8::to_ascii_uppercase);
        fold(left).cmp(fold(right))
    } else {
        left.key().cmp(right.key())
    }
}

/// Finds the join field of a line.
fn row(text: Bytes, settings: &Settings, side: usize) -> Row {
    let place = settings.join.get(side).copied().unwrap_or_default();
    let key = settings.separator.places(&text).nth(place).unwrap_or((0, 0));
    Row { text, key }
}
