//! Messages with descriptors over `SOCK_SEQPACKET` sockets: one `send` is one `receive`, or end of file.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};

/// The most bytes one message carries; a larger payload travels in a memfd.
pub const MESSAGE_MAX: usize = 64 * 1024;

/// The most descriptors one message carries.
pub const DESCRIPTORS_MAX: usize = 16;

/// Makes a connected pair; both ends close on exec.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

/// Sends one message; blocks only if the socket does and `flags` do not say otherwise.
pub fn send(socket: BorrowedFd<'_>, bytes: &[u8], descriptors: &[BorrowedFd<'_>], wait: bool) -> io::Result<()> {
    let raw: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
    let mut flags = MsgFlags::MSG_NOSIGNAL;
    if !wait {
        flags |= MsgFlags::MSG_DONTWAIT;
    }
    loop {
        match sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(bytes)], control, flags, None) {
            Ok(_) => return Ok(()),
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}

/// What one `receive` brought.
#[derive(Debug)]
pub struct Received {
    /// Bytes of the message in the caller's buffer; 0 is end of file.
    pub length: usize,
    /// Descriptors that came along, all close-on-exec.
    pub descriptors: Vec<OwnedFd>,
}

/// Receives one message into `buffer`; with `wait` false, `WouldBlock` when there is none.
///
/// A message longer than the buffer is an error: both sides keep to [`MESSAGE_MAX`].
#[expect(unsafe_code, reason = "takes ownership of received descriptors")]
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8], wait: bool) -> io::Result<Received> {
    let mut flags = MsgFlags::MSG_CMSG_CLOEXEC;
    if !wait {
        flags |= MsgFlags::MSG_DONTWAIT;
    }
    let mut space = nix::cmsg_space!([RawFd; DESCRIPTORS_MAX]);
    loop {
        let mut parts = [IoSliceMut::new(buffer)];
        let message = match recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), flags) {
            Ok(message) => message,
            Err(Errno::EINTR) => continue,
            // The other end closed with our last message unread: for us that is its end.
            Err(Errno::ECONNRESET) => return Ok(Received { length: 0, descriptors: Vec::new() }),
            Err(errno) => return Err(errno.into()),
        };
        let mut descriptors = Vec::new();
        for control in message.cmsgs()? {
            if let ControlMessageOwned::ScmRights(raw) = control {
                for fd in raw {
                    // JUSTIFICATION: descriptors arrive as plain numbers; only the receiver can own them.
                    // SAFETY: the kernel has just installed `fd` for this process and nobody else knows the number.
                    descriptors.push(unsafe { OwnedFd::from_raw_fd(fd) });
                }
            }
        }
        if message.flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC) {
            return Err(io::Error::from(Errno::EMSGSIZE));
        }
        return Ok(Received { length: message.bytes, descriptors });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn a_message_keeps_its_borders_and_its_descriptors() {
        let (a, b) = pair().expect("a socket pair");
        let null = std::fs::File::open("/dev/null").expect("/dev/null");
        send(a.as_fd(), b"one", &[null.as_fd()], true).expect("send");
        send(a.as_fd(), b"two", &[], true).expect("send");
        let mut buffer = [0; 64];
        let first = receive(b.as_fd(), &mut buffer, true).expect("receive");
        assert_eq!((first.length, first.descriptors.len()), (3, 1));
        let second = receive(b.as_fd(), &mut buffer, true).expect("receive");
        assert_eq!((second.length, second.descriptors.len()), (3, 0));
        assert_eq!(&buffer[..3], b"two");
    }

    #[test]
    fn the_end_of_the_other_side_is_a_message_of_no_bytes() {
        let (a, b) = pair().expect("a socket pair");
        drop(a);
        let end = receive(b.as_fd(), &mut [0; 8], true).expect("receive");
        assert_eq!(end.length, 0);
    }
}
