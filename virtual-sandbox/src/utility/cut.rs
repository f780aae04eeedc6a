//! `cut` - print selected parts of lines.  [POSIX cut; GNU coreutils "cut invocation"]

use crate::text::ranges::{Counted, Ranges};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "cut",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(cut(sys, inv)),
    doc: "print selected parts of lines",
};

options! {
    OPTIONS: "OPTION... [FILE]...", Permute, 1;
    BYTES = 'b', "bytes", Required("LIST"), "select only these bytes";
    CHARACTERS = 'c', "characters", Required("LIST"), "select only these characters";
    FIELDS = 'f', "fields", Required("LIST"), "select only these fields; also print lines without a delimiter, unless -s";
    DELIMITER = 'd', "delimiter", Required("DELIM"), "use DELIM instead of TAB for field delimiter";
    ONLY_DELIMITED = 's', "only-delimited", No, "do not print lines without delimiters";
    OUTPUT_DELIMITER = ' ', "output-delimiter", Required("STRING"), "use STRING as the output delimiter";
    COMPLEMENT = ' ', "complement", No, "complement the set of selected bytes, characters or fields";
    ZERO = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
    WHOLE = 'n', "", No, "(ignored)";
}

struct Cut {
    counted: Counted,
    ranges: Ranges,
    delimiter: u8,
    /// `None`: nothing is put between ranges of bytes, the delimiter between fields.
    output_delimiter: Option<Vec<u8>>,
    only_delimited: bool,
    end: u8,
}

async fn cut(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let cut = match Cut::new(&parsed) {
        Ok(cut) => cut,
        Err(message) => {
            sys.error(message).await;
            try_help(&sys).await;
            return ExitStatus::FAILURE;
        }
    };
    let mut out = OutBuf::stdout(&sys);
    let mut success = true;
    let standard_input = [Bytes::from_static(b"-")];
    let operands = if parsed.operands().is_empty() { &standard_input } else { parsed.operands() };
    for operand in operands {
        let opened = if operand.as_ref() == b"-" { Ok(Fd::STDIN) } else { sys.open_read(operand.clone()).await };
        let result = match opened {
            Ok(fd) => cut.file(&sys, fd, &mut out).await,
            Err(errno) => Err(errno),
        };
        if let Err(errno) = result {
            success = false;
            // A failed write shows when the buffer is finished.
            let _ = out.flush().await;
            sys.complain(crate::text::quoting::quote_if_needed(operand), errno).await;
        }
        if let Ok(fd) = opened
            && fd != Fd::STDIN
        {
            // Nothing was written to it.
            let _ = sys.close(fd).await;
        }
    }
    (out.finish().await && success).into()
}

impl Cut {
    fn new(parsed: &crate::utility::Parsed) -> Result<Cut, Vec<u8>> {
        let mut list = None;
        let mut delimiter = None;
        for (id, value) in parsed.in_order() {
            let Some(value) = value else { continue };
            match *id {
                BYTES | CHARACTERS | FIELDS if list.is_some() => return Err(b"only one list may be specified".to_vec()),
                BYTES | CHARACTERS => list = Some((Counted::Bytes, value)),
                FIELDS => list = Some((Counted::Fields, value)),
                DELIMITER if value.len() > 1 => return Err(b"the delimiter must be a single character".to_vec()),
                DELIMITER => delimiter = Some(value.first().copied().unwrap_or(0)),
                _ => {}
            }
        }
        let Some((counted, list)) = list else {
            return Err(b"you must specify a list of bytes, characters, or fields".to_vec());
        };
        let bytes = counted == Counted::Bytes;
        if bytes && delimiter.is_some() {
            return Err(b"an input delimiter may be specified only when operating on fields".to_vec());
        }
        if bytes && parsed.has(ONLY_DELIMITED) {
            return Err(b"suppressing non-delimited lines makes sense\n\tonly when operating on fields".to_vec());
        }
        let ranges = Ranges::parse(list, counted)?;
        // An empty output delimiter is a NUL byte.
        let output_delimiter =
            parsed.value(OUTPUT_DELIMITER).map(|text| if text.is_empty() { vec![0] } else { text.to_vec() });
        Ok(Cut {
            counted,
            ranges: if parsed.has(COMPLEMENT) { ranges.complement() } else { ranges },
            delimiter: delimiter.unwrap_or(b'\t'),
            output_delimiter,
            only_delimited: parsed.has(ONLY_DELIMITED),
            end: if parsed.has(ZERO) { 0 } else { b'\n' },
        })
    }

    async fn file(&self, sys: &Sys, fd: Fd, out: &mut OutBuf) -> Result<(), Errno> {
        let mut lines = Records::new(sys, fd, self.end);
        if self.counted == Counted::Fields && self.delimiter == self.end {
            return self.lines_as_fields(&mut lines, out).await;
        }
        while let Some(block) = lines.block().await? {
            sys.charge(block.len() as u64 / 32).await;
            for line in records(&block, self.end) {
                match self.counted {
                    Counted::Bytes => self.bytes(line, out.buffer()),
                    Counted::Fields => self.fields(line, out.buffer()),
                }
            }
            out.flush_if_full().await?;
        }
        Ok(())
    }

    fn bytes(&self, line: &[u8], out: &mut Vec<u8>) {
        let mut any = false;
        for (low, high) in self.ranges.iter() {
            let start = usize::try_from(low - 1).unwrap_or(usize::MAX);
            let end = usize::try_from(high).unwrap_or(usize::MAX).min(line.len());
            let Some(part) = line.get(start..end).filter(|part| !part.is_empty()) else { break };
            if any && let Some(delimiter) = &self.output_delimiter {
                out.extend_from_slice(delimiter);
            }
            out.extend_from_slice(part);
            any = true;
        }
        out.push(self.end);
    }

    fn fields(&self, line: &[u8], out: &mut Vec<u8>) {
        let mut ends = memchr::memchr_iter(self.delimiter, line);
        let Some(first_end) = ends.next() else {
            if !self.only_delimited {
                out.extend_from_slice(line);
                out.push(self.end);
            }
            return;
        };
        let mut ranges = self.ranges.iter();
        let mut range = ranges.next();
        let (mut number, mut start, mut end) = (1u64, 0, Some(first_end));
        let mut any = false;
        while let Some((low, high)) = range {
            if number > high {
                range = ranges.next();
                continue;
            }
            if number >= low {
                if any {
                    match &self.output_delimiter {
                        Some(delimiter) => out.extend_from_slice(delimiter),
                        None => out.push(self.delimiter),
                    }
                }
                out.extend_from_slice(line.get(start..end.unwrap_or(line.len())).unwrap_or_default());
                any = true;
            }
            let Some(behind) = end else { break };
            start = behind + 1;
            end = ends.next();
            number += 1;
        }
        out.push(self.end);
    }

    /// With the end of the line as delimiter the whole input is one line, and its lines are the fields.
    async fn lines_as_fields(&self, lines: &mut Records, out: &mut OutBuf) -> Result<(), Errno> {
        let mut number = 0u64;
        let mut any = false;
        let delimiter = self.output_delimiter.clone().unwrap_or_else(|| vec![self.delimiter]);
        while let Some(block) = lines.block().await? {
            for line in records(&block, self.end) {
                number += 1;
                if self.ranges.iter().any(|(low, high)| low <= number && number <= high) {
                    if any {
                        out.put(&delimiter);
                    }
                    out.put(line);
                    any = true;
                }
            }
            out.flush_if_full().await?;
        }
        if any {
            out.put(&[self.end]);
        }
        Ok(())
    }
}
