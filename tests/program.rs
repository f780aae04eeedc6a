//! The program from outside: arguments, streams, statuses, JSON.

#![expect(clippy::unwrap_used, reason = "a test that cannot start its program fails")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs `sandshell sh` with these arguments and this input.
fn sh(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandshell"));
    command.arg("sh").args(arguments).current_dir(env!("CARGO_MANIFEST_DIR"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A script need not read its input.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Standard output, standard error and status.
fn ran(arguments: &[&str], input: &str) -> (String, String, Option<i32>) {
    let output = sh(arguments, input);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

fn said(stdout: &str, status: i32) -> (String, String, Option<i32>) {
    (stdout.to_owned(), String::new(), Some(status))
}

#[test]
fn a_script_as_an_argument_has_arguments_of_its_own() {
    assert_eq!(ran(&["-c", "echo $0 $# \"$@\"; exit 3", "name", "a b", "-x"], ""), said("name 2 a b -x\n", 3));
    assert_eq!(ran(&["-c", "echo $0 $#"], ""), said("bash 0\n", 0));
}

#[test]
fn a_script_on_standard_input_shares_it() {
    assert_eq!(ran(&["-s", "a", "b"], "read x\nline two\necho \"$x $2\"\n"), said("line two b\n", 0));
    assert_eq!(ran(&["-c", "cat; echo end"], "in\n"), said("in\nend\n", 0));
}

#[test]
fn the_example_of_the_readme_does_what_bash_does() {
    let expected = std::fs::read_to_string("examples/logs/expected.txt").unwrap();
    let (stdout, stderr, status) = ran(&["--files", "examples/logs/data:logs", "examples/logs/report.sh"], "");
    assert_eq!((stdout, stderr, status), (expected, String::new(), Some(0)));
}

#[test]
fn options_of_bash_mean_what_they_mean() {
    let (stdout, stderr, status) = ran(&["-euxo", "pipefail", "-c", "echo $-; false | true; echo no"], "");
    assert_eq!((stdout.as_str(), status), ("ehuxBc\n", Some(1)));
    assert!(stderr.starts_with("+ echo ehuxBc\n+ "), "{stderr}");
}

#[test]
fn the_environment_is_clean_but_for_what_was_given() {
    let script = "echo $HOME $USER $PWD $A ${CARGO_MANIFEST_DIR-none}";
    let (stdout, _, _) = ran(&["--env", "A=b=c", "--cwd", "/work", "-c", script], "");
    assert_eq!(stdout, "/home/user user /work b=c none\n");
}

#[test]
fn a_mount_shows_host_files_and_keeps_writes_to_itself() {
    let host = tempfile::tempdir().unwrap();
    std::fs::write(host.path().join("f"), "host\n").unwrap();
    let mount = |mode: &str| format!("{}:/work{mode}", host.path().display());
    let script = "cat f && echo new > g && rm f && ls";
    assert_eq!(ran(&["--mount", &mount(""), "--cwd", "/work", "-c", script], ""), said("host\ng\n", 0));
    assert!(host.path().join("f").exists() && !host.path().join("g").exists());
    let (_, stderr, status) = ran(&["--mount", &mount(":ro"), "--cwd", "/work", "-c", "echo x > g"], "");
    assert_eq!((stderr.as_str(), status), ("bash: line 1: g: Read-only file system\n", Some(1)));
    assert_eq!(ran(&["--mount", &mount(":rw"), "--cwd", "/work", "-c", "echo x > g"], ""), said("", 0));
    assert_eq!(std::fs::read_to_string(host.path().join("g")).unwrap(), "x\n");
}

#[test]
fn json_is_one_object() {
    let (stdout, stderr, status) = ran(&["--json", "-c", "echo out; echo err >&2; exit 4"], "");
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((value["stdout"].as_str(), value["stderr"].as_str()), (Some("out\n"), Some("err\n")));
    assert_eq!((value["exit_code"].as_i64(), value["timed_out"].as_bool()), (Some(4), Some(false)));
    assert_eq!((stderr.as_str(), status), ("", Some(4)));
    let (stdout, _, _) = ran(&["--json", "-c", "printf '\\377'"], "");
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((value["stdout_base64"].as_str(), value.get("stdout")), (Some("/w=="), None));
}

#[test]
fn a_timeout_is_status_124_and_keeps_the_output() {
    assert_eq!(ran(&["--timeout", "200ms", "-c", "echo before; sleep 100"], ""), said("before\n", 124));
}

#[test]
fn a_limit_is_named_and_status_126() {
    let (_, stderr, status) = ran(&["--limit", "fuel=10000", "-c", "while :; do :; done"], "");
    assert_eq!((stderr.as_str(), status), ("sandshell: limit exceeded: fuel = 10000\n", Some(126)));
}

#[test]
fn wrong_arguments_are_status_2() {
    let (stdout, stderr, status) = ran(&["-Z"], "");
    assert_eq!((stdout.as_str(), status), ("", Some(2)));
    assert!(stderr.starts_with("sandshell sh: -Z: invalid option\n"), "{stderr}");
}

#[test]
fn a_missing_script_is_status_127() {
    let (_, stderr, status) = ran(&["no/such/script"], "");
    assert_eq!((stderr.as_str(), status), ("sandshell sh: no/such/script: No such file or directory\n", Some(127)));
}

#[test]
fn analysis_lists_commands_and_runs_nothing() {
    let (stdout, _, status) = ran(&["--analyze", "-c", "rm -rf / && echo \"$(curl x)\" > out"], "");
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let names: Vec<_> = value["commands"].as_array().unwrap().iter().map(|command| command["name"].as_str()).collect();
    assert_eq!((names, status), (vec![Some("rm"), Some("echo"), Some("curl")], Some(0)));
    let (stdout, _, status) = ran(&["--analyze", "-c", "echo a\nfi"], "");
    let value: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((value["error"]["line"].as_i64(), status), (Some(2), Some(2)));
}

#[test]
fn what_never_ends_is_ended_and_what_is_endless_streams() {
    assert_eq!(ran(&["-c", "yes | head -2; while true; do echo y; done | head -1"], ""), said("y\ny\ny\n", 0));
    assert_eq!(ran(&["-c", "{ yes & } | head -2"], ""), said("y\ny\n", 0));
    let (_, stderr, status) = ran(&["-c", "f() { f; }; f; echo \"on $?\""], "");
    assert!(stderr.contains("maximum function nesting level exceeded"), "{stderr}");
    assert!(status.is_some());
}
