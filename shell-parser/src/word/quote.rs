//! Quoting. POSIX 2.2; bash manual "Quoting".

use bytes::Bytes;

use crate::ast::{WordFacts, WordPart};
use crate::core::{Core, Parsed};
use crate::word::run::Run;

/// What ends text that is read as between double quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuotedEnd {
    /// `"`
    DoubleQuote,
    /// `}`: the word of `${name:-word}` inside double quotes. Inner double quotes toggle quoting.
    Brace,
    /// As `Brace`, in a here-document, where `$'` is plain text.
    HereDocumentBrace,
    /// The end of the (restricted) text: a here-document, where `"` is plain text.
    HereDocument,
    /// The end of the (restricted) text: an arithmetic expression, where double quotes disappear.
    Arithmetic,
    /// `:` or `}` outside parentheses and brackets and `?` `:`: an expression of `${name:offset:length}`.
    Offset,
}

impl Core<'_> {
    /// Reads `'...'`.
    pub(crate) fn single_quoted(&mut self) -> Parsed<()> {
        let line = self.input.line;
        self.facts = self.facts.with(WordFacts::QUOTED);
        self.input.advance(1);
        let mut run = Run::default();
        loop {
            let position = self.input.position();
            let rest = self.input.rest();
            if let Some(length) = memchr::memchr(b'\'', rest) {
                self.input.advance_lines(length);
                run.push(self, position, position + length);
                let text = run.take(self);
                self.input.advance(1);
                self.scratch.parts.push(WordPart::SingleQuoted(text));
                return Ok(());
            }
            let length = rest.len();
            self.input.advance_lines(length);
            run.push(self, position, position + length);
            run.own(self);
            if self.input.pop_alias().is_none() {
                return Err(self.unmatched(b'\'', line));
            }
            self.left_alias = true;
        }
    }

    /// Reads `"..."`.
    pub(crate) fn double_quoted(&mut self) -> Parsed<()> {
        self.input.advance(1);
        let mark = self.scratch.parts.len();
        let (position, bad) = (self.input.position(), self.bad_parameters.len());
        self.enter_word()?;
        self.quoted_parts(QuotedEnd::DoubleQuote)?;
        self.leave_word();
        if self.bad_parameters.len() > bad {
            let string = self.input.slice(position, self.input.position());
            self.show_bad_parameters(bad, &string);
        }
        self.input.advance(1);
        self.facts = self.facts.with(WordFacts::QUOTED);
        let parts = self.flush_parts(mark);
        self.scratch.parts.push(WordPart::DoubleQuoted(parts));
        Ok(())
    }

    /// Reads `$"..."`.
    pub(crate) fn localized(&mut self) -> Parsed<()> {
        self.input.advance(1);
        self.double_quoted()?;
        if let Some(part) = self.scratch.parts.last_mut()
            && let WordPart::DoubleQuoted(parts) = *part
        {
            *part = WordPart::Localized(parts);
        }
        Ok(())
    }

    /// Reads `$'...'`.
    pub(crate) fn ansi_c_quoted(&mut self) -> Parsed<()> {
        let line = self.input.line;
        self.facts = self.facts.with(WordFacts::QUOTED);
        self.input.advance(2);
        let Some(length) = super::extent::after_byte(self.input.rest(), 0, b'\'', true) else {
            return Err(self.unmatched(b'\'', line));
        };
        let position = self.input.position();
        self.input.advance_lines(length);
        let raw = self.input.slice(position, position + length - 1);
        let text = if raw.contains(&b'\\') { Bytes::from(decode_ansi_c(&raw)) } else { raw };
        self.scratch.parts.push(WordPart::AnsiC(text));
        Ok(())
    }

    /// Reads text in which only `$`, `` ` `` and `\` are special, up to (not including) what ends it; the parts go to
    /// the scratch.
    pub(crate) fn quoted_parts(&mut self, end: QuotedEnd) -> Parsed<()> {
        let line = self.input.line;
        let mut text = Quoted { end, run: Run::default(), brackets: 0, questions: 0 };
        while text.step(self, line)? {}
        text.run.flush(self);
        Ok(())
    }
}

/// The state of reading quoted text.
struct Quoted {
    end: QuotedEnd,
    run: Run,
    /// Open parentheses and brackets of an offset.
    brackets: u32,
    /// `?` in an offset that still wait for their `:`.
    questions: u32,
}

impl Quoted {
    /// Reads the next piece; false at the end of the text.
    fn step(&mut self, core: &mut Core<'_>, line: u32) -> Parsed<bool> {
        let position = core.input.position();
        let rest = core.input.rest();
        let plain = match self.end {
            QuotedEnd::DoubleQuote | QuotedEnd::HereDocument => {
                rest.iter().position(|byte| matches!(byte, b'$' | b'`' | b'\\' | b'"'))
            }
            QuotedEnd::Offset => rest.iter().position(|byte| {
                matches!(byte, b'$' | b'`' | b'\\' | b'"' | b'}' | b'(' | b')' | b'[' | b']' | b'?' | b':')
            }),
            _ => rest.iter().position(|byte| matches!(byte, b'$' | b'`' | b'\\' | b'"' | b'}')),
        };
        let plain = plain.unwrap_or(rest.len());
        if plain > 0 {
            core.input.advance_lines(plain);
            self.run.push(core, position, position + plain);
        }
        let Some(byte) = core.input.peek() else { return self.at_end(core, line) };
        match byte {
            b'\\' => self.backslash(core),
            b'`' => {
                self.run.flush(core);
                core.backquoted(self.end != QuotedEnd::HereDocument)?;
            }
            b'$' => self.dollar(core)?,
            b'"' => match self.end {
                QuotedEnd::DoubleQuote => return Ok(false),
                QuotedEnd::HereDocument => self.literal(core),
                QuotedEnd::HereDocumentBrace if !closes_before_brace(core.input.rest()) => core.input.advance(1),
                QuotedEnd::Brace | QuotedEnd::HereDocumentBrace => {
                    self.run.flush(core);
                    core.double_quoted()?;
                }
                QuotedEnd::Arithmetic | QuotedEnd::Offset => core.input.advance(1),
            },
            b'}' if matches!(self.end, QuotedEnd::Brace | QuotedEnd::HereDocumentBrace) => return Ok(false),
            _ if self.end == QuotedEnd::Offset => return Ok(!self.offset_ends(core, byte)),
            _ => self.literal(core),
        }
        Ok(true)
    }

    fn at_end(&mut self, core: &mut Core<'_>, line: u32) -> Parsed<bool> {
        if matches!(self.end, QuotedEnd::HereDocument | QuotedEnd::Arithmetic) {
            return Ok(false);
        }
        self.run.own(core);
        if core.input.pop_alias().is_some() {
            core.left_alias = true;
            return Ok(true);
        }
        let closer = if self.end == QuotedEnd::DoubleQuote { b'"' } else { b'}' };
        Err(core.unmatched(closer, line))
    }

    fn literal(&mut self, core: &mut Core<'_>) {
        let at = core.input.position();
        core.input.advance(1);
        self.run.push(core, at, at + 1);
    }

    /// `\` between double quotes: special only before `$`, `` ` ``, `"`, `\` and a newline. POSIX 2.2.3.
    fn backslash(&mut self, core: &mut Core<'_>) {
        if core.input.at_continuation() {
            core.input.advance_lines(2);
            return;
        }
        let special = match core.input.peek_at(1) {
            Some(b'$' | b'`' | b'\\') => true,
            Some(b'"') => self.end != QuotedEnd::HereDocument,
            Some(b'}') => matches!(self.end, QuotedEnd::Brace | QuotedEnd::HereDocumentBrace),
            _ => false,
        };
        if special {
            core.input.advance(1);
        } else {
            self.literal(core);
        }
        if core.input.peek().is_some_and(|byte| byte != b'\n') {
            self.literal(core);
        }
    }

    fn dollar(&mut self, core: &mut Core<'_>) -> Parsed<()> {
        if self.end == QuotedEnd::Brace && core.input.peek_at(1) == Some(b'\'') {
            self.run.flush(core);
            return core.ansi_c_quoted();
        }
        if core.at_expansion() {
            self.run.flush(core);
            let here_document = matches!(self.end, QuotedEnd::HereDocument | QuotedEnd::HereDocumentBrace);
            return core.expansion_quoted(here_document);
        }
        self.literal(core);
        Ok(())
    }

    /// A bracket, `?` or `:` of an offset; true when it ends the offset.
    fn offset_ends(&mut self, core: &mut Core<'_>, byte: u8) -> bool {
        match byte {
            b'}' => return true,
            b':' if self.brackets == 0 && self.questions == 0 => return true,
            b':' if self.brackets == 0 => self.questions -= 1,
            b'?' if self.brackets == 0 => self.questions += 1,
            b'(' | b'[' => self.brackets += 1,
            b')' | b']' => self.brackets = self.brackets.saturating_sub(1),
            _ => {}
        }
        self.literal(core);
        false
    }
}

/// Whether the double quote at the start of `text` has its pair before the brace around it closes: in a here-document
/// one without a pair just goes.
fn closes_before_brace(text: &[u8]) -> bool {
    let quote = super::extent::after_byte(text, 1, b'"', true);
    let brace = super::extent::after_byte(text, 1, b'}', true);
    quote.is_some_and(|quote| brace.is_none_or(|brace| quote < brace || brace_is_inside(text, quote)))
}

/// Whether the text between the quotes opens every brace that it closes.
fn brace_is_inside(text: &[u8], quote: usize) -> bool {
    let inner = text.get(1..quote.saturating_sub(1)).unwrap_or(&[]);
    memchr::memchr(b'{', inner).is_some_and(|open| memchr::memchr(b'}', inner).is_some_and(|close| open < close))
}

/// Decodes the text of `$'...'`. bash manual "ANSI-C Quoting". A null byte ends the text, as in bash.
pub fn decode_ansi_c(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((&escape, after)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        rest = after;
        let value = match escape {
            b'a' => 7,
            b'b' => 8,
            b'e' | b'E' => 27,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'v' => 11,
            b'\\' | b'\'' | b'"' | b'?' => escape,
            b'0'..=b'7' => {
                let digits = after.iter().take(2).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
                rest = after.get(digits..).unwrap_or(&[]);
                let octal =
                    after.iter().take(digits).fold(u32::from(escape - b'0'), |n, b| n * 8 + u32::from(b - b'0'));
                octal as u8
            }
            b'x' => match hexadecimal_byte(after) {
                Some((value, length)) => {
                    rest = after.get(length..).unwrap_or(&[]);
                    value
                }
                None => {
                    out.extend_from_slice(b"\\x");
                    continue;
                }
            },
            b'u' | b'U' => {
                let most = if escape == b'u' { 4 } else { 8 };
                let digits = after.iter().take(most).take_while(|byte| byte.is_ascii_hexdigit()).count();
                if digits == 0 {
                    out.extend_from_slice(&[b'\\', escape]);
                    continue;
                }
                rest = after.get(digits..).unwrap_or(&[]);
                let code = after.iter().take(digits).fold(0u32, |n, &byte| (n << 4) | hexadecimal_digit(byte));
                if code == 0 {
                    break;
                }
                push_utf8(&mut out, code);
                continue;
            }
            b'c' => {
                let Some((&control, after)) = rest.split_first() else {
                    out.extend_from_slice(b"\\c");
                    break;
                };
                let skip = usize::from(control == b'\\' && after.first() == Some(&b'\\'));
                rest = after.get(skip..).unwrap_or(&[]);
                if control == b'?' { 127 } else { control.to_ascii_uppercase() & 0x1f }
            }
            other => {
                out.extend_from_slice(&[b'\\', other]);
                continue;
            }
        };
        if value == 0 {
            break;
        }
        out.push(value);
    }
    out
}

/// The byte of `\x` digits, and how much of `text` they take: one or two digits, or any number between braces.
fn hexadecimal_byte(text: &[u8]) -> Option<(u8, usize)> {
    if let Some(braced) = text.strip_prefix(b"{") {
        let digits = braced.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let value = braced.iter().take(digits).fold(0u32, |n, &byte| (n << 4) | hexadecimal_digit(byte));
        let closed = usize::from(digits > 0 && braced.get(digits) == Some(&b'}'));
        return Some((value as u8, 1 + digits + closed));
    }
    let digits = text.iter().take(2).take_while(|byte| byte.is_ascii_hexdigit()).count();
    let value = text.iter().take(digits).fold(0u32, |n, &byte| (n << 4) | hexadecimal_digit(byte));
    (digits > 0).then_some((value as u8, digits))
}

fn hexadecimal_digit(byte: u8) -> u32 {
    char::from(byte).to_digit(16).unwrap_or(0)
}

/// Appends the UTF-8 encoding of a code, surrogates and codes above the Unicode range included.
fn push_utf8(out: &mut Vec<u8>, code: u32) {
    let continuation = |shift: u32| 0x80 | ((code >> shift) & 0x3f) as u8;
    match code {
        0..=0x7f => out.push(code as u8),
        0x80..=0x7ff => out.extend([0xc0 | (code >> 6) as u8, continuation(0)]),
        0x800..=0xffff => out.extend([0xe0 | (code >> 12) as u8, continuation(6), continuation(0)]),
        0x1_0000..=0x1f_ffff => {
            out.extend([0xf0 | (code >> 18) as u8, continuation(12), continuation(6), continuation(0)]);
        }
        0x20_0000..=0x3ff_ffff => {
            out.extend([0xf8 | (code >> 24) as u8, continuation(18), continuation(12), continuation(6)]);
            out.push(continuation(0));
        }
        0x400_0000..=0x7fff_ffff => {
            out.extend([0xfc | (code >> 30) as u8, continuation(24), continuation(18), continuation(12)]);
            out.extend([continuation(6), continuation(0)]);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::decode_ansi_c;

    #[test]
    fn ansi_c_escapes_are_decoded_as_bash_does() {
        for (raw, decoded) in [
            (&b"a\\tb\\n"[..], &b"a\tb\n"[..]),
            (b"\\x41\\x4\\x{42}\\xg", b"A\x04B\\xg"),
            (b"\\101\\1011\\777", b"AA1\xff"),
            (b"\\u00e9\\U1F600\\u", "é😀\\u".as_bytes()),
            (b"\\ca\\c?\\c\\\\x", b"\x01\x7f\x1cx"),
            (b"\\'\\\"\\?\\\\\\e\\E", b"'\"?\\\x1b\x1b"),
            (b"\\z\\8", b"\\z\\8"),
            (b"a\\0b", b"a"),
            (b"\\ud800", b"\xed\xa0\x80"),
        ] {
            assert_eq!(decode_ansi_c(raw), decoded, "{}", String::from_utf8_lossy(raw));
        }
    }
}
