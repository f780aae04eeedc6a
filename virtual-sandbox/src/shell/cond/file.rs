//! File tests.

use crate::shell::expand::World;
use crate::vfs::{FileKind, R_OK, Stat, Timestamp, W_OK, X_OK};

const SET_USER_ID: u32 = 0o4000;
const SET_GROUP_ID: u32 = 0o2000;
const STICKY: u32 = 0o1000;

/// Whether `letter` is a test of one file.
pub(super) fn is_test(letter: u8) -> bool {
    b"abcdefghkprsuwxGLNOS".contains(&letter)
}

/// The test `-letter path`.
pub(super) fn test<W: World>(letter: u8, path: &[u8], world: &mut W) -> bool {
    if path.is_empty() {
        return false;
    }
    match letter {
        b'r' => world.access(path, R_OK),
        b'w' => world.access(path, W_OK),
        b'x' => world.access(path, X_OK),
        b'h' | b'L' => world.stat(path, false).is_some_and(|stat| stat.kind == FileKind::Symlink),
        letter => {
            let identity = world.identity();
            world.stat(path, true).is_some_and(|stat| has(letter, &stat, identity))
        }
    }
}

fn has(letter: u8, stat: &Stat, (uid, gid): (u32, u32)) -> bool {
    match letter {
        b'a' | b'e' => true,
        b'b' => stat.kind == FileKind::BlockDevice,
        b'c' => stat.kind == FileKind::CharDevice,
        b'd' => stat.kind == FileKind::Directory,
        b'f' => stat.kind == FileKind::Regular,
        b'p' => stat.kind == FileKind::Fifo,
        b'S' => stat.kind == FileKind::Socket,
        b's' => stat.size > 0,
        b'g' => stat.mode & SET_GROUP_ID != 0,
        b'k' => stat.mode & STICKY != 0,
        b'u' => stat.mode & SET_USER_ID != 0,
        b'G' => stat.gid == gid,
        b'O' => stat.uid == uid,
        b'N' => stat.mtime > stat.atime,
        _ => false,
    }
}

fn modified<W: World>(path: &[u8], world: &mut W) -> Option<Timestamp> {
    world.stat(path, true).map(|stat| stat.mtime)
}

/// `left -nt right`: newer, or there while the other is not. With the operands exchanged, `-ot`.
pub(super) fn newer<W: World>(left: &[u8], right: &[u8], world: &mut W) -> bool {
    match (modified(left, world), modified(right, world)) {
        (Some(left), Some(right)) => left > right,
        (Some(_), None) => true,
        _ => false,
    }
}

/// `left -ef right`: the same file.
pub(super) fn same<W: World>(left: &[u8], right: &[u8], world: &mut W) -> bool {
    match (world.stat(left, true), world.stat(right, true)) {
        (Some(left), Some(right)) => (left.dev, left.ino) == (right.dev, right.ino),
        _ => false,
    }
}
