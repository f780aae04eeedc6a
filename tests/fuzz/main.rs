//! A short run of the fuzz targets as an ordinary test: the saved corpus, the scripts of the conformance cases, and
//! mutations of both from a fixed seed. `SANDSHELL_FUZZ_ROUNDS=1000000 cargo test --release --test fuzz` runs longer. With
//! `SANDSHELL_FUZZ_INPUT=DIRECTORY` the input being tried is in a file there, should it end the process.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that finds a fault ends")]

#[path = "../../fuzz/targets.rs"]
mod targets;

mod mutate;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::panic::catch_unwind;
use std::path::Path;
use std::process::Command;

use mutate::Mutator;
use shell_parser::{Options, parse_all};
use xtask::case::{case_files, parse};

/// Mutations of each target without the variable that says otherwise.
const ROUNDS: usize = 3_000;

#[test]
fn parser() {
    replay("parser", targets::parser);
}

#[test]
fn arith() {
    replay("arith", targets::arith);
}

/// Mutated scripts are accepted or refused by the parser as `bash -n` does, in the same words.
#[test]
#[ignore = "starts bash for each of many scripts"]
fn parser_agrees_with_bash() {
    let seeds = seeds("parser");
    let mut mutator = Mutator::new(number("SANDSHELL_FUZZ_SEED").unwrap_or(1) as u64);
    let mut differing = Vec::new();
    for _ in 0..number("SANDSHELL_FUZZ_ROUNDS").unwrap_or(ROUNDS) {
        let script = mutator.mutate(&seeds);
        if script.contains(&0) {
            continue;
        }
        let mut bash = Command::new("bash");
        bash.args(["-n", "-c"]).arg(OsStr::from_bytes(&script)).env("LC_ALL", "C.UTF-8");
        let Ok(output) = bash.output() else { return };
        let error = parse_all(script.clone(), &Options::default()).err();
        // The warnings of an accepted script are no refusal; that of a `[[` has the status of the last command.
        let refused = !output.status.success() || error.as_ref().is_some_and(|error| error.status.after(0) == 0);
        let want = if refused { output.stderr } else { Vec::new() };
        let got = error.map(|error| error.message(b"bash", b"-c")).unwrap_or_default();
        if got != want {
            let (script, want, got) = (script.escape_ascii(), want.escape_ascii(), got.escape_ascii());
            differing.push(format!("{script}\n  bash: {want}\n  ours: {got}"));
        }
    }
    assert!(differing.is_empty(), "{} scripts differ:\n{}", differing.len(), differing.join("\n"));
}

/// A number from the environment.
fn number(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn expansion() {
    replay("expansion", targets::expansion);
}

#[test]
fn shell() {
    replay("shell", targets::shell);
}

/// Runs the target on all seeds and on mutations of them; reports the input of the first panic.
fn replay(name: &str, target: fn(&[u8])) {
    let seeds = seeds(name);
    let rounds = number("SANDSHELL_FUZZ_ROUNDS").unwrap_or(ROUNDS);
    let kept = std::env::var_os("SANDSHELL_FUZZ_INPUT").map(|directory| Path::new(&directory).join(name));
    let mut mutator = Mutator::new(number("SANDSHELL_FUZZ_SEED").unwrap_or(1) as u64);
    let mutations = (0..rounds).map(|_| mutator.mutate(&seeds));
    for input in seeds.iter().cloned().chain(mutations.collect::<Vec<_>>()) {
        if let Some(kept) = &kept {
            fs::write(kept, &input).unwrap();
        }
        if catch_unwind(|| target(&input)).is_err() {
            panic!("{name} panics on \"{}\"", input.escape_ascii());
        }
    }
}

/// The saved corpus of a target and the scripts of all cases.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut saved: Vec<_> = fs::read_dir(corpus).map(|entries| entries.flatten().collect()).unwrap_or_default();
    saved.sort_by_key(fs::DirEntry::path);
    seeds.extend(saved.iter().filter_map(|entry| fs::read(entry.path()).ok()));
    for file in case_files().unwrap() {
        let cases = parse(&fs::read(&file.path).unwrap()).unwrap();
        seeds.extend(cases.cases.into_iter().map(|case| case.script));
    }
    seeds
}
