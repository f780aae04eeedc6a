//! `dirname` - strip the last component from names.  [POSIX dirname; GNU coreutils "dirname invocation"]

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "dirname",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(dirname(sys, inv)),
    doc: "strip the last component from names",
};

options! {
    OPTIONS: "[OPTION] NAME...", Permute, 1;
    ZERO = 'z', "zero", No, "end each output line with NUL, not newline";
}

async fn dirname(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if parsed.operands().is_empty() {
        sys.error("missing operand").await;
        try_help(&sys).await;
        return ExitStatus::FAILURE;
    }
    let mut out = OutBuf::stdout(&sys);
    for name in parsed.operands() {
        out.put(directory(name));
        if out.write(&[if parsed.has(ZERO) { 0 } else { b'\n' }]).await.is_err() {
            break;
        }
    }
    out.finish().await.into()
}

/// What precedes the last component; `.` when nothing does.
fn directory(path: &[u8]) -> &[u8] {
    let without_trailing = path.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at + 1);
    let Some(slash) = memchr::memrchr(b'/', path.get(..without_trailing).unwrap_or_default()) else {
        return if path.first() == Some(&b'/') { b"/" } else { b"." };
    };
    match path.get(..slash).unwrap_or_default().iter().rposition(|byte| *byte != b'/') {
        Some(last) => path.get(..=last).unwrap_or_default(),
        None => b"/",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_is_what_precedes_the_last_component() {
        assert_eq!(directory(b"/usr/lib/"), b"/usr");
        assert_eq!(directory(b"a//b"), b"a");
        assert_eq!(directory(b"//"), b"/");
        assert_eq!(directory(b"/a"), b"/");
        assert_eq!(directory(b"a"), b".");
        assert_eq!(directory(b""), b".");
    }
}
