//! A shell that stays: variables, functions, options, directory and jobs persist from one input to the next.

use super::execution::{Running, contained, environment};
use super::sandbox::{Entry, Shared, VirtualSandbox};
use crate::kernel::Signal;
use crate::machine::{ExecutionId, ExecutionSpec, Machine, Pause};
use crate::shell::options::Options;
use crate::shell::{ShellTask, template};
use bytes::Bytes;
use sandbox::{ExecRequest, Execution, SandboxError};
use std::sync::Arc;
use std::time::Instant;

/// Fuel for a question that must not change anything.
const QUESTION_FUEL: u64 = 2_000_000;

/// A shell in a virtual sandbox that keeps its state. Dropping it ends it, with its jobs. A snapshot of the sandbox
/// holds it as it is then, with its jobs, and restoring that puts it back.
///
/// While nothing runs in it, its background jobs go on whenever somebody runs something in the sandbox; their output
/// comes with that of the next input.
pub struct Session {
    shared: Arc<Shared>,
    number: u64,
}

impl VirtualSandbox {
    /// Starts a shell that stays. Interactive ones have aliases and job messages, and survive interrupts.
    pub fn session(&self, interactive: bool) -> Result<Session, SandboxError> {
        let mut guard = self.shared.open("start a session")?;
        let state = &mut *guard;
        state.set_time(&self.shared, Instant::now());
        let env = environment(&self.shared.config, &[]);
        let spec = ExecutionSpec {
            argv: vec![Bytes::from_static(b"bash")],
            env: env.clone(),
            cwd: Bytes::from(self.shared.config.cwd.clone()),
            stdin: None,
            terminal: interactive,
        };
        let started = state.machine.start_shell(&spec, |kernel, pid| {
            let mut shell = template(&env, Options::default());
            shell.name = Bytes::from_static(b"bash");
            ShellTask::session(kernel, pid, shell, interactive)
        });
        let id = started.map_err(|errno| SandboxError::NotStarted {
            command: "bash".to_owned(),
            reason: errno.message().to_owned(),
        })?;
        state.running.push(Entry { id, waker: None });
        let number = state.sessions.enter(id);
        Ok(Session { shared: Arc::clone(&self.shared), number })
    }
}

impl Session {
    /// Runs commands in the session's shell; the execution ends when they are done, with their status. Of the request,
    /// the script, standard input, time limit, cancellation and retention count; input that the commands do not read is
    /// gone with them. Dropping the execution interrupts the commands.
    ///
    /// # Errors
    /// `Closed` when the sandbox was closed or put back; `NotStarted` when the shell has ended.
    pub fn exec(&mut self, request: ExecRequest) -> Result<Execution, SandboxError> {
        let retention = request.retention;
        let shared = Arc::clone(&self.shared);
        Ok(Execution::new(Box::pin(Running::in_session(shared, self.number, request)?), retention))
    }

    /// Puts a command at the end of the shell's history list, as a prompt does before it runs what was typed.
    pub fn remember(&self, command: &str) {
        let state = &mut *self.shared.lock();
        if let Some(id) = state.sessions.find(self.number)
            && let Some(shell) = state.machine.shell_mut(id)
        {
            shell.remember(Bytes::copy_from_slice(command.as_bytes()));
        }
    }

    /// Whether the shell has ended (`exit`).
    pub fn has_ended(&self) -> bool {
        let state = self.shared.lock();
        state.sessions.find(self.number).is_none_or(|id| state.machine.ended(id).is_some())
    }

    /// What Ctrl-C does: what runs in the foreground ends or runs its trap, the session's shell stays.
    pub fn interrupt(&self) {
        let state = &mut *self.shared.lock();
        if let Some(id) = state.sessions.find(self.number) {
            state.machine.interrupt(id, Signal::INT);
            state.wake_all();
        }
    }

    /// What commands would write to standard output now, without any effect: they run in a copy of the machine. Empty
    /// when there can be no copy, or when they take too long.
    pub fn ask(&self, script: &str) -> Bytes {
        let state = self.shared.lock();
        let Some(id) = state.sessions.find(self.number) else { return Bytes::new() };
        let Ok(mut copy) = state.machine.snapshot() else { return Bytes::new() };
        drop(state);
        contained(|| answer(&mut copy, id, script)).unwrap_or_default()
    }
}

fn answer(machine: &mut Machine, id: ExecutionId, script: &str) -> Bytes {
    while machine.take_output(id).is_some() {}
    if !machine.submit(id, Bytes::copy_from_slice(script.as_bytes())) {
        return Bytes::new();
    }
    let mut output = Vec::new();
    let mut fuel = QUESTION_FUEL;
    const TURN: u64 = 10_000;
    while fuel >= TURN && !machine.is_idle(id) && machine.ended(id).is_none() {
        fuel -= TURN;
        let pause = machine.run(TURN);
        while let Some((stream, chunk)) = machine.take_output(id) {
            if stream == crate::kernel::Stream::Stdout {
                output.extend_from_slice(&chunk);
            }
        }
        match pause {
            Pause::Yielded => {}
            Pause::Blocked(Some(due)) => machine.kernel.advance_to(due),
            Pause::Blocked(None) => break,
        }
    }
    output.into()
}

impl Drop for Session {
    fn drop(&mut self) {
        let state = &mut *self.shared.lock();
        if let Some(id) = state.sessions.find(self.number) {
            state.machine.kill(id);
            state.machine.finish(id);
            state.running.retain(|entry| entry.id != id);
            state.sessions.remove(self.number);
        }
    }
}
