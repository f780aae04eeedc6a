//! Opening FIFOs.
//!
//! [POSIX open(): "O_NONBLOCK clear: an open() for reading-only shall block until a thread opens the file for
//! writing"] An opener counts as a reader or writer from the moment it begins to wait, so the two sides find each
//! other whoever comes first, also when the other one is gone again before this one runs.

use super::{Fault, FifoOpening, Kernel, Pid, Pipe, PipeId, Try};
use crate::errno::Errno;
use crate::sys::Fd;
use crate::vfs::{Node, OpenFlags};

impl Kernel {
    pub(super) fn open_fifo(&mut self, pid: Pid, node: Node, flags: OpenFlags) -> Try<Fd> {
        let id = match self.fifos.get(&node) {
            Some(id) => *id,
            None => {
                let id = PipeId(self.pipes.insert(Pipe::of_fifo(node)));
                self.vfs.retain(node);
                self.fifos.insert(node, id);
                id
            }
        };
        let Some(pipe) = self.pipes.get_mut(id.0) else { return Err(Errno::ENXIO.into()) };
        let (reading, writing) = (flags.contains(OpenFlags::READ), flags.contains(OpenFlags::WRITE));
        let (other_side, seen) =
            if writing { (pipe.readers, pipe.reads_opened) } else { (pipe.writers, pipe.writes_opened) };
        if writing && !reading && other_side == 0 && flags.contains(OpenFlags::NON_BLOCK) {
            self.close_pipe(id, false, false);
            return Err(Errno::ENXIO.into());
        }
        pipe.readers += u32::from(reading);
        pipe.writers += u32::from(writing);
        pipe.reads_opened += u64::from(reading);
        pipe.writes_opened += u64::from(writing);
        let waiters: Vec<Pid> = pipe.read_waiters.drain(..).chain(pipe.write_waiters.drain(..)).collect();
        let met = (reading && writing) || other_side > 0 || flags.contains(OpenFlags::NON_BLOCK);
        if !met {
            if writing { pipe.write_waiters.push(pid) } else { pipe.read_waiters.push(pid) }
        }
        self.wake_all(waiters);
        if met {
            return Ok(self.install_fifo_end(pid, id, flags)?);
        }
        self.living_mut(pid)?.opening = Some(FifoOpening { pipe: id, writing, seen });
        Err(Fault::Block)
    }

    pub(super) fn finish_fifo(&mut self, pid: Pid, opening: FifoOpening, flags: OpenFlags) -> Try<Fd> {
        let Some(pipe) = self.pipes.get_mut(opening.pipe.0) else { return Err(Errno::ENXIO.into()) };
        let (other_side, opened, waiters) = if opening.writing {
            (pipe.readers, pipe.reads_opened, &mut pipe.write_waiters)
        } else {
            (pipe.writers, pipe.writes_opened, &mut pipe.read_waiters)
        };
        if other_side == 0 && opened == opening.seen {
            if !waiters.contains(&pid) {
                waiters.push(pid);
            }
            return Err(Fault::Block);
        }
        self.living_mut(pid)?.opening = None;
        Ok(self.install_fifo_end(pid, opening.pipe, flags)?)
    }

    /// Takes back the part of a FIFO that a process was opening when it ended or was interrupted.
    pub fn abandon_fifo(&mut self, pid: Pid) {
        if let Some(opening) = self.process_mut(pid).and_then(|process| process.opening.take()) {
            self.close_pipe(opening.pipe, !opening.writing, opening.writing);
        }
    }
}
