//! The file system of the virtual machine: what a sandbox, a snapshot, a call and a change cost.
//!
//! `cargo bench -p benches --bench files`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use virtual_sandbox::vfs::{At, Context, Cred, Follow, NoProcesses, OpenFlags, Timestamp, Vfs};

/// A base image with `files` files in the user's home.
fn tree(files: usize) -> Vfs {
    let mut vfs = Vfs::base_image(Timestamp::new(1, 0)).unwrap_or_else(|_| Vfs::empty(Timestamp::default()));
    let cred = Cred::root();
    let cx = context(&vfs, &cred);
    for number in 0..files {
        let path = format!("/home/user/file{number}");
        let _ = vfs.write_file(&cx, path.as_bytes(), "hello\n".into(), 0o644);
    }
    vfs
}

fn context<'a>(vfs: &Vfs, cred: &'a Cred) -> Context<'a> {
    Context { cwd: vfs.root(), cred, umask: 0o022, now: Timestamp::new(2, 0), pid: 1, proc: &NoProcesses }
}

fn snapshots(c: &mut Criterion) {
    for files in [0, 20_000] {
        let vfs = tree(files);
        c.bench_function(&format!("snapshot of {files} files"), |b| b.iter(|| black_box(vfs.clone())));
        let cred = Cred::root();
        let cx = context(&vfs, &cred);
        c.bench_function(&format!("snapshot of {files} files and a change"), |b| {
            b.iter(|| vfs.clone().write_file(&cx, b"/home/user/changed", "changed\n".into(), 0o644));
        });
    }
    let base = tree(20_000);
    let mut vfs = base.clone();
    let cred = Cred::root();
    let cx = context(&vfs, &cred);
    for number in 0..10 {
        let path = format!("/home/user/file{}", number * 1777);
        let _ = vfs.write_file(&cx, path.as_bytes(), "changed".into(), 0o644);
    }
    c.bench_function("diff of 10 changes among 20000 files", |b| b.iter(|| black_box(vfs.diff(&base))));
    c.bench_function("save of 10 changes among 20000 files", |b| b.iter(|| black_box(vfs.save(&base))));
}

fn calls(c: &mut Criterion) {
    let mut vfs = tree(1000);
    let cred = Cred::user();
    let cx = context(&vfs, &cred);
    c.bench_function("stat of a file three directories down", |b| {
        b.iter(|| black_box(vfs.stat(&cx, b"/home/user/file777", Follow::Yes)));
    });
    c.bench_function("stat of what is not there", |b| {
        b.iter(|| black_box(vfs.stat(&cx, b"/usr/local/bin/nothing", Follow::Yes)));
    });
    c.bench_function("create and remove a file", |b| {
        b.iter(|| {
            let _ = vfs.open(&cx, b"/tmp/new", OpenFlags::WRITE | OpenFlags::CREATE, 0o644);
            vfs.unlink(&cx, b"/tmp/new")
        });
    });
}

fn content(c: &mut Criterion) {
    let mut vfs = tree(0);
    let cred = Cred::root();
    let cx = context(&vfs, &cred);
    let Ok(node) = vfs.write_file(&cx, b"/tmp/log", "first\n".into(), 0o644) else { return };
    let line = bytes::Bytes::from_static(b"one line of text, as echo prints it\n");
    c.bench_function("append a line", |b| b.iter(|| vfs.write_at(node, At::End, &line, cx.now)));
    let chunk = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
    let mut group = c.benchmark_group("chunks of 64 KiB");
    group.throughput(Throughput::Bytes(chunk.len() as u64));
    group.bench_function("write", |b| b.iter(|| vfs.write_at(node, At::Offset(1 << 20), &chunk, cx.now)));
    group.bench_function("read", |b| b.iter(|| black_box(vfs.read_at(node, 1 << 20, 64 * 1024))));
    group.finish();
}

criterion_group!(benches, snapshots, calls, content);
criterion_main!(benches);
