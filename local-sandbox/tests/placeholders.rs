//! What lies in the place of protected files that are missing, in namespaces; skipped where the machine has none.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "each test program uses a part")]
mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local_sandbox::{Confinement, Enforcement, LocalSandbox, LocalSandboxBuilder, Property, Status, Tier};
use sandbox::{ExecRequest, Sandbox};
use support::{again_as_ordinary_user, run, run_in};

#[test]
fn everything_holds_as_an_ordinary_user() {
    again_as_ordinary_user();
}

fn confined(directory: &Path) -> LocalSandboxBuilder {
    LocalSandbox::builder().cwd(directory).confinement(Confinement::WorkspaceWrite)
}

/// A directory, if this machine lets us have namespaces.
fn workspace() -> Option<tempfile::TempDir> {
    let directory = tempfile::tempdir().expect("a directory");
    let built = confined(directory.path()).enforcement(Enforcement::BestEffort).build().expect("a sandbox");
    let available = built.report().tier == Tier::Namespaces;
    drop(built);
    await_empty(directory.path());
    available.then_some(directory)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).expect("a directory").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

/// Waits until a directory is empty: after a sandbox that was dropped, its helper goes on for a moment.
fn await_empty(directory: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !names(directory).is_empty() {
        assert!(Instant::now() < deadline, "left: {:?}", names(directory));
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn make(root: &Path, directories: &[&str]) {
    for directory in directories {
        std::fs::create_dir_all(root.join(directory)).expect("a directory");
    }
}

#[tokio::test]
async fn missing_protected_files_cannot_be_made_and_leave_nothing_behind() {
    let Some(directory) = workspace() else { return };
    make(directory.path(), &[".git/refs"]);
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    let script = "for name in .envrc .vscode/x .git/hooks/pre-commit .git/config .git/config.worktree \
                  .git/info/attributes; do mkdir -p $(dirname $name); (echo x > $name) && echo made $name; done; \
                  rmdir .vscode; mv .idea moved; mv .git moved; ln -s / .mcp.json/x; rm .git/config; \
                  touch kept .git/info/exclude; ls .git";
    let result = run(&sandbox, &format!("{{ {script}; }} 2>/dev/null")).await;
    assert_eq!(result.stdout_text(), "config\nconfig.worktree\nhooks\ninfo\nrefs\n");
    assert_eq!(sandbox.shutdown().await.leaked, Vec::<u32>::new());
    assert_eq!(names(directory.path()), [".git", "kept"]);
    assert_eq!(names(&directory.path().join(".git")), ["info", "refs"]);
    assert_eq!(names(&directory.path().join(".git/info")), ["exclude"]);
    let by = sandbox.report().properties.get(&Property::ProtectedFiles).cloned();
    assert_eq!(by, Some(Status::by("read-only mounts, on placeholders where something is missing")));
}

#[tokio::test]
async fn git_does_not_see_placeholders() {
    let Some(directory) = workspace() else { return };
    let script = "git init -q . && git status --short; echo x > f && git add f && \
                  git -c user.name=n -c user.email=e commit -qm m && git status --short";
    if !Path::new("/usr/bin/git").exists() {
        return;
    }
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    assert_eq!(run(&sandbox, script).await.stdout_text(), "");
    sandbox.shutdown().await;
    // Once more with the repository there from the start, seen from outside as well.
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    assert_eq!(run(&sandbox, "git status --short; git log --format=%s").await.stdout_text(), "m\n");
    let output = std::process::Command::new("git")
        .args(["-c", "safe.directory=*", "status", "--short"])
        .current_dir(directory.path())
        .output()
        .expect("git");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    sandbox.shutdown().await;
    assert_eq!(names(directory.path()), [".git", "f"]);
}

#[tokio::test]
async fn the_last_of_several_sandboxes_removes_placeholders() {
    let Some(directory) = workspace() else { return };
    let first = confined(directory.path()).build().expect("a sandbox");
    let second = confined(directory.path()).build().expect("a sandbox");
    first.shutdown().await;
    assert!(directory.path().join(".vscode").is_dir());
    let script = "(echo x > .vscode/tasks.json) 2>/dev/null || echo refused";
    assert_eq!(run(&second, script).await.stdout_text(), "refused\n");
    second.shutdown().await;
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_weaker_sandbox_beside_leaves_placeholders_and_their_names_alone() {
    let Some(directory) = workspace() else { return };
    let strong = confined(directory.path()).build().expect("a sandbox");
    let weak = confined(directory.path()).strongest_tier(Tier::Landlock).enforcement(Enforcement::BestEffort);
    let weak = weak.build().expect("a sandbox");
    assert_eq!(changes(&weak, "true").await, []);
    assert!(directory.path().join(".vscode").is_dir());
    // It can put something in, which is removed; the rest is told when it goes neither.
    let filled = [(directory.path().join(".vscode"), true)];
    assert_eq!(changes(&weak, "echo x > .vscode/tasks.json").await, filled);
    strong.shutdown().await;
    assert_eq!(changes(&weak, "true").await, []);
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

/// The changes that a command's end tells.
async fn changes(sandbox: &LocalSandbox, script: &str) -> Vec<(PathBuf, bool)> {
    let mut execution = sandbox.start(ExecRequest::new(script.to_owned())).await.expect("it starts");
    let mut next = async || {
        std::future::poll_fn(|cx| futures_core::Stream::poll_next(std::pin::Pin::new(&mut execution), cx)).await
    };
    while next().await.is_some() {}
    let details = execution.details().expect("it has ended");
    details.protected_changes.iter().map(|change| (change.path.clone(), change.removed)).collect()
}

#[tokio::test]
async fn one_that_another_process_keeps_for_itself_is_mounted_over_all_the_same() {
    let Some(directory) = workspace() else { return };
    let first = confined(directory.path()).build().expect("a sandbox");
    let hooked = std::fs::File::open(directory.path().join(".vscode")).expect("a directory");
    hooked.lock_shared().expect("a lock");
    first.shutdown().await;
    hooked.lock().expect("nobody else has it");
    assert_eq!(names(directory.path()), [".vscode"]);
    let script = "(echo x > .vscode/x) 2>/dev/null || echo refused";
    assert_eq!(run_in(confined(directory.path()), script).await.stdout_text(), "refused\n");
    drop(hooked);
    // Adopted once the lock is gone.
    run_in(confined(directory.path()), "true").await;
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_user_has_stays() {
    let Some(directory) = workspace() else { return };
    make(directory.path(), &[".vscode"]);
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    // The user fills one placeholder while the sandbox is there, and takes another for their own.
    if std::fs::write(directory.path().join(".idea/workspace.xml"), "theirs").is_err() {
        // A file system without extended attributes, where the mark is a mode.
        return;
    }
    std::fs::remove_dir(directory.path().join(".claude")).expect("removed");
    std::fs::write(directory.path().join(".claude"), "theirs").expect("a file");
    let changed = changes(&sandbox, "cat .idea/workspace.xml").await;
    assert_eq!(changed, [(directory.path().join(".claude"), false)]);
    sandbox.shutdown().await;
    assert_eq!(names(directory.path()), [".claude", ".idea", ".vscode"]);
}

#[tokio::test]
async fn a_home_directory_gets_files_that_shells_and_git_can_read() {
    let Some(directory) = workspace() else { return };
    std::fs::write(directory.path().join(".profile"), "echo profile").expect("a file");
    let options = confined(directory.path()).env("HOME", directory.path());
    let script = "bash -l -i -c 'echo login' 2>/dev/null </dev/null; git config --global --list && echo git; \
                  (echo x > .bashrc) 2>/dev/null || echo refused; (mkdir -p .ssh/x) 2>/dev/null || echo refused";
    assert_eq!(run_in(options, script).await.stdout_text(), "profile\nlogin\ngit\nrefused\nrefused\n");
    assert_eq!(names(directory.path()), [".profile"]);
}

#[tokio::test]
async fn repositories_in_subdirectories_and_submodules_are_protected() {
    let Some(directory) = workspace() else { return };
    let root = directory.path();
    make(root, &["a/b/.git/hooks", "c/.git", ".git/modules/path/m/modules/n/hooks", "sub"]);
    for at in [".git/modules/path/m/HEAD", ".git/modules/path/m/modules/n/HEAD", "c/.git/HEAD"] {
        std::fs::write(root.join(at), "ref: refs/heads/main\n").expect("a file");
    }
    std::fs::write(root.join("sub/.git"), "gitdir: ../.git/modules/path/m\n").expect("a file");
    let script = "for at in a/b/.git/hooks c/.git/hooks .git/modules/path/m/hooks .git/modules/path/m/modules/n/hooks; do \
                  mkdir -p $at; echo x > $at/pre-commit && echo $at; done; \
                  for at in a/b/.git/config c/.git/config .git/modules/path/m/modules/n/config sub/.git; do \
                  echo x > $at && echo $at; done; mv c/.git c/moved && echo moved; echo x > c/.git/index && echo index";
    let result = run_in(confined(root), &format!("{{ {script}; }} 2>/dev/null")).await;
    assert_eq!(result.stdout_text(), "index\n");
    assert_eq!(names(&root.join("c/.git")), ["HEAD", "index"]);
    assert_eq!(names(&root.join(".git/modules/path/m")), ["HEAD", "modules"]);
}

#[tokio::test]
async fn a_workspace_that_is_a_repository_itself_is_protected() {
    let Some(directory) = workspace() else { return };
    make(directory.path(), &["objects", "refs"]);
    std::fs::write(directory.path().join("HEAD"), "ref: refs/heads/main\n").expect("a file");
    let script = "for at in config hooks/update info/attributes; do echo x > $at && echo $at; done; echo x > refs/x && echo refs";
    let result = run_in(confined(directory.path()), &format!("{{ {script}; }} 2>/dev/null")).await;
    assert_eq!(result.stdout_text(), "refs\n");
    assert_eq!(names(directory.path()), ["HEAD", "objects", "refs"]);
}

#[tokio::test]
async fn protected_files_cannot_be_renamed_away_with_what_is_around_them() {
    let Some(directory) = workspace() else { return };
    let root = directory.path();
    make(root, &[".git/info", ".git/modules/m/hooks", "sub/.git/hooks"]);
    std::fs::write(root.join(".git/modules/m/HEAD"), "ref: refs/heads/main\n").expect("a file");
    let sandbox = confined(root).build().expect("a sandbox");
    let script = "for at in .git/info .git/modules .git/modules/m .git sub/.git; do \
                  mv $at $at-moved 2>/dev/null && echo $at; done; mv sub moved && mkdir -p sub/.git/hooks";
    // Of a directory that holds a repository it is told.
    let told = changes(&sandbox, &format!("{{ {script}; }} > said")).await;
    assert!(told.contains(&(root.join("sub/.git"), false)), "{told:?}");
    assert_eq!(std::fs::read(root.join("said")).expect("a file"), b"");
    sandbox.shutdown().await;
    assert_eq!(names(&root.join("moved/.git")), ["hooks"]);
}

#[test]
fn sandboxes_that_come_and_go_at_once_leave_nothing() {
    let Some(directory) = workspace() else { return };
    make(directory.path(), &["sub/.git"]);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                for _ in 0..8 {
                    confined(directory.path()).build().expect("a sandbox");
                }
            });
        }
    });
    await_empty(&directory.path().join("sub/.git"));
    std::fs::remove_dir(directory.path().join("sub/.git")).expect("removed");
    std::fs::remove_dir(directory.path().join("sub")).expect("removed");
    await_empty(directory.path());
}

#[tokio::test]
async fn a_directory_without_rights_to_it_is_no_failure() {
    use std::os::unix::fs::PermissionsExt;
    let Some(directory) = workspace() else { return };
    let closed = |mode| std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(mode));
    closed(0o555).expect("chmod");
    let result = run_in(confined(directory.path()), "(mkdir .vscode) 2>/dev/null || echo refused").await;
    closed(0o755).expect("chmod");
    assert_eq!(result.stdout_text(), "refused\n");
    assert_eq!(names(directory.path()), Vec::<String>::new());
}

#[tokio::test]
async fn many_repositories_are_more_than_one_message_to_the_helper() {
    let Some(directory) = workspace() else { return };
    for number in 0..64 {
        make(directory.path(), &[&format!("a-long-name-for-a-directory-with-a-repository-{number}/.git/hooks")]);
    }
    let script = "n=0; for at in */.git/hooks; do (echo x > $at/pre-commit) 2>/dev/null || n=$((n+1)); done; echo $n";
    assert_eq!(run_in(confined(directory.path()), script).await.stdout_text(), "64\n");
}

/// The processes that have something open at a path.
fn holders(path: &Path) -> Vec<i32> {
    let opens = |pid: i32| {
        let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        open.map(|fd| std::fs::read_link(fd.path())).any(|at| at.is_ok_and(|at| at == path))
    };
    let all = std::fs::read_dir("/proc").expect("/proc").flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|pid| opens(*pid)).collect()
}

#[tokio::test]
async fn placeholders_go_when_the_helper_is_killed() {
    let Some(directory) = workspace() else { return };
    make(directory.path(), &["sub/.git"]);
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    let holders = holders(&directory.path().canonicalize().expect("a path").join(".vscode"));
    assert_eq!(holders.len(), 1);
    for pid in holders {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGKILL).expect("killed");
    }
    sandbox.shutdown().await;
    assert_eq!(names(directory.path()), ["sub"]);
    assert_eq!(names(&directory.path().join("sub/.git")), Vec::<String>::new());
}

#[tokio::test]
async fn a_command_that_holds_a_placeholder_does_not_keep_it() {
    let Some(directory) = workspace() else { return };
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    let script = "exec 9<.vscode; flock -s -n 9 && echo held; setsid sleep 99402 9<&9 >/dev/null 2>&1 &";
    assert_eq!(run(&sandbox, script).await.exit_code, 0);
    drop(sandbox);
    await_empty(directory.path());
}

/// Where the host below works.
const PLACE: &str = "SANDSHELL_TEST_PLACE";

#[tokio::test]
#[ignore = "the host that `placeholders_go_when_the_host_is_killed` kills"]
async fn a_host_that_waits() {
    let place = PathBuf::from(std::env::var_os(PLACE).expect("a place"));
    let sandbox = confined(&place).build().expect("a sandbox");
    let execution = sandbox.exec(ExecRequest::new("touch up; sleep 99401")).await.expect("it starts");
    execution.collect().await.expect("it ends");
}

#[test]
fn placeholders_go_when_the_host_is_killed() {
    let Some(directory) = workspace() else { return };
    let mut host = std::process::Command::new(std::env::current_exe().expect("a program"))
        .args(["--exact", "a_host_that_waits", "--ignored"])
        .env(PLACE, directory.path())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    while !directory.path().join("up").exists() {
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(directory.path().join(".vscode").is_dir());
    host.kill().expect("SIGKILL");
    host.wait().expect("it has ended");
    std::fs::remove_file(directory.path().join("up")).expect("removed");
    await_empty(directory.path());
}

#[tokio::test]
async fn file_operations_do_not_see_placeholders() {
    let Some(directory) = workspace() else { return };
    make(directory.path(), &[".idea"]);
    let sandbox = confined(directory.path()).build().expect("a sandbox");
    sandbox.write_file(b"a", "x".into()).await.expect("written");
    let names: Vec<Vec<u8>> =
        sandbox.read_dir(b".").await.expect("a directory").into_iter().map(|entry| entry.name).collect();
    assert_eq!(names, [b".idea".to_vec(), b"a".to_vec()]);
    assert!(!sandbox.exists(b".vscode").await.expect("looked at"));
    assert!(sandbox.exists(b".idea").await.expect("looked at"));
    assert!(sandbox.stat(b".vscode").await.is_err());
    assert!(sandbox.write_file(b".envrc", "x".into()).await.is_err());
    sandbox.shutdown().await;
}
