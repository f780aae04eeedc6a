//! Writing to descriptors.

use super::fd::{FileId, Object, Stream};
use super::{ConsoleId, Disposition, Fault, Kernel, Pid, PipeId, Signal, Try};
use crate::errno::Errno;
use crate::sys::Fd;
use crate::vfs::{At, Device, Node, OpenFlags};
use bytes::Bytes;

/// What can be written: bytes, which are copied where they cannot be shared.
pub trait Payload {
    /// The bytes.
    fn bytes(&self) -> &[u8];
    /// The first `length` of them as a chunk.
    fn chunk(&self, length: usize) -> Bytes;
}

impl Payload for Bytes {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn chunk(&self, length: usize) -> Bytes {
        self.slice(..length)
    }
}

impl Payload for [u8] {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn chunk(&self, length: usize) -> Bytes {
        Bytes::copy_from_slice(self.get(..length).unwrap_or(self))
    }
}

impl Kernel {
    /// write(2): how many bytes were taken. A write to a pipe without readers ends the process by SIGPIPE unless that
    /// is caught or ignored.
    pub fn write<P: Payload + ?Sized>(&mut self, pid: Pid, fd: Fd, data: &P) -> Try<usize> {
        let id = self.file_id(pid, fd)?;
        let file = self.file_mut(id)?;
        if !file.flags.contains(OpenFlags::WRITE) {
            return Err(Errno::EBADF.into());
        }
        match file.object {
            Object::PipeWriter(pipe) | Object::PipeBoth(pipe) => self.write_pipe(pid, pipe, data),
            Object::Regular(node) => Ok(self.write_file(id, node, &data.chunk(data.bytes().len()))?),
            Object::Console(console, stream) => self.write_console(pid, console, stream, data),
            Object::Device(_, Device::Full) => Err(Errno::ENOSPC.into()),
            Object::Device(_, Device::Tty) => Err(Errno::EIO.into()),
            Object::Device(..) => Ok(data.bytes().len()),
            Object::PipeReader(_) | Object::Directory(_) | Object::Text(..) => Err(Errno::EBADF.into()),
        }
    }

    fn write_file(&mut self, id: FileId, node: Node, data: &Bytes) -> Result<usize, Errno> {
        let now = self.clock.tick();
        let file = self.file_mut(id)?;
        let at = if file.flags.contains(OpenFlags::APPEND) { At::End } else { At::Offset(file.offset) };
        let (taken, offset) = self.vfs.write_at(node, at, data, now)?;
        self.file_mut(id)?.offset = offset;
        Ok(taken)
    }

    fn write_pipe<P: Payload + ?Sized>(&mut self, pid: Pid, id: PipeId, data: &P) -> Try<usize> {
        let length = data.bytes().len();
        if length == 0 {
            return Ok(0);
        }
        let Some(pipe) = self.pipes.get_mut(id.0) else { return Err(Errno::EPIPE.into()) };
        if pipe.readers == 0 {
            return Err(self.broken_pipe(pid));
        }
        let accepted = pipe.accepts(length);
        if accepted == 0 {
            if !pipe.write_waiters.contains(&pid) {
                pipe.write_waiters.push(pid);
            }
            return Err(Fault::Block);
        }
        pipe.push(data, accepted);
        if !pipe.read_waiters.is_empty() {
            let waiters = std::mem::take(&mut pipe.read_waiters);
            self.wake_all(waiters);
        }
        Ok(accepted)
    }

    fn broken_pipe(&mut self, pid: Pid) -> Fault {
        let disposition = self.disposition(pid, Signal::PIPE);
        self.signal(pid, Signal::PIPE);
        match disposition {
            // The process is being ended: it never sees the result.
            Disposition::Default => Fault::Block,
            Disposition::Ignore | Disposition::Catch => Errno::EPIPE.into(),
        }
    }

    fn write_console<P: Payload + ?Sized>(&mut self, pid: Pid, id: ConsoleId, stream: Stream, data: &P) -> Try<usize> {
        let length = data.bytes().len();
        let limit = self.limits.output;
        let Some(console) = self.consoles.get_mut(id.0) else { return Err(Errno::EIO.into()) };
        if console.closed {
            return Err(Errno::EIO.into());
        }
        if console.is_full() {
            if !console.waiters.contains(&pid) {
                console.waiters.push(pid);
            }
            return Err(Fault::Block);
        }
        let room = limit.saturating_sub(console.written);
        if (length as u64) > room {
            console.push(stream, data, room as usize);
            self.exceed("output", limit);
            return Err(Fault::Block);
        }
        console.push(stream, data, length);
        Ok(length)
    }
}
