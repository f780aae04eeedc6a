//! The tokens of a pattern: which characters are operators here.

use super::{
    ast::Anchor,
    class::{Element, Name},
    dialect::Rules,
    error::RegexError,
};

/// A lexical unit of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// An ordinary character: where its bytes begin and how many they are.
    Char(usize, usize),
    Star,
    Plus,
    Question,
    OpenGroup,
    CloseGroup,
    OpenInterval,
    CloseInterval,
    Alternate,
    OpenBracket,
    Dot,
    Anchor(Anchor),
    /// A class escape such as `\w`, and whether it is complemented.
    Class(Name, bool),
    BackReference(u32),
    End,
}

/// The place in a pattern, and the rules it is read by.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'p> {
    pub pattern: &'p [u8],
    pub at: usize,
    pub rules: Rules,
    pub bytes: bool,
}

impl<'p> Cursor<'p> {
    /// The byte `ahead` places on.
    pub(super) fn byte(&self, ahead: usize) -> Option<u8> {
        self.pattern.get(self.at + ahead).copied()
    }

    /// Reads the next token. `starting`: an expression may begin here, so `^` is an anchor in every dialect.
    pub(super) fn next(&mut self, starting: bool) -> Result<Token, RegexError> {
        let (token, len) = self.peek(starting)?;
        self.at += len;
        Ok(token)
    }

    /// The next token and its length in bytes.
    fn peek(&self, starting: bool) -> Result<(Token, usize), RegexError> {
        let Some(byte) = self.byte(0) else { return Ok((Token::End, 0)) };
        let rules = &self.rules;
        let token = match byte {
            b'\\' => return self.peek_escape(),
            b'*' => Token::Star,
            b'+' if rules.plain_plus => Token::Plus,
            b'?' if rules.plain_plus => Token::Question,
            b'(' if rules.extended => Token::OpenGroup,
            b')' if rules.extended => Token::CloseGroup,
            b'|' if rules.extended => Token::Alternate,
            b'{' if rules.extended && rules.intervals => Token::OpenInterval,
            b'}' if rules.extended && rules.intervals => Token::CloseInterval,
            b'\n' if rules.newline_alternates => Token::Alternate,
            b'[' => Token::OpenBracket,
            b'.' => Token::Dot,
            b'^' if starting || rules.anchors_anywhere || self.at_line_start() => Token::Anchor(Anchor::LineStart),
            b'$' if rules.anchors_anywhere || self.ends_expression() => Token::Anchor(Anchor::LineEnd),
            _ => return Ok(self.character(self.at, 0)),
        };
        Ok((token, 1))
    }

    fn at_line_start(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|i| self.pattern.get(i));
        before.is_none_or(|&byte| byte == b'\n' && self.rules.newline_alternates)
    }

    /// True if what follows the current `$` ends the expression it stands in.
    fn ends_expression(&self) -> bool {
        match (self.byte(1), self.byte(2)) {
            (None, _) => true,
            (Some(b'\n'), _) => self.rules.newline_alternates,
            (Some(b'\\'), Some(b')' | b'|')) => !self.rules.extended,
            _ => false,
        }
    }

    /// The token of the character at `at`, which stands behind `skipped` bytes of the token.
    fn character(&self, at: usize, skipped: usize) -> (Token, usize) {
        let len = self.pattern.get(at..).and_then(|rest| Element::first(rest, self.bytes)).map_or(0, |(_, len)| len);
        (Token::Char(at, len), skipped + len)
    }

    fn peek_escape(&self) -> Result<(Token, usize), RegexError> {
        let byte = self.byte(1).ok_or(RegexError::TrailingBackslash)?;
        let basic = !self.rules.extended;
        if !self.rules.gnu && !matches!(byte, b'(' | b')' | b'{' | b'}' | b'1'..=b'9') {
            return Ok(self.character(self.at + 1, 1));
        }
        let token = match byte {
            b'(' if basic => Token::OpenGroup,
            b')' if basic => Token::CloseGroup,
            b'|' if basic => Token::Alternate,
            b'{' if basic && self.rules.intervals => Token::OpenInterval,
            b'}' if basic && self.rules.intervals => Token::CloseInterval,
            b'+' if !self.rules.plain_plus => Token::Plus,
            b'?' if !self.rules.plain_plus => Token::Question,
            b'1'..=b'9' if self.rules.back_references => Token::BackReference(u32::from(byte - b'0')),
            b'<' => Token::Anchor(Anchor::WordStart),
            b'>' => Token::Anchor(Anchor::WordEnd),
            b'b' => Token::Anchor(Anchor::WordEdge),
            b'B' => Token::Anchor(Anchor::NotWordEdge),
            b'`' => Token::Anchor(Anchor::BufferStart),
            b'\'' => Token::Anchor(Anchor::BufferEnd),
            b'w' => Token::Class(Name::Word, false),
            b'W' => Token::Class(Name::Word, true),
            b's' => Token::Class(Name::Space, false),
            b'S' => Token::Class(Name::Space, true),
            _ => return Ok(self.character(self.at + 1, 1)),
        };
        Ok((token, 2))
    }
}
