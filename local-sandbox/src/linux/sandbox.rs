//! The local sandbox itself.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use nix::errno::Errno;
use sandbox::{EnvChange, Stdin};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::environment::{self, DEFAULT_PATH, Environment};
use crate::error::ExecError;
use crate::exit::{ProtectedChange, ShutdownReport};
use crate::limits::Limits;
use crate::linux::files::Files;
use crate::linux::host::background::Drain;
use crate::linux::host::execution::{Control, LocalExecution, Parts};
use crate::linux::host::helper::{Helper, Link};
use crate::linux::host::payload::sealed;
use crate::linux::host::pipe::{self, Feeder, Reader};
use crate::linux::host::processes::ProcessTable;
use crate::linux::launch::{Launch, Strings, Wiring};
use crate::linux::protect::Protected;
use crate::linux::sys::message::MESSAGE_MAX;
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
pub(crate) struct Settings {
    pub cwd: PathBuf,
    pub environment: Environment,
    /// Whether the options say what `TERM` is, also on terminals.
    pub names_terminal: bool,
    pub shell: Resolved,
    pub timeout: Option<Duration>,
    pub grace: Duration,
    pub output_limit: Option<u64>,
    pub spool: Option<PathBuf>,
    pub kill_background: bool,
    pub limits: Limits,
    pub policy: Option<Arc<Policy>>,
    pub protected: Protected,
    pub outcome: Outcome,
    #[expect(dead_code, reason = "removes the directory when the sandbox goes")]
    pub scratch: Option<Scratch>,
    pub proxy: Option<Proxy>,
}

/// What executions share with their sandbox.
pub(crate) struct Inner {
    pub settings: Settings,
    pub files: Arc<Files>,
    helper: Helper,
    /// What a command without changes of its own sees.
    environment: Arc<Strings>,
    arguments_max: u64,
    backgrounds: Mutex<Vec<(Background, JoinHandle<()>)>>,
}

impl LocalSandbox {
    /// Waits until everything that was cancelled or dropped has ended.
    pub async fn quiesce(&self) {
        while !self.inner.helper.is_quiet() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        self.inner.look_at_protected();
    }

    /// Ends everything and waits until it is gone. Nothing can be started afterwards; a second time does nothing.
    pub async fn shutdown(&self) -> ShutdownReport {
        let leaked = self.inner.helper.close(self.inner.settings.grace).await;
        self.inner.look_at_protected();
        self.inner.settings.protected.remove_placeholders();
        ShutdownReport { leaked }
    }
}

impl Inner {
    pub(crate) fn new(settings: Settings, files: Files, helper: Helper) -> Inner {
        let environment = Arc::new(Strings::new(settings.environment.strings()));
        let (files, backgrounds) = (Arc::new(files), Mutex::default());
        Inner { settings, files, helper, environment, arguments_max: arguments_max(), backgrounds }
    }

    pub(crate) fn backgrounds(&self) -> std::sync::MutexGuard<'_, Vec<(Background, JoinHandle<()>)>> {
        self.backgrounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the sandbox was shut down.
    pub(crate) fn is_closed(&self) -> bool {
        self.helper.is_closed()
    }

    /// The absolute form of a path as requests give it.
    pub(crate) fn absolute(&self, path: &[u8]) -> Vec<u8> {
        sandbox::resolve(self.settings.cwd.as_os_str().as_bytes(), path)
    }

    fn directory(&self, cwd: Option<&[u8]>) -> Vec<u8> {
        let own = self.settings.cwd.as_os_str().as_bytes();
        match cwd {
            None => own.to_vec(),
            // Not folded: `link/..` is where the kernel says it is.
            Some(path) if path.starts_with(b"/") => path.to_vec(),
            Some(path) => Path::new(std::ffi::OsStr::from_bytes(own))
                .join(std::ffi::OsStr::from_bytes(path))
                .into_os_string()
                .into_vec(),
        }
    }

    /// Fails as the command's `chdir` would. In a view of its own the sandbox may see less than the host.
    fn check_directory(&self, directory: &[u8]) -> Result<(), ExecError> {
        use nix::unistd::{AccessFlags, access};
        let failed = |errno: Errno| ExecError::Cwd { path: directory.to_vec(), source: errno.into() };
        // Only of a directory is this a name.
        let own = [directory, b"/."].concat();
        access(own.as_slice(), AccessFlags::X_OK).map_err(failed)
    }

    /// Fails as the command's `execve` would when the shell is gone or no longer permitted.
    fn check_shell(&self) -> Result<(), ExecError> {
        let program = self.settings.shell.path.as_os_str().as_bytes();
        nix::unistd::access(program, nix::unistd::AccessFlags::X_OK)
            .map_err(|errno| ExecError::Spawn { program: program.to_vec(), source: errno.into() })
    }

    fn environment(&self, changes: &[EnvChange], terminal: bool) -> Result<Arc<Strings>, ExecError> {
        if changes.is_empty() && !terminal {
            return Ok(Arc::clone(&self.environment));
        }
        let mut environment = self.settings.environment.clone();
        if terminal && !self.settings.names_terminal {
            environment.set("TERM", b"xterm-256color");
        }
        for change in changes {
            if !environment::is_valid(change) {
                return Err(ExecError::InvalidCommand { what: "environment" });
            }
            environment.change(change);
        }
        // Without one, bash would search the working directory.
        environment.fill("PATH", DEFAULT_PATH.as_bytes());
        Ok(Arc::new(Strings::new(environment.strings())))
    }

    pub(crate) async fn start(self: &Arc<Self>, start: Start) -> Result<LocalExecution, ExecError> {
        if start.cancellation.as_ref().is_some_and(CancellationToken::is_cancelled) {
            return Err(ExecError::Cancelled);
        }
        if start.words.iter().any(|word| word.contains(&0)) {
            return Err(ExecError::InvalidCommand { what: "argument" });
        }
        let directory = self.directory(start.cwd.as_deref());
        if directory.contains(&0) {
            return Err(ExecError::InvalidCommand { what: "working directory" });
        }
        self.check_directory(&directory)?;
        self.check_shell()?;
        let launch = Launch {
            program: self.settings.shell.path.as_os_str().as_bytes().to_vec(),
            environment: self.environment(&start.env, start.terminal.is_some())?,
            arguments: Strings::new(start.words),
            directory,
            timeout: start.timeout.or(self.settings.timeout),
            grace: self.settings.grace,
            wiring: Wiring {
                stdin: start.terminal.is_none() && !matches!(start.stdin, Stdin::Empty),
                script: matches!(start.script, Script::File(_)),
                terminal: start.terminal,
                announce: start.terminal.is_some(),
                kill_background: self.settings.kill_background || start.terminal.is_some(),
            },
            limits: self.settings.limits,
        };
        check_size(&launch, self.arguments_max)?;
        let script = match &start.script {
            Script::Argument => None,
            Script::File(bytes) => Some(sealed(c"script", bytes).map_err(ExecError::Resources)?),
        };
        let cancellation = start.cancellation.map(|token| Box::pin(token.cancelled_owned()));
        let mut parts = self.send(&launch, script.as_ref(), start.stdin).await?;
        parts.cancellation = cancellation;
        parts.command = start.command;
        let mut execution = LocalExecution::new(parts);
        // Of other commands nothing is heard before their first event: one message less. What can be known is checked
        // beforehand, and what fails all the same is that event.
        if start.terminal.is_some() {
            execution.started().await?;
        }
        Ok(execution)
    }

    /// Makes the pipes and hands everything to a supervisor, again after a while when the system is short of something.
    async fn send(
        self: &Arc<Self>,
        launch: &Launch,
        script: Option<&OwnedFd>,
        stdin: Stdin,
    ) -> Result<Parts, ExecError> {
        const PAUSES: [u64; 4] = [5, 20, 75, 200];
        let mut pauses = PAUSES.into_iter();
        let mut stdin = Some(stdin);
        loop {
            match self.try_send(launch, script, &mut stdin) {
                Err(ExecError::Resources(error)) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(Duration::from_millis(pause)).await,
                    None => return Err(ExecError::Resources(error)),
                },
                other => return other,
            }
        }
    }

    fn try_send(
        self: &Arc<Self>,
        launch: &Launch,
        script: Option<&OwnedFd>,
        stdin: &mut Option<Stdin>,
    ) -> Result<Parts, ExecError> {
        let short = ExecError::Resources;
        let mut ours = (None, None, None);
        let mut theirs: Vec<OwnedFd> = Vec::new();
        if launch.wiring.stdin {
            let (read_end, write_end) = pipe::writable().map_err(short)?;
            theirs.push(read_end);
            ours.0 = Some(write_end);
        }
        if launch.wiring.terminal.is_none() {
            let (stdout, their_stdout) = pipe::pair().map_err(short)?;
            let (stderr, their_stderr) = pipe::pair().map_err(short)?;
            theirs.extend([their_stdout, their_stderr]);
            (ours.1, ours.2) = (Some(stdout), Some(stderr));
        }
        let mut bytes = launch.encode();
        let payload = if bytes.len() > MESSAGE_MAX {
            let payload = sealed(c"launch", &bytes).map_err(short)?;
            bytes = b"M".to_vec();
            Some(payload)
        } else {
            None
        };
        let descriptors: Vec<BorrowedFd<'_>> = theirs
            .iter()
            .map(AsFd::as_fd)
            .chain(script.map(AsFd::as_fd))
            .chain(payload.as_ref().map(AsFd::as_fd))
            .collect();
        let spool = self.settings.spool.as_deref().map(Spool::new).transpose()?;
        let link = self.helper.launch(&bytes, &descriptors)?;
        // What can wait is done while the supervisor starts the command.
        let control = Control::new(link)?;
        let stdout = ours.1.map(Reader::new).transpose()?;
        let stderr = ours.2.map(Reader::new).transpose()?;
        let feeder = match (ours.0, stdin.take()) {
            (Some(fd), Some(Stdin::Bytes(bytes))) => Some(Feeder::new(fd, bytes, None)?),
            (Some(fd), Some(Stdin::Stream(source))) => Some(Feeder::new(fd, Bytes::new(), Some(source))?),
            _ => None,
        };
        Ok(Parts {
            inner: Arc::clone(self),
            control,
            stdout,
            stderr,
            stdin: feeder,
            cancellation: None,
            command: String::new(),
            grace: launch.grace,
            output_limit: self.settings.output_limit,
            timeout: launch.timeout,
            spool,
            program: launch.program.clone(),
            directory: launch.directory.clone(),
        })
    }

    /// Takes back an idle supervisor.
    pub(crate) fn release(&self, link: Link) {
        self.helper.release(link);
    }

    /// Removes what was made in the place of missing protected files; says what changed.
    pub(crate) fn look_at_protected(&self) -> Vec<ProtectedChange> {
        self.settings.protected.look()
    }

    /// Ends a tree that nobody waits for.
    pub(crate) fn abandon(&self, link: Link, grace: Duration) {
        self.helper.abandon(link, grace);
    }

    /// Drains what outlived its command until it is gone. Without a runtime it ends at once.
    pub(crate) fn keep_in_background(self: &Arc<Self>, mut drain: Drain) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let background = drain.background.clone();
        let inner = Arc::downgrade(self);
        let task = runtime.spawn(async move {
            let usable = std::future::poll_fn(|cx| drain.poll_quiet(cx)).await;
            let Some(inner) = inner.upgrade() else { return };
            inner.look_at_protected();
            if usable {
                inner.release(drain.control.into_link());
            }
        });
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
        self.look_at_protected();
        self.settings.protected.remove_placeholders();
    }
}

/// The most that the system takes of arguments and environment together: a quarter of the stack limit, between 128 KiB and
/// 6 MiB (`execve(2)`). The helpers have the limit that this process had when they were started.
fn arguments_max() -> u64 {
    const TOTAL_MIN: u64 = 128 * 1024;
    const TOTAL_MAX: u64 = 6 * 1024 * 1024;
    let stack = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_STACK).map_or(0, |(soft, _)| soft);
    (stack / 4).clamp(TOTAL_MIN, TOTAL_MAX)
}

/// Whether the system takes the arguments and the environment: one string is at most 32 pages; all of them, with their
/// pointers, what [`arguments_max`] says.
fn check_size(launch: &Launch, limit: u64) -> Result<(), ExecError> {
    const STRING_MAX: usize = 32 * 4096 - 1;
    let strings = [&launch.arguments, &*launch.environment];
    let total: usize = strings.iter().map(|strings| strings.size()).sum();
    // The system adds the program's name and a few words of its own.
    let too_big = strings.iter().any(|strings| strings.longest() > STRING_MAX) || total as u64 + 4096 > limit;
    if too_big { Err(ExecError::TooBig) } else { Ok(()) }
}
