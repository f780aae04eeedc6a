//! What a request comes to: the words to run, and what they are run with.

use std::time::Duration;

use sandbox::{EnvChange, ExecRequest, Stdin, TerminalRequest};
use tokio_util::sync::CancellationToken;

use crate::error::ExecError;
use crate::shell::{Resolved, Script};

/// What to run on a terminal or on pipes.
pub struct Start {
    pub words: Vec<Vec<u8>>,
    pub script: Script,
    pub cwd: Option<Vec<u8>>,
    pub env: Vec<EnvChange>,
    pub stdin: Stdin,
    pub timeout: Option<Duration>,
    pub cancellation: Option<CancellationToken>,
    /// Rows and columns.
    pub terminal: Option<(u16, u16)>,
    /// What errors call it.
    pub command: String,
}

impl Start {
    /// A script on pipes.
    pub fn on_pipes(shell: &Resolved, request: ExecRequest) -> Result<Start, ExecError> {
        let command = request.summary();
        if request.script.contains(&0) {
            return Err(ExecError::InvalidCommand { what: "script" });
        }
        if shell.is_cmd() && (request.arg0.is_some() || !request.args.is_empty()) {
            return Err(ExecError::InvalidCommand { what: "positional parameter: cmd.exe has none" });
        }
        let (words, script) = shell.command(&request.script, request.arg0.as_deref(), &request.args);
        Ok(Start {
            words,
            script,
            cwd: request.cwd,
            env: request.env,
            stdin: request.stdin,
            timeout: request.timeout,
            cancellation: request.cancellation,
            terminal: None,
            command,
        })
    }

    /// A script, or an interactive shell, on a terminal.
    pub fn on_terminal(shell: &Resolved, request: TerminalRequest) -> Result<Start, ExecError> {
        let (words, script, command) = match &request.script {
            Some(text) if text.contains(&0) => return Err(ExecError::InvalidCommand { what: "script" }),
            Some(text) => {
                let (words, script) = shell.command(text, None, &[]);
                (words, script, ExecRequest::new(text.clone()).summary())
            }
            None => (shell.interactive(), Script::Argument, "interactive shell".to_owned()),
        };
        Ok(Start {
            words,
            script,
            cwd: request.cwd,
            env: request.env,
            stdin: Stdin::Empty,
            timeout: None,
            cancellation: None,
            terminal: Some((request.size.rows, request.size.columns)),
            command,
        })
    }
}
