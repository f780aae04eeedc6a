//! Process trees, timeouts, output, environment: what a command may rely on, and what it cannot escape.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "each test program uses a part")]
mod support;

use std::time::Duration;

use local_sandbox::{BackgroundPolicy, Confinement, ExecError, KillReason, Limits, LocalSandbox, Property, Shell};
use sandbox::{ExecEvent, ExecRequest, OutputRetention, Sandbox};
use support::{again_as_ordinary_user, gone, marked, run, run_in, sleep_of};

#[test]
fn everything_holds_as_an_ordinary_user() {
    again_as_ordinary_user();
}

async fn ends_with_its_timeout(number: u32, script: &str) {
    let sandbox = LocalSandbox::builder().grace(Duration::from_millis(200)).build().expect("a sandbox");
    let script = script.replace("SLEEP", &sleep_of(number));
    let request = ExecRequest::new(script).timeout(Duration::from_millis(300));
    let result = sandbox.exec(request).await.expect("it starts").collect().await.expect("it ends");
    assert_eq!((result.exit_code, result.timed_out), (124, true));
    assert_eq!(marked(&format!("99{number}")), Vec::<u32>::new());
}

#[tokio::test]
async fn a_timeout_ends_children_in_sessions_of_their_own() {
    ends_with_its_timeout(101, "setsid SLEEP & setsid setsid SLEEP & SLEEP").await;
}

#[tokio::test]
async fn a_timeout_ends_children_that_forked_twice() {
    ends_with_its_timeout(102, "(setsid sh -c '(SLEEP &) ; (setsid SLEEP &)' &) ; SLEEP").await;
}

#[tokio::test]
async fn a_timeout_ends_children_that_ignore_term() {
    ends_with_its_timeout(103, "trap '' TERM; (trap '' TERM HUP; setsid sh -c 'trap \"\" TERM; SLEEP' &) ; SLEEP")
        .await;
}

#[tokio::test]
async fn a_timeout_ends_stopped_children() {
    ends_with_its_timeout(104, "SLEEP & kill -STOP $!; SLEEP").await;
}

#[tokio::test]
async fn a_timeout_ends_what_forks_for_ever() {
    let limits = "f() { setsid sh -c 'while :; do sleep 0.01 & done' & }; f; f; SLEEP";
    ends_with_its_timeout(105, limits).await;
}

#[tokio::test]
async fn a_dropped_execution_ends_its_tree() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let script = format!("setsid {0} & echo up; {0}", sleep_of(106));
    let mut execution = sandbox.exec(ExecRequest::new(script)).await.expect("it starts");
    let first = execution.next().await.expect("an event").expect("no error");
    assert_eq!(first, ExecEvent::Stdout("up\n".into()));
    drop(execution);
    sandbox.quiesce().await;
    assert_eq!(marked("99106"), Vec::<u32>::new());
    assert_eq!(run(&sandbox, "echo on").await.stdout_text(), "on\n");
}

#[tokio::test]
async fn a_dropped_sandbox_ends_what_goes_on_in_the_background() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let result = run(&sandbox, &format!("setsid {} > /dev/null & echo done", sleep_of(107))).await;
    assert_eq!(result.stdout_text(), "done\n");
    assert!(!marked("99107").is_empty());
    drop(sandbox);
    assert!(gone("99107"));
}

#[tokio::test]
async fn the_result_does_not_wait_for_background_children_that_hold_the_output() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let script = format!("(echo early; {}; echo late) & echo done", sleep_of(108));
    let result = run(&sandbox, &script).await;
    assert!(result.stdout_text().contains("done\n"));
    let background = sandbox.background();
    assert_eq!((background.len(), background[0].is_running()), (1, true));
    sandbox.shutdown().await;
    assert_eq!(marked("99108"), Vec::<u32>::new());
}

#[tokio::test]
async fn what_background_children_say_later_can_be_asked_for() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    run(&sandbox, "(sleep 0.5; echo late) & echo done").await;
    let background = sandbox.background().remove(0);
    while background.is_running() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(background.tail(), b"late\n");
}

#[tokio::test]
async fn what_background_children_say_is_added_to_the_spooled_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = LocalSandbox::builder().spool(directory.path()).build().expect("a sandbox");
    run(&sandbox, "(sleep 0.5; echo late; echo error >&2) & echo done").await;
    let background = sandbox.background().remove(0);
    let spooled = background.spooled().expect("files");
    while background.is_running() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(std::fs::read(&spooled.stdout).expect("a file"), b"done\nlate\n");
    assert_eq!(std::fs::read(&spooled.stderr).expect("a file"), b"error\n");
    assert_eq!(background.spooled(), Some(spooled));
}

#[tokio::test]
async fn background_children_end_with_the_command_when_told() {
    let options = LocalSandbox::builder().background(BackgroundPolicy::Kill);
    let result = run_in(options, &format!("setsid {} & echo done", sleep_of(109))).await;
    assert_eq!((result.exit_code, result.stdout_text().as_str()), (0, "done\n"));
    assert_eq!(marked("99109"), Vec::<u32>::new());
}

#[tokio::test]
async fn a_command_that_kills_its_supervisor_is_killed() {
    let result = run_in(LocalSandbox::builder(), &format!("{0} & kill -9 $PPID; {0}", sleep_of(110))).await;
    assert_eq!((result.exit_code, result.signal), (137, Some(9)));
    assert!(gone("99110"));
}

#[tokio::test]
async fn a_command_that_kills_supervisor_and_warden_is_killed() {
    let script = format!(
        "setsid {0} & (setsid {0} &); warden=$(grep PPid /proc/$PPID/status | tr -dc 0-9); kill -9 $PPID $warden; {0}",
        sleep_of(114)
    );
    let sandbox = LocalSandbox::local().expect("a sandbox");
    assert_eq!(run(&sandbox, &script).await.exit_code, 137);
    assert!(gone("99114"));
    assert_eq!(sandbox.shutdown().await.leaked, Vec::<u32>::new());
}

#[tokio::test]
async fn a_command_that_stops_its_supervisor_ends_with_its_timeout() {
    let sandbox = LocalSandbox::builder().grace(Duration::ZERO).build().expect("a sandbox");
    let script = format!("kill -STOP $PPID; setsid {0} & {0}", sleep_of(115));
    let request = ExecRequest::new(script).timeout(Duration::from_millis(300));
    let result = sandbox.exec(request).await.expect("it starts").collect().await.expect("it ends");
    assert_eq!((result.exit_code, result.timed_out), (124, true));
    assert!(gone("99115"));
}

#[tokio::test]
async fn a_dropped_sandbox_ends_helpers_that_were_stopped() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let script = format!(
        "warden=$(grep PPid /proc/$PPID/status | tr -dc 0-9); kill -STOP $warden $PPID; echo up; {}",
        sleep_of(116)
    );
    let mut execution = sandbox.exec(ExecRequest::new(script)).await.expect("it starts");
    execution.next().await;
    drop((execution, sandbox));
    assert!(gone("99116"));
}

#[tokio::test]
async fn zombies_are_reaped() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let result =
        run(&sandbox, "for i in 1 2 3 4 5; do (sleep 0.01 &) ; done; sleep 0.3; ps -o stat= --ppid $PPID | grep -c Z")
            .await;
    assert_eq!(result.stdout_text(), "0\n");
}

#[tokio::test]
async fn two_hundred_commands_run_at_once() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let tasks: Vec<_> = (0..200)
        .map(|number| {
            let sandbox = sandbox.clone();
            tokio::spawn(async move { run(&sandbox, &format!("echo {number}")).await.stdout_text() })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        assert_eq!(task.await.expect("no panic"), format!("{number}\n"));
    }
}

#[tokio::test]
async fn a_flood_is_kept_at_both_ends_and_counted() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let retention = OutputRetention { head: 1000, tail: 500 };
    let request = ExecRequest::new("yes | head -c 30000000; printf end").retention(retention);
    let result = sandbox.exec(request).await.expect("it starts").collect().await.expect("it ends");
    assert_eq!((result.stdout.len(), result.usage.stdout_bytes), (1500, 30_000_003));
    assert_eq!(result.stdout_omitted.map(|omission| omission.bytes), Some(30_000_003 - 1500));
    assert!(result.stdout.starts_with(b"y\ny\n") && result.stdout.ends_with(b"y\nend"));
}

#[tokio::test]
async fn an_output_limit_ends_the_command() {
    let options = LocalSandbox::builder().output_limit(1_000_000);
    let result = run_in(options, "yes").await;
    assert_eq!((result.truncated, result.exit_code), (true, 1));
}

#[tokio::test]
async fn the_environment_is_the_allowlist_and_no_more() {
    let sandbox = LocalSandbox::builder().env("EXTRA", "1").env_remove("HOME").build().expect("a sandbox");
    let names = run(&sandbox, "env | cut -d= -f1").await.stdout_text();
    let own = ["EXTRA", "PWD", "SHLVL", "_", "OLDPWD"];
    for name in names.lines() {
        assert!(local_sandbox::ALLOWLIST.contains(&name) || own.contains(&name), "{name}");
    }
    assert!(!names.lines().any(|name| name == "HOME"));
    assert!(names.lines().any(|name| name == "EXTRA"));
}

#[tokio::test]
async fn the_hosts_environment_cannot_be_read() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let host = std::process::id();
    let script = format!("cat /proc/{host}/environ; cat /proc/$PPID/environ; head -c1 /proc/{host}/mem; echo end");
    let result = run(&sandbox, &script).await;
    assert_eq!(result.stdout_text(), "end\n");
}

#[tokio::test]
async fn foreign_descriptors_do_not_reach_commands() {
    let file = std::fs::File::open("/etc/passwd").expect("a file");
    let leaky = nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()));
    assert!(leaky.is_ok());
    let sandbox = LocalSandbox::local().expect("a sandbox");
    // The listing itself has one open: that of the directory.
    assert_eq!(run(&sandbox, "ls /proc/self/fd | wc -l").await.stdout_text().trim(), "4");
}

#[tokio::test]
async fn commands_have_no_terminal_of_the_host() {
    let result = run_in(LocalSandbox::builder(), "cat < /dev/tty; echo $?").await;
    assert_eq!(result.stdout_text(), "1\n");
}

#[tokio::test]
async fn what_cannot_start_is_a_typed_error() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let refused = |request: ExecRequest| async { sandbox.start(request).await.map(drop) };
    assert!(matches!(refused(ExecRequest::new("a\0b")).await, Err(ExecError::InvalidCommand { .. })));
    assert!(matches!(refused(ExecRequest::new("true").cwd("/nonexistent")).await, Err(ExecError::Cwd { .. })));
    assert!(matches!(refused(ExecRequest::new("true").cwd("/etc/passwd")).await, Err(ExecError::Cwd { .. })));
    assert!(matches!(refused(ExecRequest::new("true").env("A=B", "x")).await, Err(ExecError::InvalidCommand { .. })));
    let large = ExecRequest::new("true").arg("x".repeat(200_000));
    assert!(matches!(refused(large).await, Err(ExecError::TooBig)));
    assert!(LocalSandbox::builder().shell(Shell::Path("/etc/passwd".into())).build().is_err());
}

#[tokio::test]
async fn a_shell_that_has_gone_is_a_typed_error() {
    let directory = tempfile::tempdir().expect("a directory");
    let shell = directory.path().join("sh");
    std::os::unix::fs::symlink("/bin/sh", &shell).expect("a link");
    let sandbox = LocalSandbox::builder().shell(Shell::Path(shell.clone())).build().expect("a sandbox");
    assert_eq!(run(&sandbox, "echo on").await.stdout_text(), "on\n");
    std::fs::remove_file(shell).expect("removed");
    let refused = sandbox.start(ExecRequest::new("true")).await.map(drop);
    assert!(matches!(refused, Err(ExecError::Spawn { .. })), "{refused:?}");
}

#[tokio::test]
async fn limits_hold_for_each_process() {
    let mut limits = Limits::default();
    limits.file_size = Some(1000);
    limits.open_files = Some(20);
    let directory = tempfile::tempdir().expect("a directory");
    let options = LocalSandbox::builder().cwd(directory.path()).limits(limits);
    let result =
        run_in(options, "head -c 2000 /dev/zero > f; echo $?; wc -c < f; ulimit -n; ulimit -Hn; ulimit -c").await;
    assert_eq!(result.stdout_text(), "153\n1000\n20\n20\n0\n");
}

#[tokio::test]
async fn a_fork_bomb_ends_with_its_timeout_at_the_latest() {
    let mut limits = Limits::default();
    limits.processes = Some(60);
    let sandbox = LocalSandbox::builder().limits(limits).grace(Duration::ZERO).build().expect("a sandbox");
    let script = "bomb_99111() { bomb_99111 | bomb_99111 & }; bomb_99111; sleep 99111";
    let request = ExecRequest::new(script).timeout(Duration::from_secs(1));
    let result = sandbox.exec(request).await.expect("it starts").collect().await.expect("it ends");
    assert!(matches!(result.exit_code, 124 | 137), "{result:?}");
    assert_eq!(sandbox.shutdown().await.leaked, Vec::<u32>::new());
    assert_eq!(marked("bomb_99111"), Vec::<u32>::new());
}

#[tokio::test]
async fn why_a_command_was_ended_is_told() {
    use std::pin::Pin;
    let sandbox = LocalSandbox::builder().grace(Duration::ZERO).build().expect("a sandbox");
    let request = ExecRequest::new("sleep 100").timeout(Duration::from_millis(50));
    let mut execution = sandbox.start(request).await.expect("it starts");
    while std::future::poll_fn(|cx| futures_core::Stream::poll_next(Pin::new(&mut execution), cx)).await.is_some() {}
    let details = execution.details().expect("it has ended");
    assert_eq!(details.killed_by, Some(KillReason::Timeout));
}

#[tokio::test]
#[ignore = "the host that `the_death_of_the_host_ends_everything` kills"]
async fn a_host_that_waits() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let script = format!("trap '' TERM HUP; setsid {0} & (setsid {0} &) ; echo up; {0}", sleep_of(112));
    let mut execution = sandbox.exec(ExecRequest::new(script)).await.expect("it starts");
    while execution.next().await.is_some() {}
}

#[test]
fn the_death_of_the_host_ends_everything() {
    let mut host = std::process::Command::new(std::env::current_exe().expect("a program"))
        .args(["--exact", "a_host_that_waits", "--ignored"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it starts");
    while marked("99112").len() < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    host.kill().expect("SIGKILL");
    host.wait().expect("it has ended");
    assert!(gone("99112"));
}

#[tokio::test]
async fn a_dropped_sandbox_ends_spawned_processes() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let processes = sandbox.processes().expect("they can be spawned");
    processes.spawn(ExecRequest::new(format!("setsid {0} & {0}", sleep_of(113)))).await.expect("it starts");
    while marked("99113").len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(sandbox);
    assert!(gone("99113"));
}

#[tokio::test]
async fn a_memory_limit_holds() {
    let mut limits = Limits::default();
    limits.memory = Some(64 << 20);
    // The shell itself holds the value.
    let result =
        run_in(LocalSandbox::builder().limits(limits), "x=$(head -c 300000000 /dev/zero | tr '\\0' x); echo $?").await;
    assert!(!result.success() || !result.stdout.starts_with(b"0\n"), "{result:?}");
}

#[tokio::test]
async fn a_process_whose_first_thread_has_ended_is_ended_with_the_others() {
    // It looks like a zombie, but none that its parent could reap.
    let script = "python3 -c 'import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
ctypes.CDLL(None).pthread_exit(None)' > /dev/null & sleep 1; echo done";
    for policy in [BackgroundPolicy::Kill, BackgroundPolicy::Keep] {
        let options = LocalSandbox::builder().background(policy).grace(Duration::from_millis(100));
        let ended = tokio::time::timeout(Duration::from_secs(30), run_in(options, script)).await;
        assert_eq!(ended.expect("it ends").stdout_text(), "done\n");
    }
}

#[tokio::test]
async fn commands_start_with_every_signal_at_its_default() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let result = run(&sandbox, "grep -E 'Sig(Blk|Ign)' /proc/self/status").await;
    assert_eq!(result.stdout_text(), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

#[tokio::test]
async fn a_script_that_begins_with_a_dash_is_a_script() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    assert_eq!(run(&sandbox, "--version").await.exit_code, 127);
    assert_eq!(run(&sandbox, "-x; echo on").await.stdout_text(), "on\n");
}

#[tokio::test]
async fn a_command_without_a_path_gets_the_usual_one() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let request = ExecRequest::new("echo $PATH").env_remove("PATH");
    let result = sandbox.exec(request).await.expect("it starts").collect().await.expect("it ends");
    assert_eq!(result.stdout_text(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
}

#[tokio::test]
async fn a_limit_on_processes_does_not_count_the_helpers() {
    for confinement in [Confinement::Off, Confinement::WorkspaceWrite] {
        let directory = tempfile::tempdir().expect("a directory");
        let mut limits = Limits::default();
        limits.processes = Some(20);
        let options = LocalSandbox::builder().cwd(directory.path()).confinement(confinement).limits(limits);
        let sandbox = options.build().expect("a sandbox");
        let by = sandbox.report().properties.get(&Property::PidsLimit).map(ToString::to_string);
        if !by.is_some_and(|by| by.contains("cgroup")) {
            continue;
        }
        // What is left of an earlier command has a supervisor of its own.
        let left = run(&sandbox, "sleep 600 > /dev/null 2>&1 &").await;
        assert_eq!(left.exit_code, 0);
        let script = "exec python3 -c 'import os, time
count = 0
try:
    while count < 100:
        if os.fork() == 0:
            time.sleep(600)
        count += 1
except BlockingIOError:
    print(count, flush=True)
os.kill(0, 9)'";
        assert_eq!(run(&sandbox, script).await.stdout_text(), "18\n");
        sandbox.shutdown().await;
    }
}

#[tokio::test]
async fn a_timeout_ends_what_doubles_in_sessions_of_its_own() {
    // Without a bound on their number it would have every processor, and what ends it none.
    let script =
        "b() { setsid bash -c \"$(declare -f b); b\" 99117 & setsid bash -c \"$(declare -f b); b\" 99117 & wait; }; b";
    let options = LocalSandbox::builder().timeout(Duration::from_secs(1)).grace(Duration::ZERO);
    let result = run_in(options, &format!("({script}) 2> /dev/null")).await;
    assert!(matches!(result.exit_code, 124 | 137), "{}", result.exit_code);
    assert_eq!(marked("99117"), Vec::<u32>::new());
}
