//! Descriptors: open, close, duplicate, pipes.

use super::fd::{FdEntry, FileId, Object, OpenFile, Stream};
use super::{Console, ConsoleId, Fault, Kernel, Pid, Pipe, PipeId, SAVED_FD, Try};
use crate::errno::Errno;
use crate::sys::{Fd, Whence};
use crate::vfs::{Device, Follow, OpenFlags, Opened, Stat};
use bytes::Bytes;

impl Kernel {
    /// The open file description behind a descriptor.
    pub fn file(&self, pid: Pid, fd: Fd) -> Result<&OpenFile, Errno> {
        let entry = self.living(pid)?.fds.get(fd).ok_or(Errno::EBADF)?;
        self.files.get(entry.file.0).ok_or(Errno::EBADF)
    }

    pub(super) fn file_id(&self, pid: Pid, fd: Fd) -> Result<FileId, Errno> {
        Ok(self.living(pid)?.fds.get(fd).ok_or(Errno::EBADF)?.file)
    }

    pub(super) fn file_mut(&mut self, id: FileId) -> Result<&mut OpenFile, Errno> {
        self.files.get_mut(id.0).ok_or(Errno::EBADF)
    }

    /// Makes a new description and gives it the lowest free descriptor not below `from`.
    fn install(&mut self, pid: Pid, object: Object, flags: OpenFlags, from: Fd) -> Result<Fd, Errno> {
        let fd = self.free_descriptor(pid, from)?;
        let file = FileId(self.files.insert(OpenFile { references: 1, object, offset: 0, flags }));
        self.living_mut(pid)?.fds.set(fd, FdEntry { file, close_on_exec: false });
        Ok(fd)
    }

    fn free_descriptor(&self, pid: Pid, from: Fd) -> Result<Fd, Errno> {
        let fd = self.living(pid)?.fds.lowest_free(from);
        // Places of the shell's own are not counted against the script.
        if fd.0 >= self.limits.descriptors && from < SAVED_FD { Err(Errno::EMFILE) } else { Ok(fd) }
    }

    /// open(2): the lowest free descriptor. Opening a FIFO waits for its other side.
    pub fn open(&mut self, pid: Pid, path: &[u8], flags: OpenFlags, mode: u32) -> Try<Fd> {
        self.free_descriptor(pid, Fd(0))?;
        if let Some(opening) = self.living(pid)?.opening {
            return self.finish_fifo(pid, opening, flags);
        }
        let now = self.clock.tick();
        let opened = self.with_context(pid, now, |vfs, context| vfs.open(context, path, flags, mode))?;
        let object = match opened {
            Opened::Regular(node) => {
                self.vfs.retain(node);
                Object::Regular(node)
            }
            Opened::Directory(node) => {
                self.vfs.retain(node);
                Object::Directory(node)
            }
            Opened::Fifo(node) => return self.open_fifo(pid, node, flags),
            // A machine without a controlling terminal; tty(4) says ENXIO.
            Opened::Device(_, Device::Tty) => return Err(Errno::ENXIO.into()),
            Opened::Device(node, device) => Object::Device(node, device),
            Opened::Text(node, text) => Object::Text(node, text),
            Opened::Named(_) => return Err(Errno::EINVAL.into()),
            Opened::Descriptor { pid: owner, fd } => return Ok(self.duplicate_from(pid, Pid(owner), Fd(fd), flags)?),
        };
        Ok(self.install(pid, object, flags, Fd(0))?)
    }

    /// Opens `/proc/PID/fd/N`. Linux opens the file anew where there is one to open; pipes and consoles are shared.
    fn duplicate_from(&mut self, pid: Pid, owner: Pid, fd: Fd, flags: OpenFlags) -> Result<Fd, Errno> {
        let file = self.file_id(owner, fd)?;
        let open = self.file_mut(file)?;
        match open.object.clone() {
            Object::Regular(node) => {
                self.vfs.retain(node);
                if flags.contains(OpenFlags::TRUNCATE) && flags.contains(OpenFlags::WRITE) {
                    let now = self.clock.tick();
                    self.vfs.set_len(node, 0, now)?;
                }
                self.install(pid, Object::Regular(node), flags, Fd(0))
            }
            Object::Text(node, text) => self.install(pid, Object::Text(node, text), flags, Fd(0)),
            Object::Directory(node) => {
                self.vfs.retain(node);
                self.install(pid, Object::Directory(node), flags, Fd(0))
            }
            _ => {
                let fd = self.free_descriptor(pid, Fd(0))?;
                self.file_mut(file)?.references += 1;
                self.living_mut(pid)?.fds.set(fd, FdEntry { file, close_on_exec: false });
                Ok(fd)
            }
        }
    }

    pub(super) fn install_fifo_end(&mut self, pid: Pid, pipe: PipeId, flags: OpenFlags) -> Result<Fd, Errno> {
        let object = if flags.contains(OpenFlags::READ_WRITE) {
            Object::PipeBoth(pipe)
        } else if flags.contains(OpenFlags::WRITE) {
            Object::PipeWriter(pipe)
        } else {
            Object::PipeReader(pipe)
        };
        self.install(pid, object, flags, Fd(0))
    }

    /// close(2).
    pub fn close(&mut self, pid: Pid, fd: Fd) -> Result<(), Errno> {
        let entry = self.living_mut(pid)?.fds.remove(fd).ok_or(Errno::EBADF)?;
        self.release_file(entry.file);
        Ok(())
    }

    /// Drops one reference to a description; the last one closes it.
    pub(super) fn release_file(&mut self, id: FileId) {
        let Some(file) = self.files.get_mut(id.0) else { return };
        file.references -= 1;
        if file.references > 0 {
            return;
        }
        let Some(file) = self.files.remove(id.0) else { return };
        match file.object {
            Object::Regular(node) | Object::Directory(node) => self.vfs.release(node),
            Object::PipeReader(pipe) => self.close_pipe(pipe, true, false),
            Object::PipeWriter(pipe) => self.close_pipe(pipe, false, true),
            Object::PipeBoth(pipe) => self.close_pipe(pipe, true, true),
            Object::Console(console, _) => self.close_console_writer(console),
            Object::Device(..) | Object::Text(..) => {}
        }
    }

    pub(super) fn close_pipe(&mut self, id: PipeId, reader: bool, writer: bool) {
        let Some(pipe) = self.pipes.get_mut(id.0) else { return };
        pipe.readers -= u32::from(reader);
        pipe.writers -= u32::from(writer);
        let mut waiters = smallvec::SmallVec::<[Pid; 4]>::new();
        if pipe.writers == 0 {
            waiters.extend(pipe.read_waiters.drain(..));
        }
        if pipe.readers == 0 {
            waiters.extend(pipe.write_waiters.drain(..));
        }
        if pipe.readers == 0
            && pipe.writers == 0
            && let Some(pipe) = self.pipes.remove(id.0)
        {
            pipe.fifo.map(|node| {
                self.vfs.release(node);
                self.fifos.remove(&node)
            });
        }
        self.wake_all(waiters);
    }

    /// dup2(2).
    pub fn dup2(&mut self, pid: Pid, from: Fd, to: Fd) -> Result<(), Errno> {
        if to.0 >= self.limits.descriptors {
            return Err(Errno::EBADF);
        }
        let file = self.file_id(pid, from)?;
        if from == to {
            return Ok(());
        }
        self.file_mut(file)?.references += 1;
        let replaced = self.living_mut(pid)?.fds.set(to, FdEntry { file, close_on_exec: false });
        if let Some(old) = replaced {
            self.release_file(old.file);
        }
        Ok(())
    }

    /// fcntl(F_DUPFD): the lowest free descriptor not below `from`.
    pub fn dup_from(&mut self, pid: Pid, fd: Fd, from: Fd, close_on_exec: bool) -> Result<Fd, Errno> {
        let file = self.file_id(pid, fd)?;
        let to = self.free_descriptor(pid, from)?;
        self.file_mut(file)?.references += 1;
        self.living_mut(pid)?.fds.set(to, FdEntry { file, close_on_exec });
        Ok(to)
    }

    /// Gives another process a descriptor.
    pub fn copy_fd(&mut self, owner: Pid, from: Fd, pid: Pid, to: Fd) -> Result<(), Errno> {
        let file = self.file_id(owner, from)?;
        self.file_mut(file)?.references += 1;
        let replaced = self.living_mut(pid)?.fds.set(to, FdEntry { file, close_on_exec: false });
        if let Some(old) = replaced {
            self.release_file(old.file);
        }
        Ok(())
    }

    /// Moves a descriptor's entry to `to`, closing what was there.
    pub fn move_fd(&mut self, pid: Pid, from: Fd, to: Fd) -> Result<(), Errno> {
        if from == to {
            return Ok(());
        }
        self.dup2(pid, from, to)?;
        self.close(pid, from)
    }

    /// Puts a descriptor's entry away, at the lowest free place from `from`; `None` when it is not open.
    pub fn save_fd(&mut self, pid: Pid, fd: Fd, from: Fd) -> Option<Fd> {
        let process = self.processes.get_mut(&pid)?;
        let entry = process.fds.remove(fd)?;
        let place = process.fds.lowest_free(from);
        process.fds.set(place, entry);
        Some(place)
    }

    /// Brings an entry that was put away back to `fd`, closing what is there.
    pub fn restore_fd(&mut self, pid: Pid, saved: Fd, fd: Fd) -> Result<(), Errno> {
        let process = self.living_mut(pid)?;
        let entry = process.fds.remove(saved).ok_or(Errno::EBADF)?;
        if let Some(replaced) = process.fds.set(fd, entry) {
            self.release_file(replaced.file);
        }
        Ok(())
    }

    /// Whether the descriptor is open.
    pub fn is_open(&self, pid: Pid, fd: Fd) -> bool {
        self.file_id(pid, fd).is_ok()
    }

    /// Sets the close-on-exec flag.
    pub fn set_close_on_exec(&mut self, pid: Pid, fd: Fd, on: bool) -> Result<(), Errno> {
        let process = self.living_mut(pid)?;
        let entry = process.fds.get(fd).ok_or(Errno::EBADF)?;
        process.fds.set(fd, FdEntry { close_on_exec: on, ..entry });
        Ok(())
    }

    /// Closes the descriptors that execve(2) closes.
    pub fn close_on_exec(&mut self, pid: Pid) {
        let Some(process) = self.processes.get(&pid) else { return };
        let closing: smallvec::SmallVec<[Fd; 4]> =
            process.fds.iter().filter(|(_, entry)| entry.close_on_exec).map(|(fd, _)| fd).collect();
        for fd in closing {
            let _ = self.close(pid, fd);
        }
    }

    /// pipe(2): `(read end, write end)`, the lowest free descriptors not below `from`.
    pub fn pipe(&mut self, pid: Pid, from: Fd) -> Result<(Fd, Fd), Errno> {
        let pipe = PipeId(self.pipes.insert(Pipe::new(1, 1)));
        let read = match self.install(pid, Object::PipeReader(pipe), OpenFlags::READ, from) {
            Ok(fd) => fd,
            Err(errno) => {
                self.pipes.remove(pipe.0);
                return Err(errno);
            }
        };
        match self.install(pid, Object::PipeWriter(pipe), OpenFlags::WRITE, from) {
            Ok(write) => Ok((read, write)),
            Err(errno) => {
                self.close(pid, read)?;
                self.close_pipe(pipe, false, true);
                Err(errno)
            }
        }
    }

    /// Opens a readable file with `content` that has no name, the way here-documents are read.
    pub fn open_text(&mut self, pid: Pid, content: Bytes) -> Result<Fd, Errno> {
        let pipe = PipeId(self.pipes.insert(Pipe::new(1, 0)));
        if let Some(pipe) = self.pipes.get_mut(pipe.0) {
            pipe.push(&content, content.len());
        }
        self.install(pid, Object::PipeReader(pipe), OpenFlags::READ, Fd(0))
    }

    /// A pipe that the host writes: its reading end as `fd` of `pid`.
    pub fn open_host_input(&mut self, pid: Pid, fd: Fd, terminal: bool) -> Result<PipeId, Errno> {
        let id = PipeId(self.pipes.insert(Pipe::of_host(terminal)));
        let opened = self.install(pid, Object::PipeReader(id), OpenFlags::READ, Fd(0))?;
        self.move_fd(pid, opened, fd)?;
        Ok(id)
    }

    /// The host writes to a pipe of its own; false when nobody reads it any more.
    pub fn feed(&mut self, id: PipeId, data: &Bytes) -> bool {
        let Some(pipe) = self.pipes.get_mut(id.0) else { return false };
        if pipe.readers == 0 {
            return false;
        }
        pipe.push(data, data.len());
        let waiters = std::mem::take(&mut pipe.read_waiters);
        self.wake_all(waiters);
        true
    }

    /// Room left in a pipe that the host writes.
    pub fn feed_room(&self, id: PipeId) -> usize {
        self.pipes.get(id.0).map_or(0, Pipe::room)
    }

    /// Whether somebody waits for more from a pipe that the host writes.
    pub fn wants_feed(&self, id: PipeId) -> bool {
        self.pipes.get(id.0).is_some_and(|pipe| pipe.is_empty() && !pipe.read_waiters.is_empty())
    }

    /// Forgets what waits in a pipe that the host writes, and that its end was typed.
    pub fn restart_feed(&mut self, id: PipeId) {
        if let Some(pipe) = self.pipes.get_mut(id.0) {
            pipe.clear();
            pipe.typed_end = false;
        }
    }

    /// The end of file is typed: readers see it until the feed restarts, the pipe stays open.
    pub fn type_end(&mut self, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(id.0) else { return };
        pipe.typed_end = true;
        let waiters = std::mem::take(&mut pipe.read_waiters);
        self.wake_all(waiters);
    }

    /// The host closes its pipe: readers see the end of file.
    pub fn end_feed(&mut self, id: PipeId) {
        self.close_pipe(id, false, true);
    }

    /// A new console.
    pub fn create_console(&mut self, terminal: bool) -> ConsoleId {
        ConsoleId(self.consoles.insert(Console::new(terminal)))
    }

    /// Opens a console's stream as `fd`.
    pub fn open_console(&mut self, pid: Pid, console: ConsoleId, stream: Stream, fd: Fd) -> Result<(), Errno> {
        let opened = self.install(pid, Object::Console(console, stream), OpenFlags::WRITE, Fd(0))?;
        if let Some(console) = self.consoles.get_mut(console.0) {
            console.writers += 1;
        }
        self.move_fd(pid, opened, fd)
    }

    /// A console.
    pub fn console(&self, id: ConsoleId) -> Option<&Console> {
        self.consoles.get(id.0)
    }

    fn close_console_writer(&mut self, id: ConsoleId) {
        if let Some(console) = self.consoles.get_mut(id.0) {
            console.writers -= 1;
            if console.closed && console.writers == 0 {
                self.consoles.remove(id.0);
            }
        }
    }

    /// Takes output from a console and wakes its writers.
    pub fn take_output(&mut self, id: ConsoleId) -> Option<(Stream, Bytes)> {
        let console = self.consoles.get_mut(id.0)?;
        let output = console.take();
        if !console.is_full() && !console.waiters.is_empty() {
            let waiters = std::mem::take(&mut console.waiters);
            self.wake_all(waiters);
        }
        output
    }

    /// The host leaves: later writes fail with EIO.
    pub fn close_console(&mut self, id: ConsoleId) {
        let Some(console) = self.consoles.get_mut(id.0) else { return };
        console.closed = true;
        let waiters = std::mem::take(&mut console.waiters);
        if console.writers == 0 {
            self.consoles.remove(id.0);
        }
        self.wake_all(waiters);
    }

    /// lseek(2).
    pub fn seek(&mut self, pid: Pid, fd: Fd, whence: Whence, offset: i64) -> Result<u64, Errno> {
        let id = self.file_id(pid, fd)?;
        let file = self.file_mut(id)?;
        let (object, current) = (file.object.clone(), file.offset);
        let end = match object {
            Object::Regular(node) => self.stat_of(pid, node)?.size,
            Object::Text(_, text) => text.len() as u64,
            Object::Directory(_) | Object::Device(..) => 0,
            _ => return Err(Errno::ESPIPE),
        };
        let base = match whence {
            Whence::Start => 0,
            Whence::Current => current,
            Whence::End => end,
        };
        let target = i64::try_from(base).ok().and_then(|base| base.checked_add(offset)).ok_or(Errno::EINVAL)?;
        let target = u64::try_from(target).map_err(|_| Errno::EINVAL)?;
        self.file_mut(id)?.offset = target;
        Ok(target)
    }

    /// fstat(2).
    pub fn fstat(&self, pid: Pid, fd: Fd) -> Result<Stat, Errno> {
        let object = &self.file(pid, fd)?.object;
        let node = match object {
            Object::Regular(node) | Object::Directory(node) | Object::Device(node, _) | Object::Text(node, _) => {
                Some(*node)
            }
            Object::PipeReader(pipe) | Object::PipeWriter(pipe) | Object::PipeBoth(pipe) => {
                self.pipes.get(pipe.0).and_then(|pipe| pipe.fifo)
            }
            Object::Console(..) => None,
        };
        match node {
            Some(node) => self.stat_of(pid, node),
            None => Ok(object.anonymous_stat(&self.consoles, &self.living(pid)?.cred, self.clock.timestamp())),
        }
    }

    /// isatty(3).
    pub fn is_terminal(&self, pid: Pid, fd: Fd) -> bool {
        match self.file(pid, fd).map(|file| &file.object) {
            Ok(Object::Console(console, _)) => self.consoles.get(console.0).is_some_and(|console| console.terminal),
            // The host's input of a terminal session.
            Ok(Object::PipeReader(pipe)) => self.pipes.get(pipe.0).is_some_and(|pipe| pipe.terminal),
            _ => false,
        }
    }

    /// Whether the descriptor writes to a pipe without readers.
    pub fn is_broken(&self, pid: Pid, fd: Fd) -> bool {
        match self.file(pid, fd).map(|file| file.object.clone()) {
            Ok(Object::PipeWriter(pipe)) => self.pipes.get(pipe.0).is_none_or(|pipe| pipe.readers == 0),
            _ => false,
        }
    }

    /// ftruncate(2).
    pub fn ftruncate(&mut self, pid: Pid, fd: Fd, len: u64) -> Result<(), Errno> {
        let file = self.file(pid, fd)?;
        if !file.flags.contains(OpenFlags::WRITE) {
            return Err(Errno::EINVAL);
        }
        match file.object {
            Object::Regular(node) => {
                let now = self.clock.tick();
                self.vfs.set_len(node, len, now)
            }
            _ => Err(Errno::EINVAL),
        }
    }

    pub(super) fn stat_of(&self, pid: Pid, node: crate::vfs::Node) -> Result<Stat, Errno> {
        self.with_view(pid, |vfs, context| vfs.stat_node(context, node))
    }

    /// stat(2) and lstat(2).
    pub fn stat(&self, pid: Pid, path: &[u8], follow: Follow) -> Result<Stat, Errno> {
        self.with_view(pid, |vfs, context| vfs.stat(context, path, follow))
    }
}

impl From<Fault> for Errno {
    /// For callers that cannot wait: EAGAIN.
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Errno(errno) => errno,
            Fault::Block => Errno::EAGAIN,
        }
    }
}
