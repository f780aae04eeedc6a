//! The warden's host end: starting it, asking for supervisors, keeping idle ones, ending everything.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{Shutdown, shutdown};
use tokio::io::Interest;

use crate::error::{ConfigError, ExecError};
use crate::protocol::{Order, Reply, SUPERVISOR, Setup, SetupReply, WARDEN_NAME};
use crate::report::Outcome;
use crate::sys::{message, reactor};

/// How long the warden may take to set itself up.
const SETUP_PATIENCE: Duration = Duration::from_secs(20);
/// Idle supervisors kept for the next commands.
const IDLE_MAX: usize = 8;

/// The socket of one supervisor.
pub type Link = Arc<OwnedFd>;

/// A running warden.
#[derive(Debug)]
pub struct Helper {
    socket: OwnedFd,
    child: Mutex<Option<Child>>,
    links: Mutex<Links>,
}

#[derive(Debug, Default)]
struct Links {
    idle: Vec<Link>,
    /// Supervisors that run something or are ending it; weak, so that a dropped execution ends its own.
    busy: Vec<std::sync::Weak<OwnedFd>>,
    /// Supervisors that end a tree nobody waits for.
    ending: Vec<Link>,
    closed: bool,
}

/// Wardens that outlived their sandbox for a moment, to be reaped in passing.
static ORPHANS: Mutex<Vec<Child>> = Mutex::new(Vec::new());

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn reap_orphans() {
    lock(&ORPHANS).retain_mut(|child| matches!(child.try_wait(), Ok(None)));
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
    /// Starts a warden and waits until it is set up.
    pub fn start(program: Option<PathBuf>, setup: &Setup) -> Result<(Helper, Ready), ConfigError> {
        reap_orphans();
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
        let helper = Helper { socket, child: Mutex::new(Some(child)), links: Mutex::default() };
        let request = serde_json::to_vec(setup).map_err(|error| ConfigError::Helper(error.into()))?;
        message::send(helper.socket.as_fd(), &request, &[], true).map_err(ConfigError::Helper)?;
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
                    links.busy.push(Arc::downgrade(&link));
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
        let (ours, theirs) = message::pair().map_err(ExecError::Resources)?;
        match message::send(self.socket.as_fd(), SUPERVISOR, &[theirs.as_fd()], true) {
            Ok(()) => Ok((Arc::new(ours), true)),
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
        lock(&self.links).ending.push(link);
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
        let patience = grace + Duration::from_secs(8);
        let warden = lock(&self.child).as_ref().map(Child::id);
        if tokio::time::timeout(patience, self.wait_for_end()).await.is_ok() {
            if let Some(mut child) = lock(&self.child).take() {
                let _ = child.wait();
            }
            return Vec::new();
        }
        let left = warden.map(|pid| crate::warden::tree::descendants(pid.cast_signed())).unwrap_or_default();
        left.into_iter().map(i32::unsigned_abs).collect()
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
            lock(&ORPHANS).push(child);
        }
    }
}

impl Links {
    /// Moves supervisors that have ended their trees to the idle ones.
    fn collect_ended(&mut self) {
        let mut buffer = [0; 4096];
        let mut index = 0;
        while let Some(link) = self.ending.get(index) {
            match next_state(link.as_fd(), &mut buffer) {
                EndState::Ending => index += 1,
                EndState::Gone => drop(self.ending.swap_remove(index)),
                EndState::Idle => {
                    let link = self.ending.swap_remove(index);
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
    if crate::warden::entry::can_serve() {
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
