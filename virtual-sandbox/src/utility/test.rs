//! `test`, `[` - check file types and compare values.  [POSIX test; GNU coreutils "test invocation"]
//!
//! The shells' builtin has messages and operators of its own; this is the program that `env`, `find -exec` and `xargs`
//! run.

use super::options::OptionError;
use crate::text::quoting::quote;
use crate::utility::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The registry row of `test`.
pub const TEST: Utility = Utility {
    name: "test",
    options: None,
    run: |sys, inv| Box::pin(test(sys, inv)),
    doc: "check file types and compare values",
};

/// The registry row of `[`.
pub const BRACKET: Utility = Utility {
    name: "[",
    options: None,
    run: |sys, inv| Box::pin(test(sys, inv)),
    doc: "check file types and compare values",
};

/// How deep parentheses may nest.
const DEPTH: usize = 1000;

async fn test(sys: Sys, invocation: Invocation) -> ExitStatus {
    let mut operands = invocation.arguments().to_vec();
    if sys.name().as_ref() == b"[" {
        match operands.as_slice() {
            [only] if only.as_ref() == b"--help" => {
                return OptionError::Help("EXPRESSION ]", &[], 2).report(&sys).await;
            }
            [only] if only.as_ref() == b"--version" => return OptionError::Version(2).report(&sys).await,
            _ => {}
        }
        if operands.pop().is_none_or(|last| last.as_ref() != b"]") {
            sys.error([b"missing ".as_slice(), &quote(b"]")].concat()).await;
            return ExitStatus::USAGE;
        }
    }
    let mut facts = Facts::default();
    loop {
        let mut expression = Expression { operands: &operands, at: 0, depth: 0, facts: &facts };
        match expression.whole() {
            Ok(value) => return value.into(),
            Err(Stop::Error(message)) => {
                sys.error(message).await;
                return ExitStatus::USAGE;
            }
            // Evaluation begins again with what was asked for; it is short.
            Err(Stop::Need(question)) => {
                let answer = ask(&sys, &question).await;
                facts.0.insert(question, answer);
            }
        }
    }
}

/// A question about the world.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Question {
    Stat(Bytes),
    LinkStat(Bytes),
    Access(Bytes, u32),
    Terminal(u32),
    Identity,
}

#[derive(Clone)]
enum Answer {
    Stat(Option<Stat>),
    Yes(bool),
    Identity(u32, u32),
}

#[derive(Default)]
struct Facts(BTreeMap<Question, Answer>);

async fn ask(sys: &Sys, question: &Question) -> Answer {
    match question {
        Question::Stat(path) => Answer::Stat(sys.stat(path.clone()).await.ok()),
        Question::LinkStat(path) => Answer::Stat(sys.lstat(path.clone()).await.ok()),
        Question::Access(path, mode) => Answer::Yes(sys.access(path.clone(), *mode).await.is_ok()),
        Question::Terminal(fd) => Answer::Yes(sys.is_terminal(Fd(*fd)).await),
        Question::Identity => {
            let identity = sys.identity().await;
            Answer::Identity(identity.uid, identity.gid)
        }
    }
}

enum Stop {
    Error(Vec<u8>),
    Need(Question),
}

type Value = Result<bool, Stop>;

fn error<T>(operand: &[u8], text: &str) -> Result<T, Stop> {
    Err(Stop::Error([quote(operand).as_slice(), b": ", text.as_bytes()].concat()))
}

fn error_about<T>(text: &str, operand: &[u8]) -> Result<T, Stop> {
    Err(Stop::Error([text.as_bytes(), &quote(operand)].concat()))
}

struct Expression<'a> {
    operands: &'a [Bytes],
    at: usize,
    depth: usize,
    facts: &'a Facts,
}

impl<'a> Expression<'a> {
    fn whole(&mut self) -> Value {
        if self.operands.is_empty() {
            return Ok(false);
        }
        let value = self.by_count(self.operands.len())?;
        match self.operands.get(self.at) {
            Some(extra) => error_about("extra argument ", extra),
            None => Ok(value),
        }
    }

    fn peek(&self, ahead: usize) -> &'a [u8] {
        self.operands.get(self.at + ahead).map(AsRef::as_ref).unwrap_or_default()
    }

    fn left(&self) -> usize {
        self.operands.len().saturating_sub(self.at)
    }

    fn is(&self, ahead: usize, word: &[u8]) -> bool {
        self.left() > ahead && self.peek(ahead) == word
    }

    /// Takes the next operand, which must be there.
    fn take(&mut self) -> Result<&'a [u8], Stop> {
        match self.operands.get(self.at) {
            Some(operand) => {
                self.at += 1;
                Ok(operand)
            }
            None => {
                let last = self.operands.last().map(AsRef::as_ref).unwrap_or_default();
                error_about("missing argument after ", last)
            }
        }
    }

    /// POSIX: up to four operands mean what their number says.
    fn by_count(&mut self, count: usize) -> Value {
        match count {
            1 => self.one(),
            2 => self.two(),
            3 => self.three(),
            4 if self.is(0, b"!") => {
                self.at += 1;
                self.three().map(|value| !value)
            }
            4 if self.is(0, b"(") && self.is(3, b")") => {
                self.at += 1;
                let value = self.two()?;
                self.at += 1;
                Ok(value)
            }
            _ => self.or(),
        }
    }

    fn one(&mut self) -> Value {
        Ok(!self.take()?.is_empty())
    }

    fn two(&mut self) -> Value {
        if self.is(0, b"!") {
            self.at += 1;
            return self.one().map(|value| !value);
        }
        match self.peek(0) {
            [b'-', _] => self.unary(),
            _ => error_about("missing argument after ", self.operands.last().map(AsRef::as_ref).unwrap_or_default()),
        }
    }

    fn three(&mut self) -> Value {
        if is_binary(self.peek(1)) {
            return self.binary(false);
        }
        if self.is(0, b"!") {
            self.at += 1;
            return self.two().map(|value| !value);
        }
        if self.is(0, b"(") && self.is(2, b")") {
            self.at += 1;
            let value = self.one()?;
            self.at += 1;
            return Ok(value);
        }
        if self.is(1, b"-a") || self.is(1, b"-o") {
            return self.or();
        }
        error(self.peek(1), "binary operator expected")
    }

    fn or(&mut self) -> Value {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Stop::Error(b"expression nested too deeply".to_vec()));
        }
        let mut value = self.and()?;
        while self.is(0, b"-o") {
            self.at += 1;
            value |= self.and()?;
        }
        self.depth -= 1;
        Ok(value)
    }

    fn and(&mut self) -> Value {
        let mut value = self.term()?;
        while self.is(0, b"-a") {
            self.at += 1;
            value &= self.term()?;
        }
        Ok(value)
    }

    fn term(&mut self) -> Value {
        let mut negated = false;
        while self.is(0, b"!") {
            self.at += 1;
            negated = !negated;
        }
        if self.left() == 0 {
            self.take()?;
        }
        let value = if self.is(0, b"(") {
            self.parenthesized()?
        } else if self.left() >= 4 && self.is(0, b"-l") && is_binary(self.peek(2)) {
            self.binary(true)?
        } else if self.left() >= 3 && is_binary(self.peek(1)) {
            self.binary(false)?
        } else if let [b'-', _] = self.peek(0) {
            self.unary()?
        } else {
            self.one()?
        };
        Ok(negated != value)
    }

    fn parenthesized(&mut self) -> Value {
        self.at += 1;
        if self.left() == 0 {
            self.take()?;
        }
        // As many operands as stand before the next `)`, if they are at most four.
        let near = (1..=4).find(|count| self.is(*count, b")")).unwrap_or(self.left());
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(Stop::Error(b"expression nested too deeply".to_vec()));
        }
        let value = self.by_count(near)?;
        self.depth -= 1;
        if self.left() == 0 {
            return Err(Stop::Error([quote(b")").as_slice(), b" expected"].concat()));
        }
        if !self.is(0, b")") {
            let found = quote(self.peek(0));
            return Err(Stop::Error([quote(b")").as_slice(), b" expected, found ", &found].concat()));
        }
        self.at += 1;
        Ok(value)
    }

    fn unary(&mut self) -> Value {
        let operator = self.take()?;
        let letter = operator.get(1).copied().unwrap_or(0);
        if !b"ezrwxNOGfdsScbpLhugktn".contains(&letter) {
            self.at -= 1;
            return error(operator, "unary operator expected");
        }
        if self.left() == 0 {
            return error_about("missing argument after ", operator);
        }
        let operand = Bytes::copy_from_slice(self.take()?);
        match letter {
            b'n' => Ok(!operand.is_empty()),
            b'z' => Ok(operand.is_empty()),
            b't' => {
                let number = integer(&operand)?;
                let fd = std::str::from_utf8(&number.digits).ok().and_then(|digits| digits.parse::<u32>().ok());
                match fd.filter(|_| !number.negative) {
                    Some(fd) => self.yes(Question::Terminal(fd)),
                    None => Ok(false),
                }
            }
            b'r' => self.yes(Question::Access(operand, 4)),
            b'w' => self.yes(Question::Access(operand, 2)),
            b'x' => self.yes(Question::Access(operand, 1)),
            b'L' | b'h' => Ok(self.stat(Question::LinkStat(operand))?.is_some_and(|stat| stat.is_symlink())),
            letter => {
                let Some(stat) = self.stat(Question::Stat(operand))? else { return Ok(false) };
                self.file(letter, &stat)
            }
        }
    }

    fn file(&self, letter: u8, stat: &Stat) -> Value {
        Ok(match letter {
            b'e' => true,
            b'f' => stat.kind == FileKind::Regular,
            b'd' => stat.kind == FileKind::Directory,
            b's' => stat.size > 0,
            b'S' => stat.kind == FileKind::Socket,
            b'c' => stat.kind == FileKind::CharDevice,
            b'b' => stat.kind == FileKind::BlockDevice,
            b'p' => stat.kind == FileKind::Fifo,
            b'u' => stat.mode & 0o4000 != 0,
            b'g' => stat.mode & 0o2000 != 0,
            b'k' => stat.mode & 0o1000 != 0,
            b'N' => stat.mtime > stat.atime,
            b'O' => self.identity()?.0 == stat.uid,
            _ => self.identity()?.1 == stat.gid,
        })
    }

    fn binary(&mut self, length_of_left: bool) -> Value {
        self.at += usize::from(length_of_left);
        let left = self.take()?;
        let operator = self.take()?;
        let length_of_right = self.is(0, b"-l") && self.left() > 1;
        self.at += usize::from(length_of_right);
        let right = self.take()?;
        match operator {
            b"=" | b"==" => return Ok(left == right),
            b"!=" => return Ok(left != right),
            b"-nt" | b"-ot" | b"-ef" => return self.compare_files(left, operator, right),
            _ => {}
        }
        let number = |text: &[u8], length: bool| {
            if length { integer(text.len().to_string().as_bytes()) } else { integer(text) }
        };
        let order = number(left, length_of_left)?.compare(&number(right, length_of_right)?);
        Ok(match operator {
            b"-eq" => order.is_eq(),
            b"-ne" => order.is_ne(),
            b"-lt" => order.is_lt(),
            b"-le" => order.is_le(),
            b"-gt" => order.is_gt(),
            _ => order.is_ge(),
        })
    }

    fn compare_files(&self, left: &[u8], operator: &[u8], right: &[u8]) -> Value {
        let left = self.stat(Question::Stat(Bytes::copy_from_slice(left)))?;
        let right = self.stat(Question::Stat(Bytes::copy_from_slice(right)))?;
        let (left_time, right_time) = (left.map(|stat| stat.mtime), right.map(|stat| stat.mtime));
        Ok(match operator {
            // A file that is there is newer than one that is not.
            b"-nt" => left_time > right_time,
            b"-ot" => left_time < right_time,
            _ => matches!((left, right), (Some(left), Some(right)) if left.is_same_file(&right)),
        })
    }

    fn answer(&self, question: Question) -> Result<&'a Answer, Stop> {
        match self.facts.0.get(&question) {
            Some(answer) => Ok(answer),
            None => Err(Stop::Need(question)),
        }
    }

    fn yes(&self, question: Question) -> Value {
        Ok(matches!(self.answer(question)?, Answer::Yes(true)))
    }

    fn stat(&self, question: Question) -> Result<Option<Stat>, Stop> {
        Ok(match self.answer(question)? {
            Answer::Stat(stat) => *stat,
            _ => None,
        })
    }

    fn identity(&self) -> Result<(u32, u32), Stop> {
        Ok(match self.answer(Question::Identity)? {
            Answer::Identity(uid, gid) => (*uid, *gid),
            _ => (0, 0),
        })
    }
}

fn is_binary(word: &[u8]) -> bool {
    matches!(
        word,
        b"=" | b"==" | b"!=" | b"-nt" | b"-ot" | b"-ef" | b"-eq" | b"-ne" | b"-lt" | b"-le" | b"-gt" | b"-ge"
    )
}

/// An integer of any size.
struct Integer {
    negative: bool,
    /// Without leading zeros.
    digits: Vec<u8>,
}

impl Integer {
    fn compare(&self, other: &Integer) -> Ordering {
        let magnitude = |a: &Integer, b: &Integer| (a.digits.len(), &a.digits).cmp(&(b.digits.len(), &b.digits));
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => magnitude(self, other),
            (true, true) => magnitude(other, self),
        }
    }
}

/// An integer with white space around it.
fn integer(text: &[u8]) -> Result<Integer, Stop> {
    let trimmed = text.trim_ascii();
    let (negative, digits) = match trimmed.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some((b'+', digits)) => (false, digits),
        _ => (false, trimmed),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return error_about("invalid integer ", text);
    }
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    let digits = digits.get(zeros..).unwrap_or_default().to_vec();
    Ok(Integer { negative: negative && !digits.is_empty(), digits })
}
