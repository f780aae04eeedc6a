//! Function definitions. POSIX 2.9.5; bash manual "Shell Functions".

use bytes::Bytes;

use crate::ast::{Command, CommandKind, Function};
use crate::core::{Core, Parsed};

impl Core<'_> {
    /// `function name [()] body`, at the word `function`.
    pub(crate) fn function_keyword(&mut self, start: u32, line: u32) -> Parsed<Command> {
        self.take_reserved();
        self.skip_blanks();
        let name = self.word_text()?;
        self.reserved_ok = true;
        self.skip_blanks();
        if self.input.peek() == Some(b'(') && self.closing_parenthesis_follows() {
            self.input.advance(1);
            self.skip_blanks();
            self.input.advance(1);
        }
        self.function_body(start, line, name, true)
    }

    /// `name() body`, at the parenthesis behind the name.
    pub(crate) fn function_definition(&mut self, start: u32, line: u32, name: Bytes) -> Parsed<Command> {
        self.input.advance(1);
        self.skip_blanks();
        if self.input.peek() != Some(b')') {
            return Err(self.unexpected());
        }
        self.input.advance(1);
        self.reserved_ok = true;
        self.function_body(start, line, name, false)
    }

    fn function_body(&mut self, start: u32, line: u32, name: Bytes, keyword: bool) -> Parsed<Command> {
        self.skip_newlines()?;
        self.enter()?;
        if !self.compound_begins() {
            return Err(self.unexpected());
        }
        let body = self.compound_command()?;
        self.leave();
        let body = self.add_command(body);
        Ok(self.command_from(start, line, CommandKind::Function(Function { name, body, keyword })))
    }

    /// Whether only blanks stand between the parenthesis at the cursor and a closing one.
    fn closing_parenthesis_follows(&self) -> bool {
        let mut rest = self.input.rest().iter().skip(1);
        rest.find(|byte| !matches!(byte, b' ' | b'\t')) == Some(&b')')
    }
}
