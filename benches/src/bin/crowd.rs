//! Ten thousand sandboxes in one process: what an idle one weighs, and whether a short command gets its turn while all
//! of them are busy.
//!
//! `cargo run --release -p benches --bin crowd [SANDBOXES] [SECONDS]`, 10 000 and 5 unless said otherwise. Every sandbox
//! runs a loop that does not end; beside them another runs `echo hi` again and again, and what is printed is how long
//! that takes from when it is due to the collected result, the wait for its turn included, and how evenly the loops
//! were served.

use std::error::Error;
use std::time::{Duration, Instant};

use sandbox::types::CancellationToken;
use sandbox::{ExecRequest, OutputRetention, Sandbox};
use virtual_sandbox::driver::{VirtualSandbox, base_image};

/// Why it could not be measured.
type Failure = Box<dyn Error + Send + Sync>;

/// Threads that run the sandboxes.
const THREADS: usize = 2;
/// The pause between two short commands.
const PAUSE: Duration = Duration::from_millis(5);
/// What every sandbox of the crowd does.
const LOOP: &str = "while :; do i=$((i+1)); done";

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let count: usize = args.next().map_or(Ok(10_000), |text| text.parse())?;
    let seconds: u64 = args.next().map_or(Ok(5), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(THREADS).enable_all().build()?;
    runtime.block_on(async move { tokio::spawn(crowd(count, Duration::from_secs(seconds))).await })??;
    Ok(())
}

/// Everything that runs is a task of the executor's, as in a server.
async fn crowd(count: usize, time: Duration) -> Result<(), Failure> {
    let image = base_image()?;
    let make = || VirtualSandbox::builder().image(image.clone()).limit("fuel", u64::MAX).build();
    make()?.exec(ExecRequest::new("echo hi")).await?.collect().await?;

    let before = resident();
    let started = Instant::now();
    let sandboxes: Vec<VirtualSandbox> = (0..count).map(|_| make()).collect::<Result<_, _>>()?;
    let made = started.elapsed();
    let idle = resident().saturating_sub(before);
    println!("{count} sandboxes made in {made:.1?}, {} bytes each", idle / count.max(1));

    for sandbox in &sandboxes {
        sandbox.exec(ExecRequest::new("x=1; echo $x | cat")).await?.collect().await?;
    }
    println!("after a first script: {} bytes each", resident().saturating_sub(before) / count.max(1));

    let stop = CancellationToken::new();
    let mut tasks = Vec::with_capacity(count);
    for sandbox in sandboxes {
        let request = ExecRequest::new(LOOP).retention(OutputRetention::NONE).cancellation(stop.clone());
        tasks.push(tokio::spawn(async move { sandbox.exec(request).await?.collect().await }));
    }
    let prober = tokio::spawn(probe(make()?, time));
    let mut latencies = prober.await??;
    println!("busy: {} bytes each", resident().saturating_sub(before) / count.max(1));
    stop.cancel();

    let mut fuel = Vec::with_capacity(count);
    for task in tasks {
        fuel.push(task.await??.usage.fuel.unwrap_or_default());
    }
    latencies.sort_unstable();
    fuel.sort_unstable();
    println!(
        "{} short commands beside them: median {:.1?}, p99 {:.1?}, longest {:.1?}",
        latencies.len(),
        at(&latencies, 50),
        at(&latencies, 99),
        at(&latencies, 100)
    );
    println!("turns of the loops: least {}, median {}, most {}", at(&fuel, 0), at(&fuel, 50), at(&fuel, 100));
    Ok(())
}

/// How long short commands take, one after another.
async fn probe(sandbox: VirtualSandbox, time: Duration) -> Result<Vec<Duration>, sandbox::SandboxError> {
    let mut due = Instant::now();
    let end = due + time;
    let mut latencies = Vec::new();
    while due < end {
        due = (due + PAUSE).max(Instant::now());
        tokio::time::sleep_until(due.into()).await;
        let result = sandbox.exec(ExecRequest::new("echo hi")).await?.collect().await?;
        assert_eq!(result.exit_code, 0, "{}", result.stderr_text());
        latencies.push(due.elapsed());
    }
    Ok(latencies)
}

/// The value below which `percent` of the sorted values are.
fn at<T: Copy + Default>(sorted: &[T], percent: usize) -> T {
    sorted.get(sorted.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
}

/// The resident memory of this process, in bytes; 0 where it cannot be told.
fn resident() -> usize {
    const PAGE: usize = 4096;
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * PAGE
}
