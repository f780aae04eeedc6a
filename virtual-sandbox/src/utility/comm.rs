//! `comm` - compare two sorted files line by line.  [POSIX comm; GNU coreutils "comm invocation"]

use crate::text::quoting::{quote, quote_if_needed};
use crate::utility::operand::open_operand;
use crate::utility::prelude::*;
use std::cmp::Ordering;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "comm",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(comm(sys, inv)),
    doc: "compare two sorted files line by line",
};

options! {
    OPTIONS: "[OPTION]... FILE1 FILE2", Permute, 1;
    CHECK    = ' ', "check-order", No, "check that the input is correctly sorted, even if all input lines are pairable";
    NO_CHECK = ' ', "nocheck-order", No, "do not check that the input is correctly sorted";
    DELIMITER = ' ', "output-delimiter", Required("STR"), "separate columns with STR";
    TOTAL    = ' ', "total", No, "output a summary";
    ZERO     = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
    ONE      = '1', "", No, "suppress column 1 (lines unique to FILE1)";
    TWO      = '2', "", No, "suppress column 2 (lines unique to FILE2)";
    THREE    = '3', "", No, "suppress column 3 (lines that appear in both files)";
}

/// Whether unsorted input is an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Check {
    /// Once a line has no partner.
    WhenUnpaired,
    Always,
    Never,
}

/// One of the two files, with the line under comparison.
struct Side {
    records: Records,
    name: Bytes,
    line: Option<Vec<u8>>,
    /// A line that was read, and is out of order.
    disorderly: Option<Vec<u8>>,
    unsorted: bool,
}

async fn comm(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let problem = match parsed.operands() {
        [] => Some(b"missing operand".to_vec()),
        [only] => Some([b"missing operand after ".as_slice(), &quote(only)].concat()),
        [_, _, extra, ..] => Some([b"extra operand ".as_slice(), &quote(extra)].concat()),
        _ => None,
    };
    if let Some(problem) = problem {
        sys.error(problem).await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let mut delimiters = parsed.values(DELIMITER);
    let delimiter = delimiters.next().cloned().unwrap_or_else(|| Bytes::from_static(b"\t"));
    if delimiters.any(|other| *other != delimiter) {
        sys.error("multiple output delimiters specified").await;
        return ExitStatus::FAILURE;
    }
    // An empty delimiter is a NUL.
    let delimiter = if delimiter.is_empty() { Bytes::from_static(b"\0") } else { delimiter };
    let end = if parsed.has(ZERO) { 0 } else { b'\n' };
    let mut sides = Vec::new();
    for name in parsed.operands() {
        match open_operand(&sys, name).await {
            Ok(fd) => sides.push(Side {
                records: Records::new(&sys, fd, end),
                name: name.clone(),
                line: None,
                disorderly: None,
                unsorted: false,
            }),
            Err(errno) => {
                sys.complain(quote_if_needed(name), errno).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    let Ok([left, right]) = <[Side; 2]>::try_from(sides) else { return ExitStatus::FAILURE };
    let check = match parsed.last_of(&[CHECK, NO_CHECK]) {
        Some(CHECK) => Check::Always,
        Some(_) => Check::Never,
        None => Check::WhenUnpaired,
    };
    let shown = [!parsed.has(ONE), !parsed.has(TWO), !parsed.has(THREE)];
    let mut comparison = Comparison {
        sys: sys.clone(),
        out: OutBuf::stdout(&sys),
        left,
        right,
        shown,
        delimiter,
        end,
        check,
        unpaired: false,
        totals: [0; 3],
        steps: 0,
    };
    let result = comparison.run(parsed.has(TOTAL)).await;
    let unsorted = comparison.left.unsorted || comparison.right.unsorted;
    match result {
        Ok(()) if unsorted => {
            // A failed write shows in the status all the same.
            let _ = comparison.out.finish().await;
            sys.error("input is not in sorted order").await;
            ExitStatus::FAILURE
        }
        Ok(()) => comparison.out.finish().await.into(),
        Err(status) => status,
    }
}

struct Comparison {
    sys: Sys,
    out: OutBuf,
    left: Side,
    right: Side,
    shown: [bool; 3],
    delimiter: Bytes,
    end: u8,
    check: Check,
    unpaired: bool,
    totals: [u64; 3],
    steps: u64,
}

impl Comparison {
    async fn run(&mut self, total: bool) -> Result<(), ExitStatus> {
        self.advance(true, true).await?;
        loop {
            let order = match (&self.left.line, &self.right.line) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(left), Some(right)) => left.cmp(right),
            };
            let (column, side) = match order {
                Ordering::Less => (0, &mut self.left),
                Ordering::Greater => (1, &mut self.right),
                Ordering::Equal => (2, &mut self.left),
            };
            let line = side.line.take().unwrap_or_default();
            self.print(column, &line);
            if column == 1 {
                self.right.line = Some(line)
            } else {
                self.left.line = Some(line)
            }
            self.unpaired |= order != Ordering::Equal;
            let (left, right) = (order != Ordering::Greater, order != Ordering::Less);
            let left = left && !self.advance_buffered(1);
            let right = right && !self.advance_buffered(2);
            if left {
                self.advance_slowly(1).await?;
            }
            if right {
                self.advance_slowly(2).await?;
            }
            self.steps += 1;
            if self.out.is_full() || self.steps > 1024 {
                self.flush().await?;
            }
        }
        if total {
            let numbers = self.totals.map(|number| number.to_string());
            let line = [
                numbers[0].as_bytes(),
                &self.delimiter,
                numbers[1].as_bytes(),
                &self.delimiter,
                numbers[2].as_bytes(),
                &self.delimiter,
                b"total",
                &[self.end],
            ];
            self.out.put(&line.concat());
        }
        Ok(())
    }

    fn print(&mut self, column: usize, line: &[u8]) {
        if let Some(total) = self.totals.get_mut(column) {
            *total += 1;
        }
        if !self.shown.get(column).copied().unwrap_or(false) {
            return;
        }
        for before in self.shown.iter().take(column) {
            if *before {
                self.out.put(&self.delimiter);
            }
        }
        self.out.put(line);
        self.out.put(&[self.end]);
    }

    async fn flush(&mut self) -> Result<(), ExitStatus> {
        self.sys.charge(self.steps).await;
        self.steps = 0;
        match self.out.flush_if_full().await {
            Ok(()) => Ok(()),
            Err(errno) => {
                self.sys.complain("write error", errno).await;
                Err(ExitStatus::FAILURE)
            }
        }
    }

    /// Goes on to the next line of a side if it has been read and is in order; false if not.
    fn advance_buffered(&mut self, side: usize) -> bool {
        let checks = self.checks();
        let side = if side == 1 { &mut self.left } else { &mut self.right };
        let Some(next) = side.records.buffered() else { return false };
        if checks && !side.unsorted && side.line.as_ref().is_some_and(|line| line.as_slice() > next) {
            side.disorderly = Some(next.to_vec());
            return false;
        }
        let line = side.line.get_or_insert_default();
        line.clear();
        line.extend_from_slice(next);
        true
    }

    /// Whether the order of the lines counts now.
    fn checks(&self) -> bool {
        match self.check {
            Check::Always => true,
            Check::Never => false,
            Check::WhenUnpaired => self.unpaired,
        }
    }

    async fn advance(&mut self, left: bool, right: bool) -> Result<(), ExitStatus> {
        for (wanted, number) in [(left, 1), (right, 2)] {
            if wanted && !self.advance_buffered(number) {
                self.advance_slowly(number).await?;
            }
        }
        Ok(())
    }

    /// Reads the next line of a side, and says when it is out of order.
    async fn advance_slowly(&mut self, number: usize) -> Result<(), ExitStatus> {
        let counts = self.checks();
        let side = if number == 1 { &mut self.left } else { &mut self.right };
        let read = match side.disorderly.take() {
            Some(line) => Ok(Some(line)),
            None => side.records.next().await.map(|record| record.map(|record| record.bytes.to_vec())),
        };
        let next = match read {
            Ok(next) => next,
            Err(errno) => {
                let name = quote_if_needed(&side.name);
                // A failed write shows in the status all the same.
                let _ = self.out.flush().await;
                self.sys.complain(name, errno).await;
                return Err(ExitStatus::FAILURE);
            }
        };
        let disorder = matches!((&side.line, &next), (Some(before), Some(after)) if before > after);
        side.line = next;
        if disorder && counts && !side.unsorted {
            side.unsorted = true;
            let _ = self.out.flush().await;
            self.sys.error(format!("file {number} is not in sorted order")).await;
            if self.check == Check::Always {
                return Err(ExitStatus::FAILURE);
            }
        }
        Ok(())
    }
}
