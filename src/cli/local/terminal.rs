//! `--pty`: the script, or an interactive shell, on a terminal of its own, with ours before it.

use std::io;

use bytes::Bytes;
use local_sandbox::LocalTerminal;
use sandbox::{SandboxError, TerminalEvent, TerminalRequest};
use tokio::io::AsyncWriteExt;

use super::console::{RawMode, Resizes};
use super::interruptions::Interruptions;
use super::{Arguments, Failure, console, input, options};
use crate::cli::names;

/// Runs until the command ends; the status is the command's.
pub async fn run(arguments: Arguments) -> Result<i32, Failure> {
    if !arguments.words.is_empty() {
        return Err(Failure::Usage("--pty takes no ARG".to_owned()));
    }
    let sandbox = options::sandbox(&arguments)?;
    let request = TerminalRequest {
        script: arguments.script.clone().map(|script| Bytes::from(names::into_bytes(script))),
        size: arguments.size.or_else(console::size).unwrap_or_default(),
        ..TerminalRequest::default()
    };
    let mut terminal = sandbox.open_terminal(request).await?;
    let raw = RawMode::enter();
    let status = attend(&mut terminal, arguments.timeout).await;
    drop(raw);
    drop(terminal);
    sandbox.shutdown().await;
    status
}

/// Passes keys one way and what is shown the other.
async fn attend(terminal: &mut LocalTerminal, timeout: Option<std::time::Duration>) -> Result<i32, Failure> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |source: io::Error| Failure::Io { what, source }
    };
    let mut keys = Some(input::read_in_thread(io::stdin()).0);
    let mut resizes = Resizes::new().map_err(failed("signals"))?;
    let mut interruptions = Interruptions::new().map_err(failed("signals"))?;
    let mut out = tokio::io::stdout();
    let mut timed_out = false;
    let deadline = tokio::time::Instant::now() + timeout.unwrap_or(std::time::Duration::from_secs(u32::MAX.into()));
    loop {
        let event = tokio::select! {
            event = terminal.event() => event,
            key = next_key(&mut keys) => {
                match key {
                    Some(bytes) => type_on(terminal, bytes).await,
                    None => {
                        keys = None;
                        // End of file, as a user types it.
                        type_on(terminal, Bytes::from_static(b"\x04")).await;
                    }
                }
                continue;
            }
            () = resizes.next() => {
                if let Some(size) = console::size() {
                    terminal.set_size(size).map_err(failed("resize"))?;
                }
                continue;
            }
            _ = interruptions.next() => {
                terminal.end();
                continue;
            }
            () = tokio::time::sleep_until(deadline), if !timed_out => {
                timed_out = true;
                terminal.end();
                continue;
            }
        };
        match event {
            Some(Ok(TerminalEvent::Output(chunk))) => {
                out.write_all(&chunk).await.map_err(failed("output"))?;
                out.flush().await.map_err(failed("output"))?;
            }
            Some(Ok(TerminalEvent::Exit(exit))) => {
                return Ok(if timed_out { sandbox::TIMEOUT_STATUS } else { exit.exit_code });
            }
            Some(Err(error)) => return Err(error.into()),
            None => return Err(SandboxError::backend("run the terminal", "it ended without a status").into()),
        }
    }
}

async fn next_key(keys: &mut Option<tokio::sync::mpsc::Receiver<Bytes>>) -> Option<Bytes> {
    match keys {
        Some(keys) => keys.recv().await,
        None => std::future::pending().await,
    }
}

/// A terminal that takes no keys has ended, which its exit event tells.
async fn type_on(terminal: &LocalTerminal, bytes: Bytes) {
    let _ = terminal.type_bytes(bytes).await;
}
