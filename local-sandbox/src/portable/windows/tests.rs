//! The portable sandbox on Windows, with the shell that is always there.

use std::time::Duration;

use sandbox::{ExecRequest, ExecResult, FileErrorKind, FileType, Sandbox, TerminalRequest, TerminalSize};

use crate::builder::{Confinement, Enforcement, LocalSandboxBuilder};
use crate::error::{ConfigError, ExecError};
use crate::portable::LocalSandbox;
use crate::portable::build::build;
use crate::report::{Property, Status};
use crate::shell::Shell;
use crate::yields::YieldFor;

fn options() -> LocalSandboxBuilder {
    let root = std::env::var_os("SystemRoot").expect("a system");
    let shell = std::path::Path::new(&root).join("System32").join("cmd.exe");
    LocalSandboxBuilder::default().shell(Shell::Path(shell))
}

fn sandbox() -> LocalSandbox {
    build(options()).expect("a sandbox")
}

async fn run(sandbox: &LocalSandbox, request: ExecRequest) -> ExecResult {
    sandbox.exec(request).await.expect("it starts").collect().await.expect("it ends")
}

#[tokio::test]
async fn both_streams_and_the_status_are_collected() {
    let result = run(&sandbox(), ExecRequest::new("echo out& echo err 1>&2& exit 7")).await;
    assert_eq!((result.stdout_text().as_str(), result.stderr_text().as_str()), ("out\r\n", "err \r\n"));
    assert_eq!((result.exit_code, result.signal), (7, None));
}

#[tokio::test]
async fn all_lines_of_a_script_run_and_long_ones_too() {
    let result = run(&sandbox(), ExecRequest::new("echo one\r\necho two\r\n")).await;
    assert_eq!(result.stdout_text(), "one\r\ntwo\r\n");
    let mut script = "rem ".to_owned() + &"x".repeat(200) + "\r\n";
    script = script.repeat(300) + "echo end\r\n";
    assert_eq!(run(&sandbox(), ExecRequest::new(script)).await.stdout_text(), "end\r\n");
}

#[tokio::test]
async fn input_is_read_unchanged() {
    let script = "cmd /d /v:on /c \"set /p A=& echo [!A!]\"";
    assert_eq!(run(&sandbox(), ExecRequest::new(script).stdin("abc\r\n")).await.stdout_text(), "[abc]\r\n");
    assert_eq!(run(&sandbox(), ExecRequest::new(script)).await.stdout_text(), "[!A!]\r\n");
}

#[tokio::test]
async fn the_environment_is_the_allowlist_and_what_is_set() {
    let secret = ExecRequest::new("echo %CARGO_MANIFEST_DIR% %Set% %SystemRoot%").env("SET", "x");
    let text = run(&sandbox(), secret).await.stdout_text();
    assert!(text.starts_with("%CARGO_MANIFEST_DIR% x C:\\"), "{text}");
}

#[tokio::test]
async fn the_working_directory_is_the_requests_and_must_be_there() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::create_dir(directory.path().join("a b")).expect("a directory");
    let sandbox = build(options().cwd(directory.path())).expect("a sandbox");
    let text = run(&sandbox, ExecRequest::new("cd").cwd("a b")).await.stdout_text();
    assert!(text.trim_end().ends_with("\\a b"), "{text}");
    let missing = sandbox.start(ExecRequest::new("echo ran").cwd("missing")).await.err();
    assert!(matches!(missing, Some(ExecError::Cwd { .. })), "{missing:?}");
}

#[tokio::test]
async fn a_timeout_ends_everything_that_was_started() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = build(options().cwd(directory.path())).expect("a sandbox");
    // The inner one goes on when its parent is gone, unless it ends with it.
    let script = "echo before& start /b cmd /d /c \"for /l %i in (0,0,1) do @rem\"& for /l %i in (0,0,1) do @rem";
    let result = run(&sandbox, ExecRequest::new(script).timeout(Duration::from_millis(1500))).await;
    assert_eq!((result.exit_code, result.timed_out), (124, true));
    assert!(result.stdout_text().starts_with("before"));
    assert_eq!(sandbox.shutdown().await.leaked, Vec::<u32>::new());
}

#[tokio::test]
async fn a_signal_that_ends_is_the_end_and_its_status() {
    let sandbox = sandbox();
    let processes = sandbox.processes().expect("processes");
    let id = processes.spawn(ExecRequest::new("echo up& for /l %i in (0,0,1) do @rem")).await.expect("it starts");
    let first = processes.attach(id).await.expect("attached").next().await;
    assert!(first.is_some());
    assert!(processes.signal(id, 20).await.is_err());
    processes.signal(id, 15).await.expect("sent");
    let exit = processes.wait(id).await.expect("it ends");
    assert_eq!((exit.exit_code, exit.signal), (143, Some(15)));
}

#[tokio::test]
async fn a_background_process_is_told_of_and_ends_with_the_sandbox() {
    let sandbox = sandbox();
    let script = "start /b cmd /d /c \"for /l %i in (0,0,1) do @rem\"& echo out";
    let result = run(&sandbox, ExecRequest::new(script)).await;
    assert_eq!(result.stdout_text(), "out\r\n");
    assert_eq!(sandbox.background().len(), 1);
    assert_eq!(sandbox.shutdown().await.leaked, Vec::<u32>::new());
}

#[tokio::test]
async fn files_are_written_at_once_and_found_by_either_slash() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = build(options().cwd(directory.path())).expect("a sandbox");
    sandbox.write_file(b"a/b/c.txt", "one".into()).await.expect("written");
    sandbox.write_file(b"a\\b\\c.txt", "two".into()).await.expect("written");
    assert_eq!(run(&sandbox, ExecRequest::new("type a\\b\\c.txt")).await.stdout_text(), "two");
    assert_eq!(sandbox.stat(b"a/b").await.expect("there").file_type, FileType::Directory);
    assert_eq!(sandbox.read_dir(b"a/b").await.expect("there").len(), 1);
    let missing = sandbox.read_file(b"no").await.err();
    assert_eq!(missing.and_then(|error| error.file_kind().cloned()), Some(FileErrorKind::NotFound));
    sandbox.rename(b"a/b/c.txt", b"a/d.txt").await.expect("renamed");
    assert!(sandbox.remove(b"a", false).await.is_err());
    sandbox.remove(b"a", true).await.expect("removed");
    assert!(!sandbox.exists(b"a").await.expect("told"));
    assert!(!sandbox.cwd().contains(&b'\\'));
}

#[tokio::test]
async fn confinement_is_refused_or_said_to_be_none() {
    let refused = build(options().confinement(Confinement::ReadOnly)).err();
    assert!(matches!(refused, Some(ConfigError::Unenforceable { property: Property::FsRead, .. })), "{refused:?}");
    let told = build(options().confinement(Confinement::ReadOnly).enforcement(Enforcement::BestEffort));
    let report = told.expect("a sandbox").report().clone();
    assert!(matches!(report.properties.get(&Property::FsWrite), Some(Status::Unavailable { .. })));
    assert!(matches!(report.properties.get(&Property::HostCrashCleanup), Some(Status::Enforced { .. })));
}

/// Opens a terminal for a script, types, and reads to the end. The script names its console, as wine does not give it its
/// streams.
async fn on_terminal(script: &'static str, typed: &'static str) -> (String, i32) {
    let sandbox = sandbox();
    let request = TerminalRequest { script: Some(script.into()), ..TerminalRequest::default() };
    let mut terminal = sandbox.open_terminal(request).await.expect("it opens");
    let resized = terminal.set_size(TerminalSize { rows: 30, columns: 100 });
    // wine does not.
    assert!(resized.is_ok() || resized.is_err_and(|error| error.kind() == std::io::ErrorKind::Unsupported));
    terminal.type_bytes(typed.into()).await.expect("typed");
    let mut text = Vec::new();
    loop {
        let shown = terminal.read(YieldFor::typed()).await.expect("it shows");
        text.extend_from_slice(&shown.output);
        if let Some(exit) = shown.exit {
            return (String::from_utf8_lossy(&text).into_owned(), exit.exit_code);
        }
    }
}

#[tokio::test]
async fn a_terminal_shows_what_a_script_says_and_ends_with_it() {
    let (text, status) = on_terminal("echo 4^2x>CONOUT$& exit 6", "").await;
    assert!(text.contains("42x"), "{text:?}");
    assert_eq!(status, 6);
}

#[tokio::test]
async fn what_is_typed_on_a_terminal_is_read() {
    let script = "cmd /d /v:on /c \"set /p A=<CONIN$& echo [!A!]>CONOUT$\"";
    let (text, status) = on_terminal(script, "abc\r\n").await;
    assert!(text.contains("[abc]"), "{text:?}");
    assert_eq!(status, 0);
}
