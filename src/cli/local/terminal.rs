//! `--pty`: the script, or an interactive shell, on a terminal of its own, with ours before it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::ffi::OsStringExt;

use bytes::Bytes;
use local_sandbox::LocalTerminal;
use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use sandbox::{SandboxError, TerminalEvent, TerminalRequest, TerminalSize};
use tokio::io::AsyncWriteExt;
use tokio::signal::unix::{SignalKind, signal};

use super::command::Interruptions;
use super::{Arguments, Failure, input, options};

/// Runs until the command ends; the status is the command's.
pub async fn run(arguments: Arguments) -> Result<i32, Failure> {
    if !arguments.words.is_empty() {
        return Err(Failure::Usage("--pty takes no ARG".to_owned()));
    }
    let sandbox = options::sandbox(&arguments)?;
    let own = io::stdin();
    let request = TerminalRequest {
        script: arguments.script.clone().map(|script| Bytes::from(script.into_vec())),
        size: arguments.size.or_else(|| size_of(own.as_fd())).unwrap_or_default(),
        ..TerminalRequest::default()
    };
    let mut terminal = sandbox.open_terminal(request).await?;
    let raw = RawMode::enter(own.as_fd());
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
    let mut resized = signal(SignalKind::window_change()).map_err(failed("signals"))?;
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
            _ = resized.recv() => {
                if let Some(size) = size_of(io::stdin().as_fd()) {
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

fn size_of(own: BorrowedFd<'_>) -> Option<TerminalSize> {
    local_sandbox::terminal_size(own).map(|(rows, columns)| TerminalSize { rows, columns })
}

/// Our terminal in raw mode, until dropped.
struct RawMode<'a> {
    terminal: BorrowedFd<'a>,
    before: Termios,
}

impl<'a> RawMode<'a> {
    fn enter(terminal: BorrowedFd<'a>) -> Option<RawMode<'a>> {
        let before = tcgetattr(terminal).ok()?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(terminal, SetArg::TCSADRAIN, &raw).ok()?;
        Some(RawMode { terminal, before })
    }
}

impl Drop for RawMode<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}
