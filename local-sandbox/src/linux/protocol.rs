//! What the host and its helper processes say to each other.
//!
//! Host to warden: one [`Setup`] at the start, then one descriptor-carrying [`Summons`] for each supervisor wanted.
//! Host to supervisor: [`Launch`](crate::linux::launch::Launch), then orders ([`Order`]); back come [`Reply`] messages. Integers are little-endian;
//! strings are terminated by NUL so that the supervisor hands them to `execve` where they lie.

use std::ffi::CStr;
use std::io;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::exit::KillReason;
use crate::limits::Limits;
use crate::policy::Policy;

/// The `argv[0]` that makes a process image a warden.
pub const WARDEN_NAME: &str = "sandshell-warden";

/// Asks the warden for one more supervisor, serving the socket that comes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summons {
    /// The mark of the supervisor and of all that it starts.
    pub mark: u64,
}

impl Summons {
    /// Encodes the message.
    pub fn encode(self) -> Vec<u8> {
        let mut out = vec![b'S'];
        put(&mut out, self.mark);
        out
    }

    /// Decodes what [`Summons::encode`] made.
    pub fn decode(bytes: &[u8]) -> io::Result<Summons> {
        let mut input = Input(bytes);
        match input.byte()? {
            b'S' => Ok(Summons { mark: input.number()? }),
            _ => Err(malformed()),
        }
    }
}

/// The first message to the warden.
#[derive(Debug, Serialize, Deserialize)]
pub struct Setup {
    /// What to confine; `None` leaves the commands as free as the host.
    pub policy: Option<Policy>,
    /// Drops the capabilities that open the host's memory and environment.
    pub protect_host: bool,
    /// Limits that hold for the sandbox as a whole.
    pub limits: Limits,
    /// Whether a control group is to be made for the limits.
    pub groups: bool,
    /// Whether commands are started with `RLIMIT_NPROC`.
    pub rlimit_processes: bool,
    /// The mark of the warden itself.
    pub mark: u64,
}

/// The warden's answer to [`Setup`].
#[derive(Debug, Serialize, Deserialize)]
pub enum SetupReply {
    /// The commands can come.
    Ready(crate::report::Outcome),
    /// Nothing was started.
    Failed {
        /// What was being done.
        stage: String,
        /// The system's reason.
        errno: i32,
    },
}

/// What the host asks of a supervisor that has a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// End the whole tree: TERM, the grace, KILL.
    Kill {
        /// Time between TERM and KILL.
        grace: Duration,
    },
    /// Send a signal to the command's process group.
    Signal(i32),
    /// Tell the descendants' process ids.
    List,
}

impl Order {
    /// Encodes the message.
    pub fn encode(self) -> Vec<u8> {
        let (tag, value) = match self {
            Order::Kill { grace } => (b'K', u64::try_from(grace.as_millis()).unwrap_or(u64::MAX)),
            Order::Signal(number) => (b'G', u64::from(number.unsigned_abs())),
            Order::List => (b'P', 0),
        };
        let mut out = vec![tag];
        put(&mut out, value);
        out
    }

    /// Decodes what [`Order::encode`] made.
    pub fn decode(bytes: &[u8]) -> io::Result<Order> {
        let mut input = Input(bytes);
        let tag = input.byte()?;
        let value = input.number()?;
        match tag {
            b'K' => Ok(Order::Kill { grace: Duration::from_millis(value) }),
            b'G' => Ok(Order::Signal(i32::try_from(value).map_err(|_| malformed())?)),
            b'P' => Ok(Order::List),
            _ => Err(malformed()),
        }
    }
}

/// Where the start of a command failed; the command has not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stage {
    /// The request itself.
    Request = 0,
    /// Making the process.
    Fork = 1,
    /// A session of its own.
    Session = 2,
    /// Opening or attaching the terminal.
    Terminal = 3,
    /// Standard streams.
    Streams = 4,
    /// The working directory.
    Directory = 5,
    /// Limits.
    Limits = 6,
    /// Landlock and its kin.
    Confinement = 7,
    /// The program itself.
    Program = 8,
}

impl Stage {
    fn from_number(number: u8) -> Stage {
        match number {
            1 => Stage::Fork,
            2 => Stage::Session,
            3 => Stage::Terminal,
            4 => Stage::Streams,
            5 => Stage::Directory,
            6 => Stage::Limits,
            7 => Stage::Confinement,
            8 => Stage::Program,
            _ => Stage::Request,
        }
    }

    /// The stage's name in messages.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Request => "request",
            Stage::Fork => "fork",
            Stage::Session => "session",
            Stage::Terminal => "terminal",
            Stage::Streams => "standard streams",
            Stage::Directory => "working directory",
            Stage::Limits => "limits",
            Stage::Confinement => "confinement",
            Stage::Program => "program",
        }
    }
}

/// The end of a command's own process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    /// The status as `wait` gives it.
    pub status: i32,
    /// Why the supervisor ended it, if it did.
    pub killed: Option<KillReason>,
    /// Descendants alive; 0 means that the supervisor is free again.
    pub still_running: u32,
    /// User time of the command and its awaited children, microseconds.
    pub user_time: u64,
    /// System time likewise.
    pub system_time: u64,
    /// Largest resident set, kibibytes.
    pub max_resident: u64,
    /// Time from start to end, microseconds.
    pub duration: u64,
}

/// What a supervisor says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The command runs; the process id is the one in the supervisor's namespace. A terminal's master comes along.
    Started(u32),
    /// The command has not run.
    Failed(Stage, i32),
    /// The command's own process has ended.
    Ended(Ended),
    /// No descendant is left; the supervisor is free again. Only after an `Ended` with descendants.
    Quiet,
    /// Answer to [`Order::List`].
    Listing(Vec<u32>),
}

impl Reply {
    /// Encodes the message.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(64);
        match self {
            Reply::Started(pid) => {
                out.push(b's');
                out.extend_from_slice(&pid.to_le_bytes());
            }
            Reply::Failed(stage, errno) => {
                out.extend_from_slice(&[b'f', *stage as u8]);
                out.extend_from_slice(&errno.to_le_bytes());
            }
            Reply::Ended(end) => {
                out.push(b'e');
                out.extend_from_slice(&end.status.to_le_bytes());
                out.push(end.killed.map_or(0, |reason| reason as u8));
                out.extend_from_slice(&end.still_running.to_le_bytes());
                for number in [end.user_time, end.system_time, end.max_resident, end.duration] {
                    put(&mut out, number);
                }
            }
            Reply::Quiet => out.push(b'q'),
            Reply::Listing(pids) => {
                out.push(b'l');
                pids.iter().for_each(|pid| out.extend_from_slice(&pid.to_le_bytes()));
            }
        }
        out
    }

    /// Decodes what [`Reply::encode`] made.
    pub fn decode(bytes: &[u8]) -> io::Result<Reply> {
        let mut input = Input(bytes);
        match input.byte()? {
            b's' => Ok(Reply::Started(input.word()?)),
            b'f' => Ok(Reply::Failed(Stage::from_number(input.byte()?), input.word()?.cast_signed())),
            b'e' => Ok(Reply::Ended(Ended {
                status: input.word()?.cast_signed(),
                killed: KillReason::from_number(input.byte()?),
                still_running: input.word()?,
                user_time: input.number()?,
                system_time: input.number()?,
                max_resident: input.number()?,
                duration: input.number()?,
            })),
            b'q' => Ok(Reply::Quiet),
            b'l' => {
                let mut pids = Vec::new();
                while !input.0.is_empty() {
                    pids.push(input.word()?);
                }
                Ok(Reply::Listing(pids))
            }
            _ => Err(malformed()),
        }
    }
}

/// Writes eight bytes.
pub fn put(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(&number.to_le_bytes());
}

/// What is no message.
pub fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "malformed message between host and helper")
}

/// What of a message is not read yet.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// Bytes of a fixed number.
    pub fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk::<N>().ok_or_else(malformed)?;
        self.0 = rest;
        Ok(*head)
    }

    /// One byte.
    pub fn byte(&mut self) -> io::Result<u8> {
        Ok(u8::from_le_bytes(self.take()?))
    }

    /// Two bytes.
    pub fn short(&mut self) -> io::Result<u16> {
        Ok(u16::from_le_bytes(self.take()?))
    }

    /// Four bytes.
    pub fn word(&mut self) -> io::Result<u32> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    /// Eight bytes.
    pub fn number(&mut self) -> io::Result<u64> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    /// A string up to its NUL.
    pub fn text(&mut self) -> io::Result<&'a CStr> {
        let text = CStr::from_bytes_until_nul(self.0).map_err(|_| malformed())?;
        self.0 = self.0.get(text.count_bytes() + 1..).unwrap_or_default();
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_survive_the_wire() {
        let end =
            Ended { status: 9, killed: Some(KillReason::Timeout), still_running: 3, duration: 77, ..Ended::default() };
        let replies = [
            Reply::Started(12),
            Reply::Failed(Stage::Directory, 2),
            Reply::Ended(end),
            Reply::Quiet,
            Reply::Listing(vec![1, 2, 70_000]),
        ];
        for reply in replies {
            assert_eq!(Reply::decode(&reply.encode()).expect("decodes"), reply);
        }
    }

    #[test]
    fn a_truncated_message_is_an_error() {
        assert!(Reply::decode(b"e123").is_err());
    }
}
