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
    /// Whether `openat2` is there: kernels before 5.6 and some containers have none.
    at_once: bool,
}

impl Root {
    /// Opens it; later renames of its path have no effect.
    pub fn open(path: &[u8], writable: bool) -> io::Result<Root> {
        let fd = nix::fcntl::open(path, OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC, Mode::empty())?;
        let at_once = !matches!(open_at_once(fd.as_fd(), b".", OFlag::O_PATH), Err(Errno::ENOSYS | Errno::EPERM));
        Ok(Root { path: path.to_vec(), fd, writable, at_once })
    }

    /// The same as on a kernel without `openat2`.
    #[cfg(test)]
    fn open_by_hand(path: &[u8], writable: bool) -> io::Result<Root> {
        Ok(Root { at_once: false, ..Root::open(path, writable)? })
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
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        if self.at_once {
            let no_links = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
            let how = OpenHow::new().flags(flags).resolve(no_links);
            return Ok(Place { directory: openat2(self.fd.as_fd(), above, how)?, name: name.to_vec() });
        }
        let mut directory = self.fd.try_clone()?;
        for component in components(above) {
            if component == b".." {
                return Err(Errno::EXDEV.into());
            }
            directory = openat(&directory, component.as_slice(), flags | OFlag::O_NOFOLLOW, Mode::empty())?;
        }
        Ok(Place { directory, name: name.to_vec() })
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
                let opened = match rest {
                    _ if !root.at_once => Err(Errno::ENOSYS),
                    b"" => open_at_once(root.fd.as_fd(), b".", flags),
                    rest => open_at_once(root.fd.as_fd(), rest, flags),
                };
                match opened {
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn bytes(path: PathBuf) -> Vec<u8> {
        path.as_os_str().as_bytes().to_vec()
    }

    /// What an open says, as on a kernel without `openat2` and on this one; both must say the same.
    fn read(root: &Path, path: &str) -> Result<String, Option<Errno>> {
        let path = bytes(root.join(path));
        let roots =
            [Root::open_by_hand, Root::open].map(|open| open(root.as_os_str().as_bytes(), true).expect("a root"));
        let [by_hand, at_once] = roots.map(|root| {
            let opened = Reach::Beneath(vec![root]).open(&path, OFlag::O_RDONLY, Access::Read);
            opened.map(contents).map_err(|error| error.raw_os_error().map(Errno::from_raw))
        });
        assert_eq!(by_hand, at_once);
        by_hand
    }

    fn contents(fd: OwnedFd) -> String {
        let mut text = String::new();
        fs::File::from(fd).read_to_string(&mut text).expect("text");
        text
    }

    #[test]
    fn walking_by_hand_gives_what_opening_at_once_gives() {
        let [directory, outside] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let root = directory.path();
        fs::create_dir_all(root.join("a/b")).expect("a directory");
        fs::write(root.join("a/f"), "plain").expect("a file");
        fs::write(outside.path().join("f"), "secret").expect("a file");
        let links = [
            ("up", Path::new("a/b/../f")),
            ("absolute", &root.join("a/f")),
            ("out", outside.path()),
            ("beyond", Path::new("../../../../../../../../etc")),
            ("loop", Path::new("loop")),
            ("none", Path::new("missing")),
        ];
        for (name, target) in links {
            symlink(target, root.join(name)).expect("a link");
        }
        let plain = Ok("plain".to_owned());
        assert_eq!(read(root, "a/f"), plain);
        assert_eq!(read(root, "up"), plain);
        assert_eq!(read(root, "absolute"), plain);
        assert_eq!(read(root, "out/f"), Err(Some(Errno::EACCES)));
        assert_eq!(read(root, "beyond/passwd"), Err(Some(Errno::EACCES)));
        assert_eq!(read(root, "loop"), Err(Some(Errno::ELOOP)));
        assert_eq!(read(root, "none"), Err(Some(Errno::ENOENT)));
        assert_eq!(read(root, "a/f/x"), Err(Some(Errno::ENOTDIR)));
    }

    #[test]
    fn a_place_reached_by_hand_is_reached_through_no_link() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = directory.path();
        fs::create_dir_all(root.join("a/b")).expect("a directory");
        symlink("a", root.join("link")).expect("a link");
        for open in [Root::open_by_hand, Root::open] {
            let own = open(root.as_os_str().as_bytes(), true).expect("a root");
            let place = own.place(b"a/b/f").expect("a place");
            assert_eq!(
                path_of(place.directory.as_fd()).expect("a path"),
                root.canonicalize().expect("a path").join("a/b")
            );
            assert!(own.place(b"link/f").is_err());
            assert!(own.place(b"../f").is_err());
        }
    }

    /// While `change` goes on in another thread, nothing outside is read, and nothing is made there.
    fn race(create: bool, change: impl Fn(&Path, &Path) + Send + Sync) {
        let [directory, outside] = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
        let (root, target) = (directory.path(), outside.path());
        fs::create_dir(root.join("real")).expect("a directory");
        fs::write(root.join("real/f"), "plain").expect("a file");
        fs::write(target.join("f"), "secret").expect("a file");
        symlink("real", root.join("d")).expect("a link");
        let own = Root::open_by_hand(root.as_os_str().as_bytes(), true).expect("a root");
        let reach = Reach::Beneath(vec![own]);
        let stop = AtomicBool::new(false);
        let made = if create { "d/new/w" } else { "d/w" };
        let (read, made) = (bytes(root.join("d/f")), bytes(root.join(made)));
        let mut seen = 0;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    change(root, target);
                }
            });
            // The other thread may not have run for all of that time.
            let mut rounds = 0;
            while rounds < 5000 || seen == 0 {
                rounds += 1;
                if let Ok(fd) = reach.open(&read, OFlag::O_RDONLY, Access::Read) {
                    assert_eq!(contents(fd), "plain");
                    seen += 1;
                }
                if let Ok(place) = reach.place(&made, Access::Write, create) {
                    let at = path_of(place.directory.as_fd()).expect("a path");
                    assert!(!at.starts_with(target), "{}", at.display());
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert!(!target.join("new").exists());
    }

    #[test]
    fn a_link_that_changes_leads_nowhere_outside_by_hand() {
        race(true, |root, target| {
            for to in [target, Path::new("real"), Path::new("../../../../../../../../etc"), &root.join("real")] {
                let _ = fs::remove_file(root.join("next"));
                symlink(to, root.join("next")).expect("a link");
                fs::rename(root.join("next"), root.join("d")).expect("a rename");
            }
        });
    }

    #[test]
    fn a_directory_exchanged_for_a_link_leads_nowhere_outside_by_hand() {
        race(false, |root, target| {
            fs::remove_file(root.join("d")).expect("removed");
            fs::rename(root.join("real"), root.join("d")).expect("a rename");
            fs::rename(root.join("d"), root.join("real")).expect("a rename");
            symlink(target, root.join("d")).expect("a link");
        });
    }
}
