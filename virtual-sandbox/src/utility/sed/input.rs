//! The lines `sed` works on: those of all files one after the other, or of each by itself.

use super::settings::Settings;
use crate::utility::prelude::*;
use std::collections::VecDeque;

/// A problem with an input file.
pub(super) enum InputProblem {
    /// It cannot be opened: the next file is tried.
    Open(Bytes, Errno),
    /// It cannot be edited in place: the reason is a sentence.
    Edit(Bytes, &'static str),
    /// Reading fails: `sed` ends.
    Read(Bytes, Errno),
}

/// What asking for a line brings.
pub(super) enum Arrival {
    Line(Record),
    /// The file (or all of them) is at its end.
    End,
}

/// The input files.
pub(super) struct Input {
    sys: Sys,
    delimiter: u8,
    separate: bool,
    in_place: bool,
    files: VecDeque<Bytes>,
    current: Option<Records>,
    fd: Fd,
    /// The name of the current file as given.
    pub name: Bytes,
    ahead: Option<Record>,
    /// No line follows: it has been looked for.
    looked: bool,
    /// The file that a line read ahead comes from, if it is not the current one.
    ahead_name: Option<Bytes>,
    /// What went wrong since it was last asked.
    pub problems: Vec<InputProblem>,
}

impl Input {
    pub(super) fn new(sys: &Sys, settings: &Settings) -> Input {
        Input {
            sys: sys.clone(),
            delimiter: settings.delimiter,
            separate: settings.separate,
            in_place: settings.in_place.is_some(),
            files: settings.files.iter().cloned().collect(),
            current: None,
            fd: Fd::STDIN,
            name: Bytes::from_static(b"-"),
            ahead: None,
            looked: false,
            ahead_name: None,
            problems: Vec::new(),
        }
    }

    /// Opens the next file; false: there is none.
    pub(super) async fn open_next(&mut self) -> bool {
        while let Some(name) = self.files.pop_front() {
            if name.as_ref() == b"-" && !self.in_place {
                self.fd = Fd::STDIN;
            } else {
                match self.open(&name).await {
                    Ok(fd) => self.fd = fd,
                    Err(problem) => {
                        self.problems.push(problem);
                        continue;
                    }
                }
            }
            self.looked = false;
            self.current = Some(Records::new(&self.sys, self.fd, self.delimiter));
            self.ahead_name = Some(name);
            return true;
        }
        false
    }

    async fn open(&self, name: &Bytes) -> Result<Fd, InputProblem> {
        if self.in_place {
            match self.sys.stat(name.clone()).await {
                Ok(stat) if !stat.is_regular() => return Err(InputProblem::Edit(name.clone(), "not a regular file")),
                _ => {}
            }
        }
        self.sys.open_read(name.clone()).await.map_err(|errno| InputProblem::Open(name.clone(), errno))
    }

    /// The next line of the current file and, unless files are separate, of the ones behind it.
    pub(super) async fn next(&mut self) -> Result<Arrival, InputProblem> {
        self.look_ahead().await?;
        match self.ahead.take() {
            Some(record) => {
                if let Some(name) = self.ahead_name.take() {
                    self.name = name;
                }
                Ok(Arrival::Line(record))
            }
            None => Ok(Arrival::End),
        }
    }

    /// Whether no line follows; `None`: [`Input::look_ahead`] will tell.
    pub(super) fn is_at_end(&self) -> Option<bool> {
        if self.ahead.is_some() || self.current.as_ref().is_some_and(|records| !records.unread().is_empty()) {
            return Some(false);
        }
        self.looked.then_some(true)
    }

    /// True if no line follows.
    pub(super) async fn at_end(&mut self) -> Result<bool, InputProblem> {
        self.look_ahead().await?;
        Ok(self.ahead.is_none())
    }

    /// The next line, if it has been read and is one of the current file.
    pub(super) fn buffered(&mut self) -> Option<&[u8]> {
        if self.ahead.is_some() || self.ahead_name.is_some() {
            return None;
        }
        self.current.as_mut()?.buffered()
    }

    /// Reads the next line of the current file and, unless files are separate, of the ones behind it.
    pub(super) async fn look_ahead(&mut self) -> Result<(), InputProblem> {
        if self.ahead.is_some() {
            return Ok(());
        }
        self.looked = false;
        loop {
            if let Some(records) = &mut self.current {
                let name = self.ahead_name.as_ref().unwrap_or(&self.name);
                let found = records.next().await.map_err(|errno| InputProblem::Read(name.clone(), errno))?;
                if let Some(record) = found {
                    self.ahead = Some(record);
                    return Ok(());
                }
                self.close().await;
            }
            if self.separate || !self.open_next().await {
                self.looked = true;
                return Ok(());
            }
        }
    }

    async fn close(&mut self) {
        if self.current.take().is_some() && self.fd != Fd::STDIN {
            // Nothing was written to it.
            let _ = self.sys.close(self.fd).await;
        }
    }

    /// The name of the file that was opened last.
    pub(super) fn opened_name(&self) -> Bytes {
        self.ahead_name.clone().unwrap_or_else(|| self.name.clone())
    }

    /// Where reading of standard input stopped short of what was read: so many bytes.
    pub(super) fn unread(&self) -> usize {
        self.current.as_ref().map_or(0, |records| records.unread().len())
    }
}
