//! `basename` - strip directory and suffix from names.  [POSIX basename; GNU coreutils "basename invocation"]

use crate::text::quoting::quote;
use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "basename",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(basename(sys, inv)),
    doc: "strip directory and suffix from names",
};

options! {
    OPTIONS: "NAME [SUFFIX]\nOPTION... NAME...", StopAtOperand, 1;
    MULTIPLE = 'a', "multiple", No, "support multiple arguments and treat each as a NAME";
    SUFFIX   = 's', "suffix", Required("SUFFIX"), "remove a trailing SUFFIX; implies -a";
    ZERO     = 'z', "zero", No, "end each output line with NUL, not newline";
}

async fn basename(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    let end = if parsed.has(ZERO) { 0 } else { b'\n' };
    let several = parsed.has(MULTIPLE) || parsed.has(SUFFIX);
    let (names, suffix) = match (parsed.operands(), several) {
        ([], _) => {
            sys.error("missing operand").await;
            try_help(&sys).await;
            return ExitStatus::FAILURE;
        }
        (names, true) => (names, parsed.value(SUFFIX)),
        ([_, _, extra, ..], false) => {
            sys.error([b"extra operand ".as_slice(), &quote(extra)].concat()).await;
            try_help(&sys).await;
            return ExitStatus::FAILURE;
        }
        ([name, rest @ ..], false) => (std::slice::from_ref(name), rest.first()),
    };
    let mut out = OutBuf::stdout(&sys);
    for name in names {
        out.put(without_suffix(base(name), suffix.map(AsRef::as_ref).unwrap_or_default()));
        if out.write(&[end]).await.is_err() {
            break;
        }
    }
    out.finish().await.into()
}

/// The last component of a path; `/` of a path of slashes.
fn base(path: &[u8]) -> &[u8] {
    let end = path.iter().rposition(|byte| *byte != b'/').map_or(path.len().min(1), |at| at + 1);
    let trimmed = path.get(..end).unwrap_or_default();
    if trimmed == b"/" {
        return trimmed;
    }
    let start = memchr::memrchr(b'/', trimmed).map_or(0, |at| at + 1);
    trimmed.get(start..).unwrap_or_default()
}

/// "If the suffix is not identical to the name, it is removed."
fn without_suffix<'a>(name: &'a [u8], suffix: &[u8]) -> &'a [u8] {
    if name == b"/" {
        return name;
    }
    name.strip_suffix(suffix).filter(|rest| !rest.is_empty()).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_is_the_last_component() {
        assert_eq!(base(b"/usr/lib/"), b"lib");
        assert_eq!(base(b"//"), b"/");
        assert_eq!(base(b""), b"");
        assert_eq!(base(b"a"), b"a");
        assert_eq!(without_suffix(b"a.c", b".c"), b"a");
        assert_eq!(without_suffix(b".c", b".c"), b".c");
    }
}
