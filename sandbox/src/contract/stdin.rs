//! Rules about standard input.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::mpsc;

use super::check::{Check, Outcome, Subject, Verdict, equal, table};
use crate::{ExecEvent, ExecRequest, Stdin};

pub(super) fn checks() -> Vec<Check> {
    table![
        no_input_is_end_of_file_at_once,
        bytes_are_read_unchanged,
        a_command_need_not_read_its_input,
        a_stream_is_read_as_it_arrives,
    ]
}

async fn no_input_is_end_of_file_at_once(subject: Subject) -> Verdict {
    let result = subject.exec(ExecRequest::new("cat; echo end")).await?.collect().await?;
    equal("stdout", result.stdout_text(), "end\n")?;
    Ok(Outcome::Held)
}

async fn bytes_are_read_unchanged(subject: Subject) -> Verdict {
    let input: Vec<u8> = (0..=255u8).cycle().take(200_000).collect();
    let result = subject.exec(ExecRequest::new("cat").stdin(input.clone())).await?.collect().await?;
    equal("same bytes", result.stdout == input, true)?;
    Ok(Outcome::Held)
}

async fn a_command_need_not_read_its_input(subject: Subject) -> Verdict {
    let result = subject.exec(ExecRequest::new("echo done").stdin(vec![b'x'; 1_000_000])).await?.collect().await?;
    equal("stdout", result.stdout_text(), "done\n")?;
    equal("exit_code", result.exit_code, 0)?;
    Ok(Outcome::Held)
}

async fn a_stream_is_read_as_it_arrives(subject: Subject) -> Verdict {
    let (sender, receiver) = mpsc::channel(1);
    let request = ExecRequest::new("while read -r line; do echo \"got $line\"; done; echo end")
        .stdin(Stdin::Stream(Box::pin(Arriving(receiver))));
    let mut execution = subject.exec(request).await?;
    for line in ["one", "two"] {
        let _ = sender.send(Bytes::from(format!("{line}\n"))).await;
        let event = execution.next().await.transpose()?;
        equal("answer", event, Some(ExecEvent::Stdout(format!("got {line}\n").into())))?;
    }
    drop(sender);
    equal("after the end", execution.collect().await?.stdout_text(), "end\n")?;
    Ok(Outcome::Held)
}

struct Arriving(mpsc::Receiver<Bytes>);

impl Stream for Arriving {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_recv(cx)
    }
}
