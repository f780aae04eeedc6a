//! Rules about snapshots and forks.

use bytes::Bytes;

use super::check::{Check, Outcome, Subject, Verdict, equal, output, table};
use crate::{Change, ChangeKind};

pub(super) fn checks() -> Vec<Check> {
    table![
        restore_brings_files_back,
        a_snapshot_can_be_restored_twice,
        a_fork_and_its_origin_go_their_own_ways,
        a_diff_names_what_changed,
        a_saved_snapshot_can_be_loaded,
    ]
}

async fn restore_brings_files_back(subject: Subject) -> Verdict {
    let Some(snapshots) = subject.snapshots() else { return Ok(Outcome::NotApplicable) };
    output(&subject, "mkdir d; echo old > d/f; echo x > gone").await?;
    let saved = snapshots.snapshot().await?;
    output(&subject, "echo new > d/f; rm gone; echo > later").await?;
    snapshots.restore(&saved).await?;
    equal("files", output(&subject, "cat d/f gone; ls later 2>/dev/null; true").await?, "old\nx\n")?;
    Ok(Outcome::Held)
}

async fn a_snapshot_can_be_restored_twice(subject: Subject) -> Verdict {
    let Some(snapshots) = subject.snapshots() else { return Ok(Outcome::NotApplicable) };
    output(&subject, "echo 1 > f").await?;
    let first = snapshots.snapshot().await?;
    output(&subject, "echo 2 > f").await?;
    let second = snapshots.snapshot().await?;
    for (snapshot, want) in [(&first, "1\n"), (&second, "2\n"), (&first, "1\n")] {
        snapshots.restore(snapshot).await?;
        equal("contents", output(&subject, "cat f; echo 3 > f").await?, want)?;
    }
    Ok(Outcome::Held)
}

async fn a_fork_and_its_origin_go_their_own_ways(subject: Subject) -> Verdict {
    let Some(snapshots) = subject.snapshots() else { return Ok(Outcome::NotApplicable) };
    output(&subject, "echo common > f").await?;
    let fork = snapshots.fork().await?;
    output(&subject, "echo origin >> f").await?;
    output(&fork, "echo fork >> f").await?;
    equal("origin", output(&subject, "cat f").await?, "common\norigin\n")?;
    equal("fork", output(&fork, "cat f").await?, "common\nfork\n")?;
    fork.close().await?;
    equal("origin after the fork is closed", output(&subject, "echo on").await?, "on\n")?;
    Ok(Outcome::Held)
}

async fn a_diff_names_what_changed(subject: Subject) -> Verdict {
    let Some(snapshots) = subject.snapshots() else { return Ok(Outcome::NotApplicable) };
    output(&subject, "mkdir d; cd d; echo > same; echo > changed; echo > gone").await?;
    let before = snapshots.snapshot().await?;
    output(&subject, "cd d; echo more >> changed; rm gone; echo > new").await?;
    let below = subject.resolve_path(b"d/");
    let mut changes = snapshots.diff(&before, None).await?;
    changes.retain(|change| change.path.starts_with(&[below.as_slice(), b"/"].concat()));
    let change = |name: &str, kind| Change { path: [below.as_slice(), b"/", name.as_bytes()].concat(), kind };
    let want = [
        change("changed", ChangeKind::Modified),
        change("gone", ChangeKind::Removed),
        change("new", ChangeKind::Added),
    ];
    equal("changes", changes, want)?;
    Ok(Outcome::Held)
}

async fn a_saved_snapshot_can_be_loaded(subject: Subject) -> Verdict {
    let Some(snapshots) = subject.snapshots() else { return Ok(Outcome::NotApplicable) };
    subject.write_file(b"f", Bytes::from_static(b"old\0\xff")).await?;
    let saved = snapshots.save(&snapshots.snapshot().await?).await?;
    subject.remove(b"f", false).await?;
    snapshots.restore(&snapshots.load(&saved).await?).await?;
    equal("contents", subject.read_file(b"f").await?, Bytes::from_static(b"old\0\xff"))?;
    Ok(Outcome::Held)
}
