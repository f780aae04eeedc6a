//! The commands that run: at most so many at a time, and what becomes of them.

use super::Stop;
use super::request::Request;
use crate::utility::prelude::*;
use std::collections::BTreeMap;

/// Exit statuses of xargs.
mod status {
    /// "any invocation of the command exited with status 1-125"
    pub const COMMAND_FAILED: u8 = 123;
    /// "the command exited with status 255"
    pub const COMMAND_SAID_STOP: u8 = 124;
    /// "the command is killed by a signal"
    pub const COMMAND_KILLED: u8 = 125;
    /// "the command cannot be run"
    pub const CANNOT_RUN: u8 = 126;
    /// "the command is not found"
    pub const NOT_FOUND: u8 = 127;
}

pub struct Children {
    sys: Sys,
    /// How many may run at a time; 0 for any number.
    most: u64,
    slot_variable: Option<Bytes>,
    open_terminal: bool,
    env: Vec<Bytes>,
    stdin: Option<Fd>,
    null: Option<Fd>,
    /// Running commands with their slots and names.
    running: BTreeMap<Pid, (u64, Bytes)>,
    status: u8,
}

impl Children {
    /// `stdin` is what commands read; `None` for `/dev/null`.
    pub fn new(sys: &Sys, invocation: &Invocation, request: &Request, stdin: Option<Fd>) -> Self {
        Children {
            sys: sys.clone(),
            most: request.max_procs,
            slot_variable: request.slot_variable.clone(),
            open_terminal: request.open_terminal,
            env: invocation.env().to_vec(),
            stdin,
            null: None,
            running: BTreeMap::new(),
            status: 0,
        }
    }

    /// The exit status so far.
    pub fn status(&self) -> u8 {
        self.status
    }

    /// Starts a command, waiting for another to end when too many run; with one at a time, waits for it as well.
    pub async fn start(&mut self, argv: Vec<Bytes>) -> Result<(), Stop> {
        while self.most > 0 && self.running.len() as u64 >= self.most {
            self.wait_for_one().await?;
        }
        self.reap_ended().await?;
        let name = argv.first().cloned().unwrap_or_default();
        let slot = (0..).find(|slot| self.running.values().all(|(used, _)| used != slot)).unwrap_or(0);
        let mut request = SpawnRequest::new(argv);
        request.env = Some(self.environment(slot).into());
        let stdin = self.standard_input().await?;
        if let Some(fd) = stdin {
            request.fds.push((Fd::STDIN, Some(fd)));
        }
        match self.sys.spawn(request).await {
            Ok(pid) => {
                self.running.insert(pid, (slot, name));
                Ok(())
            }
            Err(errno) => {
                self.sys.complain(&name, errno).await;
                let status = if errno == Errno::ENOENT { status::NOT_FOUND } else { status::CANNOT_RUN };
                Err(Stop::Status(status))
            }
        }
    }

    fn environment(&self, slot: u64) -> Vec<Bytes> {
        let Some(name) = &self.slot_variable else { return self.env.clone() };
        let prefix = [name, b"=".as_slice()].concat();
        let mut env: Vec<Bytes> = self.env.iter().filter(|entry| !entry.starts_with(&prefix)).cloned().collect();
        env.push(Bytes::from([prefix.as_slice(), slot.to_string().as_bytes()].concat()));
        env
    }

    /// What the command reads: `/dev/null`, since xargs itself reads its input, unless told otherwise.
    async fn standard_input(&mut self) -> Result<Option<Fd>, Stop> {
        if self.open_terminal {
            return match self.sys.open_read("/dev/tty").await {
                Ok(fd) => Ok(Some(fd)),
                Err(errno) => {
                    self.sys.complain("/dev/tty", errno).await;
                    Err(Stop::Status(1))
                }
            };
        }
        if self.stdin.is_some() {
            return Ok(None);
        }
        if self.null.is_none() {
            // Without /dev/null the command starts with a closed input.
            self.null = self.sys.open_read("/dev/null").await.ok();
        }
        Ok(self.null)
    }

    async fn reap_ended(&mut self) -> Result<(), Stop> {
        while !self.running.is_empty() {
            match self.sys.wait_timeout(WaitTarget::Any, Some(0)).await {
                Ok((pid, status)) => self.ended(pid, status).await?,
                Err(_) => return Ok(()),
            }
        }
        Ok(())
    }

    async fn wait_for_one(&mut self) -> Result<(), Stop> {
        match self.sys.wait(WaitTarget::Any).await {
            Ok((pid, status)) => self.ended(pid, status).await,
            Err(_) => {
                self.running.clear();
                Ok(())
            }
        }
    }

    /// Waits for all commands; the status when one of them asked to stop.
    pub async fn wait_for_all(&mut self) -> Result<(), u8> {
        let mut result = Ok(());
        while !self.running.is_empty() {
            if let Err(Stop::Status(status) | Stop::Error(_, status)) = self.wait_for_one().await {
                result = Err(status);
            }
        }
        result
    }

    async fn ended(&mut self, pid: Pid, how: WaitStatus) -> Result<(), Stop> {
        let Some((_, name)) = self.running.remove(&pid) else { return Ok(()) };
        let (what, status) = match how {
            WaitStatus::Exited(ExitStatus(0)) | WaitStatus::Continued => return Ok(()),
            WaitStatus::Exited(ExitStatus(255)) => {
                ("exited with status 255; aborting".to_owned(), status::COMMAND_SAID_STOP)
            }
            WaitStatus::Exited(_) => {
                self.status = status::COMMAND_FAILED;
                return Ok(());
            }
            WaitStatus::Signaled(signal) => {
                (format!("terminated by signal {}", signal.number()), status::COMMAND_KILLED)
            }
            WaitStatus::Stopped(signal) => (format!("stopped by signal {}", signal.number()), status::COMMAND_KILLED),
        };
        self.sys.error([&name, b": ".as_slice(), what.as_bytes()].concat()).await;
        Err(Stop::Status(status))
    }
}
