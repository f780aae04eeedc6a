//! Whole files and trees in one call: what callers outside the machine use.

use super::context::Context;
use super::file_system::NewKind;
use super::flags::{At, Follow, OpenFlags};
use super::node::{FileKind, Node};
use super::open::Opened;
use super::tree::Vfs;
use crate::errno::Errno;
use bytes::Bytes;

impl Vfs {
    /// The whole content of a file, with read permission. EISDIR for a directory, EINVAL for a FIFO or device.
    pub fn read_file(&mut self, cx: &Context, path: &[u8]) -> Result<Bytes, Errno> {
        match self.open(cx, path, OpenFlags::READ, 0)? {
            Opened::Regular(node) => self.read_all(node),
            Opened::Text(_, text) => Ok(text),
            Opened::Directory(_) => Err(Errno::EISDIR),
            _ => Err(Errno::EINVAL),
        }
    }

    /// Replaces the content of a file, or makes it with `mode` less the umask. ENOSPC leaves what fitted.
    pub fn write_file(&mut self, cx: &Context, path: &[u8], content: Bytes, mode: u32) -> Result<Node, Errno> {
        let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::TRUNCATE;
        let node = match self.open(cx, path, flags, mode)? {
            Opened::Regular(node) => node,
            _ => return Err(Errno::EINVAL),
        };
        let mut rest = content;
        let mut at = 0;
        while !rest.is_empty() {
            let (taken, next) = self.write_at(node, At::Offset(at), &rest, cx.now)?;
            if taken == 0 {
                return Err(Errno::EIO);
            }
            rest = rest.slice(taken..);
            at = next;
        }
        Ok(node)
    }

    /// Makes a directory and those above it that are missing, each with `mode` less the umask. EEXIST or ENOTDIR when
    /// a file is in the way; a directory that exists is no error.
    pub fn mkdir_all(&mut self, cx: &Context, path: &[u8], mode: u32) -> Result<(), Errno> {
        let mut ends: Vec<usize> = (1..path.len()).filter(|at| path.get(*at) == Some(&b'/')).collect();
        ends.push(path.len());
        for end in ends {
            let part = path.get(..end).unwrap_or_default();
            match self.mkdir(cx, part, mode) {
                Ok(_) => {}
                Err(Errno::EEXIST) => {
                    if !self.stat(cx, part, Follow::Yes)?.is_directory() {
                        return Err(if end == path.len() { Errno::EEXIST } else { Errno::ENOTDIR });
                    }
                }
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }

    /// Removes a file, or a directory with everything in it. Stops at the first error.
    pub fn remove_all(&mut self, cx: &Context, path: &[u8]) -> Result<(), Errno> {
        // Directories are entered from the top and removed from the bottom.
        let mut pending = vec![(path.to_vec(), false)];
        while let Some((path, entered)) = pending.pop() {
            if entered {
                self.rmdir(cx, &path)?;
                continue;
            }
            if self.stat(cx, &path, Follow::No)?.kind != FileKind::Directory {
                self.unlink(cx, &path)?;
                continue;
            }
            pending.push((path.clone(), true));
            for entry in self.read_dir_path(cx, &path)? {
                let child = [path.as_slice(), b"/", &entry.name].concat();
                pending.push((child, false));
            }
        }
        Ok(())
    }

    /// Makes a regular file that holds `content` without a copy; the name must be new.
    pub fn seed_file(&mut self, cx: &Context, path: &[u8], content: Bytes, mode: u32) -> Result<Node, Errno> {
        let node = self.mknod(cx, path, NewKind::Regular, mode)?;
        self.set_content(node, content)?;
        Ok(node)
    }
}
