//! The utilities over 100 MB of text, in ours and in GNU's with the C locale, and how the times compare.
//!
//! `cargo run --release -p benches --bin utilities [FILTER]`. Each command runs a few times and the fastest time
//! counts. GNU's run as processes beside each other, on as many cores as there are; ours in one machine, on one.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sandbox::{ExecRequest, OutputRetention, Sandbox};
use virtual_sandbox::driver::VirtualSandbox;

/// Runs of each command in each world.
const RUNS: usize = 3;

/// The size of the text, in bytes.
const SIZE: usize = 100_000_000;

/// The commands; what they write goes through a pipe, as some look whether it is the null device.
const COMMANDS: &[&str] = &[
    "cat text",
    "cat -n text",
    "wc text",
    "wc -l text",
    "head -n 1000000 text",
    "tail -n +10 text",
    "tr a-z A-Z < text",
    "tr -d 0-9 < text",
    "tr -s ' ' < text",
    "cut -c1-20 text",
    "cut -d' ' -f1,3 text",
    "uniq -c text",
    "sort text",
    "sort -k2 text",
    "sort -t. -k2,2n -k3,3n text",
    "sort -u text",
    "grep Jan text",
    "grep -c ERROR text",
    "grep -v ERROR text",
    "grep -i error text",
    "grep -o 'id=[0-9]*' text",
    "grep -E 'ERROR|WARN' text",
    "grep -n '^1.*7$' text",
    "sed s/GET/PUT/ text",
    "sed 's/[0-9]/#/g' text",
    "sed -E 's/^([0-9.]+) ([A-Z]+)/\\2 \\1/' text",
    "sed -n /ERROR/p text",
    "seq 10000000",
    "yes | head -c 100000000",
    "head -c 5000000 text | od -c",
    "nl text",
    "tac text",
    "paste -d, text text",
    "fold -w 40 text",
    "cksum text",
    "tr a-z A-Z < text | cut -d' ' -f2 | sort | uniq -c",
];

fn main() -> ExitCode {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let directory = std::env::temp_dir().join(format!("sandshell-utilities-{}", std::process::id()));
    let outcome = compare(&filter, &directory);
    // Whatever came out, the text goes.
    let _ = std::fs::remove_dir_all(&directory);
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(filter: &str, directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let text = text();
    std::fs::create_dir(directory)?;
    std::fs::write(directory.join("text"), &text)?;
    let sandbox = VirtualSandbox::builder().file("text", text).build()?;
    println!("{:<52} {:>10} {:>10} {:>7}", "command", "ours ms", "GNU ms", "x GNU");
    for command in COMMANDS.iter().filter(|command| command.contains(filter)) {
        let script = format!("{command} | cat > /dev/null");
        let ours = fastest(|| runtime.block_on(in_machine(&sandbox, &script))).ok_or("a command failed")?;
        let theirs = fastest(|| by_gnu(&script, directory)).ok_or("a command of GNU failed")?;
        let [ours, theirs] = [ours, theirs].map(|time| time.as_secs_f64() * 1e3);
        println!("{command:<52} {ours:>10.1} {theirs:>10.1} {:>7.1}", theirs / ours);
    }
    Ok(())
}

/// Lines as servers log them, the same in each run.
fn text() -> Vec<u8> {
    let mut state = 7u64;
    let mut random = |below: u64| {
        // Knuth's multiplier; the high bits are the good ones.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let levels = ["INFO", "INFO", "WARN", "ERROR", "DEBUG"];
    let words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"];
    let mut text = Vec::with_capacity(SIZE + 200);
    while text.len() < SIZE {
        let [a, b, c, d] = [random(255), random(255), random(255), random(255)];
        let (level, word) = (levels[random(5) as usize], words[random(8) as usize]);
        let (minute, id, size) = (random(60), random(1_000_000), random(100_000));
        let line =
            format!("{a}.{b}.{c}.{d} {level} [17/Jan/2026:10:{minute:02}] \"GET /{word}/x?id={id}\" 200 {size}\n");
        text.extend_from_slice(line.as_bytes());
    }
    text
}

/// The fastest of some runs; none when one fails.
fn fastest(mut run: impl FnMut() -> Option<Duration>) -> Option<Duration> {
    (0..RUNS).map(|_| run()).collect::<Option<Vec<_>>>()?.into_iter().min()
}

async fn in_machine(sandbox: &VirtualSandbox, script: &str) -> Option<Duration> {
    let started = Instant::now();
    let request = ExecRequest::new(script.to_owned()).retention(OutputRetention::NONE);
    let result = sandbox.exec(request).await.ok()?.collect().await.ok()?;
    result.success().then(|| started.elapsed())
}

fn by_gnu(script: &str, directory: &Path) -> Option<Duration> {
    let started = Instant::now();
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).current_dir(directory).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::null());
    command.status().ok()?.success().then(|| started.elapsed())
}
