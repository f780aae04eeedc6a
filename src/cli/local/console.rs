//! Our own terminal, which a command's is shown on.

use std::io::{self, Stdin};
use std::os::fd::AsFd;

use nix::sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr};
use sandbox::TerminalSize;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Its size, if it is one.
pub fn size() -> Option<TerminalSize> {
    let size = local_sandbox::terminal_size(io::stdin().as_fd());
    size.map(|(rows, columns)| TerminalSize { rows, columns })
}

/// News that its size has changed.
pub struct Resizes(Signal);

impl Resizes {
    /// From now on.
    pub fn new() -> io::Result<Resizes> {
        signal(SignalKind::window_change()).map(Resizes)
    }

    /// Waits for the next.
    pub async fn next(&mut self) {
        self.0.recv().await;
    }
}

/// Our terminal in raw mode, until dropped.
pub struct RawMode {
    terminal: Stdin,
    before: Termios,
}

impl RawMode {
    /// Changes it; `None` if it is no terminal.
    pub fn enter() -> Option<RawMode> {
        let terminal = io::stdin();
        let before = tcgetattr(&terminal).ok()?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(&terminal, SetArg::TCSADRAIN, &raw).ok()?;
        Some(RawMode { terminal, before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}
