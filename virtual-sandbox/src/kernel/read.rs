//! Reading from descriptors.

use super::fd::Object;
use super::{Fault, Kernel, Pid, PipeId, Try};
use crate::errno::Errno;
use crate::sys::Fd;
use crate::vfs::{Device, Node, OpenFlags};
use bytes::Bytes;

/// How much of a device one call reads in search of a delimiter.
const ENDLESS: usize = 1 << 20;

/// The most one read of an endless device answers.
const DEVICE_READ: usize = 65_536;

impl Kernel {
    /// read(2): at most `max` bytes; empty at end of file.
    pub fn read(&mut self, pid: Pid, fd: Fd, max: usize) -> Try<Bytes> {
        let id = self.file_id(pid, fd)?;
        let file = self.file_mut(id)?;
        if !file.flags.contains(OpenFlags::READ) {
            return Err(Errno::EBADF.into());
        }
        let offset = file.offset;
        let data = match &file.object {
            Object::PipeReader(pipe) | Object::PipeBoth(pipe) => {
                let pipe = *pipe;
                return self.read_pipe(pid, pipe, max);
            }
            Object::Regular(node) => {
                let node = *node;
                self.read_node(node, offset, max)?
            }
            Object::Text(_, text) => slice(text, offset, max),
            Object::Device(_, device) => {
                let device = *device;
                return Ok(self.read_device(device, max)?);
            }
            Object::Directory(_) => return Err(Errno::EISDIR.into()),
            Object::PipeWriter(_) | Object::Console(..) => return Err(Errno::EBADF.into()),
        };
        self.file_mut(id)?.offset = offset + data.len() as u64;
        Ok(data)
    }

    /// pread(2): the file offset stays.
    pub fn read_at(&mut self, pid: Pid, fd: Fd, offset: u64, max: usize) -> Result<Bytes, Errno> {
        let file = self.file(pid, fd)?;
        if !file.flags.contains(OpenFlags::READ) {
            return Err(Errno::EBADF);
        }
        match &file.object {
            Object::Regular(node) => {
                let node = *node;
                self.read_node(node, offset, max)
            }
            Object::Text(_, text) => Ok(slice(text, offset, max)),
            Object::Directory(_) => Err(Errno::EISDIR),
            Object::Device(_, device) => {
                let device = *device;
                self.read_device(device, max)
            }
            _ => Err(Errno::ESPIPE),
        }
    }

    fn read_node(&mut self, node: Node, offset: u64, max: usize) -> Result<Bytes, Errno> {
        let data = self.vfs.read_at(node, offset, max)?;
        self.vfs.accessed(node, self.clock.timestamp());
        Ok(data)
    }

    fn read_device(&mut self, device: Device, max: usize) -> Result<Bytes, Errno> {
        match device {
            Device::Null => Ok(Bytes::new()),
            Device::Zero | Device::Full => Ok(zeros(max.min(DEVICE_READ))),
            Device::Random | Device::Urandom => Ok(self.entropy.bytes(max.min(DEVICE_READ))),
            Device::Tty => Err(Errno::EIO),
        }
    }

    fn read_pipe(&mut self, pid: Pid, id: PipeId, max: usize) -> Try<Bytes> {
        self.wait_for_input(pid, id)?;
        let Some(pipe) = self.pipes.get_mut(id.0) else { return Ok(Bytes::new()) };
        let data = pipe.take(max);
        self.wake_writers(id);
        Ok(data)
    }

    /// Blocks while a pipe is empty and has writers.
    fn wait_for_input(&mut self, pid: Pid, id: PipeId) -> Try<()> {
        let Some(pipe) = self.pipes.get_mut(id.0) else { return Ok(()) };
        if pipe.is_empty() && pipe.writers > 0 && !pipe.typed_end {
            if !pipe.read_waiters.contains(&pid) {
                pipe.read_waiters.push(pid);
            }
            return Err(Fault::Block);
        }
        Ok(())
    }

    fn wake_writers(&mut self, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(id.0) else { return };
        if !pipe.write_waiters.is_empty() {
            let waiters = std::mem::take(&mut pipe.write_waiters);
            self.wake_all(waiters);
        }
    }

    /// Reads up to and including `delimiter`, at most `max` bytes, appending to `into`: what reading byte by byte
    /// comes to, so nothing behind the delimiter is consumed. Answers whether the delimiter was met; `false` with
    /// nothing more to come is the end of file. When it must wait, what has been read so far stays in `into`.
    pub fn read_until(&mut self, pid: Pid, fd: Fd, delimiter: u8, max: usize, into: &mut Vec<u8>) -> Try<bool> {
        let id = self.file_id(pid, fd)?;
        let limit = into.len().saturating_add(max);
        let before = into.len();
        loop {
            let left = limit - into.len();
            if left == 0 {
                return Ok(false);
            }
            let file = self.file_mut(id)?;
            if !file.flags.contains(OpenFlags::READ) {
                return Err(Errno::EBADF.into());
            }
            if let Object::PipeReader(pipe) | Object::PipeBoth(pipe) = file.object {
                let before = into.len();
                self.wait_for_input(pid, pipe)?;
                let Some(data) = self.pipes.get_mut(pipe.0) else { return Ok(false) };
                let met = data.take_until(delimiter, left, into);
                self.wake_writers(pipe);
                if met || into.len() == before {
                    return Ok(met);
                }
                continue;
            }
            let start = self.file_mut(id)?.offset;
            let seekable = matches!(self.file_mut(id)?.object, Object::Regular(_) | Object::Text(..));
            if !seekable && into.len() - before > ENDLESS {
                // An endless device without the delimiter: others get their turn, limits and timeouts theirs.
                self.wake_soon(pid);
                return Err(Fault::Block);
            }
            let data = self.read(pid, fd, if seekable { left.min(4096) } else { 1 })?;
            if data.is_empty() {
                return Ok(false);
            }
            match memchr::memchr(delimiter, &data) {
                Some(at) => {
                    into.extend_from_slice(data.get(..=at).unwrap_or_default());
                    if seekable {
                        self.file_mut(id)?.offset = start + at as u64 + 1;
                    }
                    return Ok(true);
                }
                None => into.extend_from_slice(&data),
            }
        }
    }

    /// Whether a read now would meet the end of the file.
    pub fn at_end(&self, pid: Pid, fd: Fd) -> bool {
        let Ok(file) = self.file(pid, fd) else { return true };
        match &file.object {
            Object::PipeReader(pipe) | Object::PipeBoth(pipe) => {
                self.pipes.get(pipe.0).is_none_or(|pipe| pipe.is_empty() && (pipe.writers == 0 || pipe.typed_end))
            }
            Object::Regular(node) => self.vfs.len(*node).is_ok_and(|length| file.offset >= length),
            Object::Text(_, text) => file.offset >= text.len() as u64,
            Object::Device(_, device) => *device == Device::Null,
            _ => true,
        }
    }

    /// Whether a read would not wait (`read -t 0`).
    pub fn input_ready(&self, pid: Pid, fd: Fd) -> Result<bool, Errno> {
        match &self.file(pid, fd)?.object {
            Object::PipeReader(pipe) | Object::PipeBoth(pipe) => {
                Ok(self.pipes.get(pipe.0).is_none_or(|pipe| !pipe.is_empty() || pipe.writers == 0 || pipe.typed_end))
            }
            _ => Ok(true),
        }
    }
}

fn slice(text: &Bytes, offset: u64, max: usize) -> Bytes {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
    text.slice(start..text.len().min(start.saturating_add(max)))
}

/// NUL bytes, shared.
fn zeros(count: usize) -> Bytes {
    static ZEROS: [u8; DEVICE_READ] = [0; DEVICE_READ];
    Bytes::from_static(&ZEROS).slice(..count.min(DEVICE_READ))
}
