//! The warden's host end: starting it, asking for supervisors, keeping idle ones, ending everything.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{Shutdown, shutdown};
use tokio::io::Interest;

use super::payload::sealed;
use super::sweep::{Marked, Marks};
use crate::error::{ConfigError, ExecError};
use crate::linux::protocol::{Order, Reply, Setup, SetupReply, Summons, WARDEN_NAME};
use crate::linux::sys::{message, reactor};
use crate::report::Outcome;

/// How long the warden may take to set itself up.
const SETUP_PATIENCE: Duration = Duration::from_secs(20);
/// How long after the time given a supervisor may take to end a tree before it is taken for stopped.
pub const OVERDUE: Duration = Duration::from_secs(1);
/// How long it may take once it was continued.
pub const RESUMED: Duration = Duration::from_secs(3);
/// How long a warden may take from closing its socket to its end.
const LAST_STEP: Duration = Duration::from_secs(1);
/// Idle supervisors kept for the next commands.
const IDLE_MAX: usize = 8;

/// One supervisor, as far as the host holds it.
#[derive(Debug)]
pub struct Supervisor {
    socket: OwnedFd,
    /// What it and all that comes from it is marked with.
    pub mark: u64,
}

impl AsFd for Supervisor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl AsRawFd for Supervisor {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_raw_fd()
    }
}

/// A supervisor, shared by who reads what it says and who may end it.
pub type Link = Arc<Supervisor>;

/// A running warden.
#[derive(Debug)]
pub struct Helper {
    socket: OwnedFd,
    child: Mutex<Option<Child>>,
    marks: Marks,
    links: Mutex<Links>,
}

#[derive(Debug, Default)]
struct Links {
    idle: Vec<Link>,
    /// Supervisors that have run something; weak, so that a dropped execution ends its own.
    busy: Vec<std::sync::Weak<Supervisor>>,
    /// Supervisors that end a tree nobody waits for.
    ending: Vec<Ending>,
    closed: bool,
}

/// A supervisor that ends a tree nobody waits for.
#[derive(Debug)]
struct Ending {
    link: Link,
    /// When it should have come to its end; then the host does it.
    due: Instant,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the warden sends along with its readiness.
#[derive(Debug)]
pub struct Ready {
    /// What is enforced.
    pub outcome: Outcome,
    /// The listening socket inside the sandbox's network, for the allowlist proxy.
    pub listener: Option<OwnedFd>,
}

impl Helper {
    /// Starts a warden with these marks and waits until it is set up.
    pub fn start(program: Option<PathBuf>, marks: Marks, setup: &Setup) -> Result<(Helper, Ready), ConfigError> {
        let program = match program {
            Some(program) => program,
            None => helper_program()?,
        };
        let (socket, theirs) = message::pair().map_err(ConfigError::Helper)?;
        let child = Command::new(program)
            .arg0(WARDEN_NAME)
            .env_clear()
            .stdin(Stdio::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(ConfigError::Helper)?;
        let helper = Helper { socket, child: Mutex::new(Some(child)), marks, links: Mutex::default() };
        let request = serde_json::to_vec(setup).map_err(|error| ConfigError::Helper(error.into()))?;
        if request.len() > message::MESSAGE_MAX {
            let payload = sealed(c"setup", &request).map_err(ConfigError::Helper)?;
            message::send(helper.socket.as_fd(), b"M", &[payload.as_fd()], true).map_err(ConfigError::Helper)?;
        } else {
            message::send(helper.socket.as_fd(), &request, &[], true).map_err(ConfigError::Helper)?;
        }
        let ready = helper.await_setup()?;
        Ok((helper, ready))
    }

    fn await_setup(&self) -> Result<Ready, ConfigError> {
        let patience = PollTimeout::from(u16::try_from(SETUP_PATIENCE.as_millis()).unwrap_or(u16::MAX));
        loop {
            let mut watched = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            match poll(&mut watched, patience) {
                Ok(0) => return Err(ConfigError::Helper(io::ErrorKind::TimedOut.into())),
                Ok(_) => break,
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(ConfigError::Helper(errno.into())),
            }
        }
        let mut buffer = vec![0; message::MESSAGE_MAX];
        let received = message::receive(self.socket.as_fd(), &mut buffer, true).map_err(ConfigError::Helper)?;
        if received.length == 0 {
            return Err(ConfigError::Helper(io::Error::new(
                io::ErrorKind::BrokenPipe,
                "it ended before it was set up (is local_sandbox::init() called first in main?)",
            )));
        }
        let reply: SetupReply = serde_json::from_slice(buffer.get(..received.length).unwrap_or_default())
            .map_err(|error| ConfigError::Helper(error.into()))?;
        match reply {
            SetupReply::Ready(outcome) => Ok(Ready { outcome, listener: received.descriptors.into_iter().next() }),
            SetupReply::Failed { stage, errno } => Err(ConfigError::Confinement { stage, errno }),
        }
    }

    /// Hands a launch to a supervisor, an idle one or a new one.
    pub fn launch(&self, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<Link, ExecError> {
        loop {
            let (link, fresh) = self.supervisor()?;
            match message::send(link.as_fd(), bytes, descriptors, true) {
                Ok(()) => {
                    let mut links = lock(&self.links);
                    links.busy.retain(|busy| busy.strong_count() > 0);
                    // It may be there from a command before.
                    if !links.busy.iter().any(|busy| std::ptr::eq(busy.as_ptr(), Arc::as_ptr(&link))) {
                        links.busy.push(Arc::downgrade(&link));
                    }
                    return Ok(link);
                }
                // An idle supervisor was killed meanwhile; a new one that is gone means that there are none to be had.
                Err(error) if is_gone(&error) && !fresh => {}
                Err(error) if is_gone(&error) => return Err(ExecError::HelperDied),
                Err(error) => return Err(ExecError::Resources(error)),
            }
        }
    }

    fn supervisor(&self) -> Result<(Link, bool), ExecError> {
        let mut links = lock(&self.links);
        if links.closed {
            return Err(ExecError::Closed);
        }
        links.collect_ended();
        if let Some(link) = links.idle.pop() {
            return Ok((link, false));
        }
        drop(links);
        let (socket, theirs) = message::pair().map_err(ExecError::Resources)?;
        let mark = self.marks.next();
        match message::send(self.socket.as_fd(), &Summons { mark }.encode(), &[theirs.as_fd()], true) {
            Ok(()) => Ok((Arc::new(Supervisor { socket, mark }), true)),
            Err(error) if is_gone(&error) => Err(ExecError::HelperDied),
            Err(error) => Err(ExecError::Resources(error)),
        }
    }

    /// Takes back a supervisor that has nothing to do.
    pub fn release(&self, link: Link) {
        let mut links = lock(&self.links);
        if !links.closed && links.idle.len() < IDLE_MAX {
            links.idle.push(link);
        }
    }

    /// Ends a tree that nobody waits for; the supervisor is used again when it is done.
    pub fn abandon(&self, link: Link, grace: Duration) {
        let _ = message::send(link.as_fd(), &Order::Kill { grace }.encode(), &[], false);
        let due = Instant::now() + grace + OVERDUE + RESUMED;
        lock(&self.links).ending.push(Ending { link, due });
    }

    /// Whether [`close`](Helper::close) was called.
    pub fn is_closed(&self) -> bool {
        lock(&self.links).closed
    }

    /// Whether everything abandoned has ended.
    pub fn is_quiet(&self) -> bool {
        let mut links = lock(&self.links);
        links.collect_ended();
        links.ending.is_empty()
    }

    /// Orders the end of everything, refuses more, and waits until the warden is gone. What is then still alive is
    /// returned: processes that withstand SIGKILL.
    pub async fn close(&self, grace: Duration) -> Vec<u32> {
        {
            let mut links = lock(&self.links);
            if std::mem::replace(&mut links.closed, true) {
                return Vec::new();
            }
            links.idle.clear();
            let order = Order::Kill { grace }.encode();
            for link in links.busy.drain(..).filter_map(|busy| busy.upgrade()) {
                let _ = message::send(link.as_fd(), &order, &[], false);
                // The order is read before the end; executions may still read what comes back.
                let _ = shutdown(link.as_raw_fd(), Shutdown::Write);
            }
            links.ending.clear();
        }
        let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Write);
        let Some(child) = lock(&self.child).take() else { return Vec::new() };
        let ended = tokio::time::timeout(grace + OVERDUE, self.wait_for_end()).await.is_ok();
        let marked = self.marks.all();
        let done = tokio::task::spawn_blocking(move || end_warden(child, marked, ended));
        done.await.unwrap_or_default()
    }

    async fn wait_for_end(&self) -> io::Result<()> {
        let socket = reactor::watch(self.socket.as_fd(), Interest::READABLE)?;
        loop {
            let mut guard = socket.readable().await?;
            let mut scratch = [0; 64];
            match guard.try_io(|socket| message::receive(socket.as_fd(), &mut scratch, false)) {
                Ok(Ok(received)) if received.length > 0 => {}
                Ok(_) => return Ok(()),
                Err(_would_block) => {}
            }
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Whatever still holds a link, such as a task that its runtime has not dropped yet: the trees end now.
        for link in lock(&self.links).busy.drain(..).filter_map(|busy| busy.upgrade()) {
            let _ = shutdown(link.as_raw_fd(), Shutdown::Both);
        }
        let _ = shutdown(self.socket.as_raw_fd(), Shutdown::Both);
        if let Some(mut child) = lock(&self.child).take()
            && matches!(child.try_wait(), Ok(None))
        {
            let marked = self.marks.all();
            // Nobody waits for it. Without a thread to be had, the system reaps it after us.
            let _ = std::thread::Builder::new().name("sandbox-end".to_owned()).spawn(move || {
                end_warden(child, marked, false);
            });
        }
    }
}

/// Waits for a warden that was told to end and has time for it, or has closed its socket (`ended`); sees to it if it does not
/// come to its end or was killed. What is then still alive is returned.
fn end_warden(mut child: Child, marked: Marked, ended: bool) -> Vec<u32> {
    let patience = if ended { LAST_STEP } else { OVERDUE };
    match wait_until(&mut child, Instant::now() + patience) {
        Some(status) if status.success() => return Vec::new(),
        Some(_killed) => {}
        None => {
            marked.resume();
            if wait_until(&mut child, Instant::now() + RESUMED).is_some_and(|status| status.success()) {
                return Vec::new();
            }
        }
    }
    let left = marked.kill();
    let _ = wait_until(&mut child, Instant::now() + LAST_STEP);
    left
}

fn wait_until(child: &mut Child, until: Instant) -> Option<ExitStatus> {
    let mut pause = Duration::from_micros(50);
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            // Somebody else has waited for it: whether it ended well is not known.
            Err(_) => return Some(ExitStatus::default()),
            Ok(None) if Instant::now() > until => return None,
            Ok(None) => std::thread::sleep(pause),
        }
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

impl Links {
    /// Moves supervisors that have ended their trees to the idle ones.
    fn collect_ended(&mut self) {
        let mut buffer = [0; 4096];
        let mut index = 0;
        while let Some(ending) = self.ending.get(index) {
            match next_state(ending.link.as_fd(), &mut buffer) {
                EndState::Ending if Instant::now() < ending.due => index += 1,
                EndState::Ending | EndState::Gone => {
                    Marked::of(ending.link.mark).kill();
                    drop(self.ending.swap_remove(index));
                }
                EndState::Idle => {
                    let link = self.ending.swap_remove(index).link;
                    if self.idle.len() < IDLE_MAX {
                        self.idle.push(link);
                    }
                }
            }
        }
    }
}

enum EndState {
    Ending,
    Idle,
    Gone,
}

/// Reads what a supervisor has said meanwhile.
fn next_state(link: BorrowedFd<'_>, buffer: &mut [u8]) -> EndState {
    loop {
        let received = match message::receive(link, buffer, false) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return EndState::Ending,
            Err(_) => return EndState::Gone,
        };
        match Reply::decode(buffer.get(..received.length).unwrap_or_default()) {
            Ok(Reply::Quiet | Reply::Failed(..)) => return EndState::Idle,
            Ok(Reply::Ended(end)) if end.still_running == 0 => return EndState::Idle,
            Ok(_) => {}
            Err(_) => return EndState::Gone,
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::NotConnected)
}

/// The image to start the warden from: this program, if it can serve; else a program installed for the purpose.
fn helper_program() -> Result<PathBuf, ConfigError> {
    const PROGRAM: &str = "local-sandbox-warden";
    if crate::linux::warden::entry::can_serve() {
        let own = PathBuf::from("/proc/self/exe");
        return if own.exists() { Ok(own) } else { std::env::current_exe().map_err(ConfigError::Helper) };
    }
    if let Some(named) = std::env::var_os("LOCAL_SANDBOX_HELPER").map(PathBuf::from).filter(|path| path.is_absolute()) {
        return Ok(named);
    }
    let own = std::env::current_exe().map_err(ConfigError::Helper)?;
    let beside = own.ancestors().skip(1).take(2).map(|dir| dir.join(PROGRAM)).find(|path| path.is_file());
    beside.ok_or(ConfigError::HelperMissing)
}
