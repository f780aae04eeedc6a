//! Terminals by the types of [`portable_pty`]: its command, its size, its exit status.
//!
//! Types only. That crate starts commands in ways that this one is careful not to: it copies the host for each, hands down the
//! host's environment, moves a command whose directory is missing to the home directory, and loses what `exec` says.

use std::io;

use ::portable_pty::{CommandBuilder, ExitStatus, PtySize};
use sandbox::{EnvChange, ExecExit, TerminalRequest, TerminalSize};

use crate::environment::ALLOWLIST;
use crate::error::ExecError;
use crate::exit::signal_name;
use crate::names;
use crate::platform::{LocalSandbox, LocalTerminal};

/// The crate whose types these are.
pub use ::portable_pty;

/// Why a command was not started on a terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PtyError {
    /// The command wants something that the sandbox does not do.
    #[error("terminals of the sandbox cannot have {0}")]
    Unsupported(&'static str),
    /// It could not be started.
    #[error(transparent)]
    Exec(#[from] ExecError),
}

impl LocalSandbox {
    /// Starts a command on a terminal, found on the `PATH` of the sandbox; without words, an interactive shell, which is no
    /// login shell.
    ///
    /// Of the command's environment only what was set on it counts, as far as it is text, and which variables of the
    /// allowlist were taken away: the host's own, which the builder has copied, are no wish to hand them down. A file mode
    /// mask cannot be read from the builder and has no effect.
    pub async fn open_pty(&self, command: CommandBuilder, size: PtySize) -> Result<LocalTerminal, PtyError> {
        if !command.get_controlling_tty() {
            return Err(PtyError::Unsupported("a command that they do not control"));
        }
        let words: Vec<Vec<u8>> = command.get_argv().iter().map(|word| names::of(word)).collect();
        if words.iter().any(|word| word.contains(&0)) {
            return Err(ExecError::InvalidCommand { what: "argument" }.into());
        }
        let request = TerminalRequest {
            script: Some(words).filter(|words| !words.is_empty()).map(|words| self.script_of(&words).into()),
            cwd: command.get_cwd().map(|cwd| names::of(cwd)),
            env: changes(&command),
            size: terminal_size(size),
        };
        Ok(self.open_terminal(request).await?)
    }

    /// A script that becomes the command.
    fn script_of(&self, words: &[Vec<u8>]) -> Vec<u8> {
        #[cfg(windows)]
        if self.inner.settings.shell.is_cmd() {
            let line = crate::portable::command_line::join(words, false).unwrap_or_default();
            return String::from_utf16_lossy(&line).trim_end_matches('\0').as_bytes().to_vec();
        }
        let quoted = words.iter().map(|word| quote(word)).collect::<Vec<_>>();
        [&b"exec -- "[..], &quoted.join(&b' ')].concat()
    }
}

impl LocalTerminal {
    /// Changes the size; pixels are not passed on.
    pub fn set_pty_size(&self, size: PtySize) -> io::Result<()> {
        self.set_size(terminal_size(size))
    }
}

/// How a command ended, as that crate says it: a signal is its name, `SIGTERM`.
pub fn pty_exit_status(exit: &ExecExit) -> ExitStatus {
    match exit.signal {
        Some(signal) => {
            let name = signal_name(signal).map_or_else(|| signal.to_string(), |name| format!("SIG{name}"));
            ExitStatus::with_signal(&name)
        }
        None => ExitStatus::with_exit_code(exit.exit_code.unsigned_abs()),
    }
}

fn terminal_size(size: PtySize) -> TerminalSize {
    TerminalSize { rows: size.rows, columns: size.cols }
}

fn changes(command: &CommandBuilder) -> Vec<EnvChange> {
    let gone = |name: &&&str| command.get_env(name).is_none() && std::env::var_os(name).is_some();
    let removed = ALLOWLIST.iter().filter(gone).map(|name| EnvChange { name: name.as_bytes().to_vec(), value: None });
    let set = command.iter_extra_env_as_str();
    let set =
        set.map(|(name, value)| EnvChange { name: name.as_bytes().to_vec(), value: Some(value.as_bytes().to_vec()) });
    removed.chain(set).collect()
}

/// A word of a POSIX shell that is this text.
fn quote(word: &[u8]) -> Vec<u8> {
    let parts: Vec<&[u8]> = word.split(|byte| *byte == b'\'').collect();
    [&b"'"[..], &parts.join(&b"'\\''"[..]), b"'"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_text_to_the_shell() {
        assert_eq!(quote(b"a b"), b"'a b'");
        assert_eq!(quote(b"it's"), b"'it'\\''s'");
        assert_eq!(quote(b""), b"''");
    }

    #[test]
    fn a_status_is_a_code_or_the_name_of_a_signal() {
        let code = pty_exit_status(&ExecExit { exit_code: 3, ..ExecExit::default() });
        assert_eq!((code.exit_code(), code.signal()), (3, None));
        let killed = pty_exit_status(&ExecExit { exit_code: 143, signal: Some(15), ..ExecExit::default() });
        assert_eq!(killed.signal(), Some("SIGTERM"));
    }

    #[test]
    fn only_what_was_set_or_taken_away_is_a_change() {
        let mut command = CommandBuilder::new("env");
        assert!(command.get_env("CARGO_MANIFEST_DIR").is_some());
        command.env("MARK", "x");
        command.env_remove("PATH");
        let names = |changes: Vec<EnvChange>| changes.into_iter().map(|change| change.name).collect::<Vec<_>>();
        assert_eq!(names(changes(&command)), [b"PATH".to_vec(), b"MARK".to_vec()]);
    }
}
