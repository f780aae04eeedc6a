//! Tokens of arithmetic expressions.

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::{IResult, Parser as _};

use crate::arith::number::parse_number;
use crate::lex::class::{is_name_start, name_length};
use crate::word::extent::closing;

/// Stands in the text for a parameter expansion that is an operand.
pub(super) const DOLLAR: u8 = 1;

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    End,
    Number(i64),
    /// A name, and where its subscript (if any) begins and ends.
    Name {
        end: usize,
        subscript: Option<(usize, usize)>,
    },
    Dollar,
    /// An operator, by its text.
    Operator(&'static [u8]),
    /// An assignment operator other than `=`, by its text.
    Update(&'static [u8]),
    PreStep(&'static [u8]),
    PostStep(&'static [u8]),
}

/// A refusal: the message, and where the error token ends (its start is the lexer's `last`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: &'static str,
    pub(super) end: usize,
}

/// The lexer: one token of lookahead, as bash has.
#[derive(Debug, Clone)]
pub(super) struct Lexer<'t> {
    pub(super) text: &'t [u8],
    /// After the current token.
    pub(super) position: usize,
    /// Where the last token that is not the end begins: where bash's error messages begin.
    pub(super) last: usize,
    pub(super) token: Token,
    /// The current name is the operand of `++` or `--` before it.
    after_pre_step: bool,
    /// Whether `DOLLAR` bytes are operands.
    pub(super) dollars: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t [u8], dollars: bool) -> Self {
        Self { text, position: 0, last: 0, token: Token::End, after_pre_step: false, dollars }
    }

    /// Reads the next token.
    pub(super) fn next(&mut self) -> Result<(), Refusal> {
        let before = self.token;
        let blanks = self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n')).count();
        self.position += blanks;
        let Some(&first) = self.rest().first() else {
            self.token = Token::End;
            return Ok(());
        };
        self.last = self.position;
        self.token = if is_name_start(first) {
            self.name()?
        } else if first.is_ascii_digit() {
            self.number()?
        } else if first == DOLLAR && self.dollars {
            self.position += 1;
            Token::Dollar
        } else {
            self.operator(first, before)?
        };
        self.after_pre_step = matches!(before, Token::PreStep(_)) && matches!(self.token, Token::Name { .. });
        Ok(())
    }

    fn rest(&self) -> &'t [u8] {
        self.text.get(self.position..).unwrap_or(&[])
    }

    fn name(&mut self) -> Result<Token, Refusal> {
        let end = self.position + name_length(self.rest());
        self.position = end;
        if self.rest().first() != Some(&b'[') {
            return Ok(Token::Name { end, subscript: None });
        }
        match closing(self.text, end + 1, b']', false) {
            Ok(after) => {
                self.position = after;
                Ok(Token::Name { end, subscript: Some((end + 1, after - 1)) })
            }
            Err(_) => Err(Refusal { message: "bad array subscript", end: self.text.len() }),
        }
    }

    fn number(&mut self) -> Result<Token, Refusal> {
        let rest = self.rest();
        let length = rest
            .iter()
            .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'#' | b'@' | b'_')))
            .unwrap_or(rest.len());
        let constant = rest.get(..length).unwrap_or(&[]);
        self.position += length;
        match parse_number(constant) {
            Ok(value) => Ok(Token::Number(value)),
            Err(message) => Err(Refusal { message, end: self.position }),
        }
    }

    fn operator(&mut self, first: u8, before: Token) -> Result<Token, Refusal> {
        let rest = self.rest();
        if let [b'+' | b'-', second, ..] = rest
            && *second == first
        {
            return self.step(first, before);
        }
        if let Ok((_, operator)) = update_operator(rest) {
            self.position += operator.len();
            return Ok(Token::Update(operator));
        }
        if let Ok((_, operator)) = plain_operator(rest) {
            self.position += operator.len();
            return Ok(Token::Operator(operator));
        }
        let message = match before {
            Token::Number(_) | Token::Name { .. } | Token::Dollar | Token::Operator(b")") | Token::PostStep(_) => {
                "syntax error: invalid arithmetic operator"
            }
            _ => "syntax error: operand expected",
        };
        Err(Refusal { message, end: self.text.len() })
    }

    /// `++` or `--`: behind a variable, before one, or two signs.
    fn step(&mut self, sign: u8, before: Token) -> Result<Token, Refusal> {
        let (double, single): (&'static [u8], &'static [u8]) = if sign == b'+' { (b"++", b"+") } else { (b"--", b"-") };
        if matches!(before, Token::Name { .. }) {
            if self.after_pre_step {
                let message =
                    if sign == b'+' { "++: assignment requires lvalue" } else { "--: assignment requires lvalue" };
                return Err(Refusal { message, end: self.text.len() });
            }
            self.position += 2;
            return Ok(Token::PostStep(double));
        }
        let mut after = self.rest().iter().skip(2).skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\n'));
        if after.next().is_some_and(|&byte| is_name_start(byte)) {
            self.position += 2;
            return Ok(Token::PreStep(double));
        }
        self.position += 1;
        Ok(Token::Operator(single))
    }
}

/// `<<=` and its kin.
fn update_operator(text: &[u8]) -> IResult<&[u8], &'static [u8]> {
    one_of_texts(text, [b"<<=", b">>=", b"*=", b"/=", b"%=", b"+=", b"-=", b"&=", b"^=", b"|="])
}

fn plain_operator(text: &[u8]) -> IResult<&[u8], &'static [u8]> {
    if let Ok(found) = one_of_texts(text, [b"==", b"!=", b"<=", b">=", b"&&", b"||", b"<<", b">>", b"**", b"=", b"<"]) {
        return Ok(found);
    }
    one_of_texts(text, [b">", b"+", b"-", b"*", b"/", b"%", b"!", b"(", b")", b"&", b"|", b"^", b"~", b"?", b":", b","])
}

/// The first of `texts` that `text` begins with.
fn one_of_texts<'t, const N: usize>(text: &'t [u8], texts: [&'static [u8]; N]) -> IResult<&'t [u8], &'static [u8]> {
    let mut parsers = texts.map(|operator| move |input| tag(operator).map(|_: &[u8]| operator).parse(input));
    alt(&mut parsers[..]).parse(text)
}
