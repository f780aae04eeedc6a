//! What to run, and how.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use tokio_util::sync::CancellationToken;

use crate::retention::OutputRetention;

/// A script to run and everything around it.
///
/// Each request starts a fresh shell on the sandbox's files: variables, functions and the working directory of one
/// command do not reach the next.
#[derive(Debug, Default)]
pub struct ExecRequest {
    /// The script, as after `bash -c`.
    pub script: Bytes,
    /// `$0`; the shell's own name when absent.
    pub arg0: Option<Vec<u8>>,
    /// The positional parameters `$1`, `$2`, …
    pub args: Vec<Vec<u8>>,
    /// The working directory; relative to the sandbox's own, which is used when absent.
    pub cwd: Option<Vec<u8>>,
    /// Changes to the sandbox's environment for this command, in order.
    pub env: Vec<EnvChange>,
    /// Standard input.
    pub stdin: Stdin,
    /// The longest time the command may run on the wall clock. It then ends, with everything it started, and its
    /// status is 124. No limit when absent, beyond the sandbox's own.
    pub timeout: Option<Duration>,
    /// Ends the command, with everything it started, when cancelled.
    pub cancellation: Option<CancellationToken>,
    /// How much output [`Execution::collect`](crate::Execution::collect) keeps.
    pub retention: OutputRetention,
}

impl ExecRequest {
    /// A request to run `script` with nothing else said.
    pub fn new(script: impl Into<Bytes>) -> Self {
        ExecRequest { script: script.into(), ..ExecRequest::default() }
    }

    /// Adds a positional parameter.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<Vec<u8>>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Sets `$0`.
    #[must_use]
    pub fn arg0(mut self, arg0: impl Into<Vec<u8>>) -> Self {
        self.arg0 = Some(arg0.into());
        self
    }

    /// Sets the working directory.
    #[must_use]
    pub fn cwd(mut self, cwd: impl Into<Vec<u8>>) -> Self {
        self.cwd = Some(cwd.into());
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        self.env.push(EnvChange { name: name.into(), value: Some(value.into()) });
        self
    }

    /// Takes an environment variable away.
    #[must_use]
    pub fn env_remove(mut self, name: impl Into<Vec<u8>>) -> Self {
        self.env.push(EnvChange { name: name.into(), value: None });
        self
    }

    /// Sets standard input.
    #[must_use]
    pub fn stdin(mut self, stdin: impl Into<Stdin>) -> Self {
        self.stdin = stdin.into();
        self
    }

    /// Sets the time limit.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the token that ends the command.
    #[must_use]
    pub fn cancellation(mut self, token: CancellationToken) -> Self {
        self.cancellation = Some(token);
        self
    }

    /// Sets how much output is kept.
    #[must_use]
    pub fn retention(mut self, retention: OutputRetention) -> Self {
        self.retention = retention;
        self
    }

    /// The start of the script as one line of text, for errors and logs.
    pub fn summary(&self) -> String {
        const LONGEST: usize = 60;
        let line = self.script.split(|&b| b == b'\n').find(|line| !line.is_empty()).unwrap_or_default();
        let text = String::from_utf8_lossy(line);
        match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
            None => text.into_owned(),
        }
    }
}

/// A change to the environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvChange {
    /// The variable's name.
    pub name: Vec<u8>,
    /// Its new value; absent to take it away.
    pub value: Option<Vec<u8>>,
}

/// Standard input that arrives over time; ends when the stream does.
pub type StdinStream = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// What a command reads from standard input.
#[derive(Default)]
pub enum Stdin {
    /// Nothing: end of file at once.
    #[default]
    Empty,
    /// These bytes, then end of file.
    Bytes(Bytes),
    /// What the stream gives, asked for only as the command reads, then end of file.
    Stream(StdinStream),
}

impl fmt::Debug for Stdin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stdin::Empty => f.write_str("Empty"),
            Stdin::Bytes(bytes) => f.debug_tuple("Bytes").field(bytes).finish(),
            Stdin::Stream(_) => f.write_str("Stream"),
        }
    }
}

impl From<Bytes> for Stdin {
    fn from(bytes: Bytes) -> Self {
        Stdin::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Stdin {
    fn from(bytes: Vec<u8>) -> Self {
        Stdin::Bytes(bytes.into())
    }
}

impl From<String> for Stdin {
    fn from(text: String) -> Self {
        Stdin::Bytes(text.into())
    }
}

impl From<&'static str> for Stdin {
    fn from(text: &'static str) -> Self {
        Stdin::Bytes(Bytes::from_static(text.as_bytes()))
    }
}

impl From<StdinStream> for Stdin {
    fn from(stream: StdinStream) -> Self {
        Stdin::Stream(stream)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_one_short_line() {
        assert_eq!(ExecRequest::new("\n\necho hi\necho ho").summary(), "echo hi");
        let long = ExecRequest::new("x".repeat(100)).summary();
        assert_eq!(long.chars().count(), 61);
    }
}
