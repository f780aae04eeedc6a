//! Rules about running a command.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::check::{Check, Outcome, Subject, Verdict, equal, holds, output, sh, table};
use crate::{ExecRequest, OutputRetention, SandboxError, TIMEOUT_STATUS};

pub(super) fn checks() -> Vec<Check> {
    table![
        both_streams_and_the_status_are_collected,
        a_command_that_does_not_exist_is_status_127_and_no_error,
        a_syntax_error_is_a_status_and_no_error,
        a_signal_gives_128_and_its_number,
        positional_parameters_keep_their_bytes,
        the_script_name_is_arg0,
        the_environment_is_set_and_unset,
        the_working_directory_is_the_request_s,
        a_missing_working_directory_is_an_error,
        variables_and_directory_do_not_reach_the_next_command,
        files_do_reach_the_next_command,
        output_may_be_any_bytes,
        a_timeout_ends_the_command_with_124_and_keeps_the_output,
        a_timeout_ends_what_ignores_signals,
        a_cancelled_command_ends_and_keeps_its_output,
        a_token_cancelled_before_is_an_error,
        retention_keeps_head_and_tail_and_counts_the_rest,
        commands_run_at_the_same_time,
        a_long_script_runs,
        nothing_runs_after_close,
    ]
}

async fn both_streams_and_the_status_are_collected(subject: Subject) -> Verdict {
    let result = sh(&subject, "echo out; echo err >&2; exit 7").await?;
    equal("stdout", &result.stdout[..], b"out\n")?;
    equal("stderr", &result.stderr[..], b"err\n")?;
    equal("exit_code", result.exit_code, 7)?;
    equal("signal", result.signal, None)?;
    holds("neither timed out, cancelled nor truncated", !result.timed_out && !result.cancelled && !result.truncated)?;
    equal("stdout bytes counted", result.usage.stdout_bytes, 4)?;
    equal("stderr bytes counted", result.usage.stderr_bytes, 4)?;
    Ok(Outcome::Held)
}

async fn a_command_that_does_not_exist_is_status_127_and_no_error(subject: Subject) -> Verdict {
    let result = sh(&subject, "no_such_command_anywhere").await?;
    equal("exit_code", result.exit_code, 127)?;
    holds("a message on stderr", !result.stderr.is_empty())?;
    Ok(Outcome::Held)
}

async fn a_syntax_error_is_a_status_and_no_error(subject: Subject) -> Verdict {
    let result = sh(&subject, "if true; then").await?;
    equal("exit_code", result.exit_code, 2)?;
    holds("a message on stderr", !result.stderr.is_empty())?;
    Ok(Outcome::Held)
}

async fn a_signal_gives_128_and_its_number(subject: Subject) -> Verdict {
    let result = sh(&subject, "kill -TERM $$; sleep 30").await?;
    equal("exit_code", result.exit_code, 143)?;
    equal("signal", result.signal, Some(15))?;
    Ok(Outcome::Held)
}

async fn positional_parameters_keep_their_bytes(subject: Subject) -> Verdict {
    let request = ExecRequest::new("printf '<%s>' \"$@\"; printf '%s' $#").arg("a  b").arg("").arg("*\n'\"$x");
    let result = subject.exec(request).await?.collect().await?;
    equal("stdout", result.stdout_text(), "<a  b><><*\n'\"$x>3")?;
    Ok(Outcome::Held)
}

async fn the_script_name_is_arg0(subject: Subject) -> Verdict {
    let result = subject.exec(ExecRequest::new("printf %s \"$0\"").arg0("my name")).await?.collect().await?;
    equal("stdout", result.stdout_text(), "my name")?;
    Ok(Outcome::Held)
}

async fn the_environment_is_set_and_unset(subject: Subject) -> Verdict {
    let script = "printf '%s|%s|%s' \"$CONTRACT_A\" \"${CONTRACT_B-unset}\" \"${HOME-unset}\"";
    let request = ExecRequest::new(script)
        .env("CONTRACT_A", "one two\n")
        .env("CONTRACT_B", "x")
        .env_remove("CONTRACT_B")
        .env_remove("HOME");
    let result = subject.exec(request).await?.collect().await?;
    equal("stdout", result.stdout_text(), "one two\n|unset|unset")?;
    equal("the next command", output(&subject, "printf %s \"${CONTRACT_A-unset}\"").await?, "unset")?;
    Ok(Outcome::Held)
}

async fn the_working_directory_is_the_request_s(subject: Subject) -> Verdict {
    subject.create_dir(b"cwd dir/below", true).await?;
    let relative = subject.exec(ExecRequest::new("pwd").cwd("cwd dir/below")).await?.collect().await?;
    let want = subject.resolve_path(b"cwd dir/below");
    equal("relative", relative.stdout.strip_suffix(b"\n").map(<[u8]>::to_vec), Some(want.clone()))?;
    let absolute = subject.exec(ExecRequest::new("pwd").cwd(want.clone())).await?.collect().await?;
    equal("absolute", absolute.stdout.strip_suffix(b"\n").map(<[u8]>::to_vec), Some(want))?;
    let default = sh(&subject, "pwd").await?;
    equal("default", default.stdout.strip_suffix(b"\n").map(<[u8]>::to_vec), Some(subject.cwd()))?;
    Ok(Outcome::Held)
}

async fn a_missing_working_directory_is_an_error(subject: Subject) -> Verdict {
    let result = subject.exec(ExecRequest::new("echo ran").cwd("no/such/directory")).await;
    holds(format_args!("an error, not {result:?}"), result.is_err())?;
    Ok(Outcome::Held)
}

async fn variables_and_directory_do_not_reach_the_next_command(subject: Subject) -> Verdict {
    sh(&subject, "contract_v=1; export contract_v; f() { :; }; cd /").await?;
    equal("variable", output(&subject, "printf %s \"${contract_v-unset}\"").await?, "unset")?;
    let pwd = sh(&subject, "pwd").await?;
    equal("directory", pwd.stdout.strip_suffix(b"\n").map(<[u8]>::to_vec), Some(subject.cwd()))?;
    Ok(Outcome::Held)
}

async fn files_do_reach_the_next_command(subject: Subject) -> Verdict {
    output(&subject, "echo kept > kept.txt").await?;
    equal("stdout", output(&subject, "cat kept.txt").await?, "kept\n")?;
    Ok(Outcome::Held)
}

async fn output_may_be_any_bytes(subject: Subject) -> Verdict {
    let result = sh(&subject, r"printf 'a\000\377\n\r\200b'").await?;
    equal("stdout", &result.stdout[..], b"a\0\xff\n\r\x80b")?;
    Ok(Outcome::Held)
}

async fn a_timeout_ends_the_command_with_124_and_keeps_the_output(subject: Subject) -> Verdict {
    let started = Instant::now();
    let request = ExecRequest::new("echo before; sleep 100; echo after").timeout(Duration::from_millis(500));
    let result = subject.exec(request).await?.collect().await?;
    equal("exit_code", result.exit_code, TIMEOUT_STATUS)?;
    holds("timed_out", result.timed_out)?;
    equal("stdout", result.stdout_text(), "before\n")?;
    holds("it ended soon", started.elapsed() < Duration::from_secs(30))?;
    equal("usable afterwards", output(&subject, "echo on").await?, "on\n")?;
    Ok(Outcome::Held)
}

async fn a_timeout_ends_what_ignores_signals(subject: Subject) -> Verdict {
    let request = ExecRequest::new("trap '' TERM INT HUP; while :; do :; done").timeout(Duration::from_millis(300));
    let result = subject.exec(request).await?.collect().await?;
    equal("exit_code", result.exit_code, TIMEOUT_STATUS)?;
    holds("timed_out", result.timed_out)?;
    Ok(Outcome::Held)
}

async fn a_cancelled_command_ends_and_keeps_its_output(subject: Subject) -> Verdict {
    let token = CancellationToken::new();
    let request = ExecRequest::new("echo before; sleep 100; echo after").cancellation(token.clone());
    let execution = subject.exec(request).await?;
    let (result, ()) = tokio::join!(execution.collect(), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        token.cancel();
    });
    let result = result?;
    holds("cancelled", result.cancelled && !result.timed_out)?;
    holds("a status that is no success", result.exit_code != 0)?;
    equal("stdout", result.stdout_text(), "before\n")?;
    equal("usable afterwards", output(&subject, "echo on").await?, "on\n")?;
    Ok(Outcome::Held)
}

async fn a_token_cancelled_before_is_an_error(subject: Subject) -> Verdict {
    let token = CancellationToken::new();
    token.cancel();
    let result = subject.exec(ExecRequest::new("echo ran > ran").cancellation(token)).await;
    holds(format_args!("Cancelled, not {result:?}"), matches!(result, Err(SandboxError::Cancelled { .. })))?;
    holds("nothing ran", !subject.exists(b"ran").await?)?;
    Ok(Outcome::Held)
}

async fn retention_keeps_head_and_tail_and_counts_the_rest(subject: Subject) -> Verdict {
    let request = ExecRequest::new("printf 0123456789; echo e >&2").retention(OutputRetention { head: 3, tail: 2 });
    let result = subject.exec(request).await?.collect().await?;
    equal("stdout", &result.stdout[..], b"01289")?;
    equal("omitted", result.stdout_omitted.map(|omission| (omission.at, omission.bytes)), Some((3, 5)))?;
    equal("stderr", &result.stderr[..], b"e\n")?;
    holds("truncated", result.truncated)?;
    equal("counted", result.usage.stdout_bytes, 10)?;
    Ok(Outcome::Held)
}

async fn commands_run_at_the_same_time(subject: Subject) -> Verdict {
    output(&subject, "mkfifo meet").await?;
    let (reader, writer) = tokio::join!(sh(&subject, "cat meet"), sh(&subject, "echo met > meet"));
    equal("stdout", reader?.stdout_text(), "met\n")?;
    equal("writer", writer?.exit_code, 0)?;
    Ok(Outcome::Held)
}

async fn a_long_script_runs(subject: Subject) -> Verdict {
    let mut script = b": '".to_vec();
    script.resize(300_000, b'x');
    script.extend_from_slice(b"'\necho end");
    let result = subject.exec(ExecRequest::new(script)).await?.collect().await?;
    equal("stdout", result.stdout_text(), "end\n")?;
    Ok(Outcome::Held)
}

async fn nothing_runs_after_close(subject: Subject) -> Verdict {
    subject.close().await?;
    let exec = subject.exec(ExecRequest::new("echo ran")).await;
    holds(format_args!("exec: Closed, not {exec:?}"), matches!(exec, Err(SandboxError::Closed { .. })))?;
    let read = subject.read_file(b"x").await;
    holds(format_args!("read_file: Closed, not {read:?}"), matches!(read, Err(SandboxError::Closed { .. })))?;
    subject.close().await?;
    Ok(Outcome::Held)
}
