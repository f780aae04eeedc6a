//! `truncate` - shrink or extend the size of files.  [GNU coreutils "truncate invocation"]

use super::options::OptionError;
use crate::text::human_size::{SizeError, parse_size};
use crate::text::quoting::{quote, quote_always};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "truncate",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(truncate(sys, inv)),
    doc: "shrink or extend the size of files",
};

options! {
    OPTIONS: "OPTION... FILE...", Permute, 1;
    NO_CREATE = 'c', "no-create", No, "do not create any files";
    IO_BLOCKS = 'o', "io-blocks", No, "treat SIZE as number of IO blocks instead of bytes";
    REFERENCE = 'r', "reference", Required("RFILE"), "base size on RFILE";
    SIZE      = 's', "size", Required("SIZE"), "set or adjust the file size by SIZE bytes";
}

/// How SIZE changes a size.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Set,
    Extend,
    Reduce,
    AtMost,
    AtLeast,
    RoundDown,
    RoundUp,
}

async fn truncate(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let change = match parsed.value(SIZE).map(|text| size(text)).transpose() {
        Ok(change) => change,
        Err(message) => {
            sys.error(message).await;
            return ExitStatus::FAILURE;
        }
    };
    let reference = parsed.value(REFERENCE);
    let usage = |message: Vec<u8>| OptionError::Usage(message, 1);
    let option = |name: &str| quote(name.as_bytes());
    match (change, reference) {
        (None, None) => {
            let text =
                [b"you must specify either ".as_slice(), &option("--size"), b" or ", &option("--reference")].concat();
            return usage(text).report(&sys).await;
        }
        (Some((Change::Set, _)), Some(_)) => {
            let text =
                [b"you must specify a relative ".as_slice(), &option("--size"), b" with ", &option("--reference")]
                    .concat();
            return usage(text).report(&sys).await;
        }
        (None, _) if parsed.has(IO_BLOCKS) => {
            let text =
                [option("--io-blocks").as_slice(), b" was specified but ", &option("--size"), b" was not"].concat();
            return usage(text).report(&sys).await;
        }
        _ => {}
    }
    if parsed.operands().is_empty() {
        return usage(b"missing file operand".to_vec()).report(&sys).await;
    }
    let base = match reference {
        Some(file) => match sys.stat(file.clone()).await {
            Ok(stat) => Some(stat.size),
            Err(errno) => {
                sys.complain([b"cannot stat ".as_slice(), &quote_always(file)].concat(), errno).await;
                return ExitStatus::FAILURE;
            }
        },
        None => None,
    };
    let mut success = true;
    for file in parsed.operands() {
        let create = if parsed.has(NO_CREATE) { OpenFlags::default() } else { OpenFlags::CREATE };
        let fd = match sys.open(file.clone(), OpenFlags::WRITE | OpenFlags::NON_BLOCK | create, 0o666).await {
            Ok(fd) => fd,
            Err(Errno::ENOENT) if parsed.has(NO_CREATE) => continue,
            Err(errno) => {
                let name = quote_always(file);
                sys.complain([b"cannot open ".as_slice(), &name, b" for writing"].concat(), errno).await;
                success = false;
                continue;
            }
        };
        let stat = sys.fstat(fd).await;
        let result = match stat {
            Ok(stat) => {
                let unit = if parsed.has(IO_BLOCKS) { u64::from(stat.blksize) } else { 1 };
                let current = base.unwrap_or(stat.size);
                match new_size(change.unwrap_or((Change::Extend, 0)), current, unit) {
                    Some(size) => sys.ftruncate(fd, size).await,
                    None => Err(Errno::EFBIG),
                }
            }
            Err(errno) => Err(errno),
        };
        if let Err(errno) = result {
            let what = [b"failed to truncate ".as_slice(), &quote_always(file)].concat();
            sys.complain(what, errno).await;
            success = false;
        }
        success &= sys.close(fd).await.is_ok();
    }
    success.into()
}

/// The argument of `-s`: a number with suffix, after a character that says how it counts.
fn size(text: &[u8]) -> Result<(Change, u64), Vec<u8>> {
    let trimmed = text.trim_ascii_start();
    let (change, number) = match trimmed.split_first() {
        Some((b'<', rest)) => (Change::AtMost, rest),
        Some((b'>', rest)) => (Change::AtLeast, rest),
        Some((b'/', rest)) => (Change::RoundDown, rest),
        Some((b'%', rest)) => (Change::RoundUp, rest),
        Some((b'+', rest)) => (Change::Extend, rest),
        Some((b'-', rest)) => (Change::Reduce, rest),
        _ => (Change::Set, trimmed),
    };
    let value = parse_size(number, b"EgGkKmMPtTYZ0").map_err(|error| {
        let reason: &[u8] = if error == SizeError::TooLarge { b": Value too large for defined data type" } else { b"" };
        [b"Invalid number: ".as_slice(), &quote(text), reason].concat()
    })?;
    if value == 0 && matches!(change, Change::RoundDown | Change::RoundUp) {
        return Err(b"division by zero".to_vec());
    }
    Ok((change, value))
}

fn new_size((change, size): (Change, u64), current: u64, unit: u64) -> Option<u64> {
    let size = size.checked_mul(unit)?;
    let result = match change {
        Change::Set => size,
        Change::Extend => current.checked_add(size)?,
        Change::Reduce => current.saturating_sub(size),
        Change::AtMost => current.min(size),
        Change::AtLeast => current.max(size),
        Change::RoundDown => current / size * size,
        Change::RoundUp => current.div_ceil(size).checked_mul(size)?,
    };
    (result <= i64::MAX as u64).then_some(result)
}
