//! `od` - dump files in octal and other formats.  [POSIX od; GNU coreutils "od invocation"]

mod combined;
mod dump;
mod field;
mod format;

use super::options::OptionError;
use crate::text::human_size::{SizeError, parse_size};
use crate::utility::choice::choose;
use crate::utility::operand::{close_stdin, or_stdin};
use crate::utility::prelude::*;
use combined::Combined;
use dump::{AddressFormat, Dump};
use format::{Endian, Format};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "od",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(od(sys, inv)),
    doc: "dump files in octal and other formats",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...\n[-abcdfilosx]... [FILE] [[+]OFFSET[.][b]]\n--traditional [OPTION]... [FILE] [[+]OFFSET[.][b] [+][LABEL][.][b]]", Permute, 1;
    SKIP      = 'j', "skip-bytes", Required("BYTES"), "skip BYTES input bytes first";
    ADDRESS   = 'A', "address-radix", Required("RADIX"), "output format for file offsets; RADIX is one of [doxn]";
    LIMIT     = 'N', "read-bytes", Required("BYTES"), "limit dump to BYTES input bytes";
    TYPE      = 't', "format", Required("TYPE"), "select output format or formats";
    ALL       = 'v', "output-duplicates", No, "do not use * to mark line suppression";
    STRINGS   = ' ', "strings", Optional("BYTES"), "as -S; 3 is implied when BYTES is not specified";
    OLD       = ' ', "traditional", No, "accept arguments in the traditional form";
    WIDTH     = 'w', "width", Optional("BYTES"), "output BYTES bytes per output line; 32 is implied";
    ENDIAN    = ' ', "endian", Required("{big|little}"), "swap input bytes according the specified order";
    STRINGS_S = 'S', "", Required("BYTES"), "output strings of at least BYTES graphic chars";
    OLD_A     = 'a', "", No, "same as -t a";
    OLD_B     = 'b', "", No, "same as -t o1";
    OLD_C     = 'c', "", No, "same as -t c";
    OLD_D     = 'd', "", No, "same as -t u2";
    OLD_E     = 'e', "", No, "same as -t fD";
    OLD_F     = 'f', "", No, "same as -t fF";
    OLD_FF    = 'F', "", No, "same as -t fD";
    OLD_H     = 'h', "", No, "same as -t x2";
    OLD_HH    = 'H', "", No, "same as -t x4";
    OLD_I     = 'i', "", No, "same as -t dI";
    OLD_II    = 'I', "", No, "same as -t dL";
    OLD_L     = 'l', "", No, "same as -t dL";
    OLD_LL    = 'L', "", No, "same as -t dL";
    OLD_O     = 'o', "", No, "same as -t o2";
    OLD_OO    = 'O', "", No, "same as -t o4";
    OLD_BB    = 'B', "", No, "same as -t o2";
    OLD_DD    = 'D', "", No, "same as -t u4";
    OLD_S     = 's', "", No, "same as -t d2";
    OLD_X     = 'x', "", No, "same as -t x2";
    OLD_XX    = 'X', "", No, "same as -t x4";
}

/// The type each traditional option stands for.
const TRADITIONAL: [(super::OptionId, &[u8]); 20] = [
    (OLD_A, b"a"),
    (OLD_B, b"o1"),
    (OLD_C, b"c"),
    (OLD_D, b"u2"),
    (OLD_E, b"fD"),
    (OLD_F, b"fF"),
    (OLD_FF, b"fD"),
    (OLD_H, b"x2"),
    (OLD_HH, b"x4"),
    (OLD_I, b"dI"),
    (OLD_II, b"dL"),
    (OLD_L, b"dL"),
    (OLD_LL, b"dL"),
    (OLD_O, b"o2"),
    (OLD_OO, b"o4"),
    (OLD_BB, b"o2"),
    (OLD_DD, b"u4"),
    (OLD_S, b"d2"),
    (OLD_X, b"x2"),
    (OLD_XX, b"x4"),
];

const ENDIANS: [(&str, Endian); 2] = [("little", Endian::Little), ("big", Endian::Big)];
const SUFFIXES: &[u8] = b"bEGKkMmPTYZ0";

struct Request {
    formats: Vec<Format>,
    address: AddressFormat,
    endian: Endian,
    skip: u64,
    limit: Option<u64>,
    strings: Option<u64>,
    all: bool,
    width: Option<u64>,
    files: Vec<Bytes>,
    label: Option<u64>,
}

enum Problem {
    Message(Vec<u8>),
    Usage(OptionError),
}

async fn od(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let request = match request(&parsed) {
        Ok(request) => request,
        Err(Problem::Usage(error)) => return error.report(&sys).await,
        Err(Problem::Message(message)) => {
            sys.error(message).await;
            return ExitStatus::FAILURE;
        }
    };
    if request.strings.is_some() && !request.formats.is_empty() {
        sys.error("no type may be specified when dumping strings").await;
        return ExitStatus::FAILURE;
    }
    let mut input = Combined::new(&sys, request.files);
    if !input.skip(request.skip).await {
        sys.error("cannot skip past end of combined input").await;
        return ExitStatus::FAILURE;
    }
    let mut out = OutBuf::stdout(&sys);
    let written = if let Some(least) = request.strings {
        dump::strings(&mut input, &mut out, request.address, request.skip, request.limit, least).await
    } else {
        let mut formats = request.formats;
        if formats.is_empty() {
            formats = Format::parse_all(b"o2").unwrap_or_default();
        }
        let unit = formats.iter().map(|format| format.size).max().unwrap_or(1);
        let width = match request.width {
            Some(width) if width > 0 && width % unit as u64 == 0 => width.min(1 << 20) as usize,
            Some(width) => {
                sys.error(format!("warning: invalid width {width}; using {unit} instead")).await;
                unit
            }
            None => unit.max(16),
        };
        let dump = Dump { formats, address: request.address, endian: request.endian, width, all: request.all };
        dump.run(&sys, &mut input, &mut out, request.skip, request.limit, request.label).await
    };
    match written {
        Ok(()) => {
            let closed = close_stdin(&sys, parsed.operands(), "standard input").await;
            (out.finish().await && closed && input.success()).into()
        }
        Err(errno) => {
            sys.complain("write error", errno).await;
            ExitStatus::FAILURE
        }
    }
}

fn request(parsed: &super::Parsed) -> Result<Request, Problem> {
    let mut request = Request {
        formats: Vec::new(),
        address: AddressFormat::Octal,
        endian: Endian::Little,
        skip: 0,
        limit: None,
        strings: None,
        all: parsed.has(ALL),
        width: None,
        files: Vec::new(),
        label: None,
    };
    let mut modern = parsed.has(ALL);
    for (option, value) in parsed.in_order() {
        let text = value.as_deref().unwrap_or_default();
        modern |= matches!(*option, ADDRESS | SKIP | LIMIT | STRINGS_S | STRINGS | TYPE | WIDTH);
        match *option {
            ADDRESS => request.address = address(text)?,
            ENDIAN => request.endian = choose("--endian", text, &ENDIANS, 1).map_err(Problem::Usage)?,
            SKIP => request.skip = size("-j", text)?,
            LIMIT => request.limit = Some(size("-N", text)?),
            STRINGS_S => request.strings = Some(size("-S", text)?),
            STRINGS if value.is_none() => request.strings = Some(3),
            STRINGS => request.strings = Some(size("--strings", text)?),
            TYPE => request.formats.extend(Format::parse_all(text).map_err(Problem::Message)?),
            WIDTH if value.is_none() => request.width = Some(32),
            WIDTH => request.width = Some(size("-w", text)?),
            option => {
                if let Some((_, name)) = TRADITIONAL.iter().find(|(id, _)| *id == option) {
                    request.formats.extend(Format::parse_all(name).map_err(Problem::Message)?);
                }
            }
        }
    }
    take_offset(&mut request, parsed.operands(), parsed.has(OLD), modern)?;
    Ok(request)
}

/// Splits operands into files and the traditional `[+]OFFSET [+]LABEL`.
fn take_offset(request: &mut Request, operands: &[Bytes], traditional: bool, modern: bool) -> Result<(), Problem> {
    let mut files = operands;
    if traditional || !modern {
        match operands {
            [only] if traditional || only.starts_with(b"+") => {
                if let Some(offset) = old_offset(only) {
                    request.skip = offset;
                    files = &[];
                }
            }
            [first, second] if traditional || starts_number(second) => {
                let before = old_offset(first).filter(|_| traditional);
                if let (Some(offset), Some(label)) = (before, old_offset(second)) {
                    (request.skip, request.label) = (offset, Some(label));
                    files = &[];
                } else if let Some(offset) = old_offset(second) {
                    request.skip = offset;
                    files = operands.get(..1).unwrap_or_default();
                }
            }
            [_, second, third] if traditional => {
                if let (Some(offset), Some(label)) = (old_offset(second), old_offset(third)) {
                    (request.skip, request.label) = (offset, Some(label));
                    files = operands.get(..1).unwrap_or_default();
                }
            }
            _ => {}
        }
    }
    if let ([_, extra, ..], true) = (files, traditional) {
        let quoted = crate::text::quoting::quote(extra);
        let text = [b"extra operand ".as_slice(), &quoted, b"\nod: compatibility mode supports at most one file"];
        return Err(Problem::Usage(OptionError::Usage(text.concat(), 1)));
    }
    request.files = or_stdin(files);
    Ok(())
}

fn starts_number(text: &[u8]) -> bool {
    matches!(text.first(), Some(b'+' | b'0'..=b'9'))
}

/// `[+]OFFSET[b]`: octal, or hexadecimal after `0x`; `b` multiplies by 512.
fn old_offset(text: &[u8]) -> Option<u64> {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let (digits, factor) = match text {
        [b'0', b'x' | b'X', ..] => (text, 1),
        [digits @ .., b'b' | b'B'] => (digits, 512),
        _ => (text, 1),
    };
    let (digits, radix) = match digits {
        [b'0', b'x' | b'X', rest @ ..] => (rest, 16),
        rest => (rest, 8),
    };
    if !digits.first().is_some_and(u8::is_ascii_hexdigit) {
        return None;
    }
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?.checked_mul(factor)
}

fn address(text: &[u8]) -> Result<AddressFormat, Problem> {
    match text.first() {
        Some(b'd') => Ok(AddressFormat::Decimal),
        Some(b'o') => Ok(AddressFormat::Octal),
        Some(b'x') => Ok(AddressFormat::Hexadecimal),
        Some(b'n') => Ok(AddressFormat::None),
        other => {
            let shown = [other.copied().unwrap_or(0)];
            let message =
                [b"invalid output address radix '".as_slice(), &shown, b"'; it must be one character from [doxn]"];
            Err(Problem::Message(message.concat()))
        }
    }
}

/// A count with a suffix; `0x` means hexadecimal and a leading 0 octal.
fn size(option: &str, text: &[u8]) -> Result<u64, Problem> {
    let parsed = match text {
        [b'0', b'x' | b'X', digits @ ..] => in_radix(digits, 16),
        [b'0', digits @ ..] if !digits.is_empty() => in_radix(digits, 8),
        _ => parse_size(text, SUFFIXES),
    };
    parsed.map_err(|error| Problem::Message(error.message(option, text)))
}

fn in_radix(text: &[u8], radix: u32) -> Result<u64, SizeError> {
    let length = text.iter().take_while(|byte| (**byte as char).is_digit(radix)).count();
    let (digits, suffix) = text.split_at(length);
    let digits = std::str::from_utf8(digits).map_err(|_| SizeError::Invalid)?;
    let value =
        if digits.is_empty() { 0 } else { u64::from_str_radix(digits, radix).map_err(|_| SizeError::TooLarge)? };
    parse_size(&[value.to_string().as_bytes(), suffix].concat(), SUFFIXES)
}
