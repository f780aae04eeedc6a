//! A script, its output streamed or gathered to one object.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_core::Stream;
use local_sandbox::{
    DenialHint, ExecError, KillReason, LocalExecution, LocalExit, LocalSandbox, ProtectedChange, Spooled, Status,
    signal_name,
};
use sandbox::{ExecEvent, ExecRequest, ExecResult, Omission, OutputRetention, Retained, SandboxError};
use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;

use super::interruptions::Interruptions;
use super::{Arguments, Failure, input, options, unwritable};
use crate::cli::{complain, json, names};

/// Bytes of each stream kept for `--json`.
const DEFAULT_RETENTION: u64 = 1 << 20;

/// Runs the script and ends everything it left.
pub async fn run(arguments: Arguments) -> Result<i32, Failure> {
    let sandbox = options::sandbox(&arguments)?;
    let request = request(&arguments)?;
    let status = if arguments.json {
        gather(&sandbox, request, &arguments).await
    } else {
        stream(&sandbox, request, &arguments).await
    };
    let left = sandbox.shutdown().await.leaked;
    if !left.is_empty() {
        complain(format_args!("sandshell local: still alive after KILL: {left:?}"));
    }
    status
}

fn request(arguments: &Arguments) -> Result<ExecRequest, Failure> {
    let script = names::into_bytes(arguments.script.clone().unwrap_or_default());
    let mut words = arguments.words.iter().map(|word| names::bytes(word).to_vec());
    Ok(ExecRequest {
        script: script.into(),
        arg0: words.next(),
        args: words.collect(),
        stdin: input::open(arguments.stdin.as_deref())?,
        ..ExecRequest::default()
    })
}

/// The next event, or the signal that asks us to end.
enum Happening {
    Event(Option<Result<ExecEvent, SandboxError>>),
    Interrupted(i32),
}

async fn next(execution: &mut LocalExecution, interruptions: &mut Interruptions) -> Happening {
    tokio::select! {
        event = std::future::poll_fn(|cx| Pin::new(&mut *execution).poll_next(cx)) => Happening::Event(event),
        number = interruptions.next() => Happening::Interrupted(number),
    }
}

fn interruptions() -> Result<Interruptions, Failure> {
    Interruptions::new().map_err(|source| Failure::Io { what: "signals".to_owned(), source })
}

/// Passes output on as it comes; with a limit, the start at once and what is kept of the end at the end.
async fn stream(sandbox: &LocalSandbox, request: ExecRequest, arguments: &Arguments) -> Result<i32, Failure> {
    let limit = arguments.max_output;
    let interruptions = interruptions()?;
    let mut execution = sandbox.start(request).await?;
    let mut out = Sink::new(tokio::io::stdout(), limit);
    let mut err = Sink::new(tokio::io::stderr(), limit);
    let mut patience = Patience { interruptions, grace: arguments.grace, interrupted: None };
    loop {
        let written = match next(&mut execution, &mut patience.interruptions).await {
            Happening::Interrupted(number) => Err(Stop::Interrupted(number)),
            Happening::Event(Some(Ok(ExecEvent::Stdout(chunk)))) => patience.wait_for(out.write(chunk)).await,
            Happening::Event(Some(Ok(ExecEvent::Stderr(chunk)))) => patience.wait_for(err.write(chunk)).await,
            Happening::Event(Some(Ok(ExecEvent::Exit(exit)))) => {
                let _ = patience.wait_for(out.finish()).await;
                let _ = patience.wait_for(err.finish()).await;
                tell_reason(execution.details());
                return Ok(patience.interrupted.map_or(exit.exit_code, |(number, _)| 128 + number));
            }
            Happening::Event(Some(Err(error))) => return Err(error.into()),
            Happening::Event(None) => return Err(ExecError::HelperDied.into()),
        };
        match written {
            Ok(()) => {}
            Err(Stop::Interrupted(number)) => {
                patience.interrupted = Some((number, Instant::now() + patience.grace));
                execution.cancel();
            }
            Err(Stop::Io(source)) => return Err(unwritable(source)),
        }
    }
}

/// Says what else would be a riddle: files that are gone, a limit that ended the script. A timeout has its status, as with `timeout(1)`.
fn tell_reason(details: Option<&LocalExit>) {
    let Some(details) = details else { return };
    for change in &details.protected_changes {
        let done = if change.removed { "it was removed" } else { "it was changed" };
        complain(format_args!("sandshell local: {} is protected: {done}", change.path.display()));
    }
    let limit = match details.killed_by {
        Some(KillReason::Processes) => "processes",
        Some(KillReason::Memory) => "memory",
        _ => return,
    };
    complain(format_args!("sandshell local: the limit on {limit} was reached"));
}

/// Why output was not passed on.
enum Stop {
    Interrupted(i32),
    Io(io::Error),
}

/// How long those who read our output are waited for: until we are asked to end, then for the grace.
struct Patience {
    interruptions: Interruptions,
    grace: Duration,
    /// By which signal, and until when they are waited for.
    interrupted: Option<(i32, Instant)>,
}

impl Patience {
    async fn wait_for(&mut self, written: impl Future<Output = io::Result<()>>) -> Result<(), Stop> {
        let end = async {
            match self.interrupted {
                Some((_, until)) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            written = written => written.map_err(Stop::Io),
            number = self.interruptions.next() => Err(Stop::Interrupted(number)),
            // What nobody reads is lost, as with any program that a signal ends.
            () = end => Ok(()),
        }
    }
}

/// One of our output streams.
struct Sink<W> {
    writer: W,
    head_left: u64,
    tail: Option<Retained>,
}

impl<W: tokio::io::AsyncWrite + Unpin> Sink<W> {
    fn new(writer: W, limit: Option<u64>) -> Sink<W> {
        let tail = limit.map(|limit| Retained::new(OutputRetention { head: 0, tail: half(limit - limit / 2) }));
        Sink { writer, head_left: limit.map_or(u64::MAX, |limit| limit / 2), tail }
    }

    async fn write(&mut self, mut chunk: Bytes) -> io::Result<()> {
        let now = usize::try_from(self.head_left).unwrap_or(usize::MAX).min(chunk.len());
        let mut first = chunk.split_to(now);
        if let Some(tail) = &mut self.tail {
            self.head_left -= first.len() as u64;
            if !chunk.is_empty() {
                // A character that the gap might go through is kept with the end.
                let (whole, _, _) = Omission { at: first.len(), bytes: 0 }.between_characters(&first);
                let begun = first.split_off(whole.len());
                tail.push(begun);
                tail.push(chunk);
            }
        }
        if first.is_empty() {
            return Ok(());
        }
        self.writer.write_all(&first).await?;
        self.writer.flush().await
    }

    /// Writes what is kept of the end, with a line that says how much is missing.
    async fn finish(mut self) -> io::Result<()> {
        let Some(tail) = self.tail.take() else { return Ok(()) };
        let (bytes, omission) = tail.finish();
        let mut end = bytes.as_ref();
        if let Some(omission) = omission {
            let missing;
            (_, end, missing) = omission.between_characters(&bytes);
            self.writer.write_all(format!("\n[... {missing} bytes omitted ...]\n").as_bytes()).await?;
        }
        self.writer.write_all(end).await?;
        self.writer.flush().await
    }
}

fn half(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

/// What `--json` says beyond `sandshell sh --json`.
#[derive(Serialize)]
struct More {
    signal_name: Option<&'static str>,
    cancelled: bool,
    killed_by: Option<KillReason>,
    denial_hint: Option<DenialHint>,
    spooled: Option<Spooled>,
    protected_changes: Vec<ProtectedChange>,
    still_running: u32,
    leaked: Vec<u32>,
    omitted_bytes: u64,
    stdout_omitted_bytes: u64,
    stderr_omitted_bytes: u64,
    enforced: BTreeMap<String, String>,
}

/// Keeps the output within bounds and prints one object at the end.
async fn gather(sandbox: &LocalSandbox, request: ExecRequest, arguments: &Arguments) -> Result<i32, Failure> {
    let limit = arguments.max_output.unwrap_or(DEFAULT_RETENTION);
    let retention = OutputRetention { head: half(limit / 2), tail: half(limit - limit / 2) };
    let mut interruptions = interruptions()?;
    let mut execution = sandbox.start(request).await?;
    let (mut stdout, mut stderr) = (Retained::new(retention), Retained::new(retention));
    let mut interrupted = None;
    let exit = loop {
        match next(&mut execution, &mut interruptions).await {
            Happening::Interrupted(number) => {
                interrupted = Some(number);
                execution.cancel();
            }
            Happening::Event(Some(Ok(ExecEvent::Stdout(chunk)))) => stdout.push(chunk),
            Happening::Event(Some(Ok(ExecEvent::Stderr(chunk)))) => stderr.push(chunk),
            Happening::Event(Some(Ok(ExecEvent::Exit(exit)))) => break exit,
            Happening::Event(Some(Err(error))) => return Err(error.into()),
            Happening::Event(None) => return Err(ExecError::HelperDied.into()),
        }
    };
    let details = execution.details().cloned().unwrap_or_default();
    drop(execution);
    let leaked = sandbox.shutdown().await.leaked;
    let (signal, cancelled) = (exit.signal, exit.cancelled);
    let mut result = ExecResult::new(stdout, stderr, exit);
    result.cut_between_characters();
    let missing = |gap: Option<Omission>| gap.map_or(0, |gap| gap.bytes);
    let (stdout_omitted_bytes, stderr_omitted_bytes) = (missing(result.stdout_omitted), missing(result.stderr_omitted));
    let more = More {
        signal_name: signal.and_then(signal_name),
        cancelled,
        killed_by: details.killed_by,
        denial_hint: details.denial_hint,
        spooled: details.spooled,
        protected_changes: details.protected_changes,
        still_running: details.still_running,
        leaked,
        omitted_bytes: stdout_omitted_bytes + stderr_omitted_bytes,
        stdout_omitted_bytes,
        stderr_omitted_bytes,
        enforced: enforced(sandbox),
    };
    let line = json::render_with(&result, more).map_err(|error| unwritable(error.into()))?;
    let mut out = tokio::io::stdout();
    out.write_all(&line).await.map_err(unwritable)?;
    out.flush().await.map_err(unwritable)?;
    Ok(interrupted.map_or(result.exit_code, |number| 128 + number))
}

/// Every property that holds, and by what.
fn enforced(sandbox: &LocalSandbox) -> BTreeMap<String, String> {
    let properties = sandbox.report().properties.iter();
    let held = properties.filter_map(|(property, status)| match status {
        Status::Enforced { by } => Some((property.to_string(), by.clone())),
        _ => None,
    });
    held.collect()
}
