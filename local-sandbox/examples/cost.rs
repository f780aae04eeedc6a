use std::process::{Command, Stdio};
use std::time::Instant;
use local_sandbox::*;
use sandbox::ExecRequest;
use futures_core::Stream;
use std::pin::Pin;
fn med(mut v: Vec<f64>) -> (f64, f64) { v.sort_by(f64::total_cmp); (v[v.len()/2], v[v.len()*95/100]) }
async fn run(s: &LocalSandbox, n: usize) -> Vec<f64> {
    let mut v = vec![];
    for _ in 0..n { let t = Instant::now();
        let mut e = s.start(ExecRequest::new("true")).await.unwrap();
        while let Some(x) = std::future::poll_fn(|cx| Pin::new(&mut e).poll_next(cx)).await { x.unwrap(); }
        v.push(t.elapsed().as_secs_f64()*1e6); }
    v
}
#[tokio::main(flavor="current_thread")]
async fn main() {
    let ballast = std::env::args().nth(1).map(|g| vec![1u8; g.parse::<usize>().unwrap() << 20]);
    let n = 400;
    let off = LocalSandbox::builder().build().unwrap();
    let t = Instant::now();
    let conf = LocalSandbox::builder().confinement(Confinement::WorkspaceWrite).build().unwrap();
    println!("construct confined {:?}", t.elapsed());
    let ll = LocalSandbox::builder().confinement(Confinement::WorkspaceWrite).enforcement(Enforcement::BestEffort).strongest_tier(Tier::Landlock).build().unwrap();
    for round in 0..3 {
        let mut v = vec![];
        for _ in 0..n { let t = Instant::now(); Command::new("/bin/bash").args(["--norc","--noprofile","-c","true"]).env_clear().stdin(Stdio::null()).status().unwrap(); v.push(t.elapsed().as_secs_f64()*1e6); }
        let base = med(v);
        let mut v = vec![];
        for _ in 0..n { let t = Instant::now(); Command::new("/bin/bash").args(["--norc","--noprofile","-c","true"]).env_clear().stdin(Stdio::null()).output().unwrap(); v.push(t.elapsed().as_secs_f64()*1e6); }
        let outp = med(v);
        let a = med(run(&off, n).await); let b = med(run(&conf, n).await); let c = med(run(&ll, n).await);
        println!("{round} spawn {base:.0?} output {outp:.0?} off {a:.0?} ({:.2}) ns {b:.0?} ({:.2}) ll {c:.0?}", a.0/base.0, b.0/base.0);
    }
    drop(ballast);
}
