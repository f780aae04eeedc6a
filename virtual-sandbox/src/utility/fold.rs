//! `fold` - wrap each input line to fit in specified width.  [POSIX fold; GNU coreutils "fold invocation"]

use crate::text::quoting::{quote, quote_if_needed};
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "fold",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(fold(sys, inv)),
    doc: "wrap each input line to fit in specified width",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    BYTES  = 'b', "bytes", No, "count bytes rather than columns";
    SPACES = 's', "spaces", No, "break at spaces";
    WIDTH  = 'w', "width", Required("WIDTH"), "use WIDTH columns instead of 80";
}

struct Folding {
    width: usize,
    bytes: bool,
    spaces: bool,
}

async fn fold(sys: Sys, invocation: Invocation) -> ExitStatus {
    let arguments: Vec<Bytes> = invocation.arguments().iter().flat_map(without_obsolete_width).collect();
    let parsed = match OPTIONS.parse_arguments(&arguments, invocation.env_var(b"POSIXLY_CORRECT").is_some()) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut folding = Folding { width: 80, bytes: parsed.has(BYTES), spaces: parsed.has(SPACES) };
    if let Some(text) = parsed.value(WIDTH) {
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok());
        match number {
            Some(width) if width > 0 => folding.width = width.try_into().unwrap_or(usize::MAX),
            number => {
                let mut message = [b"invalid number of columns: ".as_slice(), &quote(text)].concat();
                if number.is_some() {
                    message.extend_from_slice(b": Numerical result out of range");
                }
                sys.error(message).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    let mut out = OutBuf::stdout(&sys);
    let mut success = true;
    for file in or_stdin(parsed.operands()) {
        let result = match open_operand(&sys, &file).await {
            Ok(fd) => {
                let mut lines = Records::lines(&sys, fd);
                let result = loop {
                    match lines.next().await {
                        Ok(Some(line)) => {
                            folding.line(&line.bytes, out.buffer());
                            sys.charge(line.bytes.len() as u64 / 8).await;
                            if out.write(if line.terminated { b"\n" } else { b"" }).await.is_err() {
                                break Ok(());
                            }
                        }
                        Ok(None) => break Ok(()),
                        Err(errno) => break Err(errno),
                    }
                };
                close_operand(&sys, fd).await;
                result
            }
            Err(errno) => Err(errno),
        };
        if let Err(errno) = result {
            // A failed write shows when the buffer is finished.
            let _ = out.flush().await;
            sys.complain(quote_if_needed(&file), errno).await;
            success = false;
        }
    }
    success &= close_stdin(&sys, parsed.operands(), "-").await;
    (out.finish().await && success).into()
}

/// The obsolete `-NUM`, also after `-b` and `-s` in the same word, is `-w NUM`.
fn without_obsolete_width(argument: &Bytes) -> Vec<Bytes> {
    let letters = argument.iter().skip(1).take_while(|byte| matches!(byte, b'b' | b's')).count();
    let (flags, digits) = argument.split_at((1 + letters).min(argument.len()));
    if !argument.starts_with(b"-") || digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return vec![argument.clone()];
    }
    let mut words = vec![Bytes::from([b"-w", digits].concat())];
    if letters > 0 {
        words.push(Bytes::copy_from_slice(flags));
    }
    words
}

impl Folding {
    /// The column after a byte: backspace, carriage return and tab move as on a terminal.
    fn advance(&self, column: usize, byte: u8) -> usize {
        match byte {
            _ if self.bytes => column + 1,
            8 => column.saturating_sub(1),
            b'\r' => 0,
            b'\t' => column + 8 - column % 8,
            _ => column + 1,
        }
    }

    fn line(&self, line: &[u8], out: &mut Vec<u8>) {
        let mut start = 0;
        let mut column = 0;
        let mut at = 0;
        while let Some(byte) = line.get(at) {
            let next = self.advance(column, *byte);
            if next <= self.width || at == start {
                column = next;
                at += 1;
                continue;
            }
            let piece = line.get(start..at).unwrap_or_default();
            let blank = piece.iter().rposition(|byte| matches!(byte, b' ' | b'\t')).filter(|_| self.spaces);
            let end = blank.map_or(at, |blank| start + blank + 1);
            out.extend_from_slice(line.get(start..end).unwrap_or_default());
            out.push(b'\n');
            start = end;
            // What was carried over begins the next line.
            column = line.get(end..at).unwrap_or_default().iter().fold(0, |column, byte| self.advance(column, *byte));
        }
        out.extend_from_slice(line.get(start..).unwrap_or_default());
    }
}
