//! Every shell script of the machine parses or is refused exactly as `bash -n` does.

use std::path::{Path, PathBuf};
use std::process::Command;

use shell_parser::{Options, Parser};

/// Where scripts are looked for.
const ROOTS: [&str; 6] = ["/usr", "/etc", "/lib", "/opt", "/var/lib/dpkg", "/root"];

/// Larger files are left out.
const LARGEST: u64 = 3_000_000;

#[test]
#[ignore = "needs GNU bash 5.2 and reads the whole machine"]
fn every_script_is_taken_or_refused_as_by_bash() {
    let mut scripts = Vec::new();
    ROOTS.iter().for_each(|root| find_scripts(Path::new(root), &mut scripts));
    assert!(!scripts.is_empty());
    let wrong: Vec<_> = scripts.iter().filter_map(|script| difference(script)).collect();
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), scripts.len(), wrong.join("\n"));
}

fn find_scripts(directory: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
        if kind.is_dir() {
            find_scripts(&path, found);
        } else if kind.is_file() && is_script(&path) {
            found.push(path);
        }
    }
}

fn is_script(path: &Path) -> bool {
    if path.metadata().is_ok_and(|metadata| metadata.len() > LARGEST) {
        return false;
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    if matches!(extension, "sh" | "bash" | "postinst" | "prerm" | "preinst" | "postrm" | "bats") {
        return true;
    }
    if path.to_string_lossy().contains("/bash-completion/") {
        return true;
    }
    let mut head = [0; 64];
    let Ok(length) = std::fs::File::open(path).and_then(|mut file| std::io::Read::read(&mut file, &mut head)) else {
        return false;
    };
    let head = String::from_utf8_lossy(head.get(..length).unwrap_or(&[])).into_owned();
    let first = head.lines().next().unwrap_or("");
    first.starts_with("#!") && (first.contains("bash") || first.trim_end().ends_with("/sh") || first.contains("/sh "))
}

fn difference(path: &Path) -> Option<String> {
    let text = std::fs::read(path).ok()?;
    let bash = Command::new("bash").arg("-n").arg(path).env("LC_ALL", "C.UTF-8").output().ok()?;
    let mut parser = Parser::new(text);
    let ours = loop {
        match parser.next_complete_command(&Options::default()) {
            Ok(Some(_)) => {}
            Ok(None) => break Vec::new(),
            Err(error) => break error.message(path.as_os_str().as_encoded_bytes(), b""),
        }
    };
    let theirs: Vec<u8> = bash
        .stderr
        .split_inclusive(|&byte| byte == b'\n')
        .filter(|line| !line.windows(9).any(|part| part == b"warning: "))
        .flatten()
        .copied()
        .collect();
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    (ours != theirs).then(|| format!("{}\n  bash: {}\n  ours: {}", path.display(), shown(&theirs), shown(&ours)))
}
