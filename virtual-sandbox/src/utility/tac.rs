//! `tac` - concatenate and print files in reverse.  [GNU coreutils "tac invocation"]

use crate::text::quoting::quote_always;
use crate::text::regex::{Flags, Regex, Syntax};
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "tac",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(tac(sys, inv)),
    doc: "concatenate and print files in reverse",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    BEFORE    = 'b', "before", No, "attach the separator before instead of after";
    REGEX     = 'r', "regex", No, "interpret the separator as a regular expression";
    SEPARATOR = 's', "separator", Required("STRING"), "use STRING as the separator instead of newline";
}

/// What separates records.
enum Separator {
    Text(Vec<u8>),
    Regex(Box<Regex>),
}

async fn tac(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let text = parsed.value(SEPARATOR).map_or_else(|| b"\n".to_vec(), |text| text.to_vec());
    let separator = if parsed.has(REGEX) {
        if text.is_empty() {
            sys.error("separator cannot be empty").await;
            return ExitStatus::FAILURE;
        }
        match Regex::new(&text, Syntax::Coreutils, Flags::default()) {
            Ok(regex) => Separator::Regex(Box::new(regex)),
            Err(error) => {
                sys.error(error.to_string()).await;
                return ExitStatus::FAILURE;
            }
        }
    } else {
        // An empty string stands for NUL.
        Separator::Text(if text.is_empty() { vec![0] } else { text })
    };
    let mut out = OutBuf::stdout(&sys);
    let mut held = sys.account();
    let mut success = true;
    for file in or_stdin(parsed.operands()) {
        let fd = match open_operand(&sys, &file).await {
            Ok(fd) => fd,
            Err(errno) => {
                let name = quote_always(&file);
                sys.complain([b"failed to open ".as_slice(), &name, b" for reading"].concat(), errno).await;
                success = false;
                continue;
            }
        };
        // The last record comes first: the whole input is needed.
        let content = sys.read_to_end(fd).await;
        close_operand(&sys, fd).await;
        match content {
            Ok(content) => {
                held.set(content.len());
                let ends = boundaries(&content, &separator, parsed.has(BEFORE));
                sys.charge(content.len() as u64 / 16).await;
                for piece in ends.windows(2).rev() {
                    let &[start, end] = piece else { continue };
                    if out.write(content.get(start..end).unwrap_or_default()).await.is_err() {
                        break;
                    }
                }
            }
            Err(errno) => {
                let name = if fd == Fd::STDIN { b"'standard input'".to_vec() } else { file.to_vec() };
                // GNU tac seeks before it reads, which a directory refuses in its own way.
                let errno = if errno == Errno::EISDIR { Errno::EINVAL } else { errno };
                sys.complain([name.as_slice(), b": read error"].concat(), errno).await;
                success = false;
            }
        }
    }
    success &= close_stdin(&sys, parsed.operands(), "-").await;
    (out.finish().await && success).into()
}

/// Where records begin and end: after each separator, or before it.
fn boundaries(content: &[u8], separator: &Separator, before: bool) -> Vec<usize> {
    let mut ends = vec![0];
    for (start, end) in separators(content, separator) {
        ends.push(if before { start } else { end });
    }
    ends.push(content.len());
    ends.dedup();
    ends
}

/// Separators in order, found from the end as GNU tac finds them.
fn separators(content: &[u8], separator: &Separator) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    match separator {
        Separator::Text(text) => {
            let mut end = content.len();
            while let Some(at) = memchr::memmem::rfind(content.get(..end).unwrap_or_default(), text) {
                found.push((at, at + text.len()));
                end = at;
            }
        }
        Separator::Regex(regex) => {
            let mut end = content.len();
            for start in (0..content.len()).rev() {
                // The match that begins last, and ends before the separator found before.
                if start < end
                    && let Ok(Some(span)) = regex.longest_from(content, start, end)
                    && !span.is_empty()
                {
                    found.push((start, span.end));
                    end = start;
                }
            }
        }
    }
    found.reverse();
    found
}
