//! Expressions: tests and actions, and the program that an expression is compiled to.

use super::action::Action;
use super::compare::{Number, SizeTest, TimeTest};
use super::permission::PermissionTest;
use crate::text::fnmatch::Pattern;
use crate::text::regex::Regex;
use crate::vfs::{FileKind, Timestamp};
use bytes::Bytes;

/// Which time of a file is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Time {
    Access,
    Birth,
    Change,
    Modification,
}

/// One test.
pub(super) enum Test {
    True,
    False,
    Name(Pattern),
    Path(Pattern),
    LinkName(Pattern),
    Regex(Box<Regex>),
    Kind(Vec<FileKind>),
    KindOfTarget(Vec<FileKind>),
    Size(SizeTest),
    Empty,
    Links(Number),
    Inode(Number),
    User(Number),
    Group(Number),
    NoUser,
    NoGroup,
    Permission(PermissionTest),
    Accessible(u32),
    Age(Time, TimeTest),
    NewerThan(Time, Timestamp),
    Used(Number),
    SameFile(u64, u64),
    FileSystem(Bytes),
}

/// A step of the program; a value is carried from step to step.
pub(super) enum Step {
    Test(Test),
    Action(Action),
    Not,
    /// Goes on at the step with this number when the value is false.
    JumpIfFalse(usize),
    /// Goes on there when it is true.
    JumpIfTrue(usize),
}

/// A word of the expression.
pub(super) enum Token {
    Open,
    Close,
    Not(Bytes),
    And(Bytes),
    Or(Bytes),
    Comma,
    /// A test or an action with its arguments.
    Leaf(Step, Bytes),
}

impl Token {
    /// The word as messages show it.
    fn name(&self) -> &[u8] {
        match self {
            Token::Open => b"(",
            Token::Close => b")",
            Token::Comma => b",",
            Token::Not(name) | Token::And(name) | Token::Or(name) | Token::Leaf(_, name) => name,
        }
    }
}

/// Parentheses and negations within each other.
const MOST_NESTED: usize = 500;

/// Compiles the words of an expression, by precedence: `!`, then `-a`, then `-o`, then `,`.
pub(super) struct Compiler {
    tokens: std::vec::IntoIter<Token>,
    previous: Vec<u8>,
    was_open: bool,
    depth: usize,
    steps: Vec<Step>,
}

impl Compiler {
    /// The program; the error is the message.
    pub(super) fn compile(tokens: Vec<Token>) -> Result<Vec<Step>, Vec<u8>> {
        let mut compiler =
            Compiler { tokens: tokens.into_iter(), previous: Vec::new(), was_open: false, depth: 0, steps: Vec::new() };
        if compiler.peek().is_none() {
            return Ok(vec![Step::Test(Test::True)]);
        }
        compiler.list()?;
        match compiler.peek() {
            None => Ok(compiler.steps),
            Some(_) => Err(b"you have too many ')'".to_vec()),
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.as_slice().first()
    }

    fn advance(&mut self) -> Option<Token> {
        let token = self.tokens.next()?;
        self.previous = token.name().to_vec();
        self.was_open = matches!(token, Token::Open);
        Some(token)
    }

    fn list(&mut self) -> Result<(), Vec<u8>> {
        self.alternatives()?;
        while matches!(self.peek(), Some(Token::Comma)) {
            self.advance();
            self.alternatives()?;
        }
        Ok(())
    }

    fn alternatives(&mut self) -> Result<(), Vec<u8>> {
        self.conjunction()?;
        let mut jumps = Vec::new();
        while matches!(self.peek(), Some(Token::Or(_))) {
            self.advance();
            jumps.push(self.steps.len());
            self.steps.push(Step::JumpIfTrue(0));
            self.conjunction()?;
        }
        let end = self.steps.len();
        for at in jumps {
            if let Some(step) = self.steps.get_mut(at) {
                *step = Step::JumpIfTrue(end);
            }
        }
        Ok(())
    }

    fn conjunction(&mut self) -> Result<(), Vec<u8>> {
        self.unary()?;
        let mut jumps = Vec::new();
        loop {
            match self.peek() {
                Some(Token::And(_)) => {
                    self.advance();
                }
                Some(Token::Open | Token::Not(_) | Token::Leaf(..)) => {}
                _ => break,
            }
            jumps.push(self.steps.len());
            self.steps.push(Step::JumpIfFalse(0));
            self.unary()?;
        }
        let end = self.steps.len();
        for at in jumps {
            if let Some(step) = self.steps.get_mut(at) {
                *step = Step::JumpIfFalse(end);
            }
        }
        Ok(())
    }

    fn unary(&mut self) -> Result<(), Vec<u8>> {
        self.depth += 1;
        if self.depth > MOST_NESTED {
            return Err(b"invalid expression; it is nested too deeply".to_vec());
        }
        let previous = std::mem::take(&mut self.previous);
        let was_open = self.was_open;
        let Some(token) = self.advance() else { return Err(nothing_after(&previous, was_open)) };
        match token {
            Token::Leaf(step, _) => self.steps.push(step),
            Token::Not(_) => {
                self.unary()?;
                self.steps.push(Step::Not);
            }
            Token::Open => {
                self.list()?;
                if !matches!(self.advance(), Some(Token::Close)) {
                    let text = "invalid expression; I was expecting to find a ')' somewhere but did not see one.";
                    return Err(text.as_bytes().to_vec());
                }
            }
            Token::Close if was_open => {
                return Err(b"invalid expression; empty parentheses are not allowed.".to_vec());
            }
            Token::Close if previous.is_empty() => return Err(b"you have too many ')'".to_vec()),
            Token::Close => {
                return Err([b"expected an expression between '", previous.as_slice(), b"' and ')'"].concat());
            }
            Token::And(name) | Token::Or(name) => return Err(nothing_before(&name)),
            Token::Comma => return Err(nothing_before(b",")),
        }
        self.depth -= 1;
        Ok(())
    }
}

fn nothing_after(previous: &[u8], was_open: bool) -> Vec<u8> {
    if was_open {
        let text = "invalid expression; expected to find a ')' but didn't see one. \
                    Perhaps you need an extra predicate after '('";
        return text.as_bytes().to_vec();
    }
    [b"expected an expression after '", previous, b"'"].concat()
}

fn nothing_before(name: &[u8]) -> Vec<u8> {
    [b"invalid expression; you have used a binary operator '", name, b"' with nothing before it."].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiled(words: &str) -> Result<String, String> {
        let tokens = words.split_whitespace().map(|word| match word {
            "(" => Token::Open,
            ")" => Token::Close,
            "," => Token::Comma,
            "!" => Token::Not(Bytes::from_static(b"!")),
            "-a" => Token::And(Bytes::from_static(b"-a")),
            "-o" => Token::Or(Bytes::from_static(b"-o")),
            other => {
                let test = if other == "t" { Test::True } else { Test::False };
                Token::Leaf(Step::Test(test), Bytes::copy_from_slice(other.as_bytes()))
            }
        });
        let steps = Compiler::compile(tokens.collect()).map_err(|message| String::from_utf8(message).unwrap())?;
        let shown = steps.iter().map(|step| match step {
            Step::Test(Test::True) => "t".to_owned(),
            Step::Test(_) => "f".to_owned(),
            Step::Action(_) => "action".to_owned(),
            Step::Not => "!".to_owned(),
            Step::JumpIfFalse(to) => format!("&{to}"),
            Step::JumpIfTrue(to) => format!("|{to}"),
        });
        Ok(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn precedence_becomes_jumps() {
        assert_eq!(compiled("t f -o t").unwrap(), "t &3 f |5 t");
        assert_eq!(compiled("! ( t -o f ) -a t").unwrap(), "t |3 f ! &6 t");
        assert_eq!(compiled("t , f").unwrap(), "t f");
    }

    #[test]
    fn mistakes_have_finds_words() {
        for (words, message) in [
            ("-a", "invalid expression; you have used a binary operator '-a' with nothing before it."),
            ("t -o", "expected an expression after '-o'"),
            ("( t -o )", "expected an expression between '-o' and ')'"),
            ("( )", "invalid expression; empty parentheses are not allowed."),
            ("t )", "you have too many ')'"),
            ("( t", "invalid expression; I was expecting to find a ')' somewhere but did not see one."),
        ] {
            assert_eq!(compiled(words).unwrap_err(), message);
        }
        assert!(compiled(&"! ".repeat(2000)).is_err());
    }
}
