//! `cmp` - compare two files byte by byte.  [POSIX cmp; diffutils manual "Invoking cmp"]

use super::options::OptionError;
use crate::text::human_size::parse_size;
use crate::utility::operand::open_operand;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "cmp",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(cmp(sys, inv)),
    doc: "compare two files byte by byte",
};

options! {
    OPTIONS: "[OPTION]... FILE1 [FILE2 [SKIP1 [SKIP2]]]", Permute, 2;
    PRINT   = 'b', "print-bytes", No, "print differing bytes";
    SKIP    = 'i', "ignore-initial", Required("SKIP"), "skip first SKIP bytes of both inputs, or SKIP1:SKIP2";
    VERBOSE = 'l', "verbose", No, "output byte numbers and differing byte values";
    LIMIT   = 'n', "bytes", Required("LIMIT"), "compare at most LIMIT bytes";
    SILENT  = 's', "silent", No, "suppress all normal output";
    QUIET   = ' ', "quiet", No, "as --silent";
}

/// "Exit status is 0 if inputs are the same, 1 if different, 2 if trouble."
const DIFFERENT: ExitStatus = ExitStatus(1);
const TROUBLE: ExitStatus = ExitStatus(2);

/// One of the two inputs.
struct Side {
    name: Bytes,
    fd: Fd,
    chunk: Bytes,
}

struct Comparison {
    sys: Sys,
    out: OutBuf,
    sides: [Side; 2],
    print_bytes: bool,
    verbose: bool,
    silent: bool,
    limit: u64,
}

async fn cmp(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return trouble(&sys, error).await,
    };
    let usage = |message: Vec<u8>| OptionError::Usage(message, 2);
    let silent = parsed.has(SILENT) || parsed.has(QUIET);
    if silent && parsed.has(VERBOSE) {
        return trouble(&sys, usage(b"options -l and -s are incompatible".to_vec())).await;
    }
    let invalid = |option: &str, text: &[u8]| {
        usage([b"invalid ".as_slice(), option.as_bytes(), b" value '", text, b"'"].concat())
    };
    let mut skips = [0u64; 2];
    if let Some(text) = parsed.value(SKIP) {
        let (first, second) = match memchr::memchr(b':', text) {
            Some(colon) => (text.get(..colon), text.get(colon + 1..)),
            None => (Some(text.as_ref()), Some(text.as_ref())),
        };
        match (first.and_then(number), second.and_then(number)) {
            (Some(first), Some(second)) => skips = [first, second],
            _ => return trouble(&sys, invalid("--ignore-initial", text)).await,
        }
    }
    let mut limit = u64::MAX;
    if let Some(text) = parsed.value(LIMIT) {
        match number(text) {
            Some(value) => limit = value,
            None => return trouble(&sys, invalid("--bytes", text)).await,
        }
    }
    let (names, extra) = match parsed.operands() {
        [] => {
            let last = invocation.argv().last().cloned().unwrap_or_else(|| sys.name().clone());
            let message = [b"missing operand after '".as_slice(), &last, b"'"].concat();
            return trouble(&sys, usage(message)).await;
        }
        [first] => ([first.clone(), Bytes::from_static(b"-")], &[][..]),
        [first, second, extra @ ..] => ([first.clone(), second.clone()], extra),
    };
    for (at, text) in extra.iter().enumerate() {
        match (skips.get_mut(at), number(text)) {
            (Some(skip), Some(value)) => *skip = value,
            (Some(_), None) => return trouble(&sys, invalid("--ignore-initial", text)).await,
            (None, _) => {
                let message = [b"extra operand '".as_slice(), text, b"'"].concat();
                return trouble(&sys, usage(message)).await;
            }
        }
    }
    let mut sides = Vec::new();
    for (name, skip) in names.into_iter().zip(skips) {
        let fd = match open_operand(&sys, &name).await {
            Ok(fd) => fd,
            Err(errno) => {
                if !silent {
                    sys.complain(&name, errno).await;
                }
                return TROUBLE;
            }
        };
        let mut side = Side { name, fd, chunk: Bytes::new() };
        if let Err(errno) = side.skip(&sys, skip).await {
            sys.complain(&side.name, errno).await;
            return TROUBLE;
        }
        sides.push(side);
    }
    let Ok(sides) = <[Side; 2]>::try_from(sides) else { return TROUBLE };
    let comparison = Comparison {
        sys: sys.clone(),
        out: OutBuf::stdout(&sys),
        sides,
        print_bytes: parsed.has(PRINT),
        verbose: parsed.has(VERBOSE),
        silent,
        limit,
    };
    comparison.run().await
}

/// Usage errors of diffutils: the hint begins with the program's name too.
async fn trouble(sys: &Sys, error: OptionError) -> ExitStatus {
    match error {
        OptionError::Usage(message, _) => {
            sys.error(message).await;
            sys.error([b"Try '".as_slice(), sys.name(), b" --help' for more information."].concat()).await;
            TROUBLE
        }
        other => other.report(sys).await,
    }
}

fn number(text: &[u8]) -> Option<u64> {
    parse_size(text, b"kKMGTPEZY0").ok()
}

impl Side {
    /// Makes sure that something is buffered, unless the input has ended.
    async fn fill(&mut self, sys: &Sys) -> Result<(), Errno> {
        if self.chunk.is_empty() {
            self.chunk = sys.read(self.fd, CHUNK).await?;
        }
        Ok(())
    }

    async fn skip(&mut self, sys: &Sys, mut count: u64) -> Result<(), Errno> {
        while count > 0 {
            self.fill(sys).await?;
            if self.chunk.is_empty() {
                return Ok(());
            }
            let step = self.chunk.len().min(count.try_into().unwrap_or(usize::MAX));
            self.chunk = self.chunk.slice(step..);
            count -= step as u64;
        }
        Ok(())
    }
}

impl Comparison {
    async fn run(mut self) -> ExitStatus {
        let mut offset = 0u64;
        let mut lines = 1u64;
        let mut last = 0u8;
        let mut different = false;
        while offset < self.limit {
            for at in 0..2 {
                let Some(side) = self.sides.get_mut(at) else { continue };
                if let Err(errno) = side.fill(&self.sys).await {
                    let name = side.name.clone();
                    self.sys.complain(name, errno).await;
                    return TROUBLE;
                }
            }
            let [left, right] = &self.sides;
            let (a, b) = (left.chunk.clone(), right.chunk.clone());
            if a.is_empty() || b.is_empty() {
                if a.is_empty() && b.is_empty() {
                    break;
                }
                let name = if a.is_empty() { left.name.clone() } else { right.name.clone() };
                return self.end_of(name, offset, lines, last).await;
            }
            let most = usize::try_from(self.limit - offset).unwrap_or(usize::MAX);
            let length = a.len().min(b.len()).min(most);
            let (x, y) = (a.slice(..length), b.slice(..length));
            self.sys.charge(length as u64 / 32).await;
            if x != y {
                different = true;
                if self.silent {
                    return DIFFERENT;
                }
                for (at, (p, q)) in x.iter().zip(y.iter()).enumerate().filter(|(_, (p, q))| p != q) {
                    if !self.verbose {
                        let before = x.get(..at).unwrap_or_default();
                        lines += memchr::memchr_iter(b'\n', before).count() as u64;
                        self.first_difference(offset + at as u64 + 1, lines, *p, *q);
                        return if self.out.finish().await { DIFFERENT } else { TROUBLE };
                    }
                    self.verbose_line(offset + at as u64 + 1, *p, *q);
                }
                if self.out.flush_if_full().await.is_err() {
                    return TROUBLE;
                }
            }
            lines += memchr::memchr_iter(b'\n', &x).count() as u64;
            last = x.last().copied().unwrap_or(last);
            offset += length as u64;
            for side in &mut self.sides {
                side.chunk = side.chunk.slice(length..);
            }
        }
        if !self.out.finish().await {
            return TROUBLE;
        }
        if different { DIFFERENT } else { ExitStatus::SUCCESS }
    }

    fn first_difference(&mut self, byte: u64, line: u64, a: u8, b: u8) {
        let [left, right] = &self.sides;
        let mut text = [left.name.as_ref(), b" ", &right.name].concat();
        if self.print_bytes {
            let tail = format!(" differ: byte {byte}, line {line} is {a:3o} {} {b:3o} {}\n", shown(a), shown(b));
            text.extend_from_slice(tail.as_bytes());
        } else {
            text.extend_from_slice(format!(" differ: byte {byte}, line {line}\n").as_bytes());
        }
        self.out.put(&text);
    }

    fn verbose_line(&mut self, byte: u64, a: u8, b: u8) {
        // As wide as the number of the last byte that can be compared, when the sizes are known.
        let width = self.number_width();
        let line = if self.print_bytes {
            format!("{byte:width$} {a:3o} {:<4} {b:3o} {}\n", shown(a), shown(b))
        } else {
            format!("{byte:width$} {a:3o} {b:3o}\n")
        };
        self.out.put(line.as_bytes());
    }

    fn number_width(&self) -> usize {
        let shortest = self.sides.iter().map(|side| side.chunk.len() as u64).min().unwrap_or(0);
        shortest.min(self.limit).to_string().len()
    }

    async fn end_of(mut self, name: Bytes, offset: u64, lines: u64, last: u8) -> ExitStatus {
        // What was found before is printed first; the status is failure in any case.
        let _ = self.out.flush().await;
        if self.silent {
            return DIFFERENT;
        }
        let mut message = [b"EOF on ".as_slice(), &name].concat();
        let tail = match (offset, self.verbose) {
            (0, _) => " which is empty".to_owned(),
            (_, true) => format!(" after byte {offset}"),
            _ if last == b'\n' => format!(" after byte {offset}, line {}", lines - 1),
            _ => format!(" after byte {offset}, in line {lines}"),
        };
        message.extend_from_slice(tail.as_bytes());
        self.sys.error(message).await;
        DIFFERENT
    }
}

/// A byte in `^` and `M-` notation.
fn shown(byte: u8) -> String {
    let low = byte & 0x7f;
    let meta = if byte >= 0x80 { "M-" } else { "" };
    match low {
        0..0x20 => format!("{meta}^{}", char::from(low + 64)),
        0x7f => format!("{meta}^?"),
        _ => format!("{meta}{}", char::from(low)),
    }
}
