//! A tree of files as bytes, for snapshots that outlive the process.
//!
//! A header, then one record for each file in the order of the walk: a tag, the path, mode, owner, group, modification
//! time, and what the tag says (content, target, device number, the earlier name of a hard link). Numbers are
//! little-endian; texts have their length before them. `/proc` is made anew on loading, and so are mounts of the host.

use crate::errno::Errno;
use crate::vfs::{
    Context, Cred, FileKind, Follow, NewKind, NoProcesses, OpenFlags, Opened, SetTime, Stat, Timestamp, Vfs,
};
use bytes::Bytes;
use std::collections::BTreeMap;

/// What an archive begins with; the number is that of the format.
const HEADER: &[u8] = b"sandshell files 1\n";

/// Why an archive could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ArchiveError {
    /// The bytes are no archive, or not a whole one.
    #[error("these bytes are no snapshot of this format")]
    Malformed,
    /// A file could not be read or made.
    #[error("{path}: {errno}")]
    File { path: String, errno: Errno },
}

fn file_error(path: &[u8]) -> impl FnOnce(Errno) -> ArchiveError {
    let path = path.escape_ascii().to_string();
    move |errno| ArchiveError::File { path, errno }
}

/// Root's view of a tree.
fn context<'a>(vfs: &Vfs, cred: &'a Cred) -> Context<'a> {
    let now = Timestamp::new(0, 0);
    Context { cwd: vfs.root(), cred, umask: 0, now, pid: 1, proc: &NoProcesses }
}

/// Writes a tree.
pub(super) fn save(vfs: &Vfs) -> Result<Bytes, ArchiveError> {
    let mut vfs = vfs.clone();
    let cred = Cred::root();
    let cx = context(&vfs, &cred);
    let root = vfs.stat(&cx, b"/", Follow::No).map_err(file_error(b"/"))?;
    let mut archive = HEADER.to_vec();
    let mut seen: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    let mut pending = vec![b"/".to_vec()];
    while let Some(path) = pending.pop() {
        let stat = vfs.stat(&cx, &path, Follow::No).map_err(file_error(&path))?;
        if stat.dev != root.dev {
            continue;
        }
        if stat.nlink > 1 && !stat.is_directory() {
            if let Some(earlier) = seen.get(&stat.ino) {
                record(&mut archive, b'H', &path, &stat, earlier);
                continue;
            }
            seen.insert(stat.ino, path.clone());
        }
        let (tag, payload) = payload(&mut vfs, &cx, &path, &stat).map_err(file_error(&path))?;
        record(&mut archive, tag, &path, &stat, &payload);
        if stat.is_directory() {
            let base: &[u8] = if path == b"/" { b"" } else { &path };
            for entry in vfs.read_dir_path(&cx, &path).map_err(file_error(&path))?.iter().rev() {
                pending.push([base, b"/", &entry.name].concat());
            }
        }
    }
    Ok(archive.into())
}

/// A file's tag and what is stored for it.
fn payload(vfs: &mut Vfs, cx: &Context, path: &[u8], stat: &Stat) -> Result<(u8, Bytes), Errno> {
    let device = || Bytes::from([stat.rdev.0.to_le_bytes(), stat.rdev.1.to_le_bytes()].concat());
    Ok(match stat.kind {
        FileKind::Directory => (b'D', Bytes::new()),
        FileKind::Symlink => (b'L', vfs.read_link(cx, path)?),
        FileKind::Fifo => (b'P', Bytes::new()),
        FileKind::Socket => (b'S', Bytes::new()),
        FileKind::CharDevice => (b'C', device()),
        FileKind::BlockDevice => (b'B', device()),
        FileKind::Regular => match vfs.open(cx, path, OpenFlags::READ, 0)? {
            Opened::Regular(node) => (b'F', vfs.read_all(node)?),
            _ => (b'F', Bytes::new()),
        },
    })
}

fn record(archive: &mut Vec<u8>, tag: u8, path: &[u8], stat: &Stat, payload: &[u8]) {
    archive.push(tag);
    text(archive, path);
    for number in [stat.mode, stat.uid, stat.gid, stat.mtime.nanos] {
        archive.extend_from_slice(&number.to_le_bytes());
    }
    archive.extend_from_slice(&stat.mtime.secs.to_le_bytes());
    text(archive, payload);
}

fn text(archive: &mut Vec<u8>, text: &[u8]) {
    archive.extend_from_slice(&(text.len() as u64).to_le_bytes());
    archive.extend_from_slice(text);
}

/// A record as read.
struct Record<'a> {
    tag: u8,
    path: &'a [u8],
    mode: u32,
    uid: u32,
    gid: u32,
    mtime: Timestamp,
    payload: &'a [u8],
}

/// What is left of an archive.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], ArchiveError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(ArchiveError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        self.take(N)?.try_into().map_err(|_| ArchiveError::Malformed)
    }

    fn number(&mut self) -> Result<u32, ArchiveError> {
        self.array().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Result<&'a [u8], ArchiveError> {
        let len = self.array().map(u64::from_le_bytes)?;
        self.take(usize::try_from(len).map_err(|_| ArchiveError::Malformed)?)
    }

    fn record(&mut self) -> Result<Record<'a>, ArchiveError> {
        let [tag] = self.array()?;
        let path = self.text()?;
        let (mode, uid, gid, nanos) = (self.number()?, self.number()?, self.number()?, self.number()?);
        let secs = self.array().map(i64::from_le_bytes)?;
        Ok(Record { tag, path, mode, uid, gid, mtime: Timestamp::new(secs, nanos), payload: self.text()? })
    }
}

/// Reads a tree.
pub(super) fn load(saved: &[u8]) -> Result<Vfs, ArchiveError> {
    let mut reader = Reader(saved.strip_prefix(HEADER).ok_or(ArchiveError::Malformed)?);
    let cred = Cred::root();
    let mut vfs = Vfs::base_image(Timestamp::new(0, 0)).map_err(file_error(b"/"))?;
    let cx = context(&vfs, &cred);
    empty(&mut vfs, &cx).map_err(file_error(b"/"))?;
    let mut made = Vec::new();
    while !reader.0.is_empty() {
        let record = reader.record()?;
        make(&mut vfs, &cx, &record).map_err(file_error(record.path))?;
        made.push(record);
    }
    // Times last, and from the bottom: making what is in a directory moves its own.
    for record in made.iter().rev() {
        let mtime = SetTime::At(record.mtime);
        vfs.set_times(&cx, record.path, mtime, mtime, Follow::No).map_err(file_error(record.path))?;
    }
    Ok(vfs)
}

/// Removes everything but where the kernel's view of processes is mounted.
fn empty(vfs: &mut Vfs, cx: &Context) -> Result<(), Errno> {
    for entry in vfs.read_dir_path(cx, b"/")? {
        if entry.name != "proc" {
            vfs.remove_all(cx, &[b"/", entry.name.as_ref()].concat())?;
        }
    }
    Ok(())
}

fn make(vfs: &mut Vfs, cx: &Context, record: &Record) -> Result<(), Errno> {
    let path = record.path;
    let node = match record.tag {
        b'D' => match vfs.stat(cx, path, Follow::No) {
            Ok(stat) if stat.is_directory() => vfs.resolve(cx, path, Follow::No)?,
            _ => vfs.mkdir(cx, path, 0o755)?,
        },
        b'F' => vfs.seed_file(cx, path, Bytes::copy_from_slice(record.payload), record.mode)?,
        b'L' => return vfs.symlink(cx, record.payload, path).and_then(|node| own(vfs, cx, node, record)),
        b'H' => return vfs.link(cx, record.payload, path, Follow::No),
        b'P' => vfs.mknod(cx, path, NewKind::Fifo, record.mode)?,
        b'S' => vfs.mknod(cx, path, NewKind::Socket, record.mode)?,
        b'C' | b'B' => {
            let mut reader = Reader(record.payload);
            let (major, minor) = match (reader.number(), reader.number()) {
                (Ok(major), Ok(minor)) => (major, minor),
                _ => return Err(Errno::EINVAL),
            };
            let kind =
                if record.tag == b'C' { NewKind::CharDevice(major, minor) } else { NewKind::BlockDevice(major, minor) };
            vfs.mknod(cx, path, kind, record.mode)?
        }
        _ => return Err(Errno::EINVAL),
    };
    own(vfs, cx, node, record)?;
    vfs.chmod_node(cx, node, record.mode & 0o7777)
}

fn own(vfs: &mut Vfs, cx: &Context, node: crate::vfs::Node, record: &Record) -> Result<(), Errno> {
    vfs.chown_node(cx, node, Some(record.uid), Some(record.gid))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_tree_is_the_same_when_loaded() {
        let cred = Cred::user();
        let mut vfs = Vfs::base_image(Timestamp::new(1000, 5)).unwrap();
        let cx = Context { cred: &cred, now: Timestamp::new(2000, 7), ..context(&vfs, &cred) };
        vfs.seed_file(&cx, b"/home/user/a", Bytes::from_static(b"x\0\xff"), 0o640).unwrap();
        vfs.link(&cx, b"/home/user/a", b"/home/user/b", Follow::No).unwrap();
        vfs.symlink(&cx, b"nowhere", b"/home/user/l").unwrap();
        vfs.mkfifo(&cx, b"/home/user/p", 0o600).unwrap();
        let saved = save(&vfs).unwrap();
        let loaded = load(&saved).unwrap();
        assert_eq!(save(&loaded).unwrap(), saved);
        let stat = |vfs: &Vfs, path: &[u8]| vfs.stat(&cx, path, Follow::No).unwrap();
        assert_eq!(stat(&loaded, b"/home/user/a").ino, stat(&loaded, b"/home/user/b").ino);
        assert_eq!(stat(&loaded, b"/home/user/a").mode & 0o7777, 0o640);
        assert_eq!(stat(&loaded, b"/home/user").mtime, Timestamp::new(2000, 7));
    }

    #[test]
    fn bytes_that_are_no_archive_are_refused() {
        assert!(matches!(load(b"something"), Err(ArchiveError::Malformed)));
        let whole = save(&Vfs::base_image(Timestamp::new(0, 0)).unwrap()).unwrap();
        assert!(matches!(load(&whole[..whole.len() - 1]), Err(ArchiveError::Malformed)));
    }
}
