//! The conformance cases of `tests/cases`, each run in the virtual machine three ways: plain, one step at a time, and
//! with the machine replaced by its snapshot between steps. All must do what the real bash and GNU tools did.
//!
//! `cargo test --test conformance -- lang/quoting` runs the cases whose `file::title` holds that text.

mod machine;

use std::error::Error;
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use machine::{Mode, run_case};
use xtask::case::{Case, case_files, mismatch, parse};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for file in case_files()? {
        let text = std::fs::read(&file.path)?;
        let cases = parse(&text).map_err(|error| format!("{}: {error}", file.path.display()))?;
        for case in cases.cases {
            let name = format!("{}::{}", file.name, case.title);
            trials.push(Trial::test(name, move || check(&case)));
        }
    }
    Ok(libtest_mimic::run(&arguments, trials).exit_code())
}

/// Runs a case in every mode.
fn check(case: &Case) -> Result<(), Failed> {
    let failure = [Mode::Plain, Mode::SingleSteps, Mode::Snapshots].into_iter().find_map(|mode| failure(case, mode));
    match (failure, &case.xfail) {
        (None, None) | (Some(_), Some(_)) => Ok(()),
        (Some(report), None) => Err(report.into()),
        (None, Some(reason)) => Err(format!("is marked `xfail {reason}` and passes: take the mark away").into()),
    }
}

/// What is wrong with the case in this mode, with its script.
fn failure(case: &Case, mode: Mode) -> Option<String> {
    let report = match run_case(case, mode) {
        Ok(outcome) => mismatch(&case.expected, &outcome)?,
        Err(reason) => format!("{reason}\n"),
    };
    let script = String::from_utf8_lossy(&case.script).replace('\n', "\n    ");
    Some(format!("{mode:?}\n    {script}\n{report}"))
}
