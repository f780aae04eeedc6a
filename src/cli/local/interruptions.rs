//! What asks us to end.

use std::io;
use std::task::Poll;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, ctrl_break, ctrl_c, ctrl_close};

/// The signals that ask us to end; the script is asked in turn.
pub struct Interruptions {
    #[cfg(unix)]
    signals: Vec<(i32, Signal)>,
    #[cfg(windows)]
    signals: (CtrlC, CtrlBreak, CtrlClose),
}

#[cfg(unix)]
impl Interruptions {
    /// Listens for INT, TERM, HUP and QUIT.
    pub fn new() -> io::Result<Interruptions> {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()];
        let signals =
            kinds.into_iter().map(|kind| Ok((kind.as_raw_value(), signal(kind)?))).collect::<io::Result<_>>()?;
        Ok(Interruptions { signals })
    }

    /// The next one's number.
    pub async fn next(&mut self) -> i32 {
        std::future::poll_fn(|cx| {
            for (number, signal) in &mut self.signals {
                if signal.poll_recv(cx).is_ready() {
                    return Poll::Ready(*number);
                }
            }
            Poll::Pending
        })
        .await
    }
}

#[cfg(windows)]
impl Interruptions {
    /// Listens for Ctrl-C, Ctrl-Break and the console's closing.
    pub fn new() -> io::Result<Interruptions> {
        Ok(Interruptions { signals: (ctrl_c()?, ctrl_break()?, ctrl_close()?) })
    }

    /// The number of the signal that the next one would be on UNIX: INT, QUIT, HUP.
    pub async fn next(&mut self) -> i32 {
        let (interrupt, quit, close) = &mut self.signals;
        std::future::poll_fn(|cx| {
            let asked = [
                (2, interrupt.poll_recv(cx).is_ready()),
                (3, quit.poll_recv(cx).is_ready()),
                (1, close.poll_recv(cx).is_ready()),
            ];
            let first = asked.into_iter().find(|(_, is_ready)| *is_ready);
            first.map_or(Poll::Pending, |(number, _)| Poll::Ready(number))
        })
        .await
    }
}
