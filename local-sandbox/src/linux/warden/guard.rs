//! The warden: confines itself once, makes supervisors on demand, and ends what a dead supervisor leaves behind.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::fcntl::{FcntlArg, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{ForkResult, Pid};

use super::confine::Role;
use super::supervisor::{self, Confinement};
use super::tree;
use crate::linux::protocol::{Setup, SetupReply, Summons};
use crate::linux::sys::message::{self, MESSAGE_MAX, Received};
use crate::linux::sys::process::{self, Reaped};

/// Where the warden's socket lives, beyond the numbers commands use.
const SOCKET_NUMBER: i32 = 10;
/// How often supervisors are continued when the host is gone, milliseconds.
const CONTINUE_INTERVAL: u16 = 500;

/// Is the warden until the host is gone; never returns.
pub fn run() -> ! {
    let status = match serve() {
        Ok(()) => 0,
        Err(error) => 1 + i32::from(error.raw_os_error().is_none()),
    };
    process::exit_now(status)
}

fn serve() -> io::Result<()> {
    let (mut socket, signals) = detach()?;
    let mut buffer = vec![0; MESSAGE_MAX];
    let first = message::receive(socket.as_fd(), &mut buffer, true)?;
    if first.length == 0 {
        return Ok(());
    }
    let setup: Setup = match first.descriptors.into_iter().next() {
        Some(payload) => serde_json::from_reader(io::BufReader::new(File::from(payload)))?,
        None => serde_json::from_slice(buffer.get(..first.length).unwrap_or_default())?,
    };
    process::set_mark(setup.mark)?;
    process::continue_when_orphaned()?;
    let role = super::confine::apply(&setup, &mut socket);
    let served = role.and_then(|role| serve_as(role, socket, signals, &mut buffer));
    if let Some(policy) = &setup.policy {
        // The host's to remove, unless it was killed. Inside of namespaces there is no such directory.
        let _ = std::fs::remove_dir_all(Path::new(OsStr::from_bytes(&policy.scratch)));
    }
    served
}

fn serve_as(role: Role, socket: OwnedFd, signals: SignalFd, buffer: &mut [u8]) -> io::Result<()> {
    match role {
        Role::Done => Ok(()),
        Role::Serve(confinement, groups) => {
            // Once more, for the process inside of namespaces.
            process::continue_when_orphaned()?;
            let mut warden = Warden { socket, signals, confinement, supervisors: BTreeSet::new() };
            let served = warden.watch(buffer);
            groups.leave();
            served
        }
    }
}

/// Cuts what the warden has of the host: descriptors, signals, the reach of other processes.
fn detach() -> io::Result<(OwnedFd, SignalFd)> {
    process::set_name(c"sandshell-warden");
    // What the host left open across exec ends here.
    process::close_range(3, u32::MAX)?;
    let socket = process::own(fcntl(std::io::stdin(), FcntlArg::F_DUPFD_CLOEXEC(SOCKET_NUMBER))?);
    process::silence_streams()?;
    process::default_signals();
    let all = SigSet::all();
    all.thread_block()?;
    let mut ends = SigSet::empty();
    ends.add(Signal::SIGCHLD);
    let signals = SignalFd::with_flags(&ends, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
    // Away from the host's process group and terminal.
    nix::unistd::setsid()?;
    process::become_subreaper()?;
    Ok((socket, signals))
}

/// Tells the host how the setup went.
pub fn answer(socket: &OwnedFd, reply: &SetupReply, rights: &[std::os::fd::BorrowedFd<'_>]) -> io::Result<()> {
    message::send(socket.as_fd(), &serde_json::to_vec(reply)?, rights, true)
}

struct Warden {
    socket: OwnedFd,
    signals: SignalFd,
    confinement: Confinement,
    supervisors: BTreeSet<i32>,
}

impl Warden {
    /// Serves until the host's end is closed and every supervisor has ended its tree.
    fn watch(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        let mut listening = true;
        loop {
            self.reap_all()?;
            if !listening && self.supervisors.is_empty() {
                return Ok(());
            }
            let mut watched = vec![PollFd::new(self.signals.as_fd(), PollFlags::POLLIN)];
            if listening {
                watched.push(PollFd::new(self.socket.as_fd(), PollFlags::POLLIN));
            }
            // Once the host is gone, supervisors are continued again and again, should a command stop them.
            let patience = if listening { PollTimeout::NONE } else { PollTimeout::from(CONTINUE_INTERVAL) };
            match poll(&mut watched, patience) {
                Ok(_) | Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
            let spoken = watched.get(1).and_then(PollFd::revents).is_some_and(|events| !events.is_empty());
            let _ = self.signals.read_signal();
            if spoken {
                let received = message::receive(self.socket.as_fd(), buffer, true)?;
                listening = received.length > 0;
                if let Ok(summons) = Summons::decode(buffer.get(..received.length).unwrap_or_default()) {
                    self.supervise(received, summons)?;
                }
            }
            if !listening {
                self.continue_supervisors();
            }
        }
    }

    /// Bounds the processes of commands, with `more` supervisors to come.
    fn bound_processes(&self, more: usize) -> io::Result<()> {
        self.confinement.process_bound.as_ref().map_or(Ok(()), |bound| bound.leave_room(self.supervisors.len() + more))
    }

    /// A stopped supervisor would not see that the host is gone.
    fn continue_supervisors(&self) {
        for pid in &self.supervisors {
            let _ = kill(Pid::from_raw(*pid), Signal::SIGCONT);
        }
    }

    fn supervise(&mut self, received: Received, summons: Summons) -> io::Result<()> {
        let Some(socket) = received.descriptors.into_iter().next() else { return Ok(()) };
        self.bound_processes(1)?;
        match process::fork() {
            Ok(ForkResult::Parent { child }) => {
                self.supervisors.insert(child.as_raw());
                Ok(())
            }
            // No process to be had: the host sees its socket end and says so.
            Err(_) => self.bound_processes(0),
            Ok(ForkResult::Child) => {
                process::set_name(c"sandshell-super");
                let status = match self.become_supervisor(&socket, summons) {
                    Ok(()) => 0,
                    Err(_) => 1,
                };
                process::exit_now(status)
            }
        }
    }

    fn become_supervisor(&mut self, socket: &OwnedFd, summons: Summons) -> io::Result<()> {
        process::set_mark(summons.mark)?;
        process::continue_when_orphaned()?;
        // Its number now leads to a null device, so that the warden's end is closed when the warden ends.
        process::give_away(&mut self.socket)?;
        process::become_subreaper()?;
        supervisor::serve(socket, &self.signals, &self.confinement)
    }

    /// Reaps supervisors, and ends what one left that did not end by itself.
    fn reap_all(&mut self) -> io::Result<()> {
        let before = self.supervisors.len();
        let mut orphaned = false;
        loop {
            match process::reap()? {
                Reaped::Child(exit) => orphaned |= self.supervisors.remove(&exit.pid) && exit.status != 0,
                Reaped::Running => break,
                Reaped::None => return Ok(()),
            }
        }
        if orphaned {
            self.end_orphans();
        }
        if self.supervisors.len() < before { self.bound_processes(0) } else { Ok(()) }
    }

    /// Children that are no supervisors come from a supervisor that was killed: they have nobody who answers for them.
    fn end_orphans(&self) {
        const ROUNDS: usize = 64;
        let own = std::process::id().cast_signed();
        for _ in 0..ROUNDS {
            let orphans: Vec<i32> =
                tree::children_of(own).into_iter().filter(|pid| !self.supervisors.contains(pid)).collect();
            if orphans.is_empty() {
                return;
            }
            for pid in orphans {
                tree::kill_all(pid);
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
                let _ = nix::sys::wait::waitpid(Pid::from_raw(pid), None);
            }
        }
    }
}
