//! The entry point: one complete command at a time.

use std::sync::Arc;

use bytes::Bytes;

use crate::ast::Unit;
use crate::core::{Core, Scratch};
use crate::error::{SyntaxError, SyntaxErrorKind, SyntaxErrorStatus};
use crate::input::Input;
use crate::span::Span;
use crate::word::ends_in_backslash;

/// Looks up alias definitions while a command is read.
pub trait AliasLookup {
    /// The replacement text of the alias `name`.
    fn alias(&self, name: &[u8]) -> Option<&[u8]>;
}

/// What the shell's options say about reading commands. They may differ from one complete command to the next.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// `shopt -s extglob`: `@(a|b)` is a pattern in any word. Default off; always on inside `[[ ]]` after `==`.
    pub extglob: bool,
    /// `set -o posix`: reserved words come before aliases. Default off.
    pub posix: bool,
    /// `set -B`: brace expansion. Default on.
    pub brace_expand: bool,
    /// The alias table when `expand_aliases` is on.
    pub aliases: Option<&'a dyn AliasLookup>,
    /// `shopt -s interactive_comments`: `#` begins a comment. Default on.
    pub comments: bool,
    /// No more input will come, so the end of the input ends a here-document (with a warning) and a line continuation.
    /// Default on; when off, these are `Incomplete` too.
    pub final_input: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self { extglob: false, posix: false, brace_expand: true, aliases: None, comments: true, final_input: true }
    }
}

/// The longest source, in bytes: spans count in 32 bits.
pub const MAX_SOURCE: usize = 1 << 30;

/// Reads a script one complete command at a time.
///
/// ```
/// use shell_parser::{Options, Parser};
/// let mut parser = Parser::new("echo hi; echo you\necho again");
/// let options = Options::default();
/// let first = parser.next_complete_command(&options).unwrap().unwrap();
/// assert_eq!(first.source(), b"echo hi; echo you\n");
/// assert!(parser.next_complete_command(&options).unwrap().is_some());
/// assert!(parser.next_complete_command(&options).unwrap().is_none());
/// ```
#[derive(Debug)]
pub struct Parser {
    src: Bytes,
    /// Whether the last byte of `src` is a newline that the source did not have.
    newline_added: bool,
    last_backslash: bool,
    position: usize,
    line: u32,
    scratch: Scratch,
}

impl Clone for Parser {
    /// A parser at the same place.
    fn clone(&self) -> Self {
        Self { src: self.src.clone(), scratch: Scratch::default(), ..*self }
    }
}

impl Parser {
    /// A parser at the start of `src`. A missing last newline is added, as bash does.
    pub fn new(src: impl Into<Bytes>) -> Self {
        Self::at_line(src, 1)
    }

    /// A parser at the start of `src`, whose first line is `line`: for `eval`, `trap` and the like.
    pub fn at_line(src: impl Into<Bytes>, line: u32) -> Self {
        let mut parser = Self {
            src: src.into(),
            newline_added: false,
            last_backslash: false,
            position: 0,
            line,
            scratch: Scratch::default(),
        };
        parser.end_in_newline();
        parser
    }

    fn end_in_newline(&mut self) {
        // bash ignores null bytes in its input.
        if memchr::memchr(0, &self.src).is_some() {
            self.src = self.src.iter().copied().filter(|&byte| byte != 0).collect::<Vec<u8>>().into();
        }
        self.newline_added = !self.src.is_empty() && self.src.last() != Some(&b'\n');
        self.last_backslash = self.newline_added && ends_in_backslash(&self.src);
        if self.newline_added {
            let mut text = Vec::with_capacity(self.src.len() + 1);
            text.extend_from_slice(&self.src);
            text.push(b'\n');
            self.src = Bytes::from(text);
        }
    }

    /// Adds input behind what is there: after an [`Incomplete`](SyntaxErrorKind::Incomplete) refusal, the next call
    /// reads the command again from its start. What has been read already is let go.
    pub fn feed(&mut self, more: &[u8]) {
        let left = self.src.get(self.position..).unwrap_or(&[]);
        let left = if self.newline_added { left.strip_suffix(b"\n").unwrap_or(left) } else { left };
        let mut text = Vec::with_capacity(left.len() + more.len() + 1);
        text.extend_from_slice(left);
        text.extend_from_slice(more);
        self.src = Bytes::from(text);
        self.position = 0;
        self.end_in_newline();
    }

    /// The line of the next byte, from 1.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The source that has not been read yet.
    pub fn rest(&self) -> &[u8] {
        self.src.get(self.position..).unwrap_or(&[])
    }

    /// Where the next command begins, in bytes from the start of the source.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Reads the next complete command: everything up to the newline that ends it, as bash does before it runs
    /// anything. `None` at the end of the source.
    ///
    /// # Errors
    /// What bash would refuse, in its words. After an error other than `Incomplete`, the rest of the line (or of the
    /// source, if the error came at its end) is skipped, so that an interactive shell can go on; after `Incomplete`
    /// nothing is.
    pub fn next_complete_command(&mut self, options: &Options<'_>) -> Result<Option<Arc<Unit>>, SyntaxError> {
        if self.position >= self.src.len() {
            return Ok(None);
        }
        if self.src.len() > MAX_SOURCE {
            let span = Span::default();
            self.position = self.src.len();
            let kind = SyntaxErrorKind::TooLarge;
            let status = SyntaxErrorStatus::default();
            return Err(SyntaxError { span, line: self.line, kind, source_line: None, status, warnings: Vec::new() });
        }
        let input = Input::new(self.src.clone(), self.position, self.line, self.last_backslash);
        let mut core = Core::new(input, *options, std::mem::take(&mut self.scratch));
        let result = core.root();
        self.scratch = std::mem::take(&mut core.scratch);
        self.scratch.clear();
        match result {
            Ok(_) if core.input.continued && !options.final_input => {
                let kind = SyntaxErrorKind::Incomplete { at_end: Box::new(SyntaxErrorKind::UnexpectedEnd) };
                Err(*core.error_at(core.input.line, kind))
            }
            Ok(root) => {
                let end = core.input.outermost_position();
                let mut unit = core.unit;
                unit.src = self.src.slice(self.position..end);
                unit.base = self.position as u32;
                unit.first_line = self.line;
                unit.root = root;
                self.position = end;
                self.line = core.input.line;
                Ok(root.map(|_| Arc::new(unit)))
            }
            Err(mut error) => {
                if !error.is_incomplete() {
                    self.skip_line(&core.input);
                }
                error.warnings = std::mem::take(&mut core.unit.warnings);
                Err(*error)
            }
        }
    }

    /// Goes on behind the line at which the parse stopped.
    fn skip_line(&mut self, input: &Input) {
        let stopped = input.outermost_position().max(self.position);
        let rest = self.src.get(stopped..).unwrap_or(&[]);
        self.position = memchr::memchr(b'\n', rest).map_or(self.src.len(), |newline| stopped + newline + 1);
        self.line = input.line + 1;
    }
}

/// Parses a whole source at once, with one set of options.
///
/// # Errors
/// The first refusal.
pub fn parse_all(src: impl Into<Bytes>, options: &Options<'_>) -> Result<Vec<Arc<Unit>>, SyntaxError> {
    let mut parser = Parser::new(src);
    let mut units = Vec::new();
    while let Some(unit) = parser.next_complete_command(options)? {
        units.push(unit);
    }
    Ok(units)
}
