//! `md5sum`, `sha1sum`, `sha224sum`, `sha256sum`, `sha384sum`, `sha512sum`, `cksum` - compute and check message digests.
//! [POSIX cksum; GNU coreutils "cksum invocation", "md5sum invocation"]

mod digest;
mod verify;

use super::options::OptionError;
use crate::text::quoting::quote_if_needed;
use crate::utility::choice::choose;
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;
use crate::utility::{OptionId, Parsed};
use digest::{Algorithm, Outcome, State};

macro_rules! digest_row {
    ($row:ident, $name:literal, $algorithm:ident) => {
        #[doc = concat!("The registry row of `", $name, "`.")]
        pub const $row: Utility = Utility {
            name: $name,
            options: Some(&sums::OPTIONS),
            run: |sys, inv| Box::pin(digest_sum(sys, inv, Algorithm::$algorithm)),
            doc: "compute and check message digests",
        };
    };
}

digest_row!(MD5SUM, "md5sum", Md5);
digest_row!(SHA1SUM, "sha1sum", Sha1);
digest_row!(SHA224SUM, "sha224sum", Sha224);
digest_row!(SHA256SUM, "sha256sum", Sha256);
digest_row!(SHA384SUM, "sha384sum", Sha384);
digest_row!(SHA512SUM, "sha512sum", Sha512);

/// The registry row of `cksum`.
pub const CKSUM: Utility = Utility {
    name: "cksum",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(cksum(sys, inv)),
    doc: "compute and check sums and message digests",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    LENGTH    = 'l', "length", Required("BITS"), "digest length in bits";
    CHECK     = 'c', "check", No, "read checksums from the FILEs and check them";
    MISSING   = ' ', "ignore-missing", No, "don't fail or report status for missing files";
    QUIET     = ' ', "quiet", No, "don't print OK for each successfully verified file";
    STATUS    = ' ', "status", No, "don't output anything, status code shows success";
    WARN      = 'w', "warn", No, "warn about improperly formatted checksum lines";
    STRICT    = ' ', "strict", No, "exit non-zero for improperly formatted checksum lines";
    TAG       = ' ', "tag", No, "create a BSD-style checksum (the default)";
    ZERO      = 'z', "zero", No, "end each output line with NUL, not newline, and disable file name escaping";
    ALGORITHM = 'a', "algorithm", Required("TYPE"), "select the digest type to use";
    DEBUG     = ' ', "debug", No, "indicate which implementation used";
    UNTAGGED  = ' ', "untagged", No, "create a reversed style checksum, without digest type";
}

/// The options of `md5sum` and its like.
mod sums {
    use crate::options;

    options! {
        OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
        CHECK   = 'c', "check", No, "read checksums from the FILEs and check them";
        MISSING = ' ', "ignore-missing", No, "don't fail or report status for missing files";
        QUIET   = ' ', "quiet", No, "don't print OK for each successfully verified file";
        STATUS  = ' ', "status", No, "don't output anything, status code shows success";
        WARN    = 'w', "warn", No, "warn about improperly formatted checksum lines";
        STRICT  = ' ', "strict", No, "exit non-zero for improperly formatted checksum lines";
        TAG     = ' ', "tag", No, "create a BSD-style checksum";
        ZERO    = 'z', "zero", No, "end each output line with NUL, not newline, and disable file name escaping";
        BINARY  = 'b', "binary", No, "read in binary mode";
        TEXT    = 't', "text", No, "read in text mode (default)";
    }
    /// The ids another module needs.
    pub(super) const IDS: super::Ids =
        super::Ids { missing: MISSING, quiet: QUIET, status: STATUS, strict: STRICT, warn: WARN };
    pub(super) const FLAGS: [crate::utility::OptionId; 5] = [BINARY, CHECK, TAG, TEXT, ZERO];
}

/// Options that count only with `--check`.
struct Ids {
    missing: OptionId,
    quiet: OptionId,
    status: OptionId,
    strict: OptionId,
    warn: OptionId,
}

const CKSUM_IDS: Ids = Ids { missing: MISSING, quiet: QUIET, status: STATUS, strict: STRICT, warn: WARN };

/// Words of `cksum -a`; two algorithms are known by name only.
const ALGORITHMS: [(&str, Result<Algorithm, &str>); 11] = [
    ("bsd", Ok(Algorithm::Bsd)),
    ("sysv", Ok(Algorithm::SystemV)),
    ("crc", Ok(Algorithm::Crc)),
    ("md5", Ok(Algorithm::Md5)),
    ("sha1", Ok(Algorithm::Sha1)),
    ("sha224", Ok(Algorithm::Sha224)),
    ("sha256", Ok(Algorithm::Sha256)),
    ("sha384", Ok(Algorithm::Sha384)),
    ("sha512", Ok(Algorithm::Sha512)),
    ("blake2b", Err("blake2b")),
    ("sm3", Err("sm3")),
];

/// How digests are printed.
#[derive(Clone, Copy)]
struct Style {
    tag: bool,
    binary: bool,
    zero: bool,
}

async fn digest_sum(sys: Sys, invocation: Invocation, algorithm: Algorithm) -> ExitStatus {
    let parsed = match sums::OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let [binary, check, tag, text, zero] = sums::FLAGS;
    let problem = if parsed.has(tag) && parsed.last_of(&[tag, text]) == Some(text) {
        Some("--tag does not support --text mode")
    } else if parsed.has(zero) && parsed.has(check) {
        Some("the --zero option is not supported when verifying checksums")
    } else if parsed.has(tag) && parsed.has(check) {
        Some("the --tag option is meaningless when verifying checksums")
    } else if parsed.has(check) && parsed.last_of(&[binary, text]).is_some() {
        Some("the --binary and --text options are meaningless when verifying checksums")
    } else {
        only_with_check(&parsed, &sums::IDS, parsed.has(check))
    };
    if let Some(problem) = problem {
        return OptionError::Usage(problem.into(), 1).report(&sys).await;
    }
    if parsed.has(check) {
        return verify::verify(&sys, &parsed, &sums::IDS, Some(algorithm)).await;
    }
    let style =
        Style { tag: parsed.has(tag), binary: parsed.last_of(&[binary, text]) == Some(binary), zero: parsed.has(zero) };
    compute(&sys, &parsed, algorithm, style).await
}

async fn cksum(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut algorithm = Algorithm::Crc;
    if let Some(word) = parsed.value(ALGORITHM) {
        match choose("--algorithm", word, &ALGORITHMS, 1) {
            Ok(Ok(chosen)) => algorithm = chosen,
            Ok(Err(name)) => {
                sys.error(format!("the digest {name} is not supported by this machine")).await;
                return ExitStatus::FAILURE;
            }
            Err(error) => return error.report(&sys).await,
        }
    }
    let problem = if parsed.has(LENGTH) {
        Some("--length is only supported with --algorithm=blake2b")
    } else if parsed.has(CHECK) && parsed.has(ALGORITHM) && algorithm.tag().is_empty() {
        Some("--check is not supported with --algorithm={bsd,sysv,crc}")
    } else {
        None
    };
    if let Some(problem) = problem {
        sys.error(problem).await;
        return ExitStatus::FAILURE;
    }
    if let Some(problem) = only_with_check(&parsed, &CKSUM_IDS, parsed.has(CHECK)) {
        return OptionError::Usage(problem.into(), 1).report(&sys).await;
    }
    if parsed.has(CHECK) {
        let only = parsed.has(ALGORITHM).then_some(algorithm);
        return verify::verify(&sys, &parsed, &CKSUM_IDS, only).await;
    }
    let tag = parsed.last_of(&[TAG, UNTAGGED]) != Some(UNTAGGED);
    compute(&sys, &parsed, algorithm, Style { tag, binary: false, zero: parsed.has(ZERO) }).await
}

/// What is wrong about options that only `--check` gives a meaning.
fn only_with_check(parsed: &Parsed, ids: &Ids, check: bool) -> Option<&'static str> {
    if check {
        return None;
    }
    let messages = [
        (ids.missing, "the --ignore-missing option is meaningful only when verifying checksums"),
        (ids.status, "the --status option is meaningful only when verifying checksums"),
        (ids.warn, "the --warn option is meaningful only when verifying checksums"),
        (ids.quiet, "the --quiet option is meaningful only when verifying checksums"),
        (ids.strict, "the --strict option is meaningful only when verifying checksums"),
    ];
    messages.into_iter().find(|(id, _)| parsed.has(*id)).map(|(_, message)| message)
}

async fn compute(sys: &Sys, parsed: &Parsed, algorithm: Algorithm, style: Style) -> ExitStatus {
    let mut out = OutBuf::by_lines(sys);
    let mut success = true;
    let named = !parsed.operands().is_empty();
    for file in or_stdin(parsed.operands()) {
        match of_file(sys, &file, algorithm).await {
            Ok(Outcome::Digest(digest)) => push_digest(&digest, &file, algorithm, style, out.buffer()),
            Ok(Outcome::Sum(sum, length)) => {
                let text = match algorithm {
                    Algorithm::Bsd => format!("{sum:05} {:5}", length.div_ceil(1024)),
                    Algorithm::SystemV => format!("{sum} {}", length.div_ceil(512)),
                    _ => format!("{sum} {length}"),
                };
                out.put(text.as_bytes());
                if named {
                    out.put(b" ");
                    out.put(&file);
                }
                out.put(if style.zero { b"\0" } else { b"\n" });
            }
            Err(errno) => {
                // A failed write shows when the buffer is finished.
                let _ = out.flush().await;
                let shown = if file.as_ref() == b"-" && algorithm == Algorithm::Crc {
                    b"standard input".to_vec()
                } else {
                    quote_if_needed(&file)
                };
                sys.complain(shown, errno).await;
                success = false;
            }
        }
    }
    if algorithm != Algorithm::Crc {
        success &= close_stdin(sys, parsed.operands(), "standard input").await;
    }
    (out.finish().await && success).into()
}

/// The digest of a file; `-` is standard input.
async fn of_file(sys: &Sys, file: &Bytes, algorithm: Algorithm) -> Result<Outcome, Errno> {
    let fd = open_operand(sys, file).await?;
    let mut state = State::new(algorithm);
    let result = loop {
        match sys.read_chunk(fd).await {
            Ok(Some(chunk)) => {
                state.update(&chunk);
                sys.charge(chunk.len() as u64 / 4).await;
            }
            Ok(None) => break Ok(()),
            Err(errno) => break Err(errno),
        }
    };
    close_operand(sys, fd).await;
    result.map(|()| state.finish())
}

/// `digest  name`, or `TAG (name) = digest`; a name with a newline or backslash is escaped, and the line marked.
fn push_digest(digest: &str, name: &[u8], algorithm: Algorithm, style: Style, out: &mut Vec<u8>) {
    let escape = !style.zero && name.iter().any(|byte| matches!(byte, b'\n' | b'\\' | b'\r'));
    let shown = if escape { escaped(name) } else { name.to_vec() };
    if escape {
        out.push(b'\\');
    }
    if style.tag {
        out.extend_from_slice(algorithm.tag().as_bytes());
        out.extend_from_slice(&[b" (".as_slice(), &shown, b") = ", digest.as_bytes()].concat());
    } else {
        out.extend_from_slice(digest.as_bytes());
        out.extend_from_slice(if style.binary { b" *" } else { b"  " });
        out.extend_from_slice(&shown);
    }
    out.push(if style.zero { 0 } else { b'\n' });
}

fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len() + 4);
    for byte in name {
        match byte {
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\\' => out.extend_from_slice(b"\\\\"),
            byte => out.push(*byte),
        }
    }
    out
}
