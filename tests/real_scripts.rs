//! Every shell script of this machine parses, or is refused exactly as `bash -n` refuses it.
//!
//! Where there is no bash, or there are no scripts, there is nothing to compare and the test passes.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use shell_parser::{Options, parse_all};

/// Where systems keep scripts.
const PLACES: &[&str] =
    &["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/libexec", "/usr/share", "/etc", "/var/lib/dpkg/info"];
/// Directories deeper than this hold packages of other languages.
const DEPTH: usize = 6;
/// Larger files are data with a shell in front.
const LARGEST: u64 = 1 << 20;
/// At most so many scripts are compared; they are spread over what was found.
const MOST: usize = 400;

#[test]
fn real_scripts_parse_or_are_refused_as_bash_refuses_them() {
    let scripts = scripts();
    let step = scripts.len().div_ceil(MOST).max(1);
    let mut wrong = Vec::new();
    let mut compared = 0;
    for script in scripts.iter().step_by(step) {
        let Some((accepted, message)) = bash_says(script) else { return };
        let Ok(source) = fs::read(script) else { continue };
        let ours = match parse_all(source, &Options::default()) {
            Ok(_) => (true, Vec::new()),
            Err(error) => (false, error.message(script.as_os_str().as_bytes(), b"")),
        };
        compared += 1;
        if ours != (accepted, message.clone()) {
            wrong.push(format!(
                "{}\n  bash: {accepted} {}\n  ours: {} {}",
                script.display(),
                message.escape_ascii(),
                ours.0,
                ours.1.escape_ascii()
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {compared} scripts differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether `bash -n` accepts the file, and what it says when it does not; `None` without bash.
fn bash_says(script: &Path) -> Option<(bool, Vec<u8>)> {
    let output = Command::new("bash").arg("-n").arg(script).env("LC_ALL", "C.UTF-8").output().ok()?;
    let accepted = output.status.success();
    // Warnings about here-documents are no refusals.
    Some((accepted, if accepted { Vec::new() } else { output.stderr }))
}

/// The shell scripts of this machine, sorted.
fn scripts() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut directories: Vec<(PathBuf, usize)> = PLACES.iter().map(|place| (PathBuf::from(place), 0)).collect();
    while let Some((directory, depth)) = directories.pop() {
        let Ok(entries) = fs::read_dir(&directory) else { continue };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && depth < DEPTH {
                directories.push((entry.path(), depth + 1));
            } else if kind.is_file() && is_script(&entry.path()) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// Whether the file is a script for sh, bash or dash, by its first line or, without one, by its name.
fn is_script(path: &Path) -> bool {
    use std::io::Read;
    let Ok(metadata) = fs::metadata(path) else { return false };
    if metadata.len() == 0 || metadata.len() > LARGEST {
        return false;
    }
    let mut start = [0; 64];
    let Ok(read) = fs::File::open(path).and_then(|mut file| file.read(&mut start)) else { return false };
    let first = start.get(..read).unwrap_or_default().split(|&byte| byte == b'\n').next().unwrap_or_default();
    match first.strip_prefix(b"#!") {
        Some(interpreter) => {
            let interpreter = String::from_utf8_lossy(interpreter);
            let mut words = interpreter.split_whitespace();
            let program = words.next().and_then(|path| path.rsplit('/').next());
            let program = if program == Some("env") { words.next() } else { program };
            matches!(program, Some("sh" | "bash" | "dash"))
        }
        None => path.extension() == Some(OsStr::new("sh")),
    }
}
