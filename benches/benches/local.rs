//! What a real command costs: the shell and `true` by `posix_spawn` (the standard library's), by an unconfined local sandbox,
//! and by one confined in namespaces; each also from a host with 1 GiB resident.
//!
//! Repeat with `cargo bench -p benches --bench local`. First come the medians of all of them taken in turn, so that each pays
//! the same for what else the machine does, and their ratios to `posix_spawn`; then criterion's figures. All have the same
//! environment, as locales are loaded by its values, and the same pipes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use local_sandbox::{Confinement, Enforcement, LocalSandbox, LocalSandboxBuilder, Network, Shell};
use sandbox::{ExecRequest, Sandbox};
use tokio::runtime::Runtime;

const GIB: usize = 1 << 30;
/// Rounds of the comparison, after some that do not count.
const ROUNDS: usize = 300;
const WARMING: usize = 20;

/// A shell, and how a program would call it without a sandbox.
struct Case {
    name: &'static str,
    shell: Shell,
    program: &'static str,
    words: &'static [&'static str],
}

fn cases() -> [Case; 2] {
    [
        Case {
            name: "bash -c true",
            shell: Shell::Auto,
            program: "/bin/bash",
            words: &["--norc", "--noprofile", "-c", "true"],
        },
        Case { name: "sh -c true", shell: Shell::Posix, program: "/bin/sh", words: &["-c", "true"] },
    ]
}

impl Case {
    /// The command as a program would run it without a sandbox, its output collected.
    fn spawn_and_collect(&self) {
        let mut command = Command::new(self.program);
        command.args(self.words).env_clear().stdin(Stdio::null());
        for name in local_sandbox::ALLOWLIST {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("LANG", "C.UTF-8");
        command.output().expect("the shell runs");
    }

    fn options(&self) -> LocalSandboxBuilder {
        LocalSandbox::builder().env("LANG", "C.UTF-8").shell(self.shell.clone())
    }

    fn free(&self) -> LocalSandbox {
        self.options().build().expect("a sandbox")
    }

    fn confined(&self) -> LocalSandbox {
        let options = self.options().confinement(Confinement::WorkspaceWrite).network(Network::None);
        options.enforcement(Enforcement::BestEffort).build().expect("a sandbox")
    }
}

fn exec(runtime: &Runtime, sandbox: &LocalSandbox) {
    let result = runtime.block_on(async {
        let execution = sandbox.exec(ExecRequest::new("true")).await.expect("it starts");
        execution.collect().await.expect("it ends")
    });
    assert_eq!(result.exit_code, 0);
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(0.0, |time| time.as_secs_f64() * 1e6)
}

/// Runs everything in turn and prints medians and ratios.
fn compare() {
    let runtime = runtime();
    for (size, bytes) in [("small host", 0), ("1 GiB host", GIB)] {
        // Written, so that it is resident.
        let ballast = std::hint::black_box(vec![1_u8; bytes]);
        for case in cases() {
            let (free, confined) = (case.free(), case.confined());
            let mut times: [Vec<Duration>; 3] = Default::default();
            for round in 0..WARMING + ROUNDS {
                for (index, times) in times.iter_mut().enumerate() {
                    let begun = Instant::now();
                    match index {
                        0 => case.spawn_and_collect(),
                        1 => exec(&runtime, &free),
                        _ => exec(&runtime, &confined),
                    }
                    if round >= WARMING {
                        times.push(begun.elapsed());
                    }
                }
            }
            let [spawn, free, confined] = times.map(|mut times| median(&mut times));
            println!(
                "{}, {size}: posix_spawn {spawn:.0} us; unconfined {free:.0} us ({:.2}x); confined {confined:.0} us ({:.2}x)",
                case.name,
                free / spawn,
                confined / spawn
            );
        }
        drop(ballast);
    }
}

fn exec_cost(criterion: &mut Criterion) {
    let runtime = runtime();
    for case in cases() {
        let (free, confined) = (case.free(), case.confined());
        let mut group = criterion.benchmark_group(case.name);
        group.bench_function("posix_spawn", |bencher| bencher.iter(|| case.spawn_and_collect()));
        group.bench_function("unconfined", |bencher| bencher.iter(|| exec(&runtime, &free)));
        group.bench_function("confined", |bencher| bencher.iter(|| exec(&runtime, &confined)));
        group.finish();
    }
}

fn creation(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("creation and end");
    group.sample_size(20);
    let mut create = |name: &str, confinement: Confinement| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let options = LocalSandbox::builder().confinement(confinement).enforcement(Enforcement::BestEffort);
                let sandbox = options.build().expect("a sandbox");
                runtime.block_on(sandbox.shutdown());
            });
        });
    };
    create("unconfined", Confinement::Off);
    create("confined", Confinement::WorkspaceWrite);
    group.finish();
}

criterion_group!(benches, exec_cost, creation);

fn main() {
    // Not when it is only tried whether the benches run.
    if std::env::args().any(|argument| argument == "--bench") {
        compare();
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
