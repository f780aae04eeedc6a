//! `-printf`: formats with directives about files.  [findutils "Print File Information"]

use super::expression::Time;
use super::parse::Plan;
use super::visit::Visit;
use crate::text::mode::mode_string;
use crate::text::quoting::quote;
use crate::text::time::{Moment, strftime};
use crate::utility::prelude::*;

/// A parsed format.
pub(super) struct Format {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(Vec<u8>),
    Directive(Directive),
    /// `\c`: nothing after it is printed.
    Stop,
}

struct Directive {
    left: bool,
    zero: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
    letter: u8,
    /// What follows `%A`, `%B`, `%C`, `%T`.
    time: Option<u8>,
}

/// The widest a field gets.
const MOST: usize = 100_000;

impl Format {
    /// Parses a format; the messages are warnings. The error ends the program.
    pub(super) fn parse(text: &[u8], warnings: &mut Vec<Vec<u8>>) -> Result<Format, Vec<u8>> {
        let mut format = Format { pieces: Vec::new() };
        let mut at = 0;
        while let Some(byte) = text.get(at) {
            let rest = text.get(at + 1..).unwrap_or_default();
            at += 1 + match byte {
                b'\\' => format.escape(rest, warnings),
                b'%' => format.directive(rest, warnings)?,
                other => {
                    format.text(&[*other]);
                    0
                }
            };
        }
        Ok(format)
    }

    fn text(&mut self, text: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.extend_from_slice(text),
            _ => self.pieces.push(Piece::Text(text.to_vec())),
        }
    }

    fn escape(&mut self, rest: &[u8], warnings: &mut Vec<Vec<u8>>) -> usize {
        let byte = match rest.first() {
            Some(b'0'..=b'7') => {
                let digits = rest.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
                let value = rest.iter().take(digits).fold(0u32, |value, digit| value * 8 + u32::from(digit - b'0'));
                self.text(&[value as u8]);
                return digits;
            }
            Some(b'c') => {
                self.pieces.push(Piece::Stop);
                return 1;
            }
            Some(b'a') => 7,
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'v') => 11,
            Some(b'\\') => b'\\',
            Some(other) => {
                warnings.push([b"warning: unrecognized escape `\\", [*other].as_slice(), b"'"].concat());
                self.text(&[b'\\', *other]);
                return 1;
            }
            None => {
                warnings.push(b"warning: escape `\\' followed by nothing at all".to_vec());
                self.text(b"\\");
                return 0;
            }
        };
        self.text(&[byte]);
        1
    }

    fn directive(&mut self, rest: &[u8], warnings: &mut Vec<Vec<u8>>) -> Result<usize, Vec<u8>> {
        if rest.first() == Some(&b'%') {
            self.text(b"%");
            return Ok(1);
        }
        let count = |from: usize, set: &[u8]| rest.iter().skip(from).take_while(|byte| set.contains(byte)).count();
        let number = |from: usize, length: usize| {
            let digits = rest.iter().skip(from).take(length);
            digits
                .fold(0usize, |value, digit| value.saturating_mul(10).saturating_add(usize::from(digit - b'0')))
                .min(MOST)
        };
        let flags = count(0, b"-+ #0");
        let digits = count(flags, b"0123456789");
        let mut at = flags + digits;
        let mut precision = None;
        if rest.get(at) == Some(&b'.') {
            let length = count(at + 1, b"0123456789");
            precision = Some(number(at + 1, length));
            at += 1 + length;
        }
        let Some(letter) = rest.get(at) else { return Err(b"error: % at end of format string".to_vec()) };
        let has = |flag: u8| rest.iter().take(flags).any(|byte| *byte == flag);
        let mut directive = Directive {
            left: has(b'-'),
            zero: has(b'0'),
            alternate: has(b'#'),
            width: number(flags, digits),
            precision,
            letter: *letter,
            time: None,
        };
        at += 1;
        let whole = |end: usize| [b"%", rest.get(..end).unwrap_or_default()].concat();
        match letter {
            b'A' | b'B' | b'C' | b'T' => match rest.get(at) {
                Some(time) => {
                    directive.time = Some(*time);
                    at += 1;
                }
                None => {
                    let shown = whole(at);
                    let problem = b"' should be followed by another character";
                    warnings.push([b"warning: format directive `", shown.as_slice(), problem].concat());
                    self.text(&shown);
                    return Ok(at);
                }
            },
            b'{' | b'[' | b'(' => {
                let problem = b"' is reserved for future use";
                return Err([b"error: the format directive `%", [*letter].as_slice(), problem].concat());
            }
            letter if b"abcdDfFgGhHiklmMnpPsStuUyYZ".contains(letter) => {}
            _ => {
                let shown = whole(at);
                warnings.push([b"warning: unrecognized format directive `", shown.as_slice(), b"'"].concat());
                self.text(&shown);
                return Ok(at);
            }
        }
        self.pieces.push(Piece::Directive(directive));
        Ok(at)
    }
}

impl Directive {
    /// A text with the width and precision of `%s`.
    fn text(&self, text: &[u8]) -> Vec<u8> {
        let text = text.get(..self.precision.unwrap_or(text.len()).min(text.len())).unwrap_or_default();
        self.pad(text.to_vec())
    }

    /// A number with the flags of `%d` and `%o`.
    fn number(&self, digits: String) -> Vec<u8> {
        let digits = format!("{}{digits}", "0".repeat(self.precision.unwrap_or(0).saturating_sub(digits.len())));
        if self.zero && !self.left && self.precision.is_none() {
            return format!("{digits:0>width$}", width = self.width).into_bytes();
        }
        self.pad(digits.into_bytes())
    }

    fn pad(&self, text: Vec<u8>) -> Vec<u8> {
        let padding = vec![b' '; self.width.saturating_sub(text.len())];
        if self.left { [text, padding].concat() } else { [padding, text].concat() }
    }
}

impl Plan {
    /// The text of a format for a file.
    pub(super) async fn format(&mut self, sys: &Sys, format: &Format, visit: &mut Visit) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &format.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Stop => break,
                Piece::Directive(directive) => match self.show(sys, directive, visit).await {
                    Ok(text) => out.extend_from_slice(&text),
                    Err(errno) => {
                        self.failed = true;
                        self.flush().await;
                        sys.complain(quote(&visit.path), errno).await;
                    }
                },
            }
        }
        out
    }

    async fn show(&mut self, sys: &Sys, directive: &Directive, visit: &mut Visit) -> Result<Vec<u8>, Errno> {
        let text = match directive.letter {
            b'p' => visit.path.to_vec(),
            b'P' => visit.path_below_start().to_vec(),
            b'f' => visit.name_with_slashes().to_vec(),
            b'h' => visit.directory().to_vec(),
            b'H' => visit.path.get(..visit.start).unwrap_or_default().to_vec(),
            b'd' => return Ok(directive.number(visit.depth.to_string())),
            b'F' => self.mounts.name_of(sys, &visit.path).await.to_vec(),
            b'l' if visit.kind == FileKind::Symlink => sys.read_link(visit.path.clone()).await?.to_vec(),
            b'l' => Vec::new(),
            b'y' => vec![kind_letter(visit.kind)],
            b'Y' => vec![self.target_letter(sys, visit).await],
            b'Z' => {
                self.failed = true;
                sys.complain([b"getfilecon failed: ", quote(&visit.path).as_slice()].concat(), Errno::ENODATA).await;
                Vec::new()
            }
            _ => {
                let stat = visit.stat(sys).await?;
                if directive.letter == b'm' {
                    let prefix = if directive.alternate && stat.mode != 0 { "0" } else { "" };
                    return Ok(directive.number(format!("{prefix}{:o}", stat.mode)));
                }
                self.attribute(directive, &stat)
            }
        };
        Ok(directive.text(&text))
    }

    fn attribute(&self, directive: &Directive, stat: &Stat) -> Vec<u8> {
        let account = |name: Option<&Bytes>, id: u32| name.map_or_else(|| id.to_string().into_bytes(), |n| n.to_vec());
        let number = |number: u64| number.to_string().into_bytes();
        match directive.letter {
            b's' => number(stat.size),
            b'b' => number(stat.blocks),
            b'k' => number(stat.blocks.div_ceil(2)),
            b'i' => number(stat.ino),
            b'D' => number(stat.dev),
            b'n' => number(stat.nlink.into()),
            b'U' => number(stat.uid.into()),
            b'G' => number(stat.gid.into()),
            b'u' => account(self.accounts.user_name(stat.uid), stat.uid),
            b'g' => account(self.accounts.group_name(stat.gid), stat.gid),
            b'M' => mode_string(stat.kind, stat.mode).into_bytes(),
            b'S' => sparseness(stat).into_bytes(),
            b'a' => self.date(stat.atime),
            b'c' => self.date(stat.ctime),
            b't' => self.date(stat.mtime),
            b'A' => self.time(stat, Time::Access, directive),
            b'B' => self.time(stat, Time::Birth, directive),
            b'C' => self.time(stat, Time::Change, directive),
            b'T' => self.time(stat, Time::Modification, directive),
            _ => Vec::new(),
        }
    }

    fn time(&self, stat: &Stat, which: Time, directive: &Directive) -> Vec<u8> {
        let time = super::evaluate::time(stat, which);
        match directive.time.unwrap_or(b'@') {
            b'@' => format!("{}{}", time.secs, fraction(time)).into_bytes(),
            b'S' => self.civil(b"%S", time, b""),
            b'T' | b'X' => self.civil(b"%H:%M:%S", time, b""),
            b'+' => self.civil(b"%Y-%m-%d+%H:%M:%S", time, b""),
            other => {
                let moment = Moment::new(time.secs, time.nanos, self.zone.clone());
                strftime(&[b'%', other], &moment)
            }
        }
    }

    /// As ctime(3), with the fraction of the second.
    fn date(&self, time: Timestamp) -> Vec<u8> {
        self.civil(b"%a %b %e %H:%M:%S", time, b" %Y")
    }

    fn civil(&self, before: &[u8], time: Timestamp, after: &[u8]) -> Vec<u8> {
        let moment = Moment::new(time.secs, time.nanos, self.zone.clone());
        [strftime(before, &moment), fraction(time).into_bytes(), strftime(after, &moment)].concat()
    }

    /// `%Y`: the type of what a link leads to; `N` for nothing, `L` for a loop.
    async fn target_letter(&self, sys: &Sys, visit: &Visit) -> u8 {
        if visit.kind != FileKind::Symlink {
            return kind_letter(visit.kind);
        }
        match sys.stat(visit.path.clone()).await {
            Ok(stat) => kind_letter(stat.kind),
            Err(Errno::ENOENT | Errno::ENOTDIR) => b'N',
            Err(Errno::ELOOP) => b'L',
            Err(_) => b'?',
        }
    }
}

/// Ten digits, as find prints them.
fn fraction(time: Timestamp) -> String {
    format!(".{:09}0", time.nanos)
}

pub(super) fn kind_letter(kind: FileKind) -> u8 {
    match kind {
        FileKind::Regular => b'f',
        FileKind::Directory => b'd',
        FileKind::Symlink => b'l',
        FileKind::Fifo => b'p',
        FileKind::CharDevice => b'c',
        FileKind::BlockDevice => b'b',
        FileKind::Socket => b's',
    }
}

/// Bytes held per byte of content, as `%g` shows it.
fn sparseness(stat: &Stat) -> String {
    if stat.size == 0 {
        return if stat.blocks == 0 { "1".to_owned() } else { "-inf".to_owned() };
    }
    let ratio = stat.blocks as f64 * 512.0 / stat.size as f64;
    let exponent = if ratio == 0.0 { 0 } else { ratio.log10().floor() as i32 };
    let decimals = usize::try_from(5 - exponent).unwrap_or(0);
    let text = format!("{ratio:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}
