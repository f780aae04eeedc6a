//! Brace expansions. bash manual "Brace Expansion".

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while_m_n, take_while1};
use nom::character::complete::one_of;
use nom::combinator::{all_consuming, opt, recognize};
use nom::sequence::{pair, preceded};
use nom::{IResult, Parser as _};

use crate::ast::{BraceExpansion, BraceId, NodeId, RangeStyle, WordFacts, WordPart};
use crate::core::{Core, Parsed};
use crate::lex::class::is_metacharacter;
use crate::word::Style;
use crate::word::extent::construct;

/// The brace expansions of one word, found by one pass over it.
#[derive(Debug, Default)]
pub(crate) struct BraceMap {
    /// Sorted by `open`.
    pairs: Vec<BracePair>,
    /// The map covers the text before this position.
    scanned: usize,
}

/// A complete brace expansion.
#[derive(Debug, Clone)]
struct BracePair {
    open: usize,
    close: usize,
    /// Positions of the commas between its alternatives; empty for a range.
    commas: Vec<usize>,
}

impl BraceMap {
    fn find(&self, open: usize) -> Option<&BracePair> {
        self.pairs.binary_search_by_key(&open, |pair| pair.open).ok().and_then(|n| self.pairs.get(n))
    }

    /// Finds the brace expansions in the word text from `position` on.
    fn scan(text: &[u8], position: usize) -> Self {
        let mut pairs = Vec::new();
        let mut open: Vec<BracePair> = Vec::new();
        let mut at = position;
        while let Some(&byte) = text.get(at) {
            if let Some(end) = construct(text, at) {
                match end {
                    Some(end) => at = end,
                    None => break,
                }
                continue;
            }
            match byte {
                _ if is_metacharacter(byte) => break,
                b'{' if text.get(at + 1) == Some(&b'}') => at += 1,
                b'{' => open.push(BracePair { open: at, close: at, commas: Vec::new() }),
                b',' => {
                    if let Some(pair) = open.last_mut() {
                        pair.commas.push(at);
                    }
                }
                b'}' => {
                    if let Some(mut pair) = open.pop() {
                        pair.close = at;
                        let inner = text.get(pair.open + 1..at).unwrap_or(&[]);
                        if !pair.commas.is_empty() || parse_range(inner).is_some() {
                            pairs.push(pair);
                        }
                    }
                }
                _ => {}
            }
            at += 1;
        }
        pairs.sort_by_key(|pair| pair.open);
        Self { pairs, scanned: at }
    }
}

impl Core<'_> {
    /// Whether the `{` at the cursor begins a brace expansion.
    pub(crate) fn brace_begins(&self, braces: &mut BraceMap) -> bool {
        let position = self.input.position();
        if position >= braces.scanned {
            let end = position + self.input.rest().len();
            *braces = BraceMap::scan(self.input.bytes(0, end), position);
            braces.scanned = braces.scanned.max(position + 1);
        }
        braces.find(position).is_some()
    }

    /// Reads the brace expansion at the cursor.
    pub(crate) fn brace_expansion(&mut self, style: Style, braces: &mut BraceMap) -> Parsed<()> {
        let Some(pair) = braces.find(self.input.position()).cloned() else { return Ok(()) };
        self.enter_word()?;
        let inner = self.input.slice(pair.open + 1, pair.close);
        let expansion = match parse_range(&inner).filter(|_| pair.commas.is_empty()) {
            Some(range) => range.into_expansion(self.input.slice(pair.open, pair.close + 1)),
            None => self.alternatives(style, &pair, braces)?,
        };
        self.input.seek(pair.close + 1);
        let id = BraceId::from_index(self.unit.all_braces.len());
        self.unit.all_braces.push(expansion);
        self.facts = self.facts.with(WordFacts::BRACE);
        self.scratch.parts.push(WordPart::Brace(id));
        self.leave_word();
        Ok(())
    }

    fn alternatives(&mut self, style: Style, pair: &BracePair, braces: &mut BraceMap) -> Parsed<BraceExpansion> {
        let words = self.scratch.words.len();
        let mut start = pair.open + 1;
        for end in pair.commas.iter().copied().chain([pair.close]) {
            self.input.seek(start);
            let limit = self.input.restrict(end);
            let offset = self.input.offset();
            let mark = self.scratch.parts.len();
            let outer = std::mem::take(&mut self.facts);
            self.unquoted(style, braces)?;
            let facts = self.facts;
            self.facts = outer.with(facts.without(WordFacts::ASSIGNMENT));
            let word = self.finish_word(offset, mark, facts);
            self.scratch.words.push(word);
            self.input.unrestrict(limit);
            start = end + 1;
        }
        Ok(BraceExpansion::List(self.flush_words(words)))
    }
}

/// What stands between the braces of a range.
struct BraceRange {
    start: i64,
    end: i64,
    step: i64,
    style: RangeStyle,
}

impl BraceRange {
    fn into_expansion(self, text: bytes::Bytes) -> BraceExpansion {
        BraceExpansion::Range { start: self.start, end: self.end, step: self.step, style: self.style, text }
    }
}

fn parse_range(text: &[u8]) -> Option<BraceRange> {
    let mut parser = all_consuming(alt((number_range, character_range)));
    parser.parse(text).ok().and_then(|(_, range)| range)
}

fn integer(text: &[u8]) -> IResult<&[u8], &[u8]> {
    recognize(pair(opt(one_of("+-")), take_while1(|byte: u8| byte.is_ascii_digit()))).parse(text)
}

fn step(text: &[u8]) -> IResult<&[u8], Option<&[u8]>> {
    opt(preceded(tag(&b".."[..]), integer)).parse(text)
}

fn number_range(text: &[u8]) -> IResult<&[u8], Option<BraceRange>> {
    let (rest, (first, _, last, step)) = (integer, tag(&b".."[..]), integer, step).parse(text)?;
    let width = if has_leading_zero(first) || has_leading_zero(last) { first.len().max(last.len()) } else { 0 };
    let range = (|| {
        let (start, end, step) = (number(first)?, number(last)?, number(step.unwrap_or(b"1"))?);
        Some(BraceRange { start, end, step, style: RangeStyle::Number(width as u32) })
    })();
    Ok((rest, range))
}

fn character_range(text: &[u8]) -> IResult<&[u8], Option<BraceRange>> {
    let letter = || take_while_m_n(1, 1, |byte: u8| byte.is_ascii_alphabetic());
    let (rest, (first, _, last, step)) = (letter(), tag(&b".."[..]), letter(), step).parse(text)?;
    let range = (|| {
        let (start, end) = (i64::from(*first.first()?), i64::from(*last.first()?));
        Some(BraceRange { start, end, step: number(step.unwrap_or(b"1"))?, style: RangeStyle::Character })
    })();
    Ok((rest, range))
}

fn number(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn has_leading_zero(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    digits.len() > 1 && digits.starts_with(b"0")
}

#[cfg(test)]
mod tests {
    use super::{BraceMap, parse_range};
    use crate::ast::RangeStyle;

    fn pairs(text: &str) -> Vec<(usize, usize, usize)> {
        let map = BraceMap::scan(text.as_bytes(), 0);
        map.pairs.iter().map(|pair| (pair.open, pair.close, pair.commas.len())).collect()
    }

    #[test]
    fn only_complete_expansions_count() {
        assert_eq!(pairs("{a,b}"), [(0, 4, 1)]);
        assert_eq!(pairs("{a}"), []);
        assert_eq!(pairs("{a,b"), []);
        assert_eq!(pairs("{},a}"), []);
        assert_eq!(pairs("{a,{b,c}"), [(3, 7, 1)]);
        assert_eq!(pairs("{a{b,c}d}"), [(2, 6, 1)]);
        assert_eq!(pairs("{'a,b'}{a\\,b}{$x,${y,}}"), [(13, 22, 1)]);
        assert_eq!(pairs("{a, b}"), []);
        assert_eq!(pairs("{1..3}{a..z..2}{1..a}"), [(0, 5, 0), (6, 14, 0)]);
    }

    #[test]
    fn ranges_keep_their_padding() {
        for (text, expected) in [
            ("1..3", Some((1, 3, 1, RangeStyle::Number(0)))),
            ("01..10", Some((1, 10, 1, RangeStyle::Number(2)))),
            ("-01..5..2", Some((-1, 5, 2, RangeStyle::Number(3)))),
            ("a..e", Some((97, 101, 1, RangeStyle::Character))),
            ("a..e..-2", Some((97, 101, -2, RangeStyle::Character))),
            ("1..", None),
            ("a..1", None),
            ("1..99999999999999999999", None),
        ] {
            let found = parse_range(text.as_bytes()).map(|range| (range.start, range.end, range.step, range.style));
            assert_eq!(found, expected, "{text}");
        }
    }
}
