//! Coprocesses. bash manual "Coprocesses".

use crate::ast::{Command, CommandKind, Coproc, WordId};
use crate::core::{Core, Parsed};
use crate::lex::class::is_metacharacter;
use crate::lex::reserved::Reserved;
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

    /// A plain word before a compound command is a name, before anything else the beginning of a simple command.
    fn coproc_with_name(&mut self) -> Parsed<(Option<WordId>, Command)> {
        if self.peek_reserved().is_some_and(is_out_of_place) {
            return Err(self.unexpected());
        }
        if !self.plain_word_before_compound()? {
            return Ok((None, self.simple_command()?));
        }
        let name = self.word(Ends::Metacharacter)?.map(|word| self.add_word(word));
        self.skip_blanks();
        Ok((name, self.compound_command()?))
    }

    /// Whether a word without quotes and expansions stands at the cursor, and a compound command behind it.
    fn plain_word_before_compound(&mut self) -> Parsed<bool> {
        let position = self.input.position();
        let rest = self.input.rest();
        let length = rest.iter().position(|&byte| is_metacharacter(byte)).unwrap_or(rest.len());
        let plain = rest.iter().take(length).all(|byte| !matches!(byte, b'\\' | b'\'' | b'"' | b'$' | b'`'));
        let blanks = rest.iter().skip(length).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        if length == 0 || blanks == 0 || !plain || self.redirection_begins() {
            return Ok(false);
        }
        self.input.advance(length + blanks);
        let found = self.compound_begins();
        if !found && self.peek_reserved().is_some_and(is_out_of_place) {
            return Err(self.unexpected());
        }
        self.input.seek(position);
        Ok(found)
    }
}

/// Whether a reserved word that begins no compound command is refused; `time` is a plain word here.
fn is_out_of_place(word: Reserved) -> bool {
    word != Reserved::Time
}
