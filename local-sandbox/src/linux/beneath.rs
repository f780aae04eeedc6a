//! Opening paths so that they cannot lead out of given directories, whatever others rename or link meanwhile.
//!
//! `openat2(RESOLVE_BENEATH)` does it in one step. Where it refuses an absolute link that may well point inside, or does not
//! exist, the path is walked one component at a time, each opened from the descriptor before it, with links spliced in
//! by hand.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::{Mode, SFlag, fstat, mkdirat};

/// The most links followed in one path, as in Linux.
const LINKS_MAX: usize = 40;
/// How often an open is repeated that was disturbed by a rename.
const RETRIES: usize = 16;

/// Which files can be reached.
#[derive(Debug)]
pub enum Reach {
    /// All that the host's user can.
    Host,
    /// Those beneath these directories.
    Beneath(Vec<Root>),
}

/// A directory that confines.
#[derive(Debug)]
pub struct Root {
    path: Vec<u8>,
    fd: OwnedFd,
    writable: bool,
}

impl Root {
    /// Opens it; later renames of its path have no effect.
    pub fn open(path: &[u8], writable: bool) -> io::Result<Root> {
        let fd = nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        Ok(Root { path: path.to_vec(), fd, writable })
    }

    /// Whether what lies beneath may be changed.
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// Its path when it was opened.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// How long its path is: of two roots around a file, the inner one's is longer.
    pub fn depth(&self) -> usize {
        self.path.len()
    }

    /// The directory that holds the last component of a relative path, reached without any link.
    pub fn place(&self, relative: &[u8]) -> io::Result<Place> {
        let (above, name) = match relative.iter().rposition(|byte| *byte == b'/') {
            Some(end) => (relative.get(..end).unwrap_or_default(), relative.get(end + 1..).unwrap_or_default()),
            None => (&b"."[..], relative),
        };
        let how = OpenHow::new()
            .flags(OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC)
            .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS);
        Ok(Place { directory: openat2(self.fd.as_fd(), above, how)?, name: name.to_vec() })
    }

    /// The rest of an absolute path below this root.
    pub fn rest<'a>(&self, path: &'a [u8]) -> Option<&'a [u8]> {
        if self.path == b"/" {
            return path.strip_prefix(b"/");
        }
        match path.strip_prefix(self.path.as_slice())? {
            b"" => Some(b""),
            rest => rest.strip_prefix(b"/"),
        }
    }
}

impl AsFd for Root {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// What an operation does to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It only looks.
    Read,
    /// It changes something.
    Write,
}

/// A directory and a name in it.
#[derive(Debug)]
pub struct Place {
    /// The directory, `O_PATH`.
    pub directory: OwnedFd,
    /// The last component; never `.` or `..`.
    pub name: Vec<u8>,
}

impl Reach {
    /// Opens an absolute path, links followed.
    pub fn open(&self, path: &[u8], flags: OFlag, access: Access) -> io::Result<OwnedFd> {
        // `openat2` refuses what has no meaning with O_PATH.
        let terminal = if flags.contains(OFlag::O_PATH) { OFlag::empty() } else { OFlag::O_NOCTTY };
        let flags = flags | OFlag::O_CLOEXEC | terminal;
        match self {
            Reach::Host => Ok(nix::fcntl::open(path, flags, Mode::empty())?),
            Reach::Beneath(roots) => {
                let (root, rest) = find(roots, path, access)?;
                match open_at_once(root.fd.as_fd(), if rest.is_empty() { b"." } else { rest }, flags) {
                    Err(Errno::EXDEV | Errno::ENOSYS | Errno::EAGAIN) => {
                        let mut walk = Walk { roots, access, links: 0, create: false };
                        let at = walk.to(path, true)?;
                        reopen(&at, flags)
                    }
                    other => Ok(other?),
                }
            }
        }
    }

    /// The directory that holds the path's last component, with the directories above created if said. The last component
    /// itself is not followed.
    pub fn place(&self, path: &[u8], access: Access, create: bool) -> io::Result<Place> {
        let end = path.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        let (directory, name) = (path.get(..end.max(1)).unwrap_or(b"/"), path.get(end + 1..).unwrap_or_default());
        if name.is_empty() {
            return Err(Errno::EBUSY.into());
        }
        let roots = match self {
            Reach::Host => None,
            Reach::Beneath(roots) => {
                // A root is no entry of a directory that can be reached.
                if roots.iter().any(|root| root.path == path) {
                    return Err(Errno::EACCES.into());
                }
                Some(roots)
            }
        };
        let directory = match roots {
            None => {
                if create {
                    let made = std::fs::create_dir_all(crate::names::as_path(directory));
                    // A file on the way is "not a directory" to the caller, as to every other operation.
                    made.map_err(|error| {
                        if error.kind() == io::ErrorKind::AlreadyExists { Errno::ENOTDIR.into() } else { error }
                    })?;
                }
                let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
                nix::fcntl::open(directory, flags, Mode::empty())?
            }
            Some(roots) if create => {
                let mut walk = Walk { roots, access, links: 0, create: true };
                walk.to(directory, true)?
            }
            Some(_) => self.open(directory, OFlag::O_PATH | OFlag::O_DIRECTORY, access)?,
        };
        Ok(Place { directory, name: name.to_vec() })
    }
}

/// The root a path lies in, the innermost if several.
fn find<'a, 'b>(roots: &'a [Root], path: &'b [u8], access: Access) -> io::Result<(&'a Root, &'b [u8])> {
    let within = roots.iter().filter_map(|root| Some((root, root.rest(path)?)));
    match within.max_by_key(|(root, _)| root.path.len()) {
        Some((root, rest)) if access == Access::Read || root.writable => Ok((root, rest)),
        Some(_) => Err(Errno::EROFS.into()),
        None => Err(Errno::EACCES.into()),
    }
}

fn open_at_once(directory: BorrowedFd<'_>, path: &[u8], flags: OFlag) -> nix::Result<OwnedFd> {
    let how = OpenHow::new().flags(flags).resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let mut tries = 0;
    loop {
        match openat2(directory, path, how) {
            Err(Errno::EAGAIN) if tries < RETRIES => tries += 1,
            other => return other,
        }
    }
}

/// Opens for use what was reached as `O_PATH`.
fn reopen(at: &OwnedFd, flags: OFlag) -> io::Result<OwnedFd> {
    if flags.contains(OFlag::O_PATH) {
        return at.try_clone();
    }
    let own = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(at));
    Ok(nix::fcntl::open(own.as_str(), flags & !OFlag::O_NOFOLLOW, Mode::empty())?)
}

/// A path followed by hand.
struct Walk<'a> {
    roots: &'a [Root],
    access: Access,
    links: usize,
    create: bool,
}

impl Walk<'_> {
    /// The file at an absolute path, `O_PATH`; its last component followed if said.
    fn to(&mut self, path: &[u8], follow_last: bool) -> io::Result<OwnedFd> {
        let (root, rest) = find(self.roots, path, self.access)?;
        let mut stack = vec![root.fd.try_clone()?];
        let mut todo: Vec<Vec<u8>> = components(rest);
        todo.reverse();
        while let Some(name) = todo.pop() {
            if name == b".." {
                stack.pop();
                if stack.is_empty() {
                    return Err(Errno::EACCES.into());
                }
                continue;
            }
            let directory = stack.last().ok_or(Errno::EACCES)?;
            let next = self.step(directory.as_fd(), &name)?;
            if SFlag::from_bits_truncate(fstat(&next)?.st_mode) & SFlag::S_IFMT != SFlag::S_IFLNK
                || (todo.is_empty() && !follow_last)
            {
                stack.push(next);
                continue;
            }
            self.links += 1;
            if self.links > LINKS_MAX {
                return Err(Errno::ELOOP.into());
            }
            let target = std::os::unix::ffi::OsStringExt::into_vec(readlinkat(&next, c"")?);
            if target.starts_with(b"/") {
                // Somewhere else, perhaps beneath a root again: the rest follows from there.
                todo.reverse();
                let whole = todo.iter().fold(target, |whole, name| [whole.as_slice(), b"/", name].concat());
                return self.to(&sandbox::resolve(b"/", &whole), follow_last);
            }
            let mut spliced = components(&target);
            spliced.reverse();
            todo.extend(spliced);
        }
        stack.pop().ok_or_else(|| Errno::EACCES.into())
    }

    fn step(&self, directory: BorrowedFd<'_>, name: &[u8]) -> io::Result<OwnedFd> {
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        match openat(directory, name, flags, Mode::empty()) {
            Err(Errno::ENOENT) if self.create => match mkdirat(directory, name, Mode::from_bits_truncate(0o777)) {
                Ok(()) | Err(Errno::EEXIST) => Ok(openat(directory, name, flags, Mode::empty())?),
                Err(errno) => Err(errno.into()),
            },
            other => Ok(other?),
        }
    }
}

fn components(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".").map(<[u8]>::to_vec).collect()
}

/// Where a descriptor's file is, as the kernel knows it.
pub fn path_of(fd: BorrowedFd<'_>) -> io::Result<PathBuf> {
    std::fs::read_link(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&fd)))
}
