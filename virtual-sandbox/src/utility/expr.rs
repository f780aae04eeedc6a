//! `expr` - evaluate expressions.  [POSIX expr; GNU coreutils "expr invocation"]

use super::options::OptionError;
use crate::text::chars::chars;
use crate::text::quoting::quote;
use crate::text::regex::{Captures, Flags, Regex, Syntax};
use crate::utility::prelude::*;
use bigdecimal::num_bigint::BigInt;
use std::cmp::Ordering;

/// The registry row.
pub const UTILITY: Utility =
    Utility { name: "expr", options: None, run: |sys, inv| Box::pin(expr(sys, inv)), doc: "evaluate expressions" };

/// "EXPRESSION is syntactically invalid"
const INVALID: ExitStatus = ExitStatus(2);
/// How deep parentheses may nest.
const DEPTH: usize = 500;

/// A value: text, or the number it came from.
#[derive(Clone, Debug)]
enum Value {
    Text(Vec<u8>),
    Number(BigInt),
}

type Outcome = Result<Value, Vec<u8>>;

/// Whether `argument` is a long option or begins it.
fn is_abbreviation(argument: &[u8], option: &[u8]) -> bool {
    argument.len() > 2 && option.starts_with(argument)
}

async fn expr(sys: Sys, invocation: Invocation) -> ExitStatus {
    let mut arguments = invocation.arguments();
    match arguments {
        [only] if is_abbreviation(only, b"--help") => {
            return OptionError::Help("EXPRESSION\nOPTION", &[], 3).report(&sys).await;
        }
        [only] if is_abbreviation(only, b"--version") => return OptionError::Version(3).report(&sys).await,
        [first, rest @ ..] if first.as_ref() == b"--" => arguments = rest,
        _ => {}
    }
    if arguments.is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return INVALID;
    }
    let mut parser = Parser { operands: arguments, at: 0, depth: 0 };
    let value = parser.or(true).and_then(|value| match parser.operands.get(parser.at) {
        Some(extra) if extra.as_ref() == b")" => Err(b"syntax error: unexpected ')'".to_vec()),
        Some(extra) => Err([b"syntax error: unexpected argument ".as_slice(), &quote(extra)].concat()),
        None => Ok(value),
    });
    match value {
        Ok(value) => {
            let null = value.is_null();
            let mut out = OutBuf::stdout(&sys);
            out.put(&value.into_text());
            out.put(b"\n");
            if out.finish().await { (!null).into() } else { ExitStatus(3) }
        }
        Err(message) => {
            sys.error(message).await;
            INVALID
        }
    }
}

impl Value {
    fn truth(value: bool) -> Value {
        Value::Number(BigInt::from(u8::from(value)))
    }

    /// Empty, or a number that is zero.
    fn is_null(&self) -> bool {
        match self {
            Value::Number(number) => *number == BigInt::default(),
            Value::Text(text) => {
                let digits = text.strip_prefix(b"-").unwrap_or(text);
                text.is_empty() || (!digits.is_empty() && digits.iter().all(|digit| *digit == b'0'))
            }
        }
    }

    fn into_text(self) -> Vec<u8> {
        match self {
            Value::Text(text) => text,
            Value::Number(number) => number.to_string().into_bytes(),
        }
    }

    fn number(&self) -> Option<BigInt> {
        match self {
            Value::Number(number) => Some(number.clone()),
            Value::Text(text) => {
                let digits = text.strip_prefix(b"-").unwrap_or(text);
                let valid = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
                if valid { BigInt::parse_bytes(text, 10) } else { None }
            }
        }
    }
}

/// A recursive descent over the operands; with `live` off, nothing is computed and no error of a value matters.
struct Parser<'a> {
    operands: &'a [Bytes],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn accept(&mut self, words: &[&'static [u8]]) -> Option<&'static [u8]> {
        let next = self.operands.get(self.at)?;
        let found = words.iter().find(|word| **word == next.as_ref())?;
        self.at += 1;
        Some(found)
    }

    fn require_more(&self) -> Result<(), Vec<u8>> {
        if self.at < self.operands.len() {
            return Ok(());
        }
        let last = self.operands.last().map(AsRef::as_ref).unwrap_or_default();
        Err([b"syntax error: missing argument after ".as_slice(), &quote(last)].concat())
    }

    fn or(&mut self, live: bool) -> Outcome {
        let mut left = self.and(live)?;
        while self.accept(&[b"|"]).is_some() {
            let right = self.and(live && left.is_null())?;
            if left.is_null() {
                left = if right.is_null() { Value::Number(BigInt::default()) } else { right };
            }
        }
        Ok(left)
    }

    fn and(&mut self, live: bool) -> Outcome {
        let mut left = self.comparison(live)?;
        while self.accept(&[b"&"]).is_some() {
            let right = self.comparison(live && !left.is_null())?;
            if left.is_null() || right.is_null() {
                left = Value::Number(BigInt::default());
            }
        }
        Ok(left)
    }

    fn comparison(&mut self, live: bool) -> Outcome {
        let mut left = self.sum(live)?;
        while let Some(operator) = self.accept(&[b"<", b"<=", b"=", b"==", b"!=", b">=", b">"]) {
            let right = self.sum(live)?;
            let order = match (left.number(), right.number()) {
                (Some(left), Some(right)) => left.cmp(&right),
                _ => left.into_text().cmp(&right.into_text()),
            };
            left = Value::truth(match operator {
                b"<" => order == Ordering::Less,
                b"<=" => order != Ordering::Greater,
                b"=" | b"==" => order == Ordering::Equal,
                b"!=" => order != Ordering::Equal,
                b">=" => order != Ordering::Less,
                _ => order == Ordering::Greater,
            });
        }
        Ok(left)
    }

    fn sum(&mut self, live: bool) -> Outcome {
        let mut left = self.product(live)?;
        while let Some(operator) = self.accept(&[b"+", b"-"]) {
            let right = self.product(live)?;
            if live {
                let (a, b) = operands_of(&left, &right)?;
                left = Value::Number(if operator == b"+" { a + b } else { a - b });
            }
        }
        Ok(left)
    }

    fn product(&mut self, live: bool) -> Outcome {
        let mut left = self.matching(live)?;
        while let Some(operator) = self.accept(&[b"*", b"/", b"%"]) {
            let right = self.matching(live)?;
            if live {
                let (a, b) = operands_of(&left, &right)?;
                if operator != b"*" && b == BigInt::default() {
                    return Err(b"division by zero".to_vec());
                }
                left = Value::Number(match operator {
                    b"*" => a * b,
                    b"/" => a / b,
                    _ => a % b,
                });
            }
        }
        Ok(left)
    }

    fn matching(&mut self, live: bool) -> Outcome {
        let mut left = self.keyword(live)?;
        while self.accept(&[b":"]).is_some() {
            let right = self.keyword(live)?;
            if live {
                left = match_pattern(&left.into_text(), &right.into_text())?;
            }
        }
        Ok(left)
    }

    fn keyword(&mut self, live: bool) -> Outcome {
        self.require_more()?;
        match self.accept(&[b"+", b"length", b"match", b"index", b"substr"]) {
            Some(b"+") => {
                self.require_more()?;
                self.operand()
            }
            Some(b"length") => {
                let text = self.keyword(live)?.into_text();
                Ok(Value::Number(BigInt::from(chars(&text).count())))
            }
            Some(b"match") => {
                let (text, pattern) = (self.keyword(live)?, self.keyword(live)?);
                if live { match_pattern(&text.into_text(), &pattern.into_text()) } else { Ok(text) }
            }
            Some(b"index") => {
                let (text, set) = (self.keyword(live)?.into_text(), self.keyword(live)?.into_text());
                let found = chars(&text).position(|c| chars(&set).any(|wanted| wanted.bytes() == c.bytes()));
                Ok(Value::Number(BigInt::from(found.map_or(0, |at| at + 1))))
            }
            Some(_) => {
                let text = self.keyword(live)?.into_text();
                let (position, length) = (self.keyword(live)?, self.keyword(live)?);
                Ok(Value::Text(substring(&text, &position, &length)))
            }
            None => self.primary(live),
        }
    }

    fn primary(&mut self, live: bool) -> Outcome {
        if self.accept(&[b"("]).is_none() {
            if self.operands.get(self.at).is_some_and(|next| next.as_ref() == b")") {
                return Err(b"syntax error: unexpected ')'".to_vec());
            }
            return self.operand();
        }
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(b"syntax error: parentheses are nested too deeply".to_vec());
        }
        let value = self.or(live)?;
        self.depth -= 1;
        if self.accept(&[b")"]).is_some() {
            return Ok(value);
        }
        let shown = |at: usize| quote(self.operands.get(at).map(AsRef::as_ref).unwrap_or_default());
        Err(if self.at >= self.operands.len() {
            [b"syntax error: expecting ')' after ".as_slice(), &shown(self.operands.len() - 1)].concat()
        } else {
            [b"syntax error: expecting ')' instead of ".as_slice(), &shown(self.at)].concat()
        })
    }

    fn operand(&mut self) -> Outcome {
        let text = self.operands.get(self.at).map(|operand| operand.to_vec()).unwrap_or_default();
        self.at += 1;
        Ok(Value::Text(text))
    }
}

fn operands_of(left: &Value, right: &Value) -> Result<(BigInt, BigInt), Vec<u8>> {
    left.number().zip(right.number()).ok_or_else(|| b"non-integer argument".to_vec())
}

/// `STRING : REGEX`, anchored at the beginning: the first group, or how many characters match.
fn match_pattern(text: &[u8], pattern: &[u8]) -> Outcome {
    let regex =
        Regex::new(pattern, Syntax::Coreutils, Flags::default()).map_err(|error| error.to_string().into_bytes())?;
    let mut captures = Captures::default();
    let matched = match regex.longest_from(text, 0, text.len()).map_err(|error| error.to_string().into_bytes())? {
        Some(span) => regex.captures_at(text, 0, &mut captures).unwrap_or(false).then_some(span),
        None => None,
    };
    if regex.groups() > 0 {
        let group = matched.and_then(|_| captures.get(1)).map(|span| span.of(text).to_vec());
        return Ok(Value::Text(group.unwrap_or_default()));
    }
    Ok(Value::Number(BigInt::from(matched.map_or(0, |span| chars(span.of(text)).count()))))
}

/// Characters from `position` (from 1), at most `length`; empty when either is no positive number.
fn substring(text: &[u8], position: &Value, length: &Value) -> Vec<u8> {
    let positive = |value: &Value| {
        let number = value.number().filter(|number| *number > BigInt::default())?;
        Some(usize::try_from(number).unwrap_or(usize::MAX))
    };
    match (positive(position), positive(length)) {
        (Some(position), Some(length)) => {
            chars(text).skip(position - 1).take(length).flat_map(|c| c.bytes().iter().copied()).collect()
        }
        _ => Vec::new(),
    }
}
