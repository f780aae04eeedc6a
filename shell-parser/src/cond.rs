//! The grammar of `[[ ... ]]`. bash manual "Conditional Constructs".

use crate::ast::{CondBinary, CondExpr, CondId, CondUnary, NodeId, Word, WordPart};
use crate::core::{Core, Parsed, with_status};
use crate::error::{SyntaxError, SyntaxErrorKind, SyntaxErrorStatus};
use crate::lex::class::is_metacharacter;
use crate::lex::operator::operator_at;
use crate::word::{Ends, Style};

impl Core<'_> {
    /// Reads the expression and the closing `]]`.
    pub(crate) fn cond_expression(&mut self) -> Parsed<CondId> {
        let line = self.input.line;
        let expression = self.cond_or()?;
        if !self.at_cond_end() {
            return Err(self.cond_end_error(line));
        }
        self.input.advance(2);
        Ok(expression)
    }

    fn push_cond(&mut self, expression: CondExpr) -> CondId {
        let id = CondId::from_index(self.unit.all_conds.len());
        self.unit.all_conds.push(expression);
        id
    }

    fn cond_or(&mut self) -> Parsed<CondId> {
        self.enter()?;
        let left = self.cond_and()?;
        let result = if self.input.starts_with(b"||") {
            self.input.advance(2);
            let right = self.cond_or()?;
            self.push_cond(CondExpr::Or(left, right))
        } else {
            left
        };
        self.leave();
        Ok(result)
    }

    fn cond_and(&mut self) -> Parsed<CondId> {
        self.enter()?;
        let left = self.cond_term()?;
        let result = if self.input.starts_with(b"&&") {
            self.input.advance(2);
            let right = self.cond_and()?;
            self.push_cond(CondExpr::And(left, right))
        } else {
            left
        };
        self.leave();
        Ok(result)
    }

    /// A term; the cursor stands at the token behind it afterwards.
    fn cond_term(&mut self) -> Parsed<CondId> {
        self.skip_newlines()?;
        self.enter()?;
        let term = match self.input.peek() {
            Some(b'(') => {
                self.input.advance(1);
                let inner = self.cond_or().map_err(in_group)?;
                if self.input.peek() != Some(b')') {
                    return Err(self.cond_group_error());
                }
                self.input.advance(1);
                self.push_cond(CondExpr::Group(inner))
            }
            Some(b'!') if self.input.peek_at(1).is_none_or(is_metacharacter) && self.input.peek_at(1) != Some(b'(') => {
                self.input.advance(1);
                let inner = self.cond_term()?;
                self.push_cond(CondExpr::Not(inner))
            }
            _ if self.at_cond_end() => return Err(self.cond_message(Vec::new())),
            _ => self.cond_test()?,
        };
        self.leave();
        self.skip_newlines()?;
        Ok(term)
    }

    /// A unary or binary test, or a word alone.
    fn cond_test(&mut self) -> Parsed<CondId> {
        let Some(left) = self.cond_word(Ends::Metacharacter, false)? else {
            let token = self.cond_token();
            // bash has no text for the number of a redirection, and shows that of its kind.
            let token = if token.is_empty() { b"284".to_vec() } else { [b"`", &token[..], b"'"].concat() };
            return Err(self.cond_message([b"unexpected token ", &token[..], b" in conditional command"].concat()));
        };
        if let Some(operator) = self.unary_operator(&left) {
            self.skip_blanks();
            let operand = match self.at_cond_end() {
                true => None,
                false => self.cond_word(Ends::Metacharacter, false)?,
            };
            let Some(operand) = operand else {
                return Err(self.cond_argument_error("unary"));
            };
            let operand = self.add_word(operand);
            return Ok(self.push_cond(CondExpr::Unary(operator, operand)));
        }
        let left = self.add_word(left);
        self.skip_blanks();
        let Some(operator) = self.binary_operator() else {
            return match self.input.rest() {
                _ if self.at_cond_end() => Ok(self.push_cond(CondExpr::Word(left))),
                [b'&', b'&', ..] | [b'|', b'|', ..] | [b')', ..] => Ok(self.push_cond(CondExpr::Word(left))),
                _ => Err(self.cond_operator_error()),
            };
        };
        self.skip_blanks();
        let (ends, pattern) = match operator {
            CondBinary::Match { .. } | CondBinary::NotMatch => (Ends::Metacharacter, true),
            CondBinary::Regex => (Ends::Regex, false),
            _ => (Ends::Metacharacter, false),
        };
        let right = match self.at_cond_end() {
            true => None,
            false => match self.cond_word(ends, pattern) {
                Err(error) if ends == Ends::Regex => {
                    let last = self.input.last_line();
                    return Err(unfinished_operand(error, last));
                }
                word => word?,
            },
        };
        let Some(right) = right else {
            return Err(self.cond_argument_error("binary"));
        };
        let right = self.add_word(right);
        Ok(self.push_cond(CondExpr::Binary(operator, left, right)))
    }

    fn cond_word(&mut self, ends: Ends, pattern: bool) -> Parsed<Option<Word>> {
        let extglob = pattern || self.options.extglob;
        self.word_in_style(Style { extglob, braces: false, ..self.style(ends) })
    }

    /// Whether `]]` stands at the cursor as a word.
    fn at_cond_end(&self) -> bool {
        self.input.starts_with(b"]]") && self.input.peek_at(2).is_none_or(is_metacharacter)
    }

    fn unary_operator(&self, word: &Word) -> Option<CondUnary> {
        match self.unit.parts(word.parts) {
            [WordPart::Literal(text)] => match text[..] {
                [b'-', letter] if b"abcdefghknoprstuvwxzGLNORS".contains(&letter) => Some(CondUnary(letter)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Reads the binary operator at the cursor.
    fn binary_operator(&mut self) -> Option<CondBinary> {
        let rest = self.input.rest();
        let length = match rest.first()? {
            b'<' | b'>' => 1,
            _ => rest.iter().position(|&byte| is_metacharacter(byte)).unwrap_or(rest.len()),
        };
        let operator = match rest.get(..length)? {
            b"=" => CondBinary::Match { double: false },
            b"==" => CondBinary::Match { double: true },
            b"!=" => CondBinary::NotMatch,
            b"=~" => CondBinary::Regex,
            b"<" if operator_at(rest) == b"<" && rest.get(1) != Some(&b'(') => CondBinary::Less,
            b">" if operator_at(rest) == b">" && rest.get(1) != Some(&b'(') => CondBinary::Greater,
            b"-eq" => CondBinary::Equal,
            b"-ne" => CondBinary::NotEqual,
            b"-lt" => CondBinary::LessThan,
            b"-le" => CondBinary::LessOrEqual,
            b"-gt" => CondBinary::GreaterThan,
            b"-ge" => CondBinary::GreaterOrEqual,
            b"-nt" => CondBinary::NewerThan,
            b"-ot" => CondBinary::OlderThan,
            b"-ef" => CondBinary::SameFile,
            _ => return None,
        };
        self.input.advance(length);
        Some(operator)
    }

    /// The token at the cursor as bash shows it; empty for a plain word.
    fn cond_token(&self) -> Vec<u8> {
        if self.at_cond_end() {
            return b"]]".to_vec();
        }
        if self.input.at_end() {
            return b"EOF".to_vec();
        }
        match operator_at(self.input.rest()) {
            b"\n" => b"newline".to_vec(),
            operator => operator.to_vec(),
        }
    }

    /// The error for what stands where `]]` should; the command began at `line`.
    fn cond_end_error(&mut self, line: u32) -> Box<SyntaxError> {
        let token = self.cond_token();
        let mut message = b"syntax error in conditional expression".to_vec();
        if self.input.at_end() {
            let text = b"unexpected EOF while looking for `]]'".to_vec();
            let error = self.incomplete(line, SyntaxErrorKind::Message(text.into()));
            return with_status(error, SyntaxErrorStatus::LastOrUsage);
        }
        if !token.is_empty() {
            message = [&message[..], b": unexpected token `", &token[..], b"'"].concat();
        }
        with_status(self.error_at(line, SyntaxErrorKind::Message(message.into())), SyntaxErrorStatus::Last)
    }

    fn cond_operator_error(&mut self) -> Box<SyntaxError> {
        let token = self.cond_token();
        if token.is_empty() {
            return self.cond_message(b"conditional binary operator expected".to_vec());
        }
        self.cond_message([b"unexpected token `", &token[..], b"', conditional binary operator expected"].concat())
    }

    fn cond_argument_error(&mut self, kind: &str) -> Box<SyntaxError> {
        let token = self.cond_token();
        let message = if token.is_empty() {
            format!("unexpected argument to conditional {kind} operator").into_bytes()
        } else {
            let operator = format!("' to conditional {kind} operator");
            [b"unexpected argument `", &token[..], operator.as_bytes()].concat()
        };
        self.cond_message(message)
    }

    fn cond_group_error(&mut self) -> Box<SyntaxError> {
        let token = self.cond_token();
        if token.is_empty() {
            return self.cond_message(b"expected `)'".to_vec());
        }
        self.cond_message([b"unexpected token `", &token[..], b"', expected `)'"].concat())
    }

    /// An error of the conditional command, for which bash shows no source line.
    fn cond_message(&self, text: Vec<u8>) -> Box<SyntaxError> {
        let message = SyntaxErrorKind::Message(text.into());
        if self.input.at_end() {
            return with_status(self.incomplete(self.input.line, message), SyntaxErrorStatus::LastOrUsage);
        }
        // A newline that nothing follows.
        let last = if self.input.rest() == b"\n" { SyntaxErrorStatus::LastOrUsage } else { SyntaxErrorStatus::Last };
        with_status(self.error_at(self.input.line, message), last)
    }
}

/// The error of a regular expression whose parenthesis is not closed: bash misses the operand, too.
fn unfinished_operand(mut error: Box<SyntaxError>, last: u32) -> Box<SyntaxError> {
    error.kind = match error.kind {
        SyntaxErrorKind::Incomplete { at_end } => {
            let second = &b"unexpected argument to conditional binary operator"[..];
            let first = at_end.to_string().into_bytes().into();
            let at_end = SyntaxErrorKind::TwoMessages(first, second.into(), Some(last));
            SyntaxErrorKind::Incomplete { at_end: Box::new(at_end) }
        }
        other => other,
    };
    error
}

/// The error of an expression between parentheses: bash misses the closing one, too.
fn in_group(mut error: Box<SyntaxError>) -> Box<SyntaxError> {
    let second = || Box::from(&b"expected `)'"[..]);
    error.kind = match error.kind {
        SyntaxErrorKind::Message(first) => SyntaxErrorKind::TwoMessages(first, second(), None),
        SyntaxErrorKind::Incomplete { at_end } => {
            let at_end = match *at_end {
                SyntaxErrorKind::Message(first) => SyntaxErrorKind::TwoMessages(first, second(), None),
                other => other,
            };
            SyntaxErrorKind::Incomplete { at_end: Box::new(at_end) }
        }
        other => other,
    };
    error
}
