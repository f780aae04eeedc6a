//! The parser's working state, shared by all productions.

use bytes::Bytes;

use crate::ast::{
    AndOrItem, ArrayElement, Assignment, CaseClause, Command, CommandKind, HereDocumentId, IdRange, IfClause, ListItem,
    NodeId, ParameterId, PartId, Redirection, RedirectionId, Unit, Word, WordFacts, WordId, WordPart,
};
use crate::ast::{CommandId, Warning};
use crate::error::{SyntaxError, SyntaxErrorKind, SyntaxErrorStatus};
use crate::input::Input;
use crate::lex::operator::operator_at;
use crate::parser::Options;
use crate::quote::{Characters, ansi_c_quoted, needs_ansi_c};
use crate::span::Span;
use crate::stack::{self, Stack};

/// The result of a production.
pub(crate) type Parsed<T> = Result<T, Box<SyntaxError>>;

/// How deep constructs may nest, as far as the native stack allows: in a build without optimization a construct takes up
/// to about 8 KiB of it, and the most greedy ones may nest some 150 levels.
pub const MAX_NESTING: u32 = 1000;

/// How deep words may nest (expansions in expansions), not counting what is inside their command substitutions; who
/// expands them may recurse over them.
pub const MAX_WORD_NESTING: u32 = 150;

/// How many bytes of alias replacements one complete command may read.
const MAX_ALIAS_TEXT: usize = 1 << 18;

/// Nodes of unfinished sequences. A sequence's nodes pile up here, above those of the sequences around it, and move
/// to their arena as one range when it is complete.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) parts: Vec<WordPart>,
    pub(crate) words: Vec<Word>,
    pub(crate) commands: Vec<Command>,
    pub(crate) redirections: Vec<Redirection>,
    pub(crate) assignments: Vec<Assignment>,
    pub(crate) elements: Vec<ArrayElement>,
    pub(crate) and_or_items: Vec<AndOrItem>,
    pub(crate) list_items: Vec<ListItem>,
    pub(crate) if_clauses: Vec<IfClause>,
    pub(crate) case_clauses: Vec<CaseClause>,
}

/// The parser's state while it reads one complete command.
pub(crate) struct Core<'o> {
    pub(crate) input: Input,
    pub(crate) unit: Unit,
    pub(crate) scratch: Scratch,
    pub(crate) options: Options<'o>,
    /// Here-documents whose bodies begin after the next newline.
    pub(crate) pending: Vec<HereDocumentId>,
    /// What has been seen in the word being read.
    pub(crate) facts: WordFacts,
    /// Reserved words are recognized at the cursor: false after a redirection of a compound command.
    pub(crate) reserved_ok: bool,
    /// An alias whose replacement ends in a blank has just been read: the next word is an alias candidate.
    pub(crate) alias_blank: bool,
    /// The word being read began in an alias's replacement and goes on behind it.
    pub(crate) left_alias: bool,
    /// Inside `$(`, `<(`: a here-document's delimiter may be followed by the closing parenthesis.
    pub(crate) in_substitution: bool,
    /// The offset at which the last run of blanks began, and the position at which it ended.
    pub(crate) blanks: (u32, usize),
    /// The commands of each substitution in the command being read: their arena indices, and the line at which the
    /// substitution's text begins.
    pub(crate) substitution_lines: Vec<(std::ops::Range<usize>, u32)>,
    /// Parameter expansions of the string being read that are bad substitutions.
    pub(crate) bad_parameters: Vec<ParameterId>,
    pub(crate) stack: Stack,
    depth: u32,
    word_depth: u32,
    alias_text: usize,
}

/// How full the scratch is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Marks([usize; 10]);

impl Scratch {
    pub(crate) fn marks(&self) -> Marks {
        Marks([
            self.parts.len(),
            self.words.len(),
            self.commands.len(),
            self.redirections.len(),
            self.assignments.len(),
            self.elements.len(),
            self.and_or_items.len(),
            self.list_items.len(),
            self.if_clauses.len(),
            self.case_clauses.len(),
        ])
    }

    /// Forgets everything, keeping the memory.
    pub(crate) fn clear(&mut self) {
        self.truncate(Marks([0; 10]));
    }

    /// Forgets the nodes added since `marks`.
    pub(crate) fn truncate(&mut self, marks: Marks) {
        let Marks([parts, words, commands, redirections, assignments, elements, and_ors, lists, ifs, cases]) = marks;
        self.parts.truncate(parts);
        self.words.truncate(words);
        self.commands.truncate(commands);
        self.redirections.truncate(redirections);
        self.assignments.truncate(assignments);
        self.elements.truncate(elements);
        self.and_or_items.truncate(and_ors);
        self.list_items.truncate(lists);
        self.if_clauses.truncate(ifs);
        self.case_clauses.truncate(cases);
    }
}

macro_rules! flush {
    ($($name:ident, $scratch:ident, $arena:ident: $id:ty;)*) => {$(
        /// Moves the scratch nodes above `mark` to their arena.
        #[inline]
        pub(crate) fn $name(&mut self, mark: usize) -> IdRange<$id> {
            let start = self.unit.$arena.len();
            if mark < self.scratch.$scratch.len() {
                self.unit.$arena.extend(self.scratch.$scratch.drain(mark..));
            }
            IdRange::new(start, self.unit.$arena.len())
        }
    )*};
}

impl<'o> Core<'o> {
    pub(crate) fn new(input: Input, options: Options<'o>, scratch: Scratch) -> Self {
        Self {
            input,
            unit: Unit::new(),
            scratch,
            options,
            pending: Vec::new(),
            facts: WordFacts::default(),
            reserved_ok: true,
            alias_blank: false,
            left_alias: false,
            in_substitution: false,
            blanks: (0, usize::MAX),
            substitution_lines: Vec::new(),
            bad_parameters: Vec::new(),
            stack: Stack::begin(),
            depth: 0,
            word_depth: 0,
            alias_text: 0,
        }
    }

    flush! {
        flush_parts, parts, all_parts: PartId;
        flush_words, words, all_words: WordId;
        flush_commands, commands, all_commands: CommandId;
        flush_redirections, redirections, all_redirections: RedirectionId;
        flush_assignments, assignments, all_assignments: crate::ast::AssignmentId;
        flush_elements, elements, all_elements: crate::ast::ElementId;
        flush_and_or_items, and_or_items, all_and_or_items: crate::ast::AndOrItemId;
        flush_list_items, list_items, all_list_items: crate::ast::ListItemId;
        flush_if_clauses, if_clauses, all_if_clauses: crate::ast::IfClauseId;
        flush_case_clauses, case_clauses, all_case_clauses: crate::ast::CaseClauseId;
    }

    /// Adds a word that stands alone.
    pub(crate) fn add_word(&mut self, word: Word) -> WordId {
        let id = WordId::from_index(self.unit.all_words.len());
        self.unit.all_words.push(word);
        id
    }

    /// Adds a command that stands alone.
    pub(crate) fn add_command(&mut self, command: Command) -> CommandId {
        let id = CommandId::from_index(self.unit.all_commands.len());
        self.unit.all_commands.push(command);
        id
    }

    /// The offset after the last token read, without the blanks behind it.
    pub(crate) fn token_end(&self) -> u32 {
        let (start, end) = self.blanks;
        if end == self.input.position() { start } else { self.input.end_offset() }
    }

    /// A command without redirections that began at `start`.
    pub(crate) fn command_from(&self, start: u32, line: u32, kind: CommandKind) -> Command {
        Command { kind, redirections: IdRange::default(), span: Span::new(start, self.token_end().max(start)), line }
    }

    /// Numbers the commands of the substitutions recorded since `mark`: bash runs a substitution's text as if its first
    /// line were the line of the command around it.
    pub(crate) fn number_substitutions(&mut self, mark: usize, line: u32) {
        for (commands, first) in self.substitution_lines.drain(mark.min(self.substitution_lines.len())..) {
            if first == line {
                continue;
            }
            for command in self.unit.all_commands.get_mut(commands).into_iter().flatten() {
                command.line = (command.line + line).saturating_sub(first);
            }
        }
    }

    /// Counts a level of nesting.
    pub(crate) fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_NESTING || self.stack.used() > stack::BUDGET {
            return Err(self.error_at(self.input.line, SyntaxErrorKind::TooDeep(self.depth - 1)));
        }
        Ok(())
    }

    pub(crate) fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }

    /// Counts a level of nesting inside a word.
    pub(crate) fn enter_word(&mut self) -> Parsed<()> {
        self.word_depth += 1;
        if self.word_depth > MAX_WORD_NESTING {
            return Err(self.error_at(self.input.line, SyntaxErrorKind::TooDeep(MAX_WORD_NESTING)));
        }
        self.enter()
    }

    pub(crate) fn leave_word(&mut self) {
        self.word_depth = self.word_depth.saturating_sub(1);
        self.leave();
    }

    /// Begins the commands of a substitution, in which words nest anew; gives what `leave_substitution` wants back.
    pub(crate) fn enter_substitution(&mut self) -> Parsed<u32> {
        self.enter()?;
        Ok(std::mem::take(&mut self.word_depth))
    }

    pub(crate) fn leave_substitution(&mut self, word_depth: u32) {
        self.word_depth = word_depth;
        self.leave();
    }

    /// The depth, to be put back after an error that does not end the parse.
    pub(crate) fn depth(&self) -> (u32, u32) {
        (self.depth, self.word_depth)
    }

    pub(crate) fn set_depth(&mut self, depth: (u32, u32)) {
        (self.depth, self.word_depth) = depth;
    }

    /// Counts the text of an alias: aliases of aliases can double at each level.
    pub(crate) fn charge_alias(&mut self, bytes: usize) -> Parsed<()> {
        self.alias_text += bytes.max(16);
        if self.alias_text > MAX_ALIAS_TEXT {
            return Err(self.error_at(self.input.line, SyntaxErrorKind::TooLarge));
        }
        Ok(())
    }

    pub(crate) fn warn(&mut self, line: u32, text: String) {
        self.unit.warnings.push(Warning { line, text });
    }

    /// An error of the given kind.
    pub(crate) fn error_at(&self, line: u32, kind: SyntaxErrorKind) -> Box<SyntaxError> {
        let at = self.input.offset();
        let status = SyntaxErrorStatus::default();
        Box::new(SyntaxError { span: Span::new(at, at), line, kind, source_line: None, status, warnings: Vec::new() })
    }

    /// The input ended in the middle: `kind` if nothing more comes.
    pub(crate) fn incomplete(&self, line: u32, kind: SyntaxErrorKind) -> Box<SyntaxError> {
        self.error_at(line, SyntaxErrorKind::Incomplete { at_end: Box::new(kind) })
    }

    /// The input ended inside quotes or brackets that began at `line`.
    pub(crate) fn unmatched(&self, delimiter: u8, line: u32) -> Box<SyntaxError> {
        let error = self.incomplete(line, SyntaxErrorKind::UnmatchedDelimiter(delimiter));
        with_status(error, SyntaxErrorStatus::LastOrUsage)
    }

    /// The input ended inside the commands of a substitution.
    pub(crate) fn unmatched_substitution(&self, line: u32) -> Box<SyntaxError> {
        self.incomplete(line, SyntaxErrorKind::UnmatchedDelimiter(b')'))
    }

    /// The token at the cursor does not fit: bash's error for it. Reads the token.
    pub(crate) fn unexpected(&mut self) -> Box<SyntaxError> {
        self.skip_blanks();
        let start = self.input.offset();
        let line = self.input.line;
        if self.input.at_end() {
            return self.incomplete(line, SyntaxErrorKind::UnexpectedEnd);
        }
        let operator = operator_at(self.input.rest());
        let process_substitution = self.input.starts_with(b"<(") || self.input.starts_with(b">(");
        let token: Bytes = if operator == b"\n" {
            Bytes::from_static(b"newline")
        } else if !operator.is_empty() && !process_substitution {
            self.input.advance(operator.len());
            Bytes::from_static(operator)
        } else if let number @ 1.. = self.redirection_number() {
            let position = self.input.position();
            self.input.advance(number);
            self.input.slice(position, position + number)
        } else {
            let position = self.input.position();
            let was_alias = self.input.in_alias();
            // bash reads the whole word before it finds that it does not fit, so an error inside it comes first.
            match self.word(crate::word::Ends::Metacharacter) {
                Err(error) => return error,
                Ok(_) if self.input.in_alias() == was_alias => {
                    let text = self.input.slice(position, self.input.position());
                    // bash shows what is not printable as `$'...'`.
                    if needs_ansi_c(&text, Characters::Utf8) {
                        ansi_c_quoted(&text, Characters::Utf8).into()
                    } else {
                        text
                    }
                }
                Ok(_) => Bytes::new(),
            }
        };
        let span = Span::new(start, self.input.end_offset());
        let kind = SyntaxErrorKind::UnexpectedToken(remove_continuations(&token).into());
        let source_line = Some(self.input.current_line().into());
        let status = SyntaxErrorStatus::default();
        Box::new(SyntaxError { span, line: self.input.line, kind, source_line, status, warnings: Vec::new() })
    }

    /// An empty word at the cursor.
    pub(crate) fn empty_word(&mut self) -> Word {
        let at = self.input.offset();
        let start = self.unit.all_parts.len();
        Word {
            parts: IdRange::new(start, start),
            span: Span::new(at, at),
            assignment: None,
            facts: WordFacts::default(),
        }
    }
}

/// The same error with another status.
pub(crate) fn with_status(mut error: Box<SyntaxError>, status: SyntaxErrorStatus) -> Box<SyntaxError> {
    error.status = status;
    error
}

/// The text without its line continuations.
pub(crate) fn remove_continuations(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, b"\\\n") {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at + 2..];
    }
    out.extend_from_slice(rest);
    out
}
