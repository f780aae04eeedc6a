//! `-exec`, `-execdir`, `-ok`, `-okdir`.

use super::parse::Plan;
use super::visit::Visit;
use crate::text::file_name::base_name;
use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// Bytes of arguments that one command is given at most, as Linux's own limit leaves room for.
const ARGUMENTS: usize = 128 * 1024;

/// A command that files are given to.
pub(super) struct Command {
    pub(super) words: Vec<Bytes>,
    /// `+`: many files at once.
    pub(super) gathers: bool,
    /// `-execdir`, `-okdir`: run in the file's directory.
    pub(super) in_directory: bool,
    /// `-ok`, `-okdir`: the user is asked.
    pub(super) asks: bool,
    gathered: Vec<Bytes>,
    size: usize,
    directory: Option<Bytes>,
}

impl Command {
    pub(super) fn new(words: Vec<Bytes>, gathers: bool, in_directory: bool, asks: bool) -> Command {
        Command { words, gathers, in_directory, asks, gathered: Vec::new(), size: 0, directory: None }
    }
}

impl Plan {
    /// Gives a file to a command; the value of the action.
    pub(super) async fn execute(&mut self, sys: &Sys, index: usize, visit: &Visit) -> bool {
        let Some(command) = self.commands.get(index) else { return false };
        let (in_directory, gathers, asks) = (command.in_directory, command.gathers, command.asks);
        let (file, directory) = if in_directory {
            (Bytes::from([b"./", base_or_root(visit)].concat()), Some(directory_of(visit)))
        } else {
            (visit.path.clone(), None)
        };
        if gathers {
            return self.gather(sys, index, file, directory).await;
        }
        let words: Vec<Bytes> = command.words.iter().map(|word| replace(word, &file)).collect();
        if asks {
            self.flush().await;
            let name = command_name(&self.commands, index);
            let prompt = [b"< ", name.as_ref(), b" ... ", &visit.path, b" > ? "].concat();
            if !self.confirm.ask_plainly(prompt).await {
                return false;
            }
        }
        self.run(sys, words, directory, asks).await == Some(ExitStatus::SUCCESS)
    }

    async fn gather(&mut self, sys: &Sys, index: usize, file: Bytes, directory: Option<Bytes>) -> bool {
        let is_full = self.commands.get(index).is_some_and(|command| {
            let moves = command.in_directory && command.directory != directory;
            !command.gathered.is_empty() && (moves || command.size + file.len() + 9 > ARGUMENTS)
        });
        if is_full {
            self.run_gathered(sys, index).await;
        }
        if let Some(command) = self.commands.get_mut(index) {
            command.size += file.len() + 9;
            command.gathered.push(file);
            command.directory = directory;
        }
        true
    }

    /// Runs the commands of `-execdir … +` that have gathered files: each starting point has its own.
    pub(super) async fn run_in_directories(&mut self, sys: &Sys) {
        for index in 0..self.commands.len() {
            if self.commands.get(index).is_some_and(|command| command.in_directory) {
                self.run_gathered(sys, index).await;
            }
        }
    }

    /// Runs a command with the files it has gathered; a failure makes that of the whole run.
    pub(super) async fn run_gathered(&mut self, sys: &Sys, index: usize) {
        let Some(command) = self.commands.get_mut(index) else { return };
        let files = std::mem::take(&mut command.gathered);
        if files.is_empty() {
            return;
        }
        command.size = 0;
        let directory = command.directory.take();
        let mut words = Vec::with_capacity(command.words.len() + files.len());
        for word in &command.words {
            if word.as_ref() == b"{}" {
                words.extend(files.iter().cloned());
            } else {
                words.push(word.clone());
            }
        }
        if self.run(sys, words, directory, false).await != Some(ExitStatus::SUCCESS) {
            self.failed = true;
        }
    }

    /// Runs a command and waits for it; its status, where it ended by itself.
    async fn run(&mut self, sys: &Sys, words: Vec<Bytes>, directory: Option<Bytes>, asks: bool) -> Option<ExitStatus> {
        self.flush().await;
        let name = words.first().cloned().unwrap_or_default();
        let mut request = SpawnRequest::new(words);
        request.cwd = directory;
        if asks {
            // The answers to questions are not for the command to read.
            request.fds.push((Fd::STDIN, None));
        }
        let spawned = sys.spawn(request).await;
        let pid = match spawned {
            Ok(pid) => pid,
            Err(errno) => {
                sys.complain(quote(&name), errno).await;
                return None;
            }
        };
        match sys.wait(WaitTarget::Process(pid)).await {
            Ok((_, WaitStatus::Exited(status))) => Some(status),
            Ok((_, WaitStatus::Signaled(signal))) => {
                let text = format!(" terminated by signal {}", signal.number());
                sys.error([quote(&name).as_slice(), text.as_bytes()].concat()).await;
                None
            }
            _ => None,
        }
    }
}

fn command_name(commands: &[Command], index: usize) -> Bytes {
    commands.get(index).and_then(|command| command.words.first()).cloned().unwrap_or_default()
}

fn base_or_root(visit: &Visit) -> &[u8] {
    base_name(&visit.path)
}

fn directory_of(visit: &Visit) -> Bytes {
    Bytes::copy_from_slice(crate::text::file_name::dir_name(&visit.path))
}

/// Replaces each `{}` in a word.
fn replace(word: &Bytes, file: &[u8]) -> Bytes {
    let mut places = memchr::memmem::find_iter(word, b"{}").peekable();
    if places.peek().is_none() {
        return word.clone();
    }
    let mut out = Vec::new();
    let mut from = 0;
    for at in places {
        out.extend_from_slice(word.get(from..at).unwrap_or_default());
        out.extend_from_slice(file);
        from = at + 2;
    }
    out.extend_from_slice(word.get(from..).unwrap_or_default());
    Bytes::from(out)
}
