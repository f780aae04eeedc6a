//! Which files the sandbox's own operations reach, and how: a directory first, then a name in it, which leads nowhere else.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::names;
use crate::policy::Policy;

/// Links followed at the end of a path, as in Linux.
const LINKS_MAX: usize = 40;

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
    path: PathBuf,
    directory: Dir,
    writable: bool,
}

/// What an operation does to the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looks at it.
    Read,
    /// Changes it.
    Write,
}

/// A name in a directory that was reached.
#[derive(Debug)]
pub struct Place {
    /// The directory.
    pub directory: Dir,
    /// Where that is.
    pub above: PathBuf,
    /// The name, which may be that of a link or of nothing.
    pub name: PathBuf,
}

impl Place {
    /// Where it is.
    pub fn path(&self) -> PathBuf {
        self.above.join(&self.name)
    }
}

impl Root {
    /// Opens it; later renames of its path have no effect.
    pub fn open(path: &Path, writable: bool) -> io::Result<Root> {
        Ok(Root { path: path.to_path_buf(), directory: Dir::open_ambient_dir(path, ambient_authority())?, writable })
    }
}

impl Reach {
    /// The files of the workspace when commands are confined to it; otherwise the host's.
    pub fn of(policy: Option<&Policy>, cwd: &Path) -> Result<Reach, (PathBuf, io::Error)> {
        let Some(policy) = policy.filter(|policy| !policy.is_all_writable()) else { return Ok(Reach::Host) };
        let open = |path: &Path, writable| Root::open(path, writable).map_err(|error| (path.to_path_buf(), error));
        let writable: Vec<PathBuf> = policy.writable.iter().map(|path| names::path(path).into_owned()).collect();
        let mut roots = writable.iter().map(|path| open(path, true)).collect::<Result<Vec<_>, _>>()?;
        if !writable.iter().any(|path| path == cwd) {
            roots.push(open(cwd, false)?);
        }
        Ok(Reach::Beneath(roots))
    }

    /// The directory at an absolute path, links followed.
    pub fn directory(&self, path: &Path, access: Access, create: bool) -> io::Result<(Dir, PathBuf)> {
        let directory = match self {
            Reach::Host => {
                if create {
                    std::fs::create_dir_all(path).map_err(not_above)?;
                }
                Dir::open_ambient_dir(path, ambient_authority())?
            }
            Reach::Beneath(roots) => beneath(roots, path, access, create)?,
        };
        let above = self.path_of(&directory, path)?;
        Ok((directory, above))
    }

    /// The place that an absolute path names; the directories above it are made if said.
    pub fn place(&self, path: &Path, access: Access, create: bool) -> io::Result<Place> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::ErrorKind::ResourceBusy.into());
        };
        if let Reach::Beneath(roots) = self
            && roots.iter().any(|root| root.path == path)
        {
            // A root is no entry of a directory that can be reached.
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let (directory, above) = self.directory(above, access, create)?;
        Ok(Place { directory, above, name: PathBuf::from(name) })
    }

    /// The place of what an absolute path leads to, links followed; the last may be missing.
    pub fn follow(&self, path: &Path, access: Access, create: bool) -> io::Result<Place> {
        let mut path = path.to_path_buf();
        let mut create = create;
        for _ in 0..LINKS_MAX {
            let place = self.place(&path, access, create)?;
            if !place.directory.symlink_metadata(&place.name).is_ok_and(|found| found.is_symlink()) {
                return Ok(place);
            }
            let target = place.directory.read_link_contents(&place.name)?;
            path = fold(&place.above.join(target));
            create = false;
        }
        Err(too_many_links())
    }

    /// Where a directory is: among roots as the system says, so that no link or rename hides what is hidden.
    fn path_of(&self, directory: &Dir, path: &Path) -> io::Result<PathBuf> {
        match self {
            #[cfg(unix)]
            Reach::Beneath(_) => super::system::sys::path::of(std::os::fd::AsFd::as_fd(directory)),
            _ => {
                let _ = directory;
                Ok(path.to_path_buf())
            }
        }
    }
}

/// A directory beneath the innermost root around a path. An absolute link may well lead into a root, which is seen by asking
/// the system where the path leads and going there from the root.
fn beneath(roots: &[Root], path: &Path, access: Access, create: bool) -> io::Result<Dir> {
    let first = open(roots, path, access, create);
    match first {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            let real = path.canonicalize().ok().filter(|real| real != path);
            real.map_or(Err(error), |real| open(roots, &real, access, create))
        }
        first => first,
    }
}

fn open(roots: &[Root], path: &Path, access: Access, create: bool) -> io::Result<Dir> {
    let within = roots.iter().filter_map(|root| Some((root, path.strip_prefix(&root.path).ok()?)));
    let Some((root, rest)) = within.max_by_key(|(root, _)| root.path.as_os_str().len()) else {
        return Err(io::ErrorKind::PermissionDenied.into());
    };
    if access == Access::Write && !root.writable {
        return Err(io::ErrorKind::ReadOnlyFilesystem.into());
    }
    if rest.as_os_str().is_empty() {
        return root.directory.try_clone();
    }
    if create {
        root.directory.create_dir_all(rest).map_err(not_above)?;
    }
    root.directory.open_dir(rest)
}

/// A file on the way is "not a directory" to the caller, as to every other operation.
fn not_above(error: io::Error) -> io::Error {
    if error.kind() == io::ErrorKind::AlreadyExists { io::ErrorKind::NotADirectory.into() } else { error }
}

/// The absolute path without `.` and `..`, without looking at files.
fn fold(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut folded = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                folded.pop();
            }
            other => folded.push(other),
        }
    }
    folded
}

fn too_many_links() -> io::Error {
    #[cfg(unix)]
    let error = nix::errno::Errno::ELOOP.into();
    #[cfg(windows)]
    let error = io::Error::other("Too many levels of symbolic links");
    error
}
