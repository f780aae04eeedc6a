//! `rev` - reverse lines by characters.  [util-linux rev(1)]

use crate::text::chars::chars;
use crate::utility::operand::{close_operand, or_stdin};
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "rev",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(rev(sys, inv)),
    doc: "reverse lines by characters",
};

options! {
    OPTIONS: "[options] [file ...]", Permute, 1;
}

async fn rev(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut out = OutBuf::stdout(&sys);
    let mut success = true;
    let named = !parsed.operands().is_empty();
    for file in or_stdin(parsed.operands()) {
        // `-` is a name like any other here.
        let opened = if named { sys.open_read(file.clone()).await } else { Ok(Fd::STDIN) };
        let fd = match opened {
            Ok(fd) => fd,
            Err(errno) => {
                sys.complain([b"cannot open ".as_slice(), &file].concat(), errno).await;
                success = false;
                continue;
            }
        };
        let mut lines = Records::lines(&sys, fd);
        let mut number = 0u64;
        loop {
            match lines.next().await {
                Ok(Some(line)) => {
                    number += 1;
                    let characters: Vec<&[u8]> = chars(&line.bytes).map(|c| c.bytes()).collect();
                    characters.into_iter().rev().for_each(|character| out.put(character));
                    sys.charge(line.bytes.len() as u64 / 8).await;
                    if out.write(if line.terminated { b"\n" } else { b"" }).await.is_err() {
                        return ExitStatus::FAILURE;
                    }
                }
                Ok(None) => break,
                Err(errno) => {
                    let shown = if named { file.as_ref() } else { b"stdin" };
                    sys.complain([shown, format!(": {number}").as_bytes()].concat(), errno).await;
                    success = false;
                    break;
                }
            }
        }
        close_operand(&sys, fd).await;
    }
    (out.finish().await && success).into()
}
