//! The same scripts in GNU bash, in dash and in ours, and how the times compare.
//!
//! `cargo run --release -p benches --bin side_by_side [FILTER]`. A script runs a few times in each shell and the
//! fastest time counts. Real shells are started as processes, the start included; ours runs in a machine that is
//! there, as an agent's would be.

use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use sandbox::{ExecRequest, OutputRetention, Sandbox};
use virtual_sandbox::driver::VirtualSandbox;

/// Runs of each script in each shell.
const RUNS: usize = 5;

/// A script, and whether it is POSIX, so that dash can run it.
struct Case {
    name: &'static str,
    script: &'static str,
    posix: bool,
}

const fn posix(name: &'static str, script: &'static str) -> Case {
    Case { name, script, posix: true }
}

const fn bash(name: &'static str, script: &'static str) -> Case {
    Case { name, script, posix: false }
}

const CASES: &[Case] = &[
    posix("echo hi", "echo hi"),
    posix("loop of 100 000 turns", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"),
    bash("arithmetic loop of 100 000", "for ((i=0;i<100000;i++)); do ((s+=i*2)); done"),
    posix("100 000 assignments", "i=0; while [ $i -lt 100000 ]; do a=$i b=x; i=$((i+1)); done"),
    posix("100 000 function calls", "f() { x=$1; }; i=0; while [ $i -lt 100000 ]; do f $i; i=$((i+1)); done"),
    bash("building a string of 50 000", "for ((i=0;i<50000;i++)); do s+=x; done"),
    posix(
        "prefix and suffix removal",
        "p=/usr/lib/x/y.so.1; i=0; while [ $i -lt 50000 ]; do a=${p##*/}; b=${p%.*}; i=$((i+1)); done",
    ),
    bash("replacement in a string", "x=$(printf 'ab%.0s' {1..1000}); for ((i=0;i<200;i++)); do y=${x//a/bb}; done"),
    bash("associative array of 20 000", "declare -A m; for ((i=0;i<20000;i++)); do m[k$i]=$i; done; echo ${#m[@]}"),
    posix("1 000 command substitutions", "i=0; while [ $i -lt 1000 ]; do x=$(echo $i); i=$((i+1)); done"),
    posix("1 000 subshells", "i=0; while [ $i -lt 1000 ]; do (x=1); i=$((i+1)); done"),
    posix("500 commands", "i=0; while [ $i -lt 500 ]; do cat /dev/null; i=$((i+1)); done"),
    posix("500 small pipelines", "i=0; while [ $i -lt 500 ]; do echo $i | cat > /dev/null; i=$((i+1)); done"),
    posix("read 100 000 lines", "seq 100000 | while read -r l; do :; done"),
    bash("mapfile 100 000 lines", "mapfile -t a < <(seq 100000); echo ${#a[@]}"),
    posix(
        "case of 100 000",
        "i=0; while [ $i -lt 100000 ]; do case $i in *7) x=1;; *[02468]) x=2;; *) x=3;; esac; i=$((i+1)); done",
    ),
    posix("100 MB through cat", "head -c 100000000 /dev/zero | cat | wc -c"),
    posix("yes into head, 100 MB", "yes | head -c 100000000 | wc -c"),
    posix("seq, grep, sed, sort", "seq 300000 | grep 7 | sed s/7/seven/ | sort | tail -1"),
    posix("uniq and sort -rn", "seq 200000 | cut -c1-3 | sort | uniq -c | sort -rn | head -3"),
    posix("tr over 10 MB", "head -c 10000000 /dev/zero | tr '\\0' a | wc -c"),
];

fn main() -> ExitCode {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{:<32} {:>10} {:>10} {:>10} {:>9} {:>9}", "script", "ours", "bash", "dash", "x bash", "x dash");
    for case in CASES.iter().filter(|case| case.name.contains(&filter)) {
        let ours = fastest(|| runtime.block_on(in_machine(case.script)));
        let bash = fastest(|| in_shell("bash", case.script));
        let dash = case.posix.then(|| fastest(|| in_shell("dash", case.script))).flatten();
        println!(
            "{:<32} {:>10} {:>10} {:>10} {:>9} {:>9}",
            case.name,
            shown(ours),
            shown(bash),
            shown(dash),
            ratio(bash, ours),
            ratio(dash, ours)
        );
    }
    ExitCode::SUCCESS
}

/// The fastest of some runs; none when one fails.
fn fastest(mut run: impl FnMut() -> Option<Duration>) -> Option<Duration> {
    (0..RUNS).map(|_| run()).collect::<Option<Vec<_>>>()?.into_iter().min()
}

async fn in_machine(script: &'static str) -> Option<Duration> {
    let sandbox = VirtualSandbox::builder().build().ok()?;
    let started = Instant::now();
    let request = ExecRequest::new(script).retention(OutputRetention::NONE);
    let result = sandbox.exec(request).await.ok()?.collect().await.ok()?;
    result.success().then(|| started.elapsed())
}

fn in_shell(shell: &str, script: &str) -> Option<Duration> {
    let started = Instant::now();
    let mut command = Command::new(shell);
    command.arg("-c").arg(script).env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).stdout(Stdio::null());
    command.status().ok()?.success().then(|| started.elapsed())
}

fn shown(time: Option<Duration>) -> String {
    match time {
        None => "-".to_owned(),
        Some(time) if time < Duration::from_millis(1) => format!("{:.1} us", time.as_secs_f64() * 1e6),
        Some(time) => format!("{:.1} ms", time.as_secs_f64() * 1e3),
    }
}

fn ratio(theirs: Option<Duration>, ours: Option<Duration>) -> String {
    match (theirs, ours) {
        (Some(theirs), Some(ours)) => format!("{:.1}", theirs.as_secs_f64() / ours.as_secs_f64().max(1e-9)),
        _ => "-".to_owned(),
    }
}
