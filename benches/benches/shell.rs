//! What a machine costs: making one, forking, snapshots, commands, loops, substitutions, pipelines.
//!
//! `cargo bench -p benches --bench shell -- FILTER`

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sandbox::{ExecRequest, OutputRetention, Sandbox};
use tokio::runtime::Runtime;
use virtual_sandbox::driver::{VirtualSandbox, base_image};

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be made")
}

fn make() -> VirtualSandbox {
    VirtualSandbox::builder().seed(1).build().expect("the base image is made of constants")
}

/// A sandbox with this many files.
fn with_files(runtime: &Runtime, files: u32) -> VirtualSandbox {
    let sandbox = make();
    runtime.block_on(async {
        for i in 0..files {
            let path = format!("d{}/f{i}", i % 100);
            sandbox.write_file(path.as_bytes(), bytes::Bytes::from_static(b"content\n")).await.expect("a fresh path");
        }
    });
    sandbox
}

fn run(runtime: &Runtime, sandbox: &VirtualSandbox, script: &'static str) -> usize {
    let request = ExecRequest::new(script).retention(OutputRetention::NONE);
    let result = runtime.block_on(async { sandbox.exec(request).await?.collect().await }).expect("the machine runs");
    assert_eq!(result.exit_code, 0, "{script}: {}", result.stderr_text());
    result.usage.stdout_bytes as usize
}

fn life(criterion: &mut Criterion) {
    let runtime = runtime();
    base_image().expect("made of constants");
    criterion.bench_function("create", |bencher| bencher.iter(|| black_box(make())));
    for files in [0, 20_000] {
        let sandbox = with_files(&runtime, files);
        let snapshots = sandbox.snapshots().expect("a virtual sandbox has snapshots");
        criterion.bench_function(&format!("fork with {files} files"), |bencher| {
            bencher.iter(|| black_box(runtime.block_on(snapshots.fork()).expect("at rest")));
        });
        criterion.bench_function(&format!("snapshot with {files} files"), |bencher| {
            bencher.iter(|| black_box(runtime.block_on(snapshots.snapshot()).expect("at rest")));
        });
    }
}

/// Scripts that are timed as they are.
const SCRIPTS: &[(&str, &str)] = &[
    ("echo hi", "echo hi"),
    ("ten thousand turns", "i=0; while [ $i -lt 10000 ]; do i=$((i+1)); done"),
    ("ten thousand arithmetic turns", "for ((i=0;i<10000;i++)); do ((s+=i)); done"),
    ("ten thousand function calls", "f() { x=$1; }; for ((i=0;i<10000;i++)); do f $i; done"),
    ("building a string", "s=; for ((i=0;i<10000;i++)); do s+=x; done; echo ${#s}"),
    ("a thousand substitutions", "for ((i=0;i<1000;i++)); do x=$(echo $i); done"),
    ("a thousand subshells", "for ((i=0;i<1000;i++)); do (x=$i); done"),
    ("a thousand small pipelines", "for ((i=0;i<1000;i++)); do echo $i | read x; done"),
    ("reading ten thousand lines", "seq 10000 > f; while read -r l; do :; done < f"),
    ("an array of ten thousand", "for ((i=0;i<10000;i++)); do a[i]=$i; done; echo ${#a[@]}"),
];

fn scripts(criterion: &mut Criterion) {
    let runtime = runtime();
    let sandbox = make();
    for &(name, script) in SCRIPTS {
        criterion.bench_function(name, |bencher| bencher.iter(|| run(&runtime, &sandbox, script)));
    }
}

/// Pipelines over ten million bytes.
const PIPELINES: &[(&str, &str)] = &[
    ("cat | cat", "cat big | cat | cat"),
    ("yes | head", "yes | head -c 10000000"),
    ("grep", "grep -c 99 big"),
    ("sed", "sed s/9/nine/ big"),
    ("sort", "sort -n big | tail -1"),
    ("wc", "wc big"),
];

fn pipelines(criterion: &mut Criterion) {
    let runtime = runtime();
    let sandbox = make();
    run(&runtime, &sandbox, "seq 1400000 | head -c 10000000 > big");
    let mut group = criterion.benchmark_group("10 MB");
    group.throughput(Throughput::Bytes(10_000_000)).sample_size(10);
    for &(name, script) in PIPELINES {
        group.bench_function(name, |bencher| bencher.iter(|| run(&runtime, &sandbox, script)));
    }
    group.finish();
}

/// A thousand sandboxes at once on two threads, each running a small script.
fn density(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime can be made");
    criterion.bench_function("a thousand sandboxes", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let tasks: Vec<_> = (0..1000)
                    .map(|_| {
                        let sandbox: Arc<dyn Sandbox> = Arc::new(make());
                        tokio::spawn(async move {
                            let script = "for i in 1 2 3; do echo $i; done | sort > f; cat f";
                            let result = sandbox.exec(ExecRequest::new(script)).await?.collect().await?;
                            Ok::<_, sandbox::SandboxError>(result.stdout.len())
                        })
                    })
                    .collect();
                for task in tasks {
                    assert_eq!(task.await.expect("no panic").expect("it runs"), 6);
                }
            });
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2)).sample_size(20);
    targets = life, scripts, pipelines, density
}
criterion_main!(benches);
