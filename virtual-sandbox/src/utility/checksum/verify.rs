//! `--check`: the lines of a checksum file.

use super::digest::{Algorithm, Outcome};
use super::{Ids, escaped, of_file};
use crate::text::quoting::quote_if_needed;
use crate::utility::Parsed;
use crate::utility::operand::{close_operand, open_operand, or_stdin};
use crate::utility::prelude::*;

/// What a line says.
struct Entry {
    algorithm: Algorithm,
    digest: Vec<u8>,
    name: Bytes,
}

#[derive(Default)]
struct Counts {
    good_lines: u64,
    bad_lines: u64,
    mismatched: u64,
    unreadable: u64,
    matched: u64,
}

/// Verifies each line of the files; `only` restricts the algorithm.
pub async fn verify(sys: &Sys, parsed: &Parsed, ids: &Ids, only: Option<Algorithm>) -> ExitStatus {
    let mut success = true;
    for file in or_stdin(parsed.operands()) {
        success &= verify_file(sys, &file, parsed, ids, only).await;
    }
    success.into()
}

async fn verify_file(sys: &Sys, file: &Bytes, parsed: &Parsed, ids: &Ids, only: Option<Algorithm>) -> bool {
    let shown = if file.as_ref() == b"-" { quote_if_needed(b"standard input") } else { quote_if_needed(file) };
    let fd = match open_operand(sys, file).await {
        Ok(fd) => fd,
        Err(errno) => {
            sys.complain(shown, errno).await;
            return false;
        }
    };
    let mut out = OutBuf::stdout(sys);
    let mut counts = Counts::default();
    let mut lines = Records::lines(sys, fd);
    let mut number = 0;
    loop {
        let line = match lines.next().await {
            Ok(Some(line)) => line.bytes,
            Ok(None) => break,
            Err(errno) => {
                sys.complain([shown.as_slice(), b": read error"].concat(), errno).await;
                return false;
            }
        };
        number += 1;
        if line.starts_with(b"#") {
            continue;
        }
        match parse(&line, only) {
            Some(entry) => {
                counts.good_lines += 1;
                check(sys, &entry, parsed, ids, &mut counts, &mut out).await;
            }
            None => {
                counts.bad_lines += 1;
                if parsed.has(ids.warn) {
                    let tag = only.map_or("", Algorithm::tag);
                    let what = format!(": {number}: improperly formatted {tag} checksum line");
                    // A failed write shows when the buffer is finished.
                    let _ = out.flush().await;
                    sys.error([shown.as_slice(), what.as_bytes()].concat()).await;
                }
            }
        }
    }
    close_operand(sys, fd).await;
    let written = out.finish().await;
    summary(sys, &shown, parsed, ids, &counts).await && written
}

async fn check(sys: &Sys, entry: &Entry, parsed: &Parsed, ids: &Ids, counts: &mut Counts, out: &mut OutBuf) {
    let needs_escape = entry.name.iter().any(|byte| matches!(byte, b'\n' | b'\r' | b'\\'));
    let name = if needs_escape { [b"\\".as_slice(), &escaped(&entry.name)].concat() } else { entry.name.to_vec() };
    let silent = parsed.has(ids.status);
    match of_file(sys, &entry.name, entry.algorithm).await {
        Ok(Outcome::Digest(digest)) if digest.as_bytes().eq_ignore_ascii_case(&entry.digest) => {
            counts.matched += 1;
            if !silent && !parsed.has(ids.quiet) {
                out.put(&[name.as_slice(), b": OK\n"].concat());
            }
        }
        Ok(_) => {
            counts.mismatched += 1;
            if !silent {
                out.put(&[name.as_slice(), b": FAILED\n"].concat());
            }
        }
        Err(Errno::ENOENT) if parsed.has(ids.missing) => {}
        Err(errno) => {
            counts.unreadable += 1;
            // A failed write shows when the buffer is finished.
            let _ = out.flush().await;
            sys.complain(quote_if_needed(&entry.name), errno).await;
            if !silent {
                out.put(&[name.as_slice(), b": FAILED open or read\n"].concat());
            }
        }
    }
}

async fn summary(sys: &Sys, shown: &[u8], parsed: &Parsed, ids: &Ids, counts: &Counts) -> bool {
    if counts.good_lines == 0 {
        sys.error([shown, b": no properly formatted checksum lines found"].concat()).await;
        return false;
    }
    if !parsed.has(ids.status) {
        let warnings = [
            (counts.bad_lines, "line is improperly formatted", "lines are improperly formatted"),
            (counts.unreadable, "listed file could not be read", "listed files could not be read"),
            (counts.mismatched, "computed checksum did NOT match", "computed checksums did NOT match"),
        ];
        for (number, one, several) in warnings.into_iter().filter(|(number, ..)| *number > 0) {
            sys.error(format!("WARNING: {number} {}", if number == 1 { one } else { several })).await;
        }
    }
    let none_verified = parsed.has(ids.missing) && counts.matched == 0 && counts.mismatched == 0;
    if none_verified && !parsed.has(ids.status) {
        sys.error([shown, b": no file was verified"].concat()).await;
    }
    !none_verified
        && counts.mismatched == 0
        && counts.unreadable == 0
        && !(parsed.has(ids.strict) && counts.bad_lines > 0)
}

/// A line in either form; `None` when it is neither, or of another algorithm.
fn parse(line: &Bytes, only: Option<Algorithm>) -> Option<Entry> {
    let line = line.strip_suffix(b"\r").map_or_else(|| line.clone(), |rest| line.slice(..rest.len()));
    let start = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let escaped = line.get(start) == Some(&b'\\');
    let text = line.slice(start + usize::from(escaped)..);
    let mut entry = tagged(&text).or_else(|| untagged(&text, only))?;
    if only.is_some_and(|only| only != entry.algorithm) {
        return None;
    }
    if escaped {
        entry.name = Bytes::from(unescaped(&entry.name)?);
    }
    Some(entry)
}

/// `TAG (name) = digest`
fn tagged(text: &Bytes) -> Option<Entry> {
    let algorithm = Algorithm::TAGGED.into_iter().find(|algorithm| {
        text.strip_prefix(algorithm.tag().as_bytes())
            .is_some_and(|rest| rest.starts_with(b" (") || rest.starts_with(b"("))
    })?;
    let open = memchr::memchr(b'(', text)?;
    let close = memchr::memmem::rfind(text, b")")?;
    let rest = text.get(close + 1..)?.trim_ascii_start().strip_prefix(b"=")?.trim_ascii();
    let valid = rest.len() == algorithm.digits() && rest.iter().all(u8::is_ascii_hexdigit);
    (valid && open < close).then(|| Entry { algorithm, digest: rest.to_vec(), name: text.slice(open + 1..close) })
}

/// `digest  name` or `digest *name`; without a known algorithm its length tells.
fn untagged(text: &Bytes, only: Option<Algorithm>) -> Option<Entry> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let algorithm = only.filter(|algorithm| algorithm.digits() == digits)?;
    let separator = text.get(digits..digits + 2)?;
    if separator != b"  " && separator != b" *" {
        return None;
    }
    let name = text.slice(digits + 2..);
    (!name.is_empty()).then(|| Entry { algorithm, digest: text.get(..digits).unwrap_or_default().to_vec(), name })
}

fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b'r' => b'\r',
                b'\\' => b'\\',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(out)
}
