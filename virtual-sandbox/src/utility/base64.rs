//! `base64` - base64 encode or decode data.  [RFC 4648; GNU coreutils "base64 invocation"]

use crate::text::quoting::{quote, quote_if_needed};
use crate::utility::operand::{open_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "base64",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(base64(sys, inv)),
    doc: "base64 encode or decode data",
};

options! {
    OPTIONS: "[OPTION]... [FILE]", Permute, 1;
    DECODE = 'd', "decode", No, "decode data";
    WRAP   = 'w', "wrap", Required("COLS"), "wrap encoded lines after COLS character (default 76); 0 disables wrapping";
    IGNORE = 'i', "ignore-garbage", No, "when decoding, ignore non-alphabet characters";
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

async fn base64(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut wrap = 76;
    if let Some(text) = parsed.value(WRAP) {
        match std::str::from_utf8(text).ok().and_then(|text| text.parse::<u64>().ok()) {
            Some(columns) => wrap = columns,
            None => {
                sys.error([b"invalid wrap size: ".as_slice(), &quote(text)].concat()).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    if let Some(extra) = parsed.operands().get(1) {
        sys.error([b"extra operand ".as_slice(), &quote(extra)].concat()).await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let file = or_stdin(parsed.operands()).swap_remove(0);
    let fd = match open_operand(&sys, &file).await {
        Ok(fd) => fd,
        Err(errno) => {
            sys.complain(quote_if_needed(&file), errno).await;
            return ExitStatus::FAILURE;
        }
    };
    let mut out = OutBuf::stdout(&sys);
    let mut encoder = Encoder { pending: Vec::new(), wrap, column: 0 };
    let mut decoder = Decoder { bits: 0, count: 0, padding: 0, ignore: parsed.has(IGNORE) };
    loop {
        let chunk = match sys.read_chunk(fd).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(errno) => {
                // A failed write shows in the status all the same.
                let _ = out.flush().await;
                sys.complain("read error", errno).await;
                return ExitStatus::FAILURE;
            }
        };
        sys.charge(chunk.len() as u64 / 16).await;
        if parsed.has(DECODE) {
            if !decoder.decode(&chunk, out.buffer()) {
                return invalid(&sys, out).await;
            }
        } else {
            encoder.encode(&chunk, out.buffer());
        }
        if out.flush_if_full().await.is_err() {
            break;
        }
    }
    if parsed.has(DECODE) {
        if !decoder.is_complete() {
            decoder.flush_partial(out.buffer());
            return invalid(&sys, out).await;
        }
    } else {
        encoder.finish(out.buffer());
    }
    out.finish().await.into()
}

async fn invalid(sys: &Sys, mut out: OutBuf) -> ExitStatus {
    // What was decoded before is printed; the status is failure in any case.
    let _ = out.flush().await;
    sys.error("invalid input").await;
    ExitStatus::FAILURE
}

struct Encoder {
    /// Up to two bytes that wait for a third.
    pending: Vec<u8>,
    wrap: u64,
    column: u64,
}

impl Encoder {
    fn encode(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let joined;
        let data = if self.pending.is_empty() {
            data
        } else {
            joined = [std::mem::take(&mut self.pending).as_slice(), data].concat();
            &joined
        };
        let groups = data.chunks_exact(3);
        self.pending = groups.remainder().to_vec();
        for group in groups {
            let &[a, b, c] = group else { continue };
            let bits = u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c);
            for shift in [18, 12, 6, 0] {
                self.push(letter(bits >> shift), out);
            }
        }
    }

    fn push(&mut self, letter: u8, out: &mut Vec<u8>) {
        if self.wrap > 0 && self.column == self.wrap {
            out.push(b'\n');
            self.column = 0;
        }
        out.push(letter);
        self.column += 1;
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        match *std::mem::take(&mut self.pending).as_slice() {
            [a] => {
                for byte in [letter(u32::from(a) >> 2), letter(u32::from(a) << 4), b'=', b'='] {
                    self.push(byte, out);
                }
            }
            [a, b] => {
                let bits = u32::from(a) << 8 | u32::from(b);
                for byte in [letter(bits >> 10), letter(bits >> 4), letter(bits << 2), b'='] {
                    self.push(byte, out);
                }
            }
            _ => {}
        }
        if self.wrap > 0 && self.column > 0 {
            out.push(b'\n');
        }
    }
}

fn letter(bits: u32) -> u8 {
    ALPHABET.get((bits & 63) as usize).copied().unwrap_or(b'=')
}

struct Decoder {
    bits: u32,
    /// Letters of the group under way.
    count: u32,
    padding: u32,
    ignore: bool,
}

impl Decoder {
    /// Decodes; false at what is not base64. Newlines are skipped.
    fn decode(&mut self, data: &[u8], out: &mut Vec<u8>) -> bool {
        for byte in data {
            let value = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'\n' => continue,
                b'=' if self.count >= 2 => {
                    self.padding += 1;
                    if self.count + self.padding == 4 {
                        self.flush_partial(out);
                    }
                    continue;
                }
                _ if self.ignore && *byte != b'=' => continue,
                _ => {
                    self.flush_partial(out);
                    return false;
                }
            };
            if self.padding > 0 {
                return false;
            }
            self.bits = self.bits << 6 | u32::from(value);
            self.count += 1;
            if self.count == 4 {
                out.extend_from_slice(&[(self.bits >> 16) as u8, (self.bits >> 8) as u8, self.bits as u8]);
                (self.bits, self.count) = (0, 0);
            }
        }
        true
    }

    /// Writes the bytes that an unfinished group surely has.
    fn flush_partial(&mut self, out: &mut Vec<u8>) {
        match self.count {
            2 => out.push((self.bits >> 4) as u8),
            3 => out.extend_from_slice(&[(self.bits >> 10) as u8, (self.bits >> 2) as u8]),
            _ => {}
        }
        (self.bits, self.count, self.padding) = (0, 0, 0);
    }

    fn is_complete(&self) -> bool {
        self.count == 0
    }
}
