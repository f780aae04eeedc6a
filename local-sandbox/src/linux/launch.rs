//! The message that starts a command: made by the host from what it owns, read by the supervisor where it lies.

use std::ffi::CStr;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::Limits;
use crate::linux::protocol::{Input, malformed, put};

/// How a command's standard input, output and terminal are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wiring {
    /// A descriptor for standard input comes along; otherwise it is `/dev/null`.
    pub stdin: bool,
    /// The script comes along as a descriptor and becomes fd 3.
    pub script: bool,
    /// A terminal of this many rows and columns is opened by the supervisor; its master goes to the host.
    pub terminal: Option<(u16, u16)>,
    /// The host wants to know the process id at once.
    pub announce: bool,
    /// Descendants that outlive the command are ended with it.
    pub kill_background: bool,
}

/// Strings as they lie in a message, each ended by NUL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strings {
    bytes: Vec<u8>,
    count: usize,
    longest: usize,
}

impl Strings {
    /// These; none holds a NUL (the caller has checked).
    pub fn new<T: AsRef<[u8]>>(texts: impl IntoIterator<Item = T>) -> Strings {
        let mut strings = Strings::default();
        for text in texts {
            let text = text.as_ref();
            strings.bytes.extend_from_slice(text);
            strings.bytes.push(0);
            strings.count += 1;
            strings.longest = strings.longest.max(text.len());
        }
        strings
    }

    /// How long the longest is, bytes without its NUL.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// What `execve` counts: all bytes and a pointer to each.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.count * size_of::<usize>()
    }
}

/// One command to start.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// Absolute path of the program.
    pub program: Vec<u8>,
    /// Arguments, `argv[0]` first.
    pub arguments: Strings,
    /// `NAME=VALUE` strings.
    pub environment: Arc<Strings>,
    /// Working directory, absolute.
    pub directory: Vec<u8>,
    /// Time until the tree is ended.
    pub timeout: Option<Duration>,
    /// Time between TERM and KILL.
    pub grace: Duration,
    /// Descriptors and terminal.
    pub wiring: Wiring,
    /// Limits of each process.
    pub limits: Limits,
}

impl Launch {
    /// Encodes the message; strings must hold no NUL (the caller has checked).
    pub fn encode(&self) -> Vec<u8> {
        let texts = [&self.arguments, &*self.environment];
        let text: usize = texts.iter().map(|strings| strings.bytes.len()).sum();
        let mut out = Vec::with_capacity(160 + text + self.program.len() + self.directory.len());
        out.push(b'L');
        put(&mut out, self.timeout.map_or(u64::MAX, |t| u64::try_from(t.as_millis()).unwrap_or(u64::MAX - 1)));
        put(&mut out, u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX));
        let wiring = &self.wiring;
        out.push(
            u8::from(wiring.stdin)
                | u8::from(wiring.script) << 1
                | u8::from(wiring.terminal.is_some()) << 2
                | u8::from(wiring.announce) << 3
                | u8::from(wiring.kill_background) << 4,
        );
        let (rows, columns) = wiring.terminal.unwrap_or((0, 0));
        out.extend_from_slice(&rows.to_le_bytes());
        out.extend_from_slice(&columns.to_le_bytes());
        for limit in self.limits.values() {
            put(&mut out, limit.unwrap_or(u64::MAX));
        }
        for strings in texts {
            put(&mut out, strings.count as u64);
        }
        for text in [&self.program, &self.directory] {
            out.extend_from_slice(text);
            out.push(0);
        }
        for strings in texts {
            out.extend_from_slice(&strings.bytes);
        }
        out
    }
}

/// A [`Launch`] as it lies in its message: strings are handed to `execve` from there.
#[derive(Debug, Clone)]
pub struct Launching<'a> {
    /// Absolute path of the program.
    pub program: &'a CStr,
    /// Arguments, `argv[0]` first.
    pub arguments: Vec<&'a CStr>,
    /// `NAME=VALUE` strings.
    pub environment: Vec<&'a CStr>,
    /// Working directory, absolute.
    pub directory: &'a CStr,
    /// Time until the tree is ended.
    pub timeout: Option<Duration>,
    /// Time between TERM and KILL.
    pub grace: Duration,
    /// Descriptors and terminal.
    pub wiring: Wiring,
    /// Limits of each process.
    pub limits: Limits,
}

impl<'a> Launching<'a> {
    /// Decodes what [`Launch::encode`] made.
    pub fn decode(bytes: &'a [u8]) -> io::Result<Launching<'a>> {
        let mut input = Input(bytes);
        if input.byte()? != b'L' {
            return Err(malformed());
        }
        let timeout = input.number()?;
        let grace = Duration::from_millis(input.number()?);
        let flags = input.byte()?;
        let (rows, columns) = (input.short()?, input.short()?);
        let mut limits = Limits::default();
        for slot in limits.values_mut() {
            let value = input.number()?;
            *slot = (value != u64::MAX).then_some(value);
        }
        let (arguments, environment) = (input.number()?, input.number()?);
        Ok(Launching {
            timeout: (timeout != u64::MAX).then(|| Duration::from_millis(timeout)),
            grace,
            wiring: Wiring {
                stdin: flags & 1 != 0,
                script: flags & 2 != 0,
                terminal: (flags & 4 != 0).then_some((rows, columns)),
                announce: flags & 8 != 0,
                kill_background: flags & 16 != 0,
            },
            limits,
            program: input.text()?,
            directory: input.text()?,
            arguments: (0..arguments).map(|_| input.text()).collect::<io::Result<_>>()?,
            environment: (0..environment).map(|_| input.text()).collect::<io::Result<_>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_survives_the_wire() {
        let launch = Launch {
            program: b"/bin/bash".to_vec(),
            arguments: Strings::new([&b"bash"[..], b"-c", b"echo \xff", b""]),
            environment: Arc::new(Strings::new(["A=B"])),
            directory: b"/tmp".to_vec(),
            timeout: Some(Duration::from_millis(1500)),
            grace: Duration::from_secs(2),
            wiring: Wiring { stdin: true, terminal: Some((24, 80)), ..Wiring::default() },
            limits: Limits { open_files: Some(64), ..Limits::default() },
        };
        let bytes = launch.encode();
        let back = Launching::decode(&bytes).expect("decodes");
        assert_eq!(back.arguments, [c"bash", c"-c", c"echo \xff", c""]);
        assert_eq!((back.program, back.directory, back.environment), (c"/bin/bash", c"/tmp", vec![c"A=B"]));
        assert_eq!((back.timeout, back.grace), (launch.timeout, launch.grace));
        assert_eq!((back.wiring, back.limits), (launch.wiring, launch.limits));
        assert!(Launching::decode(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn strings_are_counted_as_the_system_counts_them() {
        let strings = Strings::new(["A=B", "CC=DD"]);
        assert_eq!((strings.longest(), strings.size()), (5, 4 + 6 + 16));
    }
}
