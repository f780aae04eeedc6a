//! The path walk.  [path_resolution(7); POSIX 4.16 Pathname Resolution]

use super::context::Context;
use super::directory::Name;
use super::flags::{Follow, X_OK};
use super::node::{FileKind, Node};
use super::proc;
use super::tree::Vfs;
use crate::errno::Errno;
use bytes::Bytes;
use smallvec::SmallVec;

/// The longest path, as Linux counts it: 4096 with the terminating NUL.
const PATH_MAX: usize = 4096;
/// The longest name.
pub(super) const NAME_MAX: usize = 255;
/// How many symbolic links one walk follows.
const LINKS_MAX: u32 = 40;

/// What happens to a symbolic link that is the last component.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Last {
    /// It is followed.
    Follow,
    /// It is not, except before a trailing slash (lstat(2)).
    Keep,
    /// It never is: calls that create or remove names.
    Parent,
}

impl From<Follow> for Last {
    fn from(follow: Follow) -> Self {
        match follow {
            Follow::Yes => Last::Follow,
            Follow::No => Last::Keep,
        }
    }
}

/// Which kind of name a path ends in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ending {
    /// A name.
    Name,
    /// `.`
    Dot,
    /// `..`
    DotDot,
    /// The path is only slashes.
    Root,
}

/// Where a walk ended.
#[derive(Debug)]
pub(super) struct Walked {
    /// The directory that holds, or would hold, the last name.
    pub dir: Node,
    /// The last name, after symbolic links were followed.
    pub name: Name,
    /// The file and its type; `None` when there is no such name in `dir`.
    pub found: Option<(Node, FileKind)>,
    /// Whether slashes follow the last name.
    pub slash: bool,
    /// What the path ends in.
    pub ending: Ending,
}

impl Walked {
    /// The file. ENOENT when there is none, ENOTDIR when slashes follow a file that is no directory.
    pub fn existing(&self) -> Result<Node, Errno> {
        match self.found {
            None => Err(Errno::ENOENT),
            Some((_, kind)) if self.slash && kind != FileKind::Directory => Err(Errno::ENOTDIR),
            Some((node, _)) => Ok(node),
        }
    }
}

/// A stretch of path that is still to be walked: the caller's, or the target of a symbolic link.
enum Text<'a> {
    Path(&'a [u8]),
    Link(Bytes),
}

struct Stretch<'a> {
    text: Text<'a>,
    at: usize,
}

impl Stretch<'_> {
    fn rest(&self) -> &[u8] {
        let text: &[u8] = match &self.text {
            Text::Path(path) => path,
            Text::Link(target) => target,
        };
        text.get(self.at..).unwrap_or_default()
    }
}

impl Vfs {
    /// Walks a path, following symbolic links, `..` and mounts, with search permission checked on every directory.
    ///
    /// ENOENT for an empty path or a missing directory on the way, ENOTDIR for a file on the way that is none, EACCES
    /// without search permission, ELOOP after 40 symbolic links, ENAMETOOLONG for a name of more than 255 bytes or a
    /// path of more than 4095.
    pub(super) fn walk(&self, cx: &Context, path: &[u8], last: Last) -> Result<Walked, Errno> {
        if path.is_empty() || path.contains(&0) {
            return Err(Errno::ENOENT);
        }
        if path.len() >= PATH_MAX {
            return Err(Errno::ENAMETOOLONG);
        }
        let mut at = if path.starts_with(b"/") { self.root() } else { cx.cwd };
        let mut stack: SmallVec<[Stretch; 2]> = SmallVec::new();
        stack.push(Stretch { text: Text::Path(path), at: 0 });
        let mut links = 0;
        let mut ending = Ending::Root;
        loop {
            let Some((name, more, slash)) = next_name(&mut stack) else {
                return Ok(Walked {
                    dir: at,
                    name: Name::new(),
                    found: Some((at, FileKind::Directory)),
                    slash: false,
                    ending,
                });
            };
            if name.as_slice() == b"." || name.as_slice() == b".." {
                self.check_search(cx, at)?;
                ending = Ending::Dot;
                if name.len() == 2 {
                    at = self.covering(self.parent(at)?);
                    ending = Ending::DotDot;
                }
                continue;
            }
            self.check_search(cx, at)?;
            if name.len() > NAME_MAX {
                return Err(Errno::ENAMETOOLONG);
            }
            let (mut node, kind) = match self.lookup(cx, at, &name) {
                Ok(found) => found,
                Err(Errno::ENOENT) if !more => {
                    return Ok(Walked { dir: at, name, found: None, slash, ending: Ending::Name });
                }
                Err(errno) => return Err(errno),
            };
            let follow = more || last == Last::Follow || (last == Last::Keep && slash);
            if kind == FileKind::Symlink && follow {
                links += 1;
                if links > LINKS_MAX {
                    return Err(Errno::ELOOP);
                }
                if self.is_proc(at.mount)
                    && let Some(target) = proc::follow(self, cx, node.ino)
                {
                    let (target, kind) = target?;
                    if !more {
                        return Ok(Walked { dir: at, name, found: Some((target, kind)), slash, ending: Ending::Name });
                    }
                    at = target;
                    continue;
                }
                let target = self.read_link_node(cx, node)?;
                if target.is_empty() {
                    return Err(Errno::ENOENT);
                }
                if target.starts_with(b"/") {
                    at = self.root();
                }
                ending = Ending::Root;
                stack.push(Stretch { text: Text::Link(target), at: 0 });
                continue;
            }
            if kind == FileKind::Directory {
                node = self.covering(node);
            }
            if !more {
                return Ok(Walked { dir: at, name, found: Some((node, kind)), slash, ending: Ending::Name });
            }
            at = node;
        }
    }

    /// ENOTDIR unless it is a directory, EACCES unless it may be searched.
    fn check_search(&self, cx: &Context, dir: Node) -> Result<(), Errno> {
        let permission = self.permission(cx, dir)?;
        if permission.kind != FileKind::Directory {
            return Err(Errno::ENOTDIR);
        }
        permission.check(cx.cred, X_OK)
    }
}

/// Takes the next name off the stack of stretches: the name, whether another follows it anywhere, and whether slashes
/// do. `None` at the end.
fn next_name(stack: &mut SmallVec<[Stretch; 2]>) -> Option<(Name, bool, bool)> {
    let name = loop {
        let top = stack.last_mut()?;
        let rest = top.rest();
        let start = rest.iter().position(|&byte| byte != b'/');
        let Some(start) = start else {
            stack.pop();
            continue;
        };
        let rest = rest.get(start..).unwrap_or_default();
        let end = memchr::memchr(b'/', rest).unwrap_or(rest.len());
        let name = Name::from_slice(rest.get(..end).unwrap_or_default());
        top.at += start + end;
        break name;
    };
    let (mut more, mut slash) = (false, false);
    for stretch in stack.iter() {
        let rest = stretch.rest();
        slash |= !rest.is_empty();
        more |= rest.iter().any(|&byte| byte != b'/');
    }
    // A stretch that is used up is dropped at once: a chain of links does not pile up.
    while stack.last().is_some_and(|stretch| stretch.rest().is_empty()) {
        stack.pop();
    }
    Some((name, more, slash))
}
