//! Starting commands.

use std::fs::File;
use std::io;
use std::os::windows::io::AsHandle;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::exit;
use super::screen::Screen;
use super::streams;
use super::sys::job::{Job, JobLimits};
use super::sys::process::{self, Plan, Standard};
use super::tree::Tree;
use crate::error::ExecError;
use crate::names;
use crate::portable::command_line::{self, UNITS_MAX};
use crate::portable::launch::{Launch, Started};
use crate::shell::FROM_FILE;

/// How the commands of one sandbox are started.
#[derive(Debug)]
pub struct Launcher {
    /// The job that all of them are in.
    pub job: Arc<Job>,
}

impl Launcher {
    /// Starts a command. An error means that it has not run.
    pub async fn start(&self, launch: &Launch) -> Result<Started, ExecError> {
        let script = launch.script.as_deref().map(|bytes| ScriptFile::new(bytes, launch.verbatim)).transpose()?;
        let line = command_line(launch, script.as_ref())?;
        let environment = command_line::environment(launch.environment.iter())
            .ok_or(ExecError::InvalidCommand { what: "environment" })?;
        let program = terminated(&launch.program)?;
        let directory = terminated(&launch.directory)?;
        let mut started = (None, None, None, None);
        // Theirs, closed when the command has them.
        let mut ends: Vec<File> = Vec::new();
        if let Some((rows, columns)) = launch.terminal {
            let (screen, reader) = Screen::open(rows, columns).await?;
            started = (None, Some(reader), None, Some(screen));
        } else {
            if launch.stdin {
                let (ours, theirs) = streams::writable().await?;
                ends.push(theirs);
                started.0 = Some(ours);
            } else {
                ends.push(File::open("NUL")?);
            }
            let (stdout, their_stdout) = streams::readable().await?;
            let (stderr, their_stderr) = streams::readable().await?;
            ends.extend([their_stdout, their_stderr]);
            (started.1, started.2) = (Some(stdout), Some(stderr));
        }
        let standard = match (started.3.as_ref().and_then(Screen::console), ends.as_slice()) {
            (Some(console), _) => Standard::Console(console),
            (None, [stdin, stdout, stderr]) => {
                Standard::Pipes([stdin.as_handle(), stdout.as_handle(), stderr.as_handle()])
            }
            _ => return Err(ExecError::Io(io::ErrorKind::InvalidInput.into())),
        };
        let failed = |source: io::Error| ExecError::Spawn { program: names::of_path(&launch.program), source };
        let plan = Plan { program: &program, line, environment: &environment, directory: &directory, standard };
        let suspended = process::spawn(plan).map_err(failed)?;
        // In the jobs before its first instruction: nothing that it starts is outside of them.
        let job = Job::new(&JobLimits::default()).map_err(failed)?;
        self.job.assign(&suspended).and_then(|()| job.assign(&suspended)).map_err(failed)?;
        let pid = suspended.pid();
        let process = suspended.resume().map_err(failed)?;
        let tree = Arc::new(Tree::new(pid, job));
        let exit = exit::of(process, &tree).map_err(ExecError::Resources)?;
        let (stdin, stdout, stderr, screen) = started;
        Ok(Started { tree, exit, stdin, stdout, stderr, screen, script })
    }
}

fn command_line(launch: &Launch, script: Option<&ScriptFile>) -> Result<Vec<u16>, ExecError> {
    let mut words = launch.arguments.clone();
    if let Some(first) = words.first_mut() {
        *first = names::of_path(&launch.program);
    }
    if let Some(script) = script
        && let Some(word) = words.iter_mut().find(|word| word.as_slice() == FROM_FILE)
    {
        *word = script.word(launch.verbatim);
    }
    let line = command_line::join(&words, launch.verbatim).ok_or(ExecError::InvalidCommand { what: "argument" })?;
    if line.len() > UNITS_MAX { Err(ExecError::TooBig) } else { Ok(line) }
}

fn terminated(path: &Path) -> Result<Vec<u16>, ExecError> {
    use std::os::windows::ffi::OsStrExt;
    Ok(path.as_os_str().encode_wide().chain([0]).collect())
}

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A script in a file of its own, removed on drop.
#[derive(Debug)]
pub struct ScriptFile(PathBuf);

impl ScriptFile {
    fn new(contents: &[u8], batch: bool) -> io::Result<ScriptFile> {
        use std::io::Write;
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let end = if batch { "cmd" } else { "sh" };
            let path = std::env::temp_dir().join(format!("sandshell-script-{}-{number}.{end}", std::process::id()));
            match File::options().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let script = ScriptFile(path);
                    return file.write_all(contents).map(|()| script);
                }
                // Left by a process of the same number.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The word that runs it: for `cmd.exe` its path, for a POSIX shell the command that reads it.
    fn word(&self, batch: bool) -> Vec<u8> {
        let path = names::of_path(&self.0);
        if batch {
            return [b"\"", path.as_slice(), b"\""].concat();
        }
        let path: Vec<u8> = path.into_iter().map(|byte| if byte == b'\\' { b'/' } else { byte }).collect();
        let quoted = path.split(|byte| *byte == b'\'').collect::<Vec<_>>().join(&b"'\\''"[..]);
        [b". '", quoted.as_slice(), b"'"].concat()
    }
}

impl Drop for ScriptFile {
    fn drop(&mut self) {
        // A file of a directory for temporary files; nothing depends on it.
        let _ = std::fs::remove_file(&self.0);
    }
}
