//! `yes` - output a string repeatedly until killed.  [GNU coreutils "yes invocation"]

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "yes",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(yes(sys, inv)),
    doc: "output a string repeatedly until killed",
};

options! {
    OPTIONS: "[STRING]...\nOPTION", Permute, 1;
}

async fn yes(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let mut line = if parsed.operands().is_empty() { b"y".to_vec() } else { parsed.operands().join(&b' ') };
    line.push(b'\n');
    // One chunk of whole lines is made once and written for ever.
    let chunk = Bytes::from(line.repeat((CHUNK / line.len()).max(1)));
    loop {
        if let Err(errno) = sys.write_all(Fd::STDOUT, chunk.clone()).await {
            sys.complain("standard output", errno).await;
            return ExitStatus::FAILURE;
        }
    }
}
