//! A finished command.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::execution::ExecExit;
use crate::retention::{Omission, Retained};
use crate::usage::Usage;

/// Everything a finished command left behind, as [`Execution::collect`](crate::Execution::collect) gives it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecResult {
    /// Standard output, as far as kept.
    pub stdout: Bytes,
    /// Standard error, as far as kept.
    pub stderr: Bytes,
    /// Where standard output is not whole.
    pub stdout_omitted: Option<Omission>,
    /// Where standard error is not whole.
    pub stderr_omitted: Option<Omission>,
    /// The shell's exit status, 0 to 255; 128 and the signal's number when a signal ended it, 124 on timeout.
    pub exit_code: i32,
    /// The signal that ended the shell, if one did.
    pub signal: Option<i32>,
    /// Whether the request's time limit ended it.
    pub timed_out: bool,
    /// Whether the request's token ended it.
    pub cancelled: bool,
    /// Whether any output is missing, by retention or by a limit of the sandbox.
    pub truncated: bool,
    /// Wall-clock time from start to end.
    pub duration: Duration,
    /// What it cost.
    pub usage: Usage,
}

impl ExecResult {
    /// Joins the collected output with the way the command ended.
    pub fn new(stdout: Retained, stderr: Retained, exit: ExecExit) -> Self {
        let usage = Usage { stdout_bytes: stdout.total(), stderr_bytes: stderr.total(), ..exit.usage };
        let (stdout, stdout_omitted) = stdout.finish();
        let (stderr, stderr_omitted) = stderr.finish();
        ExecResult {
            truncated: exit.truncated || stdout_omitted.is_some() || stderr_omitted.is_some(),
            stdout,
            stderr,
            stdout_omitted,
            stderr_omitted,
            exit_code: exit.exit_code,
            signal: exit.signal,
            timed_out: exit.timed_out,
            cancelled: exit.cancelled,
            duration: exit.duration,
            usage,
        }
    }

    /// Whether the status is 0.
    pub fn success(&self) -> bool {
        self.exit_code == 0
    }

    /// Where output is missing, moves the gap's ends to those of characters if what is kept is UTF-8 then, as it was before
    /// anything was left out.
    pub fn cut_between_characters(&mut self) {
        for (kept, omitted) in
            [(&mut self.stdout, &mut self.stdout_omitted), (&mut self.stderr, &mut self.stderr_omitted)]
        {
            let Some(gap) = omitted else { continue };
            let (head, tail, bytes) = gap.between_characters(kept);
            if bytes > gap.bytes && std::str::from_utf8(head).is_ok() && std::str::from_utf8(tail).is_ok() {
                *gap = Omission { at: head.len(), bytes };
                *kept = [head, tail].concat().into();
            }
        }
    }

    /// Standard output as text, bytes that are none replaced.
    pub fn stdout_text(&self) -> String {
        marked(&self.stdout, self.stdout_omitted)
    }

    /// Standard error as text, bytes that are none replaced.
    pub fn stderr_text(&self) -> String {
        marked(&self.stderr, self.stderr_omitted)
    }
}

/// The text with a line that says what is missing, where something is.
fn marked(bytes: &Bytes, omitted: Option<Omission>) -> String {
    let Some(omitted) = omitted else { return String::from_utf8_lossy(bytes).into_owned() };
    let (head, tail, missing) = omitted.between_characters(bytes);
    format!("{}\n[... {missing} bytes omitted ...]\n{}", String::from_utf8_lossy(head), String::from_utf8_lossy(tail))
}
