//! Tries the contract suite on a minimal sandbox over the host's own shell in a temporary directory: what the suite
//! says of a real system must hold on a real system.

#![expect(clippy::unwrap_used, reason = "a test may stop at what cannot be")]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use bytes::Bytes;
use sandbox::{
    Capabilities, DirEntry, EventSender, ExecEvent, ExecExit, ExecRequest, Execution, FileErrorKind, FileOperation,
    FileStat, FileType, Isolation, Sandbox, SandboxError, Stdin, TIMEOUT_STATUS,
};
use std::future::poll_fn;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_s_shell_fulfils_the_contract() {
    let passed = sandbox::contract::run(|| async { Arc::new(HostShell::new()) as Arc<dyn Sandbox> }).await.unwrap();
    assert!(passed.len() >= 45, "only {} checks ran", passed.len());
}

/// Linux refuses an argument of 128 KiB or more.
const LONGEST_ARGUMENT: usize = 128 << 10;

struct HostShell {
    root: tempfile::TempDir,
    closed: AtomicBool,
}

impl HostShell {
    fn new() -> Self {
        HostShell { root: tempfile::tempdir().unwrap(), closed: AtomicBool::new(false) }
    }

    fn open(&self, operation: &'static str) -> Result<(), SandboxError> {
        if self.closed.load(Ordering::Relaxed) { Err(SandboxError::Closed { operation }) } else { Ok(()) }
    }

    fn path(&self, operation: FileOperation, path: &[u8]) -> Result<PathBuf, SandboxError> {
        self.open("use files")?;
        if path.contains(&0) {
            return Err(SandboxError::file(operation, path, FileErrorKind::InvalidPath));
        }
        Ok(self.root.path().join(OsStr::from_bytes(path)))
    }
}

fn file_type(metadata: &std::fs::Metadata) -> FileType {
    match metadata.file_type() {
        kind if kind.is_file() => FileType::File,
        kind if kind.is_dir() => FileType::Directory,
        kind if kind.is_symlink() => FileType::Symlink,
        _ => FileType::Other,
    }
}

#[async_trait]
impl Sandbox for HostShell {
    async fn exec(&self, mut request: ExecRequest) -> Result<Execution, SandboxError> {
        self.open("run a command")?;
        if request.cancellation.as_ref().is_some_and(|token| token.is_cancelled()) {
            return Err(SandboxError::Cancelled { command: request.summary() });
        }
        let mut command = Command::new("bash");
        if request.script.len() < LONGEST_ARGUMENT {
            let arg0 = request.arg0.as_deref().unwrap_or(b"bash");
            command.arg("-c").arg(OsStr::from_bytes(&request.script)).arg(OsStr::from_bytes(arg0));
        } else {
            let script = self.root.path().join(".script");
            std::fs::write(&script, &request.script).unwrap();
            command.arg(script);
        }
        let cwd = self.path(FileOperation::Stat, request.cwd.as_deref().unwrap_or(b"."))?;
        command.args(request.args.iter().map(|arg| OsStr::from_bytes(arg))).current_dir(cwd);
        for change in &request.env {
            match &change.value {
                Some(value) => command.env(OsStr::from_bytes(&change.name), OsStr::from_bytes(value)),
                None => command.env_remove(OsStr::from_bytes(&change.name)),
            };
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = command
            .spawn()
            .map_err(|error| SandboxError::NotStarted { command: request.summary(), reason: error.to_string() })?;
        let mut input = child.stdin.take().unwrap();
        let stdin = std::mem::take(&mut request.stdin);
        tokio::spawn(async move {
            match stdin {
                Stdin::Empty => {}
                Stdin::Bytes(bytes) => _ = input.write_all(&bytes).await,
                Stdin::Stream(mut stream) => {
                    while let Some(chunk) = poll_fn(|cx| stream.as_mut().poll_next(cx)).await {
                        if input.write_all(&chunk).await.is_err() || input.flush().await.is_err() {
                            break;
                        }
                    }
                }
            }
        });
        let (sender, execution) = Execution::channel(4, request.retention);
        tokio::spawn(supervise(child, request, sender));
        Ok(execution)
    }

    async fn read_file(&self, path: &[u8]) -> Result<Bytes, SandboxError> {
        let full = self.path(FileOperation::Read, path)?;
        std::fs::read(full).map(Bytes::from).map_err(|e| SandboxError::from_io(FileOperation::Read, path, &e))
    }

    async fn write_file(&self, path: &[u8], contents: Bytes) -> Result<(), SandboxError> {
        let full = self.path(FileOperation::Write, path)?;
        let failed = |e: &std::io::Error| SandboxError::from_io(FileOperation::Write, path, e);
        if let Some(parent) = full.parent() {
            std::fs::create_dir_all(parent).map_err(|e| match e.kind() {
                std::io::ErrorKind::AlreadyExists => {
                    SandboxError::file(FileOperation::Write, path, FileErrorKind::NotADirectory)
                }
                _ => failed(&e),
            })?;
        }
        std::fs::write(full, contents).map_err(|e| failed(&e))
    }

    async fn stat(&self, path: &[u8]) -> Result<FileStat, SandboxError> {
        let full = self.path(FileOperation::Stat, path)?;
        let failed = |e: std::io::Error| SandboxError::from_io(FileOperation::Stat, path, &e);
        let link = std::fs::symlink_metadata(&full).map_err(failed)?;
        let target = std::fs::metadata(&full).map_err(failed)?;
        Ok(FileStat {
            file_type: file_type(&target),
            size: target.len(),
            modified: target.modified().map_err(failed)?,
            mode: None,
            is_symlink: link.is_symlink(),
        })
    }

    async fn read_dir(&self, path: &[u8]) -> Result<Vec<DirEntry>, SandboxError> {
        let full = self.path(FileOperation::ReadDir, path)?;
        let failed = |e: std::io::Error| SandboxError::from_io(FileOperation::ReadDir, path, &e);
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(full).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let file_type = file_type(&entry.metadata().map_err(failed)?);
            entries.push(DirEntry { name: entry.file_name().as_bytes().to_vec(), file_type });
        }
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(entries)
    }

    async fn exists(&self, path: &[u8]) -> Result<bool, SandboxError> {
        match self.stat(path).await {
            Ok(_) => Ok(true),
            Err(e) => match e.file_kind() {
                Some(FileErrorKind::NotFound | FileErrorKind::NotADirectory) => Ok(false),
                _ => Err(e),
            },
        }
    }

    async fn create_dir(&self, path: &[u8], parents: bool) -> Result<(), SandboxError> {
        let full = self.path(FileOperation::CreateDir, path)?;
        let made = if parents { std::fs::create_dir_all(full) } else { std::fs::create_dir(full) };
        made.map_err(|e| SandboxError::from_io(FileOperation::CreateDir, path, &e))
    }

    async fn remove(&self, path: &[u8], recursive: bool) -> Result<(), SandboxError> {
        let full = self.path(FileOperation::Remove, path)?;
        let failed = |e: std::io::Error| SandboxError::from_io(FileOperation::Remove, path, &e);
        let is_dir = std::fs::symlink_metadata(&full).map_err(failed)?.is_dir();
        match (is_dir, recursive) {
            (true, true) => std::fs::remove_dir_all(full),
            (true, false) => std::fs::remove_dir(full),
            (false, _) => std::fs::remove_file(full),
        }
        .map_err(failed)
    }

    async fn rename(&self, from: &[u8], to: &[u8]) -> Result<(), SandboxError> {
        let (source, target) = (self.path(FileOperation::Rename, from)?, self.path(FileOperation::Rename, to)?);
        std::fs::rename(source, target).map_err(|e| SandboxError::from_io(FileOperation::Rename, from, &e))
    }

    fn cwd(&self) -> Vec<u8> {
        self.root.path().as_os_str().as_bytes().to_vec()
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            kind: "host-shell",
            isolation: Isolation::None,
            native_programs: true,
            network: true,
            persistent_files: false,
            byte_names: true,
        }
    }

    async fn close(&self) -> Result<(), SandboxError> {
        self.closed.store(true, Ordering::Relaxed);
        Ok(())
    }
}

async fn forward(
    mut pipe: impl AsyncRead + Unpin + Send + 'static,
    sender: EventSender,
    event: fn(Bytes) -> ExecEvent,
) {
    let mut buffer = vec![0; 65_536];
    while let Ok(n @ 1..) = pipe.read(&mut buffer).await {
        if !sender.send(event(Bytes::copy_from_slice(&buffer[..n]))).await {
            return;
        }
    }
}

async fn supervise(mut child: Child, request: ExecRequest, sender: EventSender) {
    let started = Instant::now();
    let group = child.id().unwrap();
    let out = tokio::spawn(forward(child.stdout.take().unwrap(), sender.clone(), ExecEvent::Stdout));
    let err = tokio::spawn(forward(child.stderr.take().unwrap(), sender.clone(), ExecEvent::Stderr));
    let mut exit = ExecExit::default();
    let timeout = async {
        match request.timeout {
            Some(limit) => tokio::time::sleep(limit).await,
            None => std::future::pending().await,
        }
    };
    let cancelled = async {
        match &request.cancellation {
            Some(token) => token.cancelled().await,
            None => std::future::pending().await,
        }
    };
    let status = tokio::select! {
        status = child.wait() => status.ok(),
        () = timeout => { exit.timed_out = true; None }
        () = cancelled => { exit.cancelled = true; None }
        () = sender.closed() => None,
    };
    let status = match status {
        Some(status) => status,
        None => {
            let _ = std::process::Command::new("bash").args(["-c", &format!("kill -KILL -- -{group}")]).output();
            child.wait().await.unwrap_or(ExitStatus::from_raw(9))
        }
    };
    let _ = tokio::join!(out, err);
    exit.signal = status.signal();
    exit.exit_code = match (exit.timed_out, status.code()) {
        (true, _) => TIMEOUT_STATUS,
        (false, Some(code)) => code,
        (false, None) => 128 + status.signal().unwrap_or(0),
    };
    exit.duration = started.elapsed();
    sender.send(ExecEvent::Exit(exit)).await;
}
