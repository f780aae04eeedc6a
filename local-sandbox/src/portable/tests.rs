//! The portable sandbox on this system: it fulfils the contract, and its trees end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sandbox::{ExecRequest, ExecResult, Sandbox};

use super::LocalSandbox;
use super::build::build;
use crate::builder::{BackgroundPolicy, Confinement, Enforcement, LocalSandboxBuilder};
use crate::error::{ConfigError, ExecError};
use crate::exit::KillReason;
use crate::report::{Property, Status};

fn options() -> LocalSandboxBuilder {
    LocalSandboxBuilder::default().grace(Duration::from_millis(100))
}

async fn run(sandbox: &LocalSandbox, script: &str) -> ExecResult {
    sandbox.exec(ExecRequest::new(script.to_owned())).await.expect("it starts").collect().await.expect("it ends")
}

/// Whether a process of our user with this word is alive: the same tests may run as another user at the same time.
fn is_alive(word: &str) -> bool {
    let own = nix::unistd::getuid().to_string();
    let told = std::process::Command::new("ps").args(["-axww", "-o", "uid=,stat=,args="]).output().expect("a list");
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    text.lines().any(|line| {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        matches!(words.as_slice(), [uid, stat, words @ ..] if *uid == own && !stat.starts_with('Z') && words.contains(&word))
    })
}

async fn is_gone(word: &str) -> bool {
    let until = Instant::now() + Duration::from_secs(20);
    while is_alive(word) {
        if Instant::now() > until {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    true
}

async fn fulfils(options: LocalSandboxBuilder) {
    let directories = Mutex::new(Vec::new());
    let made = sandbox::contract::run(|| {
        let directory = tempfile::tempdir().expect("a directory");
        let sandbox = build(options.clone().cwd(directory.path())).expect("a sandbox");
        directories.lock().expect("no panic").push(directory);
        async move { Arc::new(sandbox) as Arc<dyn Sandbox> }
    });
    made.await.expect("every rule holds");
}

#[tokio::test]
async fn unconfined_commands_fulfil_the_contract() {
    fulfils(options()).await;
}

#[tokio::test]
async fn files_beneath_the_workspace_fulfil_the_contract() {
    fulfils(options().confinement(Confinement::WorkspaceWrite).enforcement(Enforcement::BestEffort)).await;
}

#[tokio::test]
async fn what_is_required_and_cannot_be_enforced_makes_no_sandbox() {
    let refused = build(options().confinement(Confinement::WorkspaceWrite)).err();
    assert!(matches!(refused, Some(ConfigError::Unenforceable { property: Property::FsRead, .. })), "{refused:?}");
    let mut limits = crate::Limits::default();
    limits.set("as", Some(1 << 30));
    assert!(matches!(build(options().limits(limits)).err(), Some(ConfigError::Unsupported(_))));
    let sandbox = build(options().limits(limits).enforcement(Enforcement::BestEffort)).expect("a sandbox");
    assert_eq!(sandbox.report().fallbacks, ["the limit on address space (as) is not supported on this platform"]);
    assert!(matches!(sandbox.report().properties.get(&Property::ProcessTreeKill), Some(Status::Partial { .. })));
}

#[tokio::test]
async fn a_timeout_ends_what_made_its_own_session_and_ignores_signals() {
    let sandbox = build(options()).expect("a sandbox");
    let script = "trap '' TERM HUP; setsid sleep 88101 & (trap '' TERM; exec sleep 88102) & sleep 88103";
    let request = ExecRequest::new(script).timeout(Duration::from_millis(300));
    let result = sandbox.exec(request).await.expect("it starts").collect().await.expect("it ends");
    assert_eq!((result.exit_code, result.timed_out), (124, true));
    for word in ["88101", "88102", "88103"] {
        assert!(is_gone(word).await, "{word}");
    }
}

#[tokio::test]
async fn a_result_does_not_wait_for_background_processes_and_shutdown_ends_them() {
    let sandbox = build(options()).expect("a sandbox");
    let mut execution = sandbox.start(ExecRequest::new("sleep 88111 & echo out")).await.expect("it starts");
    let mut said = Vec::new();
    let exit = loop {
        use futures_core::Stream;
        let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut execution).poll_next(cx)).await;
        match next.expect("an event").expect("no error") {
            sandbox::ExecEvent::Stdout(chunk) => said.extend_from_slice(&chunk),
            sandbox::ExecEvent::Stderr(_) => {}
            sandbox::ExecEvent::Exit(exit) => break exit,
        }
    };
    assert_eq!((exit.exit_code, said.as_slice()), (0, &b"out\n"[..]));
    assert_eq!(execution.details().map(|details| details.still_running), Some(1));
    assert_eq!(sandbox.background().len(), 1);
    assert!(is_alive("88111"));
    assert_eq!(sandbox.shutdown().await.leaked, Vec::<u32>::new());
    assert!(!is_alive("88111"));
}

#[tokio::test]
async fn background_processes_end_with_their_command_when_told_to() {
    let sandbox = build(options().background(BackgroundPolicy::Kill)).expect("a sandbox");
    assert_eq!(run(&sandbox, "sleep 88121 & echo out").await.stdout_text(), "out\n");
    assert!(!is_alive("88121"));
}

#[tokio::test]
async fn dropping_the_sandbox_ends_what_it_left() {
    let sandbox = build(options()).expect("a sandbox");
    run(&sandbox, "sleep 88131 >/dev/null 2>&1 &").await;
    // The shell may have ended before its child became the program.
    while !is_alive("88131") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    drop(sandbox);
    assert!(is_gone("88131").await);
}

#[tokio::test]
async fn the_watcher_ends_process_groups_when_the_host_is_gone() {
    use super::unix::watcher::Watcher;
    let (first, second) = (Watcher::start().expect("a watcher"), Watcher::start().expect("a watcher"));
    let sleep = |word: &str| {
        use std::os::unix::process::CommandExt;
        std::process::Command::new("sleep").arg(word).process_group(0).spawn().expect("it starts")
    };
    let (mut one, mut two) = (sleep("88141"), sleep("88142"));
    let pid = |child: &std::process::Child| nix::unistd::Pid::from_raw(i32::try_from(child.id()).expect("a number"));
    first.add(pid(&one));
    second.add(pid(&one));
    second.add(pid(&two));
    second.remove(pid(&two));
    drop(first);
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&one.wait().expect("it ended")), Some(9));
    drop(second);
    assert!(two.try_wait().expect("a child").is_none());
    two.kill().expect("killed");
    two.wait().expect("it ended");
}

#[tokio::test]
async fn too_much_output_ends_the_command() {
    let sandbox = build(options().output_limit(100_000)).expect("a sandbox");
    let mut execution = sandbox.start(ExecRequest::new("yes")).await.expect("it starts");
    let exit = loop {
        use futures_core::Stream;
        let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut execution).poll_next(cx)).await;
        if let sandbox::ExecEvent::Exit(exit) = next.expect("an event").expect("no error") {
            break exit;
        }
    };
    assert_eq!((exit.exit_code, exit.truncated), (1, true));
    assert_eq!(execution.details().and_then(|details| details.killed_by), Some(KillReason::Output));
}

#[tokio::test]
async fn what_cannot_start_is_a_typed_error() {
    let sandbox = build(options()).expect("a sandbox");
    let failed = async |request: ExecRequest| sandbox.start(request).await.err();
    let missing = failed(ExecRequest::new("true").cwd("/nonexistent")).await;
    assert!(matches!(missing, Some(ExecError::Cwd { .. })), "{missing:?}");
    let nul = failed(ExecRequest::new("true\0")).await;
    assert!(matches!(nul, Some(ExecError::InvalidCommand { what: "script" })), "{nul:?}");
    let name = failed(ExecRequest::new("true").env("A=B", "x")).await;
    assert!(matches!(name, Some(ExecError::InvalidCommand { what: "environment" })), "{name:?}");
    let big = failed(ExecRequest::new("true").arg(vec![b'x'; 8 << 20])).await;
    assert!(matches!(big, Some(ExecError::TooBig)), "{big:?}");
}

#[tokio::test]
async fn a_cancelled_command_has_the_status_that_it_gave_itself() {
    let sandbox = build(options()).expect("a sandbox");
    for _ in 0..50 {
        let mut execution =
            sandbox.start(ExecRequest::new("trap 'exit 9' TERM; echo; while :; do :; done")).await.expect("it starts");
        let exit = loop {
            use futures_core::Stream;
            let next = std::future::poll_fn(|cx| std::pin::Pin::new(&mut execution).poll_next(cx)).await;
            match next.expect("an event").expect("no error") {
                sandbox::ExecEvent::Exit(exit) => break exit,
                _ => execution.cancel(),
            }
        };
        assert_eq!((exit.exit_code, exit.signal, exit.cancelled), (9, None, true));
    }
}

#[tokio::test]
async fn limits_reach_the_command() {
    let mut limits = crate::Limits::default();
    limits.set("nofile", Some(77));
    let sandbox = build(options().limits(limits)).expect("a sandbox");
    assert_eq!(run(&sandbox, "ulimit -n; ulimit -H -n; ulimit -c").await.stdout_text(), "77\n77\n0\n");
}

#[tokio::test]
async fn hidden_and_protected_files_are_kept_from_the_file_operations() {
    let directory = tempfile::tempdir().expect("a directory");
    let outside = tempfile::tempdir().expect("a directory");
    std::fs::write(outside.path().join("secret"), "x").expect("a file");
    std::os::unix::fs::symlink(outside.path().join("secret"), directory.path().join("out")).expect("a link");
    std::os::unix::fs::symlink(directory.path().join("real"), directory.path().join("in")).expect("a link");
    std::fs::write(directory.path().join("real"), "seen").expect("a file");
    let sandbox = build(
        options().cwd(directory.path()).confinement(Confinement::WorkspaceWrite).enforcement(Enforcement::BestEffort),
    )
    .expect("a sandbox");
    assert!(sandbox.read_file(b"out").await.is_err());
    assert!(sandbox.write_file(b"out", "y".into()).await.is_err());
    assert!(sandbox.write_file(b"../up", "y".into()).await.is_err());
    assert_eq!(&sandbox.read_file(b"in").await.expect("read")[..], b"seen");
    let refused = sandbox.write_file(b".envrc", "y".into()).await;
    assert_eq!(refused.err().and_then(|error| error.file_kind().cloned()), Some(sandbox::FileErrorKind::ReadOnly));
    assert_eq!(std::fs::read(outside.path().join("secret")).expect("a file"), b"x");
}
