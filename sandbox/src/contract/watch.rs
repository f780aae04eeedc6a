//! Rules about watching files.

use std::time::Duration;

use super::check::{Check, Failure, Outcome, Subject, Verdict, equal, output, table};
use crate::{Watch, WatchEvent, WatchEventKind, WatchRequest};

pub(super) fn checks() -> Vec<Check> {
    table![changes_are_told_with_their_paths, watching_what_is_not_there_is_an_error]
}

async fn changes_are_told_with_their_paths(subject: Subject) -> Verdict {
    let Some(watcher) = subject.watcher() else { return Ok(Outcome::NotApplicable) };
    subject.create_dir(b"d/below", true).await?;
    let mut watch = watcher.watch(WatchRequest { path: b"d".to_vec(), recursive: true }).await?;
    output(&subject, "echo x > d/below/f").await?;
    told(&mut watch, &subject.resolve_path(b"d/below/f"), WatchEventKind::Created).await?;
    output(&subject, "rm d/below/f").await?;
    told(&mut watch, &subject.resolve_path(b"d/below/f"), WatchEventKind::Removed).await?;
    Ok(Outcome::Held)
}

async fn watching_what_is_not_there_is_an_error(subject: Subject) -> Verdict {
    let Some(watcher) = subject.watcher() else { return Ok(Outcome::NotApplicable) };
    let result = watcher.watch(WatchRequest { path: b"none".to_vec(), recursive: false }).await;
    equal("an error", result.is_err(), true)?;
    Ok(Outcome::Held)
}

/// Waits for this event; others may come before it.
async fn told(watch: &mut Watch, path: &[u8], kind: WatchEventKind) -> Result<(), Failure> {
    let want = WatchEvent { path: path.to_vec(), kind };
    let search = async {
        while let Some(event) = watch.next().await.transpose()? {
            if event == want {
                return Ok(());
            }
        }
        Err(Failure("the watch ended".to_owned()))
    };
    match tokio::time::timeout(Duration::from_secs(20), search).await {
        Ok(found) => found,
        Err(_) => Err(Failure(format!("was never told {want:?}"))),
    }
}
