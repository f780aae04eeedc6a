//! Simple commands. POSIX 2.9.1.

use bytes::Bytes;

use crate::ast::{Command, CommandKind, SimpleCommand, Word, WordFacts, WordPart};
use crate::core::{Core, Parsed};
use crate::span::Span;
use crate::word::{Ends, Style};

/// Builtins whose arguments may be assignments. bash manual "Shell Parameters", "Arrays".
fn is_declaration_builtin(name: &[u8]) -> bool {
    matches!(name, b"declare" | b"typeset" | b"local" | b"export" | b"readonly" | b"alias" | b"eval" | b"let")
}

impl Core<'_> {
    /// Reads a simple command, or a function definition that begins with its name.
    pub(crate) fn simple_command(&mut self) -> Parsed<Command> {
        let start = self.input.offset();
        let position = self.input.position();
        let mut line = self.input.line;
        let assignments = self.scratch.assignments.len();
        let words = self.scratch.words.len();
        let redirections = self.scratch.redirections.len();
        let mut declaration = false;
        let mut numbered_by_second_token = false;
        let substitutions = self.substitution_lines.len();
        loop {
            self.skip_blanks();
            let count = self.scratch.words.len() - words;
            let candidate = std::mem::take(&mut self.alias_blank) || count == 0;
            if candidate && self.try_alias()? {
                continue;
            }
            let first = count == 0
                && self.scratch.assignments.len() == assignments
                && self.scratch.redirections.len() == redirections;
            if self.redirection()? || (count == 0 && self.assignment()?) {
                if first {
                    line = self.input.line;
                }
                continue;
            }
            if declaration && self.declaration_argument()? {
                if count == 1 && numbered_by_second_token {
                    line = self.input.line;
                }
                continue;
            }
            let Some(word) = self.command_word(count == 0)? else {
                let alone = count == 1
                    && self.scratch.assignments.len() == assignments
                    && self.scratch.redirections.len() == redirections;
                if self.input.peek() == Some(b'(') && count > 0 {
                    if alone {
                        let name = self.name_text(position);
                        self.scratch.words.truncate(words);
                        return self.function_definition(start, line, name);
                    }
                    return Err(self.unexpected());
                }
                break;
            };
            if count == 0 {
                declaration = match self.unit.parts(word.parts) {
                    [WordPart::Literal(name)] => word.facts.has(WordFacts::LITERAL) && is_declaration_builtin(name),
                    _ => false,
                };
            }
            // bash numbers a command by the line on which its first token ends, or if that is a plain word the next.
            numbered_by_second_token |= first;
            if first || (count == 1 && numbered_by_second_token) {
                line = self.input.line;
            }
            self.scratch.words.push(word);
        }
        let command =
            SimpleCommand { assignments: self.flush_assignments(assignments), words: self.flush_words(words) };
        let redirections = self.flush_redirections(redirections);
        if command.words.is_empty() && command.assignments.is_empty() && redirections.is_empty() {
            return Err(self.unexpected());
        }
        let span = Span::new(start, self.token_end().max(start));
        self.number_substitutions(substitutions, line);
        Ok(Command { kind: CommandKind::Simple(command), redirections, span, line })
    }

    /// Reads a word of a simple command. At its start a subscript may hold metacharacters: `a[1 + 2]=3` is an
    /// assignment, and without the `=` still one word.
    fn command_word(&mut self, first: bool) -> Parsed<Option<Word>> {
        let mut style = self.style(Ends::Metacharacter);
        if first {
            style.text_until = self.subscript_end()?.unwrap_or(0);
        }
        self.word_in_style(Style { ..style })
    }

    /// The source text of the command name that began at `position` and ends before the blanks at the cursor.
    fn name_text(&self, position: usize) -> Bytes {
        let text = self.input.bytes(position, self.input.position());
        let length = text.iter().rposition(|byte| !matches!(byte, b' ' | b'\t')).map_or(0, |last| last + 1);
        self.input.slice(position, position + length)
    }
}
