//! What the Landlock tier grants: the policy's lists as rules. Landlock only grants, so that nothing inside a granted tree
//! can be taken away again: of a readable tree with something hidden in it, the rest is granted piece by piece.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;

use crate::linux::sys::landlock::{self, Denied, right};
use crate::policy::{NetworkPolicy, Policy};

/// Devices that can be read and written.
const DEVICES: [&str; 6] = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
/// Terminals, with their `ioctl`s.
const TERMINALS: [&str; 3] = ["/dev/tty", "/dev/ptmx", "/dev/pts"];

/// Makes the ruleset that every command puts on itself.
pub fn build(policy: &Policy, abi: i32) -> Result<OwnedFd, Errno> {
    let ruleset = landlock::create(abi, Denied { tcp: policy.network != NetworkPolicy::Host, others: true })?;
    let grant = |path: &Path, rights: u64| -> Result<(), Errno> {
        let fd = match open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::ENOENT | Errno::EACCES | Errno::ENOTDIR) => return Ok(()),
            Err(errno) => return Err(errno),
        };
        let rights = if path.is_dir() { rights } else { rights & right::FILE };
        landlock::allow(ruleset.as_fd(), fd.as_fd(), rights, abi)
    };
    let path_of = |bytes: &Vec<u8>| Path::new(OsStr::from_bytes(bytes)).to_path_buf();
    let hidden = hidden(policy);
    for path in policy.readable.iter().chain(&policy.visible) {
        grant_but(&path_of(path), &hidden, &grant)?;
    }
    for path in policy.writable.iter().chain([&policy.scratch]) {
        grant(&path_of(path), right::WRITE)?;
    }
    grant(Path::new("/dev/shm"), right::WRITE)?;
    for device in DEVICES {
        grant(Path::new(device), right::READ_FILE | right::WRITE_FILE)?;
    }
    for terminal in TERMINALS {
        grant(Path::new(terminal), right::READ_FILE | right::READ_DIR | right::WRITE_FILE | right::IOCTL_DEV)?;
    }
    grant(Path::new("/dev/fd"), right::READ)?;
    Ok(ruleset)
}

/// What is hidden, by its name and by where that leads.
fn hidden(policy: &Policy) -> Vec<PathBuf> {
    let named = policy.hidden.iter().map(|path| Path::new(OsStr::from_bytes(path)).to_path_buf());
    named.flat_map(|path| path.canonicalize().ok().into_iter().chain([path])).collect()
}

/// Grants reading a tree but for what is hidden in it. Around that names can be listed, and what is made there later cannot
/// be read.
fn grant_but(tree: &Path, hidden: &[PathBuf], grant: &impl Fn(&Path, u64) -> Result<(), Errno>) -> Result<(), Errno> {
    let inside = |path: &&PathBuf| path.as_path() != tree && path.starts_with(tree);
    if !hidden.iter().filter(inside).any(|path| path.symlink_metadata().is_ok()) {
        return grant(tree, right::READ);
    }
    grant(tree, right::READ_DIR)?;
    let Ok(entries) = std::fs::read_dir(tree) else { return Ok(()) };
    for entry in entries.flatten() {
        // Where a link leads has rules of its own.
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if !link && !hidden.contains(&entry.path()) {
            grant_but(&entry.path(), hidden, grant)?;
        }
    }
    Ok(())
}
