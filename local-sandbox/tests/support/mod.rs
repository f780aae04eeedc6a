//! What the tests of real processes share.

use std::path::Path;
use std::time::{Duration, Instant};

use local_sandbox::{LocalSandbox, LocalSandboxBuilder};
use sandbox::{ExecRequest, ExecResult, Sandbox};

/// Runs a script to its end.
pub async fn run(sandbox: &LocalSandbox, script: &str) -> ExecResult {
    let execution = sandbox.exec(ExecRequest::new(script.to_owned())).await.expect("it starts");
    execution.collect().await.expect("it ends")
}

/// Runs a script in a sandbox of its own and shuts it down.
pub async fn run_in(options: LocalSandboxBuilder, script: &str) -> ExecResult {
    let sandbox = options.build().expect("a sandbox");
    let result = run(&sandbox, script).await;
    assert_eq!(sandbox.shutdown().await.leaked, Vec::<u32>::new());
    result
}

/// Living processes whose command line has a word that starts with `mark`.
pub fn marked(mark: &str) -> Vec<u32> {
    let own = format!("\nUid:\t{}\t", nix::unistd::getuid());
    let entries = std::fs::read_dir("/proc").expect("/proc");
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| {
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let zombie = status.contains("\nState:\tZ");
        // The same tests may run as another user at the same time.
        status.contains(&own) && !zombie && words.split(|byte| *byte == 0).any(|word| word.starts_with(mark.as_bytes()))
    })
    .collect()
}

/// Waits until no process is marked.
pub fn gone(mark: &str) -> bool {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !marked(mark).is_empty() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    true
}

/// A sleep whose duration marks it as this test's; no two tests use one number.
pub fn sleep_of(number: u32) -> String {
    format!("sleep 99{number}")
}

/// Runs this test program once more as an ordinary user, when the superuser runs it.
pub fn again_as_ordinary_user() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65534;
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let open = |path: &Path| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("chmod");
    open(directory.path());
    let program = directory.path().join("tests");
    std::fs::copy(std::env::current_exe().expect("a program"), &program).expect("copy");
    open(&program);
    let output = std::process::Command::new(&program)
        .args(["--skip", "as_an_ordinary_user"])
        .env("HOME", "/nonexistent")
        .current_dir("/tmp")
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
