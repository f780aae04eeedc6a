//! All that a command writes, kept in files beside what its caller keeps.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// Where all of a command's output is; the files are the caller's to remove. What it left in the background goes on to write
/// to them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Spooled {
    /// Standard output, or what a terminal showed.
    pub stdout: PathBuf,
    /// Standard error.
    pub stderr: PathBuf,
    /// Why a file is not whole, if it is not.
    pub failure: Option<String>,
}

/// The files of one command, being written.
#[derive(Debug)]
pub struct Spool {
    files: [File; 2],
    spooled: Spooled,
}

impl Spool {
    /// Makes both files, which only this user may read.
    pub fn new(directory: &Path) -> io::Result<Spool> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = |stream: &str| directory.join(format!("{}-{number}.{stream}", std::process::id()));
        let make = |path: &Path| own_file().open(path);
        let (stdout, stderr) = (path("stdout"), path("stderr"));
        let files = [make(&stdout)?, make(&stderr)?];
        Ok(Spool { files, spooled: Spooled { stdout, stderr, failure: None } })
    }

    /// Writes a chunk of stream 0 or 1; after the first failure, such as a full disk, nothing more.
    pub fn write(&mut self, stream: usize, chunk: &[u8]) {
        if self.spooled.failure.is_some() {
            return;
        }
        let Some(file) = self.files.get_mut(stream) else { return };
        self.spooled.failure = file.write_all(chunk).err().map(|error| error.to_string());
    }

    /// Where they are, and whether all of it is in them.
    pub fn spooled(&self) -> &Spooled {
        &self.spooled
    }
}

/// Options to make a file for this user alone; on Windows it has the rights that its directory gives.
fn own_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
