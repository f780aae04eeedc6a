//! How a command's shell ended, without taking its number from it: as long as it was not waited for, nothing else has it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use nix::sys::signal::Signal;

use super::tree::Tree;

/// How a shell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The exit status; 128 and the signal's number.
    pub code: i32,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Whether it left a core file.
    pub core_dumped: bool,
}

impl Ending {
    /// By SIGKILL.
    pub fn killed() -> Ending {
        Ending::by_signal(Signal::SIGKILL as i32, false)
    }

    /// By itself.
    pub fn exited(status: i32) -> Ending {
        Ending { code: status & 0xff, signal: None, core_dumped: false }
    }

    /// By a signal.
    pub fn by_signal(signal: i32, core_dumped: bool) -> Ending {
        Ending { code: 128 + signal, signal: Some(signal), core_dumped }
    }
}

/// Ready when the shell has ended.
pub type Exit = Pin<Box<dyn Future<Output = Ending> + Send + Sync>>;

/// Waits for the end of a tree's leader with the kernel's queue of events.
#[cfg(target_vendor = "apple")]
pub fn of(tree: &Arc<Tree>) -> io::Result<Exit> {
    use std::os::fd::OwnedFd;

    use nix::errno::Errno;
    use nix::sys::event::{EvFlags, EventFilter, FilterFlag, KEvent, Kqueue};

    let queue = Kqueue::new()?;
    let number = usize::try_from(tree.pid()).map_err(io::Error::other)?;
    let flags = EvFlags::EV_ADD | EvFlags::EV_ONESHOT;
    let wanted = KEvent::new(number, EventFilter::EVFILT_PROC, flags, FilterFlag::NOTE_EXIT, 0, 0);
    match queue.kevent(&[wanted], &mut [], Some(nix::libc::timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(_) => {}
        // It has ended already.
        Err(Errno::ESRCH) => return Ok(Box::pin(std::future::ready(tree.ending()))),
        Err(errno) => return Err(errno.into()),
    }
    let tree = Arc::clone(tree);
    let queue = super::sys::queue::watch(OwnedFd::from(queue))?;
    Ok(Box::pin(async move {
        // Only a runtime that is going down fails here; then the wait below is short or nobody's.
        drop(queue.readable().await);
        tree.ending()
    }))
}

/// Waits for the end of a tree's leader in a thread.
#[cfg(not(target_vendor = "apple"))]
pub fn of(tree: &Arc<Tree>) -> io::Result<Exit> {
    let tree = Arc::clone(tree);
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::Builder::new().name("sandbox-wait".to_owned()).spawn(move || {
        // Whoever waited may be gone.
        let _ = sender.send(tree.ending());
    })?;
    Ok(Box::pin(async move { receiver.await.unwrap_or_else(|_| Ending::killed()) }))
}
