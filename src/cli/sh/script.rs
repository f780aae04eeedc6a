//! Running a script that is not typed at a prompt.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::process::ExitCode;
use std::task::{Context, Poll};

use bytes::Bytes;
use sandbox::types::Stream;
use sandbox::{ExecEvent, ExecRequest, ExecResult, Execution, OutputRetention, Sandbox, SandboxError, Stdin};
use tokio::io::{AsyncRead, ReadBuf};
use virtual_sandbox::driver::VirtualSandbox;
use virtual_sandbox::kernel::Signal;

use super::invocation::{Invocation, Source};
use crate::cli::{complain, exit_status, json, names};

/// The status of a command that could not be run.
const CANNOT_RUN: u8 = 126;
/// The status of a script that is not there.
const NOT_FOUND: u8 = 127;
/// The signal that ends a writer whose reader is gone.
const SIGPIPE: i32 = 13;

/// A script that could not be run, and the status that says so.
#[derive(Debug)]
pub struct Refused {
    message: String,
    status: u8,
}

impl Refused {
    /// Says why, and gives the status.
    pub fn report(self) -> ExitCode {
        complain(format_args!("sandshell sh: {}", self.message));
        ExitCode::from(self.status)
    }

    /// Something that cannot be run at all.
    pub fn cannot_run(message: impl Into<String>) -> Self {
        Refused { message: message.into(), status: CANNOT_RUN }
    }
}

impl From<SandboxError> for Refused {
    fn from(error: SandboxError) -> Self {
        Refused::cannot_run(error.to_string())
    }
}

/// Runs the invocation's script in the sandbox and passes on what it writes.
pub async fn run(sandbox: &VirtualSandbox, invocation: &Invocation) -> Result<ExitCode, Refused> {
    let (argv, script_on_input) = argv(sandbox, invocation).await?;
    let settings = &invocation.settings;
    let mut request = ExecRequest::default();
    if script_on_input || !matches!(invocation.source, Source::Input) {
        request = request.stdin(Stdin::Stream(Box::pin(HostInput::new())));
    }
    if let Some(timeout) = settings.timeout {
        request = request.timeout(timeout);
    }
    if settings.json {
        request = request.retention(OutputRetention::ALL);
    }
    let execution = sandbox.exec_argv(argv, request)?;
    let interrupts = interrupts(sandbox.clone());
    let done = async { if settings.json { report(execution.collect().await?) } else { pass_on(execution).await } };
    tokio::select! {
        code = done => code,
        () = interrupts => Err(Refused::cannot_run("interrupted")),
    }
}

/// The arguments of the machine's bash, and whether the script is read from standard input.
async fn argv(sandbox: &VirtualSandbox, invocation: &Invocation) -> Result<(Vec<Bytes>, bool), Refused> {
    let mut argv = vec![Bytes::from_static(b"bash")];
    argv.extend(invocation.option_words().into_iter().map(Bytes::from));
    if invocation.interactive {
        argv.push(Bytes::from_static(b"-i"));
    }
    let mut script_on_input = false;
    match &invocation.source {
        Source::Argument(script) => {
            argv.extend([Bytes::from_static(b"-c"), Bytes::from_static(b"--"), Bytes::from(script.clone())]);
            if invocation.arg0.is_some() || !invocation.args.is_empty() {
                argv.push(Bytes::from(invocation.arg0.clone().unwrap_or_else(|| b"bash".to_vec())));
            }
        }
        Source::File(file) => argv.extend(script_file(sandbox, file).await?),
        Source::Input => {
            script_on_input = true;
            argv.extend([Bytes::from_static(b"-s"), Bytes::from_static(b"--")]);
        }
    }
    argv.extend(invocation.args.iter().cloned().map(Bytes::from));
    Ok((argv, script_on_input))
}

/// Brings a script file of the host into the machine, under its own name; gives the words that run it there. Where its
/// directory cannot be made inside, it is run as a string with its name as `$0`.
async fn script_file(sandbox: &VirtualSandbox, file: &[u8]) -> Result<Vec<Bytes>, Refused> {
    let shown = file.escape_ascii();
    let content = std::fs::read(names::path(file)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            Refused { message: format!("{shown}: No such file or directory"), status: NOT_FOUND }
        }
        io::ErrorKind::IsADirectory => Refused::cannot_run(format!("{shown}: Is a directory")),
        _ => Refused::cannot_run(format!("{shown}: {error}")),
    })?;
    let name = Bytes::copy_from_slice(file);
    // What --files or --mount put there stays as it is.
    let there = sandbox.exists(file).await.unwrap_or(false);
    if there || sandbox.write_file(file, Bytes::from(content.clone())).await.is_ok() {
        return Ok(vec![Bytes::from_static(b"--"), name]);
    }
    Ok(vec![Bytes::from_static(b"-c"), Bytes::from_static(b"--"), Bytes::from(content), name])
}

/// Writes output as it comes; gives the script's status.
async fn pass_on(mut execution: Execution) -> Result<ExitCode, Refused> {
    while let Some(event) = execution.next().await {
        let written = match event? {
            ExecEvent::Stdout(chunk) => write(&mut io::stdout().lock(), &chunk),
            ExecEvent::Stderr(chunk) => write(&mut io::stderr().lock(), &chunk),
            ExecEvent::Exit(exit) => return Ok(exit_status(exit.exit_code)),
        };
        if written.is_err() {
            return Ok(exit_status(128 + SIGPIPE));
        }
    }
    Err(Refused::cannot_run("the machine ended without a status"))
}

fn write(stream: &mut impl Write, chunk: &[u8]) -> io::Result<()> {
    stream.write_all(chunk)?;
    stream.flush()
}

/// Prints the finished command as JSON.
fn report(mut result: ExecResult) -> Result<ExitCode, Refused> {
    result.cut_between_characters();
    let line = json::render(&result).map_err(|error| Refused::cannot_run(error.to_string()))?;
    match write(&mut io::stdout().lock(), &line) {
        Ok(()) => Ok(exit_status(result.exit_code)),
        Err(_) => Ok(exit_status(128 + SIGPIPE)),
    }
}

/// Passes Ctrl-C on to the script: the first time as the signal it is, the second time it ends us.
async fn interrupts(sandbox: VirtualSandbox) {
    if tokio::signal::ctrl_c().await.is_err() {
        return std::future::pending().await;
    }
    sandbox.signal_all(Signal::INT);
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Standard input of this process, read as it is asked for.
struct HostInput {
    input: tokio::io::Stdin,
    buffer: Vec<u8>,
}

impl HostInput {
    fn new() -> Self {
        HostInput { input: tokio::io::stdin(), buffer: vec![0; 65_536] }
    }
}

impl Stream for HostInput {
    type Item = Bytes;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let this = self.get_mut();
        let mut buffer = ReadBuf::new(&mut this.buffer);
        match Pin::new(&mut this.input).poll_read(cx, &mut buffer) {
            Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                Poll::Ready(Some(Bytes::copy_from_slice(buffer.filled())))
            }
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Runs a future to its end. Standard input may still be read in another thread, which must not keep us.
pub fn block_on<T>(future: impl Future<Output = T>) -> io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let value = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(value)
}
