//! `cat` - concatenate files to standard output.  [POSIX cat; GNU coreutils "cat invocation"]

use crate::text::quoting::quote_if_needed;
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "cat",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(cat(sys, inv)),
    doc: "concatenate files to standard output",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    NONBLANK = 'b', "number-nonblank", No, "number nonempty output lines, overrides -n";
    NUMBER   = 'n', "number", No, "number all output lines";
    SQUEEZE  = 's', "squeeze-blank", No, "suppress repeated empty output lines";
    VISIBLE  = 'v', "show-nonprinting", No, "use ^ and M- notation, except for LFD and TAB";
    ENDS     = 'E', "show-ends", No, "display $ at end of each line";
    TABS     = 'T', "show-tabs", No, "display TAB characters as ^I";
    ALL      = 'A', "show-all", No, "equivalent to -vET";
    VE       = 'e', "", No, "equivalent to -vE";
    VT       = 't', "", No, "equivalent to -vT";
    UNBUF    = 'u', "", No, "(ignored)";
}

async fn cat(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut lines = Lines::new(
        match (parsed.has(NONBLANK), parsed.has(NUMBER)) {
            (true, _) => Numbering::NonBlank,
            (_, true) => Numbering::All,
            _ => Numbering::None,
        },
        parsed.has(SQUEEZE),
        Marks {
            ends: parsed.has(ENDS) || parsed.has(ALL) || parsed.has(VE),
            tabs: parsed.has(TABS) || parsed.has(ALL) || parsed.has(VT),
            visible: parsed.has(VISIBLE) || parsed.has(ALL) || parsed.has(VE) || parsed.has(VT),
        },
    );
    let plain = lines.is_plain();
    let out_file = match sys.fstat(Fd::STDOUT).await {
        Ok(stat) => Some(stat).filter(Stat::is_regular),
        Err(errno) => {
            sys.complain("standard output", errno).await;
            return ExitStatus::FAILURE;
        }
    };
    let mut out = OutBuf::stdout(&sys);
    let mut status = ExitStatus::SUCCESS;
    for operand in or_stdin(parsed.operands()) {
        let copied = match open_operand(&sys, &operand).await {
            Ok(fd) => {
                let copied = if is_own_output(&sys, fd, out_file.as_ref()).await {
                    Err(Failure::OwnOutput)
                } else if plain {
                    pass(&sys, fd).await
                } else {
                    lines.copy(&sys, fd, &mut out).await
                };
                close_operand(&sys, fd).await;
                copied
            }
            Err(errno) => Err(Failure::Read(errno)),
        };
        match copied {
            Ok(()) => {}
            Err(Failure::Write(errno)) => {
                sys.complain("write error", errno).await;
                return ExitStatus::FAILURE;
            }
            Err(failure) => {
                status = ExitStatus::FAILURE;
                if let Err(errno) = out.flush().await {
                    sys.complain("write error", errno).await;
                    return status;
                }
                let name = quote_if_needed(&operand);
                match failure {
                    Failure::OwnOutput => sys.error([&name, b": input file is output file".as_slice()].concat()).await,
                    Failure::Read(errno) | Failure::Write(errno) => sys.complain(name, errno).await,
                }
            }
        }
    }
    lines.finish(&mut out);
    let closed = close_stdin(&sys, parsed.operands(), "closing standard input").await;
    if out.finish().await && closed { status } else { ExitStatus::FAILURE }
}

enum Failure {
    Read(Errno),
    Write(Errno),
    /// Reading would go on for ever.
    OwnOutput,
}

/// Whether `fd` is the file standard output writes to, with something left to read.
async fn is_own_output(sys: &Sys, fd: Fd, out_file: Option<&Stat>) -> bool {
    let Some(out_file) = out_file else { return false };
    match sys.fstat(fd).await {
        Ok(stat) if stat.is_same_file(out_file) => {
            sys.seek(fd, Whence::Current, 0).await.is_ok_and(|offset| offset < stat.size)
        }
        _ => false,
    }
}

/// Passes chunks on as they are.
async fn pass(sys: &Sys, fd: Fd) -> Result<(), Failure> {
    while let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? {
        sys.write_all(Fd::STDOUT, chunk).await.map_err(Failure::Write)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbering {
    None,
    All,
    NonBlank,
}

#[derive(Clone, Copy)]
struct Marks {
    ends: bool,
    tabs: bool,
    visible: bool,
}

/// What goes on from one file to the next: the line number, and whether a line is under way.
struct Lines {
    numbering: Numbering,
    squeeze: bool,
    marks: Marks,
    number: u64,
    at_start: bool,
    blank: bool,
    /// A carriage return whose look depends on the byte after it (`-E`).
    carriage_return: bool,
}

impl Lines {
    fn new(numbering: Numbering, squeeze: bool, marks: Marks) -> Self {
        Lines { numbering, squeeze, marks, number: 0, at_start: true, blank: false, carriage_return: false }
    }

    fn is_plain(&self) -> bool {
        let Marks { ends, tabs, visible } = self.marks;
        self.numbering == Numbering::None && !self.squeeze && !ends && !tabs && !visible
    }

    async fn copy(&mut self, sys: &Sys, fd: Fd, out: &mut OutBuf) -> Result<(), Failure> {
        while let Some(chunk) = sys.read_chunk(fd).await.map_err(Failure::Read)? {
            let mut start = 0;
            for end in memchr::memchr_iter(b'\n', &chunk) {
                self.piece(chunk.get(start..=end).unwrap_or_default(), out.buffer());
                start = end + 1;
                if out.is_full() {
                    out.flush().await.map_err(Failure::Write)?;
                }
            }
            if start < chunk.len() {
                self.piece(chunk.get(start..).unwrap_or_default(), out.buffer());
            }
            sys.charge(chunk.len() as u64 / 16).await;
            // Output follows input closely, as with read(2) and write(2) in turn.
            out.flush().await.map_err(Failure::Write)?;
        }
        Ok(())
    }

    /// A line, or a part of one at the edge of a chunk.
    fn piece(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let (text, ended) = match piece.strip_suffix(b"\n") {
            Some(text) => (text, true),
            None => (piece, false),
        };
        if self.at_start {
            let empty = text.is_empty();
            if empty && self.blank && self.squeeze {
                return;
            }
            self.blank = empty;
            if self.numbering == Numbering::All || (self.numbering == Numbering::NonBlank && !empty) {
                self.number += 1;
                put_number(out, self.number, 6);
                out.push(b'\t');
            }
        }
        if !text.is_empty() {
            self.settle_carriage_return(false, out);
        }
        self.text(text, out);
        if ended {
            self.settle_carriage_return(true, out);
            out.extend_from_slice(if self.marks.ends { b"$\n" } else { b"\n" });
        }
        self.at_start = ended;
    }

    fn text(&mut self, text: &[u8], out: &mut Vec<u8>) {
        let Marks { ends, tabs, visible } = self.marks;
        let text = match text.strip_suffix(b"\r") {
            Some(rest) if ends && !visible => {
                self.carriage_return = true;
                rest
            }
            _ => text,
        };
        if !tabs && !visible {
            out.extend_from_slice(text);
            return;
        }
        let mut rest = text;
        loop {
            let plain = rest.iter().take_while(|byte| matches!(byte, b' '..=b'~')).count();
            let (plain, others) = rest.split_at(plain);
            out.extend_from_slice(plain);
            let Some((byte, behind)) = others.split_first() else { return };
            match byte {
                b'\t' if tabs => out.extend_from_slice(b"^I"),
                b'\t' => out.push(b'\t'),
                byte if visible => push_visible(*byte, out),
                byte => out.push(*byte),
            }
            rest = behind;
        }
    }

    /// With `-E`, a carriage return before the end of a line is shown as `^M`.
    fn settle_carriage_return(&mut self, at_end: bool, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.carriage_return) {
            out.extend_from_slice(if at_end { b"^M" } else { b"\r" });
        }
    }

    fn finish(&mut self, out: &mut OutBuf) {
        self.settle_carriage_return(false, out.buffer());
    }
}

/// The `^` and `M-` notation.
fn push_visible(byte: u8, out: &mut Vec<u8>) {
    let low = byte & 0x7f;
    if byte >= 0x80 {
        out.extend_from_slice(b"M-");
    }
    match low {
        0..0x20 => out.extend_from_slice(&[b'^', low + 64]),
        0x7f => out.extend_from_slice(b"^?"),
        _ => out.push(low),
    }
}
