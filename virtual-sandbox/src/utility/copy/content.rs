//! The content of regular files, and of special files that are read.

use super::engine::{Copier, Failed};
use super::{CopyOptions, Sparse};
use crate::errno::Errno;
use crate::sys::{Fd, Whence};
use crate::text::quoting::quote_always;
use crate::vfs::{FileKind, OpenFlags, Stat};
use bytes::Bytes;

/// Runs of NUL bytes of at least this size become holes.
const HOLE: usize = 4096;

impl Copier {
    /// Copies the content of `source`; the destination's file is created unless it is there.
    pub(super) async fn copy_content(
        &mut self,
        source: &Bytes,
        stat: &Stat,
        path: &Bytes,
        new: &mut bool,
    ) -> Result<(), Failed> {
        let input = match self.sys.open_read(source.clone()).await {
            Ok(fd) => fd,
            Err(errno) => {
                let message = [b"cannot open ", quote_always(source).as_slice(), b" for reading"].concat();
                return self.fail_with(message, errno).await;
            }
        };
        let output = match self.open_output(stat, path, new).await {
            Ok(fd) => fd,
            Err(failed) => {
                let _ = self.sys.close(input).await;
                return Err(failed);
            }
        };
        let copied =
            if self.options.attributes_only { Ok(()) } else { self.transfer(input, output, stat, source, path).await };
        // Closing a file of the machine's own does not fail.
        let _ = self.sys.close(input).await;
        let _ = self.sys.close(output).await;
        copied
    }

    async fn open_output(&mut self, stat: &Stat, path: &Bytes, new: &mut bool) -> Result<Fd, Failed> {
        let mut refused = None;
        if !*new {
            let truncate = if self.options.attributes_only { OpenFlags::default() } else { OpenFlags::TRUNCATE };
            match self.sys.open(path.clone(), OpenFlags::WRITE | truncate, 0).await {
                Ok(fd) => return Ok(fd),
                Err(errno) => refused = Some(errno),
            }
            if self.options.force {
                if let Err(errno) = self.sys.unlink(path.clone()).await {
                    return self.fail_with([b"cannot remove ", quote_always(path).as_slice()].concat(), errno).await;
                }
                if self.options.verbose {
                    self.out.put(&[b"removed ", quote_always(path).as_slice(), b"\n"].concat());
                }
                (*new, refused) = (true, None);
            }
        }
        if refused.is_none() {
            let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUSIVE;
            // Until the owner is set, others get no more than the source's owner let them have.
            let mode = if self.options.preserve_ownership { stat.mode & 0o700 } else { stat.mode & 0o777 };
            match self.sys.open(path.clone(), flags, mode | 0o200).await {
                Ok(fd) => return Ok(fd),
                Err(Errno::EEXIST) if self.sys.lstat(path.clone()).await.is_ok_and(|stat| stat.is_symlink()) => {
                    let message = [b"not writing through dangling symlink ", quote_always(path).as_slice()].concat();
                    return self.fail(message).await;
                }
                // A name that ends in a slash would have to be a directory that exists.
                Err(Errno::EISDIR) if path.ends_with(b"/") => refused = Some(Errno::ENOTDIR),
                Err(errno) => refused = Some(errno),
            }
        }
        let message = [b"cannot create regular file ", quote_always(path).as_slice()].concat();
        self.fail_with(message, refused.unwrap_or(Errno::EIO)).await
    }

    async fn transfer(
        &mut self,
        input: Fd,
        output: Fd,
        stat: &Stat,
        source: &Bytes,
        path: &Bytes,
    ) -> Result<(), Failed> {
        let holes = makes_holes(&self.options, stat);
        let mut pending_hole = 0;
        loop {
            let chunk = match self.sys.read_chunk(input).await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(errno) => {
                    return self.fail_with([b"error reading ", quote_always(source).as_slice()].concat(), errno).await;
                }
            };
            let written = if holes {
                self.write_sparsely(output, chunk, &mut pending_hole).await
            } else {
                self.sys.write_all(output, chunk).await
            };
            if let Err(errno) = written {
                return self.fail_with([b"error writing ", quote_always(path).as_slice()].concat(), errno).await;
            }
        }
        if pending_hole == 0 {
            return Ok(());
        }
        let ended = match self.sys.seek(output, Whence::Current, pending_hole).await {
            Ok(end) => self.sys.ftruncate(output, end).await,
            Err(errno) => Err(errno),
        };
        match ended {
            Ok(()) => Ok(()),
            Err(errno) => self.fail_with([b"failed to extend ", quote_always(path).as_slice()].concat(), errno).await,
        }
    }

    /// Writes what is not NUL; `pending` counts the bytes that the next write leaves out.
    async fn write_sparsely(&self, output: Fd, chunk: Bytes, pending: &mut i64) -> Result<(), Errno> {
        let mut rest = chunk;
        while !rest.is_empty() {
            let block = rest.split_to(rest.len().min(HOLE));
            if block.iter().all(|byte| *byte == 0) {
                *pending += block.len() as i64;
                continue;
            }
            if *pending > 0 {
                self.sys.seek(output, Whence::Current, *pending).await?;
                *pending = 0;
            }
            self.sys.write_all(output, block).await?;
        }
        Ok(())
    }
}

fn makes_holes(options: &CopyOptions, stat: &Stat) -> bool {
    match options.sparse {
        Sparse::Never => false,
        Sparse::Always => true,
        Sparse::Auto => stat.kind == FileKind::Regular && stat.blocks * 512 < stat.size,
    }
}
