//! The operations of `/proc`, by file number.

use super::entries::{CWD, FD, FIXED, Fixed, FixedBody, PROCESS, ProcessEntry, ROOT_LINK};
use super::ino::ProcFile;
use crate::errno::Errno;
use crate::vfs::context::Context;
use crate::vfs::file_system::Attributes;
use crate::vfs::node::{DirEntry, FileKind, Ino, Node, Stat};
use crate::vfs::tree::Vfs;
use bytes::Bytes;

/// The file of this name in a directory.
pub(in crate::vfs) fn lookup(cx: &Context, dir: Ino, name: &[u8]) -> Result<(Ino, FileKind), Errno> {
    let file = match ProcFile::from_ino(dir) {
        ProcFile::Fixed(dir) => lookup_fixed(cx, dir, name)?,
        ProcFile::Process(pid) => {
            let row = PROCESS.iter().position(|entry| entry.name.as_bytes() == name).ok_or(Errno::ENOENT)?;
            check_process(cx, pid)?;
            ProcFile::Entry(pid, row)
        }
        ProcFile::Entry(pid, FD) => {
            let fd = number(name).ok_or(Errno::ENOENT)?;
            let fds = cx.proc.fds(pid).ok_or(Errno::ENOENT)?;
            if !fds.contains(&fd) {
                return Err(Errno::ENOENT);
            }
            ProcFile::FdLink(pid, fd)
        }
        _ => return Err(Errno::ENOTDIR),
    };
    Ok((file.ino(), kind(file)?))
}

/// A fixed file, or in `/proc` itself the directory of a process.
fn lookup_fixed(cx: &Context, dir: usize, name: &[u8]) -> Result<ProcFile, Errno> {
    let row = FIXED.iter().skip(1).position(|row| row.dir == dir && row.name.as_bytes() == name);
    if let Some(row) = row {
        return Ok(ProcFile::Fixed(row + 1));
    }
    let pid = number(name).filter(|pid| dir == 0 && *pid > 0).ok_or(Errno::ENOENT)?;
    check_process(cx, pid)?;
    Ok(ProcFile::Process(pid))
}

/// What stat(2) shows but the device. ENOENT when the process is gone.
pub(in crate::vfs) fn attributes(cx: &Context, ino: Ino) -> Result<Attributes, Errno> {
    let file = ProcFile::from_ino(ino);
    let mut attributes = Attributes::new(kind(file)?, 0o444, cx.now);
    match file {
        ProcFile::Fixed(row) => match fixed(row)?.body {
            FixedBody::Directory => {
                attributes.mode = 0o555;
                attributes.nlink = 2;
            }
            FixedBody::Link(_) => attributes.mode = 0o777,
            FixedBody::Text(_) => {}
        },
        ProcFile::Process(_) => {
            attributes.mode = 0o555;
            attributes.nlink = 3;
        }
        ProcFile::Entry(_, row) => attributes.mode = entry(row)?.mode,
        ProcFile::FdLink(..) => {
            attributes.mode = 0o700;
            attributes.size = 64;
        }
        ProcFile::FdTarget(pid, fd) => {
            return cx.proc.fd_stat(pid, fd).map(|stat| from_stat(&stat)).ok_or(Errno::ENOENT);
        }
    }
    if let Some(pid) = process(file) {
        check_process(cx, pid)?;
        (attributes.uid, attributes.gid) = cx.proc.owner(pid).unwrap_or((cx.cred.uid, cx.cred.gid));
    }
    Ok(attributes)
}

/// fstat(2) of what a descriptor leads to; `None` for every other file.
pub(in crate::vfs) fn target_stat(vfs: &Vfs, cx: &Context, ino: Ino) -> Option<Result<Stat, Errno>> {
    let ProcFile::FdTarget(pid, fd) = ProcFile::from_ino(ino) else { return None };
    if let Some(node) = cx.proc.fd_node(pid, fd) {
        return Some(vfs.stat_node(cx, node));
    }
    Some(cx.proc.fd_stat(pid, fd).ok_or(Errno::ENOENT))
}

/// The process and descriptor when a file is what a descriptor leads to.
pub(in crate::vfs) fn descriptor(ino: Ino) -> Option<(u32, u32)> {
    match ProcFile::from_ino(ino) {
        ProcFile::FdTarget(pid, fd) => Some((pid, fd)),
        _ => None,
    }
}

/// The entries of a directory, sorted by name.
pub(in crate::vfs) fn read_dir(_vfs: &Vfs, cx: &Context, dir: Ino) -> Result<Vec<DirEntry>, Errno> {
    let mut entries = Vec::new();
    let mut add = |name: String, file: ProcFile| {
        if let Ok(kind) = kind(file) {
            entries.push(DirEntry { name: Bytes::from(name), ino: file.ino().0, kind });
        }
    };
    match ProcFile::from_ino(dir) {
        ProcFile::Fixed(dir) => {
            for (row, fixed) in FIXED.iter().enumerate().skip(1).filter(|(_, fixed)| fixed.dir == dir) {
                add(fixed.name.to_owned(), ProcFile::Fixed(row));
            }
            if dir == 0 {
                cx.proc.pids().into_iter().for_each(|pid| add(pid.to_string(), ProcFile::Process(pid)));
            }
        }
        ProcFile::Process(pid) => {
            check_process(cx, pid)?;
            for (row, entry) in PROCESS.iter().enumerate() {
                add(entry.name.to_owned(), ProcFile::Entry(pid, row));
            }
        }
        ProcFile::Entry(pid, FD) => {
            let fds = cx.proc.fds(pid).ok_or(Errno::ENOENT)?;
            fds.into_iter().for_each(|fd| add(fd.to_string(), ProcFile::FdLink(pid, fd)));
        }
        _ => return Err(Errno::ENOTDIR),
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

/// The target of a symbolic link.
pub(in crate::vfs) fn read_link(vfs: &Vfs, cx: &Context, ino: Ino) -> Result<Bytes, Errno> {
    let target = match ProcFile::from_ino(ino) {
        ProcFile::Fixed(row) => match fixed(row)?.body {
            FixedBody::Link("") => Some(cx.pid.to_string().into_bytes()),
            FixedBody::Link(target) => Some(target.as_bytes().to_vec()),
            _ => return Err(Errno::EINVAL),
        },
        ProcFile::Entry(pid, row) if entry(row)?.kind == FileKind::Symlink => (entry(row)?.text)(vfs, cx.proc, pid),
        ProcFile::FdLink(pid, fd) => cx.proc.fd_target(pid, fd).or_else(|| {
            let node = cx.proc.fd_node(pid, fd)?;
            // The name of a removed file is not kept.
            Some(vfs.path_of(node).unwrap_or_else(|| b"(deleted)".to_vec()))
        }),
        _ => return Err(Errno::EINVAL),
    };
    target.map(Bytes::from).ok_or(Errno::ENOENT)
}

/// Where a link leads that is not followed by its text: a descriptor's file, a working directory, the root. `None` for
/// a link that is followed by its text.
pub(in crate::vfs) fn follow(vfs: &Vfs, cx: &Context, ino: Ino) -> Option<Result<(Node, FileKind), Errno>> {
    match ProcFile::from_ino(ino) {
        ProcFile::Entry(pid, CWD) => {
            Some(cx.proc.cwd(pid).map(|node| (node, FileKind::Directory)).ok_or(Errno::ENOENT))
        }
        ProcFile::Entry(_, ROOT_LINK) => Some(Ok((vfs.root(), FileKind::Directory))),
        ProcFile::FdLink(pid, fd) => Some(follow_descriptor(vfs, cx, pid, fd)),
        _ => None,
    }
}

/// The file a descriptor is open on, or the stand-in for what is no file of the tree.
fn follow_descriptor(vfs: &Vfs, cx: &Context, pid: u32, fd: u32) -> Result<(Node, FileKind), Errno> {
    if let Some(node) = cx.proc.fd_node(pid, fd) {
        return Ok((node, vfs.attributes(cx, node)?.kind));
    }
    let stat = cx.proc.fd_stat(pid, fd).ok_or(Errno::ENOENT)?;
    let proc = vfs.mounts.iter().flatten().find(|mount| matches!(mount.mounted, crate::vfs::mount::Mounted::Proc));
    let mount = proc.ok_or(Errno::ENOENT)?.root.mount;
    Ok((Node { mount, ino: ProcFile::FdTarget(pid, fd).ino() }, stat.kind))
}

/// The text of a regular file, as it is now.
pub(in crate::vfs) fn text(vfs: &Vfs, cx: &Context, ino: Ino) -> Result<Bytes, Errno> {
    let text = match ProcFile::from_ino(ino) {
        ProcFile::Fixed(row) => match fixed(row)?.body {
            FixedBody::Text(text) => Some(text(vfs, cx)),
            _ => return Err(Errno::EINVAL),
        },
        ProcFile::Entry(pid, row) if entry(row)?.kind == FileKind::Regular => {
            check_process(cx, pid)?;
            // A fact the kernel does not give is an empty file, as for a kernel thread.
            Some((entry(row)?.text)(vfs, cx.proc, pid).unwrap_or_default())
        }
        _ => return Err(Errno::EINVAL),
    };
    text.map(Bytes::from).ok_or(Errno::ESRCH)
}

/// The directory a directory is in; `/proc` is its own.
pub(in crate::vfs) fn parent(ino: Ino) -> Ino {
    match ProcFile::from_ino(ino) {
        ProcFile::Fixed(row) => ProcFile::Fixed(fixed(row).map_or(0, |fixed| fixed.dir)),
        ProcFile::Process(_) => ProcFile::Fixed(0),
        ProcFile::Entry(pid, _) | ProcFile::FdTarget(pid, _) => ProcFile::Process(pid),
        ProcFile::FdLink(pid, _) => ProcFile::Entry(pid, FD),
    }
    .ino()
}

/// The path of a directory, `/proc` being at `at`.
pub(in crate::vfs) fn path_of(at: &[u8], ino: Ino) -> Option<Vec<u8>> {
    let mut path = at.to_vec();
    let below = match ProcFile::from_ino(ino) {
        ProcFile::Fixed(0) => return Some(path),
        ProcFile::Fixed(row) => {
            path = path_of(at, parent(ino))?;
            fixed(row).ok()?.name.to_owned()
        }
        ProcFile::Process(pid) => pid.to_string(),
        ProcFile::Entry(pid, row) => format!("{pid}/{}", entry(row).ok()?.name),
        ProcFile::FdLink(pid, fd) | ProcFile::FdTarget(pid, fd) => format!("{pid}/fd/{fd}"),
    };
    path.push(b'/');
    path.extend_from_slice(below.as_bytes());
    Some(path)
}

/// The type of a file. ENOENT for a number that means nothing.
fn kind(file: ProcFile) -> Result<FileKind, Errno> {
    Ok(match file {
        ProcFile::Fixed(row) => match fixed(row)?.body {
            FixedBody::Directory => FileKind::Directory,
            FixedBody::Link(_) => FileKind::Symlink,
            FixedBody::Text(_) => FileKind::Regular,
        },
        ProcFile::Process(_) => FileKind::Directory,
        ProcFile::Entry(_, row) => entry(row)?.kind,
        ProcFile::FdLink(..) => FileKind::Symlink,
        ProcFile::FdTarget(..) => FileKind::Fifo,
    })
}

fn fixed(row: usize) -> Result<&'static Fixed, Errno> {
    FIXED.get(row).ok_or(Errno::ENOENT)
}

fn entry(row: usize) -> Result<&'static ProcessEntry, Errno> {
    PROCESS.get(row).ok_or(Errno::ENOENT)
}

/// The process a file belongs to.
fn process(file: ProcFile) -> Option<u32> {
    match file {
        ProcFile::Fixed(_) => None,
        ProcFile::Process(pid) | ProcFile::Entry(pid, _) | ProcFile::FdLink(pid, _) | ProcFile::FdTarget(pid, _) => {
            Some(pid)
        }
    }
}

/// ENOENT when there is no such process.
fn check_process(cx: &Context, pid: u32) -> Result<(), Errno> {
    if cx.proc.fds(pid).is_some() { Ok(()) } else { Err(Errno::ENOENT) }
}

/// A decimal number without sign or leading zeros.
fn number(name: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(name).ok()?;
    let number: u32 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn from_stat(stat: &Stat) -> Attributes {
    Attributes {
        kind: stat.kind,
        mode: stat.mode,
        nlink: stat.nlink,
        uid: stat.uid,
        gid: stat.gid,
        size: stat.size,
        blocks: stat.blocks,
        rdev: stat.rdev,
        atime: stat.atime,
        mtime: stat.mtime,
        ctime: stat.ctime,
        btime: stat.btime,
    }
}
