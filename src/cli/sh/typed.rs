//! What is typed on the terminal while a command runs.

use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use sandbox::types::Stream;
use tokio::task::JoinHandle;

/// The longest line of a terminal in canonical mode, in bytes (termios(3)).
const LINE: usize = 4096;

/// The lines typed on standard input, a terminal, until the end of file is. They are read only when they are asked
/// for, so what no command reads is left to the prompt.
#[derive(Default)]
pub struct Typed {
    waits: Option<Wait>,
    ended: bool,
}

/// A thread that waits until a line has been typed, and does not read it.
struct Wait {
    thread: JoinHandle<io::Result<bool>>,
    /// The thread ends when this is closed.
    _while_open: UnixStream,
}

impl Wait {
    fn start() -> io::Result<Self> {
        let (ours, theirs) = UnixStream::pair()?;
        Ok(Wait { thread: tokio::task::spawn_blocking(move || has_line(&theirs)), _while_open: ours })
    }
}

/// Waits until standard input can be read, or the other end of `while_open` is closed; whether it was the former.
fn has_line(while_open: &UnixStream) -> io::Result<bool> {
    let input = io::stdin();
    let mut wanted =
        [PollFd::new(input.as_fd(), PollFlags::POLLIN), PollFd::new(while_open.as_fd(), PollFlags::POLLIN)];
    loop {
        match poll(&mut wanted, PollTimeout::NONE) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(_) => return Ok(wanted.first().and_then(PollFd::any).unwrap_or(false)),
        }
    }
}

/// A line that is there; empty at the end of file.
fn line() -> io::Result<Bytes> {
    let mut line = [0; LINE];
    loop {
        match nix::unistd::read(io::stdin().as_fd(), &mut line) {
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
            Ok(count) => return Ok(Bytes::copy_from_slice(line.get(..count).unwrap_or_default())),
        }
    }
}

impl Stream for Typed {
    type Item = Bytes;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if self.waits.is_none() {
            // Where the terminal cannot be waited for, commands read nothing.
            self.waits = Wait::start().ok();
        }
        let there = match &mut self.waits {
            Some(wait) => matches!(ready!(Pin::new(&mut wait.thread).poll(cx)), Ok(Ok(true))),
            None => false,
        };
        self.waits = None;
        match there.then(line) {
            Some(Ok(line)) if !line.is_empty() => Poll::Ready(Some(line)),
            _ => {
                self.ended = true;
                Poll::Ready(None)
            }
        }
    }
}
