//! Writing the pieces: to files, or to a shell command each (`--filter`).

use super::settings::Settings;
use crate::text::quoting::{quote_always, quote_if_needed};
use crate::utility::prelude::*;
use std::sync::Arc;

/// Data from this size on is not gathered before it is written.
const LARGE: usize = CHUNK / 4;

/// Why `split` ends early, as it says it.
pub(super) struct Failure {
    pub message: Vec<u8>,
    pub status: ExitStatus,
}

impl Failure {
    /// A failure with status 1.
    pub(super) fn new(parts: &[&[u8]]) -> Failure {
        Failure { message: parts.concat(), status: ExitStatus::FAILURE }
    }

    /// `NAME: REASON`.
    pub(super) fn of(name: &[u8], errno: Errno) -> Failure {
        Failure::new(&[&quote_if_needed(name), b": ", errno.message().as_bytes()])
    }
}

/// Where a piece goes.
enum Target {
    File(Fd),
    /// A file that is opened anew for each write: there are more pieces than descriptors.
    Closed,
    Filter(Fd, Pid),
}

/// A piece that is being written.
pub(super) struct Piece {
    name: Bytes,
    target: Target,
    buffer: Vec<u8>,
    /// The filter reads no more.
    broken: bool,
}

impl Piece {
    /// Whether nobody reads what is written to it.
    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }
}

/// Makes pieces.
pub(super) struct Pieces<'s> {
    pub sys: Sys,
    settings: &'s Settings,
    names: super::names::Names,
    /// The input, when it is a file that a piece could overwrite.
    input: Option<Stat>,
    shell: Bytes,
    env: Arc<[Bytes]>,
    /// Descriptors of filters, which other filters must not hold.
    filters: Vec<Fd>,
    /// What `--verbose` says.
    said: OutBuf,
}

impl<'s> Pieces<'s> {
    pub(super) fn new(sys: &Sys, settings: &'s Settings, invocation: &Invocation, input: Option<Stat>) -> Pieces<'s> {
        Pieces {
            sys: sys.clone(),
            settings,
            names: settings.names.clone(),
            input,
            shell: invocation.env_var(b"SHELL").unwrap_or_else(|| Bytes::from_static(b"/bin/sh")),
            env: invocation.env().clone(),
            filters: Vec::new(),
            said: OutBuf::stdout(sys),
        }
    }

    /// Begins the next piece. `keep_open`: its file stays open between writes.
    pub(super) async fn begin(&mut self, keep_open: bool) -> Result<Piece, Failure> {
        let Some(name) = self.names.next().map(Bytes::from) else {
            return Err(Failure::new(&[b"output file suffixes exhausted"]));
        };
        let target = match &self.settings.filter {
            Some(command) => self.start_filter(command.clone(), &name).await?,
            None => self.create(&name, keep_open).await?,
        };
        Ok(Piece { name, target, buffer: Vec::new(), broken: false })
    }

    async fn create(&mut self, name: &Bytes, keep_open: bool) -> Result<Target, Failure> {
        if self.settings.verbose {
            self.said.put(&[b"creating file ".as_slice(), &quote_always(name), b"\n"].concat());
        }
        if let (Some(input), Ok(stat)) = (&self.input, self.sys.stat(name.clone()).await)
            && stat.is_same_file(input)
        {
            return Err(Failure::new(&[&quote_always(name), b" would overwrite input; aborting"]));
        }
        let fd = self.sys.create(name.clone()).await.map_err(|errno| Failure::of(name, errno))?;
        if keep_open {
            return Ok(Target::File(fd));
        }
        self.sys.close(fd).await.map_err(|errno| Failure::of(name, errno))?;
        Ok(Target::Closed)
    }

    async fn start_filter(&mut self, command: Bytes, name: &Bytes) -> Result<Target, Failure> {
        if self.settings.verbose {
            self.said.put(&[b"executing with FILE=".as_slice(), &quote_if_needed(name), b"\n"].concat());
        }
        let pipe = |errno: Errno| Failure::new(&[b"failed to create pipe: ", errno.message().as_bytes()]);
        let (reading, writing) = self.sys.pipe().await.map_err(pipe)?;
        let base = memchr::memrchr(b'/', &self.shell).map_or(0, |slash| slash + 1);
        let argv = vec![self.shell.slice(base..), Bytes::from_static(b"-c"), command.clone()];
        let mut request = SpawnRequest::new(argv);
        request.program = Some(self.shell.clone());
        let others = self.env.iter().filter(|entry| !entry.starts_with(b"FILE=")).cloned();
        let file = Bytes::from([b"FILE=".as_slice(), name].concat());
        request.env = Some(others.chain([file]).collect());
        request.fds = vec![(Fd::STDIN, Some(reading)), (reading, None), (writing, None)];
        request.fds.extend(self.filters.iter().map(|fd| (*fd, None)));
        request.defaulted = vec![Signal::PIPE];
        let spawned = self.sys.spawn(request).await;
        self.sys.close(reading).await.map_err(pipe)?;
        match spawned {
            Ok(pid) => {
                self.filters.push(writing);
                Ok(Target::Filter(writing, pid))
            }
            Err(errno) => {
                let shown = [b"\"".as_slice(), &self.shell, b" -c ", &command, b"\": "].concat();
                let message = [b"failed to run command: ".as_slice(), &shown, errno.message().as_bytes()].concat();
                self.sys.error(message).await;
                Err(self.filter_failure(name, "exit 1", 1))
            }
        }
    }

    fn filter_failure(&self, name: &[u8], how: &str, status: u8) -> Failure {
        let command = self.settings.filter.as_deref().unwrap_or_default();
        let how = format!(", {how} from command: ");
        let message = [b"with FILE=".as_slice(), &quote_if_needed(name), how.as_bytes(), command].concat();
        Failure { message, status: ExitStatus(status) }
    }

    /// Appends to a piece; what is less than `gather` bytes may be written later.
    pub(super) async fn write(&self, piece: &mut Piece, data: &Bytes, gather: usize) -> Result<(), Failure> {
        if piece.buffer.is_empty() && data.len() >= LARGE {
            return self.put(piece, data.clone()).await;
        }
        piece.buffer.extend_from_slice(data);
        if piece.buffer.len() >= gather { self.flush(piece).await } else { Ok(()) }
    }

    /// Writes what a piece has gathered.
    pub(super) async fn flush(&self, piece: &mut Piece) -> Result<(), Failure> {
        if piece.buffer.is_empty() {
            return Ok(());
        }
        let data = Bytes::from(std::mem::take(&mut piece.buffer));
        self.put(piece, data).await
    }

    async fn put(&self, piece: &mut Piece, data: Bytes) -> Result<(), Failure> {
        if piece.broken {
            return Ok(());
        }
        let failed = |errno| Failure::of(&piece.name, errno);
        match piece.target {
            Target::File(fd) => self.sys.write_all(fd, data).await.map_err(failed),
            Target::Closed => {
                let flags = OpenFlags::WRITE.union(OpenFlags::APPEND);
                let fd = self.sys.open(piece.name.clone(), flags, 0).await.map_err(failed)?;
                self.sys.write_all(fd, data).await.map_err(failed)?;
                self.sys.close(fd).await.map_err(failed)
            }
            Target::Filter(fd, _) => match self.sys.write_all(fd, data).await {
                // A filter need not read all.
                Err(Errno::EPIPE) => {
                    piece.broken = true;
                    Ok(())
                }
                written => written.map_err(failed),
            },
        }
    }

    /// Ends a piece; a filter is waited for.
    pub(super) async fn end(&mut self, mut piece: Piece) -> Result<(), Failure> {
        self.flush(&mut piece).await?;
        let failed = |errno| Failure::of(&piece.name, errno);
        let (fd, child) = match piece.target {
            Target::Closed => return Ok(()),
            Target::File(fd) => (fd, None),
            Target::Filter(fd, pid) => (fd, Some(pid)),
        };
        self.sys.close(fd).await.map_err(failed)?;
        let Some(pid) = child else { return Ok(()) };
        self.filters.retain(|filter| *filter != fd);
        let (_, status) = self.sys.wait(WaitTarget::Process(pid)).await.map_err(failed)?;
        match status {
            WaitStatus::Signaled(Signal::PIPE) => Ok(()),
            WaitStatus::Signaled(signal) => {
                let how = format!("signal {}", signal.name());
                Err(self.filter_failure(&piece.name, &how, status.shell_status().0))
            }
            _ => match status.shell_status() {
                ExitStatus::SUCCESS => Ok(()),
                ExitStatus(code) => Err(self.filter_failure(&piece.name, &format!("exit {code}"), code)),
            },
        }
    }

    /// Ends the run: what was said is written; answers whether that went well.
    pub(super) async fn finish(self) -> bool {
        self.said.finish().await
    }
}
