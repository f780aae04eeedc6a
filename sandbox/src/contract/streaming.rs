//! Rules about output as it is produced.

use std::time::Duration;

use super::check::{Check, Outcome, Subject, Verdict, equal, holds, output, table};
use crate::{ExecEvent, ExecRequest, OutputRetention};

pub(super) fn checks() -> Vec<Check> {
    table![
        output_arrives_while_the_command_runs,
        the_exit_is_the_last_event,
        a_slow_reader_loses_nothing,
        endless_output_is_bounded_by_the_reader,
        a_dropped_execution_ends_the_command,
        large_output_is_complete,
    ]
}

async fn output_arrives_while_the_command_runs(subject: Subject) -> Verdict {
    output(&subject, "mkfifo go").await?;
    let mut execution = subject.exec(ExecRequest::new("echo first; cat go > /dev/null; echo second")).await?;
    let first = execution.next().await.transpose()?;
    equal("first event", first, Some(ExecEvent::Stdout("first\n".into())))?;
    // The command waits for this one: had its output been held back, the line above would have waited for ever.
    output(&subject, "echo > go").await?;
    let rest = execution.collect().await?;
    equal("the rest", rest.stdout_text(), "second\n")?;
    Ok(Outcome::Held)
}

async fn the_exit_is_the_last_event(subject: Subject) -> Verdict {
    let mut execution = subject.exec(ExecRequest::new("echo a; echo b >&2; exit 3")).await?;
    let mut last = None;
    while let Some(event) = execution.next().await.transpose()? {
        holds("nothing after the exit", !matches!(last, Some(ExecEvent::Exit(_))))?;
        last = Some(event);
    }
    match last {
        Some(ExecEvent::Exit(exit)) => equal("exit_code", exit.exit_code, 3)?,
        other => holds(format_args!("last event {other:?}"), false)?,
    }
    holds("none after none", execution.next().await.is_none())?;
    Ok(Outcome::Held)
}

async fn a_slow_reader_loses_nothing(subject: Subject) -> Verdict {
    let script = "i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done";
    let mut execution = subject.exec(ExecRequest::new(script)).await?;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let mut got = Vec::new();
    while let Some(event) = execution.next().await.transpose()? {
        if let ExecEvent::Stdout(chunk) = event {
            got.extend_from_slice(&chunk);
            tokio::task::yield_now().await;
        }
    }
    let want: String = (0..2000).map(|i| format!("line {i}\n")).collect();
    holds("all lines in order", got == want.as_bytes())?;
    Ok(Outcome::Held)
}

async fn endless_output_is_bounded_by_the_reader(subject: Subject) -> Verdict {
    let mut execution = subject.exec(ExecRequest::new("while :; do echo yyyyyyyyyyyyyyyy; done")).await?;
    let mut read = 0;
    while read < 100_000 {
        match execution.next().await.transpose()? {
            Some(ExecEvent::Stdout(chunk)) => read += chunk.len(),
            other => holds(format_args!("output, not {other:?}"), false)?,
        }
    }
    drop(execution);
    equal("usable afterwards", output(&subject, "echo on").await?, "on\n")?;
    Ok(Outcome::Held)
}

async fn a_dropped_execution_ends_the_command(subject: Subject) -> Verdict {
    let script = "echo started; while :; do echo x >> growing; sleep 0.05; done";
    let mut execution = subject.exec(ExecRequest::new(script)).await?;
    let _ = execution.next().await.transpose()?;
    drop(execution);
    // It may take a moment until the last process is gone; then the file must have stopped growing.
    let mut sizes = Vec::new();
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let size = if subject.exists(b"growing").await? { subject.stat(b"growing").await?.size } else { 0 };
        sizes.push(size);
        if sizes.iter().rev().take(4).filter(|&&earlier| earlier == size).count() == 4 {
            return Ok(Outcome::Held);
        }
    }
    holds(format_args!("the command still writes: {sizes:?}"), false)?;
    Ok(Outcome::Held)
}

async fn large_output_is_complete(subject: Subject) -> Verdict {
    let script = "head -c 5000000 /dev/zero; echo end >&2";
    let result = subject.exec(ExecRequest::new(script).retention(OutputRetention::ALL)).await?.collect().await?;
    equal("length", result.stdout.len(), 5_000_000)?;
    equal("stderr", result.stderr_text(), "end\n")?;
    holds("not truncated", !result.truncated)?;
    Ok(Outcome::Held)
}
