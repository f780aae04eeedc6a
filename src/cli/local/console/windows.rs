//! Our own console, which a command's terminal is shown on.

use std::io::{self, Stdin, Stdout};
use std::os::windows::io::AsHandle;
use std::time::Duration;

use local_sandbox::RawConsole;
use sandbox::TerminalSize;

/// How often it is looked whether the size has changed, of which Windows tells only who reads keys as records.
const LOOK: Duration = Duration::from_millis(250);

/// Its size, if it is one.
pub fn size() -> Option<TerminalSize> {
    let size = local_sandbox::terminal_size(io::stdout().as_handle());
    size.map(|(rows, columns)| TerminalSize { rows, columns })
}

/// News that its size has changed.
pub struct Resizes(Option<TerminalSize>);

impl Resizes {
    /// From now on.
    pub fn new() -> io::Result<Resizes> {
        Ok(Resizes(size()))
    }

    /// Waits for the next.
    pub async fn next(&mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let now = size();
            if now != self.0 {
                self.0 = now;
                return;
            }
        }
    }
}

/// Our console in raw mode, until dropped.
pub struct RawMode {
    #[expect(dead_code, reason = "sets the modes back when dropped")]
    console: RawConsole<Stdin, Stdout>,
}

impl RawMode {
    /// Changes it; `None` if it is no console.
    pub fn enter() -> Option<RawMode> {
        RawConsole::enter(io::stdin(), io::stdout()).ok().map(|console| RawMode { console })
    }
}
