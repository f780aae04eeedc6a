//! The operands of `test` and `[`. POSIX test: what they mean depends on how many there are.

use bytes::Bytes;

use super::{TestError, file, primary};
use crate::shell::expand::{Stop, World};

/// How deep parentheses may nest.
const DEPTH: u32 = 100;

/// Evaluates the operands of `test` (those of `[` without the `]`). POSIX test.
///
/// # Errors
/// [`TestError`].
pub fn test<W: World>(operands: &[Bytes], world: &mut W) -> Result<bool, TestError> {
    by_count(operands, world)
}

fn by_count<W: World>(operands: &[Bytes], world: &mut W) -> Result<bool, TestError> {
    match operands {
        [] => Ok(false),
        [one] => Ok(!one.is_empty()),
        [first, second] => two(first, second, world),
        [first, second, third] => three(first, second, third, world),
        [first, rest @ ..] if rest.len() == 3 && first.as_ref() == b"!" => by_count(rest, world).map(|value| !value),
        [first, second, third, last] if first.as_ref() == b"(" && last.as_ref() == b")" => two(second, third, world),
        _ => expression(operands, world),
    }
}

fn two<W: World>(first: &[u8], second: &[u8], world: &mut W) -> Result<bool, TestError> {
    match first {
        b"!" => Ok(second.is_empty()),
        [b'-', letter] if primary::is_unary(*letter) => unary(*letter, second, world),
        _ => Err(TestError::about(first, "unary operator expected")),
    }
}

fn three<W: World>(first: &[u8], second: &[u8], third: &[u8], world: &mut W) -> Result<bool, TestError> {
    if let Some(operator) = Binary::named(second) {
        return operator.apply(first, third, world);
    }
    match (first, second, third) {
        (_, b"-a", _) => Ok(!first.is_empty() && !third.is_empty()),
        (_, b"-o", _) => Ok(!first.is_empty() || !third.is_empty()),
        (b"!", ..) => two(second, third, world).map(|value| !value),
        (b"(", _, b")") => Ok(!second.is_empty()),
        _ => Err(TestError::about(second, "binary operator expected")),
    }
}

fn unary<W: World>(letter: u8, operand: &[u8], world: &mut W) -> Result<bool, TestError> {
    primary::unary(letter, operand, world).map_err(|stop| match stop {
        Stop::Error(error) => TestError { message: error.message },
        Stop::Substitution(_) | Stop::ProcessSubstitution(..) => TestError { message: Vec::new() },
    })
}

/// A binary primary.
#[derive(Debug, Clone, Copy)]
enum Binary {
    Same,
    Different,
    Before,
    After,
    Newer,
    Older,
    SameFile,
    Compare(fn(&i64, &i64) -> bool),
}

impl Binary {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"=" | b"==" => Self::Same,
            b"!=" => Self::Different,
            b"<" => Self::Before,
            b">" => Self::After,
            b"-nt" => Self::Newer,
            b"-ot" => Self::Older,
            b"-ef" => Self::SameFile,
            b"-eq" => Self::Compare(i64::eq),
            b"-ne" => Self::Compare(i64::ne),
            b"-lt" => Self::Compare(i64::lt),
            b"-le" => Self::Compare(i64::le),
            b"-gt" => Self::Compare(i64::gt),
            b"-ge" => Self::Compare(i64::ge),
            _ => return None,
        })
    }

    fn apply<W: World>(self, left: &[u8], right: &[u8], world: &mut W) -> Result<bool, TestError> {
        Ok(match self {
            Self::Same => left == right,
            Self::Different => left != right,
            Self::Before => left < right,
            Self::After => left > right,
            Self::Newer => file::newer(left, right, world),
            Self::Older => file::newer(right, left, world),
            Self::SameFile => file::same(left, right, world),
            Self::Compare(holds) => {
                let left = integer(left)?;
                let right = integer(right)?;
                holds(&left, &right)
            }
        })
    }
}

/// A decimal integer, blanks around it allowed.
fn integer(text: &[u8]) -> Result<i64, TestError> {
    if let Some(value) = crate::shell::variable::plain_decimal(text) {
        return Ok(value);
    }
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |last| last + 1);
    text.get(start..end)
        .and_then(|digits| std::str::from_utf8(digits).ok())
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| TestError::about(text, "integer expression expected"))
}

/// The grammar for any number of operands: `-o` binds weaker than `-a`, and both sides are always evaluated.
fn expression<W: World>(operands: &[Bytes], world: &mut W) -> Result<bool, TestError> {
    let mut reader = Reader { operands, at: 0, depth: 0, world };
    let value = reader.or()?;
    if reader.at < operands.len() {
        return Err(TestError { message: b"too many arguments".to_vec() });
    }
    Ok(value)
}

struct Reader<'a, W> {
    operands: &'a [Bytes],
    at: usize,
    depth: u32,
    world: &'a mut W,
}

impl<'a, W: World> Reader<'a, W> {
    fn peek(&self, ahead: usize) -> Option<&'a [u8]> {
        self.operands.get(self.at + ahead).map(AsRef::as_ref)
    }

    fn or(&mut self) -> Result<bool, TestError> {
        let mut value = self.and()?;
        while self.peek(0) == Some(b"-o") {
            self.at += 1;
            value |= self.and()?;
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<bool, TestError> {
        let mut value = self.term()?;
        while self.peek(0) == Some(b"-a") {
            self.at += 1;
            value &= self.term()?;
        }
        Ok(value)
    }

    fn term(&mut self) -> Result<bool, TestError> {
        let mut negated = false;
        while self.peek(0) == Some(b"!") && self.peek(1).is_some() {
            negated = !negated;
            self.at += 1;
        }
        let Some(first) = self.peek(0) else {
            return Err(TestError { message: b"argument expected".to_vec() });
        };
        let value = if first == b"(" && self.peek(1).is_some() {
            self.group()?
        } else if let (Some(operator), Some(right)) = (self.peek(1).and_then(Binary::named), self.peek(2)) {
            self.at += 3;
            operator.apply(first, right, self.world)?
        } else {
            self.unary_or_text(first)?
        };
        Ok(value != negated)
    }

    fn group(&mut self) -> Result<bool, TestError> {
        if self.depth >= DEPTH {
            return Err(TestError { message: b"maximum nesting level exceeded".to_vec() });
        }
        self.depth += 1;
        self.at += 1;
        let value = self.or()?;
        self.depth -= 1;
        match self.peek(0) {
            Some(b")") => {
                self.at += 1;
                Ok(value)
            }
            Some(other) => Err(TestError { message: [b"`)' expected, found ".as_slice(), other].concat() }),
            None => Err(TestError { message: b"`)' expected".to_vec() }),
        }
    }

    fn unary_or_text(&mut self, first: &[u8]) -> Result<bool, TestError> {
        let [b'-', letter] = first else {
            self.at += 1;
            return Ok(!first.is_empty());
        };
        if !primary::is_unary(*letter) {
            return Err(TestError::about(first, "unary operator expected"));
        }
        match self.peek(1) {
            Some(operand) => {
                self.at += 2;
                unary(*letter, operand, self.world)
            }
            None => {
                self.at += 1;
                Ok(true)
            }
        }
    }
}
