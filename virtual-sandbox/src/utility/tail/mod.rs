//! `tail` - output the last part of files.  [POSIX tail; GNU coreutils "tail invocation"]

mod follow;
mod last;
mod request;

use crate::text::quoting::quote_always;
use crate::utility::head::{Headers, header};
use crate::utility::operand::{close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;
use follow::Followed;
use request::{Follow, Request};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "tail",
    options: Some(&request::OPTIONS),
    run: |sys, inv| Box::pin(tail(sys, inv)),
    doc: "output the last part of files",
};

async fn tail(sys: Sys, invocation: Invocation) -> ExitStatus {
    let (request, files) = match Request::parse(&sys, &invocation).await {
        Ok(parsed) => parsed,
        Err(status) => return status,
    };
    let files = or_stdin(&files);
    if request.follow == Some(Follow::Name) && files.iter().any(|file| file.as_ref() == b"-") {
        sys.error([b"cannot follow ".as_slice(), &quote_always(b"-"), b" by name"].concat()).await;
        return ExitStatus::FAILURE;
    }
    let headers = request.headers == Headers::Always || (request.headers == Headers::Several && files.len() > 1);
    let mut printer = Printer { sys: sys.clone(), out: OutBuf::stdout(&sys), headers, first: true };
    let mut followed = Vec::new();
    let mut success = true;
    for file in &files {
        match start(&mut printer, &request, file).await {
            Ok(state) => {
                success &= state.success;
                followed.push(state);
            }
            Err(errno) => {
                sys.complain("write error", errno).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    if request.follow.is_some() {
        if let Err(errno) = printer.out.flush().await {
            sys.complain("write error", errno).await;
            return ExitStatus::FAILURE;
        }
        return follow::follow(&mut printer, &request, followed, success).await;
    }
    success &= close_stdin(&sys, &files, "-").await;
    (printer.out.finish().await && success).into()
}

/// Writes headers and content.
struct Printer {
    sys: Sys,
    out: OutBuf,
    headers: bool,
    first: bool,
}

impl Printer {
    fn header(&mut self, name: &[u8]) {
        if self.headers {
            self.out.put(&header(name, self.first));
            self.first = false;
        }
    }

    /// Messages of glibc's error(3) come after what was printed before.
    async fn complain(&mut self, message: Vec<u8>, errno: Errno) {
        // A failed write shows when the buffer is finished.
        let _ = self.out.flush().await;
        self.sys.complain(message, errno).await;
    }

    /// A message of follow mode.
    async fn say(&mut self, message: Vec<u8>) {
        let _ = self.out.flush().await;
        self.sys.error(message).await;
    }
}

/// Prints the end of a file, and says how it can be followed.
async fn start(printer: &mut Printer, request: &Request, file: &Bytes) -> Result<Followed, Errno> {
    let sys = printer.sys.clone();
    let shown = if file.as_ref() == b"-" { Bytes::from_static(b"standard input") } else { file.clone() };
    let mut followed = Followed::new(file.clone(), shown.clone());
    let fd = match open_operand(&sys, file).await {
        Ok(fd) => fd,
        Err(errno) => {
            let message = [b"cannot open ".as_slice(), &quote_always(file), b" for reading"].concat();
            printer.complain(message, errno).await;
            followed.missing(request);
            return Ok(followed);
        }
    };
    if let Err(errno) = sys.fstat(fd).await {
        printer.complain([b"cannot fstat ".as_slice(), &quote_always(&shown)].concat(), errno).await;
        followed.missing(request);
        return Ok(followed);
    }
    printer.header(&shown);
    let printed = last::print(&sys, fd, request.part, request.delimiter, &mut printer.out).await;
    match printed {
        Ok(()) => followed.opened(&sys, fd, request).await,
        Err(last::Failure::Write(errno)) => return Err(errno),
        Err(last::Failure::Read(errno)) => {
            let message = [b"error reading ".as_slice(), &quote_always(&shown)].concat();
            printer.complain(message, errno).await;
            if errno == Errno::EISDIR && request.follow.is_some() {
                let rest = b": cannot follow end of this type of file";
                let tail: &[u8] = if request.retry { b"" } else { b"; giving up on this name" };
                printer.say([shown.as_ref(), rest, tail].concat()).await;
            }
            followed.unreadable(&sys, fd).await;
        }
    }
    Ok(followed)
}
