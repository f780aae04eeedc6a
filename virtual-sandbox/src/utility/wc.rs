//! `wc` - count lines, words, characters and bytes.  [POSIX wc; GNU coreutils "wc invocation"]

use super::options::OptionError;
use crate::text::chars::{Char, chars, is_printable, width};
use crate::text::quoting::{quote_always, quote_if_needed};
use crate::utility::operand::{close_operand, close_stdin, open_operand};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "wc",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(wc(sys, inv)),
    doc: "count lines, words, characters and bytes",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...\n[OPTION]... --files0-from=F", Permute, 1;
    BYTES  = 'c', "bytes", No, "print the byte counts";
    CHARS  = 'm', "chars", No, "print the character counts";
    LINES  = 'l', "lines", No, "print the newline counts";
    WORDS  = 'w', "words", No, "print the word counts";
    FILES0 = ' ', "files0-from", Required("F"), "read input from the files specified by NUL-terminated names in file F";
    LENGTH = 'L', "max-line-length", No, "print the maximum display width";
}

/// Which counts are printed.
#[derive(Clone, Copy)]
struct Wanted {
    lines: bool,
    words: bool,
    chars: bool,
    bytes: bool,
    length: bool,
}

impl Wanted {
    fn columns(self) -> usize {
        [self.lines, self.words, self.chars, self.bytes, self.length].into_iter().filter(|wanted| *wanted).count()
    }

    /// Whether characters must be looked at.
    fn needs_characters(self) -> bool {
        self.words || self.chars || self.length
    }
}

#[derive(Clone, Copy, Default)]
struct Counts {
    lines: u64,
    words: u64,
    chars: u64,
    bytes: u64,
    length: u64,
}

/// A file to count: its name as operands give it, `None` for standard input without a name.
type Input = Option<Bytes>;

async fn wc(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut wanted = Wanted {
        lines: parsed.has(LINES),
        words: parsed.has(WORDS),
        chars: parsed.has(CHARS),
        bytes: parsed.has(BYTES),
        length: parsed.has(LENGTH),
    };
    if wanted.columns() == 0 {
        wanted = Wanted { lines: true, words: true, bytes: true, ..wanted };
    }
    let mut run = Run { sys: sys.clone(), wanted, out: OutBuf::by_lines(&sys), width: 1, success: true };
    let mut total = Counts::default();
    let inputs: Vec<Input> = match parsed.value(FILES0) {
        Some(list) => {
            if let Some(extra) = parsed.operands().first() {
                let name = quote_always(extra);
                let rest = b"\nfile operands cannot be combined with --files0-from";
                let message = [b"extra operand ".as_slice(), &name, rest].concat();
                return OptionError::Usage(message, 1).report(&sys).await;
            }
            match run.listed(list).await {
                Ok(inputs) => inputs,
                Err(status) => return status,
            }
        }
        None if parsed.operands().is_empty() => vec![None],
        None => parsed.operands().iter().cloned().map(Some).collect(),
    };
    // The names of a list that is not a regular file are taken one by one, and their sizes are not known beforehand.
    let listed = match parsed.value(FILES0) {
        Some(list) if list.as_ref() == b"-" => sys.fstat(Fd::STDIN).await.is_ok_and(|stat| stat.is_regular()),
        Some(list) => sys.stat(list.clone()).await.is_ok_and(|stat| stat.is_regular()),
        None => true,
    };
    run.width = run.number_width(&inputs, !listed).await;
    for input in &inputs {
        if let Some(counts) = run.count_input(input).await {
            total = total.joined(counts);
            if run.print(counts, input.as_deref()).await.is_err() {
                break;
            }
        }
    }
    if inputs.len() > 1 {
        // A failed write shows when the buffer is finished.
        let _ = run.print(total, Some(b"total")).await;
    }
    let operands = if parsed.has(FILES0) { &[Bytes::new()] } else { parsed.operands() };
    let success = close_stdin(&sys, operands, "-").await && run.success;
    (run.out.finish().await && success).into()
}

impl Counts {
    fn joined(self, other: Counts) -> Counts {
        Counts {
            lines: self.lines + other.lines,
            words: self.words + other.words,
            chars: self.chars + other.chars,
            bytes: self.bytes + other.bytes,
            length: self.length.max(other.length),
        }
    }
}

struct Run {
    sys: Sys,
    wanted: Wanted,
    out: OutBuf,
    width: usize,
    success: bool,
}

impl Run {
    async fn error(&mut self, message: Vec<u8>) {
        // Messages of glibc's error(3) come after what was printed before.
        let _ = self.out.flush().await;
        self.sys.error(message).await;
        self.success = false;
    }

    /// The names in the file of `--files0-from`; those that cannot be taken are reported.
    async fn listed(&mut self, list: &Bytes) -> Result<Vec<Input>, ExitStatus> {
        let fd = match open_operand(&self.sys, list).await {
            Ok(fd) => fd,
            Err(errno) => {
                let name = quote_always(list);
                self.sys.complain([b"cannot open ".as_slice(), &name, b" for reading"].concat(), errno).await;
                return Err(ExitStatus::FAILURE);
            }
        };
        let mut names = Records::new(&self.sys, fd, 0);
        let mut inputs = Vec::new();
        let mut number = 0;
        loop {
            let name = match names.next().await {
                Ok(Some(record)) => record.bytes,
                Ok(None) => break,
                Err(errno) => {
                    let message = [quote_if_needed(list).as_slice(), b": read error"].concat();
                    self.sys.complain(message, errno).await;
                    self.success = false;
                    break;
                }
            };
            number += 1;
            if name.is_empty() {
                let place = format!(":{number}: invalid zero-length file name");
                self.error([quote_if_needed(list).as_slice(), place.as_bytes()].concat()).await;
            } else if name.as_ref() == b"-" && fd == Fd::STDIN {
                let shown = quote_always(&name);
                let message = [b"when reading file names from stdin, no file name of ".as_slice(), &shown, b" allowed"];
                self.error(message.concat()).await;
            } else {
                inputs.push(Some(name));
            }
        }
        close_operand(&self.sys, fd).await;
        Ok(inputs)
    }

    /// The width of the columns: what the sum of the sizes of regular files takes; 7 when there are others.
    async fn number_width(&self, inputs: &[Input], from_list: bool) -> usize {
        if self.wanted.columns() == 1 && inputs.len() == 1 {
            return 1;
        }
        if from_list {
            return 1;
        }
        let mut least = 1;
        let mut sum = 0u64;
        for input in inputs {
            let stat = match input {
                Some(name) if name.as_ref() != b"-" => self.sys.stat(name.clone()).await,
                _ => self.sys.fstat(Fd::STDIN).await,
            };
            match stat {
                Ok(stat) if stat.is_regular() => sum = sum.saturating_add(stat.size),
                Ok(_) => least = 7,
                Err(_) => {}
            }
        }
        sum.to_string().len().max(least)
    }

    async fn count_input(&mut self, input: &Input) -> Option<Counts> {
        let dash = Bytes::from_static(b"-");
        let name = input.as_ref().unwrap_or(&dash);
        if name.is_empty() {
            self.error(b"invalid zero-length file name".to_vec()).await;
            return None;
        }
        let fd = match open_operand(&self.sys, name).await {
            Ok(fd) => fd,
            Err(errno) => {
                self.error([&quote_if_needed(name), b": ".as_slice(), errno.message().as_bytes()].concat()).await;
                return None;
            }
        };
        let mut counter = Counter::default();
        let result = self.count(fd, &mut counter).await;
        close_operand(&self.sys, fd).await;
        if let Err(errno) = result {
            let shown = if input.is_none() { b"'standard input'".to_vec() } else { quote_if_needed(name) };
            self.error([&shown, b": ".as_slice(), errno.message().as_bytes()].concat()).await;
        }
        Some(counter.finish())
    }

    async fn count(&self, fd: Fd, counter: &mut Counter) -> Result<(), Errno> {
        if !self.wanted.needs_characters() && !self.wanted.lines && self.skip_to_end(fd, counter).await {
            return Ok(());
        }
        while let Some(chunk) = self.sys.read_chunk(fd).await? {
            counter.counts.bytes += chunk.len() as u64;
            if self.wanted.needs_characters() {
                self.sys.charge(chunk.len() as u64 / 8).await;
                counter.characters(&chunk);
            } else {
                self.sys.charge(chunk.len() as u64 / 64).await;
                counter.counts.lines += memchr::memchr_iter(b'\n', &chunk).count() as u64;
            }
        }
        Ok(())
    }

    /// Bytes of a regular file are known without reading it.
    async fn skip_to_end(&self, fd: Fd, counter: &mut Counter) -> bool {
        let Ok(stat) = self.sys.fstat(fd).await else { return false };
        if !stat.is_regular() || stat.size == 0 {
            return false;
        }
        let Ok(offset) = self.sys.seek(fd, Whence::Current, 0).await else { return false };
        if self.sys.seek(fd, Whence::End, 0).await.is_err() {
            return false;
        }
        counter.counts.bytes = stat.size.saturating_sub(offset);
        true
    }

    async fn print(&mut self, counts: Counts, name: Option<&[u8]>) -> Result<(), Errno> {
        let columns = [
            (self.wanted.lines, counts.lines),
            (self.wanted.words, counts.words),
            (self.wanted.chars, counts.chars),
            (self.wanted.bytes, counts.bytes),
            (self.wanted.length, counts.length),
        ];
        let numbers = columns.into_iter().filter(|(wanted, _)| *wanted);
        let texts: Vec<String> = numbers.map(|(_, value)| format!("{value:>width$}", width = self.width)).collect();
        let mut line = texts.join(" ").into_bytes();
        if let Some(name) = name {
            line.push(b' ');
            // A name with a newline would look like another line.
            if name.contains(&b'\n') {
                line.extend_from_slice(&quote_if_needed(name));
            } else {
                line.extend_from_slice(name);
            }
        }
        line.push(b'\n');
        self.out.write(&line).await
    }
}

/// Counts characters over the edges of chunks.
#[derive(Default)]
struct Counter {
    counts: Counts,
    in_word: bool,
    column: u64,
    /// The beginning of a character that the last chunk cut.
    cut: Vec<u8>,
}

impl Counter {
    fn characters(&mut self, chunk: &[u8]) {
        if self.cut.is_empty() {
            return self.whole(chunk);
        }
        let joined = [std::mem::take(&mut self.cut).as_slice(), chunk].concat();
        self.whole(&joined);
    }

    /// Counts a chunk, and keeps what its end has cut.
    fn whole(&mut self, chunk: &[u8]) {
        let end = chunk.len() - cut_length(chunk);
        let (complete, cut) = chunk.split_at(end);
        self.cut = cut.to_vec();
        let mut rest = complete;
        loop {
            let ascii = rest.iter().take_while(|byte| byte.is_ascii()).count();
            let (plain, others) = rest.split_at(ascii);
            plain.iter().for_each(|byte| self.ascii(*byte));
            let foreign = others.iter().take_while(|byte| !byte.is_ascii()).count();
            let (text, after) = others.split_at(foreign);
            chars(text).for_each(|character| self.character(character));
            rest = after;
            if rest.is_empty() {
                return;
            }
        }
    }

    fn ascii(&mut self, byte: u8) {
        self.counts.chars += 1;
        match byte {
            b'\n' => {
                self.counts.lines += 1;
                self.end_line();
            }
            b'\r' | 0x0c => self.end_line(),
            b'\t' => {
                self.column += 8 - self.column % 8;
                self.end_word();
            }
            b' ' => {
                self.column += 1;
                self.end_word();
            }
            0x0b => self.end_word(),
            0x21..=0x7e => {
                self.column += 1;
                self.in_word = true;
            }
            _ => {}
        }
    }

    fn character(&mut self, character: Char<'_>) {
        let Char::Scalar(scalar, _) = character else { return };
        self.counts.chars += 1;
        if is_printable(scalar) {
            self.column += width(scalar) as u64;
            if is_space(scalar) {
                self.end_word();
            } else {
                self.in_word = true;
            }
        } else if is_space(scalar) {
            self.end_word();
        }
    }

    fn end_line(&mut self) {
        self.counts.length = self.counts.length.max(self.column);
        self.column = 0;
        self.end_word();
    }

    fn end_word(&mut self) {
        self.counts.words += u64::from(self.in_word);
        self.in_word = false;
    }

    fn finish(mut self) -> Counts {
        let cut = std::mem::take(&mut self.cut);
        chars(&cut).for_each(|character| self.character(character));
        self.end_line();
        self.counts
    }
}

/// White space outside ASCII, no-break spaces included.
fn is_space(character: char) -> bool {
    character.is_whitespace() && character != '\u{85}' || character == '\u{2060}'
}

/// How many bytes at the end are the beginning of a character that is not complete.
fn cut_length(chunk: &[u8]) -> usize {
    let tail = chunk.get(chunk.len().saturating_sub(3)..).unwrap_or_default();
    (0..tail.len())
        .filter_map(|start| tail.get(start..))
        .find(|piece| {
            std::str::from_utf8(piece).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
        })
        .map_or(0, <[u8]>::len)
}
