//! `sandshell sh --analyze`: what a script would do, without running it.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use serde::Serialize;
use shell_parser::analysis::{Analysis, analyze};
use shell_parser::{Options, Parser, SyntaxError};

use super::invocation::{Invocation, ShellOption, Source, Switch};
use super::script::Refused;
use crate::cli::names;

/// The status of a script with a syntax error, as from `bash -n`.
const SYNTAX_ERROR: u8 = 2;

/// What is printed: what was found before the error, if there is one.
#[derive(Serialize)]
struct Report {
    #[serde(flatten)]
    analysis: Analysis,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorReport>,
}

#[derive(Serialize)]
struct ErrorReport {
    line: u32,
    message: String,
}

/// Prints the commands, words, redirections, assignments, functions and substitutions of the script as one JSON object.
pub fn run(invocation: &Invocation) -> Result<ExitCode, Refused> {
    let (units, error) = parse(&source(invocation)?, invocation);
    let error = error.map(|error| ErrorReport { line: error.line, message: error.kind.to_string() });
    let failed = error.is_some();
    let report = Report { analysis: analyze(units.iter().map(AsRef::as_ref)), error };
    let mut line = serde_json::to_vec(&report).map_err(|error| Refused::cannot_run(error.to_string()))?;
    line.push(b'\n');
    io::stdout().write_all(&line).map_err(|error| Refused::cannot_run(error.to_string()))?;
    Ok(if failed { ExitCode::from(SYNTAX_ERROR) } else { ExitCode::SUCCESS })
}

/// The script's text, wherever it is.
fn source(invocation: &Invocation) -> Result<Vec<u8>, Refused> {
    match &invocation.source {
        Source::Argument(script) => Ok(script.clone()),
        Source::File(file) => std::fs::read(names::path(file))
            .map_err(|error| Refused::cannot_run(format!("{}: {error}", file.escape_ascii()))),
        Source::Input => {
            let mut script = Vec::new();
            io::stdin().read_to_end(&mut script).map_err(|error| Refused::cannot_run(error.to_string()))?;
            Ok(script)
        }
    }
}

/// The complete commands up to the first error, read with the options of the command line.
fn parse(source: &[u8], invocation: &Invocation) -> (Vec<std::sync::Arc<shell_parser::Unit>>, Option<SyntaxError>) {
    let has = |wanted: &ShellOption| invocation.options.contains(wanted);
    let options = Options {
        extglob: has(&ShellOption::Shopt(Some(b"extglob".to_vec()), Switch::On)),
        posix: has(&ShellOption::Long("--posix")) || has(&ShellOption::Set(Some(b"posix".to_vec()), Switch::On)),
        ..Options::default()
    };
    let mut parser = Parser::new(source.to_vec());
    let mut units = Vec::new();
    loop {
        match parser.next_complete_command(&options) {
            Ok(Some(unit)) => units.push(unit),
            Ok(None) => return (units, None),
            Err(error) => return (units, Some(error)),
        }
    }
}
