//! Executing the commands of a script on one line.

use super::address::{Address, Addresses, RangeState};
use super::command::{Action, RegexId, Substitution};
use super::input::Arrival;
use super::run::{Appended, Editor, Failure};
use super::substitute::{list, substitute, transliterate};
use crate::utility::prelude::*;

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
}

impl Editor<'_> {
    /// Executes the script on the pattern space.
    pub(super) async fn execute(&mut self) -> Result<Cycle, Failure> {
        let script = self.script;
        let mut place = 0;
        while let Some(command) = script.commands.get(place) {
            self.steps += 1;
            if self.steps.is_multiple_of(256) {
                self.sys.charge(256).await;
            }
            let applies = match &command.addresses.first {
                None => true,
                Some(_) => self.selects(place, &command.addresses).await?,
            };
            if applies == command.negated {
                place = match command.action {
                    Action::Block(end) => end,
                    _ => place + 1,
                };
                continue;
            }
            match self.act(place, &command.action).await? {
                Then::Next => place += 1,
                Then::Go(target) => place = target,
                Then::Cycle(cycle) => return Ok(cycle),
            }
        }
        Ok(Cycle::End)
    }

    /// Whether the addresses of the command at `place` select the current line; keeps account of its range.
    async fn selects(&mut self, place: usize, addresses: &Addresses) -> Result<bool, Failure> {
        let (Some(first), second) = (&addresses.first, &addresses.second) else { return Ok(true) };
        let Some(second) = second else { return self.matches(first).await };
        let state = self.ranges.get(place).copied().unwrap_or_default();
        let next = match state {
            RangeState::Inside(Some(end)) if self.line_number > end => None,
            RangeState::Inside(Some(end)) => Some(if self.line_number >= end { RangeState::Outside } else { state }),
            RangeState::Inside(None) => Some(if self.matches(second).await? { RangeState::Outside } else { state }),
            RangeState::Outside => None,
        };
        let next = match next {
            Some(next) => next,
            None => {
                if !self.matches(first).await? {
                    self.set_range(place, RangeState::Outside);
                    return Ok(false);
                }
                addresses.enter(self.line_number).unwrap_or(RangeState::Outside)
            }
        };
        self.set_range(place, next);
        Ok(true)
    }

    fn set_range(&mut self, place: usize, state: RangeState) {
        if let Some(range) = self.ranges.get_mut(place) {
            *range = state;
        }
    }

    async fn matches(&mut self, address: &Address) -> Result<bool, Failure> {
        Ok(match address {
            Address::Line(line) => *line == self.line_number,
            Address::Step(first, 0) => *first == self.line_number,
            Address::Step(first, step) => self.line_number.checked_sub(*first).is_some_and(|beyond| beyond % step == 0),
            Address::Last => self.input.at_end().await?,
            Address::Regex(id) => {
                let id = self.last_used(*id)?;
                let regex = self.script.regexes.get(id).ok_or(Failure::NoPreviousRegex)?;
                regex.is_match(&self.pattern)?
            }
            Address::More(_) | Address::Multiple(_) => false,
        })
    }

    /// The regular expression meant: an empty one is the one used last.
    fn last_used(&mut self, id: RegexId) -> Result<usize, Failure> {
        let id = id.or(self.last_regex).ok_or(Failure::NoPreviousRegex)?;
        self.last_regex = Some(id);
        Ok(id)
    }

    async fn act(&mut self, place: usize, action: &Action) -> Result<Then, Failure> {
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
            Action::Next => return self.next_line().await,
            Action::NextAppend => return self.append_next_line().await,
            Action::Execute(command) => self.execute_command(command).await?,
            Action::Substitute(substitution) => self.substitute(substitution).await?,
            _ => self.edit(action).await?,
        }
        Ok(Then::Next)
    }

    /// The commands that always go on with the next one.
    async fn edit(&mut self, action: &Action) -> Result<(), Failure> {
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
            Action::ReadLine(file) => {
                if let Some(record) = self.read_line_of(file).await {
                    self.appended.push(Appended::Line(record.bytes));
                }
            }
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
        self.output.flush_if_full().await.map_err(Failure::Write)
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

    async fn substitute(&mut self, substitution: &Substitution) -> Result<(), Failure> {
        let id = self.last_used(substitution.regex)?;
        let regex = self.script.regexes.get(id).ok_or(Failure::NoPreviousRegex)?;
        if !substitute(substitution, regex, &self.pattern, &mut self.captures, &mut self.scratch)? {
            return Ok(());
        }
        std::mem::swap(&mut self.pattern, &mut self.scratch);
        self.substituted = true;
        if substitution.evaluate {
            let command = Bytes::copy_from_slice(&self.pattern);
            let mut output = self.output_of(command).await?;
            if output.last() == Some(&self.settings.delimiter) {
                output.pop();
            }
            self.pattern = output;
        }
        if substitution.print {
            self.output.line(&self.pattern, self.terminated, self.settings.delimiter);
        }
        if let Some(output) = substitution.write {
            self.write_to(output, false);
        }
        self.output.flush_if_full().await.map_err(Failure::Write)
    }

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
