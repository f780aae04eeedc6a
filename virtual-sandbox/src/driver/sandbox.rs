//! The virtual sandbox: a machine behind the contract.

use super::builder::Builder;
use super::execution::{Running, contained};
use super::processes::Spawned;
use super::snapshots::at_rest;
use super::time::{HostClock, Time};
use crate::kernel::{Limits, Signal};
use crate::machine::{ExecutionId, Machine};
use crate::vfs::Vfs;
use async_trait::async_trait;
use bytes::Bytes;
use sandbox::{
    Capabilities, DirEntry, ExecRequest, Execution, FileStat, Isolation, ProcessTable, Processes, Sandbox,
    SandboxError, Snapshots, Watcher,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// An in-memory machine that runs bash scripts on in-memory files.
///
/// Each [`exec`](Sandbox::exec) starts a fresh shell; several may run at once and see the same files. The machine runs
/// while somebody polls one of its executions: it owns no thread and no task.
#[derive(Clone)]
pub struct VirtualSandbox {
    pub(super) shared: Arc<Shared>,
    pub(super) processes: Arc<ProcessTable<Spawned>>,
}

/// What every handle of a sandbox shares.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) clock: HostClock,
    state: Mutex<State>,
    /// Counts how often something may have changed files.
    pub(super) news: watch::Sender<u64>,
}

/// What does not change during a sandbox's life.
#[derive(Clone)]
pub(super) struct Config {
    /// `NAME=value`.
    pub(super) env: Arc<[Bytes]>,
    pub(super) cwd: Vec<u8>,
    pub(super) limits: Limits,
    pub(super) seed: u64,
    pub(super) time: Time,
    pub(super) drain: Duration,
}

/// What changes.
pub(super) struct State {
    pub(super) machine: Machine,
    pub(super) running: Vec<Entry>,
    pub(super) closed: bool,
    /// Counts the machines this sandbox has had: an execution of an earlier one has ended.
    pub(super) generation: u64,
    pub(super) sessions: Sessions,
}

/// The shells that stay: their numbers, never used twice, and where in the machine they are.
#[derive(Clone, Default)]
pub(super) struct Sessions {
    next: u64,
    there: Vec<(u64, ExecutionId)>,
}

impl Sessions {
    /// Enters a shell; gives its number.
    pub(super) fn enter(&mut self, id: ExecutionId) -> u64 {
        self.next += 1;
        self.there.push((self.next, id));
        self.next
    }

    /// Where a shell is, unless it was closed or the sandbox was put back to before its start.
    pub(super) fn find(&self, number: u64) -> Option<ExecutionId> {
        self.there.iter().find(|(there, _)| *there == number).map(|(_, id)| *id)
    }

    pub(super) fn remove(&mut self, number: u64) {
        self.there.retain(|(there, _)| *there != number);
    }

    /// Where they all are.
    pub(super) fn ids(&self) -> Vec<ExecutionId> {
        self.there.iter().map(|(_, id)| *id).collect()
    }

    /// Back to those that were there then; numbers given since are not given again.
    pub(super) fn restore(&mut self, then: &Sessions) {
        self.there.clone_from(&then.there);
    }
}

/// An execution under way, as others see it.
pub(super) struct Entry {
    pub(super) id: ExecutionId,
    /// Who is to be told when something has run.
    pub(super) waker: Option<Waker>,
}

impl VirtualSandbox {
    /// What a sandbox is made of.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A sandbox on these files.
    pub(super) fn new(vfs: Vfs, config: Config) -> Self {
        let machine = config.machine(vfs);
        let state = State { machine, running: Vec::new(), closed: false, generation: 0, sessions: Sessions::default() };
        let (clock, news) = (HostClock::start(), watch::Sender::new(0));
        let shared = Arc::new(Shared { config, clock, state: Mutex::new(state), news });
        VirtualSandbox { shared, processes: Arc::default() }
    }

    /// Runs a program of the machine with these arguments, as execve(2) takes them, instead of a script: `bash` with
    /// options, or any utility. The request's script, `$0` and arguments are not looked at.
    pub fn exec_argv(&self, argv: Vec<Bytes>, request: ExecRequest) -> Result<Execution, SandboxError> {
        let retention = request.retention;
        Ok(Execution::new(Box::pin(Running::start(Arc::clone(&self.shared), request, Some(argv))?), retention))
    }

    /// Sends a signal to everything that runs, as a terminal does on Ctrl-C.
    pub fn signal_all(&self, signal: Signal) {
        let state = &mut *self.shared.lock();
        for entry in &state.running {
            state.machine.signal(entry.id, signal);
        }
        state.wake_all();
    }

    /// A copy of the files as they are now, to make sandboxes from.
    pub fn image(&self) -> Vfs {
        at_rest(&self.shared.lock().machine.kernel.vfs)
    }
}

impl Config {
    /// A machine at rest on these files.
    pub(super) fn machine(&self, vfs: Vfs) -> Machine {
        Machine::new(vfs, self.limits, self.time.start(), self.seed)
    }
}

impl Shared {
    /// The state; a panic elsewhere does not make it unusable.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells those who watch files that some may have changed.
    pub(super) fn tell(&self) {
        if self.news.receiver_count() > 0 {
            self.news.send_modify(|count| *count += 1);
        }
    }

    /// The state of a sandbox that is open.
    pub(super) fn open(&self, operation: &'static str) -> Result<MutexGuard<'_, State>, SandboxError> {
        let state = self.lock();
        if state.closed { Err(SandboxError::Closed { operation }) } else { Ok(state) }
    }
}

impl State {
    /// Moves the machine's clock to the host's, where that is its time.
    pub(super) fn set_time(&mut self, shared: &Shared, now: Instant) {
        if shared.config.time == Time::Host {
            self.machine.kernel.advance_to(shared.clock.at(now));
        }
    }

    /// Tells the other executions that something has run.
    pub(super) fn wake_others(&mut self, id: ExecutionId) {
        for entry in &mut self.running {
            if entry.id != id
                && let Some(waker) = entry.waker.take()
            {
                waker.wake();
            }
        }
    }

    /// Tells every execution that something may run.
    pub(super) fn wake_all(&mut self) {
        for waker in self.running.iter_mut().filter_map(|entry| entry.waker.take()) {
            waker.wake();
        }
    }

    /// After a fault within the machine: what ran has ended, its files are those of a machine at rest.
    pub(super) fn give_up_machine(&mut self, shared: &Shared) {
        let broken = self.replace(shared.config.machine(at_rest(&self.machine.kernel.vfs)));
        // What is half done may fail once more when it is taken apart.
        let _ = contained(|| drop(broken));
    }

    /// Puts another machine in the place of this one; what ran has ended.
    pub(super) fn replace(&mut self, machine: Machine) -> Machine {
        let before = std::mem::replace(&mut self.machine, machine);
        self.generation += 1;
        self.sessions.there.clear();
        for waker in self.running.drain(..).filter_map(|entry| entry.waker) {
            waker.wake();
        }
        before
    }
}

#[async_trait]
impl Sandbox for VirtualSandbox {
    async fn exec(&self, request: ExecRequest) -> Result<Execution, SandboxError> {
        let retention = request.retention;
        Ok(Execution::new(Box::pin(Running::start(Arc::clone(&self.shared), request, None)?), retention))
    }

    async fn read_file(&self, path: &[u8]) -> Result<Bytes, SandboxError> {
        self.read(path)
    }

    async fn write_file(&self, path: &[u8], contents: Bytes) -> Result<(), SandboxError> {
        self.write(path, contents)
    }

    async fn stat(&self, path: &[u8]) -> Result<FileStat, SandboxError> {
        self.status(path)
    }

    async fn read_dir(&self, path: &[u8]) -> Result<Vec<DirEntry>, SandboxError> {
        self.entries(path)
    }

    async fn exists(&self, path: &[u8]) -> Result<bool, SandboxError> {
        self.is_there(path)
    }

    async fn create_dir(&self, path: &[u8], parents: bool) -> Result<(), SandboxError> {
        self.make_dir(path, parents)
    }

    async fn remove(&self, path: &[u8], recursive: bool) -> Result<(), SandboxError> {
        self.delete(path, recursive)
    }

    async fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), SandboxError> {
        self.move_to(from, to)
    }

    fn cwd(&self) -> Vec<u8> {
        self.shared.config.cwd.clone()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kind: "virtual",
            isolation: Isolation::Isolated,
            native_programs: false,
            network: false,
            persistent_files: false,
            byte_names: true,
        }
    }

    async fn close(&self) -> Result<(), SandboxError> {
        let mut state = self.shared.lock();
        if !state.closed {
            state.closed = true;
            let machine = self.shared.config.machine(Vfs::empty(state.machine.kernel.clock.timestamp()));
            state.replace(machine);
            drop(state);
            self.shared.tell();
        }
        Ok(())
    }

    fn processes(&self) -> Option<&dyn Processes> {
        Some(self)
    }

    fn watcher(&self) -> Option<&dyn Watcher> {
        Some(self)
    }

    fn snapshots(&self) -> Option<&dyn Snapshots> {
        Some(self)
    }
}
