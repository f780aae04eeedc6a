//! A process that outlives the host for a moment: when the host dies, by whatever signal, it ends the process groups of what ran.
//!
//! It is the system's shell reading a pipe, of which the host alone holds the other end. It reaches the group that each command
//! began with; what made a group of its own is told by the report to go on.

use std::ffi::CString;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};

use nix::unistd::Pid;

use super::sys::process;
use super::sys::spawn::{Plan, spawn};

/// Keeps a list of numbers, and kills them at the end of its input. The host ends before it is told of signals.
const SCRIPT: &str = r#"trap '' HUP INT QUIT TERM
l=' '
while read -r op n; do
  case $op in
  +) l="$l$n " ;;
  -) l="${l%%" $n "*} ${l#*" $n "}" ;;
  esac
done
for n in $l; do kill -s KILL -- "-$n"; done
"#;

/// The host's end.
#[derive(Debug)]
pub struct Watcher {
    pid: Pid,
    pipe: Mutex<Option<io::PipeWriter>>,
}

impl Watcher {
    /// Starts it.
    pub fn start() -> io::Result<Watcher> {
        let (theirs, ours) = io::pipe()?;
        let nowhere = File::options().read(true).write(true).open("/dev/null")?;
        let words = ["/bin/sh", "-c", SCRIPT].map(CString::new).into_iter().collect::<Result<Vec<_>, _>>()?;
        let pid = spawn(&Plan {
            program: c"/bin/sh",
            arguments: &words,
            environment: &[c"PATH=/usr/bin:/bin".to_owned()],
            directory: c"/",
            descriptors: &[theirs.as_fd(), nowhere.as_fd(), nowhere.as_fd()],
        })?;
        Ok(Watcher { pid, pipe: Mutex::new(Some(ours)) })
    }

    /// A command that is to end with the host.
    pub fn add(&self, leader: Pid) {
        self.tell('+', leader);
    }

    /// One that has ended.
    pub fn remove(&self, leader: Pid) {
        self.tell('-', leader);
    }

    fn tell(&self, what: char, leader: Pid) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = pipe.as_mut()
            && open.write_all(format!("{what} {leader}\n").as_bytes()).is_err()
        {
            // Somebody has killed it; there is no other.
            *pipe = None;
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Its input has ended, and so has it soon.
        process::ending(self.pid);
        process::reap(self.pid);
    }
}
