//! Compiling a script.  [POSIX sed "Editing Commands in sed"; GNU sed manual "sed scripts"]

use super::address::{Address, Addresses};
use super::command::{Action, Command, RegexId, Script, Substitution, Transliteration};
use super::lexer::{Lexer, ScriptError};
use super::replacement::Replacement;
use super::settings::Settings;
use super::unambiguous;
use crate::text::regex::{Flags, Lines, Regex, Syntax};
use crate::utility::prelude::Bytes;

/// How deep blocks may nest.
const MAX_DEPTH: usize = 10_000;

/// Compiles the script of `settings`. The error of a missing label has no place.
pub(super) fn parse(settings: &Settings) -> Result<Script, ParseFailure> {
    let text = &settings.script.text;
    let mut parser = Parser {
        lexer: Lexer { text, at: 0 },
        settings,
        script: Script::default(),
        blocks: Vec::new(),
        labels: Vec::new(),
        jumps: Vec::new(),
    };
    if let [b'#', b'n', rest @ ..] = text.as_slice()
        && matches!(rest.first(), None | Some(b'\n'))
        && settings.script.parts.first().is_some_and(|(_, len, _)| *len == 2 || rest.first() == Some(&b'\n'))
    {
        parser.script.quiet = true;
    }
    parser.commands().map_err(ParseFailure::Script)?;
    parser.resolve()
}

/// Why a script does not compile.
#[derive(Debug)]
pub(super) enum ParseFailure {
    Script(ScriptError),
    MissingLabel(Vec<u8>),
}

struct Parser<'s> {
    lexer: Lexer<'s>,
    settings: &'s Settings,
    script: Script,
    /// The open blocks.
    blocks: Vec<usize>,
    labels: Vec<(Vec<u8>, usize)>,
    /// Commands that go to a label.
    jumps: Vec<(usize, Vec<u8>)>,
}

type Result1<T> = Result<T, ScriptError>;

impl Parser<'_> {
    fn commands(&mut self) -> Result1<()> {
        while let Some(byte) = self.lexer.next() {
            match byte {
                b';' => {}
                byte if byte.is_ascii_whitespace() => {}
                b'#' => self.comment(),
                byte => self.command(byte)?,
            }
        }
        if self.blocks.is_empty() {
            return Ok(());
        }
        Err(ScriptError { message: "unmatched `{'".to_string(), at: None })
    }

    fn comment(&mut self) {
        while self.lexer.next().is_some_and(|byte| byte != b'\n') {}
    }

    fn command(&mut self, first: u8) -> Result1<()> {
        let mut next = Some(first);
        let mut addresses = Addresses::default();
        if let Some(address) = self.address(first)? {
            if matches!(address, Address::More(_) | Address::Multiple(_)) {
                return self.lexer.error("invalid usage of +N or ~N as first address");
            }
            addresses.first = Some(address);
            next = self.lexer.next_nonblank();
            if next == Some(b',') {
                let second = match self.lexer.next_nonblank() {
                    Some(byte) => self.address(byte)?,
                    None => None,
                };
                match second {
                    Some(second) => addresses.second = Some(second),
                    None => return self.lexer.error("unexpected `,'"),
                }
                next = self.lexer.next_nonblank();
            }
        }
        let is_zero = matches!(addresses.first, Some(Address::Line(0) | Address::Step(0, 0)));
        let regex_end = matches!(addresses.second, Some(Address::Regex(_)));
        if is_zero && (!regex_end || self.settings.posix) {
            return self.lexer.error("invalid usage of line address 0");
        }
        let mut negated = false;
        if next == Some(b'!') {
            negated = true;
            next = self.lexer.next_nonblank();
            if next == Some(b'!') {
                return self.lexer.error("multiple `!'s");
            }
        }
        let Some(name) = next.filter(|byte| *byte != b'\n' && *byte != b';') else {
            return self.lexer.error("missing command");
        };
        addresses.state = addresses.initial();
        let action = self.action(name, &addresses)?;
        self.script.commands.push(Command { addresses, negated, action });
        Ok(())
    }

    /// An address that begins with `first`; `None`: it does not.
    fn address(&mut self, first: u8) -> Result1<Option<Address>> {
        let address = match first {
            b'/' => self.regex_address(b'/')?,
            b'\\' => match self.lexer.next() {
                Some(delimiter) => self.regex_address(delimiter)?,
                None => return self.lexer.error("unterminated address regex"),
            },
            b'0'..=b'9' => {
                self.lexer.at -= 1;
                let line = self.lexer.number();
                self.lexer.skip_blanks();
                if self.lexer.peek() == Some(b'~') && !self.settings.posix {
                    self.lexer.at += 1;
                    self.lexer.skip_blanks();
                    Address::Step(line, self.lexer.number())
                } else {
                    Address::Line(line)
                }
            }
            b'+' | b'~' if !self.settings.posix => {
                self.lexer.skip_blanks();
                let number = self.lexer.number();
                if first == b'+' { Address::More(number) } else { Address::Multiple(number) }
            }
            b'$' => Address::Last,
            _ => return Ok(None),
        };
        Ok(Some(address))
    }

    fn regex_address(&mut self, delimiter: u8) -> Result1<Address> {
        let Some(text) = self.lexer.delimited(delimiter, true) else {
            return self.lexer.error("unterminated address regex");
        };
        let (mut icase, mut lines) = (false, Lines::Ordinary);
        loop {
            self.lexer.skip_blanks();
            match self.lexer.peek() {
                Some(b'I') if !self.settings.posix => icase = true,
                Some(b'M') if !self.settings.posix => lines = Lines::Anchors,
                _ => return Ok(Address::Regex(self.regex(&text, icase, lines)?)),
            }
            self.lexer.at += 1;
        }
    }

    fn regex(&mut self, text: &[u8], icase: bool, lines: Lines) -> Result1<RegexId> {
        if text.is_empty() {
            return Ok(None);
        }
        let syntax = match (self.settings.extended, self.settings.posix) {
            (false, false) => Syntax::Basic,
            (true, false) => Syntax::SedExtended,
            (false, true) => Syntax::StrictBasic,
            (true, true) => Syntax::StrictExtended,
        };
        let text = unambiguous::regex(text);
        match Regex::new(&text, syntax, Flags { icase, lines, ..Flags::default() }) {
            Ok(regex) => {
                self.script.regexes.push(regex);
                Ok(Some(self.script.regexes.len() - 1))
            }
            Err(error) => self.lexer.error(error.to_string()),
        }
    }

    fn action(&mut self, name: u8, addresses: &Addresses) -> Result1<Action> {
        let here = self.script.commands.len();
        match name {
            b'#' => self.lexer.error("comments don't accept any addresses"),
            b':' => self.label(addresses),
            b'{' => {
                if self.blocks.len() >= MAX_DEPTH {
                    return self.lexer.error("too many nested blocks");
                }
                self.blocks.push(here);
                Ok(Action::Block(0))
            }
            b'}' => self.close_block(addresses),
            b'a' | b'i' | b'c' => self.text_command(name),
            b'b' | b't' | b'T' => self.jump(name, here),
            b'e' => {
                self.refuse_in_sandbox()?;
                Ok(Action::Execute(Bytes::copy_from_slice(self.lexer.rest_of_line())))
            }
            b'q' | b'Q' | b'l' | b'L' => self.numbered_command(name, addresses),
            b'r' | b'R' | b'w' | b'W' => self.file_command(name),
            b's' => self.substitute(),
            b'v' => self.version(),
            b'y' => self.transliterate(),
            _ => {
                let action = match name {
                    b'=' => Action::LineNumber,
                    b'd' => Action::Delete,
                    b'D' => Action::DeleteFirstLine,
                    b'F' => Action::FileName,
                    b'g' => Action::Get,
                    b'G' => Action::GetAppend,
                    b'h' => Action::Hold,
                    b'H' => Action::HoldAppend,
                    b'n' => Action::Next,
                    b'N' => Action::NextAppend,
                    b'p' => Action::Print,
                    b'P' => Action::PrintFirstLine,
                    b'x' => Action::Exchange,
                    b'z' => Action::Zap,
                    _ => return self.lexer.error(format!("unknown command: `{}'", char::from(name))),
                };
                self.lexer.end_of_command()?;
                Ok(action)
            }
        }
    }

    fn label(&mut self, addresses: &Addresses) -> Result1<Action> {
        if addresses.first.is_some() {
            return self.lexer.error(": doesn't want any addresses");
        }
        let label = self.lexer.label();
        if label.is_empty() {
            return self.lexer.error("\":\" lacks a label");
        }
        self.labels.push((label.to_vec(), self.script.commands.len()));
        Ok(Action::Nothing)
    }

    fn close_block(&mut self, addresses: &Addresses) -> Result1<Action> {
        let here = self.script.commands.len();
        let Some(open) = self.blocks.pop() else { return self.lexer.error("unexpected `}'") };
        if addresses.first.is_some() {
            return self.lexer.error("} doesn't want any addresses");
        }
        if let Some(Command { action: Action::Block(end), .. }) = self.script.commands.get_mut(open) {
            *end = here;
        }
        self.lexer.end_of_command()?;
        Ok(Action::Nothing)
    }

    fn refuse_in_sandbox(&self) -> Result1<()> {
        if self.settings.sandbox {
            return self.lexer.error("e/r/w commands disabled in sandbox mode");
        }
        Ok(())
    }

    fn jump(&mut self, name: u8, here: usize) -> Result1<Action> {
        let label = self.lexer.label();
        if !label.is_empty() {
            self.jumps.push((here, label.to_vec()));
        }
        Ok(match name {
            b'b' => Action::Branch(usize::MAX),
            b't' => Action::BranchIfSubstituted(usize::MAX),
            _ => Action::BranchUnlessSubstituted(usize::MAX),
        })
    }

    fn numbered_command(&mut self, name: u8, addresses: &Addresses) -> Result1<Action> {
        let quits = matches!(name, b'q' | b'Q');
        if quits && addresses.second.is_some() {
            return self.lexer.error("command only uses one address");
        }
        if name == b'L' {
            return self.lexer.error("unknown command: `L'");
        }
        self.lexer.skip_blanks();
        let number = self.lexer.peek().filter(u8::is_ascii_digit).map(|_| self.lexer.number());
        self.lexer.end_of_command()?;
        let status = (number.unwrap_or(0) & 0xFF) as u8;
        Ok(match name {
            b'q' => Action::Quit(status),
            b'Q' => Action::QuitSilently(status),
            _ => Action::List(number.map(|number| usize::try_from(number).unwrap_or(usize::MAX))),
        })
    }

    fn file_command(&mut self, name: u8) -> Result1<Action> {
        self.refuse_in_sandbox()?;
        self.lexer.skip_blanks();
        if matches!(self.lexer.peek(), None | Some(b'\n')) {
            return self.lexer.error("missing filename in r/R/w/W commands");
        }
        let file = Bytes::copy_from_slice(self.lexer.rest_of_line());
        Ok(match name {
            b'r' => Action::ReadFile(file),
            b'R' => Action::ReadLine(file),
            b'w' => Action::WriteFile(self.output(file)),
            _ => Action::WriteFirstLine(self.output(file)),
        })
    }

    fn output(&mut self, file: Bytes) -> usize {
        if let Some(known) = self.script.outputs.iter().position(|known| *known == file) {
            return known;
        }
        self.script.outputs.push(file);
        self.script.outputs.len() - 1
    }

    /// The text of `a`, `i` and `c`: behind `\` and a newline, or on the same line (GNU).
    fn text_command(&mut self, name: u8) -> Result1<Action> {
        self.lexer.skip_blanks();
        if self.lexer.peek().is_none() || self.settings.posix && self.lexer.peek() != Some(b'\\') {
            return self.lexer.error("expected \\ after `a', `c' or `i'");
        }
        let mut ended = false;
        if self.lexer.peek() == Some(b'\\') {
            self.lexer.at += 1;
            let behind = self.lexer.at;
            self.lexer.skip_blanks();
            match self.lexer.peek() {
                Some(b'\n') => self.lexer.at += 1,
                None => ended = true,
                // White space behind the backslash is part of the text.
                Some(_) => self.lexer.at = behind,
            }
        }
        let mut raw = Vec::new();
        while let Some(byte) = self.lexer.next() {
            match byte {
                b'\n' => break,
                b'\\' => match self.lexer.next() {
                    Some(b'\n') => raw.push(b'\n'),
                    Some(byte) => raw.extend_from_slice(&[b'\\', byte]),
                    None => break,
                },
                byte => raw.push(byte),
            }
        }
        let mut text = unambiguous::text(&raw);
        if !ended {
            text.push(b'\n');
        }
        let text = Bytes::from(text);
        Ok(match name {
            b'a' => Action::Append(text),
            b'i' => Action::Insert(text),
            _ => Action::Change(text),
        })
    }

    fn substitute(&mut self) -> Result1<Action> {
        let unterminated = "unterminated `s' command";
        let Some(delimiter) = self.lexer.next() else { return self.lexer.error(unterminated) };
        let Some(pattern) = self.lexer.delimited(delimiter, true) else { return self.lexer.error(unterminated) };
        let Some(text) = self.replacement_text(delimiter) else { return self.lexer.error(unterminated) };
        let mut substitution = Substitution {
            regex: None,
            replacement: Replacement::new(&text, self.settings.posix),
            number: 1,
            global: false,
            print: false,
            evaluate: false,
            write: None,
        };
        let (icase, lines) = self.substitute_flags(&mut substitution)?;
        substitution.regex = self.regex(&pattern, icase, lines)?;
        let highest = substitution.replacement.highest_group();
        let known = substitution.regex.and_then(|id| self.script.regexes.get(id)).map_or(9, Regex::groups);
        if highest > known {
            return self.lexer.error(format!("invalid reference \\{highest} on `s' command's RHS"));
        }
        Ok(Action::Substitute(Box::new(substitution)))
    }

    /// The replacement: unlike a pattern it may hold escaped newlines.
    fn replacement_text(&mut self, delimiter: u8) -> Option<Vec<u8>> {
        let mut text = Vec::new();
        loop {
            match self.lexer.next()? {
                byte if byte == delimiter => return Some(text),
                b'\n' => {
                    self.lexer.at -= 1;
                    return None;
                }
                b'\\' => match self.lexer.next()? {
                    b'\n' => text.push(b'\n'),
                    byte if byte == delimiter && byte != b'&' => text.push(byte),
                    byte => text.extend_from_slice(&[b'\\', byte]),
                },
                byte => text.push(byte),
            }
        }
    }

    fn substitute_flags(&mut self, substitution: &mut Substitution) -> Result1<(bool, Lines)> {
        let (mut icase, mut lines, mut numbered) = (false, Lines::Ordinary, false);
        loop {
            let Some(byte) = self.lexer.next() else { return Ok((icase, lines)) };
            match byte {
                b'i' | b'I' if !self.settings.posix => icase = true,
                b'm' | b'M' if !self.settings.posix => lines = Lines::Anchors,
                b'e' if !self.settings.posix => {
                    self.refuse_in_sandbox()?;
                    substitution.evaluate = true;
                }
                b'p' if substitution.print => return self.lexer.error("multiple `p' options to `s' command"),
                b'p' => substitution.print = true,
                b'g' if substitution.global => return self.lexer.error("multiple `g' options to `s' command"),
                b'g' => substitution.global = true,
                b'0'..=b'9' if numbered => return self.lexer.error("multiple number options to `s' command"),
                b'0'..=b'9' => {
                    self.lexer.at -= 1;
                    substitution.number = self.lexer.number();
                    if substitution.number == 0 {
                        return self.lexer.error("number option to `s' command may not be zero");
                    }
                    numbered = true;
                }
                b'w' => {
                    if let Action::WriteFile(output) = self.file_command(b'w')? {
                        substitution.write = Some(output);
                    }
                    return Ok((icase, lines));
                }
                b'}' | b'#' => {
                    self.lexer.at -= 1;
                    return Ok((icase, lines));
                }
                b'\n' | b';' => return Ok((icase, lines)),
                b' ' | b'\t' | b'\r' => {}
                _ => return self.lexer.error("unknown option to `s'"),
            }
        }
    }

    fn version(&mut self) -> Result1<Action> {
        let text = self.lexer.label();
        let mut numbers = text
            .split(|byte| *byte == b'.')
            .map(|part| std::str::from_utf8(part).ok().and_then(|part| part.parse::<u64>().ok()));
        if text.is_empty() {
            return Ok(Action::Nothing);
        }
        let asked = [numbers.next().flatten(), numbers.next().unwrap_or(Some(0)), numbers.next().unwrap_or(Some(0))];
        let known = asked.iter().all(Option::is_some) && asked <= [Some(4), Some(9), Some(0)];
        if known { Ok(Action::Nothing) } else { self.lexer.error("expected newer version of sed") }
    }

    fn transliterate(&mut self) -> Result1<Action> {
        let unterminated = "unterminated `y' command";
        let Some(delimiter) = self.lexer.next() else { return self.lexer.error(unterminated) };
        let Some(from) = self.lexer.delimited(delimiter, false) else { return self.lexer.error(unterminated) };
        let Some(to) = self.lexer.delimited(delimiter, false) else { return self.lexer.error(unterminated) };
        let (from, to) = (characters(&unambiguous::text(&from)), characters(&unambiguous::text(&to)));
        if from.len() != to.len() {
            return self.lexer.error("strings for `y' command are different lengths");
        }
        self.lexer.end_of_command()?;
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = from.into_iter().zip(to).collect();
        Ok(Action::Transliterate(Box::new(transliteration(pairs))))
    }

    fn resolve(mut self) -> Result<Script, ParseFailure> {
        for (command, label) in std::mem::take(&mut self.jumps) {
            let target = self.labels.iter().find(|(known, _)| *known == label).map(|(_, target)| *target);
            let Some(target) = target else { return Err(ParseFailure::MissingLabel(label)) };
            if let Some(Command {
                action: Action::Branch(to) | Action::BranchIfSubstituted(to) | Action::BranchUnlessSubstituted(to),
                ..
            }) = self.script.commands.get_mut(command)
            {
                *to = target;
            }
        }
        Ok(self.script)
    }
}

/// The characters of a text; a byte that is part of none is one.
fn characters(text: &[u8]) -> Vec<Vec<u8>> {
    crate::text::chars::chars(text).map(|character| character.bytes().to_vec()).collect()
}

fn transliteration(mut pairs: Vec<(Vec<u8>, Vec<u8>)>) -> Transliteration {
    let single = pairs.iter().all(|(from, to)| from.len() == 1 && to.len() == 1);
    if !single {
        // The first of equal characters counts.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        return Transliteration::Characters(pairs);
    }
    let mut table = [0u8; 256];
    table.iter_mut().zip(0u8..=255).for_each(|(place, byte)| *place = byte);
    for (from, to) in pairs.iter().rev() {
        if let (Some(from), Some(to)) = (from.first(), to.first())
            && let Some(place) = table.get_mut(usize::from(*from))
        {
            *place = *to;
        }
    }
    Transliteration::Bytes(Box::new(table))
}
