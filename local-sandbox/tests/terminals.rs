//! Terminal sessions.
#![cfg(target_os = "linux")]

#[allow(dead_code, reason = "each test program uses a part")]
mod support;

use std::time::Duration;

use bytes::Bytes;
use local_sandbox::{LocalSandbox, TerminalSessions, YieldFor};
use sandbox::{SandboxError, TerminalRequest, TerminalSize};
use support::{again_as_ordinary_user, gone, sleep_of};

#[test]
fn everything_holds_as_an_ordinary_user() {
    again_as_ordinary_user();
}

fn script(text: String) -> TerminalRequest {
    TerminalRequest { script: Some(text.into()), ..TerminalRequest::default() }
}

fn until(word: &str) -> YieldFor {
    YieldFor { idle: Duration::from_secs(20), until: Some(word.into()), ..YieldFor::at_most(Duration::from_secs(20)) }
}

fn sessions() -> TerminalSessions {
    TerminalSessions::new(LocalSandbox::local().expect("a sandbox"))
}

#[tokio::test]
async fn a_session_reads_writes_and_ends() {
    let sessions = sessions();
    let opened = sessions.open(TerminalRequest::default(), YieldFor::first()).await.expect("it opens");
    let shown =
        sessions.write(opened.id, Bytes::from_static(b"echo $((40+2))x\n"), until("42x")).await.expect("it reads");
    assert!(String::from_utf8_lossy(&shown.output).contains("42x"));
    let mut last = sessions.write(opened.id, Bytes::from_static(b"exit 7\n"), until("\0")).await.expect("it reads");
    while last.exit.is_none() {
        last = sessions.read(opened.id, YieldFor::typed()).await.expect("it reads");
    }
    assert_eq!(last.exit.map(|exit| exit.exit_code), Some(7));
    assert!(matches!(sessions.read(opened.id, YieldFor::typed()).await, Err(SandboxError::UnknownId { .. })));
}

#[tokio::test]
async fn a_resize_reaches_the_command() {
    let sessions = sessions();
    let text = "trap 'stty size; exit' WINCH; echo up; while :; do sleep 0.05; done".to_owned();
    let opened = sessions.open(script(text), until("up")).await.expect("it opens");
    sessions.resize(opened.id, TerminalSize { rows: 50, columns: 132 }).await.expect("it resizes");
    let shown = sessions.read(opened.id, until("132")).await.expect("it reads");
    assert!(String::from_utf8_lossy(&shown.output).contains("50 132"));
}

#[tokio::test]
async fn an_interrupt_ends_the_foreground_command() {
    let sessions = sessions();
    let opened = sessions.open(script(format!("echo up; {}", sleep_of(201))), until("up")).await.expect("it opens");
    let mut shown = sessions.interrupt(opened.id, YieldFor::typed()).await.expect("it reads");
    while shown.exit.is_none() {
        shown = sessions.read(opened.id, YieldFor::typed()).await.expect("it reads");
    }
    assert_eq!(shown.exit.map(|exit| (exit.exit_code, exit.signal)), Some((130, Some(2))));
}

#[tokio::test]
async fn a_closed_session_ends_what_ran_in_it() {
    let sessions = sessions();
    let text = format!("trap '' HUP TERM; setsid {0} & echo up; {0}", sleep_of(202));
    let opened = sessions.open(script(text), until("up")).await.expect("it opens");
    sessions.close(opened.id).expect("it closes");
    assert!(gone("99202"));
}

#[tokio::test]
async fn the_least_recently_used_session_is_given_up_first() {
    let sessions = TerminalSessions::with_limit(LocalSandbox::local().expect("a sandbox"), 2);
    let wait = || YieldFor { max: Duration::from_millis(50), ..YieldFor::typed() };
    let first = sessions.open(script("cat".to_owned()), wait()).await.expect("it opens");
    let second = sessions.open(script("cat".to_owned()), wait()).await.expect("it opens");
    sessions.read(first.id, wait()).await.expect("it reads");
    let third = sessions.open(script("cat".to_owned()), wait()).await.expect("it opens");
    assert_eq!(third.given_up, [second.id]);
    assert_eq!(sessions.list(), [first.id, third.id]);
}

#[tokio::test]
async fn a_terminal_is_of_the_usual_kind_unless_the_options_name_one() {
    for (named, shown) in [(None, "is xterm-256color."), (Some("vt100"), "is vt100.")] {
        let mut options = LocalSandbox::builder();
        if let Some(kind) = named {
            options = options.env("TERM", kind);
        }
        let sessions = TerminalSessions::new(options.build().expect("a sandbox"));
        let opened = sessions.open(script("echo is $TERM.; cat".to_owned()), until(shown)).await.expect("it opens");
        assert!(String::from_utf8_lossy(&opened.first.output).contains(shown));
    }
}

#[tokio::test]
async fn a_session_that_has_ended_is_given_up_first_but_not_one_of_the_newest() {
    let sessions = TerminalSessions::with_limit(LocalSandbox::local().expect("a sandbox"), 12);
    let wait = || YieldFor { max: Duration::from_millis(1), ..YieldFor::typed() };
    let mut ids = Vec::new();
    for number in 0..12 {
        // Nobody reads that the third and the last have ended.
        let text = if [2, 11].contains(&number) { "exec -a 99203 sleep 0.1" } else { "cat" };
        ids.push(sessions.open(script(text.to_owned()), wait()).await.expect("it opens").id);
    }
    assert!(gone("99203"));
    // Until the end of the last is told; to read it would be to use the session.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let mut given_up = Vec::new();
    for _ in 0..2 {
        given_up.extend(sessions.open(script("cat".to_owned()), wait()).await.expect("it opens").given_up);
    }
    assert_eq!(given_up, [ids[2], ids[0]]);
}

#[tokio::test]
async fn what_a_dropped_read_has_seen_is_given_by_the_next() {
    let sessions = sessions();
    let text = "read -r; echo first; read -r; echo second; cat";
    let wait = YieldFor { max: Duration::from_millis(1), ..YieldFor::typed() };
    let opened = sessions.open(script(text.to_owned()), wait).await.expect("it opens");
    let reading = sessions.write(opened.id, Bytes::from_static(b"\n"), until("never"));
    // Far more than an echo takes, far less than the read.
    assert!(tokio::time::timeout(Duration::from_millis(500), reading).await.is_err());
    let shown = sessions.write(opened.id, Bytes::from_static(b"\n"), until("second")).await.expect("it reads");
    let shown = String::from_utf8_lossy(&shown.output).into_owned();
    assert!(shown.contains("first") && shown.contains("second"), "{shown}");
}
