//! Executing the commands of a script on one line.
//!
//! Most lines are edited without waiting for anything: [`Editor::run`] is an ordinary function that goes on until input,
//! files or other programs are needed. What then follows is asynchronous ([`Editor::wait_for`]), and `run` goes on from
//! there.

use super::address::{Address, Addresses, RangeState};
use super::command::{Action, RegexId, Substitution};
use super::input::Arrival;
use super::run::{Appended, Editor, Failure};
use super::substitute::{list, substitute, transliterate};
use crate::utility::prelude::*;

/// Steps before others are let run; output is written then, too.
const STEPS: u64 = 4096;

/// How a cycle ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cycle {
    /// The pattern space is printed unless `-n`, and the next line is read.
    End,
    /// The next line is read; nothing is printed.
    Deleted,
    /// The script starts anew on what is left of the pattern space.
    Restart,
    /// `sed` ends, printing the pattern space unless `-n`.
    Quit(u8),
    /// `sed` ends.
    QuitSilently(u8),
}

/// What follows a command.
enum Then {
    Next,
    Go(usize),
    Cycle(Cycle),
    /// It must wait for something, and has done nothing yet.
    Wait,
}

/// Why [`Editor::run`] stops.
pub(super) enum Pause {
    /// A line must be read.
    Line,
    /// Whether there is another line must be known.
    LookAhead,
    /// The command at the current place waits.
    Command,
    /// Enough for now.
    Rest,
    /// A cycle has ended, and there is more to do than printing the pattern space.
    Cycle(Cycle),
}

impl Editor<'_> {
    /// Executes the script on line after line, from the current place on.
    pub(super) fn run(&mut self) -> Result<Pause, Failure> {
        loop {
            let Some(place) = self.place else {
                if !self.take_buffered() {
                    return Ok(Pause::Line);
                }
                self.place = Some(0);
                continue;
            };
            let cycle = match self.script.commands.get(place) {
                None => Cycle::End,
                Some(command) => {
                    self.steps += 1;
                    if self.steps > STEPS {
                        return Ok(Pause::Rest);
                    }
                    let Some(applies) = self.applies(place, &command.addresses)? else { return Ok(Pause::LookAhead) };
                    if applies == command.negated {
                        self.place = Some(match command.action {
                            Action::Block(end) => end,
                            _ => place + 1,
                        });
                        continue;
                    }
                    match self.act(place, &command.action)? {
                        Then::Wait => return Ok(Pause::Command),
                        then => match self.follow(place, then) {
                            None => continue,
                            Some(cycle) => cycle,
                        },
                    }
                }
            };
            self.place = None;
            if !matches!(cycle, Cycle::End | Cycle::Deleted) || !self.appended.is_empty() || self.settings.unbuffered {
                return Ok(Pause::Cycle(cycle));
            }
            if cycle == Cycle::End && !self.quiet {
                self.output.line(&self.pattern, self.terminated, self.settings.delimiter);
            }
            if self.output.is_full() {
                return Ok(Pause::Rest);
            }
        }
    }

    /// Goes to what follows a command; the cycle's end if that does.
    fn follow(&mut self, place: usize, then: Then) -> Option<Cycle> {
        match then {
            Then::Next | Then::Wait => self.place = Some(place + 1),
            Then::Go(target) => self.place = Some(target),
            Then::Cycle(cycle) => return Some(cycle),
        }
        None
    }

    /// Takes the next line if it has been read.
    fn take_buffered(&mut self) -> bool {
        let Some(line) = self.input.buffered() else { return false };
        self.pattern.clear();
        self.pattern.extend_from_slice(line);
        self.substituted = false;
        self.took_line();
        true
    }

    /// Does what the command at the current place waits for; the cycle's end if that follows.
    pub(super) async fn wait_for_command(&mut self) -> Result<Option<Cycle>, Failure> {
        let script = self.script;
        let Some(place) = self.place else { return Ok(None) };
        let Some(command) = script.commands.get(place) else { return Ok(None) };
        let then = match &command.action {
            Action::Next => self.next_line().await?,
            Action::NextAppend => self.append_next_line().await?,
            Action::Execute(command) => {
                self.execute_command(command).await?;
                Then::Next
            }
            Action::ReadLine(file) => {
                if let Some(record) = self.read_line_of(file).await {
                    self.appended.push(Appended::Line(record.bytes));
                }
                Then::Next
            }
            Action::Substitute(substitution) => {
                self.substitute_and_execute(substitution).await?;
                Then::Next
            }
            _ => Then::Next,
        };
        Ok(self.follow(place, then))
    }

    /// Whether a command is for the current line; keeps account of its range. `None`: that cannot be said before it is
    /// known whether another line follows.
    fn applies(&mut self, place: usize, addresses: &Addresses) -> Result<Option<bool>, Failure> {
        let (first, second) = match (&addresses.first, &addresses.second) {
            (None, _) => return Ok(Some(true)),
            (Some(first), None) => return self.matches(first),
            (Some(first), Some(second)) => (first, second),
        };
        let state = self.ranges.get(place).copied().unwrap_or_default();
        let next = match state {
            RangeState::Inside(Some(end)) if self.line_number > end => None,
            RangeState::Inside(Some(end)) => Some(if self.line_number >= end { RangeState::Outside } else { state }),
            RangeState::Inside(None) => match self.matches(second)? {
                None => return Ok(None),
                Some(ends) => Some(if ends { RangeState::Outside } else { state }),
            },
            RangeState::Outside => None,
        };
        let next = match next {
            Some(next) => next,
            None => match self.matches(first)? {
                None => return Ok(None),
                Some(true) => addresses.enter(self.line_number).unwrap_or(RangeState::Outside),
                Some(false) => {
                    self.set_range(place, RangeState::Outside);
                    return Ok(Some(false));
                }
            },
        };
        self.set_range(place, next);
        Ok(Some(true))
    }

    fn set_range(&mut self, place: usize, state: RangeState) {
        if let Some(range) = self.ranges.get_mut(place) {
            *range = state;
        }
    }

    /// Whether an address is that of the current line; `None` as for [`Editor::applies`].
    fn matches(&mut self, address: &Address) -> Result<Option<bool>, Failure> {
        Ok(Some(match address {
            Address::Line(line) => *line == self.line_number,
            Address::Step(first, 0) => *first == self.line_number,
            Address::Step(first, step) => self.line_number.checked_sub(*first).is_some_and(|beyond| beyond % step == 0),
            Address::Last => return Ok(self.input.is_at_end()),
            Address::Regex(id) => {
                let id = self.last_used(*id)?;
                let regex = self.script.regexes.get(id).ok_or(Failure::NoPreviousRegex)?;
                regex.is_match(&self.pattern)?
            }
            Address::More(_) | Address::Multiple(_) => false,
        }))
    }

    /// The regular expression meant: an empty one is the one used last.
    fn last_used(&mut self, id: RegexId) -> Result<usize, Failure> {
        let id = id.or(self.last_regex).ok_or(Failure::NoPreviousRegex)?;
        self.last_regex = Some(id);
        Ok(id)
    }

    fn act(&mut self, place: usize, action: &Action) -> Result<Then, Failure> {
        match action {
            Action::Block(_) | Action::Nothing => {}
            Action::Branch(target) => return Ok(Then::Go(*target)),
            Action::BranchIfSubstituted(target) => {
                if std::mem::take(&mut self.substituted) {
                    return Ok(Then::Go(*target));
                }
            }
            Action::BranchUnlessSubstituted(target) => {
                if !std::mem::take(&mut self.substituted) {
                    return Ok(Then::Go(*target));
                }
            }
            Action::Delete => return Ok(Then::Cycle(Cycle::Deleted)),
            Action::DeleteFirstLine => return Ok(Then::Cycle(self.delete_first_line())),
            Action::Quit(status) => return Ok(Then::Cycle(Cycle::Quit(*status))),
            Action::QuitSilently(status) => return Ok(Then::Cycle(Cycle::QuitSilently(*status))),
            Action::Change(text) => {
                let range = self.script.commands.get(place).is_some_and(|command| command.addresses.second.is_some());
                let inside = range && self.ranges.get(place).is_some_and(|state| *state != RangeState::Outside);
                if !inside {
                    self.output.text().extend_from_slice(text);
                }
                return Ok(Then::Cycle(Cycle::Deleted));
            }
            Action::Next if self.appended.is_empty() => {
                let Some(line) = self.input.buffered() else { return Ok(Then::Wait) };
                if !self.quiet {
                    self.output.line(&self.pattern, self.terminated, self.settings.delimiter);
                }
                self.pattern.clear();
                self.pattern.extend_from_slice(line);
                self.took_line();
            }
            Action::NextAppend if self.appended.is_empty() => {
                let Some(line) = self.input.buffered() else { return Ok(Then::Wait) };
                self.pattern.push(self.settings.delimiter);
                self.pattern.extend_from_slice(line);
                self.took_line();
            }
            Action::Next | Action::NextAppend | Action::Execute(_) | Action::ReadLine(_) => return Ok(Then::Wait),
            Action::Substitute(substitution) if substitution.evaluate => return Ok(Then::Wait),
            Action::Substitute(substitution) => {
                if self.substitute(substitution)? {
                    self.show_substituted(substitution);
                }
            }
            _ => self.edit(action),
        }
        Ok(Then::Next)
    }

    /// The commands that always go on with the next one.
    fn edit(&mut self, action: &Action) {
        let delimiter = self.settings.delimiter;
        match action {
            Action::LineNumber => {
                let number = format!("{}\n", self.line_number);
                self.output.text().extend_from_slice(number.as_bytes());
            }
            Action::FileName => {
                let name = self.input.name.clone();
                let out = self.output.text();
                out.extend_from_slice(&name);
                out.push(b'\n');
            }
            Action::Append(text) => self.appended.push(Appended::Text(text.clone())),
            Action::ReadFile(file) => self.appended.push(Appended::File(file.clone())),
            Action::Insert(text) => self.output.text().extend_from_slice(text),
            Action::Get => self.pattern.clone_from(&self.hold),
            Action::GetAppend => {
                self.pattern.push(delimiter);
                self.pattern.extend_from_slice(&self.hold);
            }
            Action::Hold => self.hold.clone_from(&self.pattern),
            Action::HoldAppend => {
                self.hold.push(delimiter);
                self.hold.extend_from_slice(&self.pattern);
            }
            Action::Exchange => std::mem::swap(&mut self.pattern, &mut self.hold),
            Action::Zap => self.pattern.clear(),
            Action::List(width) => {
                let width = width.unwrap_or(self.settings.line_length);
                list(&self.pattern, width, self.output.text());
            }
            Action::Print => self.output.line(&self.pattern, self.terminated, delimiter),
            Action::PrintFirstLine => {
                let end = memchr::memchr(delimiter, &self.pattern);
                let line = self.pattern.get(..end.unwrap_or(self.pattern.len())).unwrap_or_default();
                self.output.line(line, end.is_some() || self.terminated, delimiter);
            }
            Action::WriteFile(output) => self.write_to(*output, false),
            Action::WriteFirstLine(output) => self.write_to(*output, true),
            Action::Transliterate(table) => transliterate(table, &mut self.pattern),
            _ => {}
        }
    }

    fn delete_first_line(&mut self) -> Cycle {
        match memchr::memchr(self.settings.delimiter, &self.pattern) {
            None => Cycle::Deleted,
            Some(end) => {
                self.pattern.drain(..=end);
                Cycle::Restart
            }
        }
    }

    async fn next_line(&mut self) -> Result<Then, Failure> {
        if self.input.at_end().await? {
            // GNU prints the pattern space before it ends; POSIX does not.
            let quiet = self.settings.posix;
            return Ok(Then::Cycle(if quiet { Cycle::QuitSilently(0) } else { Cycle::Quit(0) }));
        }
        if !self.quiet {
            self.output.line(&self.pattern, self.terminated, self.settings.delimiter);
        }
        self.write_appended().await?;
        if let Arrival::Line(record) = self.input.next().await? {
            self.take(&record, false);
        }
        Ok(Then::Next)
    }

    async fn append_next_line(&mut self) -> Result<Then, Failure> {
        if self.input.at_end().await? {
            let quiet = self.settings.posix;
            return Ok(Then::Cycle(if quiet { Cycle::QuitSilently(0) } else { Cycle::Quit(0) }));
        }
        self.write_appended().await?;
        if let Arrival::Line(record) = self.input.next().await? {
            self.take(&record, true);
        }
        Ok(Then::Next)
    }

    /// Applies `s`; answers whether something was replaced.
    fn substitute(&mut self, substitution: &Substitution) -> Result<bool, Failure> {
        let id = self.last_used(substitution.regex)?;
        let regex = self.script.regexes.get(id).ok_or(Failure::NoPreviousRegex)?;
        if !substitute(substitution, regex, &self.pattern, &mut self.captures, &mut self.scratch)? {
            return Ok(false);
        }
        std::mem::swap(&mut self.pattern, &mut self.scratch);
        self.substituted = true;
        Ok(true)
    }

    /// Prints and writes what `s` has made, as its flags say.
    fn show_substituted(&mut self, substitution: &Substitution) {
        if substitution.print {
            self.output.line(&self.pattern, self.terminated, self.settings.delimiter);
        }
        if let Some(output) = substitution.write {
            self.write_to(output, false);
        }
    }

    /// Applies `s` with the flag `e`.
    async fn substitute_and_execute(&mut self, substitution: &Substitution) -> Result<(), Failure> {
        if self.substitute(substitution)? {
            self.execute_command(&Bytes::new()).await?;
            self.show_substituted(substitution);
        }
        Ok(())
    }

    /// Executes a command, whose output is printed, or the pattern space, whose output takes its place.
    async fn execute_command(&mut self, command: &Bytes) -> Result<(), Failure> {
        if command.is_empty() {
            let command = Bytes::copy_from_slice(&self.pattern);
            let mut output = self.output_of(command).await?;
            if output.last() == Some(&self.settings.delimiter) {
                output.pop();
            }
            self.pattern = output;
            return Ok(());
        }
        let output = self.output_of(command.clone()).await?;
        self.output.text().extend_from_slice(&output);
        Ok(())
    }
}
