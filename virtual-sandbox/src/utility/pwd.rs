//! `pwd` - print the name of the working directory.  [POSIX pwd; GNU coreutils "pwd invocation"]

use crate::utility::prelude::*;

/// The registry row.
pub const UTILITY: Utility = Utility {
    name: "pwd",
    options: Some(&OPTIONS),
    run: |sys, inv| Box::pin(pwd(sys, inv)),
    doc: "print the name of the working directory",
};

options! {
    OPTIONS: "[OPTION]...", Permute, 1;
    LOGICAL  = 'L', "logical", No, "use PWD from environment, even if it contains symlinks";
    PHYSICAL = 'P', "physical", No, "avoid all symlinks";
}

async fn pwd(sys: Sys, invocation: Invocation) -> ExitStatus {
    let parsed = match OPTIONS.parse(&invocation) {
        Ok(parsed) => parsed,
        Err(error) => return error.report(&sys).await,
    };
    if !parsed.operands().is_empty() {
        sys.error("ignoring non-option arguments").await;
    }
    let posixly = invocation.env_var(b"POSIXLY_CORRECT").is_some();
    let logical = parsed.last_of(&[LOGICAL, PHYSICAL]).map_or(posixly, |last| last == LOGICAL);
    let from_environment = if logical { logical_directory(&sys, &invocation).await } else { None };
    let directory = match from_environment {
        Some(directory) => Ok(directory),
        None => sys.getcwd().await,
    };
    match directory {
        Ok(directory) => {
            let mut out = OutBuf::stdout(&sys);
            out.put(&directory);
            out.put(b"\n");
            out.finish().await.into()
        }
        Err(errno) => {
            sys.complain("cannot get current directory", errno).await;
            ExitStatus::FAILURE
        }
    }
}

/// `PWD` when it names the working directory by an absolute path without `.` and `..`.
async fn logical_directory(sys: &Sys, invocation: &Invocation) -> Option<Bytes> {
    let pwd = invocation.env_var(b"PWD")?;
    if pwd.first() != Some(&b'/') || pwd.split(|byte| *byte == b'/').any(|part| part == b"." || part == b"..") {
        return None;
    }
    let there = sys.stat(pwd.clone()).await.ok()?;
    let here = sys.stat(".").await.ok()?;
    there.is_same_file(&here).then_some(pwd)
}
