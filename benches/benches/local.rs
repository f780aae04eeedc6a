//! What a real command costs: `bash -c true` by `posix_spawn` (the standard library's), by an unconfined local sandbox, and
//! by one confined in namespaces; each also from a host with 1 GiB resident.
//!
//! Repeat with `cargo bench -p benches --bench local`. All have the same environment, as locales are loaded by its values.

use std::process::{Command, Stdio};

use criterion::{Criterion, criterion_group, criterion_main};
use local_sandbox::{Confinement, Enforcement, LocalSandbox, Network};
use sandbox::{ExecRequest, Sandbox};
use tokio::runtime::Runtime;

const GIB: usize = 1 << 30;

/// `bash -c true` as a program would run it without a sandbox, its output collected.
fn spawn_and_collect() {
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-c", "true"]).env_clear().stdin(Stdio::null());
    for name in local_sandbox::ALLOWLIST {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("LANG", "C.UTF-8");
    command.output().expect("bash runs");
}

fn exec(runtime: &Runtime, sandbox: &LocalSandbox) {
    let result = runtime.block_on(async {
        let execution = sandbox.exec(ExecRequest::new("true")).await.expect("it starts");
        execution.collect().await.expect("it ends")
    });
    assert_eq!(result.exit_code, 0);
}

fn exec_cost(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let free = LocalSandbox::builder().env("LANG", "C.UTF-8").build().expect("a sandbox");
    let confined = LocalSandbox::builder()
        .env("LANG", "C.UTF-8")
        .confinement(Confinement::WorkspaceWrite)
        .network(Network::None)
        .enforcement(Enforcement::BestEffort)
        .build()
        .expect("a sandbox");
    for (size, bytes) in [("small", 0), ("1 GiB", GIB)] {
        // Written, so that it is resident.
        let ballast = std::hint::black_box(vec![1_u8; bytes]);
        let mut group = criterion.benchmark_group(format!("exec of true, {size} host"));
        group.bench_function("posix_spawn", |bencher| bencher.iter(spawn_and_collect));
        group.bench_function("unconfined", |bencher| bencher.iter(|| exec(&runtime, &free)));
        group.bench_function("confined", |bencher| bencher.iter(|| exec(&runtime, &confined)));
        group.finish();
        drop(ballast);
    }
}

fn creation(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("creation");
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
criterion_main!(benches);
