//! Commands that outlive the call that started them, kept by number with the last of what they said.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::Stream;
use nix::sys::socket::{Shutdown, shutdown};
use sandbox::{
    ExecEvent, ExecExit, ExecRequest, Execution, OutputRetention, ProcessId, ProcessInfo, ProcessState, Processes,
    SandboxError, Stdin,
};
use tokio::sync::{mpsc, watch};

use super::execution::LocalExecution;
use super::helper::Supervisor;
use crate::protocol::Order;
use crate::sandbox::LocalSandbox;
use crate::sys::message;

/// Bytes of output remembered of each process; older ones are forgotten.
const REMEMBERED: usize = 1 << 20;
/// Chunks of input on their way.
const INPUT_AHEAD: usize = 8;

/// The spawned processes of a sandbox; those that run end when it is dropped.
#[derive(Debug, Default)]
pub struct ProcessTable {
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    processes: BTreeMap<u64, Arc<Process>>,
}

#[derive(Debug)]
struct Process {
    command: String,
    link: Weak<Supervisor>,
    input: Mutex<Option<mpsc::Sender<Bytes>>>,
    log: Mutex<Log>,
    /// Counts what happened, so that readers wake.
    news: watch::Sender<u64>,
}

/// What a process said: events with the number of the first that is remembered.
#[derive(Debug, Default)]
struct Log {
    first: u64,
    events: VecDeque<ExecEvent>,
    bytes: usize,
    exit: Option<ExecExit>,
    lost: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProcessTable {
    fn find(&self, id: ProcessId) -> Result<Arc<Process>, SandboxError> {
        let found = lock(&self.table).processes.get(&id.0).map(Arc::clone);
        found.ok_or_else(|| SandboxError::UnknownId { what: "process", id: id.to_string() })
    }
}

impl Drop for ProcessTable {
    fn drop(&mut self) {
        for process in lock(&self.table).processes.values() {
            if let Some(link) = process.link.upgrade() {
                // The end of the host, as far as this supervisor is concerned.
                let _ = shutdown(link.as_raw_fd(), Shutdown::Both);
            }
        }
    }
}

impl Process {
    fn note(&self, event: ExecEvent) {
        let mut log = lock(&self.log);
        match &event {
            ExecEvent::Stdout(chunk) | ExecEvent::Stderr(chunk) => log.bytes += chunk.len(),
            ExecEvent::Exit(exit) => log.exit = Some(exit.clone()),
        }
        log.events.push_back(event);
        while log.bytes > REMEMBERED {
            match log.events.pop_front() {
                Some(ExecEvent::Stdout(chunk) | ExecEvent::Stderr(chunk)) => log.bytes -= chunk.len(),
                Some(ExecEvent::Exit(_)) | None => break,
            }
            log.first += 1;
        }
        drop(log);
        self.news.send_modify(|count| *count += 1);
    }

    fn lose(&self) {
        lock(&self.log).lost = true;
        self.news.send_modify(|count| *count += 1);
    }

    /// The event after those already read, if it is there.
    fn event(&self, read: &mut u64) -> Next {
        let log = lock(&self.log);
        *read = (*read).max(log.first);
        let index = usize::try_from(*read - log.first).unwrap_or(usize::MAX);
        match log.events.get(index) {
            Some(event) => {
                *read += 1;
                Next::Event(event.clone())
            }
            None if log.lost => Next::Lost,
            None => Next::Later,
        }
    }
}

enum Next {
    Event(ExecEvent),
    Later,
    Lost,
}

/// Takes everything a process does until its end.
async fn follow(mut execution: LocalExecution, process: Arc<Process>) {
    loop {
        let event = std::future::poll_fn(|cx| Pin::new(&mut execution).poll_next(cx)).await;
        match event {
            Some(Ok(event)) => {
                let last = matches!(event, ExecEvent::Exit(_));
                process.note(event);
                if last {
                    return;
                }
            }
            Some(Err(_)) | None => return process.lose(),
        }
    }
}

/// Gives a reader what was said and what follows.
async fn replay(process: Arc<Process>, sender: sandbox::EventSender) {
    let mut news = process.news.subscribe();
    let mut read = 0;
    loop {
        match process.event(&mut read) {
            Next::Event(event) => {
                let last = matches!(event, ExecEvent::Exit(_));
                if !sender.send(event).await || last {
                    return;
                }
            }
            Next::Lost => {
                sender.fail(SandboxError::backend("follow the process", "its supervisor was lost")).await;
                return;
            }
            Next::Later => tokio::select! {
                () = sender.closed() => return,
                changed = news.changed() => if changed.is_err() { return },
            },
        }
    }
}

/// Input that is written call by call.
struct Written(mpsc::Receiver<Bytes>);

impl Stream for Written {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_recv(cx)
    }
}

#[async_trait]
impl Processes for LocalSandbox {
    async fn spawn(&self, mut request: ExecRequest) -> Result<ProcessId, SandboxError> {
        let command = request.summary();
        let mut input = None;
        if matches!(request.stdin, Stdin::Empty) {
            let (sender, receiver) = mpsc::channel(INPUT_AHEAD);
            request.stdin = Stdin::Stream(Box::pin(Written(receiver)));
            input = Some(sender);
        }
        let execution = self.start(request).await.map_err(|error| error.into_sandbox_error(command.clone()))?;
        let process = Arc::new(Process {
            command,
            link: execution.link(),
            input: Mutex::new(input),
            log: Mutex::default(),
            news: watch::Sender::new(0),
        });
        let id = {
            let mut table = lock(&self.processes.table);
            table.next += 1;
            let id = table.next;
            table.processes.insert(id, Arc::clone(&process));
            id
        };
        tokio::spawn(follow(execution, process));
        Ok(ProcessId(id))
    }

    async fn list(&self) -> Result<Vec<ProcessInfo>, SandboxError> {
        let table = lock(&self.processes.table);
        let info = |(id, process): (&u64, &Arc<Process>)| ProcessInfo {
            id: ProcessId(*id),
            command: process.command.clone(),
            state: lock(&process.log).exit.clone().map_or(ProcessState::Running, ProcessState::Exited),
        };
        Ok(table.processes.iter().map(info).collect())
    }

    async fn attach(&self, id: ProcessId) -> Result<Execution, SandboxError> {
        let process = self.processes.find(id)?;
        let (sender, execution) = Execution::channel(INPUT_AHEAD, OutputRetention::default());
        tokio::spawn(replay(process, sender));
        Ok(execution)
    }

    async fn write_stdin(&self, id: ProcessId, input: Bytes) -> Result<(), SandboxError> {
        let sender = lock(&self.processes.find(id)?.input).clone();
        let closed = || SandboxError::backend("write to the process", "its input is closed");
        sender.ok_or_else(closed)?.send(input).await.map_err(|_| closed())
    }

    async fn close_stdin(&self, id: ProcessId) -> Result<(), SandboxError> {
        lock(&self.processes.find(id)?.input).take();
        Ok(())
    }

    async fn signal(&self, id: ProcessId, signal: i32) -> Result<(), SandboxError> {
        let process = self.processes.find(id)?;
        // After its end the supervisor may serve another command.
        if lock(&process.log).exit.is_some() {
            return Ok(());
        }
        if let Some(link) = process.link.upgrade() {
            let sent = message::send(link.as_fd(), &Order::Signal(signal).encode(), &[], false);
            sent.map_err(|error| SandboxError::backend("signal the process", error))?;
        }
        Ok(())
    }

    async fn wait(&self, id: ProcessId) -> Result<ExecExit, SandboxError> {
        let process = self.processes.find(id)?;
        let mut news = process.news.subscribe();
        loop {
            let (exit, lost) = {
                let log = lock(&process.log);
                (log.exit.clone(), log.lost)
            };
            match exit {
                Some(exit) => return Ok(exit),
                None if lost || news.changed().await.is_err() => {
                    return Err(SandboxError::backend("wait for the process", "its supervisor was lost"));
                }
                None => {}
            }
        }
    }

    async fn forget(&self, id: ProcessId) -> Result<(), SandboxError> {
        let process = self.processes.find(id)?;
        if lock(&process.log).exit.is_none() && !lock(&process.log).lost {
            return Err(SandboxError::Busy { operation: "forget the process", reason: "it runs".to_owned() });
        }
        lock(&self.processes.table).processes.remove(&id.0);
        Ok(())
    }
}
