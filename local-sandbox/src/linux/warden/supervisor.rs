//! A supervisor: starts one command at a time, awaits its whole tree, and ends it when told, when time is over, or when the
//! host is gone. It serves again when the tree is no more.

use std::io::{self, Read, Seek};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::signalfd::SignalFd;
use nix::unistd::Pid;

use super::cgroup::{self, ProcessBound};
use super::tree;
use crate::exit::KillReason;
use crate::limits::Limits;
use crate::linux::launch::{Launching, Wiring};
use crate::linux::protocol::{Ended, Order, Reply, Stage};
use crate::linux::sys::message::{self, MESSAGE_MAX};
use crate::linux::sys::process::{self, Exit, Prepared, Reaped};
use crate::linux::sys::pty;

/// How long KILL is repeated before what is left is reported as leaked.
const KILL_PATIENCE: Duration = Duration::from_secs(5);
/// How often a process limit without a cgroup is checked.
const WATCH_INTERVAL: Duration = Duration::from_millis(50);

/// What every command of a sandbox is started with.
#[derive(Debug, Default)]
pub struct Confinement {
    /// The ruleset each command puts on itself, in the tier that relies on Landlock.
    pub ruleset: Option<OwnedFd>,
    /// The most processes of one command's tree, where no cgroup counts them.
    pub watched_processes: Option<usize>,
    /// `RLIMIT_NPROC` of every command, where it counts the sandbox alone.
    pub process_limit: Option<u64>,
    /// What the warden bounds the processes of all commands by.
    pub process_bound: Option<ProcessBound>,
    /// The file that tells how many processes were killed for memory.
    pub memory_kills: Option<PathBuf>,
}

impl Confinement {
    fn count_memory_kills(&self) -> u64 {
        self.memory_kills.as_deref().map_or(0, cgroup::memory_kills)
    }
}

/// Serves `socket` until its other end is closed.
pub fn serve(socket: &OwnedFd, signals: &SignalFd, confinement: &Confinement) -> io::Result<()> {
    let null = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")?;
    let mut buffer = vec![0; MESSAGE_MAX];
    let mut stack = Vec::new();
    loop {
        let received = message::receive(socket.as_fd(), &mut buffer, true)?;
        if received.length == 0 {
            return Ok(());
        }
        let bytes = buffer.get(..received.length).unwrap_or_default();
        // An order that came too late for its command.
        if bytes.first().is_some_and(|tag| !matches!(tag, b'L' | b'M')) {
            continue;
        }
        let begun = Instant::now();
        let started = start(bytes, received.descriptors, null.as_fd(), confinement, &mut stack);
        match started {
            Err((stage, errno)) => reply(socket, &Reply::Failed(stage, errno as i32), &[])?,
            Ok(Started { terms, pid, master }) => {
                if terms.wiring.announce {
                    let rights: Vec<BorrowedFd<'_>> = master.iter().map(AsFd::as_fd).collect();
                    reply(socket, &Reply::Started(pid.as_raw().unsigned_abs()), &rights)?;
                }
                drop(master);
                let tree = Tree::new(socket, signals, &terms, pid, begun, confinement);
                if tree.watch(&mut buffer)? == HostState::Gone {
                    return Ok(());
                }
            }
        }
    }
}

fn reply(socket: &OwnedFd, reply: &Reply, rights: &[BorrowedFd<'_>]) -> io::Result<()> {
    match message::send(socket.as_fd(), &reply.encode(), rights, true) {
        // The host is gone; the end of the socket says so in its own place.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// A command that runs.
struct Started {
    terms: Terms,
    pid: Pid,
    /// Its terminal, for the host.
    master: Option<OwnedFd>,
}

/// What of a launch matters as long as the command runs.
struct Terms {
    timeout: Option<Duration>,
    grace: Duration,
    wiring: Wiring,
}

fn start(
    bytes: &[u8],
    mut descriptors: Vec<OwnedFd>,
    null: BorrowedFd<'_>,
    confinement: &Confinement,
    stack: &mut Vec<u8>,
) -> Result<Started, (Stage, Errno)> {
    let malformed = |_| (Stage::Request, Errno::EINVAL);
    let mut payload = Vec::new();
    let launch = if bytes.first() == Some(&b'M') {
        let mut file = std::fs::File::from(descriptors.pop().ok_or((Stage::Request, Errno::EBADF))?);
        file.rewind().and_then(|()| file.read_to_end(&mut payload)).map_err(malformed)?;
        Launching::decode(&payload).map_err(malformed)?
    } else {
        Launching::decode(bytes).map_err(malformed)?
    };
    let mut given = descriptors.into_iter();
    let missing = (Stage::Streams, Errno::EBADF);
    let mut master = None;
    let slave;
    let streams: [Option<OwnedFd>; 3];
    let script;
    let borrowed: [BorrowedFd<'_>; 3] = if let Some((rows, columns)) = launch.wiring.terminal {
        let pair = pty::open(rows, columns).map_err(|errno| (Stage::Terminal, errno))?;
        master = Some(pair.master);
        slave = pair.slave;
        script = if launch.wiring.script { Some(given.next().ok_or(missing)?) } else { None };
        [slave.as_fd(), slave.as_fd(), slave.as_fd()]
    } else {
        let stdin = if launch.wiring.stdin { Some(given.next().ok_or(missing)?) } else { None };
        streams = [stdin, Some(given.next().ok_or(missing)?), Some(given.next().ok_or(missing)?)];
        script = if launch.wiring.script { Some(given.next().ok_or(missing)?) } else { None };
        streams.each_ref().map(|stream| stream.as_ref().map_or(null, AsFd::as_fd))
    };
    let prepared = Prepared {
        program: launch.program,
        arguments: launch.arguments,
        environment: launch.environment,
        directory: launch.directory,
        streams: borrowed,
        script: script.as_ref().map(AsFd::as_fd),
        controlling: launch.wiring.terminal.is_some(),
        limits: Limits { processes: confinement.process_limit.or(launch.limits.processes), ..launch.limits },
        ruleset: confinement.ruleset.as_ref().map(AsFd::as_fd),
    };
    let pid = process::spawn(&prepared, stack)?;
    let terms = Terms { timeout: launch.timeout, grace: launch.grace, wiring: launch.wiring };
    Ok(Started { terms, pid, master })
}

/// Whether the host still listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HostState {
    Listening,
    Gone,
}

/// How far the ending of a tree has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// TERM was sent; KILL follows at the instant.
    Terminating { until: Instant },
    /// KILL is being repeated since the instant.
    Killing { since: Instant, round: u32 },
}

/// A command and all its descendants.
struct Tree<'a> {
    socket: &'a OwnedFd,
    signals: &'a SignalFd,
    own: i32,
    main: Pid,
    started: Instant,
    deadline: Option<Instant>,
    grace: Duration,
    kill_background: bool,
    watched_processes: Option<usize>,
    confinement: &'a Confinement,
    memory_kills: u64,
    next_count: Instant,
    exit: Option<(Exit, Duration)>,
    reason: Option<KillReason>,
    ending: Option<Ending>,
    reported: bool,
    host: HostState,
}

impl<'a> Tree<'a> {
    fn new(
        socket: &'a OwnedFd,
        signals: &'a SignalFd,
        terms: &Terms,
        main: Pid,
        started: Instant,
        confinement: &'a Confinement,
    ) -> Self {
        Tree {
            socket,
            signals,
            own: std::process::id().cast_signed(),
            main,
            started,
            deadline: terms.timeout.and_then(|timeout| started.checked_add(timeout)),
            grace: terms.grace,
            kill_background: terms.wiring.kill_background,
            watched_processes: confinement.watched_processes,
            confinement,
            memory_kills: confinement.count_memory_kills(),
            next_count: started + WATCH_INTERVAL,
            exit: None,
            reason: None,
            ending: None,
            reported: false,
            host: HostState::Listening,
        }
    }

    /// Returns when no descendant is left.
    fn watch(mut self, buffer: &mut [u8]) -> io::Result<HostState> {
        loop {
            let empty = self.reap_all()?;
            let pause = self.advance(empty)?;
            if empty && (self.reported || self.host == HostState::Gone) {
                return Ok(self.host);
            }
            self.wait(pause, buffer)?;
        }
    }

    /// Reaps what has ended; says whether nothing is left.
    fn reap_all(&mut self) -> io::Result<bool> {
        loop {
            match process::reap()? {
                Reaped::Running => return Ok(false),
                Reaped::None => return Ok(true),
                Reaped::Child(exit) if exit.pid == self.main.as_raw() && self.exit.is_none() => {
                    self.exit = Some((exit, self.started.elapsed()));
                }
                Reaped::Child(_) => {}
            }
        }
    }

    /// Takes the step that is due; gives the time until the next one, `None` for whenever something happens.
    fn advance(&mut self, empty: bool) -> io::Result<Option<Duration>> {
        let now = Instant::now();
        if empty {
            self.report(0)?;
            return Ok(None);
        }
        match self.ending {
            None => self.advance_running(now),
            Some(Ending::Terminating { until }) if now < until => Ok(Some(until - now)),
            Some(Ending::Terminating { .. }) => {
                self.ending = Some(Ending::Killing { since: now, round: 0 });
                self.advance_killing(now, 0)
            }
            Some(Ending::Killing { since, round }) => self.advance_killing(since, round),
        }
    }

    fn advance_running(&mut self, now: Instant) -> io::Result<Option<Duration>> {
        if self.exit.is_some() && !self.reported {
            let left = tree::descendants(self.own).len();
            if left == 0 {
                // Only zombies on their way to us.
                return Ok(Some(Duration::from_millis(1)));
            }
            if self.kill_background {
                self.terminate(self.grace);
                return self.advance(false);
            }
            self.report(u32::try_from(left).unwrap_or(u32::MAX))?;
        }
        let mut pause = None;
        if let Some(deadline) = self.deadline.filter(|_| self.exit.is_none()) {
            if now >= deadline {
                self.reason = Some(KillReason::Timeout);
                self.terminate(self.grace);
                return self.advance(false);
            }
            pause = Some(deadline - now);
        }
        if let Some(limit) = self.watched_processes {
            if now >= self.next_count {
                self.next_count = now + WATCH_INTERVAL;
                if tree::descendants(self.own).len() > limit {
                    self.reason = Some(KillReason::Processes);
                    self.terminate(Duration::ZERO);
                    return self.advance(false);
                }
            }
            let until = self.next_count.saturating_duration_since(now);
            pause = Some(pause.map_or(until, |pause| pause.min(until)));
        }
        Ok(pause)
    }

    fn advance_killing(&mut self, since: Instant, round: u32) -> io::Result<Option<Duration>> {
        tree::kill_all(self.own);
        self.ending = Some(Ending::Killing { since, round: round.saturating_add(1) });
        if since.elapsed() > KILL_PATIENCE {
            let left = tree::descendants(self.own).len().max(1);
            self.report(u32::try_from(left).unwrap_or(u32::MAX))?;
            return Ok(Some(Duration::from_millis(200)));
        }
        Ok(Some(Duration::from_millis(u64::from(round.clamp(1, 20)))))
    }

    /// Starts to end the tree: TERM and CONT (a stopped process acts on TERM only then), KILL after the grace.
    fn terminate(&mut self, grace: Duration) {
        let now = Instant::now();
        if grace.is_zero() {
            self.ending = Some(Ending::Killing { since: now, round: 0 });
            return;
        }
        if self.ending.is_none() {
            if self.exit.is_none() {
                // Not reaped, so the number is still the command's; members that left our tree are reached as well.
                let group = Pid::from_raw(-self.main.as_raw());
                let _ = kill(group, Signal::SIGTERM);
                let _ = kill(group, Signal::SIGCONT);
            }
            let others = tree::descendants(self.own);
            for pid in others.into_iter().filter(|pid| !self.in_own_group(*pid)) {
                let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
                let _ = kill(Pid::from_raw(pid), Signal::SIGCONT);
            }
            self.ending = Some(Ending::Terminating { until: now + grace });
        }
    }

    /// Whether the group signal has reached the process: a second TERM would run its handler twice.
    fn in_own_group(&self, pid: i32) -> bool {
        self.exit.is_none() && nix::unistd::getpgid(Some(Pid::from_raw(pid))) == Ok(self.main)
    }

    /// Tells the host the command's end, once, and later that nothing is left.
    fn report(&mut self, still_running: u32) -> io::Result<()> {
        if self.reported {
            if still_running == 0 {
                reply(self.socket, &Reply::Quiet, &[])?;
            }
            return Ok(());
        }
        self.reported = true;
        // Without an exit the command withstood KILL for the whole patience: it is as good as killed.
        let killed = Exit { pid: 0, status: Signal::SIGKILL as i32, user_time: 0, system_time: 0, max_resident: 0 };
        let (exit, duration) = self.exit.unwrap_or((killed, self.started.elapsed()));
        let out_of_memory = self.confinement.count_memory_kills() > self.memory_kills;
        let end = Ended {
            status: exit.status,
            killed: self.reason.or(out_of_memory.then_some(KillReason::Memory)),
            still_running,
            user_time: exit.user_time,
            system_time: exit.system_time,
            max_resident: exit.max_resident,
            duration: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        };
        reply(self.socket, &Reply::Ended(end), &[])
    }

    /// Sleeps until a child ends, the host speaks, or `pause` is over.
    fn wait(&mut self, pause: Option<Duration>, buffer: &mut [u8]) -> io::Result<()> {
        let timeout = match pause {
            None => PollTimeout::NONE,
            // Rounded up, so that a deadline is over when we wake for it; far deadlines in steps.
            Some(pause) => {
                let whole = u16::try_from(pause.as_micros().div_ceil(1000)).unwrap_or(u16::MAX);
                PollTimeout::from(whole)
            }
        };
        let mut watched = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
        if self.host == HostState::Listening {
            watched.push(PollFd::new(self.socket.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut watched, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ready =
            |index: usize| watched.get(index).and_then(PollFd::revents).is_some_and(|events| !events.is_empty());
        let (signalled, spoken) = (ready(0), ready(1));
        if signalled {
            // SIGCHLD merges; reaping looks for all that ended.
            let _ = self.signals.read_signal();
        }
        if spoken { self.obey(buffer) } else { Ok(()) }
    }

    fn obey(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let received = match message::receive(self.socket.as_fd(), buffer, false) {
            Ok(received) => received,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        if received.length == 0 {
            self.host = HostState::Gone;
            // A kill that was ordered keeps its grace; the death of the host has none.
            if self.ending.is_none() {
                self.reason = Some(KillReason::Requested);
                self.terminate(Duration::ZERO);
            }
            return Ok(());
        }
        match Order::decode(buffer.get(..received.length).unwrap_or_default()) {
            Ok(Order::Kill { grace }) => {
                self.reason = self.reason.or(Some(KillReason::Requested));
                self.terminate(grace);
                Ok(())
            }
            Ok(Order::Signal(number)) => {
                if let Ok(signal) = Signal::try_from(number) {
                    tree::signal_all(self.own, signal);
                }
                Ok(())
            }
            Ok(Order::List) => {
                let pids = tree::descendants(self.own).into_iter().take(8192).map(i32::unsigned_abs).collect();
                reply(self.socket, &Reply::Listing(pids), &[])
            }
            Err(_) => Ok(()),
        }
    }
}
