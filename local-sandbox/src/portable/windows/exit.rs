//! How a command's shell ended.

use std::future::Future;
use std::io;
use std::os::windows::io::OwnedHandle;
use std::pin::Pin;
use std::sync::Arc;

use super::sys::process;
use super::tree::Tree;

/// How a shell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// The exit status; 128 and a signal's number.
    pub code: i32,
    /// The signal that ended it, of which Windows has none: the one it was ended in place of, or the UNIX name of its fault.
    pub signal: Option<i32>,
    /// Never.
    pub core_dumped: bool,
}

/// Statuses of faults (`ntstatus.h`), and the signals that the same would be on UNIX.
const FAULTS: [(u32, i32); 7] = [
    (0xc000_0005, 11),
    (0xc000_001d, 4),
    (0xc000_0094, 8),
    (0xc000_00fd, 11),
    (0xc000_013a, 2),
    (0xc000_0374, 6),
    (0xc000_0409, 6),
];

impl Ending {
    /// By force.
    pub fn killed() -> Ending {
        Ending::by_signal(9)
    }

    fn by_signal(signal: i32) -> Ending {
        Ending { code: 128 + signal, signal: Some(signal), core_dumped: false }
    }

    /// From what the system says, and the signal that it was ended in place of.
    fn of(status: u32, sent: Option<i32>) -> Ending {
        if let Some(signal) = sent.filter(|signal| u32::try_from(128 + signal) == Ok(status)) {
            return Ending::by_signal(signal);
        }
        if let Some((_, signal)) = FAULTS.iter().find(|(fault, _)| *fault == status) {
            return Ending::by_signal(*signal);
        }
        // A status that is cut must not look like success.
        let code = i32::try_from(status).ok().filter(|status| *status <= 255).unwrap_or(255);
        Ending { code, signal: None, core_dumped: false }
    }
}

/// Ready when the shell has ended.
pub type Exit = Pin<Box<dyn Future<Output = Ending> + Send + Sync>>;

/// Waits for a process in a thread.
pub fn of(process: OwnedHandle, tree: &Arc<Tree>) -> io::Result<Exit> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let sent = tree.sent();
    std::thread::Builder::new().name("sandbox-wait".to_owned()).spawn(move || {
        let status = process::wait(&process);
        // Whoever waited may be gone.
        let _ = sender.send(Ending::of(status, sent.get()));
    })?;
    Ok(Box::pin(async move { receiver.await.unwrap_or_else(|_| Ending::killed()) }))
}
