//! Compound commands: which one begins, groups, `if`, `((`, `[[`. POSIX 2.9.4.

use crate::ast::{Command, CommandKind, If, IfClause};
use crate::core::{Core, Parsed};
use crate::lex::reserved::Reserved;
use crate::word::extent::closing;

impl Core<'_> {
    /// Reads a command: simple, compound with its redirections, function definition or coprocess.
    pub(crate) fn command(&mut self) -> Parsed<Command> {
        self.expand_alias_here()?;
        let start = self.input.offset();
        let line = self.input.line;
        if self.input.peek() == Some(b'(') {
            return self.compound_command();
        }
        match self.peek_reserved() {
            None => self.simple_command(),
            Some(Reserved::Function) => self.function_keyword(start, line),
            Some(Reserved::Coproc) => self.coproc(start, line),
            Some(_) => self.compound_command(),
        }
    }

    /// Reads a compound command with its redirections.
    pub(crate) fn compound_command(&mut self) -> Parsed<Command> {
        self.skip_blanks();
        let start = self.input.offset();
        let line = self.input.line;
        self.enter()?;
        let substitutions = self.substitution_lines.len();
        let kind = self.compound_kind()?;
        self.leave();
        // bash numbers these two by the line on which they end.
        let line = match kind {
            CommandKind::Arith(_) | CommandKind::Cond(_) => self.input.line,
            _ => line,
        };
        let mut command = self.command_from(start, line, kind);
        self.reserved_ok = true;
        let mark = self.scratch.redirections.len();
        while self.redirection()? {
            self.reserved_ok = false;
        }
        command.redirections = self.flush_redirections(mark);
        command.span.end = self.token_end();
        self.number_substitutions(substitutions, line);
        Ok(command)
    }

    /// Whether a compound command begins at the cursor.
    pub(crate) fn compound_begins(&self) -> bool {
        self.input.peek() == Some(b'(')
            || self.peek_reserved().is_some_and(|word| {
                matches!(
                    word,
                    Reserved::Case
                        | Reserved::For
                        | Reserved::If
                        | Reserved::Select
                        | Reserved::Until
                        | Reserved::While
                        | Reserved::OpenBrace
                        | Reserved::OpenCond
                )
            })
    }

    fn compound_kind(&mut self) -> Parsed<CommandKind> {
        if self.input.peek() == Some(b'(') {
            return if self.input.peek_at(1) == Some(b'(') { self.double_open() } else { self.subshell() };
        }
        if !self.compound_begins() {
            return Err(self.unexpected());
        }
        let Some(word) = self.peek_reserved() else { return Err(self.unexpected()) };
        self.take_reserved();
        match word {
            Reserved::OpenBrace => self.brace_group(),
            Reserved::If => self.if_command(),
            Reserved::While => Ok(CommandKind::While(self.loop_command()?)),
            Reserved::Until => Ok(CommandKind::Until(self.loop_command()?)),
            Reserved::For => self.for_command(),
            Reserved::Select => self.select_command(),
            Reserved::Case => self.case_command(),
            _ => self.cond_command(),
        }
    }

    /// `{ list; }`
    fn brace_group(&mut self) -> Parsed<CommandKind> {
        let body = self.compound_list()?;
        self.expect_reserved(Reserved::CloseBrace)?;
        Ok(CommandKind::BraceGroup(body))
    }

    /// `( list )`
    fn subshell(&mut self) -> Parsed<CommandKind> {
        self.input.advance(1);
        self.reserved_ok = true;
        let body = self.compound_list()?;
        self.skip_blanks();
        if self.input.peek() != Some(b')') {
            return Err(self.unexpected());
        }
        self.input.advance(1);
        Ok(CommandKind::Subshell(body))
    }

    /// `((`: an arithmetic command when the parenthesis that closes the inner one is followed by another, else a
    /// subshell in a subshell. bash manual "Conditional Constructs".
    fn double_open(&mut self) -> Parsed<CommandKind> {
        let line = self.input.line;
        let rest = self.input.rest();
        let end = match closing(rest, 2, b')', false) {
            Ok(end) => end,
            Err(open) => return Err(self.unmatched(open, line)),
        };
        if rest.get(end) != Some(&b')') {
            return self.subshell();
        }
        self.input.advance(2);
        let text = self.arith_text(end - 3, crate::word::Around::Nothing)?;
        self.input.advance(2);
        Ok(CommandKind::Arith(text))
    }

    /// `if list; then list; elif list; then list; else list; fi`
    fn if_command(&mut self) -> Parsed<CommandKind> {
        let mark = self.scratch.if_clauses.len();
        loop {
            let test = self.compound_list()?;
            self.expect_reserved(Reserved::Then)?;
            let body = self.compound_list()?;
            self.scratch.if_clauses.push(IfClause { test, body });
            if !self.accept_reserved(Reserved::Elif) {
                break;
            }
        }
        let otherwise = if self.accept_reserved(Reserved::Else) { Some(self.compound_list()?) } else { None };
        self.expect_reserved(Reserved::Fi)?;
        let clauses = self.flush_if_clauses(mark);
        Ok(CommandKind::If(If { clauses, otherwise }))
    }

    /// `[[ expression ]]`, behind the opening word.
    fn cond_command(&mut self) -> Parsed<CommandKind> {
        let expression = self.cond_expression()?;
        Ok(CommandKind::Cond(expression))
    }
}
