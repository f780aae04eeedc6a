//! Rules about files.

use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::check::{Check, Outcome, Subject, Verdict, equal, file_error, holds, output, table};
use crate::{FileErrorKind, FileType};

pub(super) fn checks() -> Vec<Check> {
    table![
        a_written_file_is_read_back_byte_for_byte,
        writing_creates_the_directories_above,
        writing_replaces_and_keeps_the_mode,
        writing_through_a_link_changes_its_target,
        commands_and_operations_see_the_same_files,
        reading_what_is_not_there_is_not_found,
        reading_a_directory_is_an_error,
        a_file_is_no_directory_on_the_way,
        stat_follows_links_and_says_so,
        a_link_that_leads_nowhere_does_not_exist,
        stat_gives_size_and_time,
        entries_are_sorted_and_not_followed,
        create_dir_wants_its_parent_unless_told,
        remove_wants_recursive_for_a_full_directory,
        remove_takes_the_link_and_not_its_target,
        rename_moves_and_replaces,
        paths_are_resolved_against_the_working_directory,
        names_may_hold_spaces_and_newlines,
        a_large_file_is_whole,
    ]
}

async fn a_written_file_is_read_back_byte_for_byte(subject: Subject) -> Verdict {
    let contents: Bytes = (0..=255u8).collect::<Vec<_>>().into();
    subject.write_file(b"all bytes", contents.clone()).await?;
    equal("contents", subject.read_file(b"all bytes").await?, contents)?;
    subject.write_file(b"empty", Bytes::new()).await?;
    equal("empty", subject.read_file(b"empty").await?, Bytes::new())?;
    Ok(Outcome::Held)
}

async fn writing_creates_the_directories_above(subject: Subject) -> Verdict {
    subject.write_file(b"a/b/c/file", Bytes::from_static(b"x")).await?;
    equal("parent", subject.stat(b"a/b/c").await?.file_type, FileType::Directory)?;
    equal("seen by commands", output(&subject, "cat a/b/c/file").await?, "x")?;
    Ok(Outcome::Held)
}

async fn writing_replaces_and_keeps_the_mode(subject: Subject) -> Verdict {
    output(&subject, "echo a longer text > f; chmod 750 f").await?;
    subject.write_file(b"f", Bytes::from_static(b"short")).await?;
    equal("contents", output(&subject, "cat f").await?, "short")?;
    equal("mode", output(&subject, "ls -l f | cut -c1-10").await?, "-rwxr-x---\n")?;
    Ok(Outcome::Held)
}

async fn writing_through_a_link_changes_its_target(subject: Subject) -> Verdict {
    output(&subject, "echo old > target; ln -s target link").await?;
    subject.write_file(b"link", Bytes::from_static(b"new")).await?;
    equal("target", output(&subject, "cat target").await?, "new")?;
    holds("still a link", subject.stat(b"link").await?.is_symlink)?;
    Ok(Outcome::Held)
}

async fn commands_and_operations_see_the_same_files(subject: Subject) -> Verdict {
    output(&subject, "mkdir d; echo text > d/f").await?;
    equal("contents", subject.read_file(b"d/f").await?, Bytes::from_static(b"text\n"))?;
    subject.remove(b"d", true).await?;
    equal("gone", output(&subject, "ls d 2>/dev/null || echo gone").await?, "gone\n")?;
    Ok(Outcome::Held)
}

async fn reading_what_is_not_there_is_not_found(subject: Subject) -> Verdict {
    let missing = &FileErrorKind::NotFound;
    file_error("read_file", subject.read_file(b"none").await, missing)?;
    file_error("stat", subject.stat(b"none").await, missing)?;
    file_error("read_dir", subject.read_dir(b"none").await, missing)?;
    file_error("remove", subject.remove(b"none", false).await, missing)?;
    file_error("remove recursively", subject.remove(b"none", true).await, missing)?;
    file_error("rename", subject.rename(b"none", b"other").await, missing)?;
    equal("exists", subject.exists(b"none").await?, false)?;
    equal("exists below", subject.exists(b"none/none").await?, false)?;
    Ok(Outcome::Held)
}

async fn reading_a_directory_is_an_error(subject: Subject) -> Verdict {
    subject.create_dir(b"d", false).await?;
    file_error("read_file", subject.read_file(b"d").await, &FileErrorKind::IsADirectory)?;
    file_error("write_file", subject.write_file(b"d", Bytes::new()).await, &FileErrorKind::IsADirectory)?;
    Ok(Outcome::Held)
}

async fn a_file_is_no_directory_on_the_way(subject: Subject) -> Verdict {
    subject.write_file(b"f", Bytes::new()).await?;
    let wrong = &FileErrorKind::NotADirectory;
    file_error("read_file", subject.read_file(b"f/below").await, wrong)?;
    file_error("read_dir", subject.read_dir(b"f").await, wrong)?;
    file_error("write_file", subject.write_file(b"f/below", Bytes::new()).await, wrong)?;
    equal("exists", subject.exists(b"f/below").await?, false)?;
    Ok(Outcome::Held)
}

async fn stat_follows_links_and_says_so(subject: Subject) -> Verdict {
    output(&subject, "mkdir d; printf 12345 > f; ln -s f to_file; ln -s d to_dir; ln -s to_file twice").await?;
    let plain = subject.stat(b"f").await?;
    holds("a plain file", plain.is_file() && !plain.is_symlink && plain.size == 5)?;
    let link = subject.stat(b"to_file").await?;
    holds("a link to a file", link.is_file() && link.is_symlink && link.size == 5)?;
    let twice = subject.stat(b"twice").await?;
    holds("a link to a link", twice.is_file() && twice.is_symlink && twice.size == 5)?;
    let dir = subject.stat(b"to_dir").await?;
    holds("a link to a directory", dir.is_dir() && dir.is_symlink)?;
    Ok(Outcome::Held)
}

async fn a_link_that_leads_nowhere_does_not_exist(subject: Subject) -> Verdict {
    output(&subject, "ln -s nowhere dangling; ln -s round round").await?;
    file_error("stat", subject.stat(b"dangling").await, &FileErrorKind::NotFound)?;
    equal("exists", subject.exists(b"dangling").await?, false)?;
    file_error("stat in a circle", subject.stat(b"round").await, &FileErrorKind::TooManyLinks)?;
    subject.remove(b"dangling", false).await?;
    equal("entries", subject.read_dir(b".").await?.iter().any(|entry| entry.name == b"dangling"), false)?;
    Ok(Outcome::Held)
}

async fn stat_gives_size_and_time(subject: Subject) -> Verdict {
    output(&subject, "printf 123 > f; touch -d @1000000000 f").await?;
    let stat = subject.stat(b"f").await?;
    equal("size", stat.size, 3)?;
    equal("modified", stat.modified, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000))?;
    Ok(Outcome::Held)
}

async fn entries_are_sorted_and_not_followed(subject: Subject) -> Verdict {
    output(&subject, "mkdir d; cd d; mkdir sub; echo > b; echo > B; echo > .hidden; ln -s sub link").await?;
    let entries = subject.read_dir(b"d").await?;
    let got: Vec<(&[u8], FileType)> = entries.iter().map(|entry| (entry.name.as_slice(), entry.file_type)).collect();
    let want: [(&[u8], FileType); 5] = [
        (b".hidden", FileType::File),
        (b"B", FileType::File),
        (b"b", FileType::File),
        (b"link", FileType::Symlink),
        (b"sub", FileType::Directory),
    ];
    equal("entries", got, want)?;
    Ok(Outcome::Held)
}

async fn create_dir_wants_its_parent_unless_told(subject: Subject) -> Verdict {
    file_error("no parent", subject.create_dir(b"a/b", false).await, &FileErrorKind::NotFound)?;
    subject.create_dir(b"a/b", true).await?;
    subject.create_dir(b"a/b", true).await?;
    file_error("there", subject.create_dir(b"a/b", false).await, &FileErrorKind::AlreadyExists)?;
    subject.write_file(b"f", Bytes::new()).await?;
    file_error("a file there", subject.create_dir(b"f", true).await, &FileErrorKind::AlreadyExists)?;
    Ok(Outcome::Held)
}

async fn remove_wants_recursive_for_a_full_directory(subject: Subject) -> Verdict {
    output(&subject, "mkdir -p d/e; echo > d/e/f; mkdir empty").await?;
    file_error("full", subject.remove(b"d", false).await, &FileErrorKind::DirectoryNotEmpty)?;
    subject.remove(b"empty", false).await?;
    subject.remove(b"d", true).await?;
    equal("d", subject.exists(b"d").await?, false)?;
    Ok(Outcome::Held)
}

async fn remove_takes_the_link_and_not_its_target(subject: Subject) -> Verdict {
    output(&subject, "mkdir d tree; echo > d/f; ln -s d link; ln -s ../d tree/link").await?;
    subject.remove(b"link", true).await?;
    subject.remove(b"tree", true).await?;
    equal("kept", subject.exists(b"d/f").await?, true)?;
    equal("link", subject.exists(b"link").await?, false)?;
    Ok(Outcome::Held)
}

async fn rename_moves_and_replaces(subject: Subject) -> Verdict {
    output(&subject, "echo one > a; echo two > b; mkdir d full; echo > full/x; ln -s a link").await?;
    subject.rename(b"a", b"b").await?;
    equal("b", output(&subject, "cat b").await?, "one\n")?;
    equal("a", subject.exists(b"a").await?, false)?;
    subject.rename(b"b", b"d/c").await?;
    equal("moved", subject.exists(b"d/c").await?, true)?;
    file_error("onto a full directory", subject.rename(b"d", b"full").await, &FileErrorKind::DirectoryNotEmpty)?;
    subject.rename(b"link", b"link2").await?;
    equal("the link itself", output(&subject, "readlink link2").await?, "a\n")?;
    Ok(Outcome::Held)
}

async fn paths_are_resolved_against_the_working_directory(subject: Subject) -> Verdict {
    let cwd = subject.cwd();
    holds("cwd is absolute", cwd.starts_with(b"/"))?;
    equal("dot", subject.resolve_path(b"."), cwd.clone())?;
    let below = [cwd.as_slice(), b"/a"].concat();
    equal("below", subject.resolve_path(b"b/../a"), below.clone())?;
    equal("absolute", subject.resolve_path(b"/x//y/./z/.."), b"/x/y".to_vec())?;
    subject.write_file(b"a", Bytes::from_static(b"1")).await?;
    equal("same file", subject.read_file(&below).await?, Bytes::from_static(b"1"))?;
    Ok(Outcome::Held)
}

async fn names_may_hold_spaces_and_newlines(subject: Subject) -> Verdict {
    let name = b"a b\n'\"$*?[x]\\";
    subject.write_file(name, Bytes::from_static(b"1")).await?;
    equal("entries", subject.read_dir(b".").await?.iter().any(|entry| entry.name == name), true)?;
    equal("seen by commands", output(&subject, "cat a*").await?, "1")?;
    if subject.capabilities().byte_names {
        subject.write_file(b"\xff\xfe", Bytes::from_static(b"2")).await?;
        equal("bytes", subject.read_file(b"\xff\xfe").await?, Bytes::from_static(b"2"))?;
    }
    file_error("NUL", subject.read_file(b"a\0b").await, &FileErrorKind::InvalidPath)?;
    Ok(Outcome::Held)
}

async fn a_large_file_is_whole(subject: Subject) -> Verdict {
    let contents: Bytes = (0..3_000_000u32).map(|i| (i % 251) as u8).collect::<Vec<_>>().into();
    subject.write_file(b"large", contents.clone()).await?;
    equal("size", output(&subject, "wc -c < large | tr -d ' '").await?, "3000000\n")?;
    holds("same bytes", subject.read_file(b"large").await? == contents)?;
    Ok(Outcome::Held)
}
