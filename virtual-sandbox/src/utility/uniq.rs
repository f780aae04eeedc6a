//! `uniq` - report or omit repeated lines.  [POSIX uniq; GNU coreutils "uniq invocation"]

use crate::text::quoting::{quote, quote_always, quote_if_needed};
use crate::utility::Parsed;
use crate::utility::choice::choose;
use crate::utility::prelude::*;
use crate::utility::refusal::Refusal;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "uniq",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(uniq(sys, inv)),
    doc: "report or omit repeated lines",
};

options! {
    OPTIONS: "[OPTION]... [INPUT [OUTPUT]]", Permute, 1;
    COUNT = 'c', "count", No, "prefix lines by the number of occurrences";
    REPEATED = 'd', "repeated", No, "only print duplicate lines, one for each group";
    ALL_REPEATED = ' ', "all-repeated", Optional("METHOD"), "like -D, with empty lines between groups: none, prepend, separate";
    GROUP = ' ', "group", Optional("METHOD"), "show all items, with empty lines between groups: separate, prepend, append, both";
    IGNORE_CASE = 'i', "ignore-case", No, "ignore differences in case when comparing";
    UNIQUE = 'u', "unique", No, "only print unique lines";
    SKIP_FIELDS = 'f', "skip-fields", Required("N"), "avoid comparing the first N fields";
    SKIP_CHARS = 's', "skip-chars", Required("N"), "avoid comparing the first N characters";
    CHECK_CHARS = 'w', "check-chars", Required("N"), "compare no more than N characters in lines";
    ZERO = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
    ALL_REPEATED_SHORT = 'D', "", No, "print all duplicate lines";
    DIGIT_0 = '0', "", No, "-N is -f N (obsolete)";
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

/// Where empty lines stand between groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimit {
    None,
    Prepend,
    Append,
    Separate,
    Both,
}

/// What is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Show {
    /// One line of each group, if it is repeated, if it is not.
    First { repeated: bool, unique: bool },
    /// All lines of repeated groups.
    AllRepeated(Delimit),
    /// All lines of repeated groups but one.
    AllButOne(Delimit),
    /// All lines.
    Groups(Delimit),
}

struct Uniq {
    show: Show,
    count: bool,
    ignore_case: bool,
    skip_fields: usize,
    skip_chars: usize,
    check_chars: usize,
    end: u8,
}

async fn uniq(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let (uniq, files) = match Uniq::new(&parsed) {
        Ok(found) => found,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let (input, output) = (files.first(), files.get(1));
    let mut fds = [Fd::STDIN, Fd::STDOUT];
    for (name, place) in [(input, 0), (output, 1)] {
        let Some(name) = name.filter(|name| name.as_ref() != b"-") else { continue };
        let opened = if place == 0 { sys.open_read(name.clone()).await } else { sys.create(name.clone()).await };
        match opened {
            Ok(fd) => fds[place] = fd,
            Err(errno) => {
                sys.complain(quote_if_needed(name), errno).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    let mut out = OutBuf::new(&sys, fds[1]);
    let read = uniq.run(&sys, fds[0], &mut out).await;
    let written = out.finish().await;
    if read.is_err() {
        // The real one says no reason.
        let name = input.map_or(b"-".as_slice(), |name| name.as_ref());
        sys.error([b"error reading ", quote_always(name).as_slice()].concat()).await;
        return ExitStatus::FAILURE;
    }
    written.into()
}

impl Uniq {
    fn new(parsed: &Parsed) -> Result<(Uniq, Vec<Bytes>), Refusal> {
        let mut uniq = Uniq {
            show: Show::First { repeated: true, unique: true },
            count: parsed.has(COUNT),
            ignore_case: parsed.has(IGNORE_CASE),
            skip_fields: 0,
            skip_chars: 0,
            check_chars: usize::MAX,
            end: if parsed.has(ZERO) { 0 } else { b'\n' },
        };
        uniq.read_numbers(parsed)?;
        let files = uniq.operands(parsed)?;
        let separate = [("none", Delimit::None), ("prepend", Delimit::Prepend), ("separate", Delimit::Separate)];
        let groups = [
            ("prepend", Delimit::Prepend),
            ("append", Delimit::Append),
            ("separate", Delimit::Separate),
            ("both", Delimit::Both),
        ];
        let all = match parsed.value(ALL_REPEATED) {
            Some(word) => Some(choose("--all-repeated", word, &separate, 1).map_err(Refusal::Usage)?),
            None if parsed.has(ALL_REPEATED) || parsed.has(ALL_REPEATED_SHORT) => Some(Delimit::None),
            None => None,
        };
        let group = match parsed.value(GROUP) {
            Some(word) => Some(choose("--group", word, &groups, 1).map_err(Refusal::Usage)?),
            None => parsed.has(GROUP).then_some(Delimit::Separate),
        };
        let (repeated, unique) = (parsed.has(REPEATED), parsed.has(UNIQUE));
        if group.is_some() && (repeated || unique || uniq.count || all.is_some()) {
            return Err(Refusal::usage(b"--group is mutually exclusive with -c/-d/-D/-u".to_vec()));
        }
        if all.is_some() && uniq.count {
            let message = b"printing all duplicated lines and repeat counts is meaningless";
            return Err(Refusal::usage(message.to_vec()));
        }
        uniq.show = match (group, all) {
            (Some(delimit), _) => Show::Groups(delimit),
            (_, Some(delimit)) if unique => Show::AllButOne(delimit),
            (_, Some(delimit)) => Show::AllRepeated(delimit),
            _ => Show::First { repeated: !unique, unique: !repeated },
        };
        Ok((uniq, files))
    }

    fn read_numbers(&mut self, parsed: &Parsed) -> Result<(), Refusal> {
        let mut in_digits = false;
        for (id, value) in parsed.in_order() {
            if let Some(digit) = id.0.checked_sub(DIGIT_0.0).filter(|digit| *digit < 10) {
                let so_far = if in_digits { self.skip_fields } else { 0 };
                self.skip_fields = so_far.saturating_mul(10).saturating_add(usize::from(digit));
                in_digits = true;
                continue;
            }
            in_digits = false;
            let value = value.as_deref().unwrap_or_default();
            match *id {
                SKIP_FIELDS => self.skip_fields = number(value, "invalid number of fields to skip")?,
                SKIP_CHARS => self.skip_chars = number(value, "invalid number of bytes to skip")?,
                CHECK_CHARS => self.check_chars = number(value, "invalid number of bytes to compare")?,
                _ => {}
            }
        }
        Ok(())
    }

    /// The input and output; `+N` is an obsolete `-s N`.
    fn operands(&mut self, parsed: &Parsed) -> Result<Vec<Bytes>, Refusal> {
        let mut files = Vec::new();
        for operand in parsed.operands() {
            if let Some(digits) = operand.strip_prefix(b"+")
                && files.is_empty()
                && let Ok(number) = number(digits, "")
                && !digits.is_empty()
            {
                self.skip_chars = number;
                continue;
            }
            if files.len() == 2 {
                return Err(Refusal::usage([b"extra operand ", quote(operand).as_slice()].concat()));
            }
            files.push(operand.clone());
        }
        Ok(files)
    }

    /// The part of a line that is compared.
    fn key<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        if self.skip_fields == 0 && self.skip_chars == 0 && self.check_chars == usize::MAX {
            return line;
        }
        let mut at = 0;
        let is_blank = |at: usize| line.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
        for _ in 0..self.skip_fields {
            if at >= line.len() {
                break;
            }
            while is_blank(at) {
                at += 1;
            }
            while at < line.len() && !is_blank(at) {
                at += 1;
            }
        }
        let start = at.saturating_add(self.skip_chars).min(line.len());
        let end = start.saturating_add(self.check_chars).min(line.len());
        line.get(start..end).unwrap_or_default()
    }

    fn same(&self, left: &[u8], right: &[u8]) -> bool {
        let (left, right) = (self.key(left), self.key(right));
        if self.ignore_case { left.eq_ignore_ascii_case(right) } else { left == right }
    }

    async fn run(&self, sys: &Sys, fd: Fd, out: &mut OutBuf) -> Result<(), Errno> {
        let mut lines = Records::new(sys, fd, self.end);
        // The first line of the current group, and what is known of the group.
        let mut above: Option<Vec<u8>> = None;
        let mut group = Group { count: 0, any_written: false };
        while let Some(block) = lines.block().await? {
            sys.charge(block.len() as u64 / 32).await;
            let mut first = above.as_deref();
            for line in records(&block, self.end) {
                first = match first {
                    Some(first) if self.same(first, line) => {
                        self.repeated(first, line, &mut group, out);
                        Some(first)
                    }
                    _ => {
                        self.begin_group(first, line, &mut group, out);
                        Some(line)
                    }
                };
            }
            out.flush_if_full().await?;
            above = first.map(<[u8]>::to_vec);
        }
        let Some(first) = above else { return Ok(()) };
        self.end_group(&first, &group, out);
        if let Show::Groups(Delimit::Append | Delimit::Both) = self.show {
            out.put(&[self.end]);
        }
        Ok(())
    }

    /// A line equal to the first of the group.
    fn repeated(&self, first: &[u8], line: &[u8], group: &mut Group, out: &mut OutBuf) {
        group.count += 1;
        match self.show {
            Show::AllRepeated(delimit) | Show::AllButOne(delimit) => {
                if group.count == 2 {
                    self.begin_repeated(delimit, group, first, out);
                }
                self.line(line, out);
            }
            Show::Groups(_) => self.line(line, out),
            Show::First { .. } => {}
        }
    }

    /// A line that is the first of a group; `first` is that of the group before.
    fn begin_group(&self, first: Option<&[u8]>, line: &[u8], group: &mut Group, out: &mut OutBuf) {
        if let Some(first) = first {
            self.end_group(first, group, out);
        }
        if let Show::Groups(delimit) = self.show {
            if first.is_some() || matches!(delimit, Delimit::Prepend | Delimit::Both) {
                out.put(&[self.end]);
            }
            self.line(line, out);
        }
        group.count = 1;
    }

    fn begin_repeated(&self, delimit: Delimit, group: &mut Group, first: &[u8], out: &mut OutBuf) {
        if delimit == Delimit::Prepend || delimit == Delimit::Separate && group.any_written {
            out.put(&[self.end]);
        }
        group.any_written = true;
        if let Show::AllRepeated(_) = self.show {
            self.line(first, out);
        }
    }

    fn end_group(&self, first: &[u8], group: &Group, out: &mut OutBuf) {
        let Show::First { repeated, unique } = self.show else { return };
        if if group.count > 1 { repeated } else { unique } {
            if self.count {
                put_number(out.buffer(), group.count, 7);
                out.put(b" ");
            }
            self.line(first, out);
        }
    }

    fn line(&self, line: &[u8], out: &mut OutBuf) {
        out.put(line);
        out.put(&[self.end]);
    }
}

struct Group {
    count: u64,
    any_written: bool,
}

fn number(text: &[u8], problem: &str) -> Result<usize, Refusal> {
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::Message([text, b": ", problem.as_bytes()].concat()));
    }
    Ok(digits.iter().fold(0usize, |n, digit| n.saturating_mul(10).saturating_add(usize::from(digit - b'0'))))
}
