//! `${x#p}`, `${x%p}`, `${x/p/r}`. POSIX 2.6.2; bash manual "Shell Parameter Expansion".

use bytes::Bytes;
use shell_parser::ast::{PartId, SubstituteKind, WordId, WordPart};

use super::super::field::{Fields, Mode};
use super::super::word::{Expander, Quoting};
use super::super::{ShellOption, Stop, World, expand_pattern};
use super::reference::Reference;
use crate::shell::pattern::{Pattern, PatternOptions};
use crate::shell::variable::Value;

impl<W: World> Expander<'_, W> {
    fn pattern_flags(&self) -> PatternOptions {
        PatternOptions { extglob: self.world.option(ShellOption::ExtGlob), ..PatternOptions::default() }
    }

    pub(super) fn remove_prefix(
        &mut self,
        reference: &Reference,
        longest: bool,
        pattern: WordId,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let text = expand_pattern(self.unit, pattern, self.world)?;
        let flags = self.pattern_flags();
        let pattern = self.world.patterns().get(&text, flags);
        self.cut(reference, quoting, out, |value| match pattern.prefix(value, longest) {
            Some(length) => (length, value.len()),
            None => (0, value.len()),
        })
    }

    pub(super) fn remove_suffix(
        &mut self,
        reference: &Reference,
        longest: bool,
        pattern: WordId,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let text = expand_pattern(self.unit, pattern, self.world)?;
        let flags = self.pattern_flags();
        let pattern = self.world.patterns().get(&text, flags);
        self.cut(reference, quoting, out, |value| (0, pattern.suffix(value, longest).unwrap_or(value.len())))
    }

    /// Adds what `keep` leaves of the values.
    fn cut(
        &mut self,
        reference: &Reference,
        quoting: Quoting,
        out: &mut Fields,
        keep: impl Fn(&[u8]) -> (usize, usize),
    ) -> Result<(), Stop> {
        // An ordinary variable in one string: no copy of the value.
        if let Reference::Variable(name) = reference
            && (quoting == Quoting::Double || out.is_single())
            && let Some(Value::Scalar(value)) = self.world.variables().value(name)
        {
            let mut digits = itoa::Buffer::new();
            let value = value.bytes(&mut digits);
            let (from, to) = keep(value);
            let kept = value.get(from..to).unwrap_or(value);
            if quoting == Quoting::Double {
                out.quoted(kept)
            } else {
                out.unquoted(kept)
            }
            return Ok(());
        }
        let values = self.set_values(reference)?.map(|value| {
            let (from, to) = keep(&value);
            value.slice(from.min(to)..to)
        });
        self.emit(&values, quoting, out)?;
        Ok(())
    }

    pub(super) fn substitute(
        &mut self,
        reference: &Reference,
        kind: SubstituteKind,
        pattern: WordId,
        replacement: Option<WordId>,
        quoting: Quoting,
        out: &mut Fields,
    ) -> Result<(), Stop> {
        let values = self.set_values(reference)?;
        let text = expand_pattern(self.unit, pattern, self.world)?;
        let replacement = match replacement {
            Some(word) => self.replacement(word, quoting)?,
            None => Replacement { pieces: vec![Piece::Text(Vec::new())] },
        };
        let nocase = self.world.option(ShellOption::NoCaseMatch);
        let flags = PatternOptions { nocase, ..self.pattern_flags() };
        let pattern = self.world.patterns().get(&text, flags);
        // An empty pattern matches only at the ends that `#` and `%` name.
        if text.is_empty() && matches!(kind, SubstituteKind::First | SubstituteKind::All) {
            self.emit(&values, quoting, out)?;
            return Ok(());
        }
        let world = &mut *self.world;
        let mut made = 0;
        let values = values.try_map(|value| -> Result<Bytes, Stop> {
            let value = replace(&value, &pattern, kind, &replacement, |bytes| world.charge(made + bytes))?;
            made += value.len();
            Ok(value)
        })?;
        self.emit(&values, quoting, out)
    }

    /// Expands a replacement; with `patsub_replacement`, an unquoted `&` in it is the match.
    fn replacement(&mut self, word: WordId, quoting: Quoting) -> Result<Replacement, Stop> {
        let parts = self.unit.word(word).parts;
        if !self.world.option(ShellOption::PatsubReplacement) {
            let mut text = Fields::new(Mode::Text);
            self.parts(parts, Quoting::None, &mut text)?;
            return Ok(Replacement { pieces: vec![Piece::Text(text.into_text().into())] });
        }
        let mut replacement = Replacement { pieces: Vec::new() };
        for id in parts.iter() {
            self.replacement_part(id, quoting, &mut replacement)?;
        }
        Ok(replacement)
    }

    fn replacement_part(&mut self, id: PartId, quoting: Quoting, replacement: &mut Replacement) -> Result<(), Stop> {
        let unit = self.unit;
        let part = unit.part(id);
        let quoted = match part {
            WordPart::Literal(_) | WordPart::Parameter(_) | WordPart::CommandSub(_) | WordPart::Arith(_) => false,
            WordPart::Escaped(_)
            | WordPart::SingleQuoted(_)
            | WordPart::AnsiC(_)
            | WordPart::DoubleQuoted(_)
            | WordPart::Localized(_)
            | WordPart::ProcessSub(..)
            | WordPart::Tilde(_)
            | WordPart::Brace(_) => true,
        };
        let _ = quoting;
        let mut text = Fields::new(Mode::Text);
        self.part(part, Quoting::None, &mut text)?;
        let text = text.into_text();
        if quoted {
            replacement.push_text(&text)
        } else {
            replacement.push_active(&text)
        }
        Ok(())
    }
}

/// A replacement: text, and places where the match goes.
struct Replacement {
    pieces: Vec<Piece>,
}

enum Piece {
    Text(Vec<u8>),
    Match,
}

impl Replacement {
    fn push_text(&mut self, text: &[u8]) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.extend_from_slice(text),
            _ => self.pieces.push(Piece::Text(text.to_vec())),
        }
    }

    /// Text in which `&` is the match and `\&` an ampersand.
    fn push_active(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(at) = memchr::memchr2(b'&', b'\\', rest) {
            let (before, from) = rest.split_at(at);
            self.push_text(before);
            match from {
                [b'&', after @ ..] => {
                    self.pieces.push(Piece::Match);
                    rest = after;
                }
                [b'\\', escaped @ (b'&' | b'\\'), after @ ..] => {
                    self.push_text(&[*escaped]);
                    rest = after;
                }
                [other, after @ ..] => {
                    self.push_text(&[*other]);
                    rest = after;
                }
                [] => break,
            }
        }
        self.push_text(rest);
    }

    fn add(&self, matched: &[u8], out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Match => out.extend_from_slice(matched),
            }
        }
    }
}

/// The value with what matches replaced; `charge` is asked as it grows.
fn replace(
    value: &Bytes,
    pattern: &Pattern<'_>,
    kind: SubstituteKind,
    replacement: &Replacement,
    mut charge: impl FnMut(usize) -> Result<(), Stop>,
) -> Result<Bytes, Stop> {
    let span = |start: usize, end: usize| value.get(start..end).unwrap_or(&[]);
    let mut out = Vec::with_capacity(value.len());
    // A vector that grows holds the old and the new.
    let mut charged = value.len().max(256 * 1024);
    match kind {
        SubstituteKind::Prefix => match pattern.prefix(value, true) {
            Some(end) => {
                replacement.add(span(0, end), &mut out);
                out.extend_from_slice(span(end, value.len()));
            }
            None => return Ok(value.clone()),
        },
        SubstituteKind::Suffix => match pattern.suffix(value, true) {
            Some(start) => {
                out.extend_from_slice(span(0, start));
                replacement.add(span(start, value.len()), &mut out);
            }
            None => return Ok(value.clone()),
        },
        SubstituteKind::First | SubstituteKind::All => {
            let mut at = 0;
            while let Some((start, end)) = pattern.find(value, at) {
                out.extend_from_slice(span(at, start));
                replacement.add(span(start, end), &mut out);
                if out.len() > charged {
                    charged = out.len().saturating_mul(2);
                    charge(charged)?;
                }
                if end == start {
                    // A match of nothing: one character goes by.
                    let length = crate::shell::pattern::char_length(span(end, value.len()));
                    out.extend_from_slice(span(end, end + length));
                    at = end + length;
                } else {
                    at = end;
                }
                if kind == SubstituteKind::First || at >= value.len() {
                    break;
                }
            }
            if at == 0 && out.is_empty() && !value.is_empty() && pattern.find(value, 0).is_none() {
                return Ok(value.clone());
            }
            out.extend_from_slice(span(at, value.len()));
        }
    }
    Ok(out.into())
}
