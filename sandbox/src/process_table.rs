//! The part of [`Processes`](crate::Processes) that is the same in every sandbox: commands kept by number with the last
//! of what they said.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use tokio::sync::{mpsc, watch};

use crate::error::SandboxError;
use crate::execution::{ExecEvent, ExecExit, Execution};
use crate::process::{ProcessId, ProcessInfo, ProcessState};
use crate::request::{ExecRequest, Stdin};
use crate::retention::OutputRetention;

/// Bytes of output remembered of each process; older ones are forgotten.
const REMEMBERED: usize = 1 << 20;
/// Chunks of input on their way.
const INPUT_AHEAD: usize = 8;

/// How an implementation reaches a process that runs.
pub trait ProcessHandle: Send + Sync + 'static {
    /// Ends the process, which nobody can ask for any more: the table is dropped.
    fn abandon(&self);
}

/// The spawned processes of a sandbox; those that run are abandoned when it is dropped.
#[derive(Debug)]
pub struct ProcessTable<H: ProcessHandle> {
    table: Mutex<Table<H>>,
}

#[derive(Debug)]
struct Table<H> {
    next: u64,
    processes: BTreeMap<u64, Arc<Process<H>>>,
}

#[derive(Debug)]
struct Process<H> {
    command: String,
    handle: H,
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

/// Standard input that is written call by call.
#[derive(Debug)]
pub struct WrittenInput(mpsc::Sender<Bytes>);

struct Written(mpsc::Receiver<Bytes>);

impl WrittenInput {
    /// Gives a request whose input is [`Stdin::Empty`] one that stays open for
    /// [`write_stdin`](crate::Processes::write_stdin); other input is left as it is.
    pub fn of(request: &mut ExecRequest) -> Option<Self> {
        matches!(request.stdin, Stdin::Empty).then(|| {
            let (sender, receiver) = mpsc::channel(INPUT_AHEAD);
            request.stdin = Stdin::Stream(Box::pin(Written(receiver)));
            WrittenInput(sender)
        })
    }
}

impl Stream for Written {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.0.poll_recv(cx)
    }
}

impl<H: ProcessHandle> Default for ProcessTable<H> {
    fn default() -> Self {
        ProcessTable { table: Mutex::new(Table { next: 0, processes: BTreeMap::new() }) }
    }
}

impl<H: ProcessHandle> ProcessTable<H> {
    /// Enters a command that has been started. The future takes everything it does until its end: whoever enters it
    /// has it run.
    pub fn enter(
        &self,
        command: String,
        execution: Execution,
        input: Option<WrittenInput>,
        handle: H,
    ) -> (ProcessId, impl Future<Output = ()> + Send + use<H>) {
        let process = Arc::new(Process {
            command,
            handle,
            input: Mutex::new(input.map(|input| input.0)),
            log: Mutex::default(),
            news: watch::Sender::new(0),
        });
        let mut table = lock(&self.table);
        table.next += 1;
        let id = table.next;
        table.processes.insert(id, Arc::clone(&process));
        (ProcessId(id), follow(execution, process))
    }

    /// Everything entered and not forgotten, oldest first.
    pub fn list(&self) -> Vec<ProcessInfo> {
        let info = |(id, process): (&u64, &Arc<Process<H>>)| ProcessInfo {
            id: ProcessId(*id),
            command: process.command.clone(),
            state: lock(&process.log).exit.clone().map_or(ProcessState::Running, ProcessState::Exited),
        };
        lock(&self.table).processes.iter().map(info).collect()
    }

    /// The output remembered, then what follows.
    pub fn attach(&self, id: ProcessId) -> Result<Execution, SandboxError> {
        let process = self.find(id)?;
        let news = process.news.subscribe();
        let attached = Attached { process, read: 0, news: Some(news), changed: None };
        Ok(Execution::new(Box::pin(attached), OutputRetention::default()))
    }

    /// Gives bytes to the standard input of a process.
    pub async fn write_stdin(&self, id: ProcessId, input: Bytes) -> Result<(), SandboxError> {
        let sender = lock(&self.find(id)?.input).clone();
        let closed = || SandboxError::backend("write to the process", "its input is closed");
        sender.ok_or_else(closed)?.send(input).await.map_err(|_| closed())
    }

    /// Ends the standard input of a process.
    pub fn close_stdin(&self, id: ProcessId) -> Result<(), SandboxError> {
        lock(&self.find(id)?.input).take();
        Ok(())
    }

    /// Does something with a process; nothing when it has ended.
    pub fn with_running<T>(&self, id: ProcessId, act: impl FnOnce(&H) -> T) -> Result<Option<T>, SandboxError> {
        let process = self.find(id)?;
        Ok(if process.runs() { Some(act(&process.handle)) } else { None })
    }

    /// Waits for the end of a process.
    pub async fn wait(&self, id: ProcessId) -> Result<ExecExit, SandboxError> {
        let process = self.find(id)?;
        let mut news = process.news.subscribe();
        loop {
            let (exit, lost) = {
                let log = lock(&process.log);
                (log.exit.clone(), log.lost)
            };
            match exit {
                Some(exit) => return Ok(exit),
                None if lost || news.changed().await.is_err() => return Err(lost_process("wait for the process")),
                None => {}
            }
        }
    }

    /// Forgets a process that has ended.
    pub fn forget(&self, id: ProcessId) -> Result<(), SandboxError> {
        if self.find(id)?.runs() {
            return Err(SandboxError::Busy { operation: "forget the process", reason: "it runs".to_owned() });
        }
        lock(&self.table).processes.remove(&id.0);
        Ok(())
    }

    fn find(&self, id: ProcessId) -> Result<Arc<Process<H>>, SandboxError> {
        let found = lock(&self.table).processes.get(&id.0).map(Arc::clone);
        found.ok_or_else(|| SandboxError::UnknownId { what: "process", id: id.to_string() })
    }
}

impl<H: ProcessHandle> Drop for ProcessTable<H> {
    fn drop(&mut self) {
        for process in lock(&self.table).processes.values().filter(|process| process.runs()) {
            process.handle.abandon();
        }
    }
}

fn lost_process(operation: &'static str) -> SandboxError {
    SandboxError::backend(operation, "it was lost with what it ran in")
}

impl<H> Process<H> {
    fn runs(&self) -> bool {
        let log = lock(&self.log);
        log.exit.is_none() && !log.lost
    }

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
async fn follow<H>(mut execution: Execution, process: Arc<Process<H>>) {
    let followed = Followed(process);
    while let Some(Ok(event)) = execution.next().await {
        followed.0.note(event);
    }
}

/// A process that is lost when nobody follows it any more before its end.
struct Followed<H>(Arc<Process<H>>);

impl<H> Drop for Followed<H> {
    fn drop(&mut self) {
        if self.0.runs() {
            self.0.lose();
        }
    }
}

/// A reader of a process's events.
struct Attached<H> {
    process: Arc<Process<H>>,
    read: u64,
    /// Absent while it waits.
    news: Option<watch::Receiver<u64>>,
    changed: Option<Pin<Box<dyn Future<Output = watch::Receiver<u64>> + Send>>>,
}

impl<H: ProcessHandle> Stream for Attached<H> {
    type Item = Result<ExecEvent, SandboxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(changed) = &mut this.changed {
                this.news = Some(ready!(changed.as_mut().poll(cx)));
                this.changed = None;
            }
            match this.process.event(&mut this.read) {
                Next::Event(event) => return Poll::Ready(Some(Ok(event))),
                Next::Lost => return Poll::Ready(Some(Err(lost_process("follow the process")))),
                Next::Later => {}
            }
            let Some(mut news) = this.news.take() else { return Poll::Ready(None) };
            this.changed = Some(Box::pin(async move {
                // The sender lives as long as the process, which is held here.
                let _ = news.changed().await;
                news
            }));
        }
    }
}
