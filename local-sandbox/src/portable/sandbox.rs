//! The local sandbox itself.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sandbox::{EnvChange, Stdin};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::drain::Drain;
use super::execution::{LocalExecution, Parts};
use super::launch::{Launch, Started};
use super::pipe::Feeder;
use super::reach::Reach;
use super::spawned::ProcessTable;
use super::system::{self, Launcher, Tree};
use crate::background::Background;
use crate::environment::{self, Environment};
use crate::error::ExecError;
use crate::exit::ShutdownReport;
use crate::names;
use crate::policy::Policy;
use crate::proxy::serve::Proxy;
use crate::report::Outcome;
use crate::scratch::Scratch;
use crate::shell::{Resolved, Script};
use crate::spool::Spool;
use crate::start::Start;

/// Ended background processes whose last words are kept.
const ENDED_MAX: usize = 64;

/// Real commands on the host, confined as far as asked. Dropping the last reference ends everything it runs.
#[derive(Clone)]
pub struct LocalSandbox {
    pub(crate) inner: Arc<Inner>,
    /// Beside what executions hold: a process that was spawned must not keep its sandbox.
    pub(crate) processes: Arc<ProcessTable>,
}

/// What a sandbox was made with; taken once.
pub struct Settings {
    pub cwd: PathBuf,
    pub environment: Environment,
    pub shell: Resolved,
    pub timeout: Option<Duration>,
    pub grace: Duration,
    pub output_limit: Option<u64>,
    pub spool: Option<PathBuf>,
    pub kill_background: bool,
    pub policy: Option<Policy>,
    pub outcome: Outcome,
    #[expect(dead_code, reason = "removes the directory when the sandbox goes")]
    pub scratch: Option<Scratch>,
    pub proxy: Option<Proxy>,
}

/// What executions share with their sandbox.
pub struct Inner {
    pub settings: Settings,
    pub reach: Reach,
    launcher: Launcher,
    closed: AtomicBool,
    /// Trees that are being ended.
    endings: Arc<AtomicUsize>,
    /// What was started and may have left something.
    trees: Mutex<Vec<Arc<Tree>>>,
    backgrounds: Mutex<Vec<(Background, JoinHandle<()>)>>,
}

impl LocalSandbox {
    /// Waits until everything that was cancelled or dropped has ended.
    pub async fn quiesce(&self) {
        while self.inner.endings.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Ends everything and waits until it is gone. Nothing can be started afterwards; a second time does nothing.
    pub async fn shutdown(&self) -> ShutdownReport {
        let mut leaked = Vec::new();
        self.inner.closed.store(true, Ordering::Release);
        let trees = std::mem::take(&mut *self.inner.trees());
        let endings: Vec<_> =
            trees.iter().map(|tree| self.inner.end_in_thread(tree, self.inner.settings.grace)).collect();
        for ending in endings {
            leaked.extend(ending.await.unwrap_or_default());
        }
        self.quiesce().await;
        ShutdownReport { leaked }
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inner").field("cwd", &self.settings.cwd).finish_non_exhaustive()
    }
}

impl Inner {
    pub(crate) fn new(settings: Settings, reach: Reach, launcher: Launcher) -> Inner {
        Inner {
            settings,
            reach,
            launcher,
            closed: AtomicBool::new(false),
            endings: Arc::default(),
            trees: Mutex::default(),
            backgrounds: Mutex::default(),
        }
    }

    pub(crate) fn backgrounds(&self) -> MutexGuard<'_, Vec<(Background, JoinHandle<()>)>> {
        self.backgrounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn trees(&self) -> MutexGuard<'_, Vec<Arc<Tree>>> {
        self.trees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the sandbox was shut down.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// The absolute form of a path as requests give it.
    pub(crate) fn absolute(&self, path: &[u8]) -> Vec<u8> {
        system::absolute(&self.settings.cwd, path)
    }

    fn directory(&self, cwd: Option<&[u8]>) -> Result<PathBuf, ExecError> {
        // Not folded: `link/..` is where the system says it is.
        match cwd {
            None => Ok(self.settings.cwd.clone()),
            Some(path) => match names::os_string(path.to_vec()).filter(|_| !path.contains(&0)) {
                Some(path) => Ok(self.settings.cwd.join(path)),
                None => Err(ExecError::InvalidCommand { what: "working directory" }),
            },
        }
    }

    fn environment(&self, changes: &[EnvChange], terminal: bool) -> Result<Environment, ExecError> {
        let mut environment = self.settings.environment.clone();
        if terminal {
            environment.set("TERM", b"xterm-256color");
        }
        for change in changes {
            if !environment::is_valid(change) {
                return Err(ExecError::InvalidCommand { what: "environment" });
            }
            environment.change(change);
        }
        Ok(environment)
    }

    pub(crate) async fn start(self: &Arc<Self>, start: Start) -> Result<LocalExecution, ExecError> {
        if self.is_closed() {
            return Err(ExecError::Closed);
        }
        if start.cancellation.as_ref().is_some_and(CancellationToken::is_cancelled) {
            return Err(ExecError::Cancelled);
        }
        if start.words.iter().any(|word| word.contains(&0)) {
            return Err(ExecError::InvalidCommand { what: "argument" });
        }
        let directory = self.directory(start.cwd.as_deref())?;
        system::check_directory(&directory)
            .map_err(|source| ExecError::Cwd { path: names::of_path(&directory), source })?;
        let program = &self.settings.shell.path;
        system::check_program(program)
            .map_err(|source| ExecError::Spawn { program: names::of_path(program), source })?;
        let launch = Launch {
            program: program.clone(),
            environment: self.environment(&start.env, start.terminal.is_some())?,
            arguments: start.words,
            verbatim: self.settings.shell.is_cmd(),
            directory,
            stdin: start.terminal.is_none() && !matches!(start.stdin, Stdin::Empty),
            script: match start.script {
                Script::Argument => None,
                Script::File(bytes) => Some(bytes),
            },
            terminal: start.terminal,
        };
        let spool = self.settings.spool.as_deref().map(Spool::new).transpose().map_err(ExecError::Io)?;
        let started = self.send(&launch).await?;
        {
            let mut trees = self.trees();
            // A shutdown meanwhile has not seen it.
            if self.is_closed() {
                drop(self.end_in_thread(&started.tree, Duration::ZERO));
                return Err(ExecError::Closed);
            }
            trees.retain(|tree| !tree.is_settled());
            trees.push(Arc::clone(&started.tree));
        }
        let stdin = match (started.stdin, start.stdin) {
            (Some(writer), Stdin::Bytes(bytes)) => Some(Feeder::new(writer, bytes, None)),
            (Some(writer), Stdin::Stream(source)) => Some(Feeder::new(writer, Bytes::new(), Some(source))),
            _ => None,
        };
        Ok(LocalExecution::new(Parts {
            inner: Arc::clone(self),
            tree: started.tree,
            exit: started.exit,
            stdout: started.stdout,
            stderr: started.stderr,
            stdin,
            screen: started.screen,
            script: started.script,
            timeout: start.timeout.or(self.settings.timeout),
            cancellation: start.cancellation.map(|token| Box::pin(token.cancelled_owned()) as _),
            kill_background: self.settings.kill_background || launch.terminal.is_some(),
            spool,
            command: start.command,
        }))
    }

    /// Starts it, again after a while when the system is short of something.
    async fn send(&self, launch: &Launch) -> Result<Started, ExecError> {
        const PAUSES: [u64; 4] = [5, 20, 75, 200];
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.launcher.start(launch).await {
                Err(ExecError::Resources(error)) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(Duration::from_millis(pause)).await,
                    None => return Err(ExecError::Resources(error)),
                },
                other => return other,
            }
        }
    }

    /// Ends a tree: asks, waits for the grace, forces. Gives what withstood.
    pub(crate) fn end_in_thread(&self, tree: &Arc<Tree>, grace: Duration) -> oneshot::Receiver<Vec<u32>> {
        let (sender, receiver) = oneshot::channel();
        let (tree, endings) = (Arc::clone(tree), Arc::clone(&self.endings));
        endings.fetch_add(1, Ordering::AcqRel);
        let end = move || {
            let leaked = tree.end(grace);
            endings.fetch_sub(1, Ordering::AcqRel);
            // Nobody need wait for it.
            let _ = sender.send(leaked);
        };
        in_thread("sandbox-end", end);
        receiver
    }

    /// Drains what outlived its command until it is gone. Without a runtime it ends at once.
    pub(crate) fn keep_in_background(&self, mut drain: Drain) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            drop(self.end_in_thread(&drain.tree, self.settings.grace));
            return;
        };
        let background = drain.background.clone();
        let task = runtime.spawn(async move { std::future::poll_fn(|cx| drain.poll_quiet(cx)).await });
        let mut backgrounds = self.backgrounds();
        // Of those that have ended only the newest are remembered.
        let ended = backgrounds.iter().filter(|(old, _)| !old.is_running()).count();
        let oldest = backgrounds.iter().position(|(old, _)| !old.is_running());
        if let Some(oldest) = oldest.filter(|_| ended >= ENDED_MAX) {
            backgrounds.remove(oldest);
        }
        backgrounds.push((background, task));
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        for (_, task) in self.backgrounds().drain(..) {
            task.abort();
        }
        let trees: Vec<Arc<Tree>> = self.trees().drain(..).filter(|tree| !tree.is_settled()).collect();
        for tree in &trees {
            drop(self.end_in_thread(tree, self.settings.grace));
        }
    }
}

/// Runs something that blocks. Where no thread is to be had it blocks here.
fn in_thread(name: &str, work: impl FnOnce() + Send + 'static) {
    let shared = Arc::new(Mutex::new(Some(work)));
    let take = |shared: &Mutex<Option<_>>| shared.lock().unwrap_or_else(PoisonError::into_inner).take();
    let theirs = Arc::clone(&shared);
    let started = std::thread::Builder::new().name(name.to_owned()).spawn(move || take(&theirs).map(|work| work()));
    if started.is_err()
        && let Some(work) = take(&shared)
    {
        work();
    }
}
