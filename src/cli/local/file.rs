//! `sandshell local file …`: the sandbox's file operations.

use std::io::Read;
use std::time::SystemTime;

use base64::Engine;
use local_sandbox::LocalSandbox;
use sandbox::{DirEntry, FileStat, FileType, Sandbox};
use serde_json::json;

use super::{Arguments, Failure, options};
use crate::cli::names;

/// Does one operation; a failure is status 1 and changes nothing.
pub async fn run(arguments: Arguments) -> Result<i32, Failure> {
    let words: Vec<&[u8]> = arguments.words.iter().skip(1).map(|word| names::bytes(word)).collect();
    let recursive = words.iter().any(|word| matches!(*word, b"-r" | b"-R" | b"--recursive"));
    let json = arguments.json || words.contains(&&b"--json"[..]);
    let flags: [&[u8]; 5] = [b"-r", b"-R", b"--recursive", b"--json", b"--"];
    let words: Vec<&[u8]> = words.into_iter().filter(|word| !flags.contains(word)).collect();
    if words.iter().any(|word| word.is_empty()) {
        // The sandbox would take it for its own directory.
        return Err(Failure::Usage("file: an empty path".to_owned()));
    }
    let sandbox = options::sandbox(&arguments)?;
    let done = operate(&sandbox, &words, recursive, json, &arguments).await;
    sandbox.shutdown().await;
    done
}

async fn operate(
    sandbox: &LocalSandbox,
    words: &[&[u8]],
    recursive: bool,
    json: bool,
    arguments: &Arguments,
) -> Result<i32, Failure> {
    match words {
        [b"read", path] => {
            let contents = sandbox.read_file(path).await?;
            if json {
                let key = if std::str::from_utf8(&contents).is_ok() { "contents" } else { "contents_base64" };
                let text = String::from_utf8(contents.to_vec())
                    .unwrap_or_else(|error| base64::engine::general_purpose::STANDARD.encode(error.as_bytes()));
                print(format!("{}\n", json!({ key: text })).as_bytes())
            } else {
                print(&contents)
            }
        }
        [b"write", path] => {
            let contents = contents(arguments)?;
            sandbox.write_file(path, contents.into()).await?;
            Ok(0)
        }
        [b"stat", path] => {
            let stat = sandbox.stat(path).await?;
            print(if json { format!("{}\n", stat_json(&stat)) } else { stat_text(&stat) }.as_bytes())
        }
        [b"ls", path] => ls(&sandbox.read_dir(path).await?, json),
        [b"ls"] => ls(&sandbox.read_dir(b".").await?, json),
        [b"rm", path] => {
            sandbox.remove(path, recursive).await?;
            Ok(0)
        }
        [b"mkdir", path] => {
            sandbox.create_dir(path, true).await?;
            Ok(0)
        }
        [b"mv", from, to] => {
            sandbox.rename(from, to).await?;
            Ok(0)
        }
        _ => Err(Failure::Usage(
            "file: use read PATH, write PATH (contents on standard input), stat PATH, ls [PATH], rm [-r] PATH, \
             mkdir PATH, mv FROM TO"
                .to_owned(),
        )),
    }
}

/// The contents to write: those of `--stdin`'s file, else of our standard input.
fn contents(arguments: &Arguments) -> Result<Vec<u8>, Failure> {
    let named = arguments.stdin.as_deref().filter(|path| path.as_os_str() != "-");
    let read = match named {
        Some(path) => std::fs::read(path),
        None => {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map(|_| bytes)
        }
    };
    read.map_err(|source| Failure::Io { what: "contents".to_owned(), source })
}

fn print(bytes: &[u8]) -> Result<i32, Failure> {
    super::print(bytes)?;
    Ok(0)
}

fn type_name(file_type: FileType) -> &'static str {
    match file_type {
        FileType::File => "file",
        FileType::Directory => "directory",
        FileType::Symlink => "symlink",
        FileType::Other => "other",
    }
}

fn seconds(stat: &FileStat) -> f64 {
    match stat.modified.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

fn stat_json(stat: &FileStat) -> serde_json::Value {
    json!({
        "type": type_name(stat.file_type),
        "size": stat.size,
        "modified": seconds(stat),
        "mode": stat.mode.map(|mode| format!("{mode:04o}")),
        "is_symlink": stat.is_symlink,
    })
}

fn stat_text(stat: &FileStat) -> String {
    format!(
        "type: {}\nsize: {}\nmodified: {}\nmode: {}\nis_symlink: {}\n",
        type_name(stat.file_type),
        stat.size,
        seconds(stat),
        stat.mode.map_or_else(|| "-".to_owned(), |mode| format!("{mode:04o}")),
        stat.is_symlink
    )
}

fn ls(entries: &[DirEntry], json: bool) -> Result<i32, Failure> {
    if json {
        let list: Vec<_> = entries
            .iter()
            .map(|entry| json!({ "name": String::from_utf8_lossy(&entry.name), "type": type_name(entry.file_type) }))
            .collect();
        return print(format!("{}\n", json!(list)).as_bytes());
    }
    let mut lines = Vec::new();
    for entry in entries {
        lines.extend_from_slice(&entry.name);
        if entry.file_type == FileType::Directory {
            lines.push(b'/');
        }
        lines.push(b'\n');
    }
    print(&lines)
}
