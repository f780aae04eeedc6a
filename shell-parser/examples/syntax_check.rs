//! `syntax_check [-c script | file...]`: what `bash -n` does, and for several files one line each with the status.

use std::io::Write as _;
use std::process::ExitCode;

use shell_parser::{Options, Parser};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut failed = false;
    match arguments.split_first() {
        Some((first, [script, ..])) if first == "-c" => failed = !check(script.clone().into_bytes(), "bash", "-c"),
        _ => {
            for name in &arguments {
                let Ok(text) = std::fs::read(name) else { continue };
                let good = check(text, name, "");
                println!("{} {name}", if good { 0 } else { 2 });
                failed |= !good;
            }
        }
    }
    if failed { ExitCode::from(2) } else { ExitCode::SUCCESS }
}

/// Whether the whole text parses; the refusals go to standard error.
fn check(text: Vec<u8>, name: &str, context: &str) -> bool {
    let mut parser = Parser::new(text);
    loop {
        match parser.next_complete_command(&Options::default()) {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(error) => {
                let _ = std::io::stderr().write_all(&error.message(name.as_bytes(), context.as_bytes()));
                return false;
            }
        }
    }
}
