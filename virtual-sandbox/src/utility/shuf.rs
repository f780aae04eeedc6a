//! `shuf` - generate random permutations.  [GNU coreutils "shuf invocation"]

use super::options::OptionError;
use crate::sys::Held;
use crate::text::quoting::{quote, quote_if_needed};
use crate::utility::operand::open_operand;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "shuf",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(shuf(sys, inv)),
    doc: "generate random permutations",
};

options! {
    OPTIONS: "[OPTION]... [FILE]\n-e [OPTION]... [ARG]...\n-i LO-HI [OPTION]...", Permute, 1;
    ECHO   = 'e', "echo", No, "treat each ARG as an input line";
    RANGE  = 'i', "input-range", Required("LO-HI"), "treat each number LO through HI as an input line";
    COUNT  = 'n', "head-count", Required("COUNT"), "output at most COUNT lines";
    OUTPUT = 'o', "output", Required("FILE"), "write result to FILE instead of standard output";
    SOURCE = ' ', "random-source", Required("FILE"), "get random bytes from FILE";
    REPEAT = 'r', "repeat", No, "output lines can be repeated";
    ZERO   = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
}

/// What is permuted.
enum Input {
    Lines(Vec<Bytes>),
    Range(u64, u64),
}

impl Input {
    fn len(&self) -> u64 {
        match self {
            Input::Lines(lines) => lines.len() as u64,
            Input::Range(low, high) => (high - low).saturating_add(1),
        }
    }

    fn push(&self, at: u64, out: &mut Vec<u8>) {
        match self {
            Input::Lines(lines) => {
                out.extend_from_slice(lines.get(at as usize).map(AsRef::as_ref).unwrap_or_default());
            }
            Input::Range(low, _) => out.extend_from_slice((low + at).to_string().as_bytes()),
        }
    }
}

/// Random numbers out of the machine's generator, or of a file.
struct Random {
    sys: Sys,
    source: Option<Fd>,
    bytes: Bytes,
}

impl Random {
    /// A number below `bound`, each as likely as another; `None` when the source has ended.
    async fn below(&mut self, bound: u64) -> Option<u64> {
        let limit = u64::MAX - u64::MAX % bound;
        loop {
            if self.bytes.len() < 8 {
                self.bytes = match self.source {
                    None => self.sys.random(4096).await,
                    Some(fd) => self.sys.read(fd, 4096).await.ok()?,
                };
                if self.bytes.len() < 8 {
                    return None;
                }
            }
            let word = self.bytes.split_to(8);
            let value = word.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
            if value < limit {
                return Some(value % bound);
            }
        }
    }
}

async fn shuf(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let usage = |message: Vec<u8>| OptionError::Usage(message, 1);
    let end = if parsed.has(ZERO) { 0 } else { b'\n' };
    let mut count = u64::MAX;
    for text in parsed.values(COUNT) {
        let valid = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        if !valid {
            sys.error([b"invalid line count: ".as_slice(), &quote(text)].concat()).await;
            return ExitStatus::FAILURE;
        }
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
        count = count.min(number);
    }
    if parsed.has(ECHO) && parsed.has(RANGE) {
        return usage(b"cannot combine -e and -i options".to_vec()).report(&sys).await;
    }
    let most = if parsed.has(ECHO) { usize::MAX } else { usize::from(!parsed.has(RANGE)) };
    if let Some(extra) = parsed.operands().get(most) {
        return usage([b"extra operand ".as_slice(), &quote(extra)].concat()).report(&sys).await;
    }
    let mut held = sys.account();
    let input = if let Some(text) = parsed.value(RANGE) {
        match range(text) {
            Some((low, high)) => Input::Range(low, high),
            None => {
                sys.error([b"invalid input range: ".as_slice(), &quote(text)].concat()).await;
                return ExitStatus::FAILURE;
            }
        }
    } else if parsed.has(ECHO) {
        Input::Lines(parsed.operands().to_vec())
    } else {
        let file = parsed.operands().first().cloned().unwrap_or_else(|| Bytes::from_static(b"-"));
        match lines(&sys, &file, end, &mut held).await {
            Ok(Ok(lines)) => Input::Lines(lines),
            Ok(Err(errno)) => {
                sys.complain("read error", errno).await;
                return ExitStatus::FAILURE;
            }
            Err(errno) => {
                sys.complain(quote_if_needed(&file), errno).await;
                return ExitStatus::FAILURE;
            }
        }
    };
    let source = match parsed.value(SOURCE) {
        None => None,
        Some(file) => match sys.open_read(file.clone()).await {
            Ok(fd) => Some(fd),
            Err(errno) => {
                sys.complain(quote_if_needed(file), errno).await;
                return ExitStatus::FAILURE;
            }
        },
    };
    let out_fd = match parsed.value(OUTPUT) {
        None => Fd::STDOUT,
        Some(file) => match sys.create(file.clone()).await {
            Ok(fd) => fd,
            Err(errno) => {
                sys.complain(quote_if_needed(file), errno).await;
                return ExitStatus::FAILURE;
            }
        },
    };
    let mut random = Random { sys: sys.clone(), source, bytes: Bytes::new() };
    let mut out = OutBuf::new(&sys, out_fd);
    let made = if parsed.has(REPEAT) {
        if input.len() == 0 && count > 0 {
            sys.error("no lines to repeat").await;
            return ExitStatus::FAILURE;
        }
        repeat(&input, count, end, &mut random, &mut out).await
    } else {
        permute(&input, count, end, &mut random, &mut out).await
    };
    if made.is_none() {
        // What was drawn before is printed; the status is failure in any case.
        let _ = out.flush().await;
        sys.error("end of file").await;
        return ExitStatus::FAILURE;
    }
    out.finish().await.into()
}

/// The lines of a file. The outer error is of opening it, the inner one of reading it.
async fn lines(sys: &Sys, file: &Bytes, end: u8, held: &mut Held) -> Result<Result<Vec<Bytes>, Errno>, Errno> {
    let fd = open_operand(sys, file).await?;
    let text = match sys.read_to_end(fd).await {
        Ok(text) => Bytes::from(text),
        Err(errno) => return Ok(Err(errno)),
    };
    let mut start = 0;
    let mut lines = Vec::new();
    for line in records(&text, end) {
        lines.push(text.slice(start..start + line.len()));
        start += line.len() + 1;
    }
    held.set(text.len() + lines.len() * size_of::<Bytes>());
    sys.charge(lines.len() as u64).await;
    Ok(Ok(lines))
}

fn range(text: &[u8]) -> Option<(u64, u64)> {
    let (low, high) = std::str::from_utf8(text).ok()?.split_once('-')?;
    let (low, high): (u64, u64) = (low.parse().ok()?, high.parse().ok()?);
    // An empty range may end one before it begins, as GNU allows.
    (low <= high).then_some((low, high))
}

async fn repeat(input: &Input, count: u64, end: u8, random: &mut Random, out: &mut OutBuf) -> Option<()> {
    for _ in 0..count {
        let at = random.below(input.len()).await?;
        input.push(at, out.buffer());
        if out.write(&[end]).await.is_err() {
            break;
        }
    }
    Some(())
}

/// The first `count` of a permutation: each step exchanges an element with one drawn from those that are left. Only
/// exchanged places are kept, so that a few numbers of a huge range need little room.
async fn permute(input: &Input, count: u64, end: u8, random: &mut Random, out: &mut OutBuf) -> Option<()> {
    let total = input.len();
    let mut moved = std::collections::BTreeMap::new();
    for at in 0..count.min(total) {
        let chosen = at + random.below(total - at).await?;
        let value = moved.get(&chosen).copied().unwrap_or(chosen);
        let displaced = moved.remove(&at).unwrap_or(at);
        if chosen != at {
            moved.insert(chosen, displaced);
        }
        input.push(value, out.buffer());
        if out.write(&[end]).await.is_err() {
            break;
        }
    }
    Some(())
}
