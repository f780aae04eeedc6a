//! Pipes to commands, and the ends of terminals, as the runtime polls them.

use std::io;
use std::os::fd::OwnedFd;

use tokio::net::unix::pipe;

/// What a command writes. A terminal whose other end is closed fails, which is its end.
pub type Reader = pipe::Receiver;
/// What a command reads.
pub type Writer = pipe::Sender;

/// A pipe: our end and the command's.
pub fn readable() -> io::Result<(Reader, OwnedFd)> {
    let (ours, theirs) = io::pipe()?;
    Ok((Reader::from_owned_fd(ours.into())?, theirs.into()))
}

/// A pipe in the other direction.
pub fn writable() -> io::Result<(Writer, OwnedFd)> {
    let (theirs, ours) = io::pipe()?;
    Ok((Writer::from_owned_fd(ours.into())?, theirs.into()))
}

/// Both directions of a terminal's master.
pub fn of_terminal(master: &OwnedFd) -> io::Result<(Reader, Writer)> {
    use nix::fcntl::{FcntlArg, OFlag, fcntl};
    // Shared by all copies of the descriptor.
    let flags = OFlag::from_bits_retain(fcntl(master, FcntlArg::F_GETFL)?);
    fcntl(master, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    let reader = Reader::from_owned_fd_unchecked(master.try_clone()?)?;
    Ok((reader, Writer::from_owned_fd_unchecked(master.try_clone()?)?))
}
