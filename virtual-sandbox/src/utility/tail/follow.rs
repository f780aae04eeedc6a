//! `tail -f`: looking at the files again and again.

use super::request::{Follow, Request};
use super::{Printer, last};
use crate::text::quoting::quote_always;
use crate::utility::prelude::*;

/// A file that is followed.
pub struct Followed {
    name: Bytes,
    /// The name headers and messages show.
    shown: Bytes,
    fd: Option<Fd>,
    /// What the descriptor names, and how much of it has been printed.
    identity: Option<Stat>,
    size: u64,
    /// Nothing will come any more: a pipe at its end, a directory, or a name that was given up.
    done: bool,
    /// The initial printing went well.
    pub success: bool,
}

impl Followed {
    pub fn new(name: Bytes, shown: Bytes) -> Self {
        Followed { name, shown, fd: None, identity: None, size: 0, done: false, success: true }
    }

    /// The file could not be opened.
    pub fn missing(&mut self, request: &Request) {
        self.success = false;
        self.done = !request.retry;
    }

    /// The file was opened, but its content cannot be read.
    pub async fn unreadable(&mut self, sys: &Sys, fd: Fd) {
        self.success = false;
        self.done = true;
        self.close(sys, fd).await;
    }

    /// The file was opened and printed.
    pub async fn opened(&mut self, sys: &Sys, fd: Fd, request: &Request) {
        let Ok(stat) = sys.fstat(fd).await else {
            self.done = true;
            return;
        };
        if request.follow.is_none() {
            return self.close(sys, fd).await;
        }
        // A pipe has been read to its end, which stays its end once all its writers are gone.
        self.done = !stat.is_regular() && stat.kind != FileKind::CharDevice;
        self.size = sys.seek(fd, Whence::Current, 0).await.unwrap_or(stat.size);
        self.identity = Some(stat);
        self.fd = Some(fd);
    }

    async fn close(&mut self, sys: &Sys, fd: Fd) {
        if fd != Fd::STDIN {
            // Closing a file that was only read loses nothing.
            let _ = sys.close(fd).await;
        }
    }
}

/// Prints what is appended, until the process of `--pid` is gone or no file is left.
pub async fn follow(
    printer: &mut Printer,
    request: &Request,
    mut files: Vec<Followed>,
    mut success: bool,
) -> ExitStatus {
    let sys = printer.sys.clone();
    let mut last_shown = files.len().saturating_sub(1);
    let only_pipes = files.iter().all(|file| file.done && file.success);
    loop {
        if files.iter().all(|file| file.done) {
            if !only_pipes {
                printer.say(b"no files remaining".to_vec()).await;
                success = false;
            }
            return success.into();
        }
        let gone = match request.pid {
            Some(pid) => sys.kill(i64::from(pid), None).await == Err(Errno::ESRCH),
            None => false,
        };
        for (at, file) in files.iter_mut().enumerate().filter(|(_, file)| !file.done) {
            if request.follow == Some(Follow::Name) || file.fd.is_none() {
                file.look_up(printer, request).await;
            }
            let header = last_shown != at;
            match file.print_new(printer, header).await {
                Ok(true) => last_shown = at,
                Ok(false) => {}
                Err(errno) => {
                    sys.complain("write error", errno).await;
                    return ExitStatus::FAILURE;
                }
            }
        }
        if gone {
            return success.into();
        }
        if sys.is_broken(Fd::STDOUT).await {
            // As a write to it would.
            let _ = sys.kill(i64::from(sys.identity().await.pid.0), Some(Signal::PIPE)).await;
            // The signal is met where the process waits.
            sys.sleep(1).await;
            return ExitStatus::FAILURE;
        }
        sys.sleep(request.interval).await;
    }
}

impl Followed {
    fn quoted(&self, text: &str) -> Vec<u8> {
        [quote_always(&self.shown).as_slice(), text.as_bytes()].concat()
    }

    /// Finds out whether the name means another file now.
    async fn look_up(&mut self, printer: &mut Printer, request: &Request) {
        let sys = printer.sys.clone();
        let stat = match sys.stat(self.name.clone()).await {
            Ok(stat) => stat,
            Err(errno) => return self.lost(printer, request, errno).await,
        };
        if self.identity.is_some_and(|known| known.is_same_file(&stat)) && self.fd.is_some() {
            return;
        }
        if !stat.is_regular() {
            return;
        }
        let Ok(fd) = sys.open_read(self.name.clone()).await else { return };
        let message = if self.fd.is_some() {
            self.quoted(" has been replaced;  following new file")
        } else {
            self.quoted(" has appeared;  following new file")
        };
        printer.say(message).await;
        if let Some(old) = self.fd.take() {
            self.close(&sys, old).await;
        }
        self.fd = Some(fd);
        self.identity = Some(stat);
        self.size = 0;
    }

    async fn lost(&mut self, printer: &mut Printer, request: &Request, errno: Errno) {
        let Some(fd) = self.fd.take() else { return };
        let message = self.quoted(" has become inaccessible");
        // What was still appended before the name went away is printed first.
        self.fd = Some(fd);
        let _ = self.print_new(printer, false).await;
        self.fd = None;
        printer.complain(message, errno).await;
        let sys = printer.sys.clone();
        self.close(&sys, fd).await;
        self.identity = None;
        self.done = !request.retry;
    }

    /// Prints what was appended; whether anything was.
    async fn print_new(&mut self, printer: &mut Printer, header: bool) -> Result<bool, Errno> {
        let Some(fd) = self.fd else { return Ok(false) };
        let sys = printer.sys.clone();
        let Ok(stat) = sys.fstat(fd).await else { return Ok(false) };
        if stat.is_regular() {
            if stat.size == self.size {
                return Ok(false);
            }
            if stat.size < self.size {
                printer.say([self.shown.as_ref(), b": file truncated"].concat()).await;
                // A failed seek shows as a failed read below.
                let _ = sys.seek(fd, Whence::Start, 0).await;
                self.size = 0;
                if stat.size == 0 {
                    return Ok(false);
                }
            }
        }
        if header {
            let shown = self.shown.clone();
            printer.header(&shown);
        }
        match last::copy(&sys, fd, &mut printer.out).await {
            Ok(()) => {}
            Err(last::Failure::Write(errno)) => return Err(errno),
            Err(last::Failure::Read(errno)) => {
                let message = [b"error reading ".as_slice(), &quote_always(&self.shown)].concat();
                printer.complain(message, errno).await;
                self.done = true;
            }
        }
        self.size = sys.seek(fd, Whence::Current, 0).await.unwrap_or(stat.size);
        printer.out.flush().await?;
        Ok(true)
    }
}
