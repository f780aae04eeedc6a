//! Runs a script on a bare machine: `cargo run --example run -- 'echo hi'`.

use std::io::{Read, Write};
use virtual_sandbox::machine::testing::{Pace, run};

fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let script = arguments.next().unwrap_or_default();
    let pace = match arguments.next().as_deref() {
        Some("step") => Pace::SingleSteps,
        Some("snapshot") => Pace::Snapshots,
        _ => Pace::Plain,
    };
    let mut stdin = Vec::new();
    let _ = std::io::stdin().read_to_end(&mut stdin);
    let ran = run(&script, &stdin, pace);
    let _ = std::io::stdout().write_all(&ran.stdout);
    let _ = std::io::stderr().write_all(&ran.stderr);
    std::process::ExitCode::from(ran.status)
}
