//! Coprocesses. bash manual "Coprocesses".

use crate::ast::{Command, CommandKind, Coproc};
use crate::core::{Core, Parsed};
use crate::word::Ends;

impl Core<'_> {
    /// `coproc [name] command`, at the word `coproc`.
    pub(crate) fn coproc(&mut self, start: u32, line: u32) -> Parsed<Command> {
        self.take_reserved();
        self.skip_blanks();
        let (name, body) =
            if self.compound_begins() { (None, self.compound_command()?) } else { self.coproc_with_name()? };
        let body = self.add_command(body);
        Ok(self.command_from(start, line, CommandKind::Coproc(Coproc { name, body })))
    }

    /// A word before a compound command is a name, before anything else the beginning of a simple command.
    fn coproc_with_name(&mut self) -> Parsed<(Option<crate::ast::WordId>, Command)> {
        let position = self.input.position();
        let line = self.input.line;
        let marks = self.scratch.marks();
        if self.redirection_begins() || self.peek_reserved().is_some() {
            return Ok((None, self.simple_command()?));
        }
        let in_alias = self.input.in_alias();
        if let Some(word) = self.word(Ends::Metacharacter)? {
            self.reserved_ok = true;
            self.skip_blanks();
            if self.compound_begins() {
                let name = self.add_word(word);
                return Ok((Some(name), self.compound_command()?));
            }
        }
        if self.input.in_alias() == in_alias {
            self.input.seek(position);
            self.input.line = line;
            self.scratch.truncate(marks);
        }
        Ok((None, self.simple_command()?))
    }
}
