//! `case`. POSIX 2.9.4.3; bash manual "Conditional Constructs".

use crate::ast::{Case, CaseClause, CaseTerminator, CommandKind, IdRange, WordId};
use crate::core::{Core, Parsed};
use crate::lex::reserved::Reserved;
use crate::word::{Ends, Style};

impl Core<'_> {
    /// `word in pattern) list;; esac`, behind `case`.
    pub(crate) fn case_command(&mut self) -> Parsed<CommandKind> {
        self.skip_blanks();
        let word = match self.word(Ends::Metacharacter)? {
            Some(word) => self.add_word(word),
            None => return Err(self.unexpected()),
        };
        self.reserved_ok = true;
        self.skip_newlines()?;
        self.expect_reserved(Reserved::In)?;
        let mark = self.scratch.case_clauses.len();
        loop {
            self.skip_newlines()?;
            if self.accept_reserved(Reserved::Esac) {
                break;
            }
            let patterns = self.case_patterns()?;
            let body = self.optional_list()?;
            self.skip_blanks();
            let terminator = self.case_terminator();
            let last = terminator.is_none();
            let terminator = terminator.unwrap_or(CaseTerminator::Break);
            self.scratch.case_clauses.push(CaseClause { patterns, body, terminator });
            if last {
                self.expect_reserved(Reserved::Esac)?;
                break;
            }
        }
        let clauses = self.flush_case_clauses(mark);
        Ok(CommandKind::Case(Case { word, clauses }))
    }

    /// `(pattern | pattern)`, the first parenthesis optional.
    fn case_patterns(&mut self) -> Parsed<IdRange<WordId>> {
        if self.input.peek() == Some(b'(') {
            self.input.advance(1);
        }
        let mark = self.scratch.words.len();
        loop {
            self.skip_blanks();
            let style = Style { braces: false, ..self.style(Ends::Metacharacter) };
            match self.word_in_style(style)? {
                Some(word) => self.scratch.words.push(word),
                None => return Err(self.unexpected()),
            }
            self.skip_blanks();
            match self.input.peek() {
                Some(b'|') if self.input.peek_at(1) != Some(b'|') && self.input.peek_at(1) != Some(b'&') => {
                    self.input.advance(1);
                }
                Some(b')') => {
                    self.input.advance(1);
                    self.reserved_ok = true;
                    return Ok(self.flush_words(mark));
                }
                _ => return Err(self.unexpected()),
            }
        }
    }

    /// `;;`, `;&` or `;;&`.
    fn case_terminator(&mut self) -> Option<CaseTerminator> {
        let (length, terminator) = match self.input.rest() {
            [b';', b';', b'&', ..] => (3, CaseTerminator::Continue),
            [b';', b';', ..] => (2, CaseTerminator::Break),
            [b';', b'&', ..] => (2, CaseTerminator::FallThrough),
            _ => return None,
        };
        self.input.advance(length);
        self.reserved_ok = true;
        Some(terminator)
    }
}
