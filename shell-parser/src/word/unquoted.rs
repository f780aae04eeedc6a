//! The unquoted text of a word: what ends it, and what is special in it.

use crate::ast::{Word, WordFacts, WordPart};
use crate::core::{Core, Parsed};
use crate::lex::class::name_length;
use crate::span::Span;
use crate::word::brace::BraceMap;
use crate::word::run::Run;

/// What ends the unquoted text of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// A metacharacter: an ordinary word.
    Metacharacter,
    /// `}`: the word of `${name:-word}`.
    Brace,
    /// `/` or `}`: the pattern of `${name/pattern/word}`.
    Slash,
    /// As `Metacharacter`, but parentheses and `|` are text: the right side of `=~`.
    Regex,
    /// `]`: a subscript.
    Bracket,
}

/// How a word is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub(crate) ends: Ends,
    /// Extended patterns may hold metacharacters.
    pub(crate) extglob: bool,
    /// Braces are special.
    pub(crate) braces: bool,
    /// The value of an assignment: a tilde is special after each `:` too.
    pub(crate) assignment: bool,
    /// A word that looks like an assignment is one as far as tildes are concerned: not so for an element of an array.
    pub(crate) assignment_like: bool,
    /// Metacharacters before this position are text: the subscript of `a[1 + 2]` at the start of a command; slashes, too.
    pub(crate) text_until: usize,
}

/// Bytes that are more than text somewhere.
const SPECIAL: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b" \t\n;&|()<>\\'\"$`*?[]{}/=:~+@!,";
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

impl Core<'_> {
    /// The style of an ordinary word that `ends` ends.
    pub(crate) fn style(&self, ends: Ends) -> Style {
        let braces = ends == Ends::Metacharacter && self.options.brace_expand;
        Style { ends, extglob: self.options.extglob, braces, assignment: false, assignment_like: true, text_until: 0 }
    }

    /// Reads the word at the cursor; `None` when none begins there.
    pub(crate) fn word(&mut self, ends: Ends) -> Parsed<Option<Word>> {
        self.word_in_style(self.style(ends))
    }

    /// Reads the word at the cursor; `None` when it would be empty, or where the number of a redirection stands.
    pub(crate) fn word_in_style(&mut self, style: Style) -> Parsed<Option<Word>> {
        if self.redirection_number() > 0 {
            return Ok(None);
        }
        self.word_or_number(style)
    }

    /// The same, a number that stands before `<` or `>` included.
    pub(crate) fn word_or_number(&mut self, style: Style) -> Parsed<Option<Word>> {
        let position = self.input.position();
        let word = self.word_or_empty(style)?;
        Ok((self.input.position() != position || !word.parts.is_empty()).then_some(word))
    }

    /// Reads the word at the cursor, which may be empty.
    pub(crate) fn word_or_empty(&mut self, style: Style) -> Parsed<Word> {
        let start = self.input.offset();
        let position = self.input.position();
        let bad = self.bad_parameters.len();
        let mark = self.scratch.parts.len();
        let outer = std::mem::take(&mut self.facts);
        let mut braces = BraceMap::default();
        self.unquoted(style, &mut braces)?;
        if self.bad_parameters.len() > bad {
            let string = self.input.slice(position, self.input.position());
            self.show_bad_parameters(bad, &string);
        }
        let facts = std::mem::replace(&mut self.facts, outer);
        self.propagate(facts);
        Ok(self.finish_word(start, mark, facts))
    }

    /// Lets the word around a word know what it holds.
    pub(crate) fn propagate(&mut self, inner: WordFacts) {
        for flag in [WordFacts::EXPANSION, WordFacts::SUBSTITUTION] {
            if inner.has(flag) {
                self.facts = self.facts.with(flag);
            }
        }
    }

    /// Makes a word of the parts above `mark`.
    pub(crate) fn finish_word(&mut self, start: u32, mark: usize, facts: WordFacts) -> Word {
        const SPECIAL_FACTS: WordFacts =
            WordFacts::GLOB.with(WordFacts::EXTGLOB).with(WordFacts::BRACE).with(WordFacts::TILDE);
        let parts = self.flush_parts(mark);
        let plain = match self.unit.parts(parts) {
            // The name of the command `[`: a bracket expression that is not closed is no pattern.
            [WordPart::Literal(text)] if text.as_ref() == b"[" => true,
            [WordPart::Literal(_)] => !facts.any(SPECIAL_FACTS),
            _ => false,
        };
        let facts = if plain { facts.with(WordFacts::LITERAL) } else { facts };
        let verbatim = self.input.is_verbatim() && !std::mem::take(&mut self.left_alias);
        let facts = if verbatim { facts.with(WordFacts::VERBATIM) } else { facts };
        let span = Span::new(start, self.input.end_offset().max(start));
        Word { parts, span, assignment: None, facts }
    }

    /// Reads unquoted text up to what ends it; the parts go to the scratch.
    pub(crate) fn unquoted(&mut self, style: Style, braces: &mut BraceMap) -> Parsed<()> {
        let mut text = Unquoted {
            style,
            run: Run::default(),
            start: self.input.position(),
            parentheses: 0,
            brackets: 0,
            tilde: true,
            assigned: style.assignment,
            looks: 0,
            line: self.input.line,
        };
        while text.step(self, braces)? {}
        text.run.flush(self);
        Ok(())
    }
}

/// The state of reading unquoted text.
struct Unquoted {
    style: Style,
    run: Run,
    start: usize,
    /// Open parentheses of extended patterns or of a regular expression, each with the line it began at.
    parentheses: u32,
    /// Open brackets of a subscript.
    brackets: u32,
    /// A tilde here would be special.
    tilde: bool,
    /// Behind the `=` of something that looks like an assignment.
    assigned: bool,
    /// How many `=` have been examined.
    looks: u8,
    /// The line at which the outermost open parenthesis stands.
    line: u32,
}

impl Unquoted {
    /// Reads the next piece; false at the end of the text.
    fn step(&mut self, core: &mut Core<'_>, braces: &mut BraceMap) -> Parsed<bool> {
        let position = core.input.position();
        let rest = core.input.rest();
        let plain = rest.iter().position(|&byte| SPECIAL[byte as usize]).unwrap_or(rest.len());
        if plain > 0 {
            core.input.advance(plain);
            self.run.push(core, position, position + plain);
            self.tilde = false;
        }
        let Some(byte) = core.input.peek() else { return self.at_end(core) };
        let tilde = std::mem::take(&mut self.tilde);
        match byte {
            b'\\' => {
                self.tilde = tilde;
                self.backslash(core);
            }
            b'\'' => self.part(core, |core| core.single_quoted())?,
            b'"' => self.part(core, |core| core.double_quoted())?,
            b'`' => self.part(core, |core| core.backquoted(false))?,
            b'$' => self.dollar(core)?,
            b'~' if tilde => self.tilde(core),
            b'{' if self.style.braces => self.brace(core, braces)?,
            b'*' | b'?' | b'[' | b'+' | b'@' | b'!' => self.pattern_byte(core, byte),
            b'=' => self.equals(core),
            b':' => {
                self.literal(core, 1);
                self.tilde = self.assigned;
            }
            b'<' | b'>' if core.input.peek_at(1) == Some(b'(') && self.process_substitution_ok() => {
                self.part(core, |core| core.process_substitution())?;
            }
            b'\n' if self.parentheses > 0 || !self.ends_at_metacharacter(core) => {
                let at = core.input.position();
                core.input.advance_lines(1);
                self.run.push(core, at, at + 1);
            }
            _ => {
                if self.is_end(core, byte) {
                    return Ok(false);
                }
                self.literal(core, 1);
            }
        }
        Ok(true)
    }

    /// At the end of the current text: goes on in the text around an alias only inside brackets.
    fn at_end(&mut self, core: &mut Core<'_>) -> Parsed<bool> {
        match self.style.ends {
            Ends::Metacharacter | Ends::Regex if self.parentheses > 0 => Err(core.unmatched(b')', self.line)),
            Ends::Brace | Ends::Slash if core.input.in_alias() => {
                self.run.own(core);
                let popped = core.input.pop_alias().is_some();
                core.left_alias |= popped;
                Ok(popped)
            }
            _ => Ok(false),
        }
    }

    /// Appends `count` bytes at the cursor to the literal text.
    fn literal(&mut self, core: &mut Core<'_>, count: usize) {
        let at = core.input.position();
        core.input.advance(count);
        self.run.push(core, at, at + count);
    }

    /// Ends the literal text and reads a part.
    fn part(&mut self, core: &mut Core<'_>, read: impl FnOnce(&mut Core<'_>) -> Parsed<()>) -> Parsed<()> {
        self.run.flush(core);
        read(core)
    }

    fn ends_at_metacharacter(&self, core: &Core<'_>) -> bool {
        matches!(self.style.ends, Ends::Metacharacter | Ends::Regex) && core.input.position() >= self.style.text_until
    }

    fn process_substitution_ok(&self) -> bool {
        self.style.ends != Ends::Bracket
    }

    /// Whether the special byte at the cursor ends the text. Counts the brackets it passes.
    fn is_end(&mut self, core: &Core<'_>, byte: u8) -> bool {
        match (self.style.ends, byte) {
            (Ends::Metacharacter | Ends::Regex, b'(') if self.parentheses > 0 => self.parentheses += 1,
            (Ends::Metacharacter | Ends::Regex, b')') if self.parentheses > 0 => self.parentheses -= 1,
            (Ends::Regex, b'(') => {
                self.parentheses = 1;
                self.line = core.input.line;
            }
            (Ends::Regex, b'|') => {}
            (Ends::Metacharacter | Ends::Regex, _) if self.parentheses > 0 => {}
            (
                Ends::Metacharacter | Ends::Regex,
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>',
            ) => {
                return core.input.position() >= self.style.text_until;
            }
            (Ends::Brace | Ends::Slash, b'}') => return true,
            (Ends::Slash, b'/') => return core.input.position() >= self.style.text_until,
            (Ends::Bracket, b']') => match self.brackets.checked_sub(1) {
                Some(less) => self.brackets = less,
                None => return true,
            },
            _ => {}
        }
        false
    }

    /// `\`: a line continuation, or a quoted byte.
    fn backslash(&mut self, core: &mut Core<'_>) {
        if core.input.at_continuation() {
            core.input.skip_continuation();
            return;
        }
        core.facts = core.facts.with(WordFacts::QUOTED);
        self.tilde = false;
        let at = core.input.position();
        match core.input.peek_at(1) {
            Some(_) if !core.input.at_last_backslash() => {
                self.run.flush(core);
                core.input.advance_lines(2);
                let escaped = core.input.slice(at + 1, at + 2);
                core.scratch.parts.push(WordPart::Escaped(escaped));
            }
            _ => {
                self.run.flush(core);
                core.input.advance(1);
                let escaped = core.input.slice(at, at + 1);
                core.scratch.parts.push(WordPart::Escaped(escaped));
            }
        }
    }

    /// `$`: an expansion, a quotation, or itself.
    fn dollar(&mut self, core: &mut Core<'_>) -> Parsed<()> {
        match core.input.peek_at(1) {
            Some(b'\'') => self.part(core, |core| core.ansi_c_quoted()),
            Some(b'"') => self.part(core, |core| core.localized()),
            _ if core.at_expansion() => self.part(core, |core| core.expansion(false)),
            _ => {
                self.literal(core, 1);
                Ok(())
            }
        }
    }

    /// A byte that is special in patterns, alone or before a parenthesis.
    fn pattern_byte(&mut self, core: &mut Core<'_>, byte: u8) {
        if byte != b'[' && core.input.peek_at(1) == Some(b'(') && self.style.extglob && self.style.ends != Ends::Regex {
            core.facts = core.facts.with(WordFacts::GLOB).with(WordFacts::EXTGLOB);
            if self.style.ends == Ends::Metacharacter {
                if self.parentheses == 0 {
                    self.line = core.input.line;
                }
                self.parentheses += 1;
            }
            self.literal(core, 2);
            return;
        }
        if matches!(byte, b'*' | b'?' | b'[') {
            core.facts = core.facts.with(WordFacts::GLOB);
        }
        if byte == b'[' && self.style.ends == Ends::Bracket {
            self.brackets += 1;
        }
        self.literal(core, 1);
    }

    /// `=`: behind a name, tildes are special as in assignments.
    fn equals(&mut self, core: &mut Core<'_>) {
        // A bounded number of looks keeps long words linear.
        if self.style.ends == Ends::Metacharacter && !self.assigned && self.looks < 8 {
            self.looks += 1;
            let before = core.input.bytes(self.start, core.input.position());
            if is_assignment_target(before) {
                core.facts = core.facts.with(WordFacts::ASSIGNMENT);
                // "Tilde expansion is only performed on assignments preceding a command name" in POSIX mode.
                self.assigned = self.style.assignment_like && !core.options.posix;
                self.tilde = self.assigned;
            }
        }
        self.literal(core, 1);
    }

    /// `~` where it may be special.
    fn tilde(&mut self, core: &mut Core<'_>) {
        match core.tilde_prefix(self.style, self.assigned) {
            Some(length) => {
                self.run.flush(core);
                let at = core.input.position();
                let user = core.input.slice(at + 1, at + length);
                core.input.advance(length);
                core.facts = core.facts.with(WordFacts::TILDE);
                core.scratch.parts.push(WordPart::Tilde(user));
            }
            None => self.literal(core, 1),
        }
    }

    /// `{`: a brace expansion if it is complete.
    fn brace(&mut self, core: &mut Core<'_>, braces: &mut BraceMap) -> Parsed<()> {
        if self.parentheses > 0 || !core.brace_begins(braces) {
            self.literal(core, 1);
            // The `{}` of `find -exec` never takes part in a brace expansion.
            if core.input.peek() == Some(b'}') {
                self.literal(core, 1);
            }
            return Ok(());
        }
        self.run.flush(core);
        core.brace_expansion(self.style, braces)
    }
}

/// Whether `text` is what stands before the `=` of an assignment: `name`, `name[...]`, with `+` or not.
pub(crate) fn is_assignment_target(text: &[u8]) -> bool {
    let length = name_length(text);
    if length == 0 {
        return false;
    }
    let rest = text.get(length..).unwrap_or(&[]);
    let rest = rest.strip_suffix(b"+").unwrap_or(rest);
    rest.is_empty() || (rest.len() > 2 && rest.starts_with(b"[") && rest.ends_with(b"]"))
}
