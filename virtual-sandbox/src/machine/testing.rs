//! Running scripts on a bare machine, without a driver: time jumps to the next timer.

use super::{ExecutionSpec, Machine, Pause};
use crate::kernel::{Clock, Limits, SECOND, Stream};
use crate::shell::{Script, ShellTask, template};
use crate::vfs::{Context, Cred, NoProcesses, Timestamp, Vfs};
use bytes::Bytes;
use std::sync::{Arc, OnceLock};

/// What a script did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Ran {
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
    /// The exit status.
    pub status: u8,
}

/// How the machine is run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pace {
    /// With a large quantum.
    Plain,
    /// One unit of fuel at a time.
    SingleSteps,
    /// One unit of fuel at a time, and a copy made from a snapshot goes on each time.
    Snapshots,
}

/// The files of a fresh machine, made once.
pub fn base() -> Vfs {
    static BASE: OnceLock<Vfs> = OnceLock::new();
    BASE.get_or_init(|| {
        let now = Timestamp { secs: 1_700_000_000, nanos: 0 };
        let mut vfs = Vfs::base_image(now).expect("the base image is made of constants");
        let root = Cred::root();
        let cx = Context { cwd: vfs.root(), cred: &root, umask: 0, now, pid: 1, proc: &NoProcesses };
        for name in super::program_names() {
            let _ = vfs.install_program(&cx, b"/usr/bin", name.as_bytes());
        }
        vfs
    })
    .clone()
}

/// The environment of a fresh machine's user.
pub fn environment() -> Arc<[Bytes]> {
    let strings = [
        "HOME=/home/user",
        "LANG=C.UTF-8",
        "LOGNAME=user",
        "PATH=/usr/local/bin:/usr/bin:/bin",
        "SHELL=/bin/bash",
        "USER=user",
    ];
    Arc::from(strings.map(|text| Bytes::from_static(text.as_bytes())))
}

/// Runs a script as `bash -c` would, in `/home/user`.
pub fn run(script: &str, stdin: &[u8], pace: Pace) -> Ran {
    run_on(&mut Machine::new(base(), Limits::default(), Clock::new(1_700_000_000 * SECOND), 42), script, stdin, pace)
}

/// Runs a script on a machine.
pub fn run_on(machine: &mut Machine, script: &str, stdin: &[u8], pace: Pace) -> Ran {
    let env = environment();
    let spec = ExecutionSpec {
        argv: vec![Bytes::from_static(b"bash")],
        env: env.clone(),
        cwd: Bytes::from_static(b"/home/user"),
        stdin: Some(Bytes::copy_from_slice(stdin)),
        terminal: false,
    };
    let script = Bytes::copy_from_slice(script.as_bytes());
    let id = machine
        .start_shell(&spec, |kernel, pid| {
            let state = template(&env, crate::shell::options::Options::default());
            let name = Bytes::from_static(b"bash");
            ShellTask::with_script(kernel, pid, state, name, Vec::new(), Script::String(script))
        })
        .expect("a fresh machine starts a shell");
    let mut ran = Ran::default();
    let quantum = if pace == Pace::Plain { 100_000 } else { 1 };
    loop {
        let pause = machine.run(quantum);
        while let Some((stream, data)) = machine.take_output(id) {
            match stream {
                Stream::Stdout => ran.stdout.extend_from_slice(&data),
                Stream::Stderr => ran.stderr.extend_from_slice(&data),
            }
        }
        if pace == Pace::Snapshots
            && let Ok(copy) = machine.snapshot()
        {
            *machine = copy;
        }
        match pause {
            Pause::Yielded => {}
            Pause::Blocked(Some(timer)) => machine.kernel.advance_to(timer),
            Pause::Blocked(None) => {
                // More output may have been waiting for room.
                if machine.ended(id).is_some() || !machine.kernel.has_runnable() {
                    break;
                }
            }
        }
    }
    ran.status = machine.ended(id).map_or(255, |ended| ended.status.0);
    machine.finish(id);
    ran
}
