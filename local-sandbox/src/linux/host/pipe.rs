//! The host's ends of a command's standard streams.

use std::cell::RefCell;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use sandbox::StdinStream;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use crate::linux::sys::reactor;

const CHUNK: usize = 64 * 1024;

thread_local! {
    /// Reads land here before they are copied to chunks of their own size; one per thread instead of one per stream.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A pipe to read from: our end and the command's.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(nix::unistd::pipe2(OFlag::O_CLOEXEC)?)
}

/// A pipe in the other direction.
pub fn writable() -> io::Result<(OwnedFd, OwnedFd)> {
    let (theirs, ours) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    do_not_block(&ours)?;
    Ok((theirs, ours))
}

/// Of a descriptor just made, which has no other status flags.
fn do_not_block(fd: &OwnedFd) -> io::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

/// Reads what a command writes.
#[derive(Debug)]
pub struct Reader {
    fd: AsyncFd<OwnedFd>,
}

impl Reader {
    /// Takes a descriptor and makes it non-blocking.
    pub fn new(fd: OwnedFd) -> io::Result<Reader> {
        do_not_block(&fd)?;
        Ok(Reader { fd: reactor::watch(fd, Interest::READABLE)? })
    }

    /// What is there already, when nobody will be told of more; `None` if nothing is.
    pub fn left(&self) -> Option<Bytes> {
        read_chunk(self.fd.get_ref()).ok().flatten()
    }

    /// The next bytes; `None` at the end. A terminal whose other end is closed has ended.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
        loop {
            let mut guard = ready!(self.fd.poll_read_ready(cx))?;
            let read = guard.try_io(|fd| read_chunk(fd.get_ref()));
            match read {
                Ok(Err(error)) if error.raw_os_error() == Some(Errno::EIO as i32) => return Poll::Ready(Ok(None)),
                Ok(result) => return Poll::Ready(result),
                Err(_would_block) => {}
            }
        }
    }
}

/// The next bytes; `None` at the end.
fn read_chunk(fd: &OwnedFd) -> io::Result<Option<Bytes>> {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.resize(CHUNK, 0);
        let count = read_retrying(fd, scratch)?;
        Ok(scratch.get(..count).filter(|bytes| !bytes.is_empty()).map(Bytes::copy_from_slice))
    })
}

fn read_retrying(fd: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match nix::unistd::read(fd, buffer) {
            Err(Errno::EINTR) => {}
            other => return other.map_err(io::Error::from),
        }
    }
}

/// What still goes to a command's standard input.
pub struct Feeder {
    fd: AsyncFd<OwnedFd>,
    pending: Bytes,
    /// Never locked for sharing: a stream need not be `Sync`, and this makes the feeder so.
    source: Option<Mutex<StdinStream>>,
}

impl Feeder {
    /// Feeds `first`, then what `source` gives.
    pub fn new(fd: OwnedFd, first: Bytes, source: Option<StdinStream>) -> io::Result<Feeder> {
        Ok(Feeder { fd: reactor::watch(fd, Interest::WRITABLE)?, pending: first, source: source.map(Mutex::new) })
    }

    /// Feeds as much as goes; ready when there is no more, or nobody reads.
    pub fn poll_feed(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            if self.pending.is_empty() {
                let Some(source) = &mut self.source else { return Poll::Ready(()) };
                let source = source.get_mut().unwrap_or_else(PoisonError::into_inner);
                match ready!(source.as_mut().poll_next(cx)) {
                    Some(chunk) => self.pending = chunk,
                    None => return Poll::Ready(()),
                }
                continue;
            }
            if ready!(self.poll_write(cx)).is_err() {
                return Poll::Ready(());
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut guard = ready!(self.fd.poll_write_ready(cx))?;
            let pending = &self.pending;
            match guard.try_io(|fd| nix::unistd::write(fd.get_ref(), pending).map_err(io::Error::from)) {
                Ok(Ok(count)) => {
                    let _ = self.pending.split_to(count.min(self.pending.len()));
                    return Poll::Ready(Ok(()));
                }
                Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Poll::Ready(Err(error)),
                Err(_would_block) => {}
            }
        }
    }
}

impl std::fmt::Debug for Feeder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feeder").field("pending", &self.pending.len()).finish_non_exhaustive()
    }
}

/// Polls an optional reader: `None` and dropped when it has ended.
pub fn poll_open(reader: &mut Option<Reader>, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
    let Some(open) = reader else { return Poll::Pending };
    match ready!(Pin::new(open).get_mut().poll_chunk(cx)) {
        Ok(Some(chunk)) => Poll::Ready(Some(chunk)),
        Ok(None) | Err(_) => {
            *reader = None;
            Poll::Ready(None)
        }
    }
}
