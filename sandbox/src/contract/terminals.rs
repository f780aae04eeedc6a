//! Rules about terminals.

use bytes::Bytes;

use super::check::{Check, Failure, Outcome, Subject, Verdict, equal, holds, table};
use crate::{ExecExit, Terminal, TerminalEvent, TerminalRequest, TerminalSize};

pub(super) fn checks() -> Vec<Check> {
    table![
        a_command_in_a_terminal_sees_one,
        an_interrupt_typed_reaches_the_command,
        an_interactive_shell_keeps_its_state,
    ]
}

async fn a_command_in_a_terminal_sees_one(subject: Subject) -> Verdict {
    let Some(terminals) = subject.terminals() else { return Ok(Outcome::NotApplicable) };
    let request = TerminalRequest {
        script: Some(Bytes::from_static(b"test -t 0 && test -t 1 && echo terminal; stty size; exit 4")),
        size: TerminalSize { rows: 30, columns: 100 },
        ..TerminalRequest::default()
    };
    let mut terminal = terminals.open(request).await?;
    let (text, exit) = rest(terminal.as_mut()).await?;
    holds(format_args!("a terminal of that size in {text:?}"), text.contains("terminal\r\n30 100\r\n"))?;
    equal("exit_code", exit.exit_code, 4)?;
    Ok(Outcome::Held)
}

async fn an_interrupt_typed_reaches_the_command(subject: Subject) -> Verdict {
    let Some(terminals) = subject.terminals() else { return Ok(Outcome::NotApplicable) };
    let script = Bytes::from_static(b"echo ready; sleep 100");
    let mut terminal = terminals.open(TerminalRequest { script: Some(script), ..TerminalRequest::default() }).await?;
    until(terminal.as_mut(), "ready").await?;
    terminal.write(Bytes::from_static(b"\x03")).await?;
    let (_, exit) = rest(terminal.as_mut()).await?;
    equal("exit_code", exit.exit_code, 130)?;
    Ok(Outcome::Held)
}

async fn an_interactive_shell_keeps_its_state(subject: Subject) -> Verdict {
    let Some(terminals) = subject.terminals() else { return Ok(Outcome::NotApplicable) };
    let mut terminal = terminals.open(TerminalRequest::default()).await?;
    terminal.write(Bytes::from_static(b"x=4; cd /tmp\n")).await?;
    terminal.write(Bytes::from_static(b"echo \"<$x$PWD>\"; exit 9\n")).await?;
    let (text, exit) = rest(terminal.as_mut()).await?;
    holds(format_args!("state in {text:?}"), text.contains("<4/tmp>"))?;
    equal("exit_code", exit.exit_code, 9)?;
    Ok(Outcome::Held)
}

/// Reads until `word` was shown.
async fn until(terminal: &mut dyn Terminal, word: &str) -> Result<(), Failure> {
    let mut shown = Vec::new();
    while let Some(event) = terminal.next().await.transpose()? {
        match event {
            TerminalEvent::Output(chunk) => shown.extend_from_slice(&chunk),
            TerminalEvent::Exit(exit) => return Err(Failure(format!("ended early: {exit:?}"))),
        }
        if String::from_utf8_lossy(&shown).contains(word) {
            return Ok(());
        }
    }
    Err(Failure("ended without an exit".to_owned()))
}

/// Reads to the end.
async fn rest(terminal: &mut dyn Terminal) -> Result<(String, ExecExit), Failure> {
    let mut shown = Vec::new();
    while let Some(event) = terminal.next().await.transpose()? {
        match event {
            TerminalEvent::Output(chunk) => shown.extend_from_slice(&chunk),
            TerminalEvent::Exit(exit) => return Ok((String::from_utf8_lossy(&shown).into_owned(), exit)),
        }
    }
    Err(Failure("ended without an exit".to_owned()))
}
