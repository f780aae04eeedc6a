//! `tee` - copy standard input to each file, and to standard output.  [POSIX tee; GNU coreutils "tee invocation"]

use crate::text::quoting::quote_if_needed;
use crate::utility::choice::choose;
use crate::utility::operand::close_stdin;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "tee",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(tee(sys, inv)),
    doc: "copy standard input to each file, and to standard output",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    APPEND = 'a', "append", No, "append to the given FILEs, do not overwrite";
    IGNORE = 'i', "ignore-interrupts", No, "ignore interrupt signals";
    OUTPUT_ERROR = ' ', "output-error", Optional("MODE"), "set behavior on write error: warn, warn-nopipe, exit, exit-nopipe";
    PIPES  = 'p', "", No, "operate in a more appropriate MODE with pipes";
}

/// What a write error means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum OnError {
    /// SIGPIPE ends tee; other errors are reported.
    Default,
    Warn,
    /// Errors on pipes are not reported.
    WarnNoPipe,
    Exit,
    ExitNoPipe,
}

const MODES: [(&str, OnError); 4] = [
    ("warn", OnError::Warn),
    ("warn-nopipe", OnError::WarnNoPipe),
    ("exit", OnError::Exit),
    ("exit-nopipe", OnError::ExitNoPipe),
];

struct Sink {
    fd: Fd,
    name: Bytes,
}

async fn tee(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut on_error = OnError::Default;
    for (option, value) in parsed.in_order() {
        match (*option, value) {
            (PIPES, _) | (OUTPUT_ERROR, None) => on_error = OnError::WarnNoPipe,
            (OUTPUT_ERROR, Some(mode)) => match choose("--output-error", mode, &MODES, 1) {
                Ok(mode) => on_error = mode,
                Err(error) => return error.report(&sys).await,
            },
            _ => {}
        }
    }
    if parsed.has(IGNORE) {
        // An error here would only mean that the signal cannot be ignored.
        let _ = sys.sigaction(Signal::INT, Disposition::Ignore).await;
    }
    if on_error != OnError::Default {
        // SIGPIPE can always be ignored.
        let _ = sys.sigaction(Signal::PIPE, Disposition::Ignore).await;
    }
    let mut status = ExitStatus::SUCCESS;
    let mut sinks = vec![Sink { fd: Fd::STDOUT, name: Bytes::from_static(b"standard output") }];
    let disposition = if parsed.has(APPEND) { OpenFlags::APPEND } else { OpenFlags::TRUNCATE };
    for operand in parsed.operands() {
        match sys.open(operand.clone(), OpenFlags::WRITE | OpenFlags::CREATE | disposition, 0o666).await {
            Ok(fd) => sinks.push(Sink { fd, name: operand.clone() }),
            Err(errno) => {
                sys.complain(quote_if_needed(operand), errno).await;
                status = ExitStatus::FAILURE;
                if matches!(on_error, OnError::Exit | OnError::ExitNoPipe) {
                    return status;
                }
            }
        }
    }
    while !sinks.is_empty() {
        let chunk = match sys.read_chunk(Fd::STDIN).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => break,
            Err(errno) => {
                sys.complain("read error", errno).await;
                status = ExitStatus::FAILURE;
                break;
            }
        };
        let mut kept = Vec::with_capacity(sinks.len());
        for sink in sinks {
            // A sink that fails is dropped; the others go on (POSIX: "processing continues").
            let Err(errno) = sys.write_all(sink.fd, chunk.clone()).await else {
                kept.push(sink);
                continue;
            };
            let quiet = errno == Errno::EPIPE && matches!(on_error, OnError::WarnNoPipe | OnError::ExitNoPipe);
            if quiet {
                continue;
            }
            sys.complain(quote_if_needed(&sink.name), errno).await;
            status = ExitStatus::FAILURE;
            if matches!(on_error, OnError::Exit | OnError::ExitNoPipe) {
                return status;
            }
        }
        sinks = kept;
    }
    if close_stdin(&sys, &[], "standard input").await { status } else { ExitStatus::FAILURE }
}
