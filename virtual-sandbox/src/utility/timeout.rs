//! `timeout` - run a command with a time limit.  [GNU coreutils "timeout invocation"]

use super::options::OptionError;
use super::sleep::nanoseconds;
use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "timeout",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(timeout(sys, inv)),
    doc: "run a command with a time limit",
};

options! {
    OPTIONS: "[OPTION] DURATION COMMAND [ARG]...\n[OPTION]", StopAtOperand, 125;
    KILL_AFTER = 'k', "kill-after", Required("DURATION"), "also send a KILL signal if COMMAND is still running this long after";
    SIGNAL     = 's', "signal", Required("SIGNAL"), "specify the signal to be sent on timeout";
    VERBOSE    = 'v', "verbose", No, "diagnose to stderr any signal sent upon timeout";
    FOREGROUND = ' ', "foreground", No, "do not run COMMAND in a group of its own";
    PRESERVE   = ' ', "preserve-status", No, "exit with the same status as COMMAND, even when the command times out";
}

/// "the command times out"
const TIMED_OUT: ExitStatus = ExitStatus(124);
/// "timeout itself fails"
const CANCELLED: ExitStatus = ExitStatus(125);

struct Request {
    limit: u64,
    kill_after: u64,
    signal: Signal,
    verbose: bool,
    preserve: bool,
    foreground: bool,
}

async fn timeout(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let [duration, command @ ..] = parsed.operands() else { return usage_error(&sys).await };
    if command.is_empty() {
        return usage_error(&sys).await;
    }
    let mut request = Request {
        limit: 0,
        kill_after: 0,
        signal: Signal::TERM,
        verbose: parsed.has(VERBOSE),
        preserve: parsed.has(PRESERVE),
        foreground: parsed.has(FOREGROUND),
    };
    let invalid =
        |text: &[u8]| OptionError::Usage([b"invalid time interval ".as_slice(), &quote(text)].concat(), CANCELLED.0);
    if let Some(text) = parsed.value(KILL_AFTER) {
        match nanoseconds(text) {
            Some(value) => request.kill_after = value,
            None => return invalid(text).report(&sys).await,
        }
    }
    if let Some(name) = parsed.value(SIGNAL) {
        let number = std::str::from_utf8(name).ok().and_then(|text| text.parse().ok()).and_then(Signal::from_number);
        match number.or_else(|| Signal::from_name(name)) {
            Some(signal) => request.signal = signal,
            None => {
                let message = [quote(name).as_slice(), b": invalid signal"].concat();
                return OptionError::Usage(message, CANCELLED.0).report(&sys).await;
            }
        }
    }
    match nanoseconds(duration) {
        Some(value) => request.limit = value,
        None => return invalid(duration).report(&sys).await,
    }
    run(&sys, &request, command.to_vec()).await
}

async fn usage_error(sys: &Sys) -> ExitStatus {
    try_help(sys).await;
    CANCELLED
}

async fn run(sys: &Sys, request: &Request, argv: Vec<Bytes>) -> ExitStatus {
    let name = argv.first().cloned().unwrap_or_default();
    let mut spawn = SpawnRequest::new(argv);
    spawn.new_group = !request.foreground;
    let pid = match sys.spawn(spawn).await {
        Ok(pid) => pid,
        Err(errno) => {
            sys.complain([b"failed to run command ".as_slice(), &quote(&name)].concat(), errno).await;
            return if errno == Errno::ENOENT { ExitStatus::NOT_FOUND } else { ExitStatus::NOT_EXECUTABLE };
        }
    };
    let limit = (request.limit > 0).then_some(request.limit);
    let mut ended = sys.wait_timeout(WaitTarget::Process(pid), limit).await;
    let timed_out = ended == Err(Errno::ETIMEDOUT);
    if timed_out {
        send(sys, request, pid, request.signal, &name).await;
        let grace = (request.kill_after > 0).then_some(request.kill_after);
        ended = sys.wait_timeout(WaitTarget::Process(pid), grace).await;
        if ended == Err(Errno::ETIMEDOUT) {
            send(sys, request, pid, Signal::KILL, &name).await;
            ended = sys.wait(WaitTarget::Process(pid)).await;
        }
    }
    let status = match ended {
        Ok((_, status)) => status,
        Err(errno) => {
            sys.complain("error waiting for command", errno).await;
            return CANCELLED;
        }
    };
    match status {
        // A command that had to be killed counts as killed, even though it timed out.
        WaitStatus::Signaled(Signal::KILL) => status.shell_status(),
        _ if timed_out && !request.preserve => TIMED_OUT,
        _ => status.shell_status(),
    }
}

async fn send(sys: &Sys, request: &Request, pid: Pid, signal: Signal, name: &[u8]) {
    if request.verbose {
        let mut message = format!("sending signal {} to command ", signal.name()).into_bytes();
        message.extend_from_slice(&quote(name));
        sys.error(message).await;
    }
    let target = if request.foreground { i64::from(pid.0) } else { -i64::from(pid.0) };
    // The real one signals the group it shares with its command, and has no way to outlive this one.
    if signal == Signal::KILL && !request.foreground {
        let _ = sys.kill(target, Some(signal)).await;
        let _ = sys.kill(i64::from(sys.identity().await.pid.0), Some(signal)).await;
        return;
    }
    // A command that is gone meanwhile is waited for all the same; a stopped one must run to see the signal.
    let _ = sys.kill(target, Some(signal)).await;
    if signal != Signal::KILL && signal != Signal::CONT {
        let _ = sys.kill(target, Some(Signal::CONT)).await;
    }
}
