//! A directory of the sandbox's own for temporary files, removed with it.

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The directory; removed on drop, never following links.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

static NEXT: AtomicU64 = AtomicU64::new(0);

impl Scratch {
    /// Makes one that only this user may enter.
    pub fn new() -> io::Result<Scratch> {
        let places = [std::env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        for place in places {
            match place.canonicalize().and_then(|base| Scratch::below(&base)) {
                Ok(scratch) => return Ok(scratch),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn below(base: &Path) -> io::Result<Scratch> {
        loop {
            let name = format!("sandshell-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let path = base.join(name);
            match std::fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Scratch { path }),
                // Left by a process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A directory that cannot be removed holds temporary files of a command; nothing depends on it.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
