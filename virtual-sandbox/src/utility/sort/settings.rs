//! The command line of `sort`.

use super::key::{Key, Ordering};
use crate::text::quoting::{quote, quote_if_needed};
use crate::utility::choice::choose;
use crate::utility::prelude::*;
use crate::utility::{OptionError, OptionId, Parsed, Refusal};

options! {
    OPTIONS: "[OPTION]... [FILE]...\n[OPTION]... --files0-from=F", Permute, 2;
    IGNORE_LEADING_BLANKS = 'b', "ignore-leading-blanks", No, "ignore leading blanks";
    CHECK_LONG = ' ', "check", Optional("WORD"), "as -c; with quiet or silent as -C";
    COMPRESS_PROGRAM = ' ', "compress-program", Required("PROG"), "compress temporaries (there are none)";
    DEBUG = ' ', "debug", No, "annotate the part of the line used to sort";
    DICTIONARY_ORDER = 'd', "dictionary-order", No, "consider only blanks and alphanumeric characters";
    IGNORE_CASE = 'f', "ignore-case", No, "fold lower case to upper case characters";
    FILES0_FROM = ' ', "files0-from", Required("F"), "read input from the files specified by NUL-terminated names in file F";
    GENERAL_NUMERIC = 'g', "general-numeric-sort", No, "compare according to general numerical value";
    IGNORE_NONPRINTING = 'i', "ignore-nonprinting", No, "consider only printable characters";
    KEY = 'k', "key", Required("KEYDEF"), "sort via a key; KEYDEF gives location and type";
    MERGE = 'm', "merge", No, "merge already sorted files; do not sort";
    MONTH = 'M', "month-sort", No, "compare (unknown) < 'JAN' < ... < 'DEC'";
    NUMERIC = 'n', "numeric-sort", No, "compare according to string numerical value";
    HUMAN = 'h', "human-numeric-sort", No, "compare human readable numbers (e.g., 2K 1G)";
    VERSION_SORT = 'V', "version-sort", No, "natural sort of (version) numbers within text";
    RANDOM = 'R', "random-sort", No, "shuffle, but group identical keys";
    RANDOM_SOURCE = ' ', "random-source", Required("FILE"), "get random bytes from FILE";
    SORT = ' ', "sort", Required("WORD"), "sort according to WORD: general-numeric, human-numeric, month, numeric, random, version";
    OUTPUT = 'o', "output", Required("FILE"), "write result to FILE instead of standard output";
    REVERSE = 'r', "reverse", No, "reverse the result of comparisons";
    STABLE = 's', "stable", No, "stabilize sort by disabling last-resort comparison";
    BATCH_SIZE = ' ', "batch-size", Required("NMERGE"), "merge at most NMERGE inputs at once (no effect here)";
    BUFFER_SIZE = 'S', "buffer-size", Required("SIZE"), "use SIZE for main memory buffer (no effect here)";
    FIELD_SEPARATOR = 't', "field-separator", Required("SEP"), "use SEP instead of non-blank to blank transition";
    TEMPORARY_DIRECTORY = 'T', "temporary-directory", Required("DIR"), "use DIR for temporaries (there are none)";
    UNIQUE = 'u', "unique", No, "output only the first of an equal run; with -c, check for strict ordering";
    ZERO_TERMINATED = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
    PARALLEL = ' ', "parallel", Required("N"), "change the number of sorts run concurrently (no effect here)";
    CHECK = 'c', "", No, "check for sorted input; do not sort";
    CHECK_QUIET = 'C', "", No, "like -c, but do not report the first bad line";
    OLD_BUFFER_SIZE = 'y', "", Required("SIZE"), "no effect (obsolete)";
}

/// What is done with the lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Sort,
    Merge,
    /// Check the order, and say which line is out of it.
    Check,
    /// Check the order, and say nothing.
    CheckQuietly,
}

/// The command line, read.
#[derive(Debug)]
pub(super) struct Settings {
    pub keys: Vec<Key>,
    /// The order of lines whose keys are equal.
    pub reverse: bool,
    pub stable: bool,
    pub unique: bool,
    /// `None`: fields begin where a blank follows a non-blank.
    pub tab: Option<u8>,
    pub end: u8,
    pub mode: Mode,
    pub output: Option<Bytes>,
    pub files: Vec<Bytes>,
    /// What makes a random order random.
    pub salt: Vec<u8>,
}

/// The exit status of errors.
pub(super) const TROUBLE: ExitStatus = ExitStatus(2);

impl Settings {
    /// Reads the command line.
    pub(super) async fn new(sys: &Sys, invocation: &Invocation) -> Result<Settings, Refusal> {
        let arguments = without_old_keys(invocation.arguments());
        let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
        let parsed = OPTIONS.parse_arguments(&arguments, posixly).map_err(Refusal::Usage)?;
        check_sizes(&parsed)?;
        let mut global = Ordering::default();
        let mut keys = Vec::new();
        let mut tab = None;
        let mut check = None;
        let mut output = None;
        for (id, value) in parsed.in_order() {
            let value = value.as_deref().unwrap_or_default();
            match *id {
                KEY => keys.push(Key::parse(value).map_err(Refusal::Message)?),
                SORT => {
                    global.set(choose("--sort", value, &SORT_WORDS, 1).map_err(Refusal::Usage)?, true, true);
                }
                FIELD_SEPARATOR => tab = Some(separator(value, tab)?),
                CHECK | CHECK_QUIET | CHECK_LONG => {
                    let found = check_mode(*id, value, parsed.value(CHECK_LONG).is_some())?;
                    if check.is_some_and(|check| check != found) {
                        return Err(Refusal::Message(b"options '-cC' are incompatible".to_vec()));
                    }
                    check = Some(found);
                }
                OUTPUT if output.as_ref().is_some_and(|known: &Bytes| known.as_ref() != value) => {
                    return Err(Refusal::Message(b"multiple output files specified".to_vec()));
                }
                OUTPUT => output = Some(Bytes::copy_from_slice(value)),
                _ => {
                    if let Some(letter) = ordering_letter(*id) {
                        global.set(letter, true, true);
                    }
                }
            }
        }
        let files = files(sys, &parsed).await?;
        inherit(&mut keys, global)?;
        if let (Some(mode), Some(extra)) = (check, files.get(1)) {
            let letter: &[u8] = if mode == Mode::Check { b"c" } else { b"C" };
            let message = [b"extra operand ", quote_plain(extra).as_slice(), b" not allowed with -", letter].concat();
            return Err(Refusal::Message(message));
        }
        if let (Some(mode), Some(_)) = (check, &output) {
            let letters: &[u8] = if mode == Mode::Check { b"co" } else { b"Co" };
            return Err(Refusal::Message([b"options '-", letters, b"' are incompatible"].concat()));
        }
        if parsed.has(DEBUG) {
            return Err(Refusal::Message(b"--debug is not available here".to_vec()));
        }
        let salt = if keys.iter().any(|key| key.ordering.random) { salt(sys, &parsed).await? } else { Vec::new() };
        Ok(Settings {
            keys,
            reverse: global.reverse,
            stable: parsed.has(STABLE),
            unique: parsed.has(UNIQUE),
            tab,
            end: if parsed.has(ZERO_TERMINATED) { 0 } else { b'\n' },
            mode: check.unwrap_or(if parsed.has(MERGE) { Mode::Merge } else { Mode::Sort }),
            output,
            files,
            salt,
        })
    }
}

const SORT_WORDS: [(&str, u8); 6] = [
    ("general-numeric", b'g'),
    ("human-numeric", b'h'),
    ("month", b'M'),
    ("numeric", b'n'),
    ("random", b'R'),
    ("version", b'V'),
];

fn ordering_letter(id: OptionId) -> Option<u8> {
    Some(match id {
        IGNORE_LEADING_BLANKS => b'b',
        DICTIONARY_ORDER => b'd',
        IGNORE_CASE => b'f',
        GENERAL_NUMERIC => b'g',
        IGNORE_NONPRINTING => b'i',
        MONTH => b'M',
        HUMAN => b'h',
        NUMERIC => b'n',
        RANDOM => b'R',
        REVERSE => b'r',
        VERSION_SORT => b'V',
        _ => return None,
    })
}

/// A key without options of its own takes the global ones; without keys the line is the key if there are any.
fn inherit(keys: &mut Vec<Key>, global: Ordering) -> Result<(), Refusal> {
    for key in keys.iter_mut() {
        if key.ordering.is_default() && !key.ordering.reverse {
            key.ordering = global;
        }
    }
    if keys.is_empty() && !global.is_default() {
        keys.push(Key::line(global));
    }
    match keys.iter().find_map(|key| key.ordering.conflict()) {
        Some(letters) => Err(Refusal::Message(format!("options '-{letters}' are incompatible").into_bytes())),
        None => Ok(()),
    }
}

fn quote_plain(name: &[u8]) -> Vec<u8> {
    [b"'", name, b"'"].concat()
}

fn check_mode(id: OptionId, word: &[u8], with_word: bool) -> Result<Mode, Refusal> {
    match id {
        CHECK => Ok(Mode::Check),
        CHECK_QUIET => Ok(Mode::CheckQuietly),
        _ if !with_word => Ok(Mode::Check),
        _ => {
            let words =
                [("quiet", Mode::CheckQuietly), ("silent", Mode::CheckQuietly), ("diagnose-first", Mode::Check)];
            choose("--check", word, &words, 1).map_err(Refusal::Usage)
        }
    }
}

fn separator(text: &[u8], before: Option<u8>) -> Result<u8, Refusal> {
    let byte = match text {
        [] => return Err(Refusal::Message(b"empty tab".to_vec())),
        [byte] => *byte,
        b"\\0" => 0,
        _ => return Err(Refusal::Message([b"multi-character tab ", quote(text).as_slice()].concat())),
    };
    if before.is_some_and(|before| before != byte) {
        return Err(Refusal::Message(b"incompatible tabs".to_vec()));
    }
    Ok(byte)
}

/// The arguments of options that have no effect here are checked all the same.
fn check_sizes(parsed: &Parsed) -> Result<(), Refusal> {
    let plain = |parts: [&[u8]; 3]| Err(Refusal::Message(parts.concat()));
    for (id, value) in parsed.in_order() {
        let Some(value) = value else { continue };
        let digits = value.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, suffix) = value.split_at(digits);
        let shown = quote_plain(value);
        match *id {
            BUFFER_SIZE => {
                let power = b"KMGTPEZY".iter().position(|unit| suffix.eq_ignore_ascii_case(&[*unit]));
                let known = suffix.is_empty() || power.is_some() || matches!(suffix, b"b" | b"%");
                if number.is_empty() || !known {
                    return plain([b"invalid -S argument ", &shown, b""]);
                }
                if power.is_some_and(|power| power >= 6) {
                    return plain([b"-S argument ", &shown, b" too large"]);
                }
            }
            PARALLEL if number.is_empty() || !suffix.is_empty() => {
                return plain([b"invalid --parallel argument ", &shown, b""]);
            }
            PARALLEL if number.iter().all(|digit| *digit == b'0') => {
                return plain([b"number in parallel must be nonzero", b"", b""]);
            }
            BATCH_SIZE if number.is_empty() || !suffix.is_empty() => {
                return plain([b"invalid --batch-size argument ", &shown, b""]);
            }
            BATCH_SIZE if matches!(number, b"0" | b"1") => {
                let shown = quote(value);
                let least = "\nsort: minimum --batch-size argument is ‘2’";
                return plain([b"invalid --batch-size argument ", &shown, least.as_bytes()]);
            }
            _ => {}
        }
    }
    Ok(())
}

/// Turns the obsolete keys `+POS1 [-POS2]` into `-k`.
fn without_old_keys(arguments: &[Bytes]) -> Vec<Bytes> {
    let mut out = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        if argument.as_ref() == b"--" {
            out.push(argument.clone());
            out.extend(rest.cloned());
            break;
        }
        let Some((field, byte, letters)) = argument.strip_prefix(b"+").and_then(old_position) else {
            out.push(argument.clone());
            continue;
        };
        let mut text = format!("{}.{}", field.saturating_add(1), byte.saturating_add(1)).into_bytes();
        text.extend_from_slice(letters);
        let end = rest.peek().and_then(|next| next.strip_prefix(b"-")).and_then(old_position);
        if let Some((field, byte, letters)) = end {
            let position = match byte {
                0 => format!(",{field}"),
                _ => format!(",{}.{byte}", field.saturating_add(1)),
            };
            text.extend_from_slice(position.as_bytes());
            text.extend_from_slice(letters);
            rest.next();
        }
        out.extend([Bytes::from_static(b"-k"), Bytes::from(text)]);
    }
    out
}

/// `F[.C][OPTS]`, counted from 0.
fn old_position(text: &[u8]) -> Option<(usize, usize, &[u8])> {
    let number = |text: &[u8]| -> Option<(usize, usize)> {
        let len = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let digits = std::str::from_utf8(text.get(..len)?).ok()?;
        digits.parse().ok().map(|number| (number, len))
    };
    let (field, len) = number(text)?;
    let rest = text.get(len..)?;
    let (byte, rest) = match rest.strip_prefix(b".") {
        Some(behind) => {
            let (byte, len) = number(behind)?;
            (byte, behind.get(len..)?)
        }
        None => (0, rest),
    };
    rest.iter().all(u8::is_ascii_alphabetic).then_some((field, byte, rest))
}

async fn files(sys: &Sys, parsed: &Parsed) -> Result<Vec<Bytes>, Refusal> {
    let Some(list) = parsed.value(FILES0_FROM) else {
        return Ok(match parsed.operands() {
            [] => vec![Bytes::from_static(b"-")],
            operands => operands.to_vec(),
        });
    };
    if let Some(extra) = parsed.operands().first() {
        let rest = b"\nfile operands cannot be combined with --files0-from";
        return Err(usage([b"extra operand ", quote_plain(extra).as_slice(), rest].concat()));
    }
    let failed = |errno: Errno| {
        Refusal::Message(
            [b"open failed: ", quote_if_needed(list).as_slice(), b": ", errno.message().as_bytes()].concat(),
        )
    };
    let fd = if list.as_ref() == b"-" { Fd::STDIN } else { sys.open_read(list.clone()).await.map_err(failed)? };
    let text = sys.read_to_end(fd).await.map_err(failed)?;
    if fd != Fd::STDIN {
        sys.close(fd).await.map_err(failed)?;
    }
    let names: Vec<Bytes> =
        text.strip_suffix(&[0]).unwrap_or(&text).split(|byte| *byte == 0).map(Bytes::copy_from_slice).collect();
    if text.is_empty() {
        return Err(Refusal::Message([b"no input from ", quote_plain(list).as_slice()].concat()));
    }
    if let Some(at) = names.iter().position(Bytes::is_empty) {
        let place = format!(":{}: invalid zero-length file name", at + 1);
        return Err(Refusal::Message([quote_if_needed(list).as_slice(), place.as_bytes()].concat()));
    }
    Ok(names)
}

async fn salt(sys: &Sys, parsed: &Parsed) -> Result<Vec<u8>, Refusal> {
    let Some(source) = parsed.value(RANDOM_SOURCE) else { return Ok(sys.random(16).await.to_vec()) };
    let failed = |errno: Errno| {
        Refusal::Message(
            [b"open failed: ", quote_if_needed(source).as_slice(), b": ", errno.message().as_bytes()].concat(),
        )
    };
    let fd = sys.open_read(source.clone()).await.map_err(failed)?;
    let mut salt = Vec::new();
    while salt.len() < 16 {
        let bytes = sys.read(fd, 16 - salt.len()).await.map_err(failed)?;
        if bytes.is_empty() {
            return Err(Refusal::Message([quote(source).as_slice(), b": end of file"].concat()));
        }
        salt.extend_from_slice(&bytes);
    }
    sys.close(fd).await.map_err(failed)?;
    Ok(salt)
}

/// A message with the line that leads to `--help`.
fn usage(message: Vec<u8>) -> Refusal {
    Refusal::Usage(OptionError::Usage(message, 2))
}
