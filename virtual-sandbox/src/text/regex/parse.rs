//! The parser of patterns, one for all dialects.  [POSIX XBD 9.3, 9.4, 9.5.3; GNU regcomp's readings of what POSIX leaves open]

use super::{
    ast::{Anchor, Class, Node},
    class::Element,
    dialect::{Flags, Lines, Rules, Syntax},
    error::{RegexError, RegexWarning},
    token::{Cursor, Token},
};

/// How deep groups and repetitions may nest.
const MAX_DEPTH: u32 = 200;

/// The highest repetition count.  [POSIX RE_DUP_MAX; glibc's value]
const RE_DUP_MAX: u32 = 32767;

/// A parsed pattern.
#[derive(Debug)]
pub(super) struct Parsed {
    /// The tree.
    pub root: Node,
    /// How many groups it has.
    pub groups: u32,
    /// What is odd about it.
    pub warnings: Vec<RegexWarning>,
}

/// Parses a pattern.
pub(super) fn parse(pattern: &[u8], syntax: Syntax, flags: Flags) -> Result<Parsed, RegexError> {
    let rules = syntax.rules();
    let cursor = Cursor { pattern, at: 0, rules, bytes: flags.bytes };
    let mut parser =
        Parser { cursor, token: Token::End, rules, flags, groups: 0, closed: 0, depth: 0, warnings: Vec::new() };
    parser.advance(true)?;
    let mut root = parser.expression(0)?;
    if flags.whole_line {
        root = Node::Concat(vec![Node::Anchor(Anchor::LineStart), root, Node::Anchor(Anchor::LineEnd)]);
    }
    Ok(Parsed { root, groups: parser.groups, warnings: parser.warnings })
}

struct Parser<'p> {
    cursor: Cursor<'p>,
    token: Token,
    rules: Rules,
    flags: Flags,
    groups: u32,
    /// Bit n: group n is closed, so `\n` may refer to it.
    closed: u32,
    depth: u32,
    warnings: Vec<RegexWarning>,
}

impl Parser<'_> {
    fn advance(&mut self, starting: bool) -> Result<(), RegexError> {
        self.token = self.cursor.next(starting)?;
        Ok(())
    }

    /// Alternatives, up to the end or the `)` of the enclosing group.
    fn expression(&mut self, nesting: u32) -> Result<Node, RegexError> {
        // A group of one alternative is not there for a reference in another.
        let before = self.closed;
        let mut alternatives = vec![self.branch(nesting)?];
        let mut closed = self.closed;
        while self.token == Token::Alternate {
            self.closed = before;
            self.advance(true)?;
            alternatives.push(self.branch(nesting)?);
            closed |= self.closed;
        }
        self.closed = closed;
        Ok(if alternatives.len() == 1 { alternatives.remove(0) } else { Node::Alternate(alternatives) })
    }

    fn branch(&mut self, nesting: u32) -> Result<Node, RegexError> {
        let mut parts = Vec::new();
        loop {
            match self.token {
                Token::Alternate | Token::End => break,
                Token::CloseGroup if nesting > 0 => break,
                _ => self.piece(nesting, &mut parts)?,
            }
        }
        Ok(Node::concat(parts))
    }

    /// One atom and the repetitions behind it.
    fn piece(&mut self, nesting: u32, parts: &mut Vec<Node>) -> Result<(), RegexError> {
        let atom = match self.token {
            Token::Anchor(anchor) => {
                // No repetition applies to an anchor: `^*` is an anchor and a star, which then has nothing to repeat.
                parts.push(Node::Anchor(anchor));
                return self.advance(true);
            }
            Token::Star | Token::Plus | Token::Question | Token::OpenInterval => match self.stray_repetition()? {
                Some(atom) => atom,
                None => return Ok(()),
            },
            Token::CloseGroup if !self.rules.unmatched_close_ordinary => return Err(RegexError::UnmatchedClose),
            Token::CloseGroup | Token::CloseInterval => self.last_byte(),
            Token::Char(at, len) => self.character(at, len),
            Token::Dot => self.dot(),
            Token::Class(name, negated) => {
                let class = Class::named(name, self.flags.bytes);
                self.set(class, negated)
            }
            Token::OpenBracket => {
                let (class, negated) = self.cursor.bracket()?;
                self.set(class, negated)
            }
            Token::BackReference(number) if self.closed & (1 << number) != 0 => Node::BackReference(number),
            Token::BackReference(_) => return Err(RegexError::BackReference),
            Token::OpenGroup => self.group(nesting)?,
            Token::Alternate | Token::End => Node::Empty,
        };
        self.advance(false)?;
        let atom = self.repetitions(atom)?;
        parts.push(atom);
        Ok(())
    }

    /// A repetition with nothing before it: an error, nothing, or the operator as an ordinary character.
    fn stray_repetition(&mut self) -> Result<Option<Node>, RegexError> {
        let interval = self.token == Token::OpenInterval;
        if self.rules.stray_repetition_error || interval && self.rules.repeated_repetition_error {
            return Err(RegexError::Preceding);
        }
        if !self.rules.stray_repetition_dropped {
            return Ok(Some(self.last_byte()));
        }
        if !interval {
            let Node::Literal(operator) = self.last_byte() else { return Ok(None) };
            self.warnings.push(RegexWarning::StrayRepetition(operator.first().copied().unwrap_or_default()));
            self.advance(true)?;
            return Ok(None);
        }
        let start = self.cursor.at;
        if self.interval()?.is_some() {
            self.warnings.push(RegexWarning::StrayInterval);
            self.advance(true)?;
            return Ok(None);
        }
        self.cursor.at = start;
        Ok(Some(self.last_byte()))
    }

    /// The byte before the cursor, as an ordinary character.
    fn last_byte(&self) -> Node {
        let byte = self.cursor.at.checked_sub(1).and_then(|i| self.cursor.pattern.get(i)).copied();
        byte.map_or(Node::Empty, |byte| self.fold(Node::Literal(vec![byte])))
    }

    fn character(&self, at: usize, len: usize) -> Node {
        let bytes = self.cursor.pattern.get(at..at + len).unwrap_or_default();
        self.fold(Node::Literal(bytes.to_vec()))
    }

    /// A literal, or the set of its cases.
    fn fold(&self, literal: Node) -> Node {
        let Node::Literal(bytes) = &literal else { return literal };
        let Some((element, _)) = Element::first(bytes, self.flags.bytes) else { return literal };
        if let Lines::Records(terminator) = self.flags.lines
            && bytes.as_slice() == [terminator]
        {
            return Node::Class(Class::empty());
        }
        if !self.flags.icase {
            return literal;
        }
        let mut class = Class::empty();
        class.push(element, element);
        class.fold_case();
        let alone = class.chars.ranges().iter().map(|r| r.len()).sum::<usize>()
            + class.bytes.ranges().iter().map(|r| r.len()).sum::<usize>();
        if alone == 1 { literal } else { Node::Class(class) }
    }

    fn dot(&self) -> Node {
        let mut class = Class::any(self.flags.bytes);
        if self.rules.dot_excludes_nul {
            class.remove(0);
        }
        match self.flags.lines {
            Lines::Ordinary => {}
            Lines::Anchors => class.remove(b'\n'),
            Lines::Records(terminator) => class.remove(terminator),
        }
        Node::Class(class)
    }

    fn set(&self, mut class: Class, negated: bool) -> Node {
        if self.flags.icase {
            class.fold_case();
        }
        if negated {
            class.negate(self.flags.bytes);
        }
        match self.flags.lines {
            Lines::Anchors if negated => class.remove(b'\n'),
            Lines::Records(terminator) => class.remove(terminator),
            _ => {}
        }
        Node::Class(class)
    }

    fn group(&mut self, nesting: u32) -> Result<Node, RegexError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(RegexError::TooBig);
        }
        self.groups += 1;
        let number = self.groups;
        self.advance(true)?;
        let inner = self.expression(nesting + 1)?;
        if self.token != Token::CloseGroup {
            return Err(RegexError::UnmatchedOpen);
        }
        if number <= 9 {
            self.closed |= 1 << number;
        }
        self.depth -= 1;
        Ok(Node::Group(number, Box::new(inner)))
    }

    /// Applies the repetitions that follow an atom.
    fn repetitions(&mut self, mut node: Node) -> Result<Node, RegexError> {
        let mut count = 0;
        loop {
            let bounds = match self.token {
                Token::Star => (0, None),
                Token::Plus => (1, None),
                Token::Question => (0, Some(1)),
                Token::OpenInterval => {
                    let start = self.cursor.at;
                    match self.interval()? {
                        Some(bounds) => bounds,
                        None => {
                            self.cursor.at = start;
                            self.token = Token::Char(start - 1, 1);
                            return Ok(node);
                        }
                    }
                }
                _ => return Ok(node),
            };
            count += 1;
            if self.depth + count > MAX_DEPTH {
                return Err(RegexError::TooBig);
            }
            node = repeat(node, bounds);
            self.advance(false)?;
            if self.rules.repeated_repetition_error && matches!(self.token, Token::Star | Token::OpenInterval) {
                return Err(RegexError::Preceding);
            }
        }
    }

    /// Reads an interval behind its `{`, up to its `}`. `None`: it is none, and the dialect takes the `{` as ordinary.
    fn interval(&mut self) -> Result<Option<(u32, Option<u32>)>, RegexError> {
        let (low, stop) = self.interval_number()?;
        let (high, stop) = match stop {
            Stop::Close if matches!(low, Bound::None) => return Err(RegexError::IntervalContent),
            Stop::Comma => self.interval_number()?,
            stop => (low, stop),
        };
        if matches!(low, Bound::Bad) || matches!(high, Bound::Bad) {
            return match stop {
                _ if self.rules.bad_interval_ordinary => Ok(None),
                Stop::End => Err(RegexError::UnmatchedBrace),
                _ => Err(RegexError::IntervalContent),
            };
        }
        let low = low.value().unwrap_or(0);
        let high = high.value();
        if high.is_some_and(|high| low > high) || !matches!(stop, Stop::Close) {
            return Err(RegexError::IntervalContent);
        }
        if high.unwrap_or(low) > RE_DUP_MAX {
            return Err(RegexError::TooBig);
        }
        Ok(Some((low, high)))
    }

    fn interval_number(&mut self) -> Result<(Bound, Stop), RegexError> {
        let mut bound = Bound::None;
        loop {
            let stop = match self.cursor.next(false)? {
                Token::End => return Ok((Bound::Bad, Stop::End)),
                Token::CloseInterval => Stop::Close,
                Token::Char(at, 1) => match self.cursor.pattern.get(at).copied() {
                    Some(b',') => Stop::Comma,
                    Some(digit @ b'0'..=b'9') => {
                        bound = bound.digit(digit);
                        continue;
                    }
                    _ => {
                        bound = Bound::Bad;
                        continue;
                    }
                },
                _ => {
                    bound = Bound::Bad;
                    continue;
                }
            };
            return Ok((bound, stop));
        }
    }
}

/// One number of an interval.
#[derive(Clone, Copy)]
enum Bound {
    None,
    Number(u32),
    Bad,
}

impl Bound {
    fn digit(self, digit: u8) -> Bound {
        let digit = u32::from(digit - b'0');
        match self {
            Bound::None => Bound::Number(digit),
            Bound::Number(n) => Bound::Number((n * 10 + digit).min(RE_DUP_MAX + 1)),
            Bound::Bad => Bound::Bad,
        }
    }

    fn value(self) -> Option<u32> {
        if let Bound::Number(n) = self { Some(n) } else { None }
    }
}

/// What ended a number of an interval.
#[derive(Clone, Copy)]
enum Stop {
    Comma,
    Close,
    End,
}

/// A repetition; one of a repetition that already takes any number adds nothing.
fn repeat(node: Node, bounds: (u32, Option<u32>)) -> Node {
    match (node, bounds) {
        (Node::Repeat(inner, 0, None), (_, None)) => Node::Repeat(inner, 0, None),
        (Node::Anchor(anchor), (0, _)) => Node::Repeat(Box::new(Node::Anchor(anchor)), 0, Some(1)),
        (node, (min, max)) => Node::Repeat(Box::new(node), min, max),
    }
}
