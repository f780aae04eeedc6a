//! `tr` - translate, squeeze or delete characters.  [POSIX tr; GNU coreutils "tr invocation"]
//!
//! As in GNU tr a character is a byte.

use crate::text::quoting::quote;
use crate::utility::prelude::*;
use crate::utility::refusal::Refusal;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "tr",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(tr(sys, inv)),
    doc: "translate, squeeze or delete characters",
};

options! {
    OPTIONS: "[OPTION]... STRING1 [STRING2]", StopAtOperand, 1;
    COMPLEMENT = 'c', "complement", No, "use the complement of STRING1";
    DELETE = 'd', "delete", No, "delete characters in STRING1, do not translate";
    SQUEEZE = 's', "squeeze-repeats", No, "replace each sequence of a repeated character of the last STRING with one";
    TRUNCATE = 't', "truncate-set1", No, "first truncate STRING1 to the length of STRING2";
    COMPLEMENT_C = 'C', "", No, "as -c";
}

/// One element of a string.
#[derive(Debug, Clone, Copy)]
enum Element {
    Byte(u8),
    Range(u8, u8),
    Class(Class),
    Equivalent(u8),
    /// `[c*n]`; no count: as many as needed.
    Repeat(u8, Option<u64>),
}

/// A character class.
#[derive(Debug, Clone, Copy)]
struct Class {
    name: &'static str,
    has: fn(&u8) -> bool,
}

const CLASSES: [Class; 12] = [
    Class { name: "alnum", has: u8::is_ascii_alphanumeric },
    Class { name: "alpha", has: u8::is_ascii_alphabetic },
    Class { name: "blank", has: |byte| matches!(byte, b' ' | b'\t') },
    Class { name: "cntrl", has: u8::is_ascii_control },
    Class { name: "digit", has: u8::is_ascii_digit },
    Class { name: "graph", has: u8::is_ascii_graphic },
    Class { name: "lower", has: u8::is_ascii_lowercase },
    Class { name: "print", has: |byte| matches!(byte, b' '..=b'~') },
    Class { name: "punct", has: u8::is_ascii_punctuation },
    Class { name: "space", has: |byte| matches!(byte, b' ' | b'\t'..=b'\r') },
    Class { name: "upper", has: u8::is_ascii_uppercase },
    Class { name: "xdigit", has: u8::is_ascii_hexdigit },
];

/// What is done with each byte.
struct Plan {
    translation: Option<[u8; 256]>,
    deleted: Option<[bool; 256]>,
    squeezed: Option<[bool; 256]>,
}

async fn tr(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut warnings = Vec::new();
    let plan = plan(&parsed, &mut warnings);
    for warning in warnings {
        sys.error(warning).await;
    }
    let plan = match plan {
        Ok(plan) => plan,
        Err(refusal) => return refusal.report(&sys, ExitStatus::FAILURE).await,
    };
    let mut out = OutBuf::stdout(&sys);
    let mut last = None;
    loop {
        match sys.read_chunk(Fd::STDIN).await {
            Ok(Some(chunk)) => {
                sys.charge(chunk.len() as u64 / 64 + 1).await;
                plan.apply(&chunk, &mut last, out.buffer());
                if let Err(errno) = out.flush_if_full().await {
                    sys.complain("write error", errno).await;
                    return ExitStatus::FAILURE;
                }
            }
            Ok(None) => return out.finish().await.into(),
            Err(errno) => {
                out.finish().await;
                sys.complain("read error", errno).await;
                return ExitStatus::FAILURE;
            }
        }
    }
}

impl Plan {
    fn apply(&self, chunk: &[u8], last: &mut Option<u8>, out: &mut Vec<u8>) {
        let has = |set: &Option<[bool; 256]>, byte: u8| set.as_ref().is_some_and(|set| set[usize::from(byte)]);
        if let (Some(table), None, None) = (&self.translation, &self.deleted, &self.squeezed) {
            out.extend(chunk.iter().map(|byte| table[usize::from(*byte)]));
            return;
        }
        for &byte in chunk {
            if has(&self.deleted, byte) {
                continue;
            }
            let byte = self.translation.as_ref().map_or(byte, |table| table[usize::from(byte)]);
            if has(&self.squeezed, byte) {
                if *last == Some(byte) {
                    continue;
                }
                *last = Some(byte);
            } else {
                *last = None;
            }
            out.push(byte);
        }
    }
}

fn plan(parsed: &crate::utility::Parsed, warnings: &mut Vec<Vec<u8>>) -> Result<Plan, Refusal> {
    let (delete, squeeze) = (parsed.has(DELETE), parsed.has(SQUEEZE));
    let complement = parsed.has(COMPLEMENT) || parsed.has(COMPLEMENT_C);
    let operands = parsed.operands();
    let two = operands.len() >= 2;
    check_operands(operands, delete, squeeze)?;
    let first = elements(operands.first().map(|b| b.as_ref()).unwrap_or_default(), warnings)?;
    let second = operands.get(1).map(|text| elements(text, warnings)).transpose()?;
    let translating = two && !delete;
    check_first(&first)?;
    if let Some(second) = &second {
        check_second(second, translating)?;
    }
    let set1 = expand_first(&first, complement);
    let mut plan = Plan { translation: None, deleted: None, squeezed: None };
    if delete {
        plan.deleted = Some(members(&set1));
        if squeeze {
            plan.squeezed = Some(members(&expand_second(second.as_deref().unwrap_or_default(), 256)));
        }
        return Ok(plan);
    }
    let Some(second) = second else {
        plan.squeezed = Some(members(&set1));
        return Ok(plan);
    };
    let truncate = parsed.has(TRUNCATE);
    let set2 = second_set(&first, &second, &set1, complement, truncate)?;
    let mut table = [0u8; 256];
    table.iter_mut().zip(0u8..=255).for_each(|(place, byte)| *place = byte);
    for (from, to) in set1.iter().zip(&set2) {
        table[usize::from(*from)] = *to;
    }
    plan.translation = Some(table);
    if squeeze {
        let kept = set2.len().min(set1.len().max(set2.len()));
        plan.squeezed = Some(members(set2.get(..kept).unwrap_or_default()));
    }
    Ok(plan)
}

fn check_operands(operands: &[Bytes], delete: bool, squeeze: bool) -> Result<(), Refusal> {
    let least = if delete == squeeze { 2 } else { 1 };
    let most = if delete && !squeeze { 1 } else { 2 };
    if operands.len() < least {
        let Some(last) = operands.last() else { return Err(Refusal::usage(b"missing operand".to_vec())) };
        let reason: &[u8] = if squeeze {
            b"\nTwo strings must be given when both deleting and squeezing repeats."
        } else {
            b"\nTwo strings must be given when translating."
        };
        return Err(Refusal::usage([b"missing operand after ", quote(last).as_slice(), reason].concat()));
    }
    if let Some(extra) = operands.get(most) {
        let reason: &[u8] = if operands.len() == 2 {
            b"\nOnly one string may be given when deleting without squeezing repeats."
        } else {
            b""
        };
        return Err(Refusal::usage([b"extra operand ", quote(extra).as_slice(), reason].concat()));
    }
    Ok(())
}

/// Undoes the escapes; the flag says that the byte was escaped, so it is no operator.
fn unescape(text: &[u8], warnings: &mut Vec<Vec<u8>>) -> Vec<(u8, bool)> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        at += 1;
        if byte != b'\\' {
            out.push((byte, false));
            continue;
        }
        let Some(&escaped) = text.get(at) else {
            warnings.push(b"warning: an unescaped backslash at end of string is not portable".to_vec());
            out.push((b'\\', false));
            break;
        };
        at += 1;
        let value = match escaped {
            b'a' => 0x07,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 0x0b,
            b'0'..=b'7' => {
                let digit = |at: usize| text.get(at).filter(|byte| matches!(byte, b'0'..=b'7')).map(|byte| byte - b'0');
                let mut value = u32::from(escaped - b'0');
                if let Some(second) = digit(at) {
                    at += 1;
                    value = value * 8 + u32::from(second);
                    if let Some(third) = digit(at) {
                        if value * 8 + u32::from(third) > 255 {
                            let shown = text.get(at - 3..=at).unwrap_or_default();
                            let sequence = format!("{:03o}, {}", value, char::from(third + b'0'));
                            warnings.push(
                                [
                                    b"warning: the ambiguous octal escape ".as_slice(),
                                    shown,
                                    b" is being\n\tinterpreted as the 2-byte sequence \\",
                                    sequence.as_bytes(),
                                ]
                                .concat(),
                            );
                        } else {
                            at += 1;
                            value = value * 8 + u32::from(third);
                        }
                    }
                }
                (value & 0xFF) as u8
            }
            other => other,
        };
        out.push((value, true));
    }
    out
}

/// Reads a string: bytes, ranges, `[:class:]`, `[=c=]`, `[c*n]`.
fn elements(text: &[u8], warnings: &mut Vec<Vec<u8>>) -> Result<Vec<Element>, Refusal> {
    let bytes = unescape(text, warnings);
    let plain = |at: usize| bytes.get(at).filter(|(_, escaped)| !escaped).map(|(byte, _)| *byte);
    let mut elements = Vec::new();
    let mut at = 0;
    while let Some(&(byte, _)) = bytes.get(at) {
        if plain(at) == Some(b'[')
            && let Some((element, len)) = bracket(bytes.get(at..).unwrap_or_default())?
        {
            elements.push(element);
            at += len;
            continue;
        }
        match bytes.get(at + 2) {
            Some(&(high, _)) if plain(at + 1) == Some(b'-') => {
                if high < byte {
                    let shown = [show(byte).as_slice(), b"-", &show(high)].concat();
                    return Err(Refusal::Message(
                        [b"range-endpoints of '", shown.as_slice(), b"' are in reverse collating sequence order"]
                            .concat(),
                    ));
                }
                elements.push(Element::Range(byte, high));
                at += 3;
            }
            _ => {
                elements.push(Element::Byte(byte));
                at += 1;
            }
        }
    }
    Ok(elements)
}

/// A byte in a message.
fn show(byte: u8) -> Vec<u8> {
    if (b' '..=b'~').contains(&byte) { vec![byte] } else { format!("\\{byte:03o}").into_bytes() }
}

/// A construct that begins with `[`, and its length.
fn bracket(bytes: &[(u8, bool)]) -> Result<Option<(Element, usize)>, Refusal> {
    let plain = |at: usize| bytes.get(at).filter(|(_, escaped)| !escaped).map(|(byte, _)| *byte);
    if let Some(kind @ (b':' | b'=')) = plain(1) {
        let close = (2..bytes.len()).find(|&at| plain(at) == Some(kind) && plain(at + 1) == Some(b']'));
        if let Some(close) = close {
            let name: Vec<u8> = bytes.get(2..close).unwrap_or_default().iter().map(|(byte, _)| *byte).collect();
            // `[=*]` and the like: not a class after all, but a repeat.
            if let Some(element) = class_or_equivalence(kind, &name)? {
                return Ok(Some((element, close + 2)));
            }
        }
    }
    let (Some(&(byte, _)), Some(b'*')) = (bytes.get(1), plain(2)) else { return Ok(None) };
    let Some(close) = (3..bytes.len()).find(|&at| plain(at) == Some(b']')) else { return Ok(None) };
    let digits: Vec<u8> = bytes.get(3..close).unwrap_or_default().iter().map(|(byte, _)| *byte).collect();
    let count = repeat_count(&digits)?;
    Ok(Some((Element::Repeat(byte, count), close + 1)))
}

fn class_or_equivalence(kind: u8, name: &[u8]) -> Result<Option<Element>, Refusal> {
    if name.is_empty() {
        return Err(Refusal::Message(match kind {
            b':' => b"missing character class name '[::]'".to_vec(),
            _ => b"missing equivalence class character '[==]'".to_vec(),
        }));
    }
    if kind == b':' {
        let class = CLASSES.iter().find(|class| class.name.as_bytes() == name);
        return match class {
            Some(class) => Ok(Some(Element::Class(*class))),
            None => Err(Refusal::Message([b"invalid character class ", quote(name).as_slice()].concat())),
        };
    }
    match name {
        [byte] => Ok(Some(Element::Equivalent(*byte))),
        _ => Err(Refusal::Message([name, b": equivalence class operand must be a single character"].concat())),
    }
}

/// Octal with a leading zero, else decimal; zero is as many as needed.
fn repeat_count(digits: &[u8]) -> Result<Option<u64>, Refusal> {
    if digits.is_empty() {
        return Ok(None);
    }
    let radix = if digits.first() == Some(&b'0') { 8 } else { 10 };
    let text = std::str::from_utf8(digits).ok();
    match text.and_then(|text| u64::from_str_radix(text, radix).ok()) {
        Some(0) => Ok(None),
        Some(count) => Ok(Some(count)),
        None => {
            Err(Refusal::Message([b"invalid repeat count ", quote(digits).as_slice(), b" in [c*n] construct"].concat()))
        }
    }
}

fn check_first(first: &[Element]) -> Result<(), Refusal> {
    if first.iter().any(|element| matches!(element, Element::Repeat(_, None))) {
        return Err(Refusal::Message(b"the [c*] repeat construct may not appear in string1".to_vec()));
    }
    Ok(())
}

fn check_second(second: &[Element], translating: bool) -> Result<(), Refusal> {
    if second.iter().filter(|element| matches!(element, Element::Repeat(_, None))).count() > 1 {
        return Err(Refusal::Message(b"only one [c*] repeat construct may appear in string2".to_vec()));
    }
    if !translating {
        return Ok(());
    }
    if second.iter().any(|element| matches!(element, Element::Equivalent(_))) {
        return Err(Refusal::Message(b"[=c=] expressions may not appear in string2 when translating".to_vec()));
    }
    let foreign =
        |element: &Element| matches!(element, Element::Class(class) if class.name != "upper" && class.name != "lower");
    if second.iter().any(foreign) {
        return Err(Refusal::Message(
            b"when translating, the only character classes that may appear in\nstring2 are 'upper' and 'lower'"
                .to_vec(),
        ));
    }
    Ok(())
}

fn expand(element: Element, wanted: u64, out: &mut Vec<u8>) {
    match element {
        Element::Byte(byte) | Element::Equivalent(byte) => out.push(byte),
        Element::Range(low, high) => out.extend(low..=high),
        Element::Class(class) => out.extend((0..=255).filter(class.has)),
        Element::Repeat(byte, count) => {
            // More than all bytes there are makes no difference.
            let count = count.unwrap_or(wanted).min(1 << 16);
            out.extend((0..count).map(|_| byte));
        }
    }
}

fn expand_first(first: &[Element], complement: bool) -> Vec<u8> {
    let mut set = Vec::new();
    first.iter().for_each(|element| expand(*element, 0, &mut set));
    if complement {
        let has = members(&set);
        return (0..=255u8).filter(|byte| !has[usize::from(*byte)]).collect();
    }
    set
}

/// The second string, an open repeat filling it up to `length`.
fn expand_second(second: &[Element], length: usize) -> Vec<u8> {
    let mut rest = Vec::new();
    for element in second.iter().filter(|element| !matches!(element, Element::Repeat(_, None))) {
        expand(*element, 0, &mut rest);
    }
    let wanted = length.saturating_sub(rest.len()) as u64;
    let mut set = Vec::new();
    second.iter().for_each(|element| expand(*element, wanted, &mut set));
    set
}

/// The second string as long as the first: padded with its last byte.
fn second_set(
    first: &[Element],
    second: &[Element],
    set1: &[u8],
    complement: bool,
    truncate: bool,
) -> Result<Vec<u8>, Refusal> {
    if !complement && second.iter().any(is_case_class) && !cases_align(first, second) {
        return Err(Refusal::Message(b"misaligned [:upper:] and/or [:lower:] construct".to_vec()));
    }
    let mut set2 = expand_second(second, set1.len());
    let ends_in_class = matches!(second.last(), Some(Element::Class(_)));
    if set2.len() < set1.len() && !truncate {
        let Some(&last) = set2.last() else {
            if set1.is_empty() {
                return Ok(set2);
            }
            return Err(Refusal::Message(b"when not truncating set1, string2 must be non-empty".to_vec()));
        };
        if ends_in_class {
            return Err(Refusal::Message(
                b"when translating with string1 longer than string2,\nthe latter string must not end with a character class"
                    .to_vec(),
            ));
        }
        set2.resize(set1.len(), last);
    }
    if complement && second.iter().any(|element| matches!(element, Element::Class(_))) {
        let first_byte = set2.first().copied();
        if set2.iter().any(|byte| Some(*byte) != first_byte) {
            return Err(Refusal::Message(
                b"when translating with complemented character classes,\nstring2 must map all characters in the domain to one"
                    .to_vec(),
            ));
        }
    }
    Ok(set2)
}

/// True if each case class of the second string stands where one of the first does: then both have the same letters in the
/// same order, and case is converted.
fn cases_align(first: &[Element], second: &[Element]) -> bool {
    let starts = |elements: &[Element]| {
        let mut set = Vec::new();
        let mut found = Vec::new();
        for element in elements {
            if is_case_class(element) {
                found.push(set.len());
            }
            expand(*element, 0, &mut set);
        }
        found
    };
    let ones = starts(first);
    starts(second).iter().all(|start| ones.contains(start))
}

fn is_case_class(element: &Element) -> bool {
    matches!(element, Element::Class(class) if class.name == "upper" || class.name == "lower")
}

fn members(set: &[u8]) -> [bool; 256] {
    let mut members = [false; 256];
    set.iter().for_each(|byte| members[usize::from(*byte)] = true);
    members
}
