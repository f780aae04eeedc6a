//! The program's `local`: what it prints, and its statuses.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};

fn local(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandshell"));
    command.arg("local").args(arguments).stdin(Stdio::null()).output().expect("it runs")
}

/// What `sandshell local` says and how it ends when a shell arranges its streams.
fn arranged(streams: &str, arguments: &str) -> Output {
    let script = format!("\"$0\" local {arguments} {streams}");
    Command::new("bash").args(["-c", &script, env!("CARGO_BIN_EXE_sandshell")]).output().expect("it runs")
}

#[test]
fn the_status_is_the_commands_and_output_streams() {
    let output = local(&["-c", "echo $0-$1; echo err >&2; exit 7", "zero", "one"]);
    assert_eq!((&output.stdout[..], &output.stderr[..]), (&b"zero-one\n"[..], &b"err\n"[..]));
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn output_that_nobody_reads_is_no_panic() {
    let script = "-c 'echo hi; echo ho >&2'";
    for (streams, arguments, status) in [
        ("| true; exit ${PIPESTATUS[0]}", "--json -c 'yes | head -c 900000'", 141),
        ("> /dev/full", &format!("--json {script}"), 125),
        ("> /dev/full", script, 125),
        ("2> /dev/full", "--json --cwd /nonexistent -c true", 125),
        ("2> /dev/full > /dev/full", "--report", 125),
        ("> /dev/full", "--report --json", 125),
    ] {
        let output = arranged(streams, arguments);
        assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
        assert_eq!(output.status.code(), Some(status), "{arguments} {streams}: {output:?}");
    }
}

#[test]
fn one_that_is_asked_to_end_does_not_wait_for_its_reader() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_sandshell"))
        .args(["local", "--grace", "100ms", "-c", "echo begun; yes"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut output = BufReader::with_capacity(8, program.stdout.take().expect("a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "begun\n");
    let pid = nix::unistd::Pid::from_raw(program.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("a signal");
    // It ends while the pipe is full and still open.
    assert_eq!(program.wait().expect("it ends").code(), Some(143));
    drop(output);
}

#[test]
fn what_is_left_out_is_cut_between_characters() {
    let euros = "for i in {1..500}; do printf €; done";
    let output = local(&["--json", "--max-output", "100", "-c", euros]);
    let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("an object");
    assert_eq!(object["stdout"], "€".repeat(32));
    assert_eq!(object["omitted_bytes"], 1500 - 96);
    let output = local(&["--max-output", "100", "-c", euros]);
    let expected = format!("{0}\n[... 1404 bytes omitted ...]\n{0}", "€".repeat(16));
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn what_a_terminal_cannot_honour_is_refused() {
    for option in [&["--json"][..], &["--stdin", "-"], &["--max-output", "10"], &["--spool", "/tmp"]] {
        let output = local(&[&["--pty", "-c", "echo ran"], option].concat());
        assert_eq!((output.stdout.as_slice(), output.status.code()), (&b""[..], Some(2)), "{option:?}");
    }
}

#[test]
fn an_empty_path_is_no_file() {
    for operation in [&["read", ""][..], &["rm", ""], &["mv", "", "x"]] {
        assert_eq!(local(&[&["file"], operation].concat()).status.code(), Some(2));
    }
}

#[test]
fn missing_protected_files_are_masked_or_removed() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = directory.path().to_str().expect("text");
    let run = |missing: &str| {
        let script = "(mkdir -p .vscode/x) 2>/dev/null && echo made; (mkdir .idea) 2>/dev/null && echo made";
        let options = ["--cwd", place, "--confine", "workspace-write", "--best-effort", "--missing", missing, "--json"];
        local(&[&options[..], &["-c", script]].concat())
    };
    let report = local(&["--cwd", place, "--confine", "workspace-write", "--best-effort", "--report"]);
    if !String::from_utf8_lossy(&report.stdout).contains("on placeholders") {
        return;
    }
    let field = |output: &Output, name: &str| {
        serde_json::from_slice::<serde_json::Value>(&output.stdout)
            .expect("JSON")
            .get(name)
            .cloned()
            .unwrap_or_default()
    };
    let masked = run("mask");
    assert_eq!(field(&masked, "stdout"), "");
    assert_eq!(field(&masked, "protected_changes"), serde_json::json!([]));
    let removed = run("remove");
    assert_eq!(field(&removed, "stdout"), "made\nmade\n");
    assert_eq!(field(&removed, "protected_changes").as_array().map(Vec::len), Some(2));
    assert_eq!(std::fs::read_dir(directory.path()).expect("a list").count(), 0);
}
