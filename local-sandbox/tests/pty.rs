//! Terminals by the types of portable-pty.
#![cfg(all(unix, feature = "portable-pty"))]

use std::time::Duration;

use local_sandbox::portable_pty::{CommandBuilder, ExitStatus, PtySize};
use local_sandbox::{ExecError, LocalSandbox, PtyError, YieldFor, pty_exit_status};

/// What a command shows, and how it ends.
async fn run(command: CommandBuilder) -> (String, ExitStatus) {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let size = PtySize { rows: 7, cols: 70, ..PtySize::default() };
    let mut terminal = sandbox.open_pty(command, size).await.expect("it opens");
    let mut text = Vec::new();
    loop {
        let read = terminal.read(YieldFor::at_most(Duration::from_secs(1))).await.expect("it reads");
        text.extend_from_slice(&read.output);
        if let Some(exit) = read.exit {
            return (String::from_utf8_lossy(&text).into_owned(), pty_exit_status(&exit));
        }
    }
}

fn shell(script: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new("sh");
    command.args(["-c", script, "name", "it's  \"x\" $HOME"]);
    command
}

#[tokio::test]
async fn words_size_and_status_are_the_commands() {
    let (text, status) = run(shell("stty size; printf '<%s>' \"$1\"; exit 3")).await;
    assert_eq!(text, "7 70\r\n<it's  \"x\" $HOME>");
    assert_eq!((status.exit_code(), status.signal()), (3, None));
    let (_, status) = run(shell("kill -TERM $$")).await;
    assert_eq!(status.signal(), Some("SIGTERM"));
}

#[tokio::test]
async fn the_copy_of_the_hosts_environment_is_not_handed_down() {
    let mut command = shell("echo ${CARGO_MANIFEST_DIR-none} ${HOME-none} $MARK");
    assert!(command.get_env("CARGO_MANIFEST_DIR").is_some());
    command.env_remove("HOME");
    command.env("MARK", "set");
    assert_eq!(run(command).await.0, "none none set\r\n");
}

#[tokio::test]
async fn a_missing_directory_is_an_error_and_not_the_home_directory() {
    let sandbox = LocalSandbox::local().expect("a sandbox");
    let mut command = shell("pwd");
    command.cwd("/nonexistent");
    let failed = sandbox.open_pty(command, PtySize::default()).await.err();
    assert!(matches!(failed, Some(PtyError::Exec(ExecError::Cwd { .. }))), "{failed:?}");
    let mut command = shell("pwd");
    command.set_controlling_tty(false);
    let failed = sandbox.open_pty(command, PtySize::default()).await.err();
    assert!(matches!(failed, Some(PtyError::Unsupported(_))), "{failed:?}");
}
