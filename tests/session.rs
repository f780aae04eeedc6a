//! Sessions of the virtual sandbox: a shell that stays.

#![expect(clippy::unwrap_used, reason = "a test whose sandbox does not start fails")]

use std::time::Duration;

use sandbox::{ExecRequest, ExecResult, Sandbox};
use virtual_sandbox::driver::{Session, VirtualSandbox};

async fn run(session: &mut Session, script: &'static str) -> ExecResult {
    session.exec(ExecRequest::new(script)).unwrap().collect().await.unwrap()
}

fn session(interactive: bool) -> Session {
    VirtualSandbox::builder().build().unwrap().session(interactive).unwrap()
}

#[tokio::test]
async fn state_persists_from_one_input_to_the_next() {
    let mut session = session(false);
    let first = run(&mut session, "x=5; f() { echo \"f$1\"; }; cd /tmp; set -f; alias a=b").await;
    assert_eq!((first.exit_code, first.stdout_text()), (0, String::new()));
    let second = run(&mut session, "f $x; pwd; echo * $-; (exit 3)").await;
    assert_eq!(second.stdout_text(), "f5\n/tmp\n* fhB\n");
    assert_eq!(second.exit_code, 3);
    assert_eq!(run(&mut session, "echo $?").await.stdout_text(), "3\n");
}

#[tokio::test]
async fn jobs_go_on_between_inputs() {
    let mut session = session(false);
    run(&mut session, "{ sleep 0.05; echo done > f; } &").await;
    assert_eq!(run(&mut session, "cat f 2> /dev/null || echo none").await.stdout_text(), "none\n");
    assert_eq!(run(&mut session, "wait; cat f").await.stdout_text(), "done\n");
}

#[tokio::test]
async fn errors_end_the_input_and_not_an_interactive_session() {
    let mut session = session(true);
    let result = run(&mut session, "echo a; if then").await;
    assert_eq!(result.exit_code, 2);
    assert!(!result.stderr.is_empty());
    assert_eq!(run(&mut session, "set -u; echo $nope").await.exit_code, 1);
    assert_eq!(run(&mut session, "echo on").await.stdout_text(), "on\n");
}

#[tokio::test]
async fn exit_ends_the_session() {
    let mut session = session(false);
    assert!(!session.has_ended());
    assert_eq!(run(&mut session, "trap 'echo bye' EXIT; exit 7").await.exit_code, 7);
    assert!(session.has_ended());
    assert!(session.exec(ExecRequest::new("echo")).is_err());
}

#[tokio::test]
async fn an_interrupt_ends_the_command_and_not_the_session() {
    let mut session = session(true);
    for script in ["sleep 100; echo no", "while :; do :; done", "f() { sleep 100 | cat; }; f > out; echo no"] {
        let execution = session.exec(ExecRequest::new(script)).unwrap();
        let (result, ()) = tokio::join!(execution.collect(), async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            session.interrupt();
        });
        let result = result.unwrap();
        assert_eq!((result.exit_code, result.stdout_text()), (130, String::new()), "{script}");
    }
    assert_eq!(run(&mut session, "echo on").await.stdout_text(), "on\n");
}

#[tokio::test]
async fn a_timeout_ends_the_command_and_not_the_session() {
    let mut session = session(false);
    let request = ExecRequest::new("x=1; sleep 100").timeout(Duration::from_millis(50));
    let result = session.exec(request).unwrap().collect().await.unwrap();
    assert!(result.timed_out);
    assert_eq!(result.exit_code, 124);
    assert_eq!(run(&mut session, "echo \"x=$x\"").await.stdout_text(), "x=1\n");
}

#[tokio::test]
async fn a_question_has_no_effect() {
    let mut session = session(false);
    run(&mut session, "x=1; (exit 4)").await;
    assert_eq!(session.ask("x=2; touch f; echo $x$(ls)"), "2f\n");
    assert_eq!(run(&mut session, "echo $? $x; ls").await.stdout_text(), "4 1\n");
}

#[tokio::test]
async fn sessions_and_commands_share_files() {
    let sandbox = VirtualSandbox::builder().build().unwrap();
    let mut session = sandbox.session(false).unwrap();
    run(&mut session, "echo from session > f").await;
    let result = sandbox.exec(ExecRequest::new("cat f")).await.unwrap().collect().await.unwrap();
    assert_eq!(result.stdout_text(), "from session\n");
}

#[tokio::test]
async fn commands_typed_are_remembered_and_their_syntax_errors_have_no_line() {
    let mut session = session(true);
    session.remember("if then");
    let result = run(&mut session, "if then").await;
    assert_eq!(result.stderr_text(), "bash: syntax error near unexpected token `then'\n");
    session.remember("history");
    assert_eq!(run(&mut session, "history").await.stdout_text(), "    1  if then\n    2  history\n");
}

#[tokio::test]
async fn what_an_input_is_given_to_read_ends_with_it() {
    let mut session = session(false);
    let request = ExecRequest::new("read a; echo \"[$a]\"").stdin("one\ntwo\n".to_owned());
    let result = session.exec(request).unwrap().collect().await.unwrap();
    assert_eq!(result.stdout_text(), "[one]\n");
    assert_eq!(run(&mut session, "read b; echo $? \"[$b]\"; cat").await.stdout_text(), "1 []\n");
    let request = ExecRequest::new("cat; cat").stdin("three\n".to_owned());
    let result = session.exec(request).unwrap().collect().await.unwrap();
    assert_eq!((result.exit_code, result.stdout_text()), (0, "three\n".to_owned()));
}

#[tokio::test]
async fn a_stream_is_asked_only_for_what_is_read() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Poll;

    /// One line each time it is asked, without end.
    struct Lines(Arc<AtomicUsize>);
    impl sandbox::types::Stream for Lines {
        type Item = bytes::Bytes;
        fn poll_next(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> Poll<Option<bytes::Bytes>> {
            self.0.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(Some(bytes::Bytes::from_static(b"line\n")))
        }
    }

    let asked = Arc::new(AtomicUsize::new(0));
    let request = |script| ExecRequest::new(script).stdin(sandbox::Stdin::Stream(Box::pin(Lines(Arc::clone(&asked)))));
    let mut session = session(true);
    let result = session.exec(request("echo nothing; x=$((1+1))")).unwrap().collect().await.unwrap();
    assert_eq!((result.stdout_text(), asked.load(Ordering::Relaxed)), ("nothing\n".to_owned(), 0));
    let result = session.exec(request("read a; read b; echo $a $b; [ -t 0 ]")).unwrap().collect().await.unwrap();
    assert_eq!((result.exit_code, result.stdout_text()), (0, "line line\n".to_owned()));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_snapshot_holds_sessions_as_they_are() {
    let sandbox = VirtualSandbox::builder().build().unwrap();
    let snapshots = sandbox.snapshots().unwrap();
    let mut session = sandbox.session(false).unwrap();
    run(&mut session, "x=1; cd /tmp; f() { echo then; }; (sleep 0.05; echo job > job) &").await;
    let saved = snapshots.snapshot().await.unwrap();
    let mut later = sandbox.session(false).unwrap();
    run(&mut session, "x=2; cd /; f() { echo now; }; wait; rm /tmp/job").await;
    for _ in 0..2 {
        snapshots.restore(&saved).await.unwrap();
        assert_eq!(run(&mut session, "echo $x $PWD; f; wait; cat job; x=3").await.stdout_text(), "1 /tmp\nthen\njob\n");
    }
    assert!(later.has_ended(), "it was not there yet");
    assert!(later.exec(ExecRequest::new("echo")).is_err());
}
