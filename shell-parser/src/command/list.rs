//! Lists and complete commands. POSIX 2.9.3.

use crate::ast::{AndOr, AndOrItem, AndOrOperator, Command, CommandId, CommandKind, ListItem};
use crate::core::{Core, Parsed};

impl Core<'_> {
    /// Reads the root of a unit: one complete command; `None` at the end of the input.
    pub(crate) fn root(&mut self) -> Parsed<Option<CommandId>> {
        self.skip_newlines()?;
        let start = self.input.offset();
        let line = self.input.line;
        if !self.complete_command()? {
            return Ok(None);
        }
        Ok(self.list_from(0, start, line))
    }

    /// Reads one complete command, up to its newline, into items of the scratch list; false at the end of the input.
    pub(crate) fn complete_command(&mut self) -> Parsed<bool> {
        self.skip_newlines()?;
        if self.input.at_end() {
            return Ok(false);
        }
        loop {
            self.list_item()?;
            self.skip_blanks();
            match self.input.peek() {
                Some(b'\n') => {
                    if self.last_newline()? {
                        return Ok(true);
                    }
                    continue;
                }
                None => return Ok(true),
                Some(b';' | b'&') if self.separator_taken() => {}
                _ => return Err(self.unexpected()),
            }
            self.skip_blanks();
            if self.input.at_end() || (self.input.peek() == Some(b'\n') && self.last_newline()?) {
                return Ok(true);
            }
        }
    }

    /// Reads a list that must not be empty: the body of a compound command.
    pub(crate) fn compound_list(&mut self) -> Parsed<CommandId> {
        match self.optional_list()? {
            Some(list) => Ok(list),
            None => Err(self.unexpected()),
        }
    }

    /// Reads a list up to what cannot continue it.
    pub(crate) fn optional_list(&mut self) -> Parsed<Option<CommandId>> {
        let mark = self.scratch.list_items.len();
        self.skip_newlines()?;
        let start = self.input.offset();
        let line = self.input.line;
        while self.command_begins() {
            self.list_item()?;
            self.skip_blanks();
            match self.input.peek() {
                Some(b'\n') => {}
                Some(b';' | b'&') if self.separator_taken() => {}
                _ => break,
            }
            self.skip_newlines()?;
        }
        Ok(self.list_from(mark, start, line))
    }

    /// Makes one command of the list items above `mark`.
    pub(crate) fn list_from(&mut self, mark: usize, start: u32, line: u32) -> Option<CommandId> {
        match self.scratch.list_items.get(mark..) {
            None | Some([]) => None,
            Some(&[ListItem { command, background: false }]) => {
                self.scratch.list_items.truncate(mark);
                Some(command)
            }
            Some(_) => {
                let items = self.flush_list_items(mark);
                let mut command = self.command_from(start, line, CommandKind::List(items));
                if let Some(last) = self.unit.list_items(items).last() {
                    command.span.end = self.unit.command(last.command).span.end;
                }
                Some(self.add_command(command))
            }
        }
    }

    /// Whether a command can begin at the cursor: no reserved word or operator stands there that ends a list.
    fn command_begins(&mut self) -> bool {
        self.skip_blanks();
        match self.input.peek() {
            None | Some(b')') => false,
            Some(b';') => !matches!(self.input.peek_at(1), Some(b';' | b'&')),
            Some(_) => !self.peek_reserved().is_some_and(|word| word.ends_list()),
        }
    }

    /// Reads `;` or `&` (the latter makes the last item a background one) unless it is part of another operator.
    fn separator_taken(&mut self) -> bool {
        match (self.input.peek(), self.input.peek_at(1)) {
            (Some(b';'), next) if !matches!(next, Some(b';' | b'&')) => {}
            (Some(b'&'), next) if !matches!(next, Some(b'&' | b'>')) => {
                if let Some(item) = self.scratch.list_items.last_mut() {
                    item.background = true;
                }
            }
            _ => return false,
        }
        self.input.advance(1);
        self.reserved_ok = true;
        true
    }

    /// Reads an AND-OR list as an item of the scratch list.
    fn list_item(&mut self) -> Parsed<()> {
        let command = self.and_or()?;
        let command = self.add_command(command);
        self.scratch.list_items.push(ListItem { command, background: false });
        Ok(())
    }

    /// Reads an AND-OR list.
    fn and_or(&mut self) -> Parsed<Command> {
        let first = self.pipeline_command()?;
        self.skip_blanks();
        if !matches!(self.input.peek(), Some(b'&' | b'|')) {
            return Ok(first);
        }
        let (start, line) = (first.span.start, first.line);
        let mark = self.scratch.and_or_items.len();
        let mut first = Some(first);
        let mut first_id = None;
        loop {
            self.skip_blanks();
            let operator = match (self.input.peek(), self.input.peek_at(1)) {
                (Some(b'&'), Some(b'&')) => AndOrOperator::And,
                (Some(b'|'), Some(b'|')) => AndOrOperator::Or,
                _ => break,
            };
            self.input.advance(2);
            self.reserved_ok = true;
            self.skip_newlines()?;
            if let Some(first) = first.take() {
                first_id = Some(self.add_command(first));
            }
            let command = self.pipeline_command()?;
            let command = self.add_command(command);
            self.scratch.and_or_items.push(AndOrItem { operator, command });
        }
        if let Some(first) = first {
            return Ok(first);
        }
        let rest = self.flush_and_or_items(mark);
        match first_id {
            Some(first) => Ok(self.command_from(start, line, CommandKind::AndOr(AndOr { first, rest }))),
            None => Err(self.unexpected()),
        }
    }
}
