//! `stat` - display file or file system status.  [GNU coreutils "stat invocation"]

mod file;
mod file_system;
mod format;

use crate::text::quoting::{QuotingStyle, quote_always};
use crate::text::time::Zone;
use crate::utility::choice::choose;
use crate::utility::prelude::*;
use crate::utility::{Accounts, Parsed};
use format::{Ending, Template};

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "stat",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(stat(sys, inv)),
    doc: "display file or file system status",
};

options! {
    OPTIONS: "[OPTION]... FILE...", Permute, 1;
    DEREFERENCE = 'L', "dereference", No, "follow links";
    FILE_SYSTEM = 'f', "file-system", No, "display file system status instead of file status";
    FORMAT = 'c', "format", Required("FORMAT"), "use the specified FORMAT instead of the default";
    PRINTF = ' ', "printf", Required("FORMAT"), "like --format, but interpret backslash escapes, without newline";
    TERSE  = 't', "terse", No, "print the information in terse form";
    CACHED = ' ', "cached", Required("MODE"), "specify how to use cached attributes";
}

const FILE: &[u8] = b"  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n\
Device: %Hd,%Ld\tInode: %-10i  Links: %h\n\
Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";

const DEVICE: &[u8] = b"  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\n\
Device: %Hd,%Ld\tInode: %-10i  Links: %-5h Device type: %Hr,%Lr\n\
Access: (%04a/%10.10A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n";

const TERSE_FILE: &[u8] = b"%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %W %o\n";

const SYSTEM: &[u8] = b"  File: \"%n\"\n    ID: %-8i Namelen: %-7l Type: %T\n\
Block size: %-10s Fundamental block size: %S\nBlocks: Total: %-10b Free: %-10f Available: %a\n\
Inodes: Total: %-10c Free: %d\n";

const TERSE_SYSTEM: &[u8] = b"%n %i %l %t %s %S %b %f %a %c %d\n";

/// What `--cached` may say; the machine's file systems have nothing to cache.
const CACHED_WORDS: [(&str, u8); 3] = [("default", 0), ("never", 1), ("always", 2)];

/// Everything that directives need.
struct Display {
    sys: Sys,
    accounts: Accounts,
    zone: Zone,
    /// How `%N` quotes: by `QUOTING_STYLE` where the format holds a plain `%N`.
    quoting: QuotingStyle,
    follow: Follow,
    failed: bool,
}

async fn stat(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if let Some(word) = parsed.value(CACHED)
        && let Err(error) = choose("--cached", word, &CACHED_WORDS, 1)
    {
        return error.report(&sys).await;
    }
    if parsed.operands().is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let given = given_format(&parsed);
    let has_names = given.as_ref().is_some_and(|(format, _)| format.windows(2).any(|pair| pair == b"%N"));
    let follow = if parsed.has(DEREFERENCE) { Follow::Yes } else { Follow::No };
    let mut display = Display {
        accounts: Accounts::read(&sys).await,
        zone: Zone::from_variable(invocation.env_var(b"TZ").as_deref()),
        quoting: if has_names { quoting_style(&invocation) } else { QuotingStyle::Literal },
        follow,
        failed: false,
        sys,
    };
    let mut out = OutBuf::stdout(&display.sys);
    let mut success = true;
    for operand in parsed.operands() {
        let shown = if parsed.has(FILE_SYSTEM) {
            display.show_file_system(operand, given.as_ref(), parsed.has(TERSE), &mut out).await
        } else {
            display.show_file(operand, given.as_ref(), parsed.has(TERSE), &mut out).await
        };
        match shown {
            Ok(shown) => success &= shown,
            Err(directive) => {
                // A format that makes no sense ends the program.
                let problem = [directive.as_slice(), b": invalid directive"].concat();
                out.finish().await;
                display.sys.error(problem).await;
                return ExitStatus::FAILURE;
            }
        }
    }
    ExitStatus::from(out.finish().await && success && !display.failed)
}

fn given_format(parsed: &Parsed) -> Option<(Bytes, Ending)> {
    let (id, format) = parsed.in_order().iter().rev().find(|(id, _)| matches!(*id, FORMAT | PRINTF))?;
    let ending = if *id == FORMAT { Ending::Newline } else { Ending::Escapes };
    Some((format.clone().unwrap_or_default(), ending))
}

fn quoting_style(invocation: &Invocation) -> QuotingStyle {
    let value = invocation.env_var(b"QUOTING_STYLE").unwrap_or_default();
    let found = QuotingStyle::NAMES.iter().find(|(name, _)| name.as_bytes() == value.as_ref());
    found.map_or(QuotingStyle::ShellEscapeAlways, |(_, style)| *style)
}

impl Display {
    async fn show_file(
        &mut self,
        operand: &Bytes,
        given: Option<&(Bytes, Ending)>,
        terse: bool,
        out: &mut OutBuf,
    ) -> Result<bool, Vec<u8>> {
        let found = if operand.as_ref() == b"-" {
            self.sys.fstat(Fd::STDIN).await
        } else if self.follow == Follow::Yes {
            self.sys.stat(operand.clone()).await
        } else {
            self.sys.lstat(operand.clone()).await
        };
        let stat = match found {
            Ok(stat) => stat,
            Err(errno) => {
                let message = if operand.as_ref() == b"-" {
                    b"cannot stat standard input".to_vec()
                } else {
                    [b"cannot statx ", quote_always(operand).as_slice()].concat()
                };
                // A failed write shows when the buffer is finished.
                let _ = out.flush().await;
                self.sys.complain(message, errno).await;
                return Ok(false);
            }
        };
        let is_device = matches!(stat.kind, FileKind::CharDevice | FileKind::BlockDevice);
        let (format, ending) = match given {
            Some((format, ending)) => (format.as_ref(), *ending),
            None if terse => (TERSE_FILE, Ending::Plain),
            None if is_device => (DEVICE, Ending::Plain),
            None => (FILE, Ending::Plain),
        };
        let template = Template::parse(format, ending);
        self.put(&template, operand, &format::Subject::File(&stat), out).await
    }

    async fn show_file_system(
        &mut self,
        operand: &Bytes,
        given: Option<&(Bytes, Ending)>,
        terse: bool,
        out: &mut OutBuf,
    ) -> Result<bool, Vec<u8>> {
        if operand.as_ref() == b"-" {
            let message = "using '-' to denote standard input does not work in file system mode";
            self.sys.error(message).await;
            return Ok(false);
        }
        let status = match file_system::Status::of(&self.sys, operand).await {
            Ok(status) => status,
            Err(errno) => {
                let message = [b"cannot read file system information for ", quote_always(operand).as_slice()].concat();
                self.sys.complain(message, errno).await;
                return Ok(false);
            }
        };
        let (format, ending) = match given {
            Some((format, ending)) => (format.as_ref(), *ending),
            None if terse => (TERSE_SYSTEM, Ending::Plain),
            None => (SYSTEM, Ending::Plain),
        };
        let template = Template::parse(format, ending);
        self.put(&template, operand, &format::Subject::System(&status), out).await
    }

    /// Writes one file's line; the error is a directive that makes no sense, as messages show it.
    async fn put(
        &mut self,
        template: &Template,
        operand: &Bytes,
        subject: &format::Subject<'_>,
        out: &mut OutBuf,
    ) -> Result<bool, Vec<u8>> {
        for warning in &template.warnings {
            // A failure to write shows at the end.
            let _ = out.flush().await;
            self.sys.error(warning).await;
        }
        for piece in &template.pieces {
            match piece {
                format::Piece::Text(text) => out.put(text),
                format::Piece::Invalid(text) => return Err(crate::text::quoting::quote(text)),
                format::Piece::Directive(directive) => {
                    let value = match subject {
                        format::Subject::File(stat) => self.file_value(directive, operand, stat).await,
                        format::Subject::System(status) => status.value(directive, operand),
                    };
                    out.put(&directive.show(&value));
                }
            }
        }
        // A failure to write shows at the end.
        let _ = out.flush_if_full().await;
        Ok(true)
    }
}
