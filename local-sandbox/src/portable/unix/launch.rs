//! Starting commands.

use std::ffi::CString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use nix::errno::Errno;

use super::exit;
use super::screen::{Opened, Screen};
use super::streams;
use super::sys::spawn::{Plan, spawn};
use super::tree::Tree;
use super::watcher::Watcher;
use crate::error::ExecError;
use crate::names;
use crate::portable::launch::{Launch, Started};

/// The system's shell, which sets limits and takes the terminal, and then becomes the command.
const SHELL: &str = "/bin/sh";
/// What confines.
pub const SANDBOX_EXEC: &str = "/usr/bin/sandbox-exec";

/// Where a long script lies; here nowhere, as a file that has a name no more.
pub type ScriptFile = std::convert::Infallible;

/// How the commands of one sandbox are started.
#[derive(Debug)]
pub struct Launcher {
    /// The profile for `sandbox-exec`.
    pub profile: Option<String>,
    /// Limits in the words of the shell.
    pub limits: String,
    /// What ends commands when the host dies.
    pub watcher: Option<Arc<Watcher>>,
}

impl Launcher {
    /// Starts a command. An error means that it has not run.
    #[expect(clippy::unused_async, reason = "on Windows the ends of pipes meet while it waits")]
    pub async fn start(&self, launch: &Launch) -> Result<Started, ExecError> {
        self.start_now(launch).map_err(|error| failure(launch, error))
    }

    fn start_now(&self, launch: &Launch) -> io::Result<Started> {
        let mut started = (None, None, None, None);
        let mut descriptors: Vec<OwnedFd> = Vec::new();
        let mut name = None;
        if let Some((rows, columns)) = launch.terminal {
            let opened: Opened = Screen::open(rows, columns)?;
            descriptors.extend([opened.slave.try_clone()?, opened.slave.try_clone()?, opened.slave]);
            name = Some(opened.name);
            started = (None, Some(opened.reader), None, Some(opened.screen));
        } else {
            if launch.stdin {
                let (ours, theirs) = streams::writable()?;
                descriptors.push(theirs);
                started.0 = Some(ours);
            } else {
                descriptors.push(File::open("/dev/null")?.into());
            }
            let (stdout, their_stdout) = streams::readable()?;
            let (stderr, their_stderr) = streams::readable()?;
            descriptors.extend([their_stdout, their_stderr]);
            (started.1, started.2) = (Some(stdout), Some(stderr));
        }
        if let Some(script) = &launch.script {
            descriptors.push(nameless(script)?.into());
        }
        let words = self.words(launch, name)?;
        let environment = strings(launch.environment.strings())?;
        let program = words.first().cloned().unwrap_or_default();
        // What is run under another program has its path as its name; the command itself, that which its words say.
        let arguments = if self.is_direct(launch) { strings(launch.arguments.clone())? } else { words };
        let leader = spawn(&Plan {
            program: &program,
            arguments: &arguments,
            environment: &environment,
            directory: &CString::new(names::of_path(&launch.directory))?,
            descriptors: &descriptors.iter().map(AsFd::as_fd).collect::<Vec<_>>(),
        })?;
        let tree = Arc::new(Tree::new(leader, self.watcher.clone()));
        let exit = exit::of(&tree).inspect_err(|_| drop(tree.end(std::time::Duration::ZERO)))?;
        let (stdin, stdout, stderr, screen) = started;
        Ok(Started { tree, exit, stdin, stdout, stderr, screen, script: None })
    }

    fn is_direct(&self, launch: &Launch) -> bool {
        self.profile.is_none() && self.limits.is_empty() && launch.terminal.is_none()
    }

    /// All words, from the first program's path on.
    fn words(&self, launch: &Launch, terminal: Option<CString>) -> io::Result<Vec<CString>> {
        let mut words: Vec<Vec<u8>> = Vec::new();
        if let Some(profile) = &self.profile {
            words.extend([SANDBOX_EXEC, "-p", profile].map(|word| word.as_bytes().to_vec()));
        }
        if !self.limits.is_empty() || terminal.is_some() {
            // Opening a terminal makes it that of a session which has none. Limits last: they may be on open files.
            let take = if terminal.is_some() { "exec 0<>\"$1\" 1>&0 2>&0; shift; " } else { "" };
            let text = format!("{take}{}exec \"$@\"", self.limits);
            words.extend([SHELL, "-c", &text, "sh"].map(|word| word.as_bytes().to_vec()));
        }
        words.extend(terminal.map(CString::into_bytes));
        words.push(launch.program.clone().into_os_string().into_vec());
        words.extend(launch.arguments.iter().skip(1).cloned());
        strings(words)
    }
}

fn strings(words: Vec<Vec<u8>>) -> io::Result<Vec<CString>> {
    Ok(words.into_iter().map(CString::new).collect::<Result<Vec<_>, _>>()?)
}

fn failure(launch: &Launch, error: io::Error) -> ExecError {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::E2BIG) => ExecError::TooBig,
        Some(Errno::EAGAIN | Errno::EMFILE | Errno::ENFILE | Errno::ENOMEM) => ExecError::Resources(error),
        _ => ExecError::Spawn { program: names::of_path(&launch.program), source: error },
    }
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A file with these contents, which only who holds it can read.
fn nameless(contents: &[u8]) -> io::Result<File> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sandshell-script-{}-{number}", std::process::id()));
        let made = File::options().write(true).create_new(true).mode(0o600).open(&path);
        let mut file = match made {
            // Left by a process of the same number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            made => made?,
        };
        let opened = file.write_all(contents).and_then(|()| File::open(&path));
        std::fs::remove_file(&path)?;
        return opened;
    }
}
