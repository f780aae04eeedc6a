//! Syntax errors, in bash's own words.

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
    /// Two such messages, each on its own line.
    #[error("{}; {}", String::from_utf8_lossy(.0), String::from_utf8_lossy(.1))]
    TwoMessages(Box<[u8]>, Box<[u8]>),
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
        messages.iter().flat_map(|text| [shell_name, b": ", text, b"\n"]).flatten().copied().collect()
    }

    /// What bash says, without a prefix.
    fn bash_messages(&self) -> Vec<Vec<u8>> {
        let kind = match &self.kind {
            SyntaxErrorKind::Incomplete { at_end } => at_end,
            kind => kind,
        };
        kind.messages().into_iter().filter(|text| !text.is_empty()).collect()
    }

    /// The message as bash writes it to standard error, each line ended by a newline: `shell_name` as `bash`,
    /// `context` as `-c` (for `bash: -c: line 1: ...`) or empty.
    pub fn message(&self, shell_name: &[u8], context: &[u8]) -> Vec<u8> {
        let mut prefix = shell_name.to_vec();
        prefix.extend_from_slice(b": ");
        if !context.is_empty() {
            prefix.extend_from_slice(context);
            prefix.extend_from_slice(b": ");
        }
        prefix.extend_from_slice(format!("line {}: ", self.line).as_bytes());
        let mut out = Vec::new();
        for text in self.bash_messages() {
            out.extend_from_slice(&prefix);
            out.extend_from_slice(&text);
            out.push(b'\n');
        }
        if let Some(line) = &self.source_line {
            out.extend_from_slice(&prefix);
            out.push(b'`');
            out.extend_from_slice(line);
            out.extend_from_slice(b"'\n");
        }
        out
    }
}

impl SyntaxErrorKind {
    /// bash's messages for it.
    fn messages(&self) -> Vec<Vec<u8>> {
        match self {
            Self::UnexpectedToken(token) => {
                vec![[b"syntax error near unexpected token `", &token[..], b"'"].concat()]
            }
            Self::Message(text) => vec![text.to_vec()],
            Self::TwoMessages(first, second) => vec![first.to_vec(), second.to_vec()],
            other => vec![other.to_string().into_bytes()],
        }
    }
}
