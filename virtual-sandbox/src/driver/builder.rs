//! What a virtual sandbox is made of.

use super::execution::entry;
use super::sandbox::{Config, VirtualSandbox};
use super::time::Time;
use crate::errno::Errno;
use crate::kernel::Limits;
use crate::machine::program_names;
use crate::vfs::{Context, Cred, FileSystem, MountMode, NoProcesses, Timestamp, Vfs};
use bytes::Bytes;
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The environment of a fresh sandbox.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("HOME", "/home/user"),
    ("LANG", "C.UTF-8"),
    ("LOGNAME", "user"),
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("SHELL", "/bin/bash"),
    ("TERM", "dumb"),
    ("USER", "user"),
];

/// Where commands start unless something else is said.
const HOME: &str = "/home/user";

/// Why a sandbox could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file of the sandbox could not be made.
    #[error("{path}: {errno}")]
    Guest {
        /// The path inside.
        path: String,
        /// Why not.
        errno: Errno,
    },
    /// A file of the host could not be used.
    #[error("{}: {reason}", path.display())]
    Host {
        /// The path outside.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// There is no such limit, or the value does not fit.
    #[error("no limit called '{name}' can be {value}")]
    Limit {
        /// The name.
        name: String,
        /// The value.
        value: u64,
    },
}

/// A name and its value.
type Variable = (Cow<'static, [u8]>, Cow<'static, [u8]>);

/// The environment as a block. That of the sandbox made last is shared with the next one, which most often has the
/// same.
fn shared_environment(env: Vec<Variable>) -> Arc<[Bytes]> {
    static LAST: Mutex<Option<Arc<[Bytes]>>> = Mutex::new(None);
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |block: &Arc<[Bytes]>| {
        block.len() == env.len()
            && block.iter().zip(&env).all(|(entry, (name, value))| {
                entry.strip_prefix(&name[..]).and_then(|rest| rest.strip_prefix(b"=")) == Some(&value[..])
            })
    };
    match &*last {
        Some(block) if same(block) => Arc::clone(block),
        _ => {
            let block: Arc<[Bytes]> = env.iter().map(|(name, value)| entry(name, value)).collect();
            *last = Some(Arc::clone(&block));
            block
        }
    }
}

/// Something that is put into the tree when the sandbox is made, in order.
enum Part {
    File {
        path: Vec<u8>,
        content: Bytes,
        mode: u32,
    },
    #[cfg_attr(not(unix), expect(dead_code, reason = "files of the host are taken in on UNIX"))]
    HostFiles {
        from: PathBuf,
        to: Vec<u8>,
    },
    #[cfg_attr(not(unix), expect(dead_code, reason = "directories of the host are mounted on UNIX"))]
    HostMount {
        from: PathBuf,
        at: Vec<u8>,
        mode: MountMode,
    },
    Mount {
        fs: Arc<dyn FileSystem>,
        at: Vec<u8>,
        mode: MountMode,
    },
}

/// Makes a [`VirtualSandbox`]: files, mounts, environment, limits, time and chance.
pub struct Builder {
    image: Option<Vfs>,
    parts: Vec<Part>,
    env: Vec<Variable>,
    cwd: Vec<u8>,
    limits: Limits,
    wrong_limit: Option<(String, u64)>,
    seed: Option<u64>,
    time: Time,
    drain: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            image: None,
            parts: Vec::new(),
            env: ENVIRONMENT
                .iter()
                .map(|(name, value)| (Cow::from(name.as_bytes()), Cow::from(value.as_bytes())))
                .collect(),
            cwd: HOME.as_bytes().to_vec(),
            limits: Limits::default(),
            wrong_limit: None,
            seed: None,
            time: Time::Host,
            drain: Duration::from_secs(2),
        }
    }
}

impl Builder {
    /// Starts from this tree instead of the base image; sandboxes made from clones of one tree share its files.
    #[must_use]
    pub fn image(mut self, image: Vfs) -> Self {
        self.image = Some(image);
        self
    }

    /// Puts a file in, mode 644, with the directories above it. A relative path starts at the working directory.
    #[must_use]
    pub fn file(self, path: impl AsRef<[u8]>, content: impl Into<Bytes>) -> Self {
        self.file_with_mode(path, content, 0o644)
    }

    /// Puts a file with these permission bits in.
    #[must_use]
    pub fn file_with_mode(mut self, path: impl AsRef<[u8]>, content: impl Into<Bytes>, mode: u32) -> Self {
        self.parts.push(Part::File { path: path.as_ref().to_vec(), content: content.into(), mode });
        self
    }

    /// Copies a file or directory of the host in.
    #[must_use]
    pub fn host_files(mut self, from: impl Into<PathBuf>, to: impl AsRef<[u8]>) -> Self {
        self.parts.push(Part::HostFiles { from: from.into(), to: to.as_ref().to_vec() });
        self
    }

    /// Shows a directory of the host, confined beneath it.
    #[must_use]
    pub fn host_mount(mut self, from: impl Into<PathBuf>, at: impl AsRef<[u8]>, mode: MountMode) -> Self {
        self.parts.push(Part::HostMount { from: from.into(), at: at.as_ref().to_vec(), mode });
        self
    }

    /// Mounts any file system.
    #[must_use]
    pub fn mount(mut self, fs: Arc<dyn FileSystem>, at: impl AsRef<[u8]>, mode: MountMode) -> Self {
        self.parts.push(Part::Mount { fs, at: at.as_ref().to_vec(), mode });
        self
    }

    /// Sets a variable of the environment that every command starts with.
    #[must_use]
    pub fn env(mut self, name: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Self {
        let name = Cow::from(name.into());
        self.env.retain(|(old, _)| *old != name);
        self.env.push((name, Cow::from(value.into())));
        self
    }

    /// Sets the directory where commands start; it is made when it is not there. Default `/home/user`.
    #[must_use]
    pub fn cwd(mut self, cwd: impl AsRef<[u8]>) -> Self {
        self.cwd = sandbox::resolve(HOME.as_bytes(), cwd.as_ref());
        self
    }

    /// Sets all limits.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets one limit by its name, as in [`Limits::NAMES`]; a wrong one is reported by [`build`](Builder::build).
    #[must_use]
    pub fn limit(mut self, name: &str, value: u64) -> Self {
        if !self.limits.set(name, value) {
            self.wrong_limit.get_or_insert((name.to_owned(), value));
        }
        self
    }

    /// Seeds everything that is random inside. Default: from the host.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Sets where time comes from. Default: the host's clock.
    #[must_use]
    pub fn time(mut self, time: Time) -> Self {
        self.time = time;
        self
    }

    /// Sets how long after the end of its shell a command's background processes may go on writing, at most.
    /// Default 2 seconds. When all of them sleep for longer than 300 milliseconds, they are not waited for.
    #[must_use]
    pub fn drain(mut self, drain: Duration) -> Self {
        self.drain = drain;
        self
    }

    /// Makes the sandbox.
    pub fn build(self) -> Result<VirtualSandbox, BuildError> {
        if let Some((name, value)) = self.wrong_limit {
            return Err(BuildError::Limit { name, value });
        }
        let mut vfs = match self.image {
            Some(image) => image,
            None => base_image()?,
        };
        let clock = self.time.start();
        let cred = Cred::user();
        let cx = Context { cwd: vfs.root(), cred: &cred, umask: 0, now: clock.timestamp(), pid: 1, proc: &NoProcesses };
        if self.cwd != HOME.as_bytes() {
            make_directories(&mut vfs, &cx, &self.cwd)?;
        }
        let below =
            Context { cwd: vfs.directory(&cx, &self.cwd).map_err(|errno| guest_error(&self.cwd, errno))?, ..cx };
        for part in self.parts {
            part.put_in(&mut vfs, &below)?;
        }
        let config = Config {
            env: shared_environment(self.env),
            cwd: self.cwd,
            limits: self.limits,
            seed: self.seed.unwrap_or_else(super::time::host_seed),
            time: self.time,
            drain: self.drain,
        };
        Ok(VirtualSandbox::new(vfs, config))
    }
}

impl Part {
    fn put_in(self, vfs: &mut Vfs, cx: &Context) -> Result<(), BuildError> {
        match self {
            Part::File { path, content, mode } => {
                make_directories(vfs, cx, parent(&path))?;
                vfs.seed_file(cx, &path, content, mode).map(|_| ()).map_err(|errno| guest_error(&path, errno))
            }
            #[cfg(unix)]
            Part::HostFiles { from, to } => {
                make_directories(vfs, cx, parent(&to))?;
                super::import::import(vfs, cx, &from, &to)
                    .map(|_| ())
                    .map_err(|error| BuildError::Host { path: error.path, reason: error.errno.to_string() })
            }
            #[cfg(all(feature = "host", unix))]
            Part::HostMount { from, at, mode } => {
                let owner = (cx.cred.uid, cx.cred.gid);
                let dir = super::host_dir::HostDir::open(&from, owner)
                    .map_err(|error| BuildError::Host { path: from, reason: error.to_string() })?;
                mount(vfs, cx, Arc::new(dir), &at, mode)
            }
            Part::Mount { fs, at, mode } => mount(vfs, cx, fs, &at, mode),
            #[cfg(not(all(feature = "host", unix)))]
            Part::HostFiles { from, .. } | Part::HostMount { from, .. } => {
                Err(BuildError::Host { path: from, reason: "host files are not part of this build".to_owned() })
            }
        }
    }
}

/// Mounts a file system at a directory, which is made when it is not there.
fn mount(vfs: &mut Vfs, cx: &Context, fs: Arc<dyn FileSystem>, at: &[u8], mode: MountMode) -> Result<(), BuildError> {
    make_directories(vfs, cx, at)?;
    let root = Cred::root();
    vfs.mount(&Context { cred: &root, ..*cx }, at, fs, mode).map(|_| ()).map_err(|errno| guest_error(at, errno))
}

/// Makes a directory and those above it that are missing, wherever that is: they belong to the user.
fn make_directories(vfs: &mut Vfs, cx: &Context, path: &[u8]) -> Result<(), BuildError> {
    let root = Cred::root();
    let cx = Context { cred: &root, ..*cx };
    let user = Cred::user();
    let ends = (1..=path.len()).filter(|&end| end == path.len() || path.get(end) == Some(&b'/'));
    for part in ends.filter_map(|end| path.get(..end)) {
        match vfs.mkdir(&cx, part, 0o755) {
            Ok(node) => vfs.chown_node(&cx, node, Some(user.uid), Some(user.gid)),
            Err(Errno::EEXIST) => Ok(()),
            Err(errno) => Err(errno),
        }
        .map_err(|errno| guest_error(part, errno))?;
    }
    Ok(())
}

/// What stands before the last slash of a path.
fn parent(path: &[u8]) -> &[u8] {
    path.iter().rposition(|byte| *byte == b'/').and_then(|end| path.get(..end)).unwrap_or_default()
}

fn guest_error(path: &[u8], errno: Errno) -> BuildError {
    BuildError::Guest { path: path.escape_ascii().to_string(), errno }
}

/// The tree that every sandbox starts from, made once for the whole process and shared: the usual directories and
/// files, and a program for each utility in `/usr/bin`.
///
/// # Errors
/// None in practice: it is made of constants.
pub fn base_image() -> Result<Vfs, BuildError> {
    static IMAGE: OnceLock<Result<Vfs, Errno>> = OnceLock::new();
    IMAGE
        .get_or_init(|| with_programs(Time::Host.start().timestamp()))
        .clone()
        .map_err(|errno| guest_error(b"/", errno))
}

fn with_programs(now: Timestamp) -> Result<Vfs, Errno> {
    let mut vfs = Vfs::base_image(now)?;
    let root = Cred::root();
    let cx = Context { cwd: vfs.root(), cred: &root, umask: 0, now, pid: 1, proc: &NoProcesses };
    for name in program_names() {
        vfs.install_program(&cx, b"/usr/bin", name.as_bytes())?;
    }
    Ok(vfs)
}
