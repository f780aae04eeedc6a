//! `xargs` - build and run command lines from standard input.  [POSIX xargs; findutils manual "Invoking xargs"]

mod children;
mod input;
mod request;

use crate::text::quoting::{QuotingStyle, quote, quote_name};
use crate::utility::prelude::*;
use children::Children;
use input::{Input, Item, ReadError};
use request::{ARG_HEADROOM, ARG_MAX, Request, environment_size};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "xargs",
    options: Some(&request::OPTIONS),
    run: |sys, inv| Box::pin(xargs(sys, inv)),
    doc: "build and run command lines from standard input",
};

/// Why no further command is run.
pub(super) enum Stop {
    /// A message, and the exit status.
    Error(Vec<u8>, u8),
    /// It has been reported.
    Status(u8),
}

async fn xargs(sys: Sys, invocation: Invocation) -> ExitStatus {
    let request = match Request::parse(&sys, &invocation).await {
        Ok(request) => request,
        Err(status) => return status,
    };
    if request.show_limits {
        show_limits(&sys, &invocation, &request).await;
    }
    let (fd, stdin) = match &request.arg_file {
        // Commands share the standard input xargs itself does not read.
        Some(file) if file.as_ref() != b"-" => match sys.open_read(file.clone()).await {
            Ok(fd) => (fd, Some(Fd::STDIN)),
            Err(errno) => {
                sys.complain([b"Cannot open input file ".as_slice(), &quote(file)].concat(), errno).await;
                return ExitStatus::FAILURE;
            }
        },
        _ => (Fd::STDIN, None),
    };
    let input = Input::new(&sys, fd, &request);
    let children = Children::new(&sys, &invocation, &request, stdin);
    let mut command =
        Command { sys: sys.clone(), request, input, children, arguments: Vec::new(), size: 0, lines: 0, ran: false };
    let ended = command.run().await;
    if let Err(Stop::Error(message, _)) = &ended {
        sys.error(message).await;
    }
    let waited = command.children.wait_for_all().await;
    match (ended, waited) {
        (Err(Stop::Error(_, status) | Stop::Status(status)), _) => ExitStatus(status),
        (Ok(()), Err(status)) => ExitStatus(status),
        (Ok(()), Ok(())) => ExitStatus(command.children.status()),
    }
}

/// What `--show-limits` prints.
async fn show_limits(sys: &Sys, invocation: &Invocation, request: &Request) {
    let environment = environment_size(invocation);
    let upper = ARG_MAX - ARG_HEADROOM - environment;
    let text = format!(
        "Your environment variables take up {environment} bytes\n\
         POSIX upper limit on argument length (this system): {upper}\n\
         POSIX smallest allowable upper limit on argument length (all systems): 4096\n\
         Maximum length of command we could actually use: {}\n\
         Size of command buffer we are actually using: {}\n\
         Maximum parallelism (--max-procs must be no greater): 2147483647\n",
        upper.saturating_sub(environment),
        request.size,
    );
    sys.write_error(text).await;
}

/// The command line under construction.
struct Command {
    sys: Sys,
    request: Request,
    input: Input,
    children: Children,
    /// Arguments gathered from the input.
    arguments: Vec<Bytes>,
    /// Bytes they take with those of the initial arguments.
    size: usize,
    /// Input lines gathered.
    lines: u64,
    ran: bool,
}

impl Command {
    async fn run(&mut self) -> Result<(), Stop> {
        self.clear();
        if self.size > self.request.size {
            return Err(Stop::Error(b"cannot fit single argument within argument list size limit".to_vec(), 1));
        }
        loop {
            let item = match self.input.next().await {
                Ok(Some(item)) => item,
                Ok(None) => break,
                Err(error) => return self.give_up(error).await,
            };
            self.warn_about_nul().await;
            if self.request.replace.is_some() {
                self.replace_and_run(&item).await?;
            } else {
                self.push(item).await?;
            }
        }
        self.warn_about_nul().await;
        if self.request.replace.is_some() {
            return Ok(());
        }
        if !self.arguments.is_empty() || (!self.ran && !self.request.no_run_if_empty) {
            self.execute().await?;
        }
        Ok(())
    }

    async fn warn_about_nul(&mut self) {
        if self.input.take_nul_warning() {
            self.sys
                .error(
                    "WARNING: a NUL character occurred in the input.  It cannot be passed through in the argument \
                     list.  Did you mean to use the --null option?",
                )
                .await;
        }
    }

    /// Runs what was gathered before the input turned out to be wrong.
    async fn give_up(&mut self, error: ReadError) -> Result<(), Stop> {
        if !self.arguments.is_empty() {
            self.execute().await?;
        }
        let message = match error {
            ReadError::UnmatchedQuote(quote) => {
                let kind = if quote == b'"' { "double" } else { "single" };
                format!("unmatched {kind} quote; by default quotes are special to xargs unless you use the -0 option")
            }
            ReadError::TooLong => "argument line too long".to_owned(),
            // Standard input ends where it cannot be read; closing it finds the error again, and only a closed one
            // has its reason said.
            ReadError::Failed(errno) => {
                if self.arguments.is_empty() && !self.ran && !self.request.no_run_if_empty {
                    self.execute().await?;
                }
                let reason = if errno == Errno::EBADF { format!(": {errno}") } else { String::new() };
                format!("error closing file{reason}")
            }
        };
        Err(Stop::Error(message.into_bytes(), 1))
    }

    fn clear(&mut self) {
        self.arguments.clear();
        self.lines = 0;
        self.size = self.request.initial_size();
    }

    async fn push(&mut self, item: Item) -> Result<(), Stop> {
        let length = item.bytes.len() + 1;
        if self.size + length > self.request.size {
            if self.arguments.is_empty() {
                let message = b"cannot fit single argument within argument list size limit";
                return Err(Stop::Error(message.to_vec(), 1));
            }
            let counted = self.request.max_args.is_some() || self.request.max_lines.is_some();
            if self.request.exit_if_too_long && counted {
                return Err(Stop::Error(b"argument list too long".to_vec(), 1));
            }
            let lines = self.lines;
            self.execute().await?;
            self.lines = lines;
        }
        self.size += length;
        self.arguments.push(item.bytes);
        self.lines += u64::from(item.ends_line);
        let full = self.request.max_args.is_some_and(|most| self.arguments.len() as u64 >= most)
            || self.request.max_lines.is_some_and(|most| self.lines >= most);
        if full {
            self.execute().await?;
        }
        Ok(())
    }

    async fn execute(&mut self) -> Result<(), Stop> {
        let argv = [self.request.initial.as_slice(), &self.arguments].concat();
        self.clear();
        self.start(argv).await
    }

    /// `-I`: the item takes the place of the pattern in each initial argument but the command's name.
    async fn replace_and_run(&mut self, item: &Item) -> Result<(), Stop> {
        let pattern = self.request.replace.clone().unwrap_or_default();
        let mut argv = Vec::with_capacity(self.request.initial.len());
        let mut size = 0;
        for (at, argument) in self.request.initial.iter().enumerate() {
            let replaced =
                if at == 0 { argument.clone() } else { Bytes::from(replace(argument, &pattern, &item.bytes)) };
            size += replaced.len() + 1;
            argv.push(replaced);
        }
        if size > self.request.size {
            return Err(Stop::Error(b"argument list too long".to_vec(), 1));
        }
        self.start(argv).await
    }

    async fn start(&mut self, argv: Vec<Bytes>) -> Result<(), Stop> {
        self.ran = true;
        if self.request.interactive || self.request.verbose {
            let shown: Vec<Vec<u8>> =
                argv.iter().map(|argument| quote_name(argument, QuotingStyle::Shell, b"")).collect();
            let mut line = shown.join(&b' ');
            if self.request.interactive {
                self.sys.write_error(line).await;
                if !self.confirmed().await? {
                    return Ok(());
                }
            } else {
                line.push(b'\n');
                self.sys.write_error(line).await;
            }
        }
        self.children.start(argv).await
    }

    /// Asks on the terminal: "y" or "Y" at the beginning of the answer.
    async fn confirmed(&self) -> Result<bool, Stop> {
        let tty =
            self.sys.open_read("/dev/tty").await.map_err(|errno| {
                Stop::Error(format!("failed to open /dev/tty for reading: {errno}").into_bytes(), 1)
            })?;
        self.sys.write_error("?...").await;
        let answer = Records::lines(&self.sys, tty).next().await.ok().flatten();
        // A terminal that was only read has nothing to lose.
        let _ = self.sys.close(tty).await;
        Ok(answer.is_some_and(|line| matches!(line.bytes.first(), Some(b'y' | b'Y'))))
    }
}

/// Replaces each occurrence of `pattern`.
fn replace(text: &[u8], pattern: &[u8], by: &[u8]) -> Vec<u8> {
    if pattern.is_empty() {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len() + by.len());
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, pattern) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        out.extend_from_slice(by);
        rest = rest.get(at + pattern.len()..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}
