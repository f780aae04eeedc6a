//! Runs a case in a machine without any driver: time jumps to the next timer, so that `sleep` costs nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use virtual_sandbox::driver::base_image;
use virtual_sandbox::kernel::{Clock, Limits, Stream};
use virtual_sandbox::machine::{ExecutionId, ExecutionSpec, Machine, Pause};
use virtual_sandbox::vfs::{Context, Cred, NoProcesses, OpenFlags, Vfs};
use xtask::case::{Case, Outcome, TREE_SCRIPT};
use xtask::oracle::ENVIRONMENT;

/// How a case is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// With as much fuel as the machine takes.
    Plain,
    /// One unit of fuel at a time.
    SingleSteps,
    /// One unit of fuel at a time, the machine replaced by its own snapshot in between.
    Snapshots,
}

/// The machine's time at the start: 2026-01-02T03:04:05Z, in nanoseconds.
const START: u64 = 1_767_323_045_000_000_000;
/// Fuel of a plain run between looks at its output.
const QUANTUM: u64 = 1_000_000;
/// So many single steps are taken; what comes after, larger ones.
const SINGLE_STEPS: usize = 20_000;
/// After every one of so many steps, a snapshot; after that, now and then.
const SNAPSHOTS: usize = 1_500;
/// A case is fast or wrong.
const TIMEOUT: Duration = Duration::from_secs(60);
/// The user's home, where scripts start.
const HOME: &[u8] = b"/home/user";

/// Runs a case; the error says why there is no outcome.
pub fn run_case(case: &Case, mode: Mode) -> Result<Outcome, String> {
    let mut machine = Machine::new(file_system(case)?, Limits::default(), Clock::new(START), 0);
    let mut outcome = run_script(&mut machine, case, &case.script, case.stdin.as_deref(), mode)?;
    if case.expected.tree.is_some() {
        let tree = run_script(&mut machine, case, TREE_SCRIPT.as_bytes(), None, Mode::Plain)?;
        outcome.tree = Some(tree.stdout);
    }
    Ok(outcome)
}

/// The base image with the case's files in the home directory.
fn file_system(case: &Case) -> Result<Vfs, String> {
    let now = Clock::new(START).timestamp();
    let mut vfs = base_image().map_err(|error| format!("base image: {error}"))?;
    let cred = Cred::user();
    let root = Context { cwd: vfs.root(), cred: &cred, umask: 0, now, pid: 1, proc: &NoProcesses };
    let home = vfs.directory(&root, HOME).map_err(|errno| format!("home: {errno}"))?;
    let cx = Context { cwd: home, ..root };
    for file in &case.files {
        let failed = |errno| format!("{}: {errno}", file.path.escape_ascii());
        for (at, _) in file.path.iter().enumerate().filter(|(_, byte)| **byte == b'/') {
            // A directory that is there already is as good.
            let _ = vfs.mkdir(&cx, file.path.get(..at).unwrap_or_default(), 0o755);
        }
        let opened = vfs.open(&cx, &file.path, OpenFlags::CREATE, file.mode.unwrap_or(0o644)).map_err(failed)?;
        let node = opened.node().ok_or("no regular file")?;
        vfs.set_content(node, Bytes::from(file.contents.clone())).map_err(failed)?;
    }
    Ok(vfs)
}

fn run_script(
    machine: &mut Machine,
    case: &Case,
    script: &[u8],
    stdin: Option<&[u8]>,
    mode: Mode,
) -> Result<Outcome, String> {
    let mut env: Vec<Bytes> = ENVIRONMENT.iter().map(|(name, value)| Bytes::from(format!("{name}={value}"))).collect();
    for (name, value) in &case.env {
        let entry = [name, &b"="[..], value].concat();
        env.retain(|old| !old.starts_with(&[name, &b"="[..]].concat()));
        env.push(Bytes::from(entry));
    }
    let argv = [b"bash", &b"-c"[..], script].into_iter().map(Bytes::copy_from_slice).collect();
    let spec = ExecutionSpec { argv, env: Arc::from(env), cwd: Bytes::from_static(HOME), stdin: None, terminal: false };
    let id = machine.start(spec).map_err(|errno| format!("not started: {errno}"))?;
    let mut run = Run { id, input: Bytes::copy_from_slice(stdin.unwrap_or_default()), outcome: Outcome::default() };
    run.feed(machine);
    let started = Instant::now();
    let mut steps = 0;
    loop {
        let single = mode != Mode::Plain && steps < SINGLE_STEPS;
        let pause = machine.run(if single { 1 } else { QUANTUM });
        run.feed(machine);
        run.drain(machine);
        steps += 1;
        if mode == Mode::Snapshots && (steps <= SNAPSHOTS || steps % 997 == 0) {
            // Where a utility has done too much to be copied, the machine goes on as it is.
            if let Ok(copy) = machine.snapshot() {
                *machine = copy;
            }
        }
        match pause {
            Pause::Yielded => {}
            Pause::Blocked(Some(due)) => machine.kernel.advance_to(due),
            Pause::Blocked(None) => {
                run.drain(machine);
                break;
            }
        }
        if started.elapsed() > TIMEOUT {
            return Err(format!("does not end; so far {:?}", run.outcome));
        }
    }
    let ended = machine.ended(id).ok_or_else(|| format!("waits for ever; so far {:?}", run.outcome))?;
    run.outcome.status = i32::from(ended.status.0);
    machine.kill(id);
    machine.finish(id);
    Ok(run.outcome)
}

/// A script under way.
struct Run {
    id: ExecutionId,
    input: Bytes,
    outcome: Outcome,
}

impl Run {
    /// Hands over as much input as there is room for.
    fn feed(&mut self, machine: &mut Machine) {
        while !self.input.is_empty() {
            let room = machine.feed_room(self.id).min(self.input.len());
            if room == 0 || !machine.feed(self.id, &self.input.split_to(room)) {
                return;
            }
        }
        machine.end_feed(self.id);
    }

    /// Takes what was written.
    fn drain(&mut self, machine: &mut Machine) {
        while let Some((stream, chunk)) = machine.take_output(self.id) {
            match stream {
                Stream::Stdout => self.outcome.stdout.extend_from_slice(&chunk),
                Stream::Stderr => self.outcome.stderr.extend_from_slice(&chunk),
            }
        }
    }
}
