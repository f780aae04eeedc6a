//! `paste` - merge lines of files.  [POSIX paste; GNU coreutils "paste invocation"]

use crate::text::chars::chars;
use crate::text::echo::simple_escape;
use crate::text::quoting::quote_if_needed;
use crate::utility::operand::{close_operand, close_stdin, open_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "paste",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(paste(sys, inv)),
    doc: "merge lines of files",
};

options! {
    OPTIONS: "[OPTION]... [FILE]...", Permute, 1;
    SERIAL     = 's', "serial", No, "paste one file at a time instead of in parallel";
    DELIMITERS = 'd', "delimiters", Required("LIST"), "reuse characters from LIST instead of TABs";
    ZERO       = 'z', "zero-terminated", No, "line delimiter is NUL, not newline";
}

async fn paste(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let list = parsed.value(DELIMITERS).cloned().unwrap_or_else(|| Bytes::from_static(b"\t"));
    let Some(delimiters) = delimiters(&list) else {
        let message = [b"delimiter list ends with an unescaped backslash: ".as_slice(), &list];
        sys.error(message.concat()).await;
        return ExitStatus::FAILURE;
    };
    let end = if parsed.has(ZERO) { 0 } else { b'\n' };
    let files = or_stdin(parsed.operands());
    let mut merge = Merge { sys: sys.clone(), out: OutBuf::stdout(&sys), delimiters, end, success: true };
    let written = if parsed.has(SERIAL) { merge.serial(&files).await } else { merge.parallel(&files).await };
    let success = close_stdin(&sys, parsed.operands(), "-").await && merge.success;
    match written {
        Ok(()) => (merge.out.finish().await && success).into(),
        Err(errno) => {
            sys.complain("write error", errno).await;
            ExitStatus::FAILURE
        }
    }
}

/// The delimiters of a list; an empty one for `\0` and for an empty list. `None` after a lone backslash.
fn delimiters(list: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut delimiters = Vec::new();
    let mut characters = chars(list);
    while let Some(character) = characters.next() {
        if character.bytes() != b"\\" {
            delimiters.push(character.bytes().to_vec());
            continue;
        }
        let next = characters.next()?;
        delimiters.push(match next.bytes() {
            b"0" => Vec::new(),
            [letter @ (b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\')] => {
                simple_escape(*letter).into_iter().collect()
            }
            other => other.to_vec(),
        });
    }
    if delimiters.is_empty() {
        delimiters.push(Vec::new());
    }
    Some(delimiters)
}

/// The delimiter behind the file or line at a place: they are used in turn.
fn delimiter(delimiters: &[Vec<u8>], at: usize) -> &[u8] {
    delimiters.get(at % delimiters.len().max(1)).map(AsRef::as_ref).unwrap_or_default()
}

struct Merge {
    sys: Sys,
    out: OutBuf,
    delimiters: Vec<Vec<u8>>,
    end: u8,
    success: bool,
}

impl Merge {
    async fn complain(&mut self, name: &[u8], errno: Errno) {
        // A failed write shows when the buffer is finished.
        let _ = self.out.flush().await;
        self.sys.complain(quote_if_needed(name), errno).await;
        self.success = false;
    }

    /// Each file's lines become one line.
    async fn serial(&mut self, files: &[Bytes]) -> Result<(), Errno> {
        for file in files {
            let fd = match open_operand(&self.sys, file).await {
                Ok(fd) => fd,
                Err(errno) => {
                    self.complain(file, errno).await;
                    continue;
                }
            };
            let mut lines = Records::new(&self.sys, fd, self.end);
            let mut count = 0usize;
            loop {
                match lines.block().await {
                    Ok(Some(block)) => {
                        self.sys.charge(block.len() as u64 / 32).await;
                        for line in records(&block, self.end) {
                            if count > 0 {
                                self.out.put(delimiter(&self.delimiters, count - 1));
                            }
                            self.out.put(line);
                            count += 1;
                        }
                        self.out.flush_if_full().await?;
                    }
                    Ok(None) => break,
                    Err(errno) => {
                        self.complain(file, errno).await;
                        break;
                    }
                }
            }
            self.out.write(&[self.end]).await?;
            close_operand(&self.sys, fd).await;
        }
        Ok(())
    }

    /// A line of each file makes a line; standard input may stand several times.
    async fn parallel(&mut self, files: &[Bytes]) -> Result<(), Errno> {
        let mut stdin: Option<Records> = None;
        // A file's lines; `None` in the outer option once it has ended, in the inner one for standard input.
        let mut inputs: Vec<Option<Option<Records>>> = Vec::new();
        for file in files {
            if file.as_ref() == b"-" {
                stdin.get_or_insert_with(|| Records::new(&self.sys, Fd::STDIN, self.end));
                inputs.push(Some(None));
                continue;
            }
            match self.sys.open_read(file.clone()).await {
                Ok(fd) => inputs.push(Some(Some(Records::new(&self.sys, fd, self.end)))),
                Err(errno) => {
                    self.complain(file, errno).await;
                    return Ok(());
                }
            }
        }
        let mut steps = 0u64;
        loop {
            let before = self.out.buffer().len();
            let mut any = false;
            for (at, input) in inputs.iter_mut().enumerate() {
                if at > 0 {
                    self.out.put(delimiter(&self.delimiters, at - 1));
                }
                let records = match input {
                    None => continue,
                    Some(Some(records)) => records,
                    Some(None) => match &mut stdin {
                        Some(records) => records,
                        None => continue,
                    },
                };
                if let Some(line) = records.buffered() {
                    self.out.put(line);
                    any = true;
                    continue;
                }
                match records.next().await {
                    Ok(Some(record)) => {
                        any = true;
                        self.out.put(&record.bytes);
                    }
                    Ok(None) => *input = None,
                    Err(errno) => {
                        let name = files.get(at).cloned().unwrap_or_default();
                        let begun = self.out.buffer().split_off(before);
                        let _ = self.out.flush().await;
                        self.out.put(&begun);
                        self.sys.complain(quote_if_needed(&name), errno).await;
                        self.success = false;
                        *input = None;
                    }
                }
            }
            if !any {
                self.out.buffer().truncate(before);
                return Ok(());
            }
            self.out.put(&[self.end]);
            steps += 1;
            if self.out.is_full() {
                self.sys.charge(std::mem::take(&mut steps)).await;
                self.out.flush().await?;
            }
        }
    }
}
