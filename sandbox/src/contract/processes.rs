//! Rules about commands that outlive the call.

use std::time::Duration;

use bytes::Bytes;

use super::check::{Check, Outcome, Subject, Verdict, equal, holds, table};
use crate::{ExecRequest, ProcessId, ProcessState, SandboxError};

pub(super) fn checks() -> Vec<Check> {
    table![
        a_spawned_command_runs_on_and_can_be_waited_for,
        attaching_gives_what_was_said_and_what_follows,
        a_spawned_command_reads_what_is_written,
        a_signal_ends_a_spawned_command,
        an_unknown_process_is_an_error,
    ]
}

async fn a_spawned_command_runs_on_and_can_be_waited_for(subject: Subject) -> Verdict {
    let Some(processes) = subject.processes() else { return Ok(Outcome::NotApplicable) };
    let id = processes.spawn(ExecRequest::new("read line; echo done > done; exit 5")).await?;
    let listed = processes.list().await?;
    let running = listed.iter().any(|info| info.id == id && info.state == ProcessState::Running);
    holds(format_args!("running in {listed:?}"), running)?;
    processes.close_stdin(id).await?;
    equal("exit_code", processes.wait(id).await?.exit_code, 5)?;
    equal("asked again", processes.wait(id).await?.exit_code, 5)?;
    holds("it ran", subject.exists(b"done").await?)?;
    processes.forget(id).await?;
    holds("forgotten", processes.list().await?.is_empty())?;
    Ok(Outcome::Held)
}

async fn attaching_gives_what_was_said_and_what_follows(subject: Subject) -> Verdict {
    let Some(processes) = subject.processes() else { return Ok(Outcome::NotApplicable) };
    let id = processes.spawn(ExecRequest::new("echo first; read line; echo second")).await?;
    let mut once = processes.attach(id).await?;
    let _ = once.next().await.transpose()?;
    drop(once);
    let again = processes.attach(id).await?;
    processes.write_stdin(id, Bytes::from_static(b"\n")).await?;
    let result = again.collect().await?;
    equal("stdout", result.stdout_text(), "first\nsecond\n")?;
    equal("after the end", processes.attach(id).await?.collect().await?.stdout_text(), "first\nsecond\n")?;
    Ok(Outcome::Held)
}

async fn a_spawned_command_reads_what_is_written(subject: Subject) -> Verdict {
    let Some(processes) = subject.processes() else { return Ok(Outcome::NotApplicable) };
    let id = processes.spawn(ExecRequest::new("cat")).await?;
    processes.write_stdin(id, Bytes::from_static(b"a\0")).await?;
    processes.write_stdin(id, Bytes::from_static(b"b")).await?;
    processes.close_stdin(id).await?;
    let result = processes.attach(id).await?.collect().await?;
    equal("stdout", &result.stdout[..], b"a\0b")?;
    Ok(Outcome::Held)
}

async fn a_signal_ends_a_spawned_command(subject: Subject) -> Verdict {
    let Some(processes) = subject.processes() else { return Ok(Outcome::NotApplicable) };
    let id = processes.spawn(ExecRequest::new("echo up; sleep 100")).await?;
    let _ = processes.attach(id).await?.next().await.transpose()?;
    processes.signal(id, 15).await?;
    let exit = tokio::time::timeout(Duration::from_secs(30), processes.wait(id)).await;
    equal("exit_code", exit.ok().transpose()?.map(|exit| exit.exit_code), Some(143))?;
    Ok(Outcome::Held)
}

async fn an_unknown_process_is_an_error(subject: Subject) -> Verdict {
    let Some(processes) = subject.processes() else { return Ok(Outcome::NotApplicable) };
    let result = processes.wait(ProcessId(u64::MAX)).await;
    holds(format_args!("UnknownId, not {result:?}"), matches!(result, Err(SandboxError::UnknownId { .. })))?;
    Ok(Outcome::Held)
}
