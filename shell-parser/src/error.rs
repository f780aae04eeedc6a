//! Syntax errors, in bash's own words.

use crate::ast::Warning;
use crate::span::Span;

/// A refusal of the parser.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {kind}")]
pub struct SyntaxError {
    /// The token at fault.
    pub span: Span,
    /// The line that bash reports.
    pub line: u32,
    /// What is wrong.
    pub kind: SyntaxErrorKind,
    /// The text of the line at fault, where bash shows it on a second line.
    pub source_line: Option<Box<[u8]>>,
    /// What a shell that stops at it exits with.
    pub status: SyntaxErrorStatus,
    /// What is said before it: here-documents that the end of the input ended.
    pub warnings: Vec<Warning>,
}

/// The exit status of a shell, not interactive, that a syntax error ends. bash 5.2 has one for each way its parser gives
/// up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SyntaxErrorStatus {
    /// 2.
    #[default]
    Usage,
    /// 1: in a compound array assignment.
    Failure,
    /// That of the last command, or 2 if that is 0: the input ended inside quotes or brackets.
    LastOrUsage,
    /// That of the last command, even 0: inside `[[`.
    Last,
    /// 2, but 127 in a command string: inside `$(`.
    Substitution,
}

impl SyntaxErrorStatus {
    /// The number, when the last command ended with `last`.
    pub fn after(self, last: i32) -> i32 {
        match self {
            Self::Usage | Self::Substitution => 2,
            Self::Failure => 1,
            Self::LastOrUsage if last == 0 => 2,
            Self::LastOrUsage | Self::Last => last,
        }
    }

    /// The number for `eval` and `.`, which know nothing of the last command.
    pub fn nested(self) -> i32 {
        if self == Self::Failure { 1 } else { 2 }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxErrorKind {
    /// The input ends inside an unfinished command: ask for more (PS2) if there may be more, else report `at_end`.
    #[error("{at_end}")]
    Incomplete {
        /// The error when there is no more input.
        at_end: Box<SyntaxErrorKind>,
    },
    /// ``syntax error near unexpected token `...'``
    #[error("syntax error near unexpected token `{}'", String::from_utf8_lossy(.0))]
    UnexpectedToken(Box<[u8]>),
    /// ``unexpected EOF while looking for matching `...'``
    #[error("unexpected EOF while looking for matching `{}'", char::from(*.0))]
    UnmatchedDelimiter(u8),
    /// `syntax error: unexpected end of file`
    #[error("syntax error: unexpected end of file")]
    UnexpectedEnd,
    /// Any other message of bash, without the `bash: line N:` before it.
    #[error("{}", String::from_utf8_lossy(.0))]
    Message(Box<[u8]>),
    /// Two such messages, each on its own line; the second may be about another line of the source.
    #[error("{}; {}", String::from_utf8_lossy(.0), String::from_utf8_lossy(.1))]
    TwoMessages(Box<[u8]>, Box<[u8]>, Option<u32>),
    /// Constructs are nested deeper than the bound.
    #[error("maximum nesting level exceeded ({0})")]
    TooDeep(u32),
    /// The source is longer than the parser takes.
    #[error("script too large")]
    TooLarge,
}

impl SyntaxError {
    /// Whether more input could make the command complete.
    pub fn is_incomplete(&self) -> bool {
        matches!(self.kind, SyntaxErrorKind::Incomplete { .. })
    }

    /// The message as bash writes it for what was typed at its prompt: without a line number, and without the line,
    /// which is there to see.
    pub fn prompt_message(&self, shell_name: &[u8]) -> Vec<u8> {
        let messages = self.bash_messages();
        messages.iter().flat_map(|(text, _)| [shell_name, b": ", text, b"\n"]).flatten().copied().collect()
    }

    /// What bash says, without a prefix, and the line that each message is about.
    fn bash_messages(&self) -> Vec<(Vec<u8>, u32)> {
        let kind = match &self.kind {
            SyntaxErrorKind::Incomplete { at_end } => at_end,
            kind => kind,
        };
        kind.messages(self.line).into_iter().filter(|(text, _)| !text.is_empty()).collect()
    }

    /// The message as bash writes it to standard error, each line ended by a newline: `shell_name` as `bash`,
    /// `context` as `-c` (for `bash: -c: line 1: ...`) or empty.
    pub fn message(&self, shell_name: &[u8], context: &[u8]) -> Vec<u8> {
        let mut name = shell_name.to_vec();
        name.extend_from_slice(b": ");
        if !context.is_empty() {
            name.extend_from_slice(context);
            name.extend_from_slice(b": ");
        }
        let prefix = |line: u32| [&name[..], format!("line {line}: ").as_bytes()].concat();
        let mut out = Vec::new();
        for (text, line) in self.bash_messages() {
            out.extend_from_slice(&prefix(line));
            out.extend_from_slice(&text);
            out.push(b'\n');
        }
        if let Some(line) = &self.source_line {
            out.extend_from_slice(&prefix(self.line));
            out.push(b'`');
            out.extend_from_slice(line);
            out.extend_from_slice(b"'\n");
        }
        out
    }
}

impl SyntaxErrorKind {
    /// bash's messages for it, each with the line it is about.
    fn messages(&self, line: u32) -> Vec<(Vec<u8>, u32)> {
        match self {
            Self::UnexpectedToken(token) => {
                vec![([b"syntax error near unexpected token `", &token[..], b"'"].concat(), line)]
            }
            Self::Message(text) => vec![(text.to_vec(), line)],
            Self::TwoMessages(first, second, other) => {
                vec![(first.to_vec(), line), (second.to_vec(), other.unwrap_or(line))]
            }
            other => vec![(other.to_string().into_bytes(), line)],
        }
    }
}
